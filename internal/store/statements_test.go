package store

import (
	"database/sql"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// registry is every statement of the package, by the variable that holds it.
var registry = map[string]any{
	"accountSQL": accountSQL, "answerSQL": answerSQL, "attemptSQL": attemptSQL, "callSQL": callSQL, "deliverySQL": deliverySQL,
	"departmentSQL": departmentSQL, "engagedSQL": engagedSQL, "feedbackSQL": feedbackSQL, "fieldSQL": fieldSQL, "historySQL": historySQL, "keySQL": keySQL, "legSQL": legSQL,
	"managerSQL": managerSQL, "messageSQL": messageSQL, "noteSQL": noteSQL, "probeSQL": probeSQL, "promptSQL": promptSQL, "queueSQL": queueSQL, "recordSQL": recordSQL, "recordingSQL": recordingSQL,
	"secretSQL": secretSQL, "staffSQL": staffSQL, "tagSQL": tagSQL, "templateSQL": templateSQL, "userSQL": userSQL, "webhookSQL": webhookSQL, "widgetSQL": widgetSQL,
}

// installationWide are the statements that may concern more than one account, and why.
var installationWide = map[string]string{
	"accountSQL.add":       "makes the account",
	"accountSQL.get":       "id is the account",
	"accountSQL.seats":     "id is the account",
	"accountSQL.order":     "id is the account",
	"userSQL.anywhere":     "an address is unique in the installation",
	"widgetSQL.anywhere":   "an id in a snippet is unique in the installation",
	"widgetSQL.those":      "a piece of widgetSQL.list",
	"keySQL.get":           "tells the account",
	"keySQL.touch":         "of a key that was found by keySQL.get",
	"recordingSQL.get":     "for holders of a signed address",
	"engagedSQL.end":       "of a call that the caller leads",
	"engagedSQL.endAll":    "of a call that the caller leads",
	"historySQL.tagCalls":  "a piece of historySQL.tagKeys",
	"historySQL.merge":     "around historySQL.keys",
	"attemptSQL.orphans":   "work of the process",
	"queueSQL.queues":      "work of the process",
	"queueSQL.next":        "work of the process",
	"deliverySQL.webhooks": "work of the process",
	"deliverySQL.later":    "work of the process",
	"answerSQL.forget":     "housekeeping",
	"secretSQL.get":        "of the installation",
	"secretSQL.add":        "of the installation",
	"probeSQL":             "of the installation",
}

func statements() map[string]string {
	found := map[string]string{}
	for name, holder := range registry {
		v := reflect.ValueOf(holder)
		if v.Kind() == reflect.String {
			found[name] = v.String()
			continue
		}
		for i := range v.NumField() {
			found[name+"."+v.Type().Field(i).Name] = v.Field(i).String()
		}
	}
	return found
}

func TestEveryStatementKeepsToItsAccount(t *testing.T) {
	t.Parallel()
	predicate := regexp.MustCompile(`\baccount_id = \$1\b`)
	inserted := regexp.MustCompile(`^INSERT INTO \w+ \([^)]*\baccount_id\b`)
	unused := maps.Clone(installationWide)
	for name, text := range statements() {
		keeps := predicate.MatchString(text) || inserted.MatchString(text)
		_, wide := installationWide[name]
		delete(unused, name)
		if keeps == wide {
			t.Errorf("%s: keeps to an account: %t, is installation-wide: %t", name, keeps, wide)
		}
	}
	for name := range unused {
		t.Errorf("%s is no statement", name)
	}
}

// TestNoStatementIsHidden sees to it that the test above sees all: those of sqldb know no table.
func TestNoStatementIsHidden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	engine, err := filepath.Glob("sqldb/*.go")
	if err != nil || len(engine) == 0 {
		t.Fatalf("the files of sqldb: %v, %v", engine, err)
	}
	table := regexp.MustCompile(`\b(FROM|INTO|UPDATE|JOIN)\s+\w+`)
	for _, file := range append(files, engine...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				_, known := registry[n.Names[0].Name]
				return !known
			case *ast.BasicLit:
				if table.MatchString(n.Value) {
					t.Errorf("%s: %s belongs into a variable of the registry", file, n.Value)
				}
			}
			return true
		})
	}
}

func TestStrangersChangeNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ours, theirs := newCompany(t, s), newCompany(t, s)
		ours.hook(t, nil)
		call := ours.placed(t, visitor(1), nil)
		a := ours.ringing(t, &call, "node", ours.anna.User.Tel)
		ours.tell(t, call, newCall)
		recording := ringback.Recording{AccountID: ours.account.ID, CallID: call.ID, Name: "a.wav"}
		write(t, s, func(tx *Tx) error { return tx.AddRecording(&recording) })
		due := dueNow(t, s)[0].Delivery

		stranger := theirs.account.ID
		leg := a.Legs[0]
		call.AccountID, a.AccountID, leg.AccountID, recording.AccountID, due.AccountID = stranger, stranger, stranger, stranger, stranger
		for name, f := range map[string]func(tx *Tx) error{
			"save call":    func(tx *Tx) error { return tx.SaveCall(call) },
			"claim":        func(tx *Tx) error { return tx.Claim(&call, "node") },
			"release":      func(tx *Tx) error { return tx.Release(call) },
			"save attempt": func(tx *Tx) error { return tx.SaveAttempt(a) },
			"save leg":     func(tx *Tx) error { return tx.SaveLeg(leg) },
			"recording":    func(tx *Tx) error { return tx.SaveRecording(recording) },
			"save try":     func(tx *Tx) error { return tx.SaveTry(due) },
			"overtake":     func(tx *Tx) error { return tx.Overtake(stranger, due.ID) },
			"tell":         func(tx *Tx) error { return tx.Tell(theirs.event(call, newCall)) },
		} {
			if err := s.Write(t.Context(), f); err == nil {
				t.Errorf("%s: a stranger did it", name)
			}
		}
		read(t, s, func(tx *Tx) error {
			attempts, err := tx.Attempts(stranger, call.ID)
			same(t, "attempts", attempts, []ringback.Attempt(nil))
			return err
		})
		ids, _ := theirs.history(t, HistoryFilter{CallIDs: []int64{call.ID}})
		same(t, "history", ids, []int64{})
	})
}

