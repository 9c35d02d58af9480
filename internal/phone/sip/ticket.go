package sip

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	gosip "github.com/emiago/sipgo/sip"
)

// Ticket is what must be on disk before an INVITE leaves, so that another process can cancel it: see UA.CancelTicket.
type Ticket struct {
	Token  string `json:"token"`   // Invite.Token
	SentBy string `json:"sent_by"` // UA.SentBy of the process that rang
	To     string `json:"to"`      // Invite.To
}

// minToken is the length in bytes below which a token is refused: whoever guesses it can cancel or answer the call.
const minToken = 32

// names are the identifiers of one INVITE and its dialog; whoever has the token can work them out again.
type names struct {
	callID string
	tag    string // our tag
	stem   string
}

// derive works out the names of a leg's INVITE on one route. They must not depend on the order of trunks or addresses, which
// another process may see differently.
func derive(token string, route string) names {
	sum := sha256.Sum256([]byte(token + "/" + route))
	h := hex.EncodeToString(sum[:])
	return names{callID: h[:32], tag: h[32:48], stem: h[48:]}
}

// branch names the transaction of the INVITE with this CSeq number.
func (n names) branch(cseq uint32) string {
	return gosip.RFC3261BranchMagicCookie + n.stem + "." + strconv.FormatUint(uint64(cseq), 10)
}

// maxTargets is how many addresses of one trunk are tried.
const maxTargets = 4
