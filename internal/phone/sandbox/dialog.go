package sandbox

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback/internal/phone/gate"
)

// find returns the telephone that a request inside a dialog belongs to, or nil (RFC 3261 section 12.2.2).
func (c *Carrier) find(req *gosip.Request) *telephone {
	if req.CallID() == nil || req.From() == nil || req.To() == nil {
		return nil
	}
	c.mu.Lock()
	t := c.dialogs[req.CallID().Value()]
	c.mu.Unlock()
	if t == nil || tag(req.To().Params) != t.localTag() || tag(req.From().Params) != t.peer.tag {
		return nil
	}
	return t
}

// localTag is the one that prepare gave.
func (t *telephone) localTag() string { return tag(t.invite.To().Params) }

// acknowledge handles an ACK: of a 2xx of ours, or of nothing.
func (c *Carrier) acknowledge(req *gosip.Request) {
	t := c.find(req)
	if t == nil || req.CSeq() == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	acked := t.unacked[req.CSeq().SeqNo]
	if acked == nil {
		return
	}
	delete(t.unacked, req.CSeq().SeqNo)
	if t.late && len(req.Body()) > 0 {
		t.late = false
		_ = t.port.Accept(req.Body()) // a caller who does not understand us hears nothing
	}
	close(acked)
}

// expectAck prepares for the ACK of a 2xx that is about to leave.
func (t *telephone) expectAck(seq uint32) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	acked := make(chan struct{})
	t.unacked[seq] = acked
	return acked
}

// bye handles a caller who hangs up. One that crosses our own BYE is right, too.
func (c *Carrier) bye(req *gosip.Request, tx *gosip.ServerTx) {
	t := c.find(req)
	if t == nil {
		reply(req, tx, gosip.StatusCallTransactionDoesNotExists)
		return
	}
	reply(req, tx, gosip.StatusOK)
	t.end(errReleased)
}

// reoffer handles a re-INVITE or UPDATE: hold, resume, another address, or a sign of life.
func (c *Carrier) reoffer(req *gosip.Request, tx *gosip.ServerTx) {
	t := c.find(req)
	switch {
	case t == nil:
		reply(req, tx, gosip.StatusCallTransactionDoesNotExists)
	case !t.inOrder(req):
		reply(req, tx, gosip.StatusInternalServerError)
	default:
		t.renegotiate(req, tx)
	}
}

// inOrder reports whether the request is newer than all before (RFC 3261 section 12.2.2).
func (t *telephone) inOrder(req *gosip.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	seq := req.CSeq().SeqNo
	if seq <= t.remote {
		return false
	}
	t.remote = seq
	return true
}

func (t *telephone) renegotiate(req *gosip.Request, tx *gosip.ServerTx) {
	t.mu.Lock()
	port := t.port
	t.mu.Unlock()
	if port == nil {
		reply(req, tx, gosip.StatusRequestPending)
		return
	}
	if req.Method == gosip.UPDATE && len(req.Body()) == 0 { // only keeps the dialog alive (RFC 4028)
		reply(req, tx, gosip.StatusOK, t.contact())
		return
	}
	body, err := port.Answer(req.Body())
	if err != nil {
		reply(req, tx, gosip.StatusNotAcceptableHere)
		return
	}
	ok := t.ok(req, body)
	if req.Method == gosip.UPDATE {
		_ = tx.Respond(ok)
		return
	}
	t.mu.Lock()
	t.late = len(req.Body()) == 0
	t.mu.Unlock()
	t.insist(req, tx, ok)
}

// insist sends a 200 to a re-INVITE until it is acknowledged.
func (t *telephone) insist(req *gosip.Request, tx *gosip.ServerTx, ok *gosip.Response) {
	acked := t.expectAck(req.CSeq().SeqNo)
	again := newRepeat(t.carrier.cfg.timing)
	defer again.stop()
	for tx.Respond(ok) == nil {
		select {
		case <-acked:
			return
		case <-t.ctx.Done():
			return
		case <-again.C:
			if !again.next() {
				return
			}
		}
	}
}

