package office

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// NewKey asks for a key. Its user, whose role it has, is named by an id or an e-mail address; by neither: the owner.
type NewKey struct {
	AccountID int64
	UserID    int64
	Email     string
	Name      string
	Scopes    []ringback.Scope // nil: all

	Widgets     []int64  // the only ones that it reaches; none: all
	Publishable bool     // it may stand in a public page: it only orders calls, at one widget, from its Origins
	Origins     []string // of the pages where it may stand, "https://example.com"
}

// CreateKey makes a key and returns its text, which is not kept and cannot be shown again.
func (o *Office) CreateKey(ctx context.Context, in NewKey) (text string, err error) {
	err = o.Store.Write(ctx, func(tx *store.Tx) (err error) {
		text, err = addKey(tx, in)
		return err
	})
	return text, err
}

func addKey(tx *store.Tx, in NewKey) (string, error) {
	user, err := keyUser(tx, in)
	if err != nil {
		return "", known(err, "user")
	}
	if err := in.check(tx); err != nil {
		return "", err
	}
	id, secret := random62(12), random62(43) // 43 characters hold 32 bytes
	key := ringback.Key{
		ID: id, AccountID: in.AccountID, UserID: user.ID, Name: in.Name, Hash: hashOf(secret), Scopes: in.Scopes,
		Widgets: in.Widgets, Publishable: in.Publishable, Origins: in.Origins, CreatedAt: time.Now(),
	}
	return spell(id, secret), tx.AddKey(key)
}

func keyUser(tx *store.Tx, in NewKey) (ringback.User, error) {
	switch {
	case in.UserID != 0:
		return tx.User(in.AccountID, in.UserID)
	case in.Email != "":
		return tx.UserByEmail(in.AccountID, in.Email)
	default:
		return tx.Owner(in.AccountID)
	}
}

// seenKey is a key that was looked up a moment ago.
type seenKey struct {
	hash    []byte
	actor   ringback.Actor
	origins []string
	exposed bool // a page was seen that uses it although it is not publishable
}

// errUnknownKey says the same of every bad key.
var errUnknownKey = &ringback.Error{
	Kind: ringback.Unauthorized, Code: ringback.CodeUnauthorized, Detail: "The API key is missing, unknown or revoked.",
}

// Authenticate finds out who asks, by the header Authorization: a key as it is, or after "Bearer" in whatever case
// (row S1). A revoked key works for a second at most.
func (o *Office) Authenticate(ctx context.Context, header string) (ringback.Actor, error) {
	key, err := o.recognise(ctx, header)
	return key.actor, err
}

func (o *Office) recognise(ctx context.Context, header string) (seenKey, error) {
	id, secret, ok := readKey(header)
	if !ok {
		return seenKey{}, errUnknownKey
	}
	key, ok := o.seen.get(id)
	if !ok {
		var err error
		if key, err = o.lookUp(ctx, id); err != nil {
			return seenKey{}, err
		}
	}
	if subtle.ConstantTimeCompare(key.hash, hashOf(secret)) != 1 {
		return seenKey{}, errUnknownKey
	}
	return key, nil
}

func (o *Office) lookUp(ctx context.Context, id string) (seenKey, error) {
	var key ringback.Key
	var user ringback.User
	err := o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		key, user, err = tx.Key(id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return seenKey{}, errUnknownKey
	}
	if err != nil {
		return seenKey{}, fmt.Errorf("look up a key: %w", err)
	}
	found := seenKey{hash: key.Hash, origins: key.Origins, exposed: key.ExposedAt != "", actor: ringback.Actor{
		AccountID: key.AccountID, UserID: user.ID, Role: user.Role, KeyID: key.ID, Scopes: key.Scopes,
		Widgets: key.Widgets, Publishable: key.Publishable,
	}}
	o.seen.put(id, found)
	o.touch(ctx, key)
	return found, nil
}

// touch notes that a key is in use, once a minute. Nobody is refused because it cannot be noted.
func (o *Office) touch(ctx context.Context, key ringback.Key) {
	now := time.Now()
	if now.Sub(key.LastUsedAt) < time.Minute {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := o.Store.Write(ctx, func(tx *store.Tx) error { return tx.TouchKey(key.ID, now) })
	if err != nil {
		o.Log.WarnContext(ctx, "the use of a key could not be noted", "key_id", key.ID, "err", err)
	}
}

// keyPrefix begins every key, so that people and scanners know what it is.
const keyPrefix = "rbk"

// spell writes a key: rbk, its id, its secret and a checksum that finds a slip of the pen.
func spell(id, secret string) string {
	head := keyPrefix + "_" + id + "_" + secret
	return head + "_" + base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(head)))), 6)
}

// readKey reads the header Authorization.
func readKey(header string) (id, secret string, ok bool) {
	text := strings.TrimSpace(header)
	if scheme, rest, found := strings.Cut(text, " "); found && strings.EqualFold(scheme, "Bearer") {
		text = strings.TrimSpace(rest)
	}
	parts := strings.Split(text, "_")
	if len(parts) != 4 || parts[0] != keyPrefix || text != spell(parts[1], parts[2]) {
		return "", "", false
	}
	return parts[1], parts[2], true
}

// hashOf is all that is kept of a secret. It is 256 random bits, so a slow hash would gain nothing.
func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// random62 returns n random letters and digits.
func random62(n int) string {
	most := new(big.Int).Exp(big.NewInt(62), big.NewInt(int64(n)), nil)
	v, err := rand.Int(rand.Reader, most)
	if err != nil { // crypto/rand never fails
		v = new(big.Int)
	}
	return base62(v, n)
}

func base62(v *big.Int, width int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := make([]byte, width)
	rest, digit := new(big.Int).Set(v), new(big.Int)
	for i := range b {
		rest.DivMod(rest, big.NewInt(62), digit)
		b[width-1-i] = digits[digit.Int64()]
	}
	return string(b)
}
