package sandbox

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringback-hq/ringback/internal/phone/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is a deadline for what takes milliseconds.
const soon = 10 * time.Second

// open starts a quick carrier, and sees at the end of the test that nothing of it is left.
func open(t *testing.T, cfg Config) *Carrier {
	t.Helper()
	quick(&cfg.RingFor, 20*time.Millisecond)
	quick(&cfg.Talk, 50*time.Millisecond)
	quick(&cfg.timing.slow, 200*time.Millisecond)
	quick(&cfg.timing.press, 50*time.Millisecond)
	c, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if s := c.Stats(); s.Dialogs != 0 || s.Ports != 0 || len(c.pairs) != 0 {
			t.Errorf("after Close: %d dialogs, %d ports, %d pairs; want none", s.Dialogs, s.Ports, len(c.pairs))
		}
	})
	return c
}

func quick(d *time.Duration, usual time.Duration) {
	if *d == 0 {
		*d = usual
	}
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(soon); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// message is a SIP message as the caller reads it.
type message struct {
	first  string
	header textproto.MIMEHeader
	body   string
}

func (m message) code() int {
	code, _ := strconv.Atoi(strings.Fields(m.first + " 0 0")[1])
	return code
}

func (m message) method() string { return strings.Fields(m.first + " ?")[0] }

// read is forgiving: what the carrier echoes of a hostile caller must not trip the caller.
func read(r *bufio.Reader) (message, error) {
	m := message{header: textproto.MIMEHeader{}}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return m, err
		}
		line = strings.TrimRight(line, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		switch {
		case m.first == "":
			m.first = line
		case line != "":
			m.header.Add(name, strings.TrimSpace(value))
		default:
			n, _ := strconv.Atoi(m.header.Get("Content-Length"))
			body := make([]byte, n)
			_, err = io.ReadFull(r, body)
			m.body = string(body)
			return m, err
		}
	}
}

// call is one telephone call of a caller with a socket of its own, who writes SIP by hand.
type call struct {
	t       *testing.T
	conn    net.Conn
	in      *bufio.Reader
	network string
	number  string
	id, tag string
	branch  string
	headers string
	offer   string
	answer  message // the last response that was expected
	seq     int
}

// dial opens a socket and sends an INVITE; extra are header lines.
func dial(t *testing.T, c *Carrier, number string, extra ...string) *call {
	t.Helper()
	k := newCall(t, "udp", c.Addr(), number, extra...)
	k.invite()
	return k
}

func newCall(t *testing.T, network string, to netip.AddrPort, number string, extra ...string) *call {
	t.Helper()
	conn, err := net.Dial(network, to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	k := &call{
		t: t, conn: conn, in: bufio.NewReaderSize(conn, 64<<10), network: strings.ToUpper(network), number: number,
		id: rand.Text(), tag: rand.Text(), branch: "z9hG4bK" + rand.Text(), offer: offerOf(9), seq: 1,
	}
	for _, h := range extra {
		k.headers += h + "\r\n"
	}
	return k
}

// offerOf is a description with both laws and key presses; port 9 is where sound goes that nobody hears.
func offerOf(port int) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 8 0 101\r\n"+
		"a=rtpmap:101 telephone-event/8000\r\n", port)
}

// manager and visitor are the private headers of a call with that id.
func manager(id string) []string {
	return []string{"X-Ringback-Party: manager", "X-Ringback-Call: " + id, "X-Ringback-Attempt: " + id + ".1"}
}

func visitor(id string) []string {
	return []string{"X-Ringback-Party: visitor", "X-Ringback-Call: " + id, "X-Ringback-Attempt: " + id + ".1"}
}

// send writes a request; the To tag is that of the last response.
func (k *call) send(method, branch string, seq int, body string) {
	k.t.Helper()
	to := k.answer.header.Get("To")
	if to == "" {
		to = fmt.Sprintf("<sip:%s@127.0.0.1>", k.number)
	}
	k.write(fmt.Sprintf("%s sip:%s@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=%s;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:tester@127.0.0.1>;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:tester@%s>\r\n%sContent-Length: %d\r\n\r\n%s",
		method, k.number, k.network, k.conn.LocalAddr(), branch, k.tag, to, k.id, seq, method, k.conn.LocalAddr(), k.headers, len(body), body))
}

