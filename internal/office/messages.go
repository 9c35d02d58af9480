package office

import (
	"context"
	"crypto/rand"
	"strconv"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/dialplan"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/wire"
)

// NewMessage is what a visitor writes instead of being called.
type NewMessage struct {
	Widget           Ref
	Tel, Email, Text string
	Ref              string
	Visit            ringback.Visit
	Replies          []ringback.Reply
	CallsAt          string // the address of calls in the dashboard, to which an id is added
}

// never is when the call of a message is due.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// LeaveMessage writes a message down as a call that has ended when it begins, still new: no telephone is rung, and
// somebody has to look at it (row C16). It tells the event new.message and returns the id of the call.
func (o *Office) LeaveMessage(ctx context.Context, who ringback.Actor, in NewMessage, once Once) (int64, error) {
	account, err := o.Account(ctx, who.AccountID)
	if err != nil {
		return 0, err
	}
	to, err := dialplan.Parse(in.Tel, account.Country)
	if err != nil {
		return 0, err
	}
	return o.once(ctx, who, once, func(tx *store.Tx) (int64, error) {
		w, err := messageWidget(tx, who, in.Widget)
		if err != nil {
			return 0, err
		}
		now := time.Now()
		c := ringback.Call{
			AccountID: w.AccountID, WidgetID: w.ID, To: to, Status: ringback.StatusNew, Type: ringback.CallFromWidget,
			Ref: in.Ref, Visit: in.Visit, DueAt: never, CreatedAt: now, EndedAt: now,
		}
		if err := tx.AddCall(&c); err != nil {
			return 0, err
		}
		m := ringback.Message{AccountID: c.AccountID, CallID: c.ID, Email: in.Email, Text: in.Text}
		if err := tx.AddMessage(m); err != nil {
			return 0, err
		}
		answers, err := reply(tx, c, in.Replies)
		if err != nil {
			return 0, err
		}
		return c.ID, tellMessage(tx, account, wire.Happening{
			Call: c, Message: &m, Answers: answers, Number: dialplan.International(to), Link: in.CallsAt + strconv.FormatInt(c.ID, 10),
		})
	})
}

// messageWidget finds the widget, which must be in use and the actor's.
func messageWidget(tx *store.Tx, who ringback.Actor, ref Ref) (ringback.Widget, error) {
	w, err := widget(tx, who, ref)
	if err != nil {
		return w, err
	}
	if !w.Enabled {
		return w, &ringback.Error{
			Kind: ringback.Refused, Code: ringback.CodeDisabledWidget, Field: "id", Detail: "This widget is switched off.",
		}
	}
	return w, reach(tx, who, w.ID)
}

// reply sets what was answered to the fields of the call's widget.
func reply(tx *store.Tx, c ringback.Call, replies []ringback.Reply) ([]ringback.Answer, error) {
	if len(replies) == 0 {
		return nil, nil
	}
	fields, err := tx.Fields(c.AccountID, c.WidgetID)
	if err != nil {
		return nil, err
	}
	answers, err := ringback.Answers(fields, replies)
	if err != nil {
		return nil, err
	}
	return answers, tx.SaveFieldAnswers(c, answers)
}

// tellMessage writes the event and its deliveries. Its user is the owner of the account.
func tellMessage(tx *store.Tx, account ringback.Account, h wire.Happening) error {
	owner, err := tx.Owner(account.ID)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(account.Zone)
	if err != nil {
		zone = time.UTC
	}
	h.UserID = owner.ID
	body, err := wire.EventBody(ringback.EventMessageNew, h, zone)
	if err != nil {
		return err
	}
	return tx.Tell(ringback.Event{
		ID: "evt_" + rand.Text(), AccountID: h.Call.AccountID, WidgetID: h.Call.WidgetID, CallID: h.Call.ID,
		Kind: ringback.EventMessageNew, Body: body,
	})
}