func TestHotStatementsUseAnIndex(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		fill(t, s)
		now := time.Now().UnixMilli()
		for name, tt := range map[string]struct {
			q      query
			args   []any
			index  string
			sorted bool // sorting is no harm: what is sorted is short
		}{
			"queues":         {queueSQL.queues, []any{now}, "calls_waiting|calls_due", true},
			"due calls":      {queueSQL.due, []any{1, 1, now, now, 1, 64}, "calls_waiting", false},
			"next due call":  {queueSQL.next, []any{now}, "calls_due", false},
			"webhooks":       {deliverySQL.webhooks, nil, "deliveries_due", true},
			"due deliveries": {deliverySQL.due, []any{1, 1, now, 16}, "deliveries_due", false},
			"next delivery":  {deliverySQL.later, []any{now}, "deliveries_next", false},
			"order":          {deliverySQL.order, []any{1, 1, 1}, "deliveries_order", true},
			"log":            {deliverySQL.log, []any{1, 999, 50}, "deliveries_log", false},
			"key":            {keySQL.get, []any{"k"}, "keys", false},
			"live call":      {callSQL.liveTo, []any{1, "+1"}, "calls_number", false},
			"live calls":     {callSQL.live, []any{1}, "calls_claimed", false},
			"dials":          {callSQL.dials, []any{1, "+1", now}, "legs_visitor", false},
			"orphans":        {attemptSQL.orphans, []any{"n"}, "attempts_open", true},
			"attempts":       {attemptSQL.of, []any{1, 1}, "attempts", false},
			"legs":           {legSQL.of, []any{1, 1}, "legs", true},
			"answer":         {answerSQL.get, []any{1, "r", "k"}, "answers", false},
			"old answers":    {answerSQL.forget, []any{now}, "answers_age", false},
			"engaged":        {engagedSQL.get, []any{1}, "engaged", false},
		} {
			plan := explained(t, s, tt.q, tt.args)
			if !regexp.MustCompile(`(?i)index \w*(` + tt.index + `)|Index.*(` + tt.index + `)`).MatchString(plan) {
				t.Errorf("%s: %s is not used:\n%s", name, tt.index, plan)
			}
			for line := range strings.Lines(plan) {
				scans := strings.Contains(line, "Seq Scan") || strings.Contains(line, "SCAN ") && !strings.Contains(line, "USING") &&
					!strings.Contains(line, "SCAN due") && !strings.Contains(line, "CONSTANT")
				sorts := strings.Contains(line, "Sort  ") || strings.Contains(line, "TEMP B-TREE")
				if scans || sorts && !tt.sorted {
					t.Errorf("%s: %s\nin\n%s", name, strings.TrimSpace(line), plan)
				}
			}
		}
	})
}

// fill writes enough to make reading all of it the worse way.
func fill(t *testing.T, s *Store) {
	t.Helper()
	c := newCompany(t, s)
	for range 20 {
		c.hook(t, nil)
	}
	write(t, s, func(tx *Tx) error {
		for i := range 100 {
			call := c.call(visitor(i))
			if err := tx.AddCall(&call); err != nil {
				return err
			}
			a := ringback.Attempt{AccountID: call.AccountID, CallID: call.ID, Number: 1, EndedAt: noon}
			if err := tx.AddAttempt(&a); err != nil {
				return err
			}
			if err := tx.Tell(c.event(call, newCall)); err != nil {
				return err
			}
		}
		return nil
	})
	alter(t, s, "UPDATE deliveries SET state = 'delivered', blocked = FALSE WHERE id % 10 > 0")
	for _, table := range []string{"calls", "attempts", "deliveries"} {
		alter(t, s, query("ANALYZE "+table))
	}
}

// explained returns how a database would run a statement. PostgreSQL reads small tables whole and sorts short lists, so
// that is forbidden where it has another way.
func explained(t *testing.T, s *Store, q query, args []any) string {
	t.Helper()
	lite := isSQLite(t, s)
	lines := get(t, s, func(tx *Tx) ([]string, error) {
		if lite {
			return sqldb.All(tx.db, func(r *sql.Rows) (line string, err error) {
				var unused any
				err = r.Scan(&unused, &unused, &unused, &line)
				return line, err
			}, "EXPLAIN QUERY PLAN "+q, slices.Clone(args)...)
		}
		for _, way := range []string{"seqscan", "bitmapscan", "sort"} {
			if _, err := tx.db.Exec(query(fmt.Sprintf("SET LOCAL enable_%s = off", way))); err != nil {
				return nil, err
			}
		}
		return sqldb.All(tx.db, func(r *sql.Rows) (line string, err error) {
			err = r.Scan(&line)
			return line, err
		}, "EXPLAIN "+q, slices.Clone(args)...)
	})
	return strings.Join(lines, "\n")
}
