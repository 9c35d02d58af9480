package store

import (
	"errors"
	"testing"

	"github.com/ringback-hq/ringback"
)

func TestACallTellsWhatPeopleWrote(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		bare, call := c.placed(t, visitor(1), nil), c.placed(t, visitor(2), nil)
		account := c.account.ID
		tags := []ringback.Tag{{AccountID: account, Name: "hot"}, {AccountID: account, Name: "b2b"}}
		notes := []ringback.Note{
			{AccountID: account, CallID: call.ID, UserID: c.owner.ID, Text: "first", CreatedAt: noon},
			{AccountID: account, CallID: call.ID, UserID: c.anna.UserID, Text: "second", CreatedAt: noon},
		}
		email := ringback.Field{AccountID: account, WidgetID: c.widget.ID, Slug: "email", Label: "E-mail", Hint: "h", Placeholder: "p"}
		message := ringback.Message{AccountID: account, CallID: call.ID, Email: "e@example.com", Text: "Hi"}
		feedback := ringback.Feedback{AccountID: account, CallID: call.ID, Email: "f@example.com", Text: "fine", Rate: 4, Issues: []string{"noise"}}
		answers := []ringback.Answer{{Field: ringback.Field{Slug: "size", Label: "Size"}, Value: "41"}}
		write(t, s, func(tx *Tx) error {
			return errors.Join(
				tx.AddTag(&tags[0]), tx.AddTag(&tags[1]), tx.TagCall(account, call.ID, tags[1].ID), tx.TagCall(account, call.ID, tags[0].ID),
				tx.TagCall(account, call.ID, tags[0].ID), // again
				tx.AddNote(&notes[0]), tx.AddNote(&notes[1]), tx.AddField(&email), tx.SaveFieldAnswer(account, call.ID, email.ID, "x"),
				tx.SaveFieldAnswers(call, answers), tx.SaveFieldAnswer(account, call.ID, email.ID, "e@example.com"),
				tx.AddMessage(message), tx.SaveFeedback(ringback.Feedback{AccountID: account, CallID: call.ID}), tx.SaveFeedback(feedback),
			)
		})
		record := func(id int64) CallRecord {
			return get(t, s, func(tx *Tx) (CallRecord, error) { return tx.Record(account, id) })
		}
		want := CallRecord{
			Call: call, WidgetDescription: "Shop", Message: &message, Feedback: &feedback, Tags: tags, Notes: notes,
			Answers: []ringback.Answer{{Field: email, Value: "e@example.com"}, answers[0]},
		}
		same(t, "record", record(call.ID), want)
		same(t, "the other", record(bare.ID), CallRecord{Call: bare, WidgetDescription: "Shop"})

		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.UntagCall(account, call.ID, tags[0].ID), tx.DeleteTag(account, tags[1].ID), tx.DeleteNote(account, notes[0].ID))
		})
		after := record(call.ID)
		same(t, "tags", after.Tags, []ringback.Tag(nil))
		same(t, "notes", after.Notes, notes[1:])
		left := get(t, s, func(tx *Tx) ([]ringback.Tag, error) { return tx.Tags(account, 0, 10) })
		same(t, "tags of the account", left, tags[:1])
	})
}

func TestNamesAreTakenOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		field := ringback.Field{AccountID: c.account.ID, WidgetID: c.widget.ID, Slug: "email"}
		tag := ringback.Tag{AccountID: c.account.ID, Name: "hot"}
		write(t, s, func(tx *Tx) error {
			if err := errors.Join(tx.AddField(&field), tx.AddTag(&tag)); err != nil {
				return err
			}
			again, twin := field, tag
			if err := tx.AddField(&again); !errors.Is(err, ErrTaken) {
				t.Errorf("the field: %v", err)
			}
			if err := tx.AddTag(&twin); !errors.Is(err, ErrTaken) {
				t.Errorf("the tag: %v", err)
			}
			meanwhile := []ringback.Answer{{Field: ringback.Field{Slug: "email"}, Value: "x"}}
			err := tx.SaveFieldAnswers(call, meanwhile)
			same(t, "the field that somebody added meanwhile", meanwhile[0].Field, field)
			return err
		})
	})
}

func TestStrangersWriteNothingAboutACall(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ours, theirs := newCompany(t, s), newCompany(t, s)
		call, alien := ours.placed(t, visitor(1), nil), theirs.placed(t, visitor(1), nil)
		field := ringback.Field{AccountID: ours.account.ID, WidgetID: ours.widget.ID, Slug: "email"}
		tag, tagToo := ringback.Tag{AccountID: ours.account.ID, Name: "hot"}, ringback.Tag{AccountID: theirs.account.ID, Name: "hot"}
		note := ringback.Note{AccountID: ours.account.ID, CallID: call.ID, UserID: ours.owner.ID}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.AddField(&field), tx.AddTag(&tag), tx.AddTag(&tagToo), tx.AddNote(&note), tx.TagCall(call.AccountID, call.ID, tag.ID))
		})
		stranger := theirs.account.ID
		for name, f := range map[string]func(tx *Tx) error{
			"answer":           func(tx *Tx) error { return tx.SaveFieldAnswer(stranger, call.ID, field.ID, "x") },
			"answer by theirs": func(tx *Tx) error { return tx.SaveFieldAnswer(stranger, alien.ID, field.ID, "x") },
			"tag":              func(tx *Tx) error { return tx.TagCall(stranger, call.ID, tagToo.ID) },
			"our tag":          func(tx *Tx) error { return tx.TagCall(stranger, alien.ID, tag.ID) },
			"untag":            func(tx *Tx) error { return tx.UntagCall(stranger, call.ID, tag.ID) },
			"delete tag":       func(tx *Tx) error { return tx.DeleteTag(stranger, tag.ID) },
			"delete note":      func(tx *Tx) error { return tx.DeleteNote(stranger, note.ID) },
			"hide":             func(tx *Tx) error { return tx.HideCall(stranger, call.ID, true) },
			"message":          func(tx *Tx) error { return tx.AddMessage(ringback.Message{AccountID: stranger, CallID: call.ID}) },
			"feedback":         func(tx *Tx) error { return tx.SaveFeedback(ringback.Feedback{AccountID: stranger, CallID: call.ID}) },
			"note": func(tx *Tx) error {
				return tx.AddNote(&ringback.Note{AccountID: stranger, CallID: call.ID, UserID: theirs.owner.ID})
			},
			"note by ours": func(tx *Tx) error {
				return tx.AddNote(&ringback.Note{AccountID: stranger, CallID: alien.ID, UserID: ours.owner.ID})
			},
		} {
			if err := s.Write(t.Context(), f); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: a stranger did it: %v", name, err)
			}
		}
		ids, _ := theirs.history(t, HistoryFilter{TagIDs: []int64{tag.ID}})
		same(t, "by our tag", ids, []int64{})
	})
}

// A message stays new for ever, and is no call on its way.
func TestACallThatHasEndedIsNotLive(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		c.placed(t, visitor(1), func(call *ringback.Call) { call.EndedAt = noon })
		write(t, s, func(tx *Tx) error {
			_, live, err := tx.LiveCallTo(c.account.ID, visitor(1))
			same(t, "live", live, false)
			return err
		})
	})
}
