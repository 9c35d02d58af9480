package sip

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	gosip "github.com/emiago/sipgo/sip"
)

// Snapshot is what another process needs to hang up an answered leg. It holds no secrets.
type Snapshot struct {
	CallID    string   `json:"call_id"`
	LocalTag  string   `json:"local_tag"`
	RemoteTag string   `json:"remote_tag"`
	From      string   `json:"from"` // URIs
	To        string   `json:"to"`
	Target    string   `json:"target"`
	Routes    []string `json:"routes,omitempty"`
	CSeq      uint32   `json:"cseq"`
	Addr      string   `json:"addr"` // where requests are sent
	Network   string   `json:"network"`
	Trunk     int      `json:"trunk"` // its number
}

// Snapshot is the dialog of an answered leg; the zero value until it is answered.
func (l *Leg) Snapshot() Snapshot {
	d := l.dialog.Load()
	if d == nil {
		return Snapshot{}
	}
	return d.snapshot()
}

func (d *dialog) snapshot() Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Snapshot{
		CallID: d.names.callID, LocalTag: d.names.tag, RemoteTag: d.remoteTag, CSeq: d.cseq,
		From: d.from.Address.String(), To: d.to.Address.String(), Target: d.peer.target.String(),
		Addr: d.peer.hop.addr.String(), Network: d.peer.hop.network, Trunk: d.trunk.index,
	}
	for i := range d.peer.routes {
		s.Routes = append(s.Routes, d.peer.routes[i].String())
	}
	return s
}

// ErrSnapshot is returned for a snapshot that names no dialog.
var ErrSnapshot = errors.New("sip: the snapshot is not of an answered leg")

// Release hangs up a leg that another process had answered. It returns once the other side has confirmed, or says that it
// knows of no such dialog.
func (u *UA) Release(ctx context.Context, s Snapshot, trunks []*Trunk) error {
	d, err := u.restore(s)
	if err != nil {
		return err
	}
	for _, t := range trunks {
		if t.index == s.Trunk {
			d.trunk = t
		}
	}
	d.admit(d.peer.hop.addr.Addr())
	defer d.leave()
	ctx, cancel := context.WithTimeout(ctx, u.cfg.timing.request)
	defer cancel()
	return d.bye(ctx, "")
}

// restore makes a dialog of its snapshot.
func (u *UA) restore(s Snapshot) (*dialog, error) {
	addr, err := netip.ParseAddrPort(s.Addr)
	if err != nil || !repeatable(s.CallID) || !repeatable(s.LocalTag) || !repeatable(s.RemoteTag) || len(s.Routes) > maxRoutes {
		return nil, ErrSnapshot
	}
	d := &dialog{ua: u, remoteTag: s.RemoteTag, cseq: s.CSeq}
	d.names = names{callID: s.CallID, tag: s.LocalTag}
	d.from.Params = gosip.HeaderParams{{K: "tag", V: s.LocalTag}}
	d.peer.hop = hop{addr: addr, network: networkName(s.Network)}
	d.peer.routes = make([]gosip.Uri, len(s.Routes))
	uris := map[*gosip.Uri]string{&d.from.Address: s.From, &d.to.Address: s.To, &d.peer.target: s.Target}
	for i := range s.Routes {
		uris[&d.peer.routes[i]] = s.Routes[i]
	}
	for uri, text := range uris {
		if err := gosip.ParseUri(text, uri); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
		}
	}
	return d, nil
}

// CancelTicket stops the ringing of a leg that another process had begun, over whichever route it went. It returns once
// every trunk has said that it stopped or that nothing rings.
func (u *UA) CancelTicket(ctx context.Context, t Ticket, trunks []*Trunk) error {
	if len(t.Token) < minToken || t.To == "" {
		return ErrToken
	}
	ctx, cancel := context.WithTimeout(ctx, u.cfg.timing.request)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, r := range routesOf(ctx, trunks) {
		d := u.newDialog(Invite{Token: t.Token, To: t.To}, r)
		for cseq := range uint32(maxLogins + 1) {
			req := d.cancelRequest(t.SentBy, cseq+1)
			wg.Go(func() {
				if _, err := u.ask(ctx, req); err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, err)
				}
			})
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

func routesOf(ctx context.Context, trunks []*Trunk) []route {
	var all []route
	for _, t := range trunks {
		t.wait(ctx)
		all = append(all, t.routes()...)
	}
	return all
}
