package sip

import (
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// serveOffer handles an INVITE or UPDATE: hold, resume, another address, or a sign of life. We take no calls.
func (u *UA) serveOffer(req *gosip.Request, tx *gosip.ServerTx) {
	d := u.addressed(req)
	switch {
	case d == nil && req.Method == gosip.INVITE && tag(req.To().Params) == "":
		u.reply(req, tx, gosip.StatusForbidden)
	case d == nil:
		u.reply(req, tx, gosip.StatusCallTransactionDoesNotExists)
	case d.tagOfPeer() == "":
		u.reply(req, tx, gosip.StatusRequestPending)
	case d.tagOfPeer() != tag(req.From().Params):
		u.reply(req, tx, gosip.StatusCallTransactionDoesNotExists)
	default:
		u.tally.reInvite.Add(1)
		d.renegotiate(req, tx)
	}
}

// renegotiate answers an offer in a dialog.
func (d *dialog) renegotiate(req *gosip.Request, tx *gosip.ServerTx) {
	switch d.turn(req) {
	case turnNow:
	case turnLate:
		d.ua.reply(req, tx, gosip.StatusInternalServerError)
		return
	case turnBusy:
		d.ua.reply(req, tx, gosip.StatusInternalServerError, gosip.NewHeader("Retry-After", "1"))
		return
	}
	body, ok := d.answerOffer(req)
	acked := d.decided(req, ok)
	if !ok {
		d.ua.reply(req, tx, gosip.StatusNotAcceptableHere)
		return
	}
	d.retarget(req)
	res := d.ua.response(req, gosip.StatusOK, body, d.ua.contact(networkName(req.Transport())))
	if req.Method == gosip.UPDATE {
		_ = tx.Respond(res)
		return
	}
	d.insist(req, tx, res, acked)
}

// answerOffer asks the leg's owner. An UPDATE without an offer is a sign of life; an INVITE without one asks for ours.
func (d *dialog) answerOffer(req *gosip.Request) (answer []byte, ok bool) {
	if req.Method == gosip.UPDATE && len(req.Body()) == 0 {
		return nil, true
	}
	if d.offer == nil {
		return nil, false
	}
	answer, err := d.offer(req.Body())
	if err != nil {
		d.ua.log.Info("offer in the dialog was refused", "err", err)
	}
	return answer, err == nil
}

type turn int

const (
	turnNow  turn = iota
	turnLate      // it is older than one that we have handled
	turnBusy      // another offer is being answered
)

// maxUnacked is how many answers may wait for their ACK. A request that comes after the answer to the one before may
// overtake the ACK of that one, because sipgo 1.7.2 hands over each message in a goroutine of its own.
const maxUnacked = 4

// turn decides whether a request may be handled now (RFC 3261 sections 12.2.2 and 14.2).
func (d *dialog) turn(req *gosip.Request) turn {
	d.mu.Lock()
	defer d.mu.Unlock()
	seq := req.CSeq().SeqNo
	if seq <= d.remote {
		return turnLate
	}
	d.remote = seq
	if d.answering || len(d.unacked) >= maxUnacked {
		return turnBusy
	}
	d.answering = true
	return turnNow
}

// decided ends the turn and returns what delivers the ACK of an accepted INVITE.
func (d *dialog) decided(req *gosip.Request, accepted bool) <-chan []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answering = false
	if !accepted || req.Method != gosip.INVITE {
		return nil
	}
	acked := make(chan []byte, 1) // room for the one ACK, so that nobody waits to hand it over
	d.unacked[req.CSeq().SeqNo] = acked
	return acked
}

// retarget follows a peer that has moved (RFC 3261 section 12.2.2).
func (d *dialog) retarget(req *gosip.Request) {
	c := req.Contact()
	if c == nil || !usable(&c.Address) {
		return
	}
	d.mu.Lock()
	p := d.peer
	d.mu.Unlock()
	p.target = *c.Address.Clone()
	p.hop = d.ua.hopOf(p, d.way)
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.hop.addr.Addr() != d.peer.hop.addr.Addr() {
		d.peer = p
		d.admit(p.hop.addr.Addr())
	}
	d.peer = p
}

// insist sends a 200 to a re-INVITE until it is acknowledged: transactions do not repeat it (RFC 3261 section 13.3.1.4).
func (d *dialog) insist(req *gosip.Request, tx *gosip.ServerTx, res *gosip.Response, acked <-chan []byte) {
	defer d.giveUpOn(req.CSeq().SeqNo)
	timing := d.ua.cfg.timing
	pause := timing.retransmit
	limit := time.NewTimer(64 * timing.retransmit)
	defer limit.Stop()
	again := time.NewTimer(pause)
	defer again.Stop()
	for tx.Respond(res) == nil {
		select {
		case answer := <-acked:
			d.take(req, answer)
			return
		case <-again.C:
			pause = min(2*pause, timing.retransmax)
			again.Reset(pause)
		case <-limit.C:
			d.ua.tally.lostAck.Add(1) // the sound still runs, so the call goes on
			return
		case <-d.gone:
			return
		case <-d.ua.hard.Done():
			return
		}
	}
}

func (d *dialog) giveUpOn(seq uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.unacked, seq)
}

// take hands over the answer to an offer that the peer had asked for, unless the peer has made one of its own since.
func (d *dialog) take(req *gosip.Request, answer []byte) {
	d.mu.Lock()
	last := d.remote
	d.mu.Unlock()
	if len(req.Body()) > 0 || len(answer) == 0 || d.heard == nil || last != req.CSeq().SeqNo {
		return
	}
	if err := d.heard(answer); err != nil {
		d.ua.log.Info("answer in the dialog was of no use", "err", err)
	}
}
