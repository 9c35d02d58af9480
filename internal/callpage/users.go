package callpage

import (
	"context"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// users lists users: GET users/all.
func (d *door) users(ctx context.Context, who ringback.Actor, in wire.Paging) (wire.Listed[wire.UserRow], error) {
	var none wire.Listed[wire.UserRow]
	users, count, err := d.Office.Users(ctx, who, in.Limit(), in.Offset())
	if err != nil {
		return none, err
	}
	style, err := d.style(ctx, who)
	if err != nil {
		return none, err
	}
	return wire.List(wire.UsersOf(users, style), in.MetaV1(count)), nil
}

// user tells about one user: GET users/get.
func (d *door) user(ctx context.Context, who ringback.Actor, in wire.UserRef) (wire.Got[wire.UserRow], error) {
	var none wire.Got[wire.UserRow]
	u, err := d.Office.User(ctx, who, office.UserRef(in))
	if err != nil {
		return none, err
	}
	style, err := d.style(ctx, who)
	if err != nil {
		return none, err
	}
	return wire.Get(wire.UserOf(u, style)), nil
}

// createUser adds a user: POST users/create.
func (d *door) createUser(ctx context.Context, who ringback.Actor, in wire.NewUser) (wire.Success[wire.ID], error) {
	id, err := d.Office.CreateUser(ctx, who, office.NewUser{
		Name: in.Name, Tel: in.Tel, TelExtension: in.TelExtension, Email: in.Email, Role: ringback.Role(in.Role),
	}, office.Once(web.OnceOf(ctx)))
	return wire.OK(wire.ID{ID: id}), err
}

// updateUser changes a user: POST users/update.
func (d *door) updateUser(ctx context.Context, who ringback.Actor, in wire.UserChange) (wire.Success[wire.ID], error) {
	id, err := d.Office.UpdateUser(ctx, who, office.UserRef(in.Ref()), office.UserChange{
		Name: in.Name, Tel: in.Tel, TelExtension: in.TelExtension, Email: in.NewEmail(), Role: ringback.Role(in.Role),
	})
	return wire.OK(wire.ID{ID: id}), err
}

// deleteUser removes a user: POST users/delete (row U12).
func (d *door) deleteUser(ctx context.Context, who ringback.Actor, in wire.UserRef) (wire.Success[*wire.Empty], error) {
	return wire.OK[*wire.Empty](nil), d.Office.DeleteUser(ctx, who, office.UserRef(in))
}
