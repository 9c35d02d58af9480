package sandbox

import (
	"crypto/rand"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// phrases are the words that go with the codes that we send.
var phrases = map[int]string{
	gosip.StatusOK:                           "OK",
	gosip.StatusRinging:                      "Ringing",
	gosip.StatusSessionInProgress:            "Session Progress",
	gosip.StatusBadRequest:                   "Bad Request",
	gosip.StatusNotFound:                     "Not Found",
	gosip.StatusMethodNotAllowed:             "Method Not Allowed",
	gosip.StatusBadExtension:                 "Bad Extension",
	gosip.StatusTemporarilyUnavailable:       "Temporarily Unavailable",
	gosip.StatusCallTransactionDoesNotExists: "Call/Transaction Does Not Exist",
	gosip.StatusLoopDetected:                 "Loop Detected",
	gosip.StatusBusyHere:                     "Busy Here",
	gosip.StatusRequestTerminated:            "Request Terminated",
	gosip.StatusNotAcceptableHere:            "Not Acceptable Here",
	gosip.StatusRequestPending:               "Request Pending",
	gosip.StatusInternalServerError:          "Server Internal Error",
	gosip.StatusServiceUnavailable:           "Service Unavailable",
	gosip.StatusGlobalDecline:                "Decline",
}

const (
	allow  = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, UPDATE"
	server = "Ringback sandbox"

	// initial marks an INVITE that begins a dialog, between prepare and serve.
	initial = "X-Sandbox-Initial"
)

// prepare gives each new INVITE its To tag before anything answers it. sipgo 1.7.2 makes the 487 of a CANCEL by itself,
// and would put another tag into it than our 180 had (RFC 3261 section 8.2.6.2).
func prepare(msg gosip.Message) {
	req, ok := msg.(*gosip.Request)
	if !ok || req.Method != gosip.INVITE || req.To() == nil {
		return
	}
	for h := req.GetHeader(initial); h != nil; h = req.GetHeader(initial) {
		req.RemoveHeader(h.Name()) // a forged one, in whatever case
	}
	if to := req.To(); tag(to.Params) == "" {
		to.Params.Remove("tag")
		to.Params.Add("tag", rand.Text())
		req.AppendHeader(gosip.NewHeader(initial, "1"))
	}
}

// serve handles a request in a goroutine of sipgo's; an INVITE stays in it until its telephone is put down.
func (c *Carrier) serve(req *gosip.Request, tx *gosip.ServerTx) {
	if !c.enter() {
		tx.Terminate()
		return
	}
	defer c.work.Done()
	switch {
	case req.Method == gosip.ACK:
		tx.Terminate() // nothing answers an ACK, and sipgo 1.7.2 would keep its transaction for ever
		c.acknowledge(req)
	case !valid(req):
		c.tally.malformed.Add(1)
		reply(req, tx, gosip.StatusBadRequest)
	case req.Method == gosip.INVITE && req.GetHeader(initial) != nil:
		c.invite(req, tx)
	case req.Method == gosip.INVITE, req.Method == gosip.UPDATE:
		c.reoffer(req, tx)
	case req.Method == gosip.BYE:
		c.bye(req, tx)
	default:
		c.serveOther(req, tx)
	}
}

// serveOther handles what belongs to no telephone.
func (c *Carrier) serveOther(req *gosip.Request, tx *gosip.ServerTx) {
	switch req.Method {
	case gosip.OPTIONS:
		reply(req, tx, gosip.StatusOK, gosip.NewHeader("Accept", "application/sdp"))
	case gosip.REGISTER:
		reply(req, tx, gosip.StatusOK, bindings(req)...)
	case gosip.CANCEL: // one that fits an INVITE never comes here
		reply(req, tx, gosip.StatusCallTransactionDoesNotExists)
	default:
		reply(req, tx, gosip.StatusMethodNotAllowed)
	}
}

// Limits of what a caller may make us keep.
const (
	maxName    = 256 // Call-ID and tags, in bytes
	maxPrivate = 64  // X-Ringback-*
)

// valid reports whether a request has what we and the transactions need, once each and of a sensible size.
func valid(req *gosip.Request) bool {
	from, to, id, seq := req.From(), req.To(), req.CallID(), req.CSeq()
	switch {
	case from == nil, to == nil, id == nil, seq == nil, req.Via() == nil:
		return false
	case seq.MethodName != req.Method, tag(from.Params) == "":
		return false
	case !repeatable(id.Value()), !repeatable(tag(from.Params)), len(tag(to.Params)) > maxName:
		return false
	}
	return once(req, "from") && once(req, "to") && once(req, "call-id") && once(req, "cseq")
}

// repeatable reports whether a name can be written back: sipgo 1.7.2 lets a bare line feed or a NUL pass inside a header.
func repeatable(s string) bool { return s != "" && s == clean(s, maxName) }

func once(req *gosip.Request, header string) bool { return len(req.GetHeaders(header)) == 1 }

func tag(p gosip.HeaderParams) string {
	t, _ := p.Get("tag")
	return t
}

// private reads a header of ours.
func private(req *gosip.Request, name string) string {
	h := req.GetHeader(name)
	if h == nil {
		return ""
	}
	return strings.Clone(clean(h.Value(), maxPrivate))
}

// response makes an answer with our usual headers.
func response(req *gosip.Request, code int, headers ...gosip.Header) *gosip.Response {
	res := gosip.NewResponseFromRequest(req, code, phrases[code], nil)
	res.AppendHeader(gosip.NewHeader("Server", server))
	res.AppendHeader(gosip.NewHeader("Allow", allow))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	return res
}

// reply answers a request whose fate nobody follows: if the answer cannot be sent, the caller asks again.
func reply(req *gosip.Request, tx *gosip.ServerTx, code int, headers ...gosip.Header) {
	_ = tx.Respond(response(req, code, headers...))
}

// maxExpires is the longest registration, and the one of those who do not say, in seconds.
const maxExpires = 3600

// bindings are what a REGISTER asked for: everybody may register, and nothing is kept.
func bindings(req *gosip.Request) []gosip.Header {
	usual := seconds(headerValue(req, "expires"))
	var all []gosip.Header
	for _, h := range req.GetHeaders("contact") {
		contact, ok := h.(*gosip.ContactHeader)
		if !ok || contact.Address.Wildcard || len(all) == 8 {
			continue
		}
		contact = contact.Clone()
		expires := usual
		if own, ok := contact.Params.Get("expires"); ok {
			expires = seconds(own)
		}
		contact.Params.Add("expires", strconv.Itoa(expires))
		if expires > 0 {
			all = append(all, contact)
		}
	}
	return all
}

func headerValue(req *gosip.Request, name string) string {
	if h := req.GetHeader(name); h != nil {
		return h.Value()
	}
	return ""
}

func seconds(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return maxExpires
	}
	return min(n, maxExpires)
}
