package media

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// body gives lines their line ends.
func body(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

func TestOffer(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	p := open(t, e)
	got := string(p.Offer())
	want := regexp.MustCompile("^v=0\r\n" +
		`o=- (\d+) 1 IN IP4 127\.0\.0\.1` + "\r\n" +
		"s=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
		fmt.Sprintf("m=audio %d RTP/AVP 8 0 101\r\n", p.Addr().Port()) +
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n" +
		"a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n$")
	m := want.FindStringSubmatch(got)
	if m == nil {
		t.Fatalf("offer %q does not match %v", got, want)
	}
	if len(m[1]) > 19 || len(m[1]) == 19 && m[1] >= "9223372036854775808" {
		t.Errorf("session id %s is no signed 64-bit number", m[1])
	}
	if again := string(p.Offer()); again != got {
		t.Errorf("the same offer again is %q, want %q", again, got)
	}
}

func TestAdvertisedAddressIsOffered(t *testing.T) {
	t.Parallel()
	cfg := Config{}
	cfg.Advertised = newPhone(t, ALaw).addr().Addr().Next() // 127.0.0.2
	e, err := New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(e.Close)
	if got := string(open(t, e).Offer()); strings.Count(got, "IN IP4 127.0.0.2\r\n") != 2 {
		t.Errorf("offer %q does not have the advertised address twice", got)
	}
}

func TestAnswersAreAcceptedOrRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer []byte
		want   error
	}{
		{"bare", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 8"), nil},
		{"line feeds only", []byte("v=0\nc=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\n"), nil},
		{"no last line end", []byte("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0"), nil},
		{"address at the medium", body("v=0", "m=audio 4000 RTP/AVP 8", "c=IN IP4 127.0.0.1"), nil},
		{"number of ports", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000/2 RTP/AVP 8"), nil},
		{"on hold at once", body("v=0", "c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 8"), nil},
		{"second audio", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 0 RTP/SAVP 8", "m=audio 4000 RTP/AVP 8"), nil},
		{"empty", nil, ErrSDP},
		{"blank lines", []byte("\r\n\r\n"), ErrSDP},
		{"HTML", []byte("<html><body>Busy here</body></html>"), ErrSDP},
		{"NUL inside", []byte("v=0\r\nc=IN IP4 127.0.0.1\x00\r\nm=audio 4000 RTP/AVP 8\r\n"), ErrSDP},
		{"no version", body("c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 8"), ErrSDP},
		{"too long", append(body("v=0"), bytes.Repeat([]byte("a=x\r\n"), 4000)...), ErrSDP},
		{"too many media", body("v=0", strings.TrimSuffix(strings.Repeat("m=audio 0 RTP/AVP 8\r\n", 17), "\r\n")), ErrSDP},
		{"port beyond 65535", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 70000 RTP/AVP 8"), ErrSDP},
		{"negative port", body("v=0", "c=IN IP4 127.0.0.1", "m=audio -1 RTP/AVP 8"), ErrSDP},
		{"rtcp without port", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 8", "a=rtcp:x"), ErrSDP},
		{"no media", body("v=0", "c=IN IP4 127.0.0.1"), ErrNoAudio},
		{"fax", body("v=0", "c=IN IP4 127.0.0.1", "m=image 4000 udptl t38"), ErrNoAudio},
		{"encrypted", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/SAVP 8"), ErrNoAudio},
		{"port 0", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 0 RTP/AVP 8"), ErrRefused},
		{"other codecs", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 9 18 101", "a=rtpmap:101 telephone-event/8000"), ErrNoCodec},
		{"PCMA in name only", body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 8", "a=rtpmap:8 G729/8000"), ErrNoCodec},
		{"no address", body("v=0", "m=audio 4000 RTP/AVP 8"), ErrAddress},
		{"a name", body("v=0", "c=IN IP4 example.com", "m=audio 4000 RTP/AVP 8"), ErrAddress},
		{"multicast", body("v=0", "c=IN IP4 224.2.1.1/127", "m=audio 4000 RTP/AVP 8"), ErrAddress},
		{"broadcast", body("v=0", "c=IN IP4 255.255.255.255", "m=audio 4000 RTP/AVP 8"), ErrAddress},
		{"IPv6 for IPv4", body("v=0", "c=IN IP6 2001:db8::1", "m=audio 4000 RTP/AVP 8"), ErrAddress},
		{"hold in the clothes of IPv6", body("v=0", "c=IN IP6 ::ffff:0.0.0.0", "m=audio 4000 RTP/AVP 8"), nil},
		{"multicast in the clothes of IPv6", body("v=0", "c=IN IP6 ::ffff:224.2.1.1", "m=audio 4000 RTP/AVP 8"), ErrAddress},
		{"broadcast in the clothes of IPv6", body("v=0", "c=IN IP6 ::ffff:255.255.255.255", "m=audio 4000 RTP/AVP 8"), ErrAddress},
		{"zone", body("v=0", "c=IN IP6 fe80::1%eth0", "m=audio 4000 RTP/AVP 8"), ErrAddress},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			p := open(t, e)
			p.Offer()
			if err := p.Accept(tt.answer); !errors.Is(err, tt.want) {
				t.Errorf("Accept(%.200q): %v, want %v", tt.answer, err, tt.want)
			}
		})
	}
}

// Answers in the manner of well-known equipment, each with its own order, attributes and blemishes.
func TestRealAnswersAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file string
		addr string
		law  Law
		keys uint8
	}{
		{"asterisk", "198.51.100.7:14872", ALaw, 101},
		{"freeswitch", "198.51.100.8:27354", ULaw, 101},
		{"cisco", "198.51.100.9:16462", ULaw, 97},
		{"audiocodes", "198.51.100.10:6070", ALaw, 96},
		{"baresip", "192.0.2.2:10020", ALaw, 101},
		{"linphone", "192.168.1.34:7078", ULaw, 97},
		{"rtpengine", "203.0.113.12:30026", ALaw, 101},
		{"old-gateway", "198.51.100.11:5004", ALaw, 0},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(filepath.Join("testdata", "sdp", tt.file+".sdp"))
			if err != nil {
				t.Fatal(err)
			}
			p := open(t, newEngine(t))
			p.Offer()
			if err := p.Accept(b); err != nil {
				t.Fatalf("Accept: %v", err)
			}
			if got := p.sock.remote.Load().String(); got != tt.addr {
				t.Errorf("audio goes to %s, want %s", got, tt.addr)
			}
			if p.out.law != tt.law || p.out.event != tt.keys {
				t.Errorf("law %s and keys %d, want %s and %d", p.out.law, p.out.event, tt.law, tt.keys)
			}
			if p.OnHold() {
				t.Error("on hold, want not")
			}
		})
	}
}

func TestAnAnswerNamesOneLaw(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ offer, want string }{
		{"m=audio 4000 RTP/AVP 0 8 101", "m=audio %d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n"},
		{"m=audio 4000 RTP/AVP 18 8 0 96\r\na=rtpmap:96 telephone-event/8000", "m=audio %d RTP/AVP 8 96\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=sendrecv\r\n"},
		{"m=audio 4000 RTP/AVPF 8", "m=audio %d RTP/AVPF 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"},
		{"m=video 4002 RTP/AVP 31 32\r\nm=audio 4000 RTP/AVP 8\r\nm=audio 4004 RTP/AVP 8", "m=video 0 RTP/AVP 31\r\nm=audio %d RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\nm=audio 0 RTP/AVP 8\r\n"},
	} {
		p := open(t, newEngine(t))
		answer, err := p.Answer(body("v=0", "c=IN IP4 127.0.0.1", "t=0 0", tt.offer))
		if err != nil {
			t.Errorf("Answer(%q): %v", tt.offer, err)
			continue
		}
		_, got, _ := strings.Cut(string(answer), "t=0 0\r\n")
		if want := fmt.Sprintf(tt.want, p.Addr().Port()); got != want {
			t.Errorf("Answer(%q):\n%s\nwant\n%s", tt.offer, got, want)
		}
	}
}

func TestNoOfferAsksForOurs(t *testing.T) {
	t.Parallel()
	p := open(t, newEngine(t))
	got, err := p.Answer(nil)
	if err != nil || !bytes.Equal(got, p.Offer()) {
		t.Errorf("Answer of nothing: %q, %v; want our offer", got, err)
	}
}

func TestHoldIsMirrored(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		conn, way, want string
		muted           bool
	}{
		{"127.0.0.1", "", "sendrecv", false},
		{"127.0.0.1", "a=sendrecv\r\n", "sendrecv", false},
		{"127.0.0.1", "a=sendonly\r\n", "recvonly", true},
		{"127.0.0.1", "a=recvonly\r\n", "sendonly", false},
		{"127.0.0.1", "a=inactive\r\n", "inactive", true},
		{"0.0.0.0", "", "recvonly", true},
		{"0.0.0.0", "a=recvonly\r\n", "inactive", true},
	} {
		p := open(t, newEngine(t))
		answer, err := p.Answer([]byte("v=0\r\nc=IN IP4 " + tt.conn + "\r\nm=audio 4000 RTP/AVP 8\r\n" + tt.way))
		if err != nil {
			t.Errorf("%s %q: %v", tt.conn, tt.way, err)
			continue
		}
		if !bytes.HasSuffix(answer, []byte("a="+tt.want+"\r\n")) {
			t.Errorf("%s %q is answered %q, want %s", tt.conn, tt.way, answer, tt.want)
		}
		if got := p.OnHold(); got != (tt.want != "sendrecv") {
			t.Errorf("%s %q: on hold is %v", tt.conn, tt.way, got)
		}
		if p.out.muted != tt.muted {
			t.Errorf("%s %q: muted is %v, want %v", tt.conn, tt.way, p.out.muted, tt.muted)
		}
	}
}

