package store

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// A DueDelivery is a delivery that may be tried now, and where it goes.
type DueDelivery struct {
	ringback.Delivery
	Webhook    ringback.Webhook
	OutOfOrder bool // it overtakes an earlier event of its call, or was itself overtaken
}

// deliveryColumns are read by deliveryFields. The d is deliveries, the e events.
const deliveryColumns = `d.id, d.account_id, d.webhook_id, d.call_id, d.event_id, e.kind, d.seq, e.body, d.state, d.tries,
	d.due_at, d.created_at, d.last_status, d.last_error`

// deliveryStands is the condition of the indexes of deliveries that may go out once they are due, to the letter.
const deliveryStands = `state = 'pending' AND NOT blocked`

var deliverySQL = struct{ next, event, add, webhooks, due, save, place, overtake, order, later, log query }{
	next: `UPDATE calls SET seq = seq + 1 WHERE account_id = $1 AND id = $2 RETURNING seq`,
	event: `INSERT INTO events (id, account_id, call_id, kind, seq, body, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
	add: `INSERT INTO deliveries (account_id, webhook_id, call_id, event_id, seq, state, blocked, tries, due_at, created_at,
			last_status, last_error)
		VALUES ($1, $2, $3, $4, $5, 'pending',
			EXISTS (SELECT 1 FROM deliveries o
				WHERE o.webhook_id = $2 AND o.call_id = $3 AND o.state = 'pending' AND NOT o.overtaken),
			0, $6, $6, 0, '')`,

	// From one webhook to the next one with something to deliver, however much that is.
	webhooks: `WITH RECURSIVE due (webhook_id) AS (
			SELECT min(webhook_id) FROM deliveries WHERE ` + deliveryStands + `
			UNION ALL
			SELECT (SELECT min(d.webhook_id) FROM deliveries d WHERE d.webhook_id > due.webhook_id AND ` + deliveryStands + `)
			FROM due WHERE due.webhook_id IS NOT NULL
		)
		SELECT w.id, w.account_id,
			(SELECT d.due_at FROM deliveries d WHERE d.webhook_id = w.id AND ` + deliveryStands + ` ORDER BY d.due_at, d.id LIMIT 1)
		FROM due JOIN webhooks w ON w.id = due.webhook_id AND NOT w.disabled`,
	due: `SELECT ` + deliveryColumns + `, d.overtaken OR EXISTS (SELECT 1 FROM deliveries o
			WHERE o.webhook_id = d.webhook_id AND o.call_id = d.call_id AND o.seq < d.seq AND o.state = 'pending' AND o.overtaken)
		FROM deliveries d JOIN events e ON e.id = d.event_id
		WHERE d.account_id = $1 AND d.webhook_id = $2 AND d.due_at <= $3 AND ` + deliveryStands + `
		ORDER BY d.due_at, d.id LIMIT $4`,
	save: `UPDATE deliveries SET state = $3, tries = $4, due_at = $5, last_status = $6, last_error = $7
		WHERE account_id = $1 AND id = $2 RETURNING webhook_id, call_id`,

	place:    `SELECT webhook_id, call_id FROM deliveries WHERE account_id = $1 AND id = $2`,
	overtake: `UPDATE deliveries SET overtaken = TRUE WHERE account_id = $1 AND id = $2`,

	// Of the pending ones of a call each waits for those before it.
	order: `UPDATE deliveries SET blocked = NOT blocked
		WHERE account_id = $1 AND webhook_id = $2 AND call_id = $3 AND state = 'pending' AND blocked <> EXISTS (
			SELECT 1 FROM deliveries o WHERE o.webhook_id = $2 AND o.call_id = $3 AND o.seq < deliveries.seq
			AND o.state = 'pending' AND NOT o.overtaken)`,
	later: `SELECT due_at FROM deliveries WHERE ` + deliveryStands + ` AND due_at > $1 ORDER BY due_at LIMIT 1`,
	log: `SELECT ` + deliveryColumns + ` FROM deliveries d JOIN events e ON e.id = d.event_id
		WHERE d.account_id = $1 AND d.webhook_id = $2 ORDER BY d.id DESC LIMIT $3`,
}

// Tell writes an event: it gets the next number of its call, and a delivery, due now, for every webhook that wants it.
// A webhook that names no events wants the documented ones. An event whose ID exists is ErrTaken.
func (tx *Tx) Tell(e ringback.Event) error {
	if err := tx.db.Lock(deliveriesOf(e.CallID)); err != nil {
		return err
	}
	seq, err := sqldb.One(tx.db, sqldb.Value[int64], deliverySQL.next, e.AccountID, e.CallID)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	err = tx.db.Change(ErrTaken, deliverySQL.event, e.ID, e.AccountID, e.CallID, string(e.Kind), seq, notNil(e.Body), now)
	if err != nil {
		return err
	}
	webhooks, err := sqldb.All(tx.db, scanWebhook, webhookSQL.told, e.AccountID, e.WidgetID)
	if err != nil {
		return err
	}
	for _, w := range webhooks {
		if !wants(w, e.Kind) {
			continue
		}
		if _, err := tx.db.Exec(deliverySQL.add, e.AccountID, w.ID, e.CallID, e.ID, seq, now); err != nil {
			return err
		}
	}
	return nil
}

func wants(w ringback.Webhook, k ringback.EventKind) bool {
	kinds := w.Events
	if len(kinds) == 0 {
		kinds = ringback.DocumentedEvents()
	}
	return slices.Contains(kinds, k)
}

// deliveriesOf names the lock under which the deliveries of a call are put in order.
func deliveriesOf(call int64) string { return fmt.Sprintf("deliveries %d", call) }

// A backlog is a webhook with something to deliver.
type backlog struct {
	webhook, account int64
	oldest           time.Time
}

// DueDeliveries returns, of all accounts, deliveries that are pending and due, and whose webhook has had everything
// earlier of the same call. There are perWebhook at most for a webhook and limit at most in all; where there are more,
// every webhook gets its share. Webhooks that are disabled or among those to leave out get none. Nothing is leased: until
// SaveTry the same ones are returned again.
func (tx *Tx) DueDeliveries(now time.Time, limit, perWebhook int, except []int64) ([]DueDelivery, error) {
	backlogs, err := tx.backlogs(now, except)
	if err != nil {
		return nil, err
	}
	var shares [][]DueDelivery
	for _, b := range backlogs[:min(limit, len(backlogs))] {
		share, err := sqldb.All(tx.db, scanDue, deliverySQL.due, b.account, b.webhook, now.UnixMilli(), perWebhook)
		if err != nil {
			return nil, err
		}
		w, err := tx.Webhook(b.account, b.webhook)
		if err != nil {
			return nil, err
		}
		for i := range share {
			share[i].Webhook = w
		}
		shares = append(shares, share)
	}
	return deal(shares, limit), nil
}

// deal takes the first of every share, then the second of every share, until there are limit.
func deal(shares [][]DueDelivery, limit int) []DueDelivery {
	var hand []DueDelivery
	for round := 0; ; round++ {
		before := len(hand)
		for _, share := range shares {
			if len(hand) == limit {
				return hand
			}
			if round < len(share) {
				hand = append(hand, share[round])
			}
		}
		if len(hand) == before {
			return hand
		}
	}
}

// backlogs returns the webhooks with something due, those first that wait longest.
func (tx *Tx) backlogs(now time.Time, except []int64) ([]backlog, error) {
	list, err := sqldb.All(tx.db, func(r *sql.Rows) (b backlog, err error) {
		err = r.Scan(&b.webhook, &b.account, toDue{&b.oldest})
		return b, err
	}, deliverySQL.webhooks)
	list = slices.DeleteFunc(list, func(b backlog) bool {
		return b.oldest.After(now) || slices.Contains(except, b.webhook)
	})
	slices.SortStableFunc(list, func(a, b backlog) int { return a.oldest.Compare(b.oldest) })
	return list, err
}

// SaveTry writes what came of a try: State, Tries, DueAt, LastStatus and LastError. Once a delivery is no longer
// pending the next one of its call may go. ErrNotFound: its webhook was deleted.
func (tx *Tx) SaveTry(d ringback.Delivery) error {
	if err := tx.db.Lock(deliveriesOf(d.CallID)); err != nil {
		return err
	}
	p, err := sqldb.One(tx.db, scanPlace, deliverySQL.save, d.AccountID, d.ID, string(d.State), d.Tries, dueAt(d.DueAt),
		d.LastStatus, d.LastError)
	if err != nil {
		return err
	}
	_, err = tx.db.Exec(deliverySQL.order, d.AccountID, p.webhook, p.call)
	return err
}

// Overtake lets later events of its call go although this delivery is still pending. It is tried on as before.
func (tx *Tx) Overtake(account, delivery int64) error {
	p, err := sqldb.One(tx.db, scanPlace, deliverySQL.place, account, delivery)
	if err != nil {
		return err
	}
	if err := tx.db.Lock(deliveriesOf(p.call)); err != nil {
		return err
	}
	if err := tx.db.Change(ErrNotFound, deliverySQL.overtake, account, delivery); err != nil {
		return err
	}
	_, err = tx.db.Exec(deliverySQL.order, account, p.webhook, p.call)
	return err
}

// NextDelivery returns when the next delivery will be due that is not yet; false where none will be.
func (tx *Tx) NextDelivery(now time.Time) (time.Time, bool, error) {
	return sqldb.Maybe(sqldb.One(tx.db, scanDueAt, deliverySQL.later, now.UnixMilli()))
}

// Deliveries returns up to limit deliveries of a webhook, the newest first.
func (tx *Tx) Deliveries(account, webhook int64, limit int) ([]ringback.Delivery, error) {
	return sqldb.All(tx.db, scanDelivery, deliverySQL.log, account, webhook, limit)
}

// A place is a row of events to one webhook that keep their order.
type place struct{ webhook, call int64 }

func scanPlace(r *sql.Rows) (p place, err error) {
	err = r.Scan(&p.webhook, &p.call)
	return p, err
}

func scanDelivery(r *sql.Rows) (d ringback.Delivery, err error) {
	err = r.Scan(deliveryFields(&d)...)
	return d, err
}

func scanDue(r *sql.Rows) (d DueDelivery, err error) {
	err = r.Scan(append(deliveryFields(&d.Delivery), &d.OutOfOrder)...)
	return d, err
}

func deliveryFields(d *ringback.Delivery) []any {
	return []any{
		&d.ID, &d.AccountID, &d.WebhookID, &d.CallID, &d.EventID, &d.Kind, &d.Seq, &d.Body, &d.State, &d.Tries,
		toDue{&d.DueAt},
		toTime{&d.CreatedAt},
		&d.LastStatus, &d.LastError,
	}
}
