package media

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"

	"github.com/ringback-hq/ringback/internal/phone/media/udp"
)

// socket is the pair of UDP ports of a Port and the addresses it sends to.
// RTP is read by receivers, RTCP by Engine.tendRTCP.
type socket struct {
	local    netip.AddrPort
	rtp      *udp.Conn
	rtcp     *net.UDPConn
	rtcpPoll syscall.RawConn

	remote     atomic.Pointer[netip.AddrPort] // nil until known
	remoteRTCP atomic.Pointer[netip.AddrPort] // nil means remote's port + 1
}

func newSocket(addr netip.Addr, port int) (*socket, error) {
	local := netip.AddrPortFrom(addr, uint16(port))
	rtp, err := udp.Listen(local)
	if err != nil {
		return nil, err
	}
	rtcp, err := net.ListenUDP(network(addr), net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, uint16(port+1))))
	if err != nil {
		return nil, errors.Join(err, rtp.Close())
	}
	poll, err := rtcp.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, rtp.Close(), rtcp.Close())
	}
	return &socket{local: local, rtp: rtp, rtcp: rtcp, rtcpPoll: poll}, nil
}

// network is strict about the family, except that :: serves both.
func network(addr netip.Addr) string {
	switch {
	case addr.Is4():
		return "udp4"
	case addr.IsUnspecified():
		return "udp"
	}
	return "udp6"
}

// reaches reports whether the socket can send to addr's family.
func (s *socket) reaches(addr netip.Addr) bool {
	own := s.local.Addr()
	return own.Is4() == addr.Is4() || own.Is6() && own.IsUnspecified()
}

func taken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES)
}

func (s *socket) send(b []byte) bool {
	to := s.remote.Load()
	if to == nil {
		return false
	}
	return s.rtp.Send(b, *to)
}

// setRemote changes where RTP goes; RTCP follows it to the next port unless told otherwise (RFC 3605).
func (s *socket) setRemote(rtp netip.AddrPort, rtcpPort uint16) {
	s.remote.Store(&rtp)
	s.remoteRTCP.Store(nil)
	if rtcpPort != 0 {
		rtcp := netip.AddrPortFrom(rtp.Addr(), rtcpPort)
		s.remoteRTCP.Store(&rtcp)
	}
}

// rtcpAddr is where RTCP goes.
func (s *socket) rtcpAddr() (netip.AddrPort, bool) {
	if a := s.remoteRTCP.Load(); a != nil {
		return *a, true
	}
	a := s.remote.Load()
	if a == nil || a.Port() == 65535 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a.Addr(), a.Port()+1), true
}

func (s *socket) close() error { return errors.Join(s.rtcp.Close(), s.rtp.Close()) }

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
