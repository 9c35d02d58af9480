package sip

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"text/template"
	"time"
)

// carrier is a SIPp process on loopback that plays one scenario of testdata, once.
type carrier struct {
	t      *testing.T
	name   string
	port   uint16
	dir    string
	exited chan struct{}
	err    error
}

// nextPort hands out ports below those that the system gives away by itself, so that parallel tests never take one another's.
var nextPort atomic.Uint32

func freePort(t *testing.T) uint16 {
	t.Helper()
	nextPort.CompareAndSwap(0, uint32(10000+os.Getpid()%50*100))
	for range 2000 {
		port := uint16(nextPort.Add(4))
		if ua, err := Listen(t.Context(), Config{Listen: netip.AddrPortFrom(loopback, port)}); err == nil {
			ua.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

var loopback = netip.MustParseAddr("127.0.0.1")

// sipp starts a scenario; {{index . 0}} and so on in it are the words given.
func sipp(t *testing.T, scenario string, words ...string) *carrier {
	t.Helper()
	return sippWith(t, nil, scenario, words...)
}

func sippWith(t *testing.T, flags []string, scenario string, words ...string) *carrier {
	t.Helper()
	path, err := exec.LookPath("sipp")
	if err != nil {
		t.Skip("sipp is not installed; on Debian it is in the package sip-tester")
	}
	c := &carrier{t: t, name: scenario, dir: t.TempDir()}
	script := c.script(words)
	for try := 0; ; try++ {
		c.start(path, script, flags)
		if c.listening() {
			break
		}
		if try == 5 {
			t.Fatalf("sipp: %v\n%s", c.err, c.log("errors"))
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the carrier %s saw:\n%s\n%s", c.name, c.log("errors"), c.log("messages"))
		}
	})
	return c
}

// start runs sipp on a free port, which another program may still take before it does.
func (c *carrier) start(path, script string, flags []string) {
	c.t.Helper()
	c.port, c.exited = freePort(c.t), make(chan struct{})
	args := []string{
		"-sf", script, "-i", "127.0.0.1", "-p", fmt.Sprint(c.port), "-mp", fmt.Sprint(c.port + 1), "-m", "1", "-nostdin",
		"-timeout", "25s", "-timeout_error", "-trace_err", "-error_file", filepath.Join(c.dir, "errors"), "-trace_msg", "-message_file", filepath.Join(c.dir, "messages"),
	}
	ctx, kill := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, append(args, flags...)...)
	cmd.Dir = c.dir
	if err := cmd.Start(); err != nil {
		kill()
		c.t.Fatal(err)
	}
	exited := c.exited
	go func() { c.err = cmd.Wait(); close(exited) }()
	c.t.Cleanup(func() { kill(); <-exited })
}

func (c *carrier) script(words []string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", c.name+".xml"))
	if err != nil {
		c.t.Fatal(err)
	}
	tmpl, err := template.New(c.name).Funcs(parts).Parse(string(text))
	if err != nil {
		c.t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"" + c.name + "\">\n")
	if err := tmpl.Execute(&b, words); err != nil {
		c.t.Fatal(err)
	}
	if strings.Contains(b.String(), invited) {
		b.WriteString("<Reference variables=\"via,from,contact,cseq\"/>\n") // sipp refuses variables that are used once
	}
	b.WriteString("</scenario>\n")
	path := filepath.Join(c.dir, c.name+".xml")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// listening waits until the system knows of SIPp's socket; it is false if SIPp gave up.
func (c *carrier) listening() (ok bool) {
	c.t.Helper()
	want := fmt.Sprintf("0100007F:%04X 00000000:0000 ", c.port)
	await(c.t, "sipp to listen", func() bool {
		select {
		case <-c.exited:
			return true
		default:
		}
		for _, table := range []string{"/proc/net/udp", "/proc/net/tcp"} {
			if b, _ := os.ReadFile(table); strings.Contains(string(b), want) {
				ok = true
			}
		}
		return ok
	})
	return ok
}

func (c *carrier) log(name string) string {
	b, _ := os.ReadFile(filepath.Join(c.dir, name))
	return string(b)
}

// over waits until the scenario was played to its end, to the letter.
func (c *carrier) over() {
	c.t.Helper()
	<-c.exited
	if c.err != nil {
		c.t.Fatalf("the carrier %s saw something else: %v", c.name, c.err)
	}
}

// trunk is how to reach the carrier.
func (c *carrier) trunk() TrunkConfig {
	return TrunkConfig{Host: "127.0.0.1", Port: c.port, User: "anna", Password: "secret"}
}

// parts are the steps that scenarios are made of.
var parts = template.FuncMap{
	"invited":  func() string { return invited },
	"tell":     func(status string, headers ...string) string { return tell(status, "a", "", headers) },
	"answer":   func(status string, headers ...string) string { return tell(status, "a", sdp, headers) },
	"tellAs":   func(tag, status string) string { return tell(status, tag, "", nil) },
	"answerAs": func(tag, status string) string { return tell(status, tag, sdp, nil) },
	"reply":    reply,
	"await":    func(method string) string { return `<recv request="` + method + `"/>` },
	"ask":      ask,
	"offer":    func(method, cseq, direction string) string { return ask(method, cseq, "", sdp+"\n"+direction) },
	"bye":      func() string { return ask("BYE", "9", "", "") + `<recv response="200"/>` },
	"turn":     turnTo,
	"pause":    func(ms string) string { return `<pause milliseconds="` + ms + `"/>` },
}

const invited = `<recv request="INVITE"><action>
<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
<ereg regexp="sip:[^&gt;]*" search_in="hdr" header="Contact:" assign_to="contact"/>
</action></recv>`

const sdp = `v=0
o=carrier 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 6000 RTP/AVP 8
a=rtpmap:8 PCMA/8000`

// tell answers the INVITE.
func tell(status, tag, body string, headers []string) string {
	head := []string{
		"SIP/2.0 " + status, "Via:[$via]", "From:[$from]", "To: <sip:b@127.0.0.1>;tag=[call_id]" + tag, "[last_Call-ID:]", "CSeq:[$cseq]",
		"Contact: <sip:[local_ip]:[local_port];transport=[transport]>",
	}
	return send(append(head, headers...), body)
}

// reply answers the last request.
func reply(status string, headers ...string) string {
	return send(append([]string{"SIP/2.0 " + status, "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"}, headers...), "")
}

// turnTo makes sipp send to another port from now on: by itself it answers all requests of a call to where the first came from.
func turnTo(port string) string {
	return `<nop><action><setdest host="127.0.0.1" port="` + port + `" protocol="udp"/></action></nop>`
}

// ask sends a request inside the dialog of tag a.
func ask(method, cseq, header, body string) string {
	head := []string{
		method + " [$contact] SIP/2.0", "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]", "From: <sip:b@127.0.0.1>;tag=[call_id]a", "To:[$from]",
		"[last_Call-ID:]", "CSeq: " + cseq + " " + method, "Max-Forwards: 70", "Contact: <sip:[local_ip]:[local_port];transport=[transport]>",
	}
	if header != "" {
		head = append(head, header)
	}
	return send(head, body)
}

func send(head []string, body string) string {
	if body != "" {
		head = append(head, "Content-Type: application/sdp")
	}
	return "<send><![CDATA[\n" + strings.Join(head, "\n") + "\nContent-Length: [len]\n\n" + body + "\n]]></send>"
}

// await waits for something that happens soon.
func await(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !happened(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func countLines(text, line string) int { return strings.Count(text, line) }
