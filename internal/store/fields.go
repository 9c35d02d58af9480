package store

import (
	"database/sql"
	"errors"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// fieldColumns are read by fieldFields. The f is fields.
const fieldColumns = `f.id, f.account_id, f.widget_id, f.slug, f.label, f.hint, f.placeholder`

// fieldSQL.answers ends where the list of wanted calls follows.
var fieldSQL = struct{ add, get, bySlug, of, answer, answers query }{
	add: `INSERT INTO fields (account_id, widget_id, slug, label, hint, placeholder)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id`,
	get:    `SELECT ` + fieldColumns + ` FROM fields f WHERE f.account_id = $1 AND f.id = $2`,
	bySlug: `SELECT ` + fieldColumns + ` FROM fields f WHERE f.account_id = $1 AND f.widget_id = $2 AND f.slug = $3`,
	of:     `SELECT ` + fieldColumns + ` FROM fields f WHERE f.account_id = $1 AND f.widget_id = $2 ORDER BY f.id`,
	answer: `INSERT INTO field_answers (account_id, call_id, field_id, value)
		SELECT c.account_id, c.id, f.id, $4 FROM calls c JOIN fields f ON f.account_id = c.account_id AND f.widget_id = c.widget_id
		WHERE c.account_id = $1 AND c.id = $2 AND f.id = $3
		ON CONFLICT (call_id, field_id) DO UPDATE SET value = excluded.value`,
	answers: `SELECT w.call_id, w.value, ` + fieldColumns + ` FROM field_answers w JOIN fields f ON f.id = w.field_id
		WHERE w.account_id = $1 AND w.call_id IN `,
}

// AddField adds a field to a widget and sets its ID. A slug that the widget has is ErrTaken.
func (tx *Tx) AddField(f *ringback.Field) error {
	return tx.db.Insert(&f.ID, fieldSQL.add, f.AccountID, f.WidgetID, f.Slug, f.Label, f.Hint, f.Placeholder)
}

// Field returns a field.
func (tx *Tx) Field(account, id int64) (ringback.Field, error) {
	return sqldb.One(tx.db, scanField, fieldSQL.get, account, id)
}

// Fields returns the fields of a widget by their ids.
func (tx *Tx) Fields(account, widget int64) ([]ringback.Field, error) {
	return sqldb.All(tx.db, scanField, fieldSQL.of, account, widget)
}

// SaveFieldAnswer sets what was answered to a field of the call's widget; another widget's is ErrNotFound.
func (tx *Tx) SaveFieldAnswer(account, call, field int64, value string) error {
	return tx.db.Change(ErrNotFound, fieldSQL.answer, account, call, field, value)
}

// SaveFieldAnswers sets what was answered for a call. Fields without an ID are added to its widget, and get one.
func (tx *Tx) SaveFieldAnswers(c ringback.Call, answers []ringback.Answer) error {
	for i := range answers {
		f := &answers[i].Field
		if f.ID == 0 {
			f.AccountID, f.WidgetID = c.AccountID, c.WidgetID
			if err := tx.fieldFor(f); err != nil {
				return err
			}
		}
		if err := tx.SaveFieldAnswer(c.AccountID, c.ID, f.ID, answers[i].Value); err != nil {
			return err
		}
	}
	return nil
}

// fieldFor adds a field, or finds the one that somebody added meanwhile.
func (tx *Tx) fieldFor(f *ringback.Field) error {
	err := tx.AddField(f)
	if errors.Is(err, ErrTaken) {
		*f, err = sqldb.One(tx.db, scanField, fieldSQL.bySlug, f.AccountID, f.WidgetID, f.Slug)
	}
	return err
}

// FieldAnswers returns what was answered for a call, by the ids of the fields.
func (tx *Tx) FieldAnswers(account, call int64) ([]ringback.Answer, error) {
	found, err := tx.answersTo(account, []int64{call})
	return found[call], err
}

// answersTo returns what was answered for calls, by call and in the order of the fields.
func (tx *Tx) answersTo(account int64, calls []int64) (map[int64][]ringback.Answer, error) {
	return grouped(tx, scanFieldAnswer, fieldSQL.answers, account, calls, func(a ringback.Answer) int64 { return a.Field.ID })
}

func scanField(r *sql.Rows) (f ringback.Field, err error) {
	err = r.Scan(fieldFields(&f)...)
	return f, err
}

func fieldFields(f *ringback.Field) []any {
	return []any{&f.ID, &f.AccountID, &f.WidgetID, &f.Slug, &f.Label, &f.Hint, &f.Placeholder}
}

func scanFieldAnswer(r *sql.Rows) (a ofCall[ringback.Answer], err error) {
	err = r.Scan(append([]any{&a.call, &a.thing.Value}, fieldFields(&a.thing.Field)...)...)
	return a, err
}
