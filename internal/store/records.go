package store

import (
	"cmp"
	"database/sql"
	"slices"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// A CallRecord is a call with all that is told of it.
type CallRecord struct {
	ringback.Call
	WidgetDescription string
	Attempt           *ringback.Attempt    // the last one, with its legs; nil: none was made
	Manager           *ringback.Manager    // who answered in it, with the user but no departments; nil: nobody
	Recording         *ringback.Recording  // of it; nil: none
	Department        *ringback.Department // that the visitor wanted; nil: any
	Message           *ringback.Message    // that the visitor wrote instead; nil: none
	Feedback          *ringback.Feedback   // nil: none
	Answers           []ringback.Answer    // by the ids of the fields
	Tags              []ringback.Tag       // by id, as are the notes
	Notes             []ringback.Note
}

// recordSQL ends where the list of wanted ids follows.
var recordSQL = struct{ attempts, legs, managers, recordings, departments query }{
	attempts: `SELECT ` + attemptColumns + ` FROM attempts a
		WHERE a.account_id = $1 AND a.number = (SELECT max(number) FROM attempts WHERE call_id = a.call_id)
		AND a.call_id IN `,
	legs: `SELECT ` + legColumns + ` FROM legs l WHERE l.account_id = $1 AND l.attempt_id IN `,
	managers: `SELECT ` + managerColumns + ` FROM managers m JOIN users u ON u.account_id = m.account_id AND u.id = m.user_id
		WHERE m.account_id = $1 AND m.id IN `,
	departments: `SELECT d.id, d.name FROM departments d WHERE d.account_id = $1 AND d.id IN `,
	recordings:  `SELECT ` + recordingColumns + ` FROM recordings r WHERE r.account_id = $1 AND r.id IN `,
}

// Record returns one call with all that is told of it.
func (tx *Tx) Record(account, id int64) (CallRecord, error) {
	records, _, err := tx.History(account, HistoryFilter{CallIDs: []int64{id}, Limit: 2})
	if err != nil {
		return CallRecord{}, err
	}
	if len(records) == 0 {
		return CallRecord{}, ErrNotFound
	}
	return records[0], nil
}

// complete adds to calls what other tables know about them, with one statement for each table.
func (tx *Tx) complete(account int64, records []CallRecord) error {
	attempts, err := withIDs(tx, scanAttempt, recordSQL.attempts, account, ids(records, func(r CallRecord) int64 { return r.ID }))
	if err != nil {
		return err
	}
	legs, err := withIDs(tx, scanLeg, recordSQL.legs, account, ids(attempts, func(a ringback.Attempt) int64 { return a.ID }))
	if err != nil {
		return err
	}
	managers, err := withIDs(tx, scanManager, recordSQL.managers, account,
		ids(attempts, func(a ringback.Attempt) int64 { return a.ManagerID }))
	if err != nil {
		return err
	}
	recordings, err := withIDs(tx, scanRecording, recordSQL.recordings, account,
		ids(attempts, func(a ringback.Attempt) int64 { return a.RecordingID }))
	if err != nil {
		return err
	}
	link(records, attempts, legs)
	answered(records, managers, recordings)
	return tx.described(account, records)
}

// described adds what people wrote about the calls.
func (tx *Tx) described(account int64, records []CallRecord) error {
	calls := ids(records, func(r CallRecord) int64 { return r.ID })
	answers, err := tx.answersTo(account, calls)
	if err != nil {
		return err
	}
	tags, err := tx.tagsOn(account, calls)
	if err != nil {
		return err
	}
	notes, err := tx.notesOn(account, calls)
	if err != nil {
		return err
	}
	messages, err := withIDs(tx, scanMessage, messageSQL.of, account, calls)
	if err != nil {
		return err
	}
	feedback, err := withIDs(tx, scanFeedback, feedbackSQL.of, account, calls)
	if err != nil {
		return err
	}
	departments, err := withIDs(tx, scanDepartment, recordSQL.departments, account,
		ids(records, func(r CallRecord) int64 { return r.Wanted.DepartmentID }))
	if err != nil {
		return err
	}
	wanted := index(departments, func(d ringback.Department) int64 { return d.ID })
	wrote := index(messages, func(m ringback.Message) int64 { return m.CallID })
	left := index(feedback, func(f ringback.Feedback) int64 { return f.CallID })
	for i := range records {
		r := &records[i]
		r.Department = wanted[r.Wanted.DepartmentID]
		r.Answers, r.Tags, r.Notes, r.Message, r.Feedback = answers[r.ID], tags[r.ID], notes[r.ID], wrote[r.ID], left[r.ID]
	}
	return nil
}

// link puts the attempts to their calls and the legs, by id, to their attempts.
func link(records []CallRecord, attempts []ringback.Attempt, legs []ringback.Leg) {
	slices.SortFunc(legs, func(a, b ringback.Leg) int { return int(a.ID - b.ID) })
	byID := index(attempts, func(a ringback.Attempt) int64 { return a.ID })
	for _, l := range legs {
		if a := byID[l.AttemptID]; a != nil {
			a.Legs = append(a.Legs, l)
		}
	}
	byCall := index(attempts, func(a ringback.Attempt) int64 { return a.CallID })
	for i := range records {
		records[i].Attempt = byCall[records[i].ID]
	}
}

// answered puts who answered, and what was heard, to the calls.
func answered(records []CallRecord, managers []ringback.Manager, recordings []ringback.Recording) {
	whom := index(managers, func(m ringback.Manager) int64 { return m.ID })
	heard := index(recordings, func(r ringback.Recording) int64 { return r.ID })
	for i := range records {
		if a := records[i].Attempt; a != nil {
			records[i].Manager = whom[a.ManagerID]
			records[i].Recording = heard[a.RecordingID]
		}
	}
}

// maxIDs is how many ids one statement asks for; SQLite takes 32,766 parameters, and planning takes time.
const maxIDs = 512

// withIDs returns the rows with certain ids; q ends where their list follows.
func withIDs[T any](tx *Tx, scan func(*sql.Rows) (T, error), q query, account int64, ids []int64) ([]T, error) {
	var found []T
	for some := range slices.Chunk(ids, maxIDs) {
		s := &statement{args: []any{account}}
		rows, err := sqldb.All(tx.db, scan, q+query(list(s, some)), s.args...)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	return found, nil
}

// ofCall is one of several things that belong to a call.
type ofCall[T any] struct {
	call  int64
	thing T
}

// grouped is withIDs for things of which a call may have several: by call, in the order of their ids.
func grouped[T any](
	tx *Tx, scan func(*sql.Rows) (ofCall[T], error), q query, account int64, calls []int64, id func(T) int64,
) (map[int64][]T, error) {
	found, err := withIDs(tx, scan, q, account, calls)
	slices.SortFunc(found, func(a, b ofCall[T]) int { return cmp.Compare(id(a.thing), id(b.thing)) })
	byCall := make(map[int64][]T, len(found))
	for _, f := range found {
		byCall[f.call] = append(byCall[f.call], f.thing)
	}
	return byCall, err
}

// ids returns the ids of things, once each and without 0.
func ids[T any](things []T, id func(T) int64) []int64 {
	list := make([]int64, 0, len(things))
	for _, t := range things {
		if n := id(t); n != 0 {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// index finds things by id.
func index[T any](things []T, id func(T) int64) map[int64]*T {
	found := make(map[int64]*T, len(things))
	for i, t := range things {
		found[id(t)] = &things[i]
	}
	return found
}

func scanRecord(r *sql.Rows) (c CallRecord, err error) {
	err = r.Scan(append(callFields(&c.Call), &c.WidgetDescription)...)
	return c, err
}
