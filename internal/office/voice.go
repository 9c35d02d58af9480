package office

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/locale"
	"github.com/ringback-hq/ringback/internal/phone/audio"
	"github.com/ringback-hq/ringback/internal/store"
)

// NewPrompt asks for what a widget says at one moment of a call.
type NewPrompt struct {
	Widget  Ref
	Name    ringback.PromptName
	Enabled *bool  // nil: as it is
	File    string // URL of an MP3 or WAV file; empty: the built-in one when created, as it is when changed
}

// mostReading is how many files of strangers are fetched and decoded at a time; each takes up to 25 MB for a second.
const mostReading = 4

// MostRedirects is how many redirects are followed to the file of a voice message.
const MostRedirects = 3

// Prompts returns a widget and what it says on the telephone: its own, and the default where it has none.
func (o *Office) Prompts(ctx context.Context, who ringback.Actor, ref Ref) (w ringback.Widget, all []ringback.Prompt, err error) {
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		if w, err = reached(tx, who, ref); err != nil {
			return err
		}
		own, err := tx.Prompts(w.AccountID, w.ID)
		all = ringback.PromptsWith(own)
		return err
	})
	return w, all, err
}

// CreatePrompt gives a widget a prompt of its own instead of the default or of the one that it had (row V5), and returns
// its id. Without a file it only switches the built-in one (row V3).
func (o *Office) CreatePrompt(ctx context.Context, who ringback.Actor, in NewPrompt, once Once) (int64, error) {
	old, err := o.prompt(ctx, who, in)
	if err != nil {
		return 0, err
	}
	answered, err := o.answered(ctx, who, once)
	if err != nil {
		return 0, err
	}
	var s sound
	if !answered {
		if s, err = o.sound(ctx, in.File); err != nil {
			return 0, err
		}
	}
	return o.savePrompt(ctx, who, once, promptChange{of: old, fresh: s.file, change: func(p *ringback.Prompt) error {
		in.set(p, s)
		return nil
	}})
}

// UpdatePrompt changes a prompt that a widget has of its own; a default cannot be changed (row V4).
func (o *Office) UpdatePrompt(ctx context.Context, who ringback.Actor, in NewPrompt) (int64, error) {
	old, err := o.prompt(ctx, who, in)
	if err != nil {
		return 0, err
	}
	if old.ID == 0 {
		return 0, notCustomized("voice message")
	}
	s, err := o.sound(ctx, in.File)
	if err != nil {
		return 0, err
	}
	return o.savePrompt(ctx, who, Once{}, promptChange{of: old, fresh: s.file, change: func(p *ringback.Prompt) error {
		if p.ID == 0 {
			return notCustomized("voice message")
		}
		if in.File == "" {
			s = sound{p.File, p.BuiltIn}
		}
		in.set(p, s)
		return nil
	}})
}

// ResetPrompts gives a widget the default of one prompt back, or of all where no name is given.
func (o *Office) ResetPrompts(ctx context.Context, who ringback.Actor, ref Ref, name ringback.PromptName) error {
	if err := rules(who); err != nil {
		return err
	}
	var files []string
	err := o.Store.Write(ctx, func(tx *store.Tx) error {
		w, err := reached(tx, who, ref)
		if err != nil {
			return err
		}
		own, err := tx.Prompts(w.AccountID, w.ID)
		if err != nil {
			return err
		}
		files = nil
		for _, p := range own {
			if name != "" && p.Name != name {
				continue
			}
			if err := tx.DeletePrompt(w.AccountID, w.ID, p.Name); err != nil {
				return err
			}
			files = append(files, p.File)
		}
		return nil
	})
	if err == nil {
		o.removeSounds(ctx, files...)
	}
	return err
}

// prompt returns what a widget has now, before a stranger is asked for a file; ID is 0 where it is the default.
func (o *Office) prompt(ctx context.Context, who ringback.Actor, in NewPrompt) (p ringback.Prompt, err error) {
	if err := rules(who); err != nil {
		return p, err
	}
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		w, err := reached(tx, who, in.Widget)
		if err != nil {
			return err
		}
		p, err = promptOf(tx, ringback.Prompt{AccountID: w.AccountID, WidgetID: w.ID, Name: in.Name})
		return err
	})
	return p, err
}

// promptOf returns the prompt that a widget has now, by its account, widget and name.
func promptOf(tx *store.Tx, p ringback.Prompt) (ringback.Prompt, error) {
	own, err := tx.Prompts(p.AccountID, p.WidgetID)
	if err != nil {
		return p, err
	}
	all := ringback.PromptsWith(own)
	i := slices.IndexFunc(all, func(o ringback.Prompt) bool { return o.Name == p.Name })
	if i < 0 {
		return p, ringback.Invalidf("message_id", "The selected message_id is invalid.")
	}
	all[i].AccountID, all[i].WidgetID = p.AccountID, p.WidgetID
	return all[i], nil
}

