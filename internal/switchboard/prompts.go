package switchboard

import (
	"bytes"
	"fmt"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/locale"
	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// What is said on the telephone.
const (
	PromptManagerCall = "manager.call" // to a manager who answers
	PromptVisitorCall = "visitor.call" // to a visitor who answers; off unless the widget's owner wants it
	PromptApology     = "apology"      // to a visitor for whom nobody is there
	PromptUnreachable = "unreachable"  // to a manager whose visitor could not be reached
)

// Prompts are all prompts in all languages, ready to play. A nil *Prompts has none.
type Prompts struct {
	byName map[string]*phone.Prompt // "en/manager.call"
}

// LoadPrompts decodes the prompts that are built in.
func LoadPrompts() (*Prompts, error) {
	p := &Prompts{byName: map[string]*phone.Prompt{}}
	decoded := map[string]*phone.Prompt{} // by their sound: many languages share the English one
	for _, l := range ringback.Locales {
		for _, name := range []string{PromptManagerCall, PromptVisitorCall, PromptApology, PromptUnreachable} {
			wav, ok := locale.Prompt(l.Code, name)
			if !ok {
				return nil, fmt.Errorf("no prompt %s for %s", name, l.Code)
			}
			if decoded[string(wav)] == nil {
				pcm, err := media.ReadWAV(bytes.NewReader(wav), media.Limits{})
				if err != nil {
					return nil, fmt.Errorf("read the prompt %s for %s: %w", name, l.Code, err)
				}
				decoded[string(wav)] = &phone.Prompt{Name: name, Clip: media.NewClip(pcm)}
			}
			p.byName[l.Code+"/"+name] = decoded[string(wav)]
		}
	}
	return p, nil
}

// For returns a prompt in the language of a widget, or nil.
func (p *Prompts) For(code, name string) *phone.Prompt {
	if p == nil {
		return nil
	}
	return p.byName[code+"/"+name]
}
