package test

import (
	"bytes"
	enc "encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringback-hq/ringback/internal/phone/media"
)

// A baresip is a real softphone that answers by itself, plays a tone into its microphone and keeps what it hears.
type baresip struct {
	t    testing.TB
	port int // for SIP by UDP and TCP, the next one for SIP by TLS; those after are for sound and commands
	dir  string
	log  logFile
	done chan struct{}
}

// newBaresip starts the telephone of a number whose owner hums a tone of that frequency.
func newBaresip(t testing.TB, number string, hz float64) *baresip {
	t.Helper()
	path := installed(t, "baresip", "baresip-core")
	b := &baresip{t: t, port: freePort(t), dir: t.TempDir(), done: make(chan struct{})}
	b.write("voice.wav", toneFile(hz, 60))
	b.write("accounts", []byte("<sip:"+number+"@127.0.0.1>;regint=0;answermode=auto\n"))
	b.write("contacts", nil)
	b.write("config", b.config())
	cmd := exec.Command(path, "-f", b.dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		text, _ := io.ReadAll(out)
		b.log.line(strings.ReplaceAll(string(text), "\r", ""))
		_ = cmd.Wait()
		close(b.done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-b.done
		if t.Failed() {
			t.Logf("baresip of %s:\n%s", number, b.log.cut(0))
		}
	})
	listening(t, b.port)
	return b
}

func (b *baresip) write(name string, content []byte) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), content, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// config is the telephone's own. Its loudspeaker is one end of a bridge whose other end nobody holds.
func (b *baresip) config() []byte {
	var c strings.Builder
	fmt.Fprintf(&c, "sip_listen 127.0.0.1:%d\nrtp_ports %d-%d\nctrl_tcp_listen 127.0.0.1:%d\n", b.port, b.port+2, b.port+7, b.port+8)
	fmt.Fprintf(&c, "audio_source aufile,%s\nsnd_path %s\n", filepath.Join(b.dir, "voice.wav"), b.dir)
	c.WriteString("audio_player aubridge,nobody\naudio_alert aubridge,nobody\n")
	c.WriteString("ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\nnet_interface 127.0.0.1\n")
	for _, dir := range []string{"/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules"} {
		if _, err := os.Stat(dir); err == nil {
			c.WriteString("module_path " + dir + "\n")
			break
		}
	}
	c.WriteString("module g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\n")
	c.WriteString("module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n")
	return []byte(c.String())
}

// press sends a command, as a key of the telephone would. The telephone answers it, after what it has to tell anyway.
func (b *baresip) press(command string) {
	b.t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.port+8))
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close()
	order := fmt.Sprintf(`{"command":%q}`, command)
	fmt.Fprintf(conn, "%d:%s,", len(order), order) // a netstring
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	var told []byte
	for buf := make([]byte, 4096); !bytes.Contains(told, []byte(`"response":true,"ok":true`)); {
		n, err := conn.Read(buf)
		if told = append(told, buf[:n]...); err != nil {
			b.t.Fatalf("baresip answers %q to %q: %v", told, command, err)
		}
	}
}

// heardFile is where sndfile keeps what was heard in the telephone's only call.
func (b *baresip) heardFile() string {
	files, _ := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav"))
	if len(files) != 1 {
		return ""
	}
	return files[0]
}

// samples is how much has been heard so far, at 8,000 a second.
func (b *baresip) samples() int {
	info, err := os.Stat(b.heardFile())
	if err != nil {
		return 0
	}
	return max(0, int(info.Size()-44)/2)
}

// listens waits until so much more has been heard.
func (b *baresip) listens(d time.Duration) {
	b.t.Helper()
	until := b.samples() + int(d.Seconds()*8000)
	eventually(b.t, fmt.Sprintf("baresip hears something for %s", d), func() bool { return b.samples() >= until })
}

// hearsNothing waits until nothing at all has come for so long.
func (b *baresip) hearsNothing(d time.Duration) {
	b.t.Helper()
	before, since := b.samples(), time.Now()
	eventually(b.t, fmt.Sprintf("baresip hears nothing for %s", d), func() bool {
		if now := b.samples(); now != before {
			before, since = now, time.Now()
		}
		return time.Since(since) >= d
	})
}

