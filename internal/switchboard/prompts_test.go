package switchboard

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/phone/audio"
)

// ownPrompts are the built-in prompts with a folder for others, and what they log.
func ownPrompts(t *testing.T) (*Prompts, *bytes.Buffer) {
	t.Helper()
	p, err := LoadPrompts()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	p.Own, p.Log = &blob.Disk{Dir: t.TempDir()}, slog.New(slog.NewTextHandler(&log, nil))
	return p, &log
}

func TestV1_AWidgetSaysItsOwn(t *testing.T) {
	t.Parallel()
	p, log := ownPrompts(t)
	w := ringback.Widget{ID: 7, Locale: "pl"}
	said := ringback.Prompt{Name: ringback.PromptManagerCall, Enabled: true, File: blob.NewName()}
	if err := p.Own.Write(said.File, audio.WAV(make([]int16, 4000))); err != nil {
		t.Fatal(err)
	}
	got := p.Of(w, said)
	if got == nil || got.Name != "own manager.call" || got.Clip.Duration().Milliseconds() != 500 {
		t.Fatalf("%+v", got)
	}
	if err := p.Own.Remove(said.File); err != nil {
		t.Fatal(err)
	}
	if p.Of(w, said) != got {
		t.Error("it is decoded for each call")
	}
	said.Enabled = false
	if p.Of(w, said) != nil {
		t.Error("what is switched off is said")
	}
	if log.Len() > 0 {
		t.Error(log)
	}
}

func TestAMissingFileFallsBackToTheDefault(t *testing.T) {
	t.Parallel()
	p, log := ownPrompts(t)
	w := ringback.Widget{ID: 7, Locale: "pl"}
	broken := blob.NewName()
	if err := p.Own.Write(broken, []byte("RIFF")); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{blob.NewName(), broken, "../secret"} {
		log.Reset()
		got := p.Of(w, ringback.Prompt{Name: ringback.PromptManagerCall, Enabled: true, File: file})
		if got == nil || got != p.For("pl", ringback.PromptManagerCall) {
			t.Errorf("%s: %+v", file, got)
		}
		if !strings.Contains(log.String(), "widget_id=7") {
			t.Errorf("%s: the log says %q", file, log)
		}
	}
}

func TestV2_ABuiltInPromptOfAnotherLanguage(t *testing.T) {
	t.Parallel()
	p, _ := ownPrompts(t)
	said := ringback.Prompt{Name: ringback.PromptManagerCall, Enabled: true, BuiltIn: "en/visitor.call"}
	if got := p.Of(ringback.Widget{Locale: "pl"}, said); got == nil || got != p.For("en", ringback.PromptVisitorCall) {
		t.Errorf("%+v", got)
	}
}

func TestOnlySoManyClipsAreKept(t *testing.T) {
	t.Parallel()
	p, _ := ownPrompts(t)
	for range mostClips + 3 {
		said := ringback.Prompt{Name: ringback.PromptVisitorCall, Enabled: true, File: blob.NewName()}
		if err := p.Own.Write(said.File, audio.WAV(make([]int16, 160))); err != nil {
			t.Fatal(err)
		}
		if p.Of(ringback.Widget{Locale: "en"}, said) == nil {
			t.Fatal("it is not said")
		}
	}
	if n := len(p.clips); n > mostClips {
		t.Errorf("%d clips are kept", n)
	}
}
