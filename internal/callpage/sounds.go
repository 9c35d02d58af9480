package callpage

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/locale"
	"github.com/ringback-hq/ringback/internal/web"
)

// Where voice messages can be heard: the built-in ones, and those that widgets have of their own.
const (
	builtInSounds = "/sounds/"
	ownSounds     = "/prompts/"
)

// How long a player may keep a sound. One of a widget's own never changes under its name, but it may be deleted.
const (
	keepBuiltIn = "public, max-age=86400"
	keepOwn     = "public, max-age=3600"
)

// soundKinds are the kinds of sound by the end of the name.
var soundKinds = map[string]string{".mp3": "audio/mpeg", ".wav": "audio/wav"}

// sounds serves voice messages.
type sounds struct {
	own    *blob.Disk
	speaks *web.Door
}

// NewSounds serves voice messages to whoever has the address, without a key: GET /sounds/{locale}/{message_id}.mp3 and
// .wav are the built-in ones, GET /prompts/{name} are those of widgets, whose names cannot be guessed.
func NewSounds(own *blob.Disk, log *slog.Logger) http.Handler {
	s := &sounds{own, &web.Door{Write: write, Fail: fail, Log: log}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+builtInSounds+"{locale}/{file}", s.builtIn)
	mux.HandleFunc("GET "+ownSounds+"{name}", s.ofWidget)
	mux.HandleFunc("/", s.nothing)
	return web.CORS(s.speaks.Around(mux))
}

func (s *sounds) nothing(w http.ResponseWriter, r *http.Request) {
	s.speaks.Deny(w, r, ringback.NoSuch("sound"))
}

func (s *sounds) builtIn(w http.ResponseWriter, r *http.Request) {
	file := r.PathValue("file")
	code, name := r.PathValue("locale"), strings.TrimSuffix(file, path.Ext(file))
	_, known := ringback.ParseLocale(code)
	sound, there := locale.Sound(locale.Speaks(code, name), file)
	if !known || !there {
		s.nothing(w, r)
		return
	}
	head(w, file, keepBuiltIn)
	http.ServeContent(w, r, file, time.Time{}, bytes.NewReader(sound))
}

func (s *sounds) ofWidget(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	f, err := s.own.Open(name)
	if blob.Missing(err) {
		s.nothing(w, r)
		return
	}
	if err != nil {
		s.speaks.Deny(w, r, fmt.Errorf("open a voice message: %w", err))
		return
	}
	defer func() { _ = f.Close() }() // it was only read
	about, err := f.Stat()
	if err != nil {
		s.speaks.Deny(w, r, fmt.Errorf("look at a voice message: %w", err))
		return
	}
	head(w, name, keepOwn)
	http.ServeContent(w, r, name, about.ModTime(), f)
}

func head(w http.ResponseWriter, file, keep string) {
	h := w.Header()
	h.Set("Content-Type", soundKinds[path.Ext(file)])
	h.Set("Cache-Control", keep)
	h.Set("X-Content-Type-Options", "nosniff")
}
