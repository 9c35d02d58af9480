package test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Whoever has no key can read how to speak with the server, and the page asks nobody else for anything.
func TestTheReferenceNeedsNoKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for path, want := range map[string][2]string{
		"/docs":                         {"text/html; charset=utf-8", "/api/v3/external/widgets/call"},
		"/docs/":                        {"text/html; charset=utf-8", o.url + "/api/webhooks"},
		"/api/openapi.json":             {"application/json", `"openapi": "3.1.0"`},
		"/api/v3/external/openapi.json": {"application/json", `"openapi": "3.1.0"`},
	} {
		r, err := http.Get(o.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != want[0] || !strings.Contains(string(body), want[1]) {
			t.Errorf("%s: %d %s, %v; %s is in it: %v", path, r.StatusCode, r.Header.Get("Content-Type"), err, want[1], strings.Contains(string(body), want[1]))
		}
		policy := r.Header.Get("Content-Security-Policy")
		if strings.HasPrefix(path, "/docs") && !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
}
