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
}

// May reports whether the actor has one of the scopes; no scopes at all means that none is needed.
func (a Actor) May(anyOf ...Scope) bool {
	if len(anyOf) == 0 {
		return true
	}
	return slices.ContainsFunc(anyOf, func(s Scope) bool { return slices.Contains(a.Scopes, s) })
}
