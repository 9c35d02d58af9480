package sandbox

import (
	"context"
	"errors"
	"sync"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// telephone is one that was called, from its INVITE until it is put down. The goroutine of its INVITE owns it.
type telephone struct {
	carrier *Carrier
	invite  *gosip.Request
	tx      *gosip.ServerTx
	peer    peer
	does    behaviour

	number  ringback.Number
	party   ringback.Party
	call    string // X-Ringback-Call
	attempt string // X-Ringback-Attempt
	ring    int    // its number among the rings

	ctx  context.Context // ends when the caller gives up or hangs up, or the carrier closes
	end  context.CancelCauseFunc
	both chan struct{} // closed by met
	once sync.Once
	gone chan struct{} // closed when the carrier has forgotten the telephone

	body  []byte          // our description of the sound, once the port is open
	okay  *gosip.Response // our answer, and when it was acknowledged
	acked <-chan struct{}

	mu      sync.Mutex               // guards what the caller's requests share with the telephone
	port    *media.Port              // nil until it answers
	remote  uint32                   // the caller's last CSeq
	unacked map[uint32]chan struct{} // our 2xx that nobody has acknowledged, by CSeq; closed by the ACK
	late    bool                     // the ACK brings the answer to our offer
}

// Why a telephone was let go, as the cause of its ctx.
var (
	errCancelled = errors.New("the caller gave up")
	errReleased  = errors.New("the caller hung up")
)

// invite lets a telephone ring, and returns when it has been put down.
func (c *Carrier) invite(req *gosip.Request, tx *gosip.ServerTx) {
	if h := headerValue(req, "require"); h != "" {
		reply(req, tx, gosip.StatusBadExtension, gosip.NewHeader("Unsupported", clean(h, maxPrivate)))
		return
	}
	t := c.newTelephone(req, tx)
	defer t.end(nil)
	if code := c.keep(t); code != 0 {
		reply(req, tx, code)
		return
	}
	defer c.forget(t)
	t.ring = c.rings.add(Ring{Number: t.number, Party: t.party, CallID: t.call, Attempt: t.attempt, At: time.Now()})
	c.tally.invites.Add(1)
	t.note(Entry{Event: EventInvite})
	if !tx.OnCancel(func(*gosip.Request) { t.end(errCancelled) }) {
		t.end(errCancelled)
	}
	t.live()
}

func (c *Carrier) newTelephone(req *gosip.Request, tx *gosip.ServerTx) *telephone {
	t := &telephone{
		carrier: c, invite: req, tx: tx, peer: c.peerOf(req), number: numberOf(&req.Recipient),
		call: private(req, "x-ringback-call"), attempt: private(req, "x-ringback-attempt"),
		both: make(chan struct{}), gone: make(chan struct{}),
		remote: req.CSeq().SeqNo, unacked: map[uint32]chan struct{}{},
	}
	switch p := ringback.Party(private(req, "x-ringback-party")); p {
	case ringback.PartyManager, ringback.PartyVisitor:
		t.party = p
	}
	t.does = c.numbers[last4(t.number)]
	t.ctx, t.end = context.WithCancelCause(c.ctx)
	return t
}

// keep puts a telephone into the table, or returns the code that refuses it.
func (c *Carrier) keep(t *telephone) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := t.invite.CallID().Value()
	switch {
	case c.dialogs[id] != nil:
		return gosip.StatusLoopDetected // the same call by two ways (RFC 3261 section 8.2.2.2)
	case len(c.dialogs) >= c.cfg.limit, c.closed:
		return gosip.StatusServiceUnavailable
	}
	c.dialogs[id] = t
	return 0
}

func (c *Carrier) forget(t *telephone) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.dialogs, t.invite.CallID().Value())
	close(t.gone)
}

// live is the life of a telephone.
func (t *telephone) live() {
	defer t.silence()
	switch {
	case t.does.refuse != 0:
		t.refuse(t.does.refuse)
	case !t.rings():
	case t.does.denies != 0:
		t.refuse(t.does.denies)
	case t.answers():
		t.talk()
	}
}

// rings reports whether it rang long enough.
func (t *telephone) rings() bool {
	if t.does.early {
		if !t.speaks() {
			return false
		}
	} else {
		_ = t.tx.Respond(response(t.invite, gosip.StatusRinging, t.contact()))
	}
	wait := t.carrier.cfg.RingFor
	switch {
	case t.does.never:
		wait = t.carrier.cfg.timing.unanswered
	case t.does.rings != 0:
		wait = t.does.rings
	}
	select {
	case <-time.After(wait):
	case <-t.ctx.Done():
		t.stopsRinging()
		return false
	}
	if t.does.never {
		t.giveUp()
		_ = t.tx.Respond(response(t.invite, gosip.StatusTemporarilyUnavailable))
	}
	return !t.does.never
}

