package sandbox

import (
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

func TestNumbersThatRefuse(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	tests := []struct {
		number string
		rings  bool
		code   int
	}{
		{"+48500009001", false, 486},
		{"+48500009003", true, 603},
		{"+48500009004", false, 404},
		{"+48500009009", false, 503},
		{"9001", false, 486},
		{"%2B48500009001", false, 486},
		{"+48-500-00-90-01", false, 486},
		{"+48500009001;npdi=yes", false, 486},
	}
	for _, tt := range tests {
		t.Run(tt.number, func(t *testing.T) {
			t.Parallel()
			k := dial(t, c, tt.number)
			if tt.rings {
				k.expect(180)
			}
			k.refused(tt.code)
		})
	}
}

func TestNumbersThatAnswer(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	for _, number := range []string{"+48500100200", "+48500009006", "+48500009007", "+48500009008", "+48500009010", "+48500009000", "anna", "1"} {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			k := dial(t, c, number)
			k.answered()
			k.hangUp()
		})
	}
}

func TestASlowTelephoneRingsForLonger(t *testing.T) {
	t.Parallel()
	c := open(t, Config{timing: timing{slow: time.Hour}})
	slow, usual := dial(t, c, "+48500009008"), dial(t, c, "+48500100200")
	usual.answered()
	usual.hangUp()
	slow.expect(180)
	slow.cancel()
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := dial(t, c, "+48500009002")
	ringing := k.expect(180)
	k.silent(100 * time.Millisecond) // five times as long as others ring
	k.cancel()
	if got, want := k.answer.header.Get("To"), ringing.header.Get("To"); got != want {
		t.Errorf("the 487 is to %q, want %q as in the 180", got, want)
	}
	eventually(t, "the telephone is still", func() bool { return c.Stats().Dialogs == 0 })
	if s := c.Stats(); s.Cancelled != 1 || s.Unreleased != 0 {
		t.Errorf("got %+v, want one cancelled and none unreleased", s)
	}
}

// cancel gives up and expects to be told so, in either order.
func (k *call) cancel() {
	k.t.Helper()
	was := k.answer
	k.answer = message{}
	k.send("CANCEL", k.branch, k.seq, "")
	k.answer = was
	k.expect(200)
	k.refused(487)
}

func TestNobodyAnswersAndNobodyCancels(t *testing.T) {
	t.Parallel()
	c := open(t, Config{timing: timing{unanswered: 50 * time.Millisecond}})
	k := dial(t, c, "+48500009002")
	k.expect(180)
	k.refused(480)
	if got := c.Stats().Unreleased; got != 1 {
		t.Errorf("%d telephones were not released, want 1", got)
	}
}

func TestATelephoneThatHangsUpAtOnce(t *testing.T) {
	t.Parallel()
	c := open(t, Config{Talk: time.Hour})
	for _, who := range [][]string{nil, manager("5"), visitor("6")} {
		k := dial(t, c, "+48500009005", who...)
		k.answered()
		k.hungUp()
	}
}

func TestNobodyHangsUpBeforeTheAck(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := dial(t, c, "+48500009005")
	k.expect(180)
	k.expect(200)
	k.silent(100 * time.Millisecond)
	k.ack()
	k.hungUp()
}

func TestTonesSayWhoWasCalled(t *testing.T) {
	t.Parallel()
	c := open(t, Config{Talk: time.Hour})
	tests := []struct {
		name           string
		headers        []string
		hears, hearsNo float64
	}{
		{"manager", manager("1"), 440, 660},
		{"visitor", visitor("2"), 660, 440},
		{"somebody", nil, 440, 660},
		{"a third party", []string{"X-Ringback-Party: postman"}, 440, 660},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k, pcm := hear(t, c, 30, "+48500100200", tt.headers...)
			k.hangUp()
			hears(t, pcm[1600:4000], tt.hears)
			hearsNo(t, pcm[1600:4000], tt.hearsNo)
		})
	}
}

func hears(t *testing.T, pcm []int16, hz float64) {
	t.Helper()
	if got := media.Level(pcm, hz); got < 0.2 {
		t.Errorf("the level of %g Hz is %.3f, want more than 0.2", hz, got)
	}
}

func hearsNo(t *testing.T, pcm []int16, hz float64) {
	t.Helper()
	if got := media.Level(pcm, hz); got > 0.02 {
		t.Errorf("the level of %g Hz is %.3f, want less than 0.02", hz, got)
	}
}

