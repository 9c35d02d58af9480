// Package api provides our own API: the door for the dashboard and for new integrations. All that we add lives here.
package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/web"
)

// Config is what the door works with.
type Config struct {
	Office *office.Office
	Files  *blob.Disk // recordings
	Links  blob.Links
	Log    *slog.Logger
}

type door struct {
	Config
	speaks *web.Door
}

// New returns the door. It answers everything below /api/ that no other door does, and /recordings/.
func New(c Config) http.Handler {
	d := &door{c, &web.Door{Who: c.Office.Admit, Write: write, Fail: fail, Log: c.Log}}
	mux := http.NewServeMux()
	mux.Handle("/", d.speaks.Handler([]string{"/api/"}, d.routes()))
	mux.Handle("GET "+documentPath, d.speaks.Around(Document().Served()))
	mux.Handle("/recordings/", d.speaks.Around(http.HandlerFunc(d.recording)))
	return web.Tidy(mux)
}

// write answers with a JSON document, or with none where the status says so.
func write(w http.ResponseWriter, _ *http.Request, status int, out any) {
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	put(w, "application/json", status, out)
}

// A problem is what went wrong (RFC 9457). Code, field, errors and request_id are our additions.
type problem struct {
	Type      string              `json:"type"`
	Title     string              `json:"title"`
	Status    int                 `json:"status"`
	Detail    string              `json:"detail"`
	Code      string              `json:"code"`
	Field     string              `json:"field,omitempty"`
	Errors    map[string][]string `json:"errors,omitempty"`
	RequestID string              `json:"request_id"`
}

func fail(w http.ResponseWriter, _ *http.Request, f web.Failure) {
	put(w, "application/problem+json", f.Status, problem{
		Type: "about:blank", Title: http.StatusText(f.Status), Status: f.Status, Detail: f.Detail, Code: f.Code,
		Field: f.Field, Errors: f.Fields, RequestID: f.RequestID,
	})
}

func put(w http.ResponseWriter, kind string, status int, out any) {
	body, err := json.Marshal(out)
	if err != nil { // no document of ours can fail
		status, body = http.StatusInternalServerError, []byte("{}")
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}
