package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
)

type asked struct {
	ID   int64  `in:"id" rule:"path=thing"`
	Name string `in:"name"`
}

// testDoor knows one key, "good", and notes what it logs.
func testDoor(log io.Writer) *Door {
	return &Door{
		Who: func(_ http.ResponseWriter, r *http.Request) (ringback.Actor, error) {
			if r.Header.Get("Authorization") != "good" {
				return ringback.Actor{}, &ringback.Error{Kind: ringback.Unauthorized, Code: ringback.CodeUnauthorized, Detail: "Who?"}
			}
			return ringback.Actor{AccountID: 7, KeyID: "k1", Scopes: []ringback.Scope{ringback.ScopeCallsView}}, nil
		},
		Write: func(w http.ResponseWriter, _ *http.Request, status int, out any) {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(out)
		},
		Fail: func(w http.ResponseWriter, _ *http.Request, f Failure) {
			w.WriteHeader(f.Status)
			fmt.Fprintf(w, "%s: %s %v", f.Code, f.Detail, f.Fields)
		},
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func testRoutes() []Route {
	get := func(path string, f Func[asked, any], scopes ...ringback.Scope) Route {
		return Route{Method: "GET", Path: path, AnyOf: scopes, Do: Do(f)}
	}
	fail := func(err error) Func[asked, any] {
		return func(context.Context, ringback.Actor, asked) (any, error) { return nil, err }
	}
	echo := func(ctx context.Context, _ ringback.Actor, in asked) (any, error) {
		return fmt.Sprint(in.ID, in.Name, OnceOf(ctx).Key, OnceOf(ctx).Route), nil
	}
	return []Route{
		get("things/{id}", echo), get("things/list", fail(ringback.NoSuch("list"))),
		{Method: "POST", Path: "things/{id}", Status: http.StatusCreated, Do: Do(echo)},
		{Method: "GET", Path: "", Do: Do(echo)},
		get("seen", echo, ringback.ScopeCallsView), get("called", echo, ringback.ScopeWidgetsCall, ringback.ScopeWidgetsEdit),
		get("broken", fail(errors.New("the secret disk is full"))),
		get("ours", fail(&ringback.Error{Code: "secret", Detail: "the secret disk"})),
		get("slow", fail(context.DeadlineExceeded)),
		get("panic", func(context.Context, ringback.Actor, asked) (any, error) { panic("at the secret disk") }),
		get("busy", fail(&ringback.Error{Kind: ringback.Unavailable, Code: ringback.CodeMaintenance, Detail: "Later."})),
		get("often", fail(&limitError{ringback.LimitRequests, 7 * time.Second})),
		get("two", fail(FieldErrors{ringback.Invalidf("a", "A."), ringback.Invalidf("b", "B."), ringback.Invalidf("a", "C.")})),
	}
}

func ask(t *testing.T, h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Authorization", "good")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEveryAnswerIsInTheDoorsOwnForm(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := testDoor(&log).Handler([]string{"/api/v1/", "/api/v2/"}, testRoutes())
	for _, tt := range []struct {
		method, target string
		status         int
		want           string
	}{
		{"GET", "/api/v1/things/5?name=x", 200, `"5x"`},
		{"GET", "/api/v2/things/5", 200, `"5"`},
		{"GET", "/api/v1/things/5/", 200, `"5"`}, // row E15
		{"GET", "//api/v1//things/5", 200, `"5"`},
		{"HEAD", "/api/v1/things/5", 200, `"5"`},
		{"POST", "/api/v1/things/5/", 201, `"5"`},
		{"GET", "/api/v1", 200, `"0"`},
		{"GET", "/api/v1/", 200, `"0"`},
		{"GET", "/api/v1/things/list", 404, "not-found: There is no such list. map[]"},
		{"GET", "/api/v1/things/x", 404, "not-found: There is no such thing. map[]"},
		{"PUT", "/api/v1/things/5", 405, "method-not-allowed: This address knows only GET, HEAD, POST. map[]"},
		{"GET", "/api/v3/things/5", 404, "not-found: There is nothing at this address. map[]"},
		{"GET", "/", 404, "not-found: There is nothing at this address. map[]"},
		{"GET", "/api/v1/seen", 200, `"0"`},
		{"GET", "/api/v1/called", 403, "forbidden: This key may not do that: it lacks the scope. map[]"},
		{"GET", "/api/v1/broken", 500, "internal-error: Something went wrong on our side. map[]"},
		{"GET", "/api/v1/ours", 500, "internal-error: Something went wrong on our side. map[]"},
		{"GET", "/api/v1/panic", 500, "internal-error: Something went wrong on our side. map[]"},
		{"GET", "/api/v1/slow", 503, "maintenance: The server is busy. Please try again later. map[]"},
		{"GET", "/api/v1/busy", 503, "maintenance: Later. map[]"},
		{"GET", "/api/v1/often", 429, "rate-limited: Too many requests: there may be 600 in 60 seconds. map[]"},
		{"GET", "/api/v1/two", 422, "validation-failed: A. map[a:[A. C.] b:[B.]]"},
	} {
		w := ask(t, h, tt.method, tt.target)
		if got := strings.TrimSpace(w.Body.String()); w.Code != tt.status || got != tt.want {
			t.Errorf("%s %s: %d %s; want %d %s", tt.method, tt.target, w.Code, got, tt.status, tt.want)
		}
		if w.Header().Get("X-Request-Id") == "" {
			t.Errorf("%s %s has no request id", tt.method, tt.target)
		}
	}
	for _, want := range []string{"the secret disk is full", "at the secret disk", "testRoutes"} { // the last is of the stack
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log", want)
		}
	}
}

func TestR12_WhoMustWaitIsToldHowLong(t *testing.T) {
	t.Parallel()
	h := testDoor(io.Discard).Handler([]string{"/"}, testRoutes())
	for target, want := range map[string]string{"/often": "7", "/busy": "5", "/slow": "5", "/broken": "", "/two": ""} {
		if got := ask(t, h, "GET", target).Header().Get("Retry-After"); got != want {
			t.Errorf("%s: Retry-After %q, want %q", target, got, want)
		}
	}
	if got := ask(t, h, "GET", "/seen", "Authorization", "bad").Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate: %q", got)
	}
}

