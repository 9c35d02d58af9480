package ringback

import (
	"slices"
	"time"
)

// A Key is a program's way in. Only a hash of its secret is kept.
type Key struct {
	ID                string // public part: 12 characters
	AccountID, UserID int64  // the user whose role it has
	Name              string
	Hash              []byte // SHA-256 of the secret
	Scopes            []Scope
	Widgets           []int64  // it reaches only these; none: all
	Publishable       bool     // it may stand in a public page: it only orders calls, at one widget
	Origins           []string // of the pages where a publishable key may stand, "https://example.com"
	ExposedAt         string   // origin of a page that used it although it is not publishable; empty: none
	CreatedAt         time.Time
	LastUsedAt        time.Time
	RevokedAt         time.Time // zero: in force
}

// A Scope is something that a key may do (API document, "Scopes").
type Scope string

// Every scope.
const (
	ScopeCallsView    Scope = "calls.view"
	ScopeManagersView Scope = "managers.view"
	ScopeManagersEdit Scope = "managers.edit"
	ScopeSMSView      Scope = "sms.view"
	ScopeSMSEdit      Scope = "sms.edit"
	ScopeVoiceView    Scope = "voice.view"
	ScopeVoiceEdit    Scope = "voice.edit"
	ScopeWidgetsView  Scope = "widgets.view"
	ScopeWidgetsEdit  Scope = "widgets.edit"
	ScopeWidgetsCall  Scope = "widgets.call"
)

// Scopes lists every scope, in the order of the API document.
var Scopes = []Scope{
	ScopeCallsView, ScopeManagersView, ScopeManagersEdit, ScopeSMSView, ScopeSMSEdit,
	ScopeVoiceView, ScopeVoiceEdit, ScopeWidgetsView, ScopeWidgetsEdit, ScopeWidgetsCall,
}

// An Actor is whoever asks: a user, or a program with a user's key.
type Actor struct {
	AccountID, UserID int64
	Role              Role
	KeyID             string
	Scopes            []Scope
	Widgets           []int64 // the key reaches only these; none: all of the account
	Publishable       bool    // the key is in a public page: anybody may have it
}

// May reports whether the actor has one of the scopes; no scopes at all means that none is needed, which is not enough
// for a publishable key.
func (a Actor) May(anyOf ...Scope) bool {
	if len(anyOf) == 0 {
		return !a.Publishable
	}
	return slices.ContainsFunc(anyOf, func(s Scope) bool { return slices.Contains(a.Scopes, s) })
}

// Reaches reports whether the actor's key is good for a widget. Whether their role is, is another question.
func (a Actor) Reaches(widget int64) bool {
	return len(a.Widgets) == 0 || slices.Contains(a.Widgets, widget)
}
