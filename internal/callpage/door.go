// Package callpage provides the door for programs that speak the CallPage API. What it says is frozen: all that we add
// lives in package api.
package callpage

import (
	"log/slog"
	"net/http"
	"strconv"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/switchboard"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// Config is what the door works with.
type Config struct {
	Office      *office.Office
	Switchboard *switchboard.Switchboard
	Links       blob.Links // to recordings
	Log         *slog.Logger
}

// door answers programs that speak the CallPage API.
type door struct {
	Config
	orders    web.Limiter // calls that were ordered with each key
	published web.Limiter // and with each publishable key
}

// Prefixes are where the API is served: clients use all three versions for the same things (rows P1, P3 and P4).
var Prefixes = []string{"/api/v1/external/", "/api/v2/external/", "/api/v3/external/"}

// webPrefix is where the document's example sets a field (row P2).
const webPrefix = "/api/v1/web/"

// New returns the door. It answers everything below /api/v1/, /api/v2/ and /api/v3/, whether there is something or not.
func New(c Config) http.Handler {
	d := &door{Config: c, orders: web.Limiter{Limit: ringback.LimitOrdersPerKey}, published: web.Limiter{Limit: ringback.LimitOrdersPublic}}
	speaks := &web.Door{Who: c.Office.Admit, Write: write, Fail: fail, Log: c.Log}
	mux := http.NewServeMux()
	mux.Handle("/", speaks.Handler(Prefixes, d.routes()))
	mux.Handle(webPrefix, speaks.Handler([]string{webPrefix}, []web.Route{d.fieldRoute()}))
	mux.Handle("GET "+documentPath, speaks.Around(Document().Served()))
	return web.CORS(web.Tidy(mux))
}

// write answers with a document of package wire, which is the whole envelope.
func write(w http.ResponseWriter, r *http.Request, status int, out any) {
	body, err := wire.Encode(out, pretty(r))
	if err != nil { // no document of ours can fail
		status, body = http.StatusInternalServerError, []byte(`{"hasError":true,"errorCode":"internal-error","message":"","data":[]}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-cache, private")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // it is JSON and never sniffed; the client may be gone
}

func fail(w http.ResponseWriter, r *http.Request, f web.Failure) {
	write(w, r, f.Status, wire.Failure{HasError: true, ErrorCode: f.Code, Message: f.Detail, Errors: f.Fields})
}

// pretty reports whether a person is to read the answer (row E10).
func pretty(r *http.Request) bool {
	yes, _ := ringback.ParseBool(r.URL.Query().Get("pretty_output"))
	return yes
}
