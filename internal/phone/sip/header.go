package sip

import (
	"strings"
	"unicode/utf8"

	gosip "github.com/emiago/sipgo/sip"
)

// Limits of what we write into a header, in bytes: a carrier cuts longer ones anyway, and an INVITE must fit a datagram.
const (
	maxText = 64
	maxUser = 64
)

// clean makes s safe inside a quoted string or after a colon: sipgo 1.7.2 writes headers as they are, line breaks included.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || strings.ContainsRune("\"\\<>\u0085\u2028\u2029", r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(cut(s, maxText))
}

// cut shortens s to limit bytes without splitting a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// address is the one way from a person's words to a SIP address: what cannot stand in a header is dropped from the display name and escaped in the user part.
func address(display, user, host string) (string, gosip.Uri) {
	return clean(display), gosip.Uri{Scheme: "sip", User: escape(cut(user, maxUser)), Host: host}
}

// escape writes the user part of a URI: unreserved characters and "+" stay, all others become %XX (RFC 3261 section 25.1).
func escape(user string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(user) {
		if c := user[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteString(string([]byte{'%', hex[c>>4], hex[c&15]}))
		}
	}
	return b.String()
}

func plain(c byte) bool {
	return alphanumeric(c) || strings.IndexByte("-_.!~*'()+", c) >= 0
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// private is a header of the sandbox; ok is false if its name is not of the form X-Ringback-Word.
func private(name, value string) (_ gosip.Header, ok bool) {
	rest, ok := strings.CutPrefix(name, "X-Ringback-")
	if !ok || rest == "" || len(rest) > maxText {
		return nil, false
	}
	for i := range len(rest) {
		if !alphanumeric(rest[i]) && rest[i] != '-' {
			return nil, false
		}
	}
	return gosip.NewHeader(name, clean(value)), true
}

// printable reports whether a value from the network can be written back: sipgo 1.7.2 lets a bare line feed or a NUL pass inside a header.
func printable(values ...string) bool {
	for _, v := range values {
		for i := range len(v) {
			if v[i] < ' ' && v[i] != '\t' || v[i] == 0x7f {
				return false
			}
		}
	}
	return true
}

// tag is the tag parameter of a From or To header, empty if there is none.
func tag(p gosip.HeaderParams) string {
	t, _ := p.Get("tag")
	return t
}