// heard returns all that was heard, once the call is over.
func (b *baresip) heard() []int16 {
	b.t.Helper()
	raw, err := os.ReadFile(b.heardFile())
	if err != nil || len(raw) < 44 {
		b.t.Fatalf("baresip has heard nothing: %v", err)
	}
	pcm := make([]int16, (len(raw)-44)/2) // its header is not final before the telephone is switched off
	_ = enc.Read(bytes.NewReader(raw[44:]), enc.LittleEndian, pcm)
	return pcm
}

// toneFile is a mono WAV file of a tone, 16 bits at 8,000 a second.
func toneFile(hz float64, seconds int) []byte {
	n := 8000 * seconds
	var b bytes.Buffer
	b.WriteString("RIFF")
	_ = enc.Write(&b, enc.LittleEndian, uint32(36+2*n))
	b.WriteString("WAVEfmt ")
	_ = enc.Write(&b, enc.LittleEndian, []uint32{16, 1 | 1<<16, 8000, 16000, 2 | 16<<16})
	b.WriteString("data")
	_ = enc.Write(&b, enc.LittleEndian, uint32(2*n))
	for i := range n {
		_ = enc.Write(&b, enc.LittleEndian, int16(16000*math.Sin(2*math.Pi*hz*float64(i)/8000)))
	}
	return b.Bytes()
}

// last returns the end of what was heard, without the very last bit.
func last(pcm []int16, d time.Duration) []int16 {
	end := max(0, len(pcm)-1600)
	return pcm[max(0, end-int(d.Seconds()*8000)):end]
}

// Two real telephones: each hears the other and not itself, and the recording has both.
func TestTwoTelephonesHearEachOther(t *testing.T) {
	t.Parallel()
	manager, caller := newBaresip(t, anna, 440), newBaresip(t, visitor, 660)
	x := newExchange(t)
	x.connect(manager.port, anna)
	x.connect(caller.port, visitor)
	o := newOfficeOn(t, x.uri(""))
	call := o.call(o.widget(anna), visitor)
	o.talking(call)
	manager.listens(3 * time.Second)
	caller.listens(3 * time.Second)
	caller.press("hangup")

	r := o.ended(call, 10*time.Second)
	if r.Status != "completed" || r.attempt().BillingTime < 2 || r.answeredBy() != anna {
		t.Errorf("the history says %s with %s after %d s, want completed with %s after 2 or more", r.Status, r.answeredBy(), r.attempt().BillingTime, anna)
	}
	hears(t, "the manager's ear", last(manager.heard(), 2*time.Second), 660, 440)
	hears(t, "the visitor's ear", last(caller.heard(), 2*time.Second), 440, 660)
	left, right, err := media.ReadRecording(bytes.NewReader(fetch(t, r.attempt().Recording)))
	if err != nil {
		t.Fatal(err)
	}
	hears(t, "left, the manager", left, 440, 660)
	hears(t, "right, the visitor", right, 660, 440)
	o.leavesNothing()
}

// Who is put on hold hears nothing, and hears the other again afterwards.
func TestTelephoneHoldsAndComesBack(t *testing.T) {
	t.Parallel()
	manager, caller := newBaresip(t, anna, 440), newBaresip(t, visitor, 660)
	x := newExchange(t)
	x.connect(manager.port, anna)
	x.connect(caller.port, visitor)
	o := newOfficeOn(t, x.uri(""))
	call := o.call(o.widget(anna), visitor)
	o.talking(call)
	manager.listens(time.Second)
	caller.press("hold")
	manager.hearsNothing(500 * time.Millisecond)
	caller.press("resume")
	manager.listens(2 * time.Second)
	caller.press("hangup")
	if r := o.ended(call, 10*time.Second); r.Status != "completed" {
		t.Errorf("the history says %s, want completed", r.Status)
	}
	hears(t, "the manager's ear after the hold", last(manager.heard(), 1500*time.Millisecond), 660, 440)
	o.leavesNothing()
}
