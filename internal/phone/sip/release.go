package sip

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback/internal/phone/gate"
)

// expect sends a request whose answer does not matter to anybody.
func (u *UA) expect(req *gosip.Request) {
	ctx, cancel := context.WithTimeout(u.hard, u.cfg.timing.request)
	defer cancel()
	if _, err := u.ask(ctx, req); err != nil {
		u.log.Debug("request was not answered", "method", string(req.Method), "err", err)
	}
}

// acknowledge confirms the 2xx that made the dialog (RFC 3261 section 13.2.2.4), with the INVITE's credentials.
func (d *dialog) acknowledge() {
	d.mu.Lock()
	req := d.within(gosip.ACK, d.invite)
	if d.auth != nil {
		req.AppendHeader(d.auth)
	}
	d.mu.Unlock()
	if err := d.ua.tpl.WriteMsg(req); err != nil {
		d.ua.log.Warn("the answer was not acknowledged", "err", err) // the 2xx comes again, and with it another chance
	}
}

// confirm acknowledges the first 2xx; from now on its repetitions are acknowledged too.
func (d *dialog) confirm() {
	d.mu.Lock()
	d.confirmed = true
	d.mu.Unlock()
	d.acknowledge()
}

func (d *dialog) isConfirmed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.confirmed
}

// credentials are what the trunk wanted with the INVITE, if anything.
func (d *dialog) credentials() gosip.Header {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.auth
}

// bye ends the dialog. A trunk may want the password again.
func (d *dialog) bye(ctx context.Context, r Reason) error {
	res, err := d.ua.ask(ctx, d.farewell(r, nil))
	if err != nil {
		return err
	}
	if challenged(res) && d.trunk != nil {
		header, err := d.trunk.cfg.authorize(res, d.farewell(r, nil))
		if err != nil {
			return err
		}
		_, err = d.ua.ask(ctx, d.farewell(r, header))
		return err
	}
	return nil // 481 and the like: the dialog is over too
}

// farewell is the next BYE.
func (d *dialog) farewell(r Reason, auth gosip.Header) *gosip.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cseq++
	req := d.within(gosip.BYE, d.cseq)
	if r != "" && printable(string(r)) {
		req.AppendHeader(gosip.NewHeader("Reason", cut(string(r), maxReason)))
	}
	if auth != nil {
		req.AppendHeader(auth)
	}
	return req
}

// hangUp says goodbye without waiting for the answer.
func (d *dialog) hangUp(r Reason) {
	d.ua.conclude(func() {
		ctx, cancel := context.WithTimeout(d.ua.hard, d.ua.cfg.timing.request)
		defer cancel()
		if err := d.bye(ctx, r); err != nil {
			d.ua.log.Debug("BYE was not answered", "err", err)
		}
	})
}

// again handles a 2xx to an INVITE that one has already answered: the same one again, whose ACK was lost, or that of
// another telephone, which the network rang too (RFC 3261 section 13.2.2.4).
func (d *dialog) again(res *gosip.Response) {
	if !sound(res) || !res.IsSuccess() {
		return
	}
	switch d.tagOfPeer() {
	case "":
		select {
		case <-d.gone: // nobody waits any more
			d.ua.release(d.ua.dialogOf(res, d))
		default: // the leg is about to take the first one; this one comes again
		}
	case tag(res.To().Params):
		if d.isConfirmed() {
			d.ua.tally.reAck.Add(1)
			d.acknowledge()
		}
	default:
		if d.ua.release(d.ua.dialogOf(res, d)) {
			d.ua.tally.fork2xx.Add(1)
		}
	}
}

// stray handles answers whose INVITE is over, or was another process's.
func (u *UA) stray(res *gosip.Response) {
	if !sound(res) || res.CSeq().MethodName != gosip.INVITE || res.IsProvisional() {
		return
	}
	if !res.IsSuccess() {
		u.acknowledgeRefusal(res)
		return
	}
	if d := u.find(res.CallID().Value()); d != nil {
		d.again(res)
		return
	}
	if d := u.dialogOf(res, nil); u.release(d) {
		u.tally.stray2xx.Add(1)
	}
}

// dialogOf is the dialog that a 2xx makes, be it of another telephone than the one that counts or of an INVITE that we
// know nothing of. known is the dialog of its INVITE, if we know it.
func (u *UA) dialogOf(res *gosip.Response, known *dialog) *dialog {
	d := &dialog{ua: u, from: *res.From(), to: gosip.ToHeader{Address: res.To().Address}, cseq: res.CSeq().SeqNo}
	d.names.callID = res.CallID().Value()
	d.line = d.to.Address
	d.way = hop{addr: source(res), network: networkName(res.Transport())}
	if known != nil {
		d.trunk, d.way, d.line, d.auth = known.trunk, known.way, known.line, known.credentials()
	}
	d.answered(res)
	return d
}

// release confirms an answer that nobody wants and hangs it up. It is false if that one is being released already.
func (u *UA) release(d *dialog) bool {
	d.acknowledge()
	key := d.names.callID + " " + d.remoteTag
	u.mu.Lock()
	known := u.strays[key]
	if !known && len(u.strays) < maxStrays {
		u.strays[key] = true
	}
	u.mu.Unlock()
	if known {
		d.leave()
		return false
	}
	d.hangUp("")
	time.AfterFunc(u.cfg.timing.linger, func() {
		u.mu.Lock()
		delete(u.strays, key)
		u.mu.Unlock()
		d.leave()
	})
	return true
}

// maxStrays is how many released answers are remembered; more at once would be an attack.
const maxStrays = 10000

// acknowledgeRefusal confirms a refusal of an INVITE whose transaction is over, so that it stops coming
// (RFC 3261 section 17.1.1.3).
func (u *UA) acknowledgeRefusal(res *gosip.Response) {
	via := res.Via()
	if via == nil || !printable(via.Value()) {
		return
	}
	line := res.To().Address
	if d := u.find(res.CallID().Value()); d != nil {
		line = d.line
	}
	branch, _ := via.Params.Get("branch")
	req := gosip.NewRequest(gosip.ACK, line)
	u.common(req, hop{addr: source(res), network: networkName(res.Transport())}, branch)
	req.Via().Host, req.Via().Port = via.Host, via.Port
	from, to, id := *res.From(), *res.To(), *res.CallID()
	for _, h := range []gosip.Header{&from, &to, &id, &gosip.CSeqHeader{SeqNo: res.CSeq().SeqNo, MethodName: gosip.ACK}} {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	_ = u.tpl.WriteMsg(req) // the refusal comes again if this is lost
}

// source is where a message came from.
func source(m gosip.Message) netip.AddrPort {
	at, _ := netip.ParseAddrPort(m.Source())
	return netip.AddrPortFrom(gate.Bare(at.Addr()), at.Port())
}

func splitHostPort(s string) (host string, port int, ok bool) {
	host, text, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return host, int(n), err == nil && n > 0
}
