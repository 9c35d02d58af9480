package sip

import (
	"errors"
	"fmt"
	"net/http"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

var (
	errNoPassword = errors.New("the trunk wants a password, and its configuration has none")
	errChallenge  = errors.New("the trunk's challenge cannot be answered: it must be Digest with MD5 or SHA-256")
	errNoAddress  = errors.New("the trunk has no address")
)

const (
	maxChallenge   = 2048 // bytes of a challenge that we read
	maxChallengers = 4    // challenges of one answer that we look at
)

// challenged reports whether an answer asks for a password.
func challenged(res *gosip.Response) bool {
	return res.StatusCode == gosip.StatusUnauthorized || res.StatusCode == gosip.StatusProxyAuthRequired
}

// authorize answers the first challenge that it can (RFC 3261 section 22, RFC 8760).
func (t TrunkConfig) authorize(res *gosip.Response, req *gosip.Request) (gosip.Header, error) {
	ask, answer := "WWW-Authenticate", "Authorization"
	if res.StatusCode == gosip.StatusProxyAuthRequired {
		ask, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	if t.Password == "" {
		return nil, errNoPassword
	}
	headers := http.Header{}
	for i, h := range res.GetHeaders(ask) {
		if i < maxChallengers && len(h.Value()) <= maxChallenge && printable(h.Value()) {
			headers.Add("WWW-Authenticate", h.Value())
		}
	}
	challenge, err := digest.FindChallenge(headers)
	if err != nil {
		return nil, errChallenge
	}
	user := t.User
	if user == "" {
		user = t.caller()
	}
	made, err := digest.Digest(challenge, digest.Options{
		Method: string(req.Method), URI: req.Recipient.String(), Username: user, Password: t.Password, Count: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("answer the trunk's challenge: %w", err)
	}
	return gosip.NewHeader(answer, made.String()), nil
}

// stale reports whether only the nonce of our credentials was too old (RFC 2617 section 3.2.1).
func stale(res *gosip.Response) bool {
	for _, name := range []string{"WWW-Authenticate", "Proxy-Authenticate"} {
		for i, h := range res.GetHeaders(name) {
			if i >= maxChallengers || len(h.Value()) > maxChallenge {
				break
			}
			if c, err := digest.ParseChallenge(h.Value()); err == nil && c.Stale {
				return true
			}
		}
	}
	return false
}