// The way may be given for the whole session.
func TestHoldOfTheWholeSession(t *testing.T) {
	t.Parallel()
	p := open(t, newEngine(t))
	answer, err := p.Answer(body("v=0", "c=IN IP4 127.0.0.1", "a=sendonly", "m=audio 4000 RTP/AVP 8"))
	if err != nil || !strings.HasSuffix(string(answer), "a=recvonly\r\n") {
		t.Errorf("answered %q, %v; want recvonly", answer, err)
	}
}

var version = regexp.MustCompile(`o=- \d+ (\d+) `)

func TestVersionGrowsWithEachChange(t *testing.T) {
	t.Parallel()
	p := open(t, newEngine(t))
	call := func(way string) []byte { return body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 8 0", way) }
	for i, step := range []struct {
		say  func() ([]byte, error)
		want string
	}{
		{func() ([]byte, error) { return p.Offer(), nil }, "1"},
		{func() ([]byte, error) { return p.Offer(), nil }, "1"},
		{func() ([]byte, error) { return p.Answer(call("a=sendrecv")) }, "2"}, // one law now
		{func() ([]byte, error) { return p.Answer(call("a=sendrecv")) }, "2"},
		{func() ([]byte, error) { return p.Answer(call("a=sendonly")) }, "3"},
		{func() ([]byte, error) { return p.Answer(call("a=sendonly")) }, "3"},
		{func() ([]byte, error) { return p.Answer(call("a=sendrecv")) }, "4"},
	} {
		b, err := step.say()
		m := version.FindSubmatch(b)
		if err != nil || m == nil || string(m[1]) != step.want {
			t.Errorf("step %d: %q, %v; want version %s", i, b, err, step.want)
		}
	}
}

// A re-INVITE may list both laws in another order; the one in use stays.
func TestTheLawStaysThroughAReinvite(t *testing.T) {
	t.Parallel()
	p := open(t, newEngine(t))
	if err := p.Accept(body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 8")); err != nil {
		t.Fatal(err)
	}
	answer, err := p.Answer(body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 0 8"))
	if err != nil || !strings.Contains(string(answer), "RTP/AVP 8\r\n") {
		t.Errorf("answered %q, %v; want payload type 8 alone", answer, err)
	}
	answer, err = p.Answer(body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 0"))
	if err != nil || !strings.Contains(string(answer), "RTP/AVP 0\r\n") {
		t.Errorf("answered %q, %v; want payload type 0", answer, err)
	}
}

func TestABadReinviteChangesNothing(t *testing.T) {
	t.Parallel()
	p := open(t, newEngine(t))
	anna := newPhone(t, ALaw)
	anna.answers(p)
	if _, err := p.Answer(body("v=0", "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 18", "a=inactive")); !errors.Is(err, ErrNoCodec) {
		t.Fatalf("Answer: %v, want %v", err, ErrNoCodec)
	}
	if p.OnHold() || *p.sock.remote.Load() != anna.addr() {
		t.Error("the refused offer was applied")
	}
}

// Each branch of a forked call may play something early; the one that answers counts.
func TestForkedAnswersMayDiffer(t *testing.T) {
	t.Parallel()
	p := open(t, newEngine(t))
	first, second := newPhone(t, ALaw), newPhone(t, ULaw)
	second.keys = 96
	first.answers(p)
	first.talk(p, sine(ALaw, 425, 1)[0])
	eventually(t, "early media arrives", func() bool { return p.Stats().Received == 1 })
	second.answers(p)
	second.answers(p) // 183 and 200 with the same description
	done := make(chan error, 1)
	go func() {
		done <- p.Play(t.Context(), Tone([]float64{400}, 20*time.Millisecond, 0, 0.5))
	}()
	if h := second.mustHear(); Law(h.kind) != ULaw {
		t.Errorf("the answering branch hears payload type %d, want %d", h.kind, ULaw)
	}
	if err := <-done; err != nil {
		t.Errorf("Play: %v", err)
	}
}

func FuzzSDP(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "sdp", "*.sdp"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(body("v=0", "c=IN IP4 0.0.0.0", "m=video 1 RTP/AVP 31", "m=audio 4000 RTP/AVP 8", "a=inactive"))
	e := newEngine(f)
	p, q := open(f, e), open(f, e)
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = p.Accept(b)
		answer, err := q.Answer(b)
		if err != nil {
			return
		}
		if d, err := readSDP(answer); err != nil {
			t.Errorf("%q is answered by what we cannot read ourselves, %q: %v", b, answer, err)
		} else if m, err := d.audio(); err != nil || len(b) > 0 && len(m.laws()) != 1 {
			t.Errorf("%q is answered %q: %v", b, answer, err)
		}
	})
}
