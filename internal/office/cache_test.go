package office

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestWhatIsRememberedIsASecondOldAtMost is why a revoked key works for a second at most.
func TestWhatIsRememberedIsASecondOldAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c cache[string, int]
		if _, ok := c.get("k"); ok {
			t.Error("an empty cache knows k")
		}
		c.put("k", 7)
		time.Sleep(time.Second - time.Nanosecond)
		if v, ok := c.get("k"); !ok || v != 7 {
			t.Errorf("just before: %d, %v", v, ok)
		}
		time.Sleep(time.Nanosecond)
		if v, ok := c.get("k"); ok {
			t.Errorf("a second later: %d", v)
		}
	})
}

func TestACacheDoesNotGrowForEver(t *testing.T) {
	t.Parallel()
	var c cache[int, int]
	for i := range 3 * mostCached {
		c.put(i, i)
	}
	if len(c.m) > mostCached {
		t.Errorf("%d are remembered", len(c.m))
	}
}
