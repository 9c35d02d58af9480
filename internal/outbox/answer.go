package outbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ringback-hq/ringback/internal/fetch"
)

const (
	longestAsked  = time.Hour // the longest Retry-After that is honoured
	longestReason = 4 << 10   // bytes
)

// An answer is how a try ended.
type answer struct {
	verdict verdict
	status  int           // 0: there was no answer
	reason  string        // why it failed, for a person
	after   time.Duration // how long the webhook asked to be left alone
}

// A verdict is what an answer says of its webhook.
type verdict int

const (
	delivered verdict = iota
	refused           // it is there, and does not want this event
	throttled         // it wants fewer at once
	broken            // it does not work
	gone              // it wants nothing any more
)

// judge turns a status into a verdict.
func judge(status int) verdict {
	switch {
	case status >= 200 && status < 300:
		return delivered
	case status == http.StatusGone:
		return gone
	case status == http.StatusTooManyRequests, status == http.StatusBadGateway,
		status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return throttled
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return broken
	case status >= 400 && status < 500:
		return refused
	default:
		return broken
	}
}

// read turns what came back from a POST into an answer.
func read(r fetch.Response, err error, now time.Time) answer {
	if err != nil {
		return answer{verdict: broken, reason: plain(err.Error())}
	}
	a := answer{verdict: judge(r.Status), status: r.Status}
	if a.verdict != delivered {
		a.reason = describe(r)
	}
	if a.verdict == throttled {
		a.after = retryAfter(r.Header.Get("Retry-After"), now)
	}
	return a
}

func describe(r fetch.Response) string {
	text := strings.TrimSpace(fmt.Sprintf("answered %d %s", r.Status, http.StatusText(r.Status)))
	if body := strings.TrimSpace(string(r.Body)); body != "" {
		text += ": " + body
	}
	return plain(text)
}

// plain makes what a stranger wrote safe to store, log and show: one line, no control characters, not too long.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			return r
		}
		return ' '
	}, text)
	return strings.ToValidUTF8(text[:min(len(text), longestReason)], "")
}

// retryAfter reads a Retry-After (RFC 9110 section 10.2.3), in seconds or as a date.
func retryAfter(value string, now time.Time) time.Duration {
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), longestAsked)
	}
	seconds, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, longestAsked)
}
