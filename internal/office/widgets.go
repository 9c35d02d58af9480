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
	"github.com/ringback-hq/ringback/internal/dialplan"
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
	if err := overAccount(who); err != nil {
		return 0, err
	}
	w, err := o.newWidget(ctx, who, in, time.Now())
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
func (o *Office) newWidget(ctx context.Context, who ringback.Actor, in NewWidget, now time.Time) (ringback.Widget, error) {
	w := ringback.Widget{AccountID: who.AccountID, PublicID: NewPublicID(), Enabled: true, CreatedAt: now}
	if in.Description == "" {
		in.Description = fmt.Sprintf("Created from REST API. Timestamp: %d", now.Unix())
	}
	if in.Locale == "" {
		in.Locale = "en"
	}
	account, err := o.Account(ctx, who.AccountID)
	if err != nil {
		return w, err
	}
	change := WidgetChange{URL: &in.URL, Description: &in.Description, Locale: &in.Locale, Enabled: in.Enabled, Settings: in.Settings}
	return w, change.apply(&w, account.Country, now)
}

// A WidgetChange says what is to change about a widget; what is nil stays as it is (rows R14, W12 and W16).
type WidgetChange struct {
	URL         *string
	Description *string
	Locale      *string // wire code or BCP 47
	Enabled     *bool
	Settings    map[string]any // merged into those that the widget has
}

// apply checks the change and makes it.
func (c WidgetChange) apply(w *ringback.Widget, country string, now time.Time) (err error) {
	if c.URL != nil {
		if w.URL, err = siteURL(*c.URL); err != nil {
			return err
		}
	}
	if c.Locale != nil {
		locale, ok := ringback.ParseLocale(*c.Locale)
		if !ok {
			return ringback.Invalidf("locale_code", "The selected locale_code is invalid.")
		}
		w.Locale = locale.Code
	}
	if c.Description != nil {
		w.Description = *c.Description
	}
	if c.Enabled != nil {
		w.Enabled = *c.Enabled
	}
	w.UpdatedAt = now
	w.Settings, err = mergeSettings(w.Settings, c.Settings, country)
	return err
}

// mergeSettings is [ringback.Settings.Merge]; the number to show is written as it is dialled.
func mergeSettings(old ringback.Settings, changes map[string]any, country string) (ringback.Settings, error) {
	settings, err := old.Merge(changes)
	if err != nil {
		return nil, err
	}
	text := settings.Text(ringback.SettingNumber)
	if text == "" || ringback.Number(text).Valid() {
		return settings, nil
	}
	number, err := dialplan.Parse(text, country)
	if err != nil {
		return nil, ringback.Invalidf(ringback.SettingNumber, "The setting %s must be a telephone number.", ringback.SettingNumber)
	}
	settings[ringback.SettingNumber] = string(number)
	return settings, nil
}

// UpdateWidget changes a widget and returns its id.
func (o *Office) UpdateWidget(ctx context.Context, who ringback.Actor, ref Ref, c WidgetChange) (int64, error) {
	account, err := o.Account(ctx, who.AccountID)
	if err != nil {
		return 0, err
	}
	var id int64
	err = o.changeWidget(ctx, who, ref, func(_ *store.Tx, w *ringback.Widget) error {
		id = w.ID
		return c.apply(w, account.Country, time.Now())
	})
	return id, err
}

// DeleteWidget deletes a widget. What hangs on it is ended by end in the same transaction; the history of its calls stays
// (row W17).
func (o *Office) DeleteWidget(ctx context.Context, who ringback.Actor, ref Ref, end func(*store.Tx, ringback.Widget) error) error {
	return o.changeWidget(ctx, who, ref, func(tx *store.Tx, w *ringback.Widget) error {
		w.DeletedAt = time.Now()
		return end(tx, *w)
	})
}

