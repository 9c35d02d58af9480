package sip

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// keepPinged asks a trunk that has been quiet for a while whether it is there (RFC 3261 section 11).
func (t *Trunk) keepPinged() {
	timing := t.ua.cfg.timing
	for {
		quiet, probing := t.quiet()
		wait := max(timing.pingUp-quiet, timing.pingProbe)
		if probing {
			wait = timing.pingProbe
		}
		if !t.pause(wait) {
			return
		}
		if quiet, probing := t.quiet(); probing || quiet >= timing.pingUp {
			t.ping()
		}
	}
}

// ping sends an OPTIONS to the trunk's addresses until one answers. Any final answer below 500 is a sign of life.
func (t *Trunk) ping() {
	for _, h := range t.hops() {
		ctx, cancel := context.WithTimeout(t.ua.ctx, t.ua.cfg.timing.pingAnswer)
		res, err := t.ua.ask(ctx, t.request(gosip.OPTIONS, h, gosip.GenerateTagN(24), 1))
		cancel()
		if err == nil && res.StatusCode < 500 {
			t.alive()
			return
		}
	}
	if t.ua.ctx.Err() == nil {
		t.missed()
	}
}

// request is one outside any dialog, to the trunk itself.
func (t *Trunk) request(method gosip.RequestMethod, way hop, callID string, cseq uint32) *gosip.Request {
	line := gosip.Uri{Scheme: "sip", Host: t.cfg.Host, Port: int(t.cfg.Port)}
	_, self := address("", t.cfg.caller(), t.cfg.Host)
	if method == gosip.REGISTER {
		_, self = address("", t.cfg.User, t.cfg.Host)
	}
	req := gosip.NewRequest(method, line)
	t.ua.common(req, way, gosip.GenerateBranch())
	id := gosip.CallIDHeader(callID)
	req.AppendHeader(&gosip.FromHeader{Address: self, Params: gosip.HeaderParams{{K: "tag", V: gosip.GenerateTagN(16)}}})
	to := gosip.ToHeader{Address: self}
	if method == gosip.OPTIONS {
		to.Address = line
	}
	req.AppendHeader(&to)
	req.AppendHeader(&id)
	req.AppendHeader(&gosip.CSeqHeader{SeqNo: cseq, MethodName: method})
	req.AppendHeader(t.ua.contact(way.network))
	req.SetBody(nil)
	return req
}

// ask sends a request that is no INVITE and waits for its final answer.
func (u *UA) ask(ctx context.Context, req *gosip.Request) (*gosip.Response, error) {
	tx, err := u.txl.Request(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("send %s: %w", req.Method, err)
	}
	defer tx.Terminate() // sipgo 1.7.2 would keep it for 32 s where the RFC says 5 s (timer K)
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, fmt.Errorf("%s: %w", req.Method, tx.Err())
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", req.Method, context.Cause(ctx))
		}
	}
}

// registration is one binding of ours at a registrar (RFC 3261 section 10).
type registration struct {
	trunk  *Trunk
	callID string
	cseq   uint32
}

// lifetime is how long a registration shall last.
const lifetime = time.Hour

// keepRegistered renews the registration at half of its time, and withdraws it at the end.
func (t *Trunk) keepRegistered() {
	r := &registration{trunk: t, callID: gosip.GenerateTagN(32)}
	timing := t.ua.cfg.timing
	backoff := timing.backoffMin
	bound := false // the registrar may know us
	for {
		granted, err := r.send(t.ua.ctx, lifetime)
		t.noteRegistered(err)
		bound = bound || err == nil || t.ua.ctx.Err() != nil
		wait := max(granted/2, timing.registerMin)
		if err != nil {
			wait = backoff
			backoff = min(2*backoff, timing.backoffMax)
		} else {
			backoff = timing.backoffMin
		}
		if !t.pause(wait) {
			break
		}
	}
	if bound {
		ctx, cancel := context.WithTimeout(t.ua.hard, timing.farewell)
		defer cancel()
		_, _ = r.send(ctx, 0) // if it does not get through it runs out by itself
	}
}

func (t *Trunk) noteRegistered(err error) {
	t.mu.Lock()
	before := t.ok
	t.ok = err == nil
	t.mu.Unlock()
	switch {
	case err == nil && !before:
		t.ua.log.Info("registered at the trunk", "trunk", t.cfg.String())
	case err != nil && t.ua.ctx.Err() == nil:
		t.ua.log.Warn("not registered at the trunk", "trunk", t.cfg.String(), "err", err)
	}
}

// send registers at the first address that answers, and returns for how long.
func (r *registration) send(ctx context.Context, expires time.Duration) (time.Duration, error) {
	err := errNoAddress
	for _, h := range r.trunk.hops() {
		var granted time.Duration
		if granted, err = r.sendTo(ctx, h, expires); err == nil {
			return granted, nil
		}
	}
	return 0, err
}

func (r *registration) sendTo(ctx context.Context, way hop, expires time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, r.trunk.ua.cfg.timing.pingAnswer)
	defer cancel()
	req := r.request(way, expires)
	res, err := r.trunk.ua.ask(ctx, req)
	if err != nil {
		return 0, err
	}
	if challenged(res) {
		again := r.request(way, expires)
		header, err := r.trunk.cfg.authorize(res, again)
		if err != nil {
			return 0, err
		}
		again.AppendHeader(header)
		if res, err = r.trunk.ua.ask(ctx, again); err != nil {
			return 0, err
		}
	}
	if !res.IsSuccess() {
		return 0, fmt.Errorf("REGISTER: %d %s", res.StatusCode, clean(res.Reason))
	}
	r.trunk.alive()
	return r.trunk.ua.granted(res, expires), nil
}

func (r *registration) request(way hop, expires time.Duration) *gosip.Request {
	r.cseq++
	req := r.trunk.request(gosip.REGISTER, way, r.callID, r.cseq)
	req.AppendHeader(gosip.NewHeader("Expires", strconv.Itoa(int(expires.Seconds()))))
	return req
}

// granted is how long the registrar keeps our binding: it says so at our Contact, or for all in Expires.
func (u *UA) granted(res *gosip.Response, asked time.Duration) time.Duration {
	text := ""
	if h := res.GetHeader("Expires"); h != nil {
		text = h.Value()
	}
	own := u.contact("").Address
	for _, h := range res.GetHeaders("contact") {
		c, ok := h.(*gosip.ContactHeader)
		if !ok || c.Address.Host != own.Host || c.Address.Port != own.Port {
			continue // another process's
		}
		if e, ok := c.Params.Get("expires"); ok {
			text = e
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		return asked
	}
	return min(time.Duration(n)*time.Second, asked)
}
