package web

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/ringback-hq/ringback"
)

// A Limiter counts what each key does. The zero value keeps to [ringback.LimitRequests].
type Limiter struct {
	Limit ringback.Limit

	mu   sync.Mutex
	keys map[string]*rate.Limiter
}

// mostKeys is how many keys are counted before those that have been quiet are forgotten.
const mostKeys = 10_000

// Take counts one for the key, or returns a [ringback.Limited] error.
func (l *Limiter) Take(key string) error {
	_, err := l.take(key)
	return err
}

// TakeAndTell is [Limiter.Take]; it tells the caller how much is left (row E16).
func (l *Limiter) TakeAndTell(h http.Header, key string) error {
	left, err := l.take(key)
	h.Set("X-RateLimit-Limit", strconv.Itoa(l.limit().Count))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	return err
}

func (l *Limiter) take(key string) (left int, err error) {
	limiter, now := l.of(key), time.Now()
	if limiter.AllowN(now, 1) {
		return max(int(limiter.TokensAt(now)), 0), nil
	}
	missing := 1 - limiter.TokensAt(now)
	wait := time.Duration(math.Ceil(missing/float64(limiter.Limit()))) * time.Second
	return 0, &limitError{l.limit(), wait}
}

func (l *Limiter) of(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limiter, ok := l.keys[key]; ok {
		return limiter
	}
	if l.keys == nil {
		l.keys = map[string]*rate.Limiter{}
	}
	if len(l.keys) >= mostKeys {
		l.forget()
	}
	limit := l.limit()
	limiter := rate.NewLimiter(rate.Limit(float64(limit.Count)/limit.Per.Seconds()), limit.Count)
	l.keys[key] = limiter
	return limiter
}

// forget drops the keys that are as good as new.
func (l *Limiter) forget() {
	for key, limiter := range l.keys {
		if limiter.Tokens() >= float64(limiter.Burst()) {
			delete(l.keys, key)
		}
	}
}

func (l *Limiter) limit() ringback.Limit {
	if l.Limit.Count == 0 {
		return ringback.LimitRequests
	}
	return l.Limit
}
