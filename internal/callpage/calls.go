package callpage

import (
	"context"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/dialplan"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/switchboard"
	"github.com/ringback-hq/ringback/internal/web"
	"github.com/ringback-hq/ringback/internal/wire"
)

// root says that the key is good: GET the root (rows R3 and S8).
func (d *door) root(context.Context, ringback.Actor, struct{}) (wire.Success[wire.Empty], error) {
	return wire.Success[wire.Empty]{Message: wire.Hello}, nil
}

// call rings the managers and the visitor: POST widgets/call.
func (d *door) call(ctx context.Context, who ringback.Actor, in wire.Order) (wire.Success[wire.ID], error) {
	return d.place(ctx, who, in, switchboard.Order{})
}

// place places an order as the document describes it.
func (d *door) place(ctx context.Context, who ringback.Actor, in wire.Order, order switchboard.Order) (wire.Success[wire.ID], error) {
	var none wire.Success[wire.ID]
	order.To, order.Ref, order.Visit.URL, order.Idempotency = in.Tel, in.Ref, in.URL, repeatable(ctx)
	order.Wanted = ringback.Wanted{DepartmentID: in.DepartmentID, ManagerID: in.ManagerID}
	order.WidgetID, order.PublicID = in.Widget.IDs()
	var err error
	if order.Replies, err = wire.ReadFields(in.Fields); err != nil {
		return none, err
	}
	if err := d.mayOrder(ctx, who, office.Ref{ID: order.WidgetID, PublicID: order.PublicID}); err != nil {
		return none, err
	}
	call, err := d.Switchboard.Place(ctx, who, order)
	if err != nil {
		return none, err
	}
	return wire.OK(wire.ID{ID: call.ID}), nil
}

// mayOrder counts the order and sees that a manager orders only at their own widgets.
func (d *door) mayOrder(ctx context.Context, who ringback.Actor, ref office.Ref) error {
	account, err := d.Office.Account(ctx, who.AccountID)
	if err != nil {
		return err
	}
	if !account.LimitsOff {
		orders := &d.orders
		if who.Publishable {
			orders = &d.published
		}
		if err := orders.Take(who.KeyID); err != nil {
			return err
		}
	}
	return d.Office.Reach(ctx, who, ref)
}

// repeatable names the request, where it has an Idempotency-Key (row E17).
func repeatable(ctx context.Context) *switchboard.Idempotency {
	once := web.OnceOf(ctx)
	if once.Key == "" {
		return nil
	}
	named := switchboard.Idempotency(once)
	return &named
}

// history lists calls: GET calls/history.
func (d *door) history(ctx context.Context, who ringback.Actor, in wire.HistoryQuery) (wire.Listed[wire.HistoryRow], error) {
	var none wire.Listed[wire.HistoryRow]
	records, count, err := d.Office.History(ctx, who, queryOf(in))
	if err != nil {
		return none, err
	}
	style, err := d.style(ctx, who)
	if err != nil {
		return none, err
	}
	rows := make([]wire.HistoryRow, len(records))
	for i, r := range records {
		rows[i] = wire.History(d.record(r), style)
	}
	return wire.List(rows, in.MetaV3(count)), nil
}

// queryOf reads the filters of the history. Filters that are named twice are the same filter: "both given: phone_number".
func queryOf(in wire.HistoryQuery) office.Query {
	q := office.Query{
		HistoryFilter: store.HistoryFilter{
			CallIDs: in.CallIDs, UserIDs: in.UserIDs, TagIDs: in.TagIDs, IncomingIDs: in.IncomingIDs, From: in.From, To: in.To,
			URL: in.URL, HideHidden: in.DisplayHidden != nil && !*in.DisplayHidden,
			Limit: in.Limit(), Offset: in.Offset(),
		},
		Phone: in.Phone, Order: strings.ToLower(in.Order),
	}
	for _, s := range in.Statuses {
		q.Statuses = append(q.Statuses, ringback.Status(strings.ToLower(s)))
	}
	for _, w := range in.Widgets {
		id, public := wire.WidgetRef(w).IDs()
		if public != "" {
			q.PublicIDs = append(q.PublicIDs, public)
			continue
		}
		q.WidgetIDs = append(q.WidgetIDs, id)
	}
	return q
}

// single tells all about one call: GET calls/{id}.
func (d *door) single(ctx context.Context, who ringback.Actor, in wire.CallPath) (wire.Got[wire.SingleRow], error) {
	var none wire.Got[wire.SingleRow]
	r, err := d.Office.Call(ctx, who, in.ID)
	if err != nil {
		return none, err
	}
	style, err := d.style(ctx, who)
	if err != nil {
		return none, err
	}
	return wire.Get(wire.Single(d.record(r), style)), nil
}

// style is how the documents of the actor's account are written.
func (d *door) style(ctx context.Context, who ringback.Actor) (wire.Style, error) {
	account, err := d.Office.Account(ctx, who.AccountID)
	if err != nil {
		return wire.Style{}, err
	}
	zone, err := time.LoadLocation(account.Zone)
	if err != nil {
		zone = time.UTC
	}
	return wire.Style{Zone: zone, International: dialplan.International, National: dialplan.National}, nil
}

func (d *door) record(r office.Record) wire.Record {
	out := wire.Record{
		Call: r.Call, WidgetDescription: r.WidgetDescription, Attempt: r.Attempt, Manager: r.Manager, Department: r.Department,
		Message: r.Message, Feedback: r.Feedback, Answers: r.Answers, Tags: r.Tags, Notes: r.Notes,
	}
	if r.Recording != nil {
		out.RecordingURL = d.Links.URL(r.Recording.Name, time.Now().Add(blob.LinkLife))
	}
	return out
}
