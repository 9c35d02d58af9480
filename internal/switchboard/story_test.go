package switchboard

import (
	"cmp"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/phonetest"
	"github.com/ringback-hq/ringback/internal/store"
)

var update = flag.Bool("update", false, "write what happened into the stories")

// TestStories tells every story in testdata/stories and compares what happened.
//
// Above the line are the people: "anna answers after 4s", "jan never answers", "visitor is busy", "eva answers after
// 2s, hangs up after 1s", "visitor answers after 3s, talks 60s"; what is set: "widget call.algorithm findme",
// "prompt visitor.call on"; and who else orders a call: "visitor2 orders after 10s", "town has 3 lines". Everybody who is no visitor is a manager, on duty all the time.
// Below the line is what must happen.
func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			people, want, _ := strings.Cut(string(text), "--\n")
			var got string
			synctest.Test(t, func(t *testing.T) { got = perform(t, readStory(t, people)) })
			if *update {
				if err := os.WriteFile(file, []byte(people+"--\n"+got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("it happened otherwise.\ngot:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// A story is the part above the line.
type story struct {
	people   []phonetest.Person
	settings map[string]any
	prompts  map[string]bool // those that are switched
	orders   map[string]time.Duration
	lines    int // of the town; 0: as many as you like
}

func readStory(t *testing.T, text string) story {
	t.Helper()
	s := story{settings: map[string]any{}, prompts: map[string]bool{}, orders: map[string]time.Duration{"visitor": 0}}
	_, body, _ := strings.Cut(text, "\n\n")
	for line := range strings.Lines(body) {
		w := strings.Fields(strings.ReplaceAll(line, ",", ""))
		switch {
		case len(w) == 0:
		case w[0] == "widget":
			s.settings[w[1]] = w[2]
		case w[0] == "prompt":
			s.prompts[w[1]] = w[2] == "on"
		case w[0] == "town":
			if _, err := fmt.Sscan(w[2], &s.lines); err != nil {
				t.Fatal(err)
			}
		case w[1] == "orders":
			s.orders[w[0]] = duration(t, w[3])
		default:
			s.people = append(s.people, readPerson(t, w))
		}
	}
	return s
}

func readPerson(t *testing.T, w []string) phonetest.Person {
	t.Helper()
	p := phonetest.Person{Name: w[0], Never: w[1] == "never"}
	if w[1] == "is" {
		p.Fails = ringback.Outcome(w[2])
	}
	for i := range w {
		switch strings.Join(w[i:min(i+3, len(w))], " ") {
		case "hangs up after":
			p.Stays = duration(t, w[i+3])
		}
		switch {
		case w[i] == "answers" && i+2 < len(w) && w[i+1] == "after":
			p.Answers = duration(t, w[i+2])
		case w[i] == "talks":
			p.Talks = duration(t, w[i+1])
		}
	}
	return p
}

func duration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// perform lets a story happen in fake time, on a real store, and returns what happened.
func perform(t *testing.T, s story) string {
	t.Helper()
	v := newVillage(t, s)
	end := v.open(t)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for n := range s.orders {
			if !yield(n) {
				return
			}
		}
	}) {
		go func() {
			time.Sleep(s.orders[name])
			if _, err := v.board.Place(t.Context(), v.owner, Order{WidgetID: v.widget.ID, To: string(v.number[name])}); err != nil {
				v.town.Note(name, "is refused: "+err.Error())
			}
		}()
	}
	calls := v.untilAllEnded(t, len(s.orders))
	end()
	return v.town.Log() + v.summary(t, calls)
}

// A village is a town with a widget and its managers.
type village struct {
	town   *phonetest.Town
	board  *Switchboard
	store  *store.Store
	owner  ringback.Actor
	widget ringback.Widget
	hook   ringback.Webhook
	number map[string]ringback.Number
}

func newVillage(t *testing.T, s story) *village {
	t.Helper()
	v := &village{number: map[string]ringback.Number{}}
	v.town = &phonetest.Town{Start: time.Now(), Lines: s.lines, People: map[ringback.Number]phonetest.Person{}}
	st, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	v.store = st
	write(t, st, func(tx *store.Tx) error { return v.settle(tx, s) })
	v.board = New(Config{Store: st, Phone: v.town, Prompts: loadedPrompts(t), Log: slog.New(slog.DiscardHandler)}, "node-1")
	return v
}

// settle writes the account, the widget and its managers.
func (v *village) settle(tx *store.Tx, s story) error {
	a := ringback.Account{Company: "Village", Country: "PL", Zone: "UTC", LimitsOff: true, CreatedAt: time.Now()}
	if err := tx.AddAccount(&a); err != nil {
		return err
	}
	settings, err := ringback.Settings(nil).Merge(s.settings)
	if err != nil {
		return err
	}
	v.widget = ringback.Widget{AccountID: a.ID, PublicID: "w", URL: "https://village.example", Locale: "en", Enabled: true, Settings: settings}
	if err := tx.AddWidget(&v.widget); err != nil {
		return err
	}
	for name, on := range s.prompts {
		p := ringback.Prompt{AccountID: a.ID, WidgetID: v.widget.ID, Name: ringback.PromptName(name), Enabled: on}
		if err := tx.SavePrompt(&p); err != nil {
			return err
		}
	}
	v.owner = ringback.Actor{AccountID: a.ID, Role: ringback.RoleOwner, Scopes: ringback.Scopes}
	v.hook = ringback.Webhook{AccountID: a.ID, URL: "https://sink.example"}
	if err := tx.AddWebhook(&v.hook); err != nil {
		return err
	}
	for i, p := range s.people {
		n := ringback.Number(fmt.Sprintf("+4850000%04d", i+1))
		v.number[p.Name], v.town.People[n] = n, p
		if strings.HasPrefix(p.Name, "visitor") {
			continue
		}
		u := ringback.User{AccountID: a.ID, Name: p.Name, Tel: n, Role: ringback.RoleManager}
		if err := tx.AddUser(&u); err != nil {
			return err
		}
		m := ringback.Manager{AccountID: a.ID, WidgetID: v.widget.ID, UserID: u.ID, Enabled: true, Hours: allWeek()}
		if err := tx.SaveManager(&m); err != nil {
			return err
		}
	}
	return nil
}

func allWeek() ringback.Hours {
	hours := ringback.DefaultHours("UTC")
	for i := range hours {
		hours[i].Enabled, hours[i].Start, hours[i].End = true, 0, ringback.EndOfDay
	}
	return hours
}

// open runs the switchboard; the returned function stops it and waits.
func (v *village) open(t *testing.T) (end func()) {
	t.Helper()
	ctx, stop := testContext(t)
	done := make(chan struct{})
	go func() {
		v.board.Run(ctx, time.Hour)
		close(done)
	}()
	return func() { stop(); <-done }
}

// untilAllEnded waits until so many calls are final.
func (v *village) untilAllEnded(t *testing.T, n int) []ringback.Call {
	t.Helper()
	for deadline := time.Now().Add(time.Hour); time.Now().Before(deadline); {
		var calls []ringback.Call
		write(t, v.store, func(tx *store.Tx) error {
			records, _, err := tx.History(v.owner.AccountID, store.HistoryFilter{Limit: n})
			for _, r := range records {
				calls = append(calls, r.Call)
			}
			return err
		})
		open := slices.ContainsFunc(calls, func(c ringback.Call) bool { return !c.Status.Final() })
		if len(calls) >= n && !open {
			return calls
		}
		time.Sleep(time.Minute)
	}
	t.Fatalf("the calls did not end within an hour:\n%s", v.town.Log())
	return nil
}

// summary is how the calls ended and what the webhook is told of each, in order.
func (v *village) summary(t *testing.T, calls []ringback.Call) string {
	t.Helper()
	told := map[int64][]string{}
	write(t, v.store, func(tx *store.Tx) error {
		deliveries, err := tx.Deliveries(v.owner.AccountID, v.hook.ID, 1000)
		slices.Reverse(deliveries)
		for _, d := range deliveries {
			told[d.CallID] = append(told[d.CallID], string(d.Kind))
		}
		return err
	})
	slices.SortFunc(calls, func(a, b ringback.Call) int { return cmp.Compare(a.ID, b.ID) })
	var b strings.Builder
	for _, c := range calls {
		fmt.Fprintf(&b, "%s is called: %s, %s, attempts: %d, told: %s\n", v.town.People[c.To].Name, c.Status, c.Outcome, c.Attempts, strings.Join(told[c.ID], " "))
	}
	return b.String()
}
