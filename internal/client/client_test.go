package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// server answers every request in the same way and keeps the last one.
func server(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) *Client {
	t.Helper()
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := min(int(n.Add(1)), len(answers)) - 1
		answers[i](w, r)
	}))
	t.Cleanup(srv.Close)
	return &Client{Base: srv.URL + "/", Key: "secret"}
}

func says(status int, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func TestAListIsRead(t *testing.T) {
	t.Parallel()
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/api/v1/external/users/all?limit=2" || r.Header.Get("Authorization") != "secret" {
			t.Errorf("asked %s with %q", r.URL, r.Header.Get("Authorization"))
		}
		fmt.Fprint(w, `{"hasError":false,"errorCode":0,"message":"","data":[{"id":7}],"meta":{"offset":0,"limit":"2","count":31}}`)
	})
	var users []struct{ ID int64 }
	meta, err := c.Get(t.Context(), "users/all", url.Values{"limit": {"2"}}, &users)
	if err != nil || meta.Count != 31 || len(users) != 1 || users[0].ID != 7 {
		t.Errorf("got %+v %+v, %v", users, meta, err)
	}
}

func TestARefusalIsTold(t *testing.T) {
	t.Parallel()
	c := server(t, says(422, `{"hasError":true,"errorCode":"forbidden-country","message":"This country may not be called.","data":[]}`))
	err := c.Post(t.Context(), "widgets/call", map[string]any{"id": 1}, nil)
	f, ok := errors.AsType[*Failure](err)
	if !ok || f.Status != 422 || f.Code != "forbidden-country" || err.Error() != "This country may not be called (422 forbidden-country)" {
		t.Errorf("got %v", err)
	}
}

func TestWhoIsAskedTooOftenIsAskedLater(t *testing.T) {
	t.Parallel()
	c := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"hasError":true,"errorCode":"rate-limited","message":"Slowly.","data":[]}`)
	}, says(200, `{"hasError":false,"errorCode":0,"message":"","data":{"id":5},"meta":[]}`))
	var made struct{ ID int64 }
	if err := c.Post(t.Context(), "users/create", map[string]any{}, &made); err != nil || made.ID != 5 {
		t.Errorf("got %+v, %v", made, err)
	}
}

func TestWhatIsNoServerOfThisAPI(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"a page": "<html>", "other JSON": `{"ok":true}`, "nothing": ""} {
		c := server(t, says(200, text))
		if _, err := c.Get(t.Context(), "", nil, nil); err == nil || !strings.Contains(err.Error(), "no server of this API") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
