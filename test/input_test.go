package test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Bad input gets the documented envelope with its code; nothing is dialled and nothing is stored as a call.
func TestBadInputRingsNobody(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	o := newOffice(t, "--trunk", "sip:"+startCarrier(t, "--journal", journal)+";sandbox=true")
	widget := o.widget("+48500000002")
	o.bad(t, widget)
	if n := o.countCalls(); n != 0 {
		t.Errorf("%d calls are in the history", n)
	}
	if b, err := os.ReadFile(journal); err != nil || len(b) > 0 {
		t.Errorf("the carrier saw %q, %v", b, err)
	}
	// The same office takes a good order.
	if r := o.ended(o.call(widget, "+48500000100"), shortCall); r.Status != "completed" {
		t.Errorf("a good order ended as %s", r.Status)
	}
}

func (o *office) bad(t *testing.T, widget int64) {
	const call, add = "/api/v1/external/widgets/call", "/api/v1/external/widgets/add-users"
	for _, tt := range []struct {
		name, path string
		body       any // a string is sent as it is
		key        string
		status     int
		code       string
	}{
		{"no number at all", call, fields{"id": widget, "tel": "hello"}, o.key, 422, "invalid-phone-number"},
		{"a number that cannot be", call, fields{"id": widget, "tel": "+4811"}, o.key, 422, "invalid-phone-number"},
		{"a premium number", call, fields{"id": widget, "tel": "+48 701 234 567"}, o.key, 422, "blacklisted-phone-number"},
		{"an emergency number", call, fields{"id": widget, "tel": "112"}, o.key, 422, "blacklisted-phone-number"},
		{"another country", call, fields{"id": widget, "tel": "+4915112345678"}, o.key, 422, "forbidden-country"},
		{"a satellite", call, fields{"id": widget, "tel": "+881612345678"}, o.key, 422, "forbidden-country"},
		{"the only manager on duty", call, fields{"id": widget, "tel": "+48500000002"}, o.key, 422, "no-managers-available"},
		{"no number given", call, fields{"id": widget}, o.key, 422, "validation-failed"},
		{"no widget given", call, fields{"tel": "+48500000100"}, o.key, 422, "validation-failed"},
		{"an unknown widget", call, fields{"id": 4711, "tel": "+48500000100"}, o.key, 404, "not-found"},
		{"broken JSON", call, `{"id": 1, "tel": `, o.key, 422, "invalid-json"},
		{"a department and a manager, neither of which exist", call, fields{"id": widget, "tel": "+48500000100", "department_id": 98, "manager_id": 99}, o.key, 422, "validation-failed"},
		{"a manager who does not exist", call, fields{"id": widget, "tel": "+48500000100", "manager_id": 99}, o.key, 404, "not-found"},
		{"a user who does not exist", add, fields{"id": widget, "user_id": 99}, o.key, 404, "not-found"},
		{"users for an unknown widget", add, fields{"id": 4711, "user_id": 1}, o.key, 404, "not-found"},
		{"a wrong key", call, fields{"id": widget, "tel": "+48500000100"}, "rbk_nobody", 401, "unauthorized"},
		{"no key", call, fields{"id": widget, "tel": "+48500000100"}, "", 401, "unauthorized"},
		{"no such address", "/api/v1/external/widgets/sing", fields{}, o.key, 404, "not-found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, text := o.post(t, tt.path, tt.body, tt.key)
			var doc struct {
				HasError  *bool
				ErrorCode string
				Message   string
				Data      json.RawMessage
			}
			if err := json.Unmarshal([]byte(text), &doc); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			if status != tt.status || doc.ErrorCode != tt.code {
				t.Errorf("got %d %s, want %d %s: %s", status, doc.ErrorCode, tt.status, tt.code, text)
			}
			if doc.HasError == nil || !*doc.HasError || doc.Message == "" {
				t.Errorf("this is not the envelope of an error: %s", text)
			}
		})
	}
}

// post sends a body and returns the answer as it came.
func (o *office) post(t *testing.T, path string, body any, key string) (int, string) {
	t.Helper()
	text, raw := body.(string)
	if !raw {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}
