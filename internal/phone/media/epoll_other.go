//go:build !linux || (!amd64 && !arm64) || portable

package media

import (
	"errors"
	"net"
	"time"
)

// readFailures in a row end a port's receiving; a UDP socket has no lasting errors but a closed one.
const readFailures = 100

// receivers read the RTP of all ports, with a goroutine for each. The tag portable chooses them on Linux too.
type receivers struct{ engine *Engine }

func newReceivers(e *Engine) (*receivers, error) { return &receivers{engine: e}, nil }

// add begins to read a port; Engine.mu is held.
func (r *receivers) add(p *Port) error {
	r.engine.tasks.Go(p.listen)
	return nil
}

// remove has nothing to do: closing the socket ends it.
func (r *receivers) remove(*Port) {}

func (r *receivers) close() {}

// listen receives RTP until the port is closed.
func (p *Port) listen() {
	buf := make([]byte, datagram)
	for failures := 0; failures < readFailures; {
		n, from, err := p.sock.rtp.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			failures++
		default:
			failures = 0
			p.receive(buf[:n], unmap(from), time.Now())
		}
	}
	p.engine.log.Error("rtp port cannot be read", "port", p.sock.local.Port())
}

// place is where the receivers find a port.
type place struct{}
