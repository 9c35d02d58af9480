package office_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

func TestE17_ARepeatedRequestMakesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	_, other := found(t, o, "eve")
	ask := func(who ringback.Actor, once office.Once) (int64, error) {
		return o.CreateUser(t.Context(), who, office.NewUser{Name: "x", Tel: "888888888", Email: fmt.Sprintf("%d-%s@x.pl", who.UserID, once.BodyHash)}, once)
	}
	once := office.Once{Route: "POST users/create", Key: "k", BodyHash: []byte("one")}
	first, err := ask(who, once)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ask(who, once); err != nil || again != first {
		t.Errorf("the same again: %d, %v; want %d", again, err, first)
	}
	if _, err := ask(who, office.Once{Route: once.Route, Key: "k", BodyHash: []byte("two")}); codeOf(err) != ringback.CodeKeyReused {
		t.Errorf("another body: %v", err)
	}
	for name, tt := range map[string]struct {
		who  ringback.Actor
		once office.Once
	}{
		"another route":   {who, office.Once{Route: "POST x", Key: "k", BodyHash: []byte("three")}},
		"another key":     {who, office.Once{Route: once.Route, Key: "l", BodyHash: []byte("four")}},
		"another account": {other, once},
	} {
		if id, err := ask(tt.who, tt.once); err != nil || id == first {
			t.Errorf("%s: %d, %v", name, id, err)
		}
	}
	// What failed is not remembered: the same key may be used when the mistake is mended.
	bad := office.Once{Route: once.Route, Key: "m", BodyHash: []byte("one")}
	if _, err := ask(who, bad); codeOf(err) != ringback.CodeEmailTaken {
		t.Errorf("a taken e-mail: %v", err)
	}
	if _, err := ask(who, office.Once{Route: once.Route, Key: "m", BodyHash: []byte("mended")}); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func TestE17_TwoAtOnceMakeOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	ids := make([]int64, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			id, err := o.CreateWidget(t.Context(), who, office.NewWidget{URL: "https://a.pl"}, office.Once{Route: "r", Key: "k", BodyHash: []byte("b")})
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("made %v", ids)
		}
	}
}

func TestE17_AnAnswerIsForgottenAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		o := office.New(office.Config{Store: st})
		_, who := found(t, o, "ada")
		once := office.Once{Route: "r", Key: "k", BodyHash: []byte("b")}
		ask := func() int64 {
			id, err := o.CreateWidget(t.Context(), who, office.NewWidget{URL: "https://a.pl"}, once)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		first := ask()
		time.Sleep(24 * time.Hour)
		if again := ask(); again != first {
			t.Errorf("after a day: %d, want %d", again, first)
		}
		time.Sleep(time.Second)
		if later := ask(); later == first {
			t.Error("after more than a day: the same")
		}
	})
}
