package switchboard

import (
	"context"
	"sync"
	"testing"

	"github.com/ringback-hq/ringback/internal/store"
)

// write runs one transaction, which must not fail.
func write(t *testing.T, st *store.Store, f func(*store.Tx) error) {
	t.Helper()
	if err := st.Write(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func testContext(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(context.Background())
}

var promptsOnce = sync.OnceValues(LoadPrompts)

func loadedPrompts(t *testing.T) *Prompts {
	t.Helper()
	p, err := promptsOnce()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
