package office

import (
	"context"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/locale"
	"github.com/ringback-hq/ringback/internal/store"
)

// NewTemplate asks for the wording of a text message that a widget sends.
type NewTemplate struct {
	Widget  Ref
	Name    ringback.TemplateName
	Enabled *bool   // nil: it is when created, as it is when changed
	Text    *string // nil: as it is
}

// Templates returns the wordings of a widget: its own, and the default of its language where it has none.
func (o *Office) Templates(ctx context.Context, who ringback.Actor, ref Ref) (all []ringback.Template, err error) {
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		w, err := reached(tx, who, ref)
		if err != nil {
			return err
		}
		all, err = templatesOf(tx, w)
		return err
	})
	return all, err
}

func templatesOf(tx *store.Tx, w ringback.Widget) ([]ringback.Template, error) {
	own, err := tx.Templates(w.AccountID, w.ID)
	if err != nil {
		return nil, err
	}
	all := make([]ringback.Template, len(ringback.TemplateNames))
	for i, name := range ringback.TemplateNames {
		all[i] = ringback.Template{
			AccountID: w.AccountID, WidgetID: w.ID, Name: name, Enabled: true, Text: locale.Text(w.Locale, string(name)),
		}
		if n := slices.IndexFunc(own, func(t ringback.Template) bool { return t.Name == name }); n >= 0 {
			all[i] = own[n]
		}
	}
	return all, nil
}

// CreateTemplate gives a widget a wording of its own instead of the default or of the one that it had, and returns its
// id.
func (o *Office) CreateTemplate(ctx context.Context, who ringback.Actor, in NewTemplate, once Once) (int64, error) {
	if in.Enabled == nil {
		in.Enabled = new(true)
	}
	if in.Text == nil {
		return 0, ringback.Invalidf("text", "The text field is required.")
	}
	return o.saveTemplate(ctx, who, in, once, func(ringback.Template) error { return nil })
}

// UpdateTemplate changes a wording that a widget has of its own; a default cannot be changed.
func (o *Office) UpdateTemplate(ctx context.Context, who ringback.Actor, in NewTemplate) (int64, error) {
	return o.saveTemplate(ctx, who, in, Once{}, func(old ringback.Template) error {
		if old.ID == 0 {
			return notCustomized("SMS")
		}
		return nil
	})
}

// saveTemplate writes what was asked for, where the wording that it takes the place of may be replaced.
func (o *Office) saveTemplate(
	ctx context.Context, who ringback.Actor, in NewTemplate, once Once, may func(old ringback.Template) error,
) (int64, error) {
	if err := rules(who); err != nil {
		return 0, err
	}
	if in.Text != nil {
		if err := ringback.CheckTemplate(*in.Text); err != nil {
			return 0, err
		}
	}
	return o.once(ctx, who, once, func(tx *store.Tx) (int64, error) {
		t, err := templateOf(tx, who, in)
		if err != nil {
			return 0, err
		}
		if err := may(t); err != nil {
			return 0, err
		}
		if in.Enabled != nil {
			t.Enabled = *in.Enabled
		}
		if in.Text != nil {
			t.Text = *in.Text
		}
		t.UpdatedAt = time.Now()
		err = tx.SaveTemplate(&t)
		return t.ID, err
	})
}

// templateOf returns the wording that a widget has now; ID is 0 where it is the default.
func templateOf(tx *store.Tx, who ringback.Actor, in NewTemplate) (t ringback.Template, err error) {
	w, err := reached(tx, who, in.Widget)
	if err != nil {
		return t, err
	}
	all, err := templatesOf(tx, w)
	if err != nil {
		return t, err
	}
	i := slices.IndexFunc(all, func(t ringback.Template) bool { return t.Name == in.Name })
	if i < 0 {
		return t, ringback.Invalidf("message_id", "The selected message_id is invalid.")
	}
	return all[i], nil
}

// ResetTemplates gives a widget the default of one wording back, or of all where no name is given (row T4).
func (o *Office) ResetTemplates(ctx context.Context, who ringback.Actor, ref Ref, name ringback.TemplateName) error {
	if err := rules(who); err != nil {
		return err
	}
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		w, err := reached(tx, who, ref)
		if err != nil {
			return err
		}
		for _, n := range ringback.TemplateNames {
			if name != "" && n != name {
				continue
			}
			if err := tx.DeleteTemplate(w.AccountID, w.ID, n); err != nil {
				return err
			}
		}
		return nil
	})
}
