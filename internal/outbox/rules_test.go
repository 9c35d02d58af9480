package outbox

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatAStatusMeans(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]verdict{
		200: delivered, 202: delivered, 204: delivered, 299: delivered,
		301: broken, 302: broken, 304: broken, 307: broken, 308: broken,
		400: refused, 401: refused, 404: refused, 413: refused, 422: refused, 499: refused,
		408: broken, 425: broken,
		410: gone,
		429: throttled, 502: throttled, 503: throttled, 504: throttled,
		500: broken, 501: broken, 505: broken, 599: broken, 600: broken, 999: broken, 101: broken,
	} {
		if got := read(fetch.Response{Status: status}, nil, time.Now()); got.verdict != want || got.status != status {
			t.Errorf("%d: got %+v, want verdict %d", status, got, want)
		}
	}
	if got := read(fetch.Response{}, errors.New("no answer in time"), time.Now()); got.verdict != broken || got.reason != "no answer in time" {
		t.Errorf("without an answer: got %+v", got)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"7":                             7 * time.Second,
		"3600":                          time.Hour,
		"3601":                          time.Hour,
		"99999999999999999999":          0,
		"-5":                            0,
		"1.5":                           0,
		"soon":                          0,
		"Tue, 24 Nov 2026 09:00:30 GMT": 30 * time.Second,
		"Tue, 24 Nov 2026 08:00:00 GMT": 0,
		"Fri, 24 Nov 2028 09:00:00 GMT": time.Hour,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func TestAReasonIsShortAndHarmless(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                      "answered 500 Internal Server Error",
		"  oops\n":              "answered 500 Internal Server Error: oops",
		"a\x00b\x1b[31mc\r\nd":  "answered 500 Internal Server Error: a b [31mc  d",
		"zażółć \xff\xfe gęślą": "answered 500 Internal Server Error: zażółć    gęślą",
	} {
		if got := read(fetch.Response{Status: 500, Body: []byte(body)}, nil, time.Now()).reason; got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
	long := read(fetch.Response{Status: 500, Body: []byte(strings.Repeat("ż", 4<<10))}, nil, time.Now()).reason
	failed := read(fetch.Response{}, errors.New(strings.Repeat("x", 64<<10)), time.Now()).reason
	if len(long) > longestReason || len(failed) > longestReason || strings.ToValidUTF8(long, "") != long {
		t.Errorf("got reasons of %d and %d bytes, want %d at most", len(long), len(failed), longestReason)
	}
}

func TestAThrottlingWebhookGetsHalfAsMany(t *testing.T) {
	t.Parallel()
	now := time.Now()
	e := endpoint{window: mostPerWebhook}
	for _, step := range []struct {
		verdict verdict
		window  int
	}{
		{throttled, 4},
		{throttled, 2},
		{throttled, 1},
		{throttled, 1},
		{delivered, 2},
		{delivered, 4},
		{refused, 4},
		{delivered, 8},
		{delivered, 8},
		{broken, 1},
		{delivered, 2},
	} {
		if step.verdict == delivered {
			e.succeed(now)
		} else {
			e.fail(now, 1, answer{verdict: step.verdict})
		}
		if e.window != step.window {
			t.Fatalf("after %+v the window is %d", step, e.window)
		}
	}
}

func TestTriesUnderWayDoNotProlongAnOpenCircuit(t *testing.T) {
	t.Parallel()
	now := time.Now()
	e := endpoint{window: mostPerWebhook}
	opened := 0
	for range opensCircuit + mostPerWebhook {
		if open, _ := e.fail(now, 1, answer{verdict: broken, after: time.Second}); open {
			opened++
		}
	}
	if got := e.opens.Sub(now); got != firstProbe || opened != 1 {
		t.Errorf("opened %d times and the first probe is due in %s; want once, and %s", opened, got, firstProbe)
	}
	now = e.opens
	if open, _ := e.fail(now, 1, answer{verdict: broken}); open || e.opens.Sub(now) != 2*firstProbe {
		t.Errorf("after the first probe: opened %t, the next is due in %s; want %s", open, e.opens.Sub(now), 2*firstProbe)
	}
}

func TestASuccessStartsTheFiveDaysAnew(t *testing.T) {
	t.Parallel()
	now := time.Now()
	e := endpoint{window: mostPerWebhook}
	for hours := range 500 {
		at := now.Add(time.Duration(hours) * time.Hour)
		if hours%119 == 118 {
			e.succeed(at)
		} else if _, died := e.fail(at, 1, answer{verdict: broken}); died {
			t.Fatalf("it died after %d hours", hours)
		}
	}
	e.succeed(now)
	e.fail(now, 1, answer{verdict: broken})
	if _, died := e.fail(now.Add(dead), 1, answer{verdict: broken}); !died {
		t.Error("it did not die")
	}
	if _, died := e.fail(now.Add(dead), 1, answer{verdict: broken}); died {
		t.Error("enabled again, it died at once")
	}
}

func TestABadSecretIsAFailureOfItsWebhookOnly(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		s := &sink{}
		url := serve(t, s).URL
		bad := w.webhookWith(url, "whsec_!")
		good := w.webhook(url)
		w.calls(1)
		w.run(loopback)
		eventually(t, "the good one has it", func() bool { return w.count(good, ringback.DeliveryDelivered) == 1 })
		eventually(t, "the bad one was tried", func() bool { return w.deliveries(bad)[0].Tries == 1 })
		if d := w.deliveries(bad)[0]; d.LastError == "" || strings.Contains(d.LastError, "whsec") {
			t.Errorf("got the error %q", d.LastError)
		}
	})
}

func TestWhateverIsAnsweredCanBeStored(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		s := &sink{answer: func(w http.ResponseWriter, _ *http.Request, _ post) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte("\x00\xff\xc3\x28 \xed\xa0\x80 oops"))
		}}
		hook := w.webhook(serve(t, s).URL)
		w.calls(1)
		w.run(loopback)
		eventually(t, "it was tried", func() bool { return w.deliveries(hook)[0].Tries == 1 })
		if d := w.deliveries(hook)[0]; !strings.Contains(d.LastError, "oops") || d.LastStatus != 500 {
			t.Errorf("got status %d, %q", d.LastStatus, d.LastError)
		}
	})
}
