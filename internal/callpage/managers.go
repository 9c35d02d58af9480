package callpage

import (
	"context"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// managers lists the managers of a widget: GET managers/all.
func (d *door) managers(ctx context.Context, who ringback.Actor, in wire.ManagerList) (wire.Listed[wire.ManagerRow], error) {
	var ref office.Ref
	ref.ID, ref.PublicID = in.Widget.IDs()
	managers, count, err := d.Office.Managers(ctx, who, ref, in.Limit(), in.Offset())
	if err != nil {
		return wire.Listed[wire.ManagerRow]{}, err
	}
	return wire.List(wire.ManagersOf(managers), in.MetaV1(count)), nil
}

// manager tells about one manager: GET managers/get.
func (d *door) manager(ctx context.Context, who ringback.Actor, in wire.ManagerRef) (wire.Got[wire.ManagerRow], error) {
	m, err := d.Office.Manager(ctx, who, managerRef(in))
	if err != nil {
		return wire.Got[wire.ManagerRow]{}, err
	}
	return wire.Get(wire.ManagerOf(m)), nil
}

// createManager makes a user a manager of a widget: POST managers/create.
func (d *door) createManager(ctx context.Context, who ringback.Actor, in wire.ManagerChange) (wire.Success[wire.ID], error) {
	change, err := managerChange(in)
	if err != nil {
		return wire.Success[wire.ID]{}, err
	}
	id, err := d.Office.CreateManager(ctx, who, managerRef(in.ManagerRef), change, office.Once(web.OnceOf(ctx)))
	return wire.OK(wire.ID{ID: id}), err
}

// updateManager changes a manager: POST managers/update.
func (d *door) updateManager(ctx context.Context, who ringback.Actor, in wire.ManagerChange) (wire.Success[wire.ID], error) {
	change, err := managerChange(in)
	if err != nil {
		return wire.Success[wire.ID]{}, err
	}
	id, err := d.Office.UpdateManager(ctx, who, managerRef(in.ManagerRef), change)
	return wire.OK(wire.ID{ID: id}), err
}

// deleteManager makes a user no longer a manager of a widget: POST managers/delete.
func (d *door) deleteManager(ctx context.Context, who ringback.Actor, in wire.ManagerRef) (wire.Success[*wire.Empty], error) {
	return wire.OK[*wire.Empty](nil), d.Office.DeleteManager(ctx, who, managerRef(in))
}

func managerRef(in wire.ManagerRef) office.ManagerRef {
	ref := office.ManagerRef{User: office.UserRef{ID: in.UserID, Email: in.Email}}
	ref.Widget.ID, ref.Widget.PublicID = in.Widget.IDs()
	return ref
}

func managerChange(in wire.ManagerChange) (office.ManagerChange, error) {
	hours, err := wire.ReadHours(in.BusinessTimes, 1)
	if err != nil {
		return office.ManagerChange{}, err
	}
	return office.ManagerChange{Enabled: in.Enabled, Hours: hours[0]}, nil
}
