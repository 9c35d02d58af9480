package callpage

import (
	"context"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// createUser adds a user: POST users/create.
func (d *door) createUser(ctx context.Context, who ringback.Actor, in wire.NewUser) (wire.Success[wire.ID], error) {
	id, err := d.Office.CreateUser(ctx, who, office.NewUser{
		Name: in.Name, Tel: in.Tel, TelExtension: in.TelExtension, Email: in.Email, Role: ringback.Role(in.Role),
	}, office.Once(web.OnceOf(ctx)))
	return wire.OK(wire.ID{ID: id}), err
}
