package office

import (
	"net/http"

	"github.com/ringback-hq/ringback"
)

// Admit lets in whoever has a good key and does not come too often. It is the same for all doors, so that a key is
// counted once, and tells the caller how many requests are left (row E16).
func (o *Office) Admit(w http.ResponseWriter, r *http.Request) (ringback.Actor, error) {
	key, err := o.recognise(r.Context(), r.Header.Get("Authorization"))
	who := key.actor
	if err != nil {
		return who, err
	}
	if err := o.onItsPage(r.Context(), key, r.Header.Get("Origin")); err != nil {
		return who, err
	}
	account, err := o.Account(r.Context(), who.AccountID)
	if err != nil || account.LimitsOff {
		return who, err
	}
	return who, o.requests.TakeAndTell(w.Header(), who.KeyID)
}
