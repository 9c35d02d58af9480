package sip

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback/internal/phone/gate"
)

// Config is how a UA listens. The zero value listens on the loopback at a free port.
type Config struct {
	Listen     netip.AddrPort // for UDP and TCP alike; port 0 is a free one
	Advertised netip.Addr     // what peers are told; zero is the address that Listen names
	UserAgent  string         // empty is "Ringback"
	Log        *slog.Logger   // nil is silence

	timing timing
	dns    dns
}

// UA is one SIP user agent: its sockets, its trunks and its legs.
type UA struct {
	cfg    Config
	log    *slog.Logger
	local  netip.AddrPort // where the UDP socket is bound
	sentBy netip.AddrPort // what our Via and Contact say
	laddr  gosip.Addr     // local, as sipgo wants it to choose the socket
	guests *guests
	tally  tally

	gate *gate.Gate
	tpl  *gosip.TransportLayer
	txl  *gosip.TransactionLayer

	ctx  context.Context // ends when Close begins
	stop context.CancelFunc
	hard context.Context // ends when Close has waited long enough
	kill context.CancelFunc

	live atomic.Int64 // legs not ended

	mu      sync.Mutex
	closed  bool
	dialogs map[string]*dialog // by Call-ID
	strays  map[string]bool    // answers being released, by Call-ID and tag
	trunks  int                // how many there are

	busy int           // legs, trunks and what they started: see begin
	idle chan struct{} // closed when all of them have ended after Close began

	closing sync.Once
	sockets sync.WaitGroup // the two listeners
}

// ErrClosed is returned once Close was called.
var ErrClosed = errors.New("sip: closed")

// Addr is the address that the UA listens on, for UDP and TCP.
func (u *UA) Addr() netip.AddrPort { return u.local }

// SentBy is the host and port that our requests name as their origin; it belongs into a Ticket.
func (u *UA) SentBy() string { return u.sentBy.String() }

// Legs counts the legs that have not ended.
func (u *UA) Legs() int { return int(u.live.Load()) }

// Close hangs up every leg, withdraws registrations, waits a moment for the answers, and closes the sockets.
func (u *UA) Close() {
	u.closing.Do(func() {
		u.begin(false)
		u.mu.Lock()
		u.closed = true
		u.mu.Unlock()
		u.end()
		u.stop()
		timer := time.AfterFunc(u.cfg.timing.farewell, u.kill)
		<-u.idle
		timer.Stop()
		u.kill()
		u.closeSockets()
		u.sockets.Wait()
	})
}

// begin counts work that Close waits for. Once Close was called nothing new may begin, and what is left to do (late)
// only while something else is still at work: then begin is false.
func (u *UA) begin(late bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed && (!late || u.busy == 0) {
		return false
	}
	u.busy++
	return true
}

func (u *UA) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.busy--; u.closed && u.busy == 0 {
		close(u.idle)
	}
}

// spawn runs f in a goroutine that Close waits for; it is false once Close was called.
func (u *UA) spawn(f func()) bool { return u.run(f, false) }

// conclude is spawn for what must still be said when Close was called.
func (u *UA) conclude(f func()) { _ = u.run(f, true) } // where nothing is at work any more, nobody waits for it

func (u *UA) run(f func(), late bool) bool {
	if !u.begin(late) {
		return false
	}
	go func() {
		defer u.end()
		f()
	}()
	return true
}

// keep puts a dialog into the table and listens to where its INVITE goes, even if the trunk moves meanwhile; false means that
// the token was used before.
func (u *UA) keep(d *dialog) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.dialogs[d.names.callID] != nil {
		return false
	}
	u.dialogs[d.names.callID] = d
	d.admit(d.way.addr.Addr())
	return true
}

func (u *UA) find(callID string) *dialog {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.dialogs[callID]
}

// forget takes a dialog out of the table once nothing can arrive for it any more (64*T1, RFC 3261 section 17.1.1.2).
func (u *UA) forget(d *dialog) {
	time.AfterFunc(u.cfg.timing.linger, func() {
		u.mu.Lock()
		delete(u.dialogs, d.names.callID)
		u.mu.Unlock()
		d.leave()
	})
}
