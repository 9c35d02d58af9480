package sip

import (
	"net/netip"
	"sync"

	gosip "github.com/emiago/sipgo/sip"
)

// dialog is one INVITE of a leg on one route and what comes of it. It is in the UA's table before the INVITE leaves,
// because sipgo 1.7.2 hands over each message in a goroutine of its own: a BYE may come before the 200 that it follows.
type dialog struct {
	ua    *UA
	trunk *Trunk // nil: it was made from an answer that nobody waited for
	names names
	way   hop // where the INVITE went
	from  gosip.FromHeader
	to    gosip.ToHeader
	line  gosip.Uri // the request line of the INVITE
	offer func(sdp []byte) ([]byte, error)
	heard func(sdp []byte) error

	byes chan string   // tags of peers that sent BYE
	gone chan struct{} // closed when the leg no longer listens to byes

	mu        sync.Mutex // guards what late answers and the peer's requests share with the leg
	cseq      uint32     // the last that we used
	invite    uint32     // CSeq of the INVITE that was answered
	auth      gosip.Header
	peer      peer
	remoteTag string
	confirmed bool                   // the 2xx may be acknowledged
	remote    uint32                 // the peer's last CSeq
	answering bool                   // an offer of the peer's is being answered
	unacked   map[uint32]chan []byte // 2xx of ours that wait for their ACK, by CSeq
	guests    []netip.Addr
}

func (u *UA) newDialog(i Invite, r route) *dialog {
	d := &dialog{
		ua: u, trunk: r.trunk, names: derive(i.Token, r.name()), way: r.hop, offer: i.OnOffer, heard: i.OnAnswer,
		byes: make(chan string), gone: make(chan struct{}), unacked: map[uint32]chan []byte{},
	}
	t := r.trunk.cfg
	_, d.line = address("", i.To, t.Host)
	d.line.Port = int(t.Port)
	if d.way.network == "TCP" {
		d.line.UriParams = gosip.HeaderParams{{K: "transport", V: "tcp"}}
	}
	d.to.Address = gosip.Uri{Scheme: "sip", User: d.line.User, Host: t.Host}
	d.from = caller(i, t)
	d.from.Params = gosip.HeaderParams{{K: "tag", V: d.names.tag}}
	d.peer = peer{target: d.line, hop: d.way}
	return d
}

// caller is the From of an INVITE. A hidden number is named only in P-Asserted-Identity (RFC 3323, RFC 3325).
func caller(i Invite, t TrunkConfig) gosip.FromHeader {
	if i.HideFrom {
		return gosip.FromHeader{DisplayName: "Anonymous", Address: gosip.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}}
	}
	var h gosip.FromHeader
	h.DisplayName, h.Address = address(i.Display, i.number(t), t.Host)
	return h
}

// number is the caller's number or user at this trunk.
func (i Invite) number(t TrunkConfig) string {
	if i.From != "" {
		return i.From
	}
	return t.caller()
}

// common adds the headers that every request of ours has. The caller adds From, To and what is special.
func (u *UA) common(req *gosip.Request, way hop, branch string) {
	via := &gosip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: way.network, Host: u.sentBy.Addr().String(), Port: int(u.sentBy.Port())}
	via.Params = gosip.HeaderParams{{K: "branch", V: branch}, {K: "rport"}}
	forwards := gosip.MaxForwardsHeader(70)
	req.AppendHeader(via)
	req.AppendHeader(&forwards)
	req.AppendHeader(gosip.NewHeader("User-Agent", u.cfg.UserAgent))
	u.aim(req, way)
}

// aim tells sipgo where a request goes and from which socket. sipgo 1.7.2 would open a second UDP socket without Laddr,
// and resolve a name again, perhaps to another address, without Destination.
func (u *UA) aim(req *gosip.Request, way hop) {
	req.SetTransport(way.network)
	req.SetDestination(way.addr.String())
	if way.network == "UDP" {
		req.Laddr = u.laddr
	}
}

func (u *UA) contact(network string) *gosip.ContactHeader {
	c := &gosip.ContactHeader{Address: gosip.Uri{Scheme: "sip", User: "ringback", Host: u.sentBy.Addr().String(), Port: int(u.sentBy.Port())}}
	if network == "TCP" {
		c.Address.UriParams = gosip.HeaderParams{{K: "transport", V: "tcp"}}
	}
	return c
}

// within is a request inside the dialog. The caller holds d.mu.
func (d *dialog) within(method gosip.RequestMethod, cseq uint32) *gosip.Request {
	req := d.peer.route(method)
	d.ua.common(req, d.peer.hop, gosip.GenerateBranch())
	callID := gosip.CallIDHeader(d.names.callID)
	to := d.to
	to.Params = gosip.HeaderParams{{K: "tag", V: d.remoteTag}}
	if d.remoteTag == "" {
		to.Params = nil
	}
	req.AppendHeader(&d.from)
	req.AppendHeader(&to)
	req.AppendHeader(&callID)
	req.AppendHeader(&gosip.CSeqHeader{SeqNo: cseq, MethodName: method})
	req.SetBody(nil)
	return req
}

// answered takes the peer out of the first 2xx, and from now on listens to its address.
func (d *dialog) answered(res *gosip.Response) {
	p := d.ua.peerOf(res, d.line, d.way)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remoteTag = tag(res.To().Params)
	d.invite = res.CSeq().SeqNo
	d.peer = p
	d.admit(p.hop.addr.Addr())
}

// tagOfPeer is the tag of the one who answered, empty if nobody has.
func (d *dialog) tagOfPeer() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remoteTag
}

// admit listens to an address for as long as the dialog is known. The caller holds d.mu, or is the only one who has d.
func (d *dialog) admit(ip netip.Addr) {
	d.ua.guests.admit(ip)
	d.guests = append(d.guests, ip)
}

// leave stops listening to the peer's addresses.
func (d *dialog) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ua.guests.dismiss(d.guests...)
	d.guests = nil
}
