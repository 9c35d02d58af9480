package callpage

import (
	"context"
	"strings"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// setField sets what was answered to a field: PATCH calls/{call}/fields/{field}.
func (d *door) setField(ctx context.Context, who ringback.Actor, in wire.FieldChange) (wire.Success[wire.Empty], error) {
	return wire.Success[wire.Empty]{}, d.Office.SetAnswer(ctx, who, in.Call, in.Field, in.Value)
}

// message takes what a visitor wrote instead of being called: POST widgets/{id}/message. It counts as an order.
func (d *door) message(ctx context.Context, who ringback.Actor, in wire.NewMessage) (wire.Success[wire.ID], error) {
	var none wire.Success[wire.ID]
	replies, err := wire.ReadFields(in.Fields)
	if err != nil {
		return none, err
	}
	var ref office.Ref
	ref.ID, ref.PublicID = in.Widget.IDs()
	if err := d.mayOrder(ctx, who, ref); err != nil {
		return none, err
	}
	id, err := d.Office.LeaveMessage(ctx, who, office.NewMessage{
		Widget: ref, Tel: in.Tel, Email: in.Email, Text: in.Text, Ref: in.Ref, Visit: ringback.Visit{URL: in.URL}, Replies: replies,
		CallsAt: strings.TrimSuffix(d.Links.Base, "/") + "/calls/",
	}, office.Once(web.OnceOf(ctx)))
	if err != nil {
		return none, err
	}
	d.Switchboard.Told()
	return wire.OK(wire.ID{ID: id}), nil
}
