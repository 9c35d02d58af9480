package phone_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/phone/media"
	"github.com/ringback-hq/ringback/internal/phone/sip"
)

const earNumber = "+48500000001"

// An ear is a telephone that answers at once and keeps what it hears.
type ear struct {
	t      *testing.T
	conn   *net.UDPConn
	engine *media.Engine
	port   *media.Port
	file   *os.File
	rec    *media.Recorder
	work   sync.WaitGroup
	invite *gosip.Request // the last one; read it after the answer
}

func newEar(t *testing.T) *ear {
	t.Helper()
	e := &ear{t: t}
	var err error
	if e.conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0))); err != nil {
		t.Fatal(err)
	}
	if e.engine, err = media.New(media.Config{Addr: loopback}); err != nil {
		t.Fatal(err)
	}
	if e.port, err = e.engine.Open(); err != nil {
		t.Fatal(err)
	}
	if e.file, err = os.Create(filepath.Join(t.TempDir(), "ear.wav")); err != nil {
		t.Fatal(err)
	}
	if e.rec, err = media.NewRecorder(e.file); err != nil {
		t.Fatal(err)
	}
	e.port.Record(e.rec, media.Left)
	e.work.Go(e.listen)
	t.Cleanup(func() {
		_ = e.conn.Close()
		e.work.Wait()
		e.port.Close()
		e.engine.Close()
	})
	return e
}

// listen answers whatever is asked.
func (e *ear) listen() {
	for b := make([]byte, 16<<10); ; {
		n, from, err := e.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		m, err := gosip.ParseMessage(b[:n])
		if err != nil {
			continue
		}
		if req, ok := m.(*gosip.Request); ok && req.Method != gosip.ACK {
			_, _ = e.conn.WriteToUDPAddrPort([]byte(e.answer(req)), from)
		}
	}
}

// answer takes only calls to its own number: the others are another trunk's.
func (e *ear) answer(req *gosip.Request) string {
	if req.Method == gosip.INVITE && req.Recipient.User != earNumber {
		return gosip.NewResponseFromRequest(req, 503, "Service Unavailable", nil).String()
	}
	var body []byte
	if req.Method == gosip.INVITE {
		e.invite = req
		var err error
		if body, err = e.port.Answer(req.Body()); err != nil {
			e.t.Error(err)
		}
	}
	res := gosip.NewResponseFromRequest(req, 200, "OK", body)
	res.To().Params.Remove("tag")
	res.To().Params.Add("tag", "ear")
	res.AppendHeader(gosip.NewHeader("Contact", "<sip:ear@"+e.conn.LocalAddr().String()+">"))
	return res.String()
}

// heard ends the listening and returns what came, at 8 kHz.
func (e *ear) heard() []int16 {
	e.t.Helper()
	if _, err := e.rec.Close(); err != nil {
		e.t.Fatal(err)
	}
	f, err := os.Open(e.file.Name())
	if err != nil {
		e.t.Fatal(err)
	}
	defer f.Close()
	left, _, err := media.ReadRecording(f)
	if err != nil {
		e.t.Fatal(err)
	}
	return left
}

// The one who waits hears the prompt, then ringing, then what the other's network says, then the other one.
func TestWhatTheWaitingHear(t *testing.T) {
	t.Parallel()
	n, e := newNetwork(t), newEar(t)
	x := n.exchange(sip.TrunkConfig{Host: "127.0.0.1", Port: e.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()})
	manager := n.ring(x, ringback.PartyManager, earNumber)
	manager.Wait(&phone.Prompt{Name: "short", Clip: media.Tone([]float64{700}, time.Second, 0, 0.3)})
	time.Sleep(2500 * time.Millisecond) // a second of prompt, then ringing
	d := n.call(x, ringback.PartyVisitor, "+48500009011")
	d.Early = manager
	visitor, err := x.Dial(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	x.Join(t.Context(), phone.Talk{Manager: manager, Visitor: visitor, Longest: 1500 * time.Millisecond})
	checkOrder(t, e.heard(), []float64{700, 425, 520, 660})
}

// A number that is withheld is named to the trunk only (RFC 3323, RFC 3325).
func TestANumberIsWithheld(t *testing.T) {
	t.Parallel()
	n, e := newNetwork(t), newEar(t)
	x := n.exchange(sip.TrunkConfig{Host: "127.0.0.1", Port: e.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port(), From: "+48221234567"})
	d := n.call(x, ringback.PartyVisitor, earNumber)
	d.HideFrom = true
	line, err := x.Dial(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	line.Hangup()
	<-line.Done()
	_ = e.conn.Close()
	e.work.Wait()
	for header, want := range map[string]string{
		"From": "anonymous.invalid", "Privacy": "id", "P-Asserted-Identity": "<sip:+48221234567@127.0.0.1>",
	} {
		if h := e.invite.GetHeader(header); h == nil || !strings.Contains(h.Value(), want) {
			t.Errorf("%s: %v, want %s", header, h, want)
		}
	}
	if c := e.invite.Contact(); c == nil || strings.Contains(c.Value(), "48221234567") {
		t.Errorf("the Contact tells: %v", c)
	}
}

// checkOrder looks at every tenth of a second for which of the tones is there, and at the order in which they came.
func checkOrder(t *testing.T, pcm []int16, want []float64) {
	t.Helper()
	const window = 800
	var order []float64
	for i := 0; i+window <= len(pcm); i += window {
		for _, hz := range want {
			if media.Level(pcm[i:i+window], hz) > 0.1 && (len(order) == 0 || order[len(order)-1] != hz) {
				order = append(order, hz)
			}
		}
	}
	if len(order) != len(want) {
		t.Fatalf("heard %v, want %v", order, want)
	}
	for i := range want {
		if order[i] != want[i] {
			t.Fatalf("heard %v, want %v", order, want)
		}
	}
}