func (k *call) write(text string) {
	k.t.Helper()
	if _, err := io.WriteString(k.conn, text); err != nil {
		k.t.Fatal(err)
	}
}

func (k *call) invite() {
	k.t.Helper()
	k.send("INVITE", k.branch, 1, k.offer)
}

func (k *call) next() message {
	k.t.Helper()
	k.conn.SetReadDeadline(time.Now().Add(soon))
	m, err := read(k.in)
	if err != nil {
		k.t.Fatalf("%s hears nothing: %v", k.number, err)
	}
	return m
}

// expect reads the next message, which must be a response with that code.
func (k *call) expect(code int) message {
	k.t.Helper()
	m := k.next()
	if m.code() != code {
		k.t.Fatalf("%s: got %q, want %d", k.number, m.first, code)
	}
	k.answer = m
	return m
}

// ack acknowledges the last response: a refusal within the transaction of the INVITE, a 2xx in one of its own.
func (k *call) ack() {
	k.t.Helper()
	branch := k.branch
	if k.answer.code() < 300 {
		branch += "ack"
	}
	k.send("ACK", branch, k.seq, "")
}

// answered expects the telephone to ring and to answer.
func (k *call) answered() {
	k.t.Helper()
	k.expect(180)
	k.expect(200)
	k.ack()
}

// refused expects that code and acknowledges it.
func (k *call) refused(code int) {
	k.t.Helper()
	k.expect(code)
	k.ack()
}

// hangUp sends BYE and sees it answered.
func (k *call) hangUp() {
	k.t.Helper()
	k.send("BYE", "z9hG4bK"+rand.Text(), k.seq+1, "")
	k.expect(200)
}

// hungUp expects a BYE and answers it.
func (k *call) hungUp() message {
	k.t.Helper()
	m := k.next()
	if m.method() != "BYE" {
		k.t.Fatalf("%s: got %q, want BYE", k.number, m.first)
	}
	k.reply(m)
	return m
}

func (k *call) reply(m message) {
	k.t.Helper()
	var b bytes.Buffer
	b.WriteString("SIP/2.0 200 OK\r\n")
	for _, name := range []string{"Via", "From", "To", "Call-Id", "Cseq"} {
		fmt.Fprintf(&b, "%s: %s\r\n", name, m.header.Get(name))
	}
	k.write(b.String() + "Content-Length: 0\r\n\r\n")
}

// silent sees that nothing more comes for a while.
func (k *call) silent(d time.Duration) {
	k.t.Helper()
	k.conn.SetReadDeadline(time.Now().Add(d))
	if m, err := read(k.in); err == nil {
		k.t.Fatalf("%s: got %q, want nothing", k.number, m.first)
	}
	k.in.Reset(k.conn)
}

// ear is where a caller hears.
type ear struct {
	*media.Port
	t        *testing.T
	file     string
	recorder *media.Recorder
}

func listenTo(t *testing.T) *ear {
	t.Helper()
	engine, err := media.New(media.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	port, err := engine.Open()
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{Port: port, t: t, file: filepath.Join(t.TempDir(), "heard.wav")}
	f, err := os.Create(e.file)
	if err != nil {
		t.Fatal(err)
	}
	if e.recorder, err = media.NewRecorder(f); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.recorder.Close() })
	port.Record(e.recorder, media.Left)
	return e
}

// hear calls with an ear, and waits for that many packets of sound.
func hear(t *testing.T, c *Carrier, packets uint64, number string, extra ...string) (*call, []int16) {
	t.Helper()
	e := listenTo(t)
	k := newCall(t, "udp", c.Addr(), number, extra...)
	k.offer = string(e.Offer())
	k.invite()
	k.answered()
	if err := e.Accept([]byte(k.answer.body)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "enough sound", func() bool { return e.Stats().Received >= packets })
	return k, e.heard()
}

func (e *ear) heard() []int16 {
	e.t.Helper()
	e.Record(nil, media.Left)
	if _, err := e.recorder.Close(); err != nil {
		e.t.Fatal(err)
	}
	f, err := os.Open(e.file)
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
