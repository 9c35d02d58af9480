//go:build linux && (amd64 || arm64) && !portable

// Package udp provides sockets that send and receive a packet in one system call, without allocating.
package udp

import (
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"unsafe"
)

// Conn is a UDP socket that never waits and that Go's poller knows nothing of.
type Conn struct {
	FD  int // for epoll
	six bool
}

// Listen binds an address; :: serves IPv4 too. The error wraps that of the system.
func Listen(local netip.AddrPort) (*Conn, error) {
	c := &Conn{six: local.Addr().Is6()}
	family := syscall.AF_INET
	if c.six {
		family = syscall.AF_INET6
	}
	var err error
	if c.FD, err = syscall.Socket(family, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0); err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := c.bind(local); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("listen on %s: %w", local, err)
	}
	return c, nil
}

func (c *Conn) bind(local netip.AddrPort) error {
	if !c.six {
		return os.NewSyscallError("bind", syscall.Bind(c.FD, &syscall.SockaddrInet4{Port: int(local.Port()), Addr: local.Addr().As4()}))
	}
	only := 1
	if local.Addr().IsUnspecified() {
		only = 0
	}
	if err := syscall.SetsockoptInt(c.FD, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, only); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	return os.NewSyscallError("bind", syscall.Bind(c.FD, &syscall.SockaddrInet6{Port: int(local.Port()), Addr: local.Addr().As16()}))
}

// Close frees the socket; nobody may be using it or do so afterwards.
func (c *Conn) Close() error { return os.NewSyscallError("close", syscall.Close(c.FD)) }

// Send reports whether the system took a packet. It drops one when the socket's buffer is full: a late packet is worth nothing.
func (c *Conn) Send(b []byte, to netip.AddrPort) bool {
	var six syscall.RawSockaddrInet6
	size := uintptr(syscall.SizeofSockaddrInet6)
	if c.six {
		six.Family, six.Addr = syscall.AF_INET6, to.Addr().As16()
	} else {
		size = syscall.SizeofSockaddrInet4
		four := (*syscall.RawSockaddrInet4)(unsafe.Pointer(&six)) // the smaller of the two
		four.Family, four.Addr = syscall.AF_INET, to.Addr().As4()
	}
	*(*[2]byte)(unsafe.Pointer(&six.Port)) = [2]byte{byte(to.Port() >> 8), byte(to.Port())} // at the same place in both
	_, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(c.FD), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&six)), size)
	return errno == 0
}

// Receive reads a packet if there is one. Unlike syscall.Recvfrom it allocates nothing.
func (c *Conn) Receive(b []byte) (n int, from netip.AddrPort, ok bool) {
	var six syscall.RawSockaddrInet6
	size := uint32(syscall.SizeofSockaddrInet6)
	r, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(c.FD), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		syscall.MSG_DONTWAIT, uintptr(unsafe.Pointer(&six)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0, from, false
	}
	port := *(*[2]byte)(unsafe.Pointer(&six.Port))
	addr := netip.AddrFrom16(six.Addr)
	if !c.six {
		addr = netip.AddrFrom4((*syscall.RawSockaddrInet4)(unsafe.Pointer(&six)).Addr)
	}
	return int(r), netip.AddrPortFrom(addr, uint16(port[0])<<8|uint16(port[1])), true
}
