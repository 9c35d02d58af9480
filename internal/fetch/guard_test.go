package fetch

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"code.dny.dev/ssrf"
)

func TestOnlyPublicAddressesAreReached(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	for _, row := range []struct {
		to   string
		open bool
	}{
		{"127.0.0.1:443", false},
		{"127.8.9.10:443", false},
		{"0.0.0.0:443", false},
		{"0.1.2.3:443", false},
		{"10.0.0.1:443", false},
		{"172.16.5.4:443", false},
		{"172.31.255.255:443", false},
		{"192.168.1.1:443", false},
		{"169.254.169.254:443", false},    // metadata of clouds
		{"100.64.0.1:443", false},         // behind a carrier's NAT
		{"192.0.0.1:443", false},          // protocol assignments
		{"192.0.2.1:443", false},          // documentation
		{"198.18.0.1:443", false},         // benchmarks
		{"198.51.100.1:443", false},       // documentation
		{"203.0.113.1:443", false},        // documentation
		{"224.0.0.1:443", false},          // multicast
		{"240.0.0.1:443", false},          // reserved
		{"255.255.255.255:443", false},    // broadcast
		{"[::]:443", false},               // unspecified: this machine
		{"[::1]:443", false},              // loopback
		{"[::ffff:127.0.0.1]:443", false}, // mapped
		{"[::7f00:1]:443", false},         // compatible
		{"[64:ff9b::7f00:1]:443", false},  // NAT64
		{"[64:ff9b:1::1]:443", false},     // NAT64, local
		{"[2002:7f00:1::]:443", false},    // 6to4
		{"[2001:db8::1]:443", false},      // documentation
		{"[2001::1]:443", false},          // Teredo
		{"[3fff::1]:443", false},          // documentation
		{"[5f00::1]:443", false},          // segment routing
		{"[100::1]:443", false},           // discard
		{"[fd00::1]:443", false},          // unique local
		{"[fe80::1]:443", false},          // link local
		{"[fe80::1%25lo]:443", false},     // with a zone
		{"[ff02::1]:443", false},          // multicast
		{"1.1.1.1:22", false},             // a port for something else
		{"1.1.1.1:25", false},
		{"1.1.1.1:443", true},
		{"[2606:4700:4700::1111]:443", true},
	} {
		// What a URL says and what a name turns out to be are judged alike.
		if err := c.CheckURL("https://" + row.to + "/hook"); (err == nil) != row.open || err != nil && !refused(err) {
			t.Errorf("URL with %s: got %v, want open %t", row.to, err, row.open)
		}
		dialled := strings.Replace(row.to, "%25", "%", 1)
		if err := c.guard.control(true)("tcp", dialled, nil); (err == nil) != row.open || err != nil && !refused(err) {
			t.Errorf("connection to %s: got %v, want open %t", row.to, err, row.open)
		}
		if c.guard.control(false)("tcp", dialled, nil) == nil {
			t.Errorf("connection to %s by plain http: got nil, want it refused", row.to)
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	lan := Config{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, row := range []struct {
		cfg  Config
		url  string
		open bool
	}{
		{Config{}, "https://hooks.example/ringback?x=1", true},
		{Config{}, "https://hooks.example:443", true},
		{Config{}, "HTTPS://hooks.example", true},
		{Config{}, "https://zażółć.example/", true},
		{Config{}, "", false},
		{Config{}, "hooks.example", false},
		{Config{}, "/hook", false},
		{Config{}, "https://", false},
		{Config{}, "https:///hook", false},
		{Config{}, "https://:443/", false},
		{Config{}, "https:hooks.example", false},
		{Config{}, "http://hooks.example/", false},
		{Config{}, "ftp://hooks.example/", false},
		{Config{}, "gopher://hooks.example/", false},
		{Config{}, "file:///etc/passwd", false},
		{Config{}, "javascript:alert(1)", false},
		{Config{}, "https://hooks.example:8443/", false},
		{Config{}, "https://hooks.example:0/", false},
		{Config{}, "https://hooks.example:99999/", false},
		{Config{}, "https://user@hooks.example/", false},
		{Config{}, "https://user:word@hooks.example/", false},
		{Config{}, "https://1.1.1.1@10.0.0.1/", false},
		{Config{}, "https://hooks.example/\r\nHost: other", false},
		{Config{}, "https://hooks.example/" + strings.Repeat("x", 2048-22), true},
		{Config{}, "https://hooks.example/" + strings.Repeat("x", 2049-22), false},
		{lan, "http://10.1.2.3:9000/", true},
		{lan, "http://[::ffff:10.1.2.3]:9000/", true},
		{lan, "http://erp.local:9000/", true}, // whether it is in the network shows when it is dialled
		{lan, "http://192.168.1.1/", false},
		{lan, "http://1.1.1.1/", false},
		{lan, "https://1.1.1.1/", true},
		{lan, "https://user:word@10.1.2.3/", false},
	} {
		err := open(t, row.cfg).CheckURL(row.url)
		if (err == nil) != row.open || err != nil && !refused(err) {
			t.Errorf("%q with %v allowed: got %v, want open %t", row.url, row.cfg.Allow, err, row.open)
		}
	}
}

func TestANameThatChangesItsAddressWinsNothing(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	addr := accept(t, func(net.Conn) { reached.Add(1) })
	_, port, _ := net.SplitHostPort(addr)
	var asked atomic.Int32
	elsewhere := Config{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	c := withNames(t, elsewhere, func(string) netip.Addr {
		if asked.Add(1) == 1 {
			return netip.MustParseAddr("1.1.1.1")
		}
		return netip.MustParseAddr("127.0.0.1")
	})

	first, err := c.guard.resolver.LookupNetIP(t.Context(), "ip4", "rebind.example")
	if err != nil || len(first) != 1 || first[0].Unmap() != netip.MustParseAddr("1.1.1.1") {
		t.Fatalf("the name server answered %v, %v", first, err)
	}
	for _, scheme := range []string{"https", "http"} {
		if _, err := c.Post(t.Context(), scheme+"://rebind.example:"+port, nil, nil); !refused(err) {
			t.Errorf("%s: got %v, want it refused", scheme, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// withNames returns a client of which the names are answered by address; an invalid one means that there is none.
// It may use any port, so that nothing but the address can be the reason to refuse.
func withNames(t *testing.T, cfg Config, address func(name string) netip.Addr) *Client {
	t.Helper()
	c := open(t, cfg)
	server := nameServer(t, address)
	c.guard.public = ssrf.New(ssrf.WithAnyPort())
	c.guard.log = slog.New(slog.DiscardHandler)
	c.guard.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server)
	}}
	c.http.Transport = newNetwork(c.guard)
	return c
}

// nameServer answers questions for A records (RFC 1035) on loopback and returns its address.
func nameServer(t *testing.T, address func(name string) netip.Addr) string {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := l.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = l.WriteTo(dnsAnswer(buf[:n], address), from)
		}
	}()
	return l.LocalAddr().String()
}

func dnsAnswer(query []byte, address func(name string) netip.Addr) []byte {
	var labels []string
	at := 12
	for query[at] != 0 {
		length := int(query[at])
		labels = append(labels, string(query[at+1:at+1+length]))
		at += 1 + length
	}
	kind := binary.BigEndian.Uint16(query[at+1:])
	question := query[12 : at+5]
	header := []byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}
	if kind != 1 {
		return append(header, question...)
	}
	ip := address(strings.Join(labels, "."))
	if !ip.IsValid() {
		header[3] |= 3 // NXDOMAIN
		return append(header, question...)
	}
	header[7] = 1
	record := []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4}
	return append(append(append(header, question...), record...), ip.AsSlice()...)
}
