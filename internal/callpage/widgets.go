package callpage

import (
	"context"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/switchboard"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// createWidget adds a widget: POST widgets/create.
func (d *door) createWidget(ctx context.Context, who ringback.Actor, in wire.NewWidget) (wire.Success[wire.ID], error) {
	settings, err := wire.ReadSettings(in.Settings)
	if err != nil {
		return wire.Success[wire.ID]{}, err
	}
	id, err := d.Office.CreateWidget(ctx, who, office.NewWidget{
		URL: in.URL, Description: in.Description, Locale: in.Locale, Enabled: in.Enabled, Settings: settings,
	}, office.Once(web.OnceOf(ctx)))
	return wire.OK(wire.ID{ID: id}), err
}

// widgets lists widgets: GET widgets/all.
func (d *door) widgets(ctx context.Context, who ringback.Actor, in wire.Paging) (wire.Listed[wire.WidgetRow], error) {
	var none wire.Listed[wire.WidgetRow]
	records, count, err := d.Office.Widgets(ctx, who, in.Limit(), in.Offset())
	if err != nil {
		return none, err
	}
	style, err := d.style(ctx, who)
	if err != nil {
		return none, err
	}
	rows := make([]wire.WidgetRow, len(records))
	for i, r := range records {
		rows[i] = wire.WidgetOf(wire.WidgetRecord(r), style.Zone)
	}
	return wire.List(rows, in.MetaV1(count)), nil
}

// widget tells about one widget: GET widgets/get.
func (d *door) widget(ctx context.Context, who ringback.Actor, in wire.WidgetPath) (wire.Got[wire.WidgetDetail], error) {
	var none wire.Got[wire.WidgetDetail]
	r, err := d.Office.Widget(ctx, who, widgetRef(in.Widget))
	if err != nil {
		return none, err
	}
	style, err := d.style(ctx, who)
	if err != nil {
		return none, err
	}
	return wire.Get(wire.WidgetDetailOf(wire.WidgetRecord(r), style.Zone)), nil
}

// updateWidget changes a widget: POST widgets/update.
func (d *door) updateWidget(ctx context.Context, who ringback.Actor, in wire.WidgetChange) (wire.Success[wire.ID], error) {
	settings, err := wire.ReadSettings(in.Settings)
	if err != nil {
		return wire.Success[wire.ID]{}, err
	}
	id, err := d.Office.UpdateWidget(ctx, who, widgetRef(in.Widget), office.WidgetChange{
		URL: given(in.URL), Description: in.Description, Locale: given(in.Locale), Enabled: in.Enabled, Settings: settings,
	})
	return wire.OK(wire.ID{ID: id}), err
}

// given returns nothing for an empty text: a form sends the fields that were left empty too.
func given(text *string) *string {
	if text != nil && *text == "" {
		return nil
	}
	return text
}

// deleteWidget deletes a widget: POST widgets/delete.
func (d *door) deleteWidget(ctx context.Context, who ringback.Actor, in wire.WidgetPath) (wire.Success[*wire.Empty], error) {
	err := d.Office.DeleteWidget(ctx, who, widgetRef(in.Widget), d.Switchboard.CancelAll)
	if err == nil {
		d.Switchboard.Told()
	}
	return wire.OK[*wire.Empty](nil), err
}

// callOrSchedule is call; it books a time whatever the widget's settings say, and the visitor is sent a text about it:
// POST widgets/call-or-schedule (row W20).
func (d *door) callOrSchedule(ctx context.Context, who ringback.Actor, in wire.Order) (wire.Success[wire.ID], error) {
	return d.place(ctx, who, in, switchboard.Order{OrSchedule: true})
}

func widgetRef(w wire.WidgetRef) office.Ref {
	var ref office.Ref
	ref.ID, ref.PublicID = w.IDs()
	return ref
}

// addUsers makes users managers of a widget: POST widgets/add-users.
func (d *door) addUsers(ctx context.Context, who ringback.Actor, in wire.NewManagers) (wire.Success[[]wire.Added], error) {
	var none wire.Success[[]wire.Added]
	hours, err := wire.ReadHours(in.BusinessTimes, len(in.UserIDs))
	if err != nil {
		return none, err
	}
	additions := make([]office.Addition, len(in.UserIDs))
	for i, id := range in.UserIDs {
		additions[i] = office.Addition{UserID: id, Hours: hours[i]}
	}
	managers, err := d.Office.AddUsers(ctx, who, widgetRef(in.Widget), additions)
	if err != nil {
		return none, err
	}
	added := make([]wire.Added, len(managers))
	for i, m := range managers {
		added[i] = wire.Added{UserID: m.UserID, ManagerID: m.ID}
	}
	return wire.OK(added), nil
}
