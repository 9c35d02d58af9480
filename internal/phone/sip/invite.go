package sip

import (
	"maps"
	"slices"

	gosip "github.com/emiago/sipgo/sip"
)

// allow is what we understand.
const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY"

// compose makes the INVITE with the next CSeq number.
func (d *dialog) compose(i Invite) *gosip.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cseq++
	req := gosip.NewRequest(gosip.INVITE, d.line)
	d.ua.common(req, d.way, d.names.branch(d.cseq))
	callID := gosip.CallIDHeader(d.names.callID)
	from, to := d.from, d.to
	for _, h := range []gosip.Header{&from, &to, &callID, &gosip.CSeqHeader{SeqNo: d.cseq, MethodName: gosip.INVITE}, d.ua.contact(d.way.network)} {
		req.AppendHeader(h)
	}
	req.AppendHeader(gosip.NewHeader("Allow", allow))
	if i.HideFrom {
		d.hide(req, i)
	}
	if d.trunk.cfg.Sandbox {
		addPrivate(req, i.Headers)
	}
	if d.auth != nil {
		req.AppendHeader(d.auth)
	}
	req.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(i.Offer)
	return req
}

// hide names the caller to the trunk only (RFC 3323, RFC 3325).
func (d *dialog) hide(req *gosip.Request, i Invite) {
	_, self := address("", i.number(d.trunk.cfg), d.trunk.cfg.Host)
	req.AppendHeader(gosip.NewHeader("P-Asserted-Identity", "<"+self.String()+">"))
	req.AppendHeader(gosip.NewHeader("Privacy", "id"))
}

func addPrivate(req *gosip.Request, headers map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if h, ok := private(name, headers[name]); ok {
			req.AppendHeader(h)
		}
	}
}

// answerChallenge keeps the credentials for the next INVITE, its ACK and the BYE.
func (d *dialog) answerChallenge(res *gosip.Response) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	header, err := d.trunk.cfg.authorize(res, gosip.NewRequest(gosip.INVITE, d.line))
	if err != nil {
		return err
	}
	d.auth = header
	return nil
}

// cancel stops the ringing (RFC 3261 section 9.1). It does not wait: the final answer to the INVITE tells.
func (d *dialog) cancel(r Reason) {
	d.mu.Lock()
	req := d.cancelRequest(d.ua.sentBy.String(), d.cseq)
	d.mu.Unlock()
	if r != "" && printable(string(r)) {
		req.AppendHeader(gosip.NewHeader("Reason", cut(string(r), maxReason)))
	}
	d.ua.conclude(func() { d.ua.expect(req) })
}

// maxReason is the longest Reason header that we write, in bytes.
const maxReason = 256

// cancelRequest is the CANCEL of the INVITE with that CSeq number, which left from sentBy. Its Via must be the INVITE's,
// whoever sends it.
func (d *dialog) cancelRequest(sentBy string, cseq uint32) *gosip.Request {
	req := gosip.NewRequest(gosip.CANCEL, d.line)
	d.ua.common(req, d.way, d.names.branch(cseq))
	via := req.Via()
	if host, port, ok := splitHostPort(sentBy); ok {
		via.Host, via.Port = host, port
	}
	callID := gosip.CallIDHeader(d.names.callID)
	from, to := d.from, d.to
	for _, h := range []gosip.Header{&from, &to, &callID, &gosip.CSeqHeader{SeqNo: cseq, MethodName: gosip.CANCEL}} {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	return req
}