// peer is the other side of a dialog: what its requests name and where they are sent (RFC 3261 section 12.1.1).
type peer struct {
	tag     string
	target  gosip.Uri      // Contact
	routes  []gosip.Header // Route headers, in order
	network string         // "UDP" or "TCP"
	addr    string         // where requests are sent
}

// Limits of what a peer may make us keep and repeat.
const (
	maxRoutes = 8
	maxURI    = 256
)

func (c *Carrier) peerOf(req *gosip.Request) peer {
	p := peer{tag: tag(req.From().Params), network: req.Transport(), addr: req.Source()}
	p.target = sourceURI(req.Source())
	if h := req.Contact(); h != nil && usable(&h.Address) {
		p.target = *h.Address.Clone()
	}
	next := &p.target
	for _, h := range req.GetHeaders("record-route") {
		if r, ok := h.(*gosip.RecordRouteHeader); ok && usable(&r.Address) && len(p.routes) < maxRoutes {
			p.routes = append(p.routes, &gosip.RouteHeader{Address: *r.Address.Clone()})
			if len(p.routes) == 1 {
				next = &r.Address
			}
		}
	}
	if p.network == "UDP" {
		p.addr = c.hop(next, p.addr)
	}
	return p
}

// sourceURI is the target of a caller without a usable Contact.
func sourceURI(source string) gosip.Uri {
	host, port, _ := net.SplitHostPort(source)
	n, _ := strconv.Atoi(port)
	return gosip.Uri{Scheme: "sip", Host: host, Port: n}
}

// usable reports whether a URI can be written into a request.
func usable(uri *gosip.Uri) bool {
	s := uri.String()
	return uri.Scheme == "sip" && uri.Host != "" && !uri.Wildcard && s == clean(s, maxURI) && !strings.ContainsAny(s, `<>",`)
}

// hop is where a URI leads, provided that those there may call us: nobody else gets packets on somebody's word. Failing
// that it is where the INVITE came from.
func (c *Carrier) hop(uri *gosip.Uri, source string) string {
	ip, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil || !c.guests.allowed(gate.Bare(ip)) || uri.Port < 0 || uri.Port > 65535 {
		return source
	}
	port := uint16(5060)
	if uri.Port != 0 {
		port = uint16(uri.Port)
	}
	return netip.AddrPortFrom(ip, port).String()
}

// within is a request of ours inside the dialog. There is only one, so its CSeq number is 1.
func (t *telephone) within(method gosip.RequestMethod) *gosip.Request {
	c, i := t.carrier, t.invite
	req := gosip.NewRequest(method, t.peer.target)
	via := &gosip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: t.peer.network, Host: c.host(), Port: int(c.Addr().Port())}
	via.Params = gosip.HeaderParams{{K: "branch", V: gosip.GenerateBranch()}, {K: "rport"}}
	from, to, id, forwards := i.To().AsFrom(), i.From().AsTo(), *i.CallID(), gosip.MaxForwardsHeader(70)
	headers := slices.Concat([]gosip.Header{via, &forwards}, t.peer.routes, []gosip.Header{
		&from, &to, &id, &gosip.CSeqHeader{SeqNo: 1, MethodName: method}, gosip.NewHeader("User-Agent", server),
	})
	for _, h := range headers {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	req.SetTransport(t.peer.network)
	req.SetDestination(t.peer.addr)
	if t.peer.network == "UDP" {
		req.Laddr = c.gate.Laddr()
	}
	return req
}

// host is our own address as others see it.
func (c *Carrier) host() string {
	ip := c.Addr().Addr()
	if ip.IsUnspecified() && c.cfg.Media.Advertised.IsValid() {
		ip = c.cfg.Media.Advertised
	}
	if ip.Is6() {
		return "[" + ip.String() + "]"
	}
	return ip.String()
}

func (t *telephone) contact() *gosip.ContactHeader {
	h := &gosip.ContactHeader{Address: gosip.Uri{Scheme: "sip", User: "sandbox", Host: t.carrier.host(), Port: int(t.carrier.Addr().Port())}}
	if t.peer.network != "UDP" {
		h.Address.UriParams = gosip.HeaderParams{{K: "transport", V: "tcp"}}
	}
	return h
}
