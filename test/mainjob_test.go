package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/ringback-hq/ringback/internal/phone/media"
)

// api sends a request to our own API.
func (o *office) api(method, path string, body any) *http.Response {
	o.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, bytes.NewReader(b))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", o.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	return res
}

// fetch gets a recording by its link.
func fetch(t testing.TB, link string) []byte {
	t.Helper()
	res, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d %v", link, res.StatusCode, err)
	}
	return b
}

// recording fetches and reads the recording of a call.
func (o *office) recording(r record) (left, right []int16) {
	o.t.Helper()
	left, right, err := media.ReadRecording(bytes.NewReader(fetch(o.t, r.attempt().Recording)))
	if err != nil {
		o.t.Fatal(err)
	}
	return left, right
}

// hears checks which of two tones is on a channel.
func hears(t testing.TB, name string, pcm []int16, want, other float64) {
	t.Helper()
	if len(pcm) < 8000 {
		t.Fatalf("%s: only %d samples", name, len(pcm))
	}
	middle := pcm[len(pcm)/4 : len(pcm)*3/4]
	if got, not := media.Level(middle, want), media.Level(middle, other); got < 0.05 || not > got/10 {
		t.Errorf("%s: %g Hz at %.3f and %g Hz at %.3f, want only the former", name, want, got, other, not)
	}
}

// One request: two telephones ring, are joined and recorded; the history and the webhook say so.
func TestOneRequestMakesTwoPeopleTalk(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "--sandbox", "--sandbox-talk", "3s")
	s := newSink(t)
	widget := o.widget("+48500000002", "+48500000003")
	secret := o.webhook(s, widget)

	call := o.call(widget, "+48 500 000 100")
	r := o.ended(call, 10*time.Second)
	if r.Status != "completed" || r.attempt().BillingTime < 2 {
		t.Fatalf("got %s, billing time %d", r.Status, r.attempt().BillingTime)
	}
	left, right := o.recording(r)
	hears(t, "left, the manager", left, 440, 660)
	hears(t, "right, the visitor", right, 660, 440)

	deliveries := s.wait(t, call, 2)
	var events []string
	for _, d := range deliveries {
		d.verify(t, secret)
		events = append(events, d.Event)
	}
	if got := fmt.Sprint(events); got != "[call.new call.completed]" {
		t.Errorf("the webhook was told %s", got)
	}
	var doc struct {
		Data struct {
			Call struct {
				Recording string `json:"recording"`
			} `json:"call"`
		} `json:"data"`
	}
	if err := json.Unmarshal(deliveries[1].Body, &doc); err != nil || doc.Data.Call.Recording == "" {
		t.Fatalf("%v: no recording in %s", err, deliveries[1].Body)
	}
	fetch(t, doc.Data.Call.Recording)
}

// Every number of the sandbox ends a call as docs/sandbox.md says.
func TestSandboxNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, manager, visitor, want string }{
		{"visitor is busy", "+48500000002", "+48500009001", "user-failed"},
		{"visitor declines", "+48500000002", "+48500009003", "user-failed"},
		{"visitor is unreachable", "+48500000002", "+48500009004", "failed"},
		{"visitor hangs up at once", "+48500000002", "+48500009005", "completed"},
		{"visitor is silent", "+48500000002", "+48500009007", "completed"},
		{"the trunk fails for the visitor", "+48500000002", "+48500009009", "failed"},
		{"manager hangs up at once", "+48500009005", "+48500000100", "manager-failed"},
		{"manager is unreachable", "+48500009004", "+48500000100", "failed"},
		{"manager presses a key", "+48500009010", "+48500000100", "completed"},
		{"manager's mailbox answers", "+48500009006", "+48500000100", "completed"},
		{"manager is busy", "+48500009001", "+48500000100", "manager-failed"},
		{"manager declines", "+48500009003", "+48500000100", "manager-failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, "--sandbox", "--sandbox-talk", "1s")
			call := o.call(o.widget(tt.manager), tt.visitor)
			if r := o.ended(call, time.Minute); r.Status != tt.want {
				t.Errorf("got %s, want %s", r.Status, tt.want)
			}
		})
	}
}
