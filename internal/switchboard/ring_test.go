package switchboard

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback/internal/phone/phonetest"
)

// Three managers answer in the same instant, a hundred times over: each time one is greeted and joined, the visitor
// rings once, and whoever else answered is let go.
func TestThreeAnswerInTheSameInstant(t *testing.T) {
	t.Parallel()
	const calls = 100
	s := story{orders: map[string]time.Duration{}}
	for _, name := range []string{"anna", "eva", "jan"} {
		s.people = append(s.people, phonetest.Person{Name: name, Answers: 2 * time.Second})
	}
	for i := range calls {
		name := fmt.Sprint("visitor", i)
		s.people = append(s.people, phonetest.Person{Name: name, Answers: time.Second, Talks: 5 * time.Second})
		s.orders[name] = time.Duration(i) * 10 * time.Second
	}
	var log string
	synctest.Test(t, func(t *testing.T) { log = perform(t, s) })
	for what, want := range map[string]int{
		" hears manager.call": calls,
		" talks with ":        calls,
		" completed, ":        calls,
	} {
		if got := strings.Count(log, what); got != want {
			t.Errorf("%q happens %d times, want %d", what, got, want)
		}
	}
	answered, over := 0, 0
	for line := range strings.Lines(log) {
		switch f := strings.Fields(line); {
		case strings.HasPrefix(f[1], "visitor") || f[1] == "is":
		case strings.HasSuffix(line, "answers\n"):
			answered++
		case strings.HasSuffix(line, "is hung up\n"):
			over++
		}
	}
	if answered < calls || over != answered {
		t.Errorf("managers answered %d times and were hung up %d times", answered, over)
	}
}
