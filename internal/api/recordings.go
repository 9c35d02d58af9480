package api

import (
	"fmt"
	"net/http"
	"path"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
)

// longestDownload is how long a client may take to fetch a recording.
const longestDownload = 10 * time.Minute

// recording serves a recording to whoever has a signed link, without a key: GET /recordings/{name}.
func (d *door) recording(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		d.speaks.Deny(w, r, &ringback.Error{
			Kind: ringback.Invalid, Code: ringback.CodeMethodNotAllowed, Detail: "This address knows only GET, HEAD.",
		})
		return
	}
	if err := d.serveRecording(w, r, path.Base(r.URL.Path)); err != nil {
		d.speaks.Deny(w, r, err)
	}
}

func (d *door) serveRecording(w http.ResponseWriter, r *http.Request, name string) error {
	if !d.Links.Check(name, r.URL.Query(), time.Now()) {
		return &ringback.Error{
			Kind: ringback.Forbidden, Code: ringback.CodeForbidden, Detail: "This link is not signed by us, or it has expired.",
		}
	}
	f, err := d.Files.Open(name)
	if blob.Missing(err) {
		return ringback.NoSuch("recording")
	}
	if err != nil {
		return fmt.Errorf("open a recording: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	about, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at a recording: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Cache-Control", "private, no-store")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longestDownload)) // not every server has one
	http.ServeContent(w, r, name, about.ModTime(), f)
	return nil
}
