//go:build unix

package media

import (
	"net/netip"
	"syscall"
)

// pollRTCP hands over what has arrived, without waiting for more: RTCP is too rare to be worth a goroutine per port.
func (s *socket) pollRTCP(buf []byte, handle func(b []byte, from netip.AddrPort)) {
	// The error is that of a closed socket, which nobody will poll again.
	_ = s.rtcpPoll.Read(func(fd uintptr) bool {
		for range pollBatch {
			n, from, err := syscall.Recvfrom(int(fd), buf, syscall.MSG_DONTWAIT)
			if err != nil {
				break
			}
			handle(buf[:n], addrPort(from))
		}
		return true
	})
}

func addrPort(a syscall.Sockaddr) netip.AddrPort {
	switch a := a.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}
