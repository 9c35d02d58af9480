package callpage

import (
	"context"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// createWidget adds a widget: POST widgets/create.
func (d *door) createWidget(ctx context.Context, who ringback.Actor, in wire.NewWidget) (wire.Success[wire.ID], error) {
	var settings map[string]any
	if in.Settings != nil {
		var err error
		if settings, err = wire.ReadSettings(in.Settings); err != nil {
			return wire.Success[wire.ID]{}, err
		}
	}
	id, err := d.Office.CreateWidget(ctx, who, office.NewWidget{
		URL: in.URL, Description: in.Description, Locale: in.Locale, Enabled: in.Enabled, Settings: settings,
	}, office.Once(web.OnceOf(ctx)))
	return wire.OK(wire.ID{ID: id}), err
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
	var ref office.Ref
	ref.ID, ref.PublicID = in.Widget.IDs()
	managers, err := d.Office.AddUsers(ctx, who, ref, additions)
	if err != nil {
		return none, err
	}
	added := make([]wire.Added, len(managers))
	for i, m := range managers {
		added[i] = wire.Added{UserID: m.UserID, ManagerID: m.ID}
	}
	return wire.OK(added), nil
}