// set makes a prompt what was asked for.
func (in NewPrompt) set(p *ringback.Prompt, s sound) {
	if in.Enabled != nil {
		p.Enabled = *in.Enabled
	}
	p.File, p.BuiltIn, p.UpdatedAt = s.file, s.builtIn, time.Now()
}

// A promptChange is what is done to a prompt.
type promptChange struct {
	of     ringback.Prompt // its account, widget and name
	fresh  string          // the file that was stored for it
	change func(*ringback.Prompt) error
}

// savePrompt writes a change, and leaves no file behind that nobody has any more.
func (o *Office) savePrompt(ctx context.Context, who ringback.Actor, once Once, c promptChange) (int64, error) {
	var before, after string
	id, err := o.once(ctx, who, once, func(tx *store.Tx) (int64, error) {
		p, err := promptOf(tx, c.of)
		if err != nil {
			return 0, err
		}
		before = p.File
		if err := c.change(&p); err != nil {
			return 0, err
		}
		after = p.File
		err = tx.SavePrompt(&p)
		return p.ID, err
	})
	switch {
	case err != nil || after != c.fresh && c.fresh != "":
		o.removeSounds(ctx, c.fresh)
	case before != after:
		o.removeSounds(ctx, before)
	}
	return id, err
}

// removeSounds deletes files. One that stays does no harm.
func (o *Office) removeSounds(ctx context.Context, files ...string) {
	for _, name := range files {
		if name == "" {
			continue
		}
		if err := o.Sounds.Remove(name); err != nil {
			o.Log.WarnContext(ctx, "the file of a voice message stays behind", "file", name, "err", err)
		}
	}
}

// A sound is what a prompt sounds like: a file of ours, a built-in one, or neither, which is the default.
type sound struct{ file, builtIn string }

// sound fetches a file and stores it as WAV. The address of a built-in one means just that (row V2).
func (o *Office) sound(ctx context.Context, address string) (sound, error) {
	if address == "" {
		return sound{}, nil
	}
	if name, ok := builtIn(address); ok {
		return sound{builtIn: name}, nil
	}
	if o.Sounds == nil {
		return sound{}, errors.New("store a voice message: there is no place for files")
	}
	select {
	case o.reading <- struct{}{}:
		defer func() { <-o.reading }()
	case <-ctx.Done():
		return sound{}, ctx.Err()
	}
	file, err := o.download(ctx, address)
	if err != nil {
		return sound{}, err
	}
	pcm, err := audio.Read(file)
	if err != nil {
		return sound{}, err
	}
	s := sound{file: blob.NewName()}
	if err := o.Sounds.Write(s.file, audio.WAV(pcm)); err != nil {
		return sound{}, fmt.Errorf("store a voice message: %w", err)
	}
	return s, nil
}

// builtIn recognises the address of a default prompt, on whatever host, and returns its locale and name.
func builtIn(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", false
	}
	dir, file := path.Split(u.Path)
	code := path.Base(dir)
	if path.Base(path.Dir(path.Clean(dir))) != "sounds" {
		return "", false
	}
	for _, p := range ringback.PromptsWith(nil) {
		if _, ok := locale.Sound(code, file); ok && file == string(p.Name)+".mp3" {
			return code + "/" + string(p.Name), true
		}
	}
	return "", false
}

// download fetches a file. Whatever goes wrong is told as a rule that the file breaks.
func (o *Office) download(ctx context.Context, address string) ([]byte, error) {
	answer, err := o.Downloads.Get(ctx, address, audio.MostBytes)
	told, _ := errors.AsType[*ringback.Error](err)
	switch {
	case errors.Is(err, fetch.ErrTooLarge):
		return nil, audio.TooLarge()
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case told != nil:
		return nil, audio.Refusef("The file cannot be fetched. %s", told.Detail)
	case err != nil:
		return nil, audio.Refusef("The file cannot be fetched: %s.", err)
	case answer.Status != http.StatusOK:
		return nil, audio.Refusef("The file cannot be fetched: the answer was %d instead of 200.", answer.Status)
	}
	return answer.Body, nil
}

// notCustomized says that there is only a default, which cannot be changed (row V4).
func notCustomized(thing string) *ringback.Error {
	return &ringback.Error{
		Kind: ringback.Refused, Code: ringback.CodeNotCustomized, Field: "message_id",
		Detail: "This " + thing + " is the default one, which cannot be changed. Create your own first.",
	}
}

// reached finds a widget that the actor has something to do with.
func reached(tx *store.Tx, who ringback.Actor, ref Ref) (ringback.Widget, error) {
	w, err := widget(tx, who, ref)
	if err != nil {
		return w, err
	}
	return w, reach(tx, who, w.ID)
}

// answered reports whether the request came before, so that no stranger is asked again. The answer is found later.
func (o *Office) answered(ctx context.Context, who ringback.Actor, once Once) (answered bool, err error) {
	if once.Key == "" {
		return false, nil
	}
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		a, ok, err := tx.Answer(who.AccountID, once.Route, once.Key)
		answered = ok && time.Since(a.At) < answersLast-time.Minute // just before its end it may be gone when it is wanted
		return err
	})
	return answered, err
}
