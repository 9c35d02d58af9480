package switchboard

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/locale"
	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// mostClips is how many recordings of widgets stay decoded; each takes a megabyte at most.
const mostClips = 64

// Prompts are all prompts in all languages, ready to play. A nil *Prompts has none.
type Prompts struct {
	Own *blob.Disk // recordings of widgets; nil: there are none
	Log *slog.Logger

	byName map[string]*phone.Prompt // "en/manager.call"

	mu    sync.Mutex
	clips map[string]*phone.Prompt // recordings of widgets, by file; forgotten all at once when they are too many
}

// LoadPrompts decodes the prompts that are built in.
func LoadPrompts() (*Prompts, error) {
	p := &Prompts{Log: slog.Default(), byName: map[string]*phone.Prompt{}, clips: map[string]*phone.Prompt{}}
	decoded := map[string]*phone.Prompt{} // by their sound: many languages share the English one
	for _, l := range ringback.Locales {
		for _, name := range ringback.PromptNames {
			wav, ok := locale.Prompt(l.Code, string(name))
			if !ok {
				return nil, fmt.Errorf("no prompt %s for %s", name, l.Code)
			}
			if decoded[string(wav)] == nil {
				pcm, err := media.ReadWAV(bytes.NewReader(wav), media.Limits{})
				if err != nil {
					return nil, fmt.Errorf("read the prompt %s for %s: %w", name, l.Code, err)
				}
				decoded[string(wav)] = &phone.Prompt{Name: string(name), Clip: media.NewClip(pcm)}
			}
			p.byName[l.Code+"/"+string(name)] = decoded[string(wav)]
		}
	}
	return p, nil
}

// For returns a built-in prompt in the language of a widget, or nil.
func (p *Prompts) For(code string, name ringback.PromptName) *phone.Prompt {
	if p == nil {
		return nil
	}
	return p.byName[code+"/"+string(name)]
}

// Of returns what a widget says, or nil where it says nothing. Where its own recording is not there it says the
// default.
func (p *Prompts) Of(w ringback.Widget, said ringback.Prompt) *phone.Prompt {
	if p == nil || !said.Enabled {
		return nil
	}
	if said.File != "" && p.Own != nil {
		clip, err := p.own(said)
		if err == nil {
			return clip
		}
		p.Log.Error("a widget's voice message cannot be played, the default is", "widget_id", w.ID, "prompt", said.Name, "err", err)
	}
	return p.byName[said.Spoken(w.Locale)]
}

// own returns the recording of a widget, decoded once.
func (p *Prompts) own(said ringback.Prompt) (*phone.Prompt, error) {
	p.mu.Lock()
	clip := p.clips[said.File]
	p.mu.Unlock()
	if clip != nil {
		return clip, nil
	}
	f, err := p.Own.Open(said.File)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	pcm, err := media.ReadWAV(f, media.Limits{})
	if err != nil {
		return nil, err
	}
	clip = &phone.Prompt{Name: "own " + string(said.Name), Clip: media.NewClip(pcm)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.clips) >= mostClips {
		clear(p.clips)
	}
	p.clips[said.File] = clip
	return clip, nil
}

// prompt returns what the widget says at a moment of a call, or nil where it says nothing.
func (a *attempt) prompt(name ringback.PromptName) *phone.Prompt {
	for _, said := range ringback.PromptsWith(a.said) {
		if said.Name == name {
			return a.s.Prompts.Of(a.widget, said)
		}
	}
	return a.s.Prompts.For(a.widget.Locale, name)
}
