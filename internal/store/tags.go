package store

import (
	"database/sql"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// tagSQL.on ends where the list of wanted calls follows.
var tagSQL = struct{ add, get, all, remove, put, take, on query }{
	add:    `INSERT INTO tags (account_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id`,
	get:    `SELECT g.id, g.account_id, g.name FROM tags g WHERE g.account_id = $1 AND g.id = $2`,
	all:    `SELECT g.id, g.account_id, g.name FROM tags g WHERE g.account_id = $1 AND g.id > $2 ORDER BY g.id LIMIT $3`,
	remove: `DELETE FROM tags WHERE account_id = $1 AND id = $2`,
	put: `INSERT INTO call_tags (account_id, tag_id, call_id, created_at)
		SELECT c.account_id, g.id, c.id, c.created_at FROM calls c JOIN tags g ON g.account_id = c.account_id
		WHERE c.account_id = $1 AND c.id = $2 AND g.id = $3
		ON CONFLICT (call_id, tag_id) DO UPDATE SET created_at = excluded.created_at`,
	take: `DELETE FROM call_tags WHERE account_id = $1 AND call_id = $2 AND tag_id = $3`,
	on: `SELECT t.call_id, g.id, g.account_id, g.name FROM call_tags t JOIN tags g ON g.id = t.tag_id
		WHERE t.account_id = $1 AND t.call_id IN `,
}

// noteSQL.on ends where the list of wanted calls follows.
var noteSQL = struct{ add, remove, on query }{
	add: `INSERT INTO notes (account_id, call_id, user_id, text, created_at)
		SELECT c.account_id, c.id, u.id, $4, $5 FROM calls c JOIN users u ON u.account_id = c.account_id
		WHERE c.account_id = $1 AND c.id = $2 AND u.id = $3 RETURNING id`,
	remove: `DELETE FROM notes WHERE account_id = $1 AND id = $2`,
	on: `SELECT n.call_id, n.id, n.account_id, n.call_id, n.user_id, n.text, n.created_at FROM notes n
		WHERE n.account_id = $1 AND n.call_id IN `,
}

// AddTag adds a tag and sets its ID. A name that the account has is ErrTaken.
func (tx *Tx) AddTag(t *ringback.Tag) error {
	return tx.db.Insert(&t.ID, tagSQL.add, t.AccountID, t.Name)
}

// Tag returns a tag.
func (tx *Tx) Tag(account, id int64) (ringback.Tag, error) {
	return sqldb.One(tx.db, scanTag, tagSQL.get, account, id)
}

// Tags returns up to limit tags of the account with ids above after, by id.
func (tx *Tx) Tags(account, after int64, limit int) ([]ringback.Tag, error) {
	return sqldb.All(tx.db, scanTag, tagSQL.all, account, after, limit)
}

// DeleteTag deletes a tag and takes it off all calls.
func (tx *Tx) DeleteTag(account, id int64) error {
	return tx.db.Change(ErrNotFound, tagSQL.remove, account, id)
}

// TagCall puts a tag on a call, if it is not there.
func (tx *Tx) TagCall(account, call, tag int64) error {
	return tx.db.Change(ErrNotFound, tagSQL.put, account, call, tag)
}

// UntagCall takes a tag off a call; one that is not there is ErrNotFound.
func (tx *Tx) UntagCall(account, call, tag int64) error {
	return tx.db.Change(ErrNotFound, tagSQL.take, account, call, tag)
}

// AddNote adds a note to a call and sets its ID. A call or a user who is not there is ErrNotFound.
func (tx *Tx) AddNote(n *ringback.Note) (err error) {
	orNow(&n.CreatedAt)
	n.ID, err = sqldb.One(tx.db, sqldb.Value[int64], noteSQL.add, n.AccountID, n.CallID, n.UserID, n.Text, millis(n.CreatedAt))
	return err
}

// DeleteNote deletes a note.
func (tx *Tx) DeleteNote(account, id int64) error {
	return tx.db.Change(ErrNotFound, noteSQL.remove, account, id)
}

func (tx *Tx) tagsOn(account int64, calls []int64) (map[int64][]ringback.Tag, error) {
	return grouped(tx, func(r *sql.Rows) (t ofCall[ringback.Tag], err error) {
		err = r.Scan(&t.call, &t.thing.ID, &t.thing.AccountID, &t.thing.Name)
		return t, err
	}, tagSQL.on, account, calls, func(t ringback.Tag) int64 { return t.ID })
}

func (tx *Tx) notesOn(account int64, calls []int64) (map[int64][]ringback.Note, error) {
	return grouped(tx, func(r *sql.Rows) (n ofCall[ringback.Note], err error) {
		err = r.Scan(&n.call, &n.thing.ID, &n.thing.AccountID, &n.thing.CallID, &n.thing.UserID, &n.thing.Text, toTime{&n.thing.CreatedAt})
		return n, err
	}, noteSQL.on, account, calls, func(n ringback.Note) int64 { return n.ID })
}

func scanTag(r *sql.Rows) (t ringback.Tag, err error) {
	err = r.Scan(&t.ID, &t.AccountID, &t.Name)
	return t, err
}
