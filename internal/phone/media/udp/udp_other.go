//go:build !linux || (!amd64 && !arm64) || portable

// Package udp provides sockets that send and receive packets without allocating.
package udp

import (
	"net"
	"net/netip"
)

// Conn is a UDP socket of the standard library.
type Conn struct{ *net.UDPConn }

// Listen binds an address; :: serves IPv4 too. The error wraps that of the system.
func Listen(local netip.AddrPort) (*Conn, error) {
	network := "udp"
	if local.Addr().Is4() {
		network = "udp4"
	} else if !local.Addr().IsUnspecified() {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(local))
	if err != nil {
		return nil, err
	}
	return &Conn{conn}, nil
}

// Send reports whether the system took a packet.
func (c *Conn) Send(b []byte, to netip.AddrPort) bool {
	_, err := c.WriteToUDPAddrPort(b, to)
	return err == nil
}