func TestTheLogHoldsNoKeyNumberOrAddress(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := testDoor(&log).Handler([]string{"/"}, testRoutes())
	ask(t, h, "GET", "/things/48123123123?name=secret&tel=%2B48123123123")
	ask(t, h, "GET", "/recordings/nothing-here?signature=secret")
	got := log.String()
	for _, secret := range []string{"48123123123", "secret", "good", "nothing-here"} {
		if strings.Contains(got, secret) {
			t.Errorf("%q is in the log:\n%s", secret, got)
		}
	}
	for _, want := range []string{"route=/things/{id}", "status=200", "status=404", "account_id=7", "key_id=k1", "request_id=req_"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the log:\n%s", want, got)
		}
	}
}

func TestE17_TheIdempotencyKeyReachesTheEndpoint(t *testing.T) {
	t.Parallel()
	h := testDoor(io.Discard).Handler([]string{"/"}, testRoutes())
	if got := ask(t, h, "POST", "/things/5", "Idempotency-Key", "abc").Body.String(); got != "\"5abcPOST things/{id}\"\n" {
		t.Errorf("got %s", got)
	}
	if got := ask(t, h, "POST", "/things/5", "Idempotency-Key", strings.Repeat("x", 256)).Code; got != 422 {
		t.Errorf("a very long key: %d", got)
	}
	hash := func(contentType, body string) string {
		tree, err := ReadTree(request("POST", "/", contentType, body))
		if err != nil {
			t.Fatal(err)
		}
		return string(tree.Hash())
	}
	if hash("", `{"a":1,"b":[2]}`) != hash("", ` {"b":[2], "a":1}`) {
		t.Error("the order of keys makes another request")
	}
	if hash("", `{"a":1}`) == hash("", `{"a":2}`) || hash("", `{"a":1}`) == hash("", `{}`) {
		t.Error("two requests have one hash")
	}
}

func TestR16_AnySiteMayReadTheAnswers(t *testing.T) {
	t.Parallel()
	h := CORS(testDoor(io.Discard).Handler([]string{"/"}, testRoutes()))
	w := ask(t, h, "OPTIONS", "/things/5", "Authorization", "", "Origin", "https://a.pl", "Access-Control-Request-Method", "POST")
	if w.Code != 204 || w.Body.Len() != 0 || w.Header().Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization") ||
		!strings.Contains(w.Header().Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
	w = ask(t, h, "OPTIONS", "/things/5", "Access-Control-Request-Headers", "authorization, x-my-app")
	if got := w.Header().Get("Access-Control-Allow-Headers"); got != "authorization, x-my-app" {
		t.Errorf("headers of its own: %q", got)
	}
	for _, target := range []string{"/things/5", "/nothing", "/broken"} {
		h := ask(t, h, "GET", target, "Origin", "https://a.pl").Header()
		if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", target, h)
		}
	}
}

func TestE16_RequestsAreCountedPerKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := Limiter{Limit: ringback.Limit{Count: 3, Per: time.Minute}}
		for i := range 3 {
			h := http.Header{}
			if err := l.TakeAndTell(h, "a"); err != nil || h.Get("X-RateLimit-Limit") != "3" || h.Get("X-RateLimit-Remaining") != fmt.Sprint(2-i) {
				t.Errorf("request %d: %v, %v", i, err, h)
			}
		}
		h := http.Header{}
		err := l.TakeAndTell(h, "a")
		if ringback.KindOf(err) != ringback.Limited || retryAfter(err) != 20 || h.Get("X-RateLimit-Remaining") != "0" {
			t.Errorf("one too many: %v after %d s, %v", err, retryAfter(err), h)
		}
		if err := l.Take("b"); err != nil {
			t.Errorf("another key: %v", err)
		}
		time.Sleep(20 * time.Second)
		if err := l.Take("a"); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		if err := l.Take("a"); err == nil {
			t.Error("the wait was worth two requests")
		}
	})
}

func TestQuietKeysAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l Limiter
		for i := range mostKeys {
			_ = l.Take(fmt.Sprint(i))
		}
		time.Sleep(time.Minute)
		_ = l.Take("one more")
		if got := len(l.keys); got != 1 {
			t.Errorf("%d keys are remembered", got)
		}
	})
}

func TestAClientThatLeftIsNoErrorOfOurs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := testDoor(&log).Handler([]string{"/"}, testRoutes())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/broken", nil)
	r.Header.Set("Authorization", "good")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if strings.Contains(log.String(), "a request failed") {
		t.Errorf("logged: %s", log.String())
	}
}
