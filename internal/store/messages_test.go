package store

import (
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestV5_APromptIsReplacedAndKeepsItsID(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, theirs := newCompany(t, s), newCompany(t, s)
		list := func(account, widget int64) []ringback.Prompt {
			return get(t, s, func(tx *Tx) ([]ringback.Prompt, error) { return tx.Prompts(account, widget) })
		}
		first := ringback.Prompt{
			AccountID: c.account.ID, WidgetID: c.widget.ID, Name: ringback.PromptManagerCall, Enabled: true, File: "a.wav", UpdatedAt: noon,
		}
		other := first
		other.Name, other.BuiltIn, other.File = ringback.PromptVisitorCall, "pl/visitor.call", ""
		second := first
		second.Enabled, second.File, second.UpdatedAt = false, "b.wav", noon.Add(time.Hour)
		write(t, s, func(tx *Tx) error {
			for _, p := range []*ringback.Prompt{&first, &other, &second} {
				if err := tx.SavePrompt(p); err != nil {
					return err
				}
			}
			return nil
		})
		same(t, "the id", second.ID, first.ID)
		same(t, "prompts", list(c.account.ID, c.widget.ID), []ringback.Prompt{second, other})
		same(t, "for a stranger", list(theirs.account.ID, c.widget.ID), []ringback.Prompt(nil))
		write(t, s, func(tx *Tx) error { return tx.DeletePrompt(theirs.account.ID, c.widget.ID, other.Name) })
		same(t, "after a stranger's reset", len(list(c.account.ID, c.widget.ID)), 2)
		write(t, s, func(tx *Tx) error { return tx.DeletePrompt(c.account.ID, c.widget.ID, second.Name) })
		write(t, s, func(tx *Tx) error { return tx.DeletePrompt(c.account.ID, c.widget.ID, second.Name) })
		same(t, "after a reset", list(c.account.ID, c.widget.ID), []ringback.Prompt{other})
		stolen := ringback.Prompt{AccountID: theirs.account.ID, WidgetID: c.widget.ID, Name: second.Name}
		if err := s.Write(t.Context(), func(tx *Tx) error { return tx.SavePrompt(&stolen) }); err == nil {
			t.Error("a stranger has a prompt at the widget")
		}
	})
}

func TestATemplateIsReplacedAndKeepsItsID(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, theirs := newCompany(t, s), newCompany(t, s)
		list := func(account, widget int64) []ringback.Template {
			return get(t, s, func(tx *Tx) ([]ringback.Template, error) { return tx.Templates(account, widget) })
		}
		first := ringback.Template{
			AccountID: c.account.ID, WidgetID: c.widget.ID, Name: ringback.TemplateMissedCall, Enabled: true, Text: "a", UpdatedAt: noon,
		}
		second := first
		second.Enabled, second.Text, second.UpdatedAt = false, "Zażółć :name\n", noon.Add(time.Hour)
		write(t, s, func(tx *Tx) error {
			if err := tx.SaveTemplate(&first); err != nil {
				return err
			}
			return tx.SaveTemplate(&second)
		})
		same(t, "the id", second.ID, first.ID)
		same(t, "templates", list(c.account.ID, c.widget.ID), []ringback.Template{second})
		same(t, "for a stranger", list(theirs.account.ID, c.widget.ID), []ringback.Template(nil))
		write(t, s, func(tx *Tx) error { return tx.DeleteTemplate(theirs.account.ID, c.widget.ID, first.Name) })
		same(t, "after a stranger's reset", len(list(c.account.ID, c.widget.ID)), 1)
		write(t, s, func(tx *Tx) error { return tx.DeleteTemplate(c.account.ID, c.widget.ID, first.Name) })
		same(t, "after a reset", list(c.account.ID, c.widget.ID), []ringback.Template(nil))
	})
}
