package test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An exchange is the part of a carrier that knows where each number's telephone stands: it passes a request on to the
// telephone of the number, and the answers back. What belongs to an answered call goes straight from one to the other.
// All that it knows of a call is whether it has been answered: then a CANCEL comes too late, and changes nothing.
type exchange struct {
	t     testing.TB
	trunk *net.UDPConn // ringback's side

	mu       sync.Mutex
	ringback netip.AddrPort
	lines    map[string]*net.UDPConn // by number
	all      []*net.UDPConn
	heard    []sipMessage    // requests from ringback, without repetitions
	answered map[string]bool // by Call-ID
	hold     int             // answers that are kept back until there are so many
	held     [][]byte
}

// A sipMessage is what the tests look at of a message.
type sipMessage struct {
	Method string // of the request, or of the one that is answered
	Status int    // 0: a request
	User   string // whom the request line names
	raw    []byte
}

// newExchange opens a trunk.
func newExchange(t testing.TB) *exchange {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{t: t, trunk: conn, lines: map[string]*net.UDPConn{}, answered: map[string]bool{}}
	var work sync.WaitGroup
	work.Go(func() { x.listen(conn, x.fromRingback) })
	t.Cleanup(func() {
		conn.Close()
		for _, line := range x.all {
			line.Close()
		}
		work.Wait()
		if t.Failed() {
			t.Logf("the exchange heard %s", x.story())
		}
	})
	return x
}

// uri is the trunk as the server's flag wants it; login is "user:password@" or nothing.
func (x *exchange) uri(login string) string { return "sip:" + login + x.trunk.LocalAddr().String() }

// connect says at which port of the loopback the telephones of these numbers stand.
func (x *exchange) connect(port int, numbers ...string) {
	x.t.Helper()
	conn, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		x.t.Fatal(err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all = append(x.all, conn)
	for _, n := range numbers {
		x.lines[n] = conn
	}
	go x.listen(conn, func(raw []byte, _ netip.AddrPort) { x.fromTelephone(raw) })
}

// listen reads datagrams until the socket is closed. A telephone that is not there yet is no reason to stop.
func (x *exchange) listen(conn *net.UDPConn, heard func([]byte, netip.AddrPort)) {
	buf := make([]byte, 65536)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && len(bytes.TrimSpace(buf[:n])) > 0 {
			heard(slices.Clone(buf[:n]), from)
		}
	}
}

// fromRingback passes on what came over the trunk.
func (x *exchange) fromRingback(raw []byte, from netip.AddrPort) {
	m := readMessage(raw)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ringback = from
	if m.Status != 0 { // an answer to a telephone's own request
		if to, err := netip.ParseAddrPort(sentBy(raw)); err == nil {
			_, _ = x.trunk.WriteToUDPAddrPort(raw, to)
		}
		return
	}
	if !slices.ContainsFunc(x.heard, func(h sipMessage) bool { return bytes.Equal(h.raw, raw) }) {
		x.heard = append(x.heard, m)
	}
	switch line := x.lines[m.User]; {
	case m.Method == "OPTIONS" || m.Method == "CANCEL" && x.answered[m.header("Call-ID")]: //nolint:usestdlibvars // a method of SIP
		_, _ = x.trunk.WriteToUDPAddrPort(m.answer("200 OK"), from)
	case line != nil:
		_, _ = line.Write(raw)
	case m.Method != "ACK":
		_, _ = x.trunk.WriteToUDPAddrPort(m.answer("404 Not Found"), from)
	}
}

// fromTelephone passes on what a telephone says.
func (x *exchange) fromTelephone(raw []byte) {
	m := readMessage(raw)
	x.mu.Lock()
	defer x.mu.Unlock()
	if m.Method != "INVITE" || m.Status/100 != 2 {
		_, _ = x.trunk.WriteToUDPAddrPort(raw, x.ringback)
		return
	}
	x.answered[m.header("Call-ID")] = true
	if x.held = append(x.held, raw); len(x.held) < x.hold {
		return
	}
	for _, answer := range x.held {
		_, _ = x.trunk.WriteToUDPAddrPort(answer, x.ringback)
	}
	x.held, x.hold = nil, 0
}

// together keeps the first n answers back until all of them are there, and then passes them on in one go.
func (x *exchange) together(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.hold = n
}

// requests returns the requests of a method that came over the trunk for a number.
func (x *exchange) requests(method, number string) []sipMessage {
	x.mu.Lock()
	defer x.mu.Unlock()
	var found []sipMessage
	for _, m := range x.heard {
		if m.Method == method && m.User == number {
			found = append(found, m)
		}
	}
	return found
}

// rang reports how often a number was rung; an INVITE that is sent again with a password is still the same call.
func (x *exchange) rang(number string) int {
	calls := map[string]bool{}
	for _, m := range x.requests("INVITE", number) {
		calls[m.header("Call-ID")] = true
	}
	return len(calls)
}

func (x *exchange) story() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var b strings.Builder
	for _, m := range x.heard {
		fmt.Fprintf(&b, "\n%s %s %s", m.Method, m.User, m.header("Reason"))
	}
	return b.String()
}

// readMessage reads as much of a message as a wire must know.
func readMessage(raw []byte) sipMessage {
	m := sipMessage{raw: raw}
	line, _, _ := strings.Cut(string(raw), "\r\n")
	if _, err := fmt.Sscanf(line, "SIP/2.0 %d", &m.Status); err == nil {
		_, m.Method, _ = strings.Cut(m.header("CSeq"), " ")
		return m
	}
	m.Method, line, _ = strings.Cut(line, " ")
	m.User, _, _ = strings.Cut(strings.TrimPrefix(line, "sip:"), "@")
	return m
}

// header returns the first header of a name.
func (m sipMessage) header(name string) string {
	head, _, _ := strings.Cut(string(m.raw), "\r\n\r\n")
	for _, line := range strings.Split(head, "\r\n")[1:] {
		if n, value, _ := strings.Cut(line, ":"); strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// sentBy is where the top Via says that the answers to a request belong.
func sentBy(raw []byte) string {
	_, rest, _ := strings.Cut(readMessage(raw).header("Via"), " ")
	at, _, _ := strings.Cut(rest, ";")
	return strings.TrimSpace(at)
}

// answer is the exchange's own answer to a request.
func (m sipMessage) answer(status string) []byte {
	var b strings.Builder
	b.WriteString("SIP/2.0 " + status + "\r\n")
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		b.WriteString(name + ": " + m.header(name))
		if name == "To" {
			b.WriteString(";tag=exchange")
		}
		b.WriteString("\r\n")
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	return []byte(b.String())
}

// eventually waits until something has become true, and says what was missing when it has not for a long time.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
