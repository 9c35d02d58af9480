package blob

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// LinkLife is how long a link in a webhook or in the history works.
const LinkLife = 7 * 24 * time.Hour

// Links signs links to recordings: whoever has one may listen, until it expires.
type Links struct {
	Base string // public URL of this server
	Key  []byte
}

// URL returns a link to a recording that works until the given instant.
func (l Links) URL(name string, until time.Time) string {
	expires := strconv.FormatInt(until.Unix(), 10)
	q := url.Values{"expires": {expires}, "signature": {l.sign(name, expires)}}
	return strings.TrimSuffix(l.Base, "/") + "/recordings/" + name + "?" + q.Encode()
}

// Check reports whether a link's query is signed for the recording and has not expired.
func (l Links) Check(name string, query url.Values, now time.Time) bool {
	expires := query.Get("expires")
	until, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || now.Unix() > until {
		return false
	}
	return hmac.Equal([]byte(query.Get("signature")), []byte(l.sign(name, expires)))
}

func (l Links) sign(name, expires string) string {
	mac := hmac.New(sha256.New, l.Key)
	mac.Write([]byte("recording\n" + name + "\n" + expires))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
