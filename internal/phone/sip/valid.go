package sip

import (
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// maxName is the longest Call-ID or tag that we repeat, in bytes.
const maxName = 256

// sound reports whether an answer has what we go by, in a form that can be written back: sipgo 1.7.2 checks little of it.
func sound(res *gosip.Response) bool {
	from, to, id, seq := res.From(), res.To(), res.CallID(), res.CSeq()
	if from == nil || to == nil || id == nil || seq == nil || res.StatusCode < 100 || res.StatusCode > 699 {
		return false
	}
	if res.IsSuccess() && tag(to.Params) == "" {
		return false // it makes no dialog
	}
	return repeatable(id.Value()) && repeatable(tag(from.Params)) && len(tag(to.Params)) <= maxName &&
		printable(from.Value(), to.Value()) && len(from.Value()) <= 2*maxURI && len(to.Value()) <= 2*maxURI
}

// valid reports whether a request has what we and the transactions need, once each and of a sensible size
// (RFC 3261 section 8.1.1).
func valid(req *gosip.Request) bool {
	from, to, id, seq := req.From(), req.To(), req.CallID(), req.CSeq()
	switch {
	case from == nil, to == nil, id == nil, seq == nil, req.Via() == nil:
		return false
	case seq.MethodName != req.Method, tag(from.Params) == "", req.SipVersion != "SIP/2.0":
		return false
	case !repeatable(id.Value()), !repeatable(tag(from.Params)), len(tag(to.Params)) > maxName:
		return false
	}
	for _, name := range []string{"from", "to", "call-id", "cseq", "max-forwards", "content-length"} {
		if len(req.GetHeaders(name)) > 1 {
			return false
		}
	}
	return true
}

// repeatable reports whether a name can be written back: sipgo 1.7.2 lets a bare line feed or a NUL pass inside a header.
func repeatable(s string) bool { return s != "" && len(s) <= maxName && printable(s) }

// networkName is a transport as a Via header writes it.
func networkName(s string) string {
	if strings.EqualFold(s, "tcp") {
		return "TCP"
	}
	return "UDP"
}
