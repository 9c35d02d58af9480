package sip

import (
	gosip "github.com/emiago/sipgo/sip"
)

// phrases are the words that go with the codes that we send.
var phrases = map[int]string{
	gosip.StatusOK:                           "OK",
	gosip.StatusBadRequest:                   "Bad Request",
	gosip.StatusForbidden:                    "Forbidden",
	gosip.StatusMethodNotAllowed:             "Method Not Allowed",
	gosip.StatusCallTransactionDoesNotExists: "Call/Transaction Does Not Exist",
	gosip.StatusNotAcceptableHere:            "Not Acceptable Here",
	gosip.StatusRequestPending:               "Request Pending",
	gosip.StatusInternalServerError:          "Server Internal Error",
}

// serve handles a request from a trunk or a peer, in a goroutine of sipgo's.
func (u *UA) serve(req *gosip.Request, tx *gosip.ServerTx) {
	switch {
	case req.Method == gosip.ACK:
		tx.Terminate() // nothing answers an ACK, and sipgo 1.7.2 would keep its transaction for ever
		u.serveAck(req)
	case !valid(req):
		u.tally.malformed.Add(1)
		u.reply(req, tx, gosip.StatusBadRequest)
	case req.Method == gosip.BYE:
		u.serveBye(req, tx)
	case req.Method == gosip.INVITE, req.Method == gosip.UPDATE:
		u.serveOffer(req, tx)
	default:
		u.serveOther(req, tx)
	}
}

// serveOther handles what changes nothing.
func (u *UA) serveOther(req *gosip.Request, tx *gosip.ServerTx) {
	switch {
	case req.Method == gosip.OPTIONS:
		u.reply(req, tx, gosip.StatusOK, gosip.NewHeader("Accept", "application/sdp"))
	case req.Method == gosip.CANCEL: // one that fits a re-INVITE never comes here
		u.reply(req, tx, gosip.StatusCallTransactionDoesNotExists)
	case req.Method != gosip.INFO && req.Method != gosip.NOTIFY:
		u.reply(req, tx, gosip.StatusMethodNotAllowed)
	case u.within(req) == nil:
		u.reply(req, tx, gosip.StatusCallTransactionDoesNotExists)
	default:
		u.reply(req, tx, gosip.StatusOK) // digits come by RTP (RFC 4733), not by INFO
	}
}

// within finds the dialog of a request of a peer who has answered (RFC 3261 section 12.2.2).
func (u *UA) within(req *gosip.Request) *dialog {
	d := u.addressed(req)
	if d == nil || d.tagOfPeer() != tag(req.From().Params) {
		return nil
	}
	return d
}

// addressed finds the dialog whose names a request carries, whoever sent it.
func (u *UA) addressed(req *gosip.Request) *dialog {
	if req.CallID() == nil || req.From() == nil || req.To() == nil {
		return nil
	}
	d := u.find(req.CallID().Value())
	if d == nil || d.names.tag != tag(req.To().Params) {
		return nil
	}
	return d
}

// reply answers a request whose fate nobody follows: if the answer cannot be sent, the peer asks again.
func (u *UA) reply(req *gosip.Request, tx *gosip.ServerTx, code int, headers ...gosip.Header) {
	_ = tx.Respond(u.response(req, code, nil, headers...))
}

func (u *UA) response(req *gosip.Request, code int, body []byte, headers ...gosip.Header) *gosip.Response {
	res := gosip.NewResponseFromRequest(req, code, phrases[code], body)
	res.AppendHeader(gosip.NewHeader("Server", u.cfg.UserAgent))
	res.AppendHeader(gosip.NewHeader("Allow", allow))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if len(body) > 0 {
		res.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
	}
	return res
}

// serveBye hangs up. A BYE may overtake the 2xx that it follows: then it waits for the leg to hear of both.
func (u *UA) serveBye(req *gosip.Request, tx *gosip.ServerTx) {
	d := u.addressed(req)
	if d == nil {
		u.tally.unmatchedBye.Add(1)
		u.reply(req, tx, gosip.StatusCallTransactionDoesNotExists)
		return
	}
	u.reply(req, tx, gosip.StatusOK)
	if d.tagOfPeer() == "" {
		u.tally.byeBefore2xx.Add(1)
	}
	select {
	case d.byes <- tag(req.From().Params):
	case <-d.gone:
	case <-u.hard.Done():
	}
}

// serveAck handles an ACK of a 2xx of ours; the answer to our offer may be in it.
func (u *UA) serveAck(req *gosip.Request) {
	d := u.within(req)
	if d == nil || req.CSeq() == nil {
		return
	}
	d.mu.Lock()
	acked := d.unacked[req.CSeq().SeqNo]
	delete(d.unacked, req.CSeq().SeqNo)
	d.mu.Unlock()
	if acked != nil {
		acked <- req.Body()
	}
}