func TestASilentTelephoneSendsSilence(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k, pcm := hear(t, c, 20, "+48500009007", manager("1")...)
	k.hangUp()
	if got := loudest(pcm); got > 16 {
		t.Errorf("the loudest sample is %d, want silence", got)
	}
}

func loudest(pcm []int16) int {
	most := 0
	for _, s := range pcm {
		most = max(most, int(s), -int(s))
	}
	return most
}

func TestAVoicemailGreetsBeepsAndListens(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k, pcm := hear(t, c, 300, "+48500009006", manager("1")...)
	k.hangUp()
	got := map[string]int{}
	for ; len(pcm) >= 400; pcm = pcm[400:] { // 50 ms each
		got[phase(pcm[:400], got)]++
	}
	if got["greeting"] < 55 || got["beep"] < 8 || got["beep"] > 12 || got["silence"] < 20 || got["noise"] > 3 {
		t.Errorf("heard %v of 50 ms, want a greeting of 60, a beep of 10, silence of more than 20, and no noise but at the joints", got)
	}
}

// phase says what a moment of a voicemail is, after those before it.
func phase(pcm []int16, before map[string]int) string {
	quiet, beeping := loudest(pcm) < 16, media.Level(pcm, 1000) > 0.1
	switch {
	case beeping && before["silence"] == 0:
		return "beep"
	case quiet && before["greeting"] == 0:
		return "delay"
	case quiet && before["beep"] > 0:
		return "silence"
	case before["beep"] == 0 && max(media.Level(pcm, 440), media.Level(pcm, 660)) < 0.1:
		return "greeting"
	}
	return "noise"
}

func TestATelephonePressesOne(t *testing.T) {
	t.Parallel()
	c := open(t, Config{Talk: time.Hour})
	for _, who := range [][]string{manager("1"), visitor("2")} {
		e := listenTo(t)
		k := newCall(t, "udp", c.Addr(), "+48500009010", who...)
		k.offer = string(e.Offer())
		k.invite()
		k.answered()
		if err := e.Accept([]byte(k.answer.body)); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-e.Digits():
			if got != '1' {
				t.Errorf("heard key %q, want '1'", got)
			}
		case <-time.After(soon):
			t.Error("heard no key")
		}
		k.hangUp()
	}
}

func TestNoAudio(t *testing.T) {
	t.Parallel()
	c := open(t, Config{NoAudio: true, Talk: time.Hour})
	e := listenTo(t)
	k := newCall(t, "udp", c.Addr(), "+48500009010")
	k.offer = string(e.Offer())
	k.invite()
	k.answered()
	if err := e.Accept([]byte(k.answer.body)); err != nil {
		t.Fatal(err)
	}
	<-e.Digits() // pressed after a while in which a tone would have been heard
	if got := e.Stats().Received; got > 8 {
		t.Errorf("heard %d packets, want those of a key press alone", got)
	}
	k.hangUp()
}

func TestTheUsualTimes(t *testing.T) {
	t.Parallel()
	cfg := Config{}.withDefaults()
	tests := []struct {
		name      string
		got, want time.Duration
	}{
		{"talk", cfg.Talk, 5 * time.Second},
		{"ringing", cfg.RingFor, time.Second},
		{"9008 rings", behaviours(cfg.timing)["9008"].rings, 20 * time.Second},
		{"9010 presses", cfg.timing.press, time.Second},
		{"a manager stays", cfg.timing.stay, time.Minute},
		{"a manager stays for a long talk", Config{Talk: time.Hour}.withDefaults().timing.stay, 2 * time.Hour},
		{"a greeting", greetingFor, 3 * time.Second},
		{"a beep", beepFor, 500 * time.Millisecond},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestNumberOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		user string
		want ringback.Number
		last string
	}{
		{"+48500009001", "+48500009001", "9001"},
		{"%2B48500009001;npdi", "+48500009001", "9001"},
		{"+48\r\n500\x00009001", "+48500009001", "9001"},
		{"%zz9001", "%zz9001", "9001"},
		{"12", "12", "12"},
		{"", "", ""},
	}
	for _, tt := range tests {
		got := numberOf(&gosip.Uri{User: tt.user})
		if got != tt.want || last4(got) != tt.last {
			t.Errorf("numberOf(%q) = %q ending in %q, want %q ending in %q", tt.user, got, last4(got), tt.want, tt.last)
		}
	}
}
