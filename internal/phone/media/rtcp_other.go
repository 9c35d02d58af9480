//go:build !unix

package media

import (
	"net/netip"
	"time"
)

// pollRTCP hands over what has arrived, waiting a moment because these systems offer no way to look without waiting.
func (s *socket) pollRTCP(buf []byte, handle func(b []byte, from netip.AddrPort)) {
	if s.rtcp.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return
	}
	for range pollBatch {
		n, from, err := s.rtcp.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		handle(buf[:n], unmap(from))
	}
}