// changeWidget changes a widget that nobody else changes meanwhile.
func (o *Office) changeWidget(ctx context.Context, who ringback.Actor, ref Ref, change func(*store.Tx, *ringback.Widget) error) error {
	if err := rules(who); err != nil {
		return err
	}
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		w, err := widget(tx, who, ref)
		if err != nil {
			return err
		}
		if err := tx.LockWidget(w.ID); err != nil {
			return err
		}
		if w, err = widget(tx, who, ref); err != nil { // as whoever had the lock left it
			return err
		}
		if err := change(tx, &w); err != nil {
			return err
		}
		return known(tx.SaveWidget(w), "widget")
	})
}

// A WidgetRecord is a widget with all that is told of it.
type WidgetRecord struct {
	ringback.Widget
	Managers []ringback.Manager
	Calls    int // how many were ever ordered there
}

// Widgets returns widgets by their ids, at most limit after the first offset, and how many there are. A manager sees their
// own, and a key those that it is limited to (row S5).
func (o *Office) Widgets(ctx context.Context, who ringback.Actor, limit, offset int) (records []WidgetRecord, count int, err error) {
	filter := store.WidgetFilter{IDs: who.Widgets, Limit: limit, Offset: offset}
	if rules(who) != nil {
		filter.UserID = who.UserID
	}
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		widgets, n, err := tx.Widgets(who.AccountID, filter)
		if err != nil {
			return err
		}
		count = n
		records, err = withManagers(tx, who, widgets)
		return err
	})
	return records, count, err
}

// Widget returns one widget.
func (o *Office) Widget(ctx context.Context, who ringback.Actor, ref Ref) (r WidgetRecord, err error) {
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		w, err := widget(tx, who, ref)
		if err != nil {
			return err
		}
		if err := reach(tx, who, w.ID); err != nil {
			return err
		}
		records, err := withManagers(tx, who, []ringback.Widget{w})
		if err != nil {
			return err
		}
		r = records[0]
		return nil
	})
	return r, err
}

// withManagers adds to widgets what other tables know about them.
func withManagers(tx *store.Tx, who ringback.Actor, widgets []ringback.Widget) ([]WidgetRecord, error) {
	ids := make([]int64, len(widgets))
	for i, w := range widgets {
		ids[i] = w.ID
	}
	managers, err := tx.ManagersAt(who.AccountID, ids)
	if err != nil {
		return nil, err
	}
	counts, err := tx.CallCounts(who.AccountID, ids)
	if err != nil {
		return nil, err
	}
	records := make([]WidgetRecord, len(widgets))
	for i, w := range widgets {
		records[i] = WidgetRecord{w, managers[w.ID], counts[w.ID]}
	}
	return records, nil
}

// Seen notes that a page with the install snippet of a widget was opened. It counts where the page is on the website of
// the widget, and only the first time (row W15).
func (o *Office) Seen(ctx context.Context, publicID, page string) error {
	var w ringback.Widget
	err := o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		w, err = tx.WidgetAnywhere(publicID)
		return known(err, "widget")
	})
	if err != nil || !w.InstalledAt.IsZero() || hostOf(page) != hostOf(w.URL) {
		return err
	}
	return o.Store.Write(ctx, func(tx *store.Tx) error { return tx.SeeWidget(w.AccountID, w.ID, time.Now()) })
}

// hostOf returns the host of an address in lower case and without www, by which two pages are of the same website.
func hostOf(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
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

// widget finds a widget of the actor's account that their key reaches.
func widget(tx *store.Tx, who ringback.Actor, ref Ref) (w ringback.Widget, err error) {
	if ref.PublicID != "" {
		w, err = tx.WidgetByPublicID(who.AccountID, ref.PublicID)
	} else {
		w, err = tx.Widget(who.AccountID, ref.ID)
	}
	if err == nil && !who.Reaches(w.ID) {
		err = store.ErrNotFound
	}
	return w, known(err, "widget")
}

// Reach says, as a [ringback.Forbidden] error, that the actor has nothing to do with a widget: managers reach only
// those at which they are.
func (o *Office) Reach(ctx context.Context, who ringback.Actor, ref Ref) error {
	if rules(who) == nil && len(who.Widgets) == 0 {
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
