package office

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// NewWidget asks for a widget.
type NewWidget struct {
	URL         string
	Description string // empty: one that says when it was made (row W13)
	Locale      string // wire code or BCP 47; empty: en
	Enabled     *bool  // nil: it is
	Settings    map[string]any
}

// A Ref names a widget, by its id or else by its public one.
type Ref struct {
	ID       int64
	PublicID string
}

// CreateWidget adds a widget and returns its id. The user whose key it is becomes its first manager, with the default
// hours (row W14).
func (o *Office) CreateWidget(ctx context.Context, who ringback.Actor, in NewWidget, once Once) (int64, error) {
	if err := rules(who); err != nil {
		return 0, err
	}
	w, err := newWidget(who, in, time.Now())
	if err != nil {
		return 0, err
	}
	return o.once(ctx, who, once, func(tx *store.Tx) (int64, error) {
		if err := tx.AddWidget(&w); err != nil {
			return 0, err
		}
		first := ringback.Manager{
			AccountID: w.AccountID, WidgetID: w.ID, UserID: who.UserID, Enabled: true, Hours: ringback.DefaultHours(ringback.DefaultZone),
		}
		return w.ID, tx.SaveManager(&first)
	})
}

// newWidget checks what was asked for.
func newWidget(who ringback.Actor, in NewWidget, now time.Time) (ringback.Widget, error) {
	w := ringback.Widget{
		AccountID: who.AccountID, PublicID: NewPublicID(), Description: in.Description, Enabled: in.Enabled == nil || *in.Enabled,
		CreatedAt: now, UpdatedAt: now,
	}
	var err error
	if w.URL, err = siteURL(in.URL); err != nil {
		return w, err
	}
	if w.Description == "" {
		w.Description = fmt.Sprintf("Created from REST API. Timestamp: %d", now.Unix())
	}
	if in.Locale == "" {
		in.Locale = "en"
	}
	locale, ok := ringback.ParseLocale(strings.ToLower(in.Locale))
	if !ok {
		return w, ringback.Invalidf("locale_code", "The selected locale_code is invalid.")
	}
	w.Locale = locale.Code
	w.Settings, err = ringback.Settings(nil).Merge(in.Settings)
	return w, err
}

// NewPublicID returns the id for the install snippet: 43 characters of base64url (row R15).
func NewPublicID() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// siteURL reads the address of a website; one without a scheme is taken to be https.
func siteURL(text string) (string, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || !isHost(u.Hostname()) {
		return "", ringback.Invalidf("url", "The url field must be the address of a website, such as https://example.com.")
	}
	return text, nil
}

func isHost(host string) bool {
	return host != "" && !strings.ContainsAny(host, " \t\r\n<>\"'\\^`{|}")
}

// widget finds a widget of the actor's account.
func widget(tx *store.Tx, who ringback.Actor, ref Ref) (w ringback.Widget, err error) {
	if ref.PublicID != "" {
		w, err = tx.WidgetByPublicID(who.AccountID, ref.PublicID)
	} else {
		w, err = tx.Widget(who.AccountID, ref.ID)
	}
	return w, known(err, "widget")
}

// Reach says, as a [ringback.Forbidden] error, that the actor has nothing to do with a widget: managers reach only
// those at which they are.
func (o *Office) Reach(ctx context.Context, who ringback.Actor, ref Ref) error {
	if rules(who) == nil {
		return nil
	}
	return o.Store.Read(ctx, func(tx *store.Tx) error {
		w, err := widget(tx, who, ref)
		if err != nil {
			return err
		}
		return reach(tx, who, w.ID)
	})
}

func reach(tx *store.Tx, who ringback.Actor, widgetID int64) error {
	if rules(who) == nil {
		return nil
	}
	managers, err := tx.Managers(who.AccountID, widgetID)
	if err != nil {
		return err
	}
	for _, m := range managers {
		if m.UserID == who.UserID {
			return nil
		}
	}
	return forbidden("A manager reaches only their own widgets.")
}
