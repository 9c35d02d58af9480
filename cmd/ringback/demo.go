package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

// What the demo account has. The numbers are valid Polish ones; the sandbox answers them.
const (
	demoOwner   = "+48500000001"
	demoManager = "+48500000002"
	demoVisitor = "+48500000003"
	demoKeyFile = "demo.key"
)

var demoText = template.Must(template.New("demo").Parse(`
Ringback is up: {{.URL}}
API key of the demo account: {{.Key}}

Order a call; two imaginary telephones will ring, be joined, and talk for a few seconds:

  curl -s {{.URL}}/api/v1/external/widgets/call -H 'Authorization: {{.Key}}' -d id={{.Widget}} --data-urlencode tel={{.Visitor}}

Ten seconds later look at what became of it, with the id that it answered; "recording" is a link to the sound:

  curl -s '{{.URL}}/api/v3/external/calls/1?pretty_output=1' -H 'Authorization: {{.Key}}'

All calls:

  curl -s '{{.URL}}/api/v3/external/calls/history?pretty_output=1' -H 'Authorization: {{.Key}}'

Stop with Ctrl-C.

`))

// welcome makes the demo account where the database is empty, and prints how to try it.
func (c *serveCmd) welcome(ctx context.Context, o *outputs, s *server) error {
	if !c.Demo {
		return nil
	}
	file := filepath.Join(c.Data, demoKeyFile)
	key, err := os.ReadFile(file) //nolint:gosec // a file of our own directory
	if errors.Is(err, fs.ErrNotExist) {
		key, err = c.makeDemo(ctx, s, file)
	}
	if err != nil {
		return err
	}
	secret, widget, _ := strings.Cut(strings.TrimSpace(string(key)), " ")
	return demoText.Execute(o.out, map[string]string{"URL": c.PublicURL, "Key": secret, "Widget": widget, "Visitor": demoVisitor})
}

// makeDemo makes an account, a widget and two managers who are always on duty. Its key is kept in the data
// directory, because the demo prints it at every start.
func (c *serveCmd) makeDemo(ctx context.Context, s *server, file string) ([]byte, error) {
	made, err := s.office.CreateAccount(ctx, office.NewAccount{
		Company: "Demo", Name: "Olga Owner", Email: "owner@demo.example", Tel: demoOwner, LimitsOff: true,
	})
	if err != nil {
		return nil, err
	}
	widget := ringback.Widget{
		AccountID: made.Account.ID, PublicID: office.NewPublicID(), URL: c.PublicURL, Description: "Demo", Locale: "en",
		Enabled: true, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	anna := ringback.User{
		AccountID: made.Account.ID, ParentID: made.Owner.ID, Name: "Anna", Tel: demoManager, Role: ringback.RoleManager,
		CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		if err := errors.Join(tx.AddWidget(&widget), tx.AddUser(&anna)); err != nil {
			return err
		}
		for _, user := range []int64{made.Owner.ID, anna.ID} {
			m := ringback.Manager{AccountID: made.Account.ID, WidgetID: widget.ID, UserID: user, Enabled: true, Hours: always()}
			if err := tx.SaveManager(&m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	key := fmt.Appendf(nil, "%s %d\n", made.Key, widget.ID)
	return key, os.WriteFile(file, key, 0o600)
}

// always are hours without an end.
func always() ringback.Hours {
	hours := ringback.DefaultHours("UTC")
	for i := range hours {
		hours[i].Enabled, hours[i].Start, hours[i].End = true, 0, ringback.EndOfDay
	}
	return hours
}
