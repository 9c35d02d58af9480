// Package client speaks the CallPage API as its clients do, to this server or to any other one.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client asks one server with one key. It may be used from any goroutine.
type Client struct {
	Base string // such as https://calls.example.com, without /api
	Key  string
	HTTP *http.Client // nil: one that waits 30 s for an answer
}

// Failure is an answer that says no.
type Failure struct {
	Status  int
	Code    string // such as "not-found"
	Message string
}

// Error says what the server said.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s (%d %s)", strings.TrimSuffix(f.Message, "."), f.Status, f.Code)
}

// Meta is what a list says of itself.
type Meta struct {
	Count int `json:"count"` // of all that match, not of this page
}

// Limits of what is read and how often it is asked again.
const (
	maxAnswer    = 64 << 20
	maxRetries   = 5
	longestPause = time.Minute
)

var usual = &http.Client{Timeout: 30 * time.Second}

// Get asks for something below /api/v1/external/, or for another path that begins with a slash, and reads its data.
func (c *Client) Get(ctx context.Context, path string, query url.Values, data any) (Meta, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.ask(ctx, request{method: http.MethodGet, path: path}, data)
}

// Post sends a JSON document and reads the data of the answer. It is not repeated where the answer got lost.
func (c *Client) Post(ctx context.Context, path string, body, data any) error {
	return c.PostOnce(ctx, "", path, body, data)
}

// PostOnce is Post with an Idempotency-Key, if it is not empty: the same one twice within a day does it once.
func (c *Client) PostOnce(ctx context.Context, key, path string, body, data any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	_, err = c.ask(ctx, request{http.MethodPost, path, key, b}, data)
	return err
}

// request is what is asked, perhaps several times.
type request struct {
	method, path, key string
	body              []byte
}

// ask waits as long as the server wants it where it is asked too often.
func (c *Client) ask(ctx context.Context, r request, data any) (Meta, error) {
	for try := 0; ; try++ {
		meta, wait, err := c.once(ctx, r, data)
		if f, ok := errors.AsType[*Failure](err); !ok || f.Status != http.StatusTooManyRequests || try == maxRetries {
			return meta, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return meta, ctx.Err()
		}
	}
}

// envelope is every answer of the API.
type envelope struct {
	HasError  *bool           `json:"hasError"`
	ErrorCode any             `json:"errorCode"`
	Message   string          `json:"message"`
	Data      json.RawMessage `json:"data"`
	Meta      json.RawMessage `json:"meta"`
}

func (c *Client) once(ctx context.Context, r request, data any) (meta Meta, wait time.Duration, err error) {
	res, err := c.send(ctx, r)
	if err != nil {
		return meta, 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return meta, 0, fmt.Errorf("read the answer of %s: %w", r.path, err)
	}
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil || e.HasError == nil {
		return meta, 0, fmt.Errorf("%s %s: %s is no server of this API: it answered %s", r.method, r.path, c.Base, res.Status)
	}
	if *e.HasError {
		return meta, pause(res.Header), &Failure{Status: res.StatusCode, Code: fmt.Sprint(e.ErrorCode), Message: e.Message}
	}
	_ = json.Unmarshal(e.Meta, &meta) // a list of nothing where there is none
	if data == nil {
		return meta, 0, nil
	}
	if err := json.Unmarshal(e.Data, data); err != nil {
		return meta, 0, fmt.Errorf("read the data of %s: %w", r.path, err)
	}
	return meta, 0, nil
}

func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	path := r.path
	if !strings.HasPrefix(path, "/") {
		path = "/api/v1/external/" + path
	}
	req, err := http.NewRequestWithContext(ctx, r.method, strings.TrimSuffix(c.Base, "/")+path, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.Base, err)
	}
	req.Header.Set("Authorization", c.Key)
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	asks := c.HTTP
	if asks == nil {
		asks = usual
	}
	return asks.Do(req)
}

// pause is how long the server wants us to wait.
func pause(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 1 {
		return time.Second
	}
	return min(time.Duration(seconds)*time.Second, longestPause)
}
