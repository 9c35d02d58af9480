package office

import (
	"sync"
	"time"
)

// freshFor is how long a change, such as the revocation of a key, may take to be noticed.
const freshFor = time.Second

// mostCached is how much a cache holds before it is emptied.
const mostCached = 10_000

// A cache remembers what was read for a second. The zero value is ready.
type cache[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]cached[V]
}

type cached[V any] struct {
	v  V
	at time.Time
}

func (c *cache[K, V]) get(k K) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.m[k]; ok && time.Since(e.at) < freshFor {
		return e.v, true
	}
	return v, false
}

func (c *cache[K, V]) put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= mostCached {
		c.m = map[K]cached[V]{}
	}
	c.m[k] = cached[V]{v, time.Now()}
}
