package callpage

import (
	"context"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// texts lists the wordings of the text messages of a widget: GET sms/all.
func (d *door) texts(ctx context.Context, who ringback.Actor, in wire.MessagesQuery) (wire.Success[[]wire.SMS], error) {
	var none wire.Success[[]wire.SMS]
	templates, err := d.Office.Templates(ctx, who, widgetRef(in.Widget))
	if err != nil {
		return none, err
	}
	style, err := d.style(ctx, who)
	if err != nil {
		return none, err
	}
	out := make([]wire.SMS, len(templates))
	for i, t := range templates {
		out[i] = wire.SMSOf(t, style.Zone)
	}
	return wire.OK(out), nil
}

// createText gives a widget a wording of its own: POST sms/create.
func (d *door) createText(ctx context.Context, who ringback.Actor, in wire.NewSMS) (wire.Success[wire.ID], error) {
	id, err := d.Office.CreateTemplate(ctx, who, office.NewTemplate{
		Widget: widgetRef(in.Widget), Name: ringback.TemplateName(in.Message), Enabled: in.Enabled, Text: &in.Text,
	}, office.Once(web.OnceOf(ctx)))
	return wire.OK(wire.ID{ID: id}), err
}

// updateText changes a wording that a widget has of its own: POST sms/update.
func (d *door) updateText(ctx context.Context, who ringback.Actor, in wire.SMSChange) (wire.Success[wire.ID], error) {
	id, err := d.Office.UpdateTemplate(ctx, who, office.NewTemplate{
		Widget: widgetRef(in.Widget), Name: ringback.TemplateName(in.Message), Enabled: in.Enabled, Text: in.Text,
	})
	return wire.OK(wire.ID{ID: id}), err
}

// resetText gives a widget its default wordings back: POST sms/reset.
func (d *door) resetText(ctx context.Context, who ringback.Actor, in wire.SMSReset) (wire.Success[*wire.Empty], error) {
	return wire.Success[*wire.Empty]{}, d.Office.ResetTemplates(ctx, who, widgetRef(in.Widget), ringback.TemplateName(in.Message))
}
