package callpage

import (
	"context"
	"strings"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/locale"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// voices lists the voice messages of a widget: GET voice/all.
func (d *door) voices(ctx context.Context, who ringback.Actor, in wire.MessagesQuery) (wire.Success[[]wire.Voice], error) {
	var none wire.Success[[]wire.Voice]
	w, prompts, err := d.Office.Prompts(ctx, who, widgetRef(in.Widget))
	if err != nil {
		return none, err
	}
	style, err := d.style(ctx, who)
	if err != nil {
		return none, err
	}
	out := make([]wire.Voice, len(prompts))
	for i, p := range prompts {
		out[i] = wire.VoiceOf(p, d.soundURL(p, w.Locale), style.Zone)
	}
	return wire.OK(out), nil
}

// soundURL is where a prompt of a widget can be heard.
func (d *door) soundURL(p ringback.Prompt, code string) string {
	if p.File != "" {
		return d.Links.Base + ownSounds + p.File
	}
	code, name, _ := strings.Cut(p.Spoken(code), "/")
	return d.Links.Base + builtInSounds + locale.Speaks(code, name) + "/" + name + ".mp3"
}

// createVoice gives a widget a voice message of its own: POST voice/create.
func (d *door) createVoice(ctx context.Context, who ringback.Actor, in wire.NewVoice) (wire.Success[wire.ID], error) {
	id, err := d.Office.CreatePrompt(ctx, who, office.NewPrompt{
		Widget: widgetRef(in.Widget), Name: ringback.PromptName(in.Message), Enabled: in.Enabled, File: in.File,
	}, office.Once(web.OnceOf(ctx)))
	return wire.OK(wire.ID{ID: id}), err
}

// updateVoice changes a voice message that a widget has of its own: POST voice/update.
func (d *door) updateVoice(ctx context.Context, who ringback.Actor, in wire.VoiceChange) (wire.Success[wire.ID], error) {
	id, err := d.Office.UpdatePrompt(ctx, who, office.NewPrompt{
		Widget: widgetRef(in.Widget), Name: ringback.PromptName(in.Message), Enabled: in.Enabled, File: in.File,
	})
	return wire.OK(wire.ID{ID: id}), err
}

// resetVoice gives a widget its default voice messages back: POST voice/reset.
func (d *door) resetVoice(ctx context.Context, who ringback.Actor, in wire.VoiceReset) (wire.Success[*wire.Empty], error) {
	return wire.Success[*wire.Empty]{}, d.Office.ResetPrompts(ctx, who, widgetRef(in.Widget), ringback.PromptName(in.Message))
}