// stopsRinging because the caller gave up, whose CANCEL sipgo has answered, or because the carrier closes.
func (t *telephone) stopsRinging() {
	cause := context.Cause(t.ctx)
	if !errors.Is(cause, errCancelled) && !errors.Is(cause, errReleased) {
		t.refuse(gosip.StatusServiceUnavailable)
		return
	}
	t.carrier.tally.cancelled.Add(1)
	t.note(Entry{Event: EventCancel})
	if errors.Is(cause, errReleased) { // by a BYE, which a caller may send instead (RFC 3261 section 15.1.1)
		_ = t.tx.Respond(response(t.invite, gosip.StatusRequestTerminated))
	}
}

func (t *telephone) refuse(code int) {
	t.carrier.tally.refused.Add(1)
	t.note(Entry{Event: EventRefuse, Code: code})
	_ = t.tx.Respond(response(t.invite, code))
}

// giveUp records that nobody released the telephone.
func (t *telephone) giveUp() {
	t.carrier.tally.unreleased.Add(1)
	t.note(Entry{Event: EventTimeout})
}

// speaks lets the caller hear the network before the answer (early media, RFC 3960), unless there is no port for it.
func (t *telephone) speaks() bool {
	if !t.open() {
		return false
	}
	res := response(t.invite, gosip.StatusSessionInProgress, t.contact(), gosip.NewHeader("Content-Type", "application/sdp"))
	res.SetBody(t.body)
	_ = t.tx.Respond(res)
	if !t.carrier.cfg.NoAudio {
		t.port.Loop(t.carrier.sounds.network)
	}
	return true
}

// open opens the port for sound and describes it; where it cannot, the call is refused.
func (t *telephone) open() bool {
	if t.body != nil {
		return true
	}
	port, err := t.carrier.media.Open()
	if err != nil {
		t.carrier.cfg.Log.Warn("sandbox telephone has no port for sound", "number", t.number.Masked(), "error", err)
		t.refuse(gosip.StatusServiceUnavailable)
		return false
	}
	body, err := port.Answer(t.invite.Body())
	if err != nil {
		port.Close()
		t.refuse(gosip.StatusNotAcceptableHere)
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.port, t.body, t.late = port, body, len(t.invite.Body()) == 0
	return true
}

// silence closes the port for sound, if there is one.
func (t *telephone) silence() {
	t.mu.Lock()
	port := t.port
	t.mu.Unlock()
	if port != nil {
		port.Close()
	}
}

// answers reports whether the telephone was answered, rather than given up in the same instant.
func (t *telephone) answers() bool {
	c := t.carrier
	if !t.open() {
		return false
	}
	t.okay = t.ok(t.invite, t.body)
	t.acked = t.expectAck(t.invite.CSeq().SeqNo)
	if err := t.tx.Respond(t.okay); err != nil {
		t.crossed()
		return false
	}
	c.tally.answered.Add(1)
	c.rings.answered(t.ring)
	t.note(Entry{Event: EventAnswer})
	return true
}

// crossed is an answer that came too late, or could not be sent.
func (t *telephone) crossed() {
	if errors.Is(t.tx.Err(), gosip.ErrTransactionCanceled) {
		// sipgo 1.7.2 did not send our 200, but would repeat it in place of its 487.
		_ = t.tx.Respond(response(t.invite, gosip.StatusRequestTerminated))
		t.end(errCancelled)
	}
	t.stopsRinging()
}

// ok is a 200 with a description of our sound.
func (t *telephone) ok(req *gosip.Request, body []byte) *gosip.Response {
	res := response(req, gosip.StatusOK, t.contact(), gosip.NewHeader("Content-Type", "application/sdp"))
	res.SetBody(body)
	return res
}

// met tells the telephone that both parties have answered.
func (t *telephone) met() { t.once.Do(func() { close(t.both) }) }

// note writes into the journal.
func (t *telephone) note(e Entry) {
	e.Time, e.Number, e.Party, e.Call, e.Attempt = time.Now(), t.number, t.party, t.call, t.attempt
	e.Dialog = t.invite.CallID().Value()
	t.carrier.diary.write(e)
}
