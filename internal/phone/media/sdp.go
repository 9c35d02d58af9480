package media

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Why a description of the other side cannot be used.
var (
	// ErrSDP says that it is not SDP, or beyond what we are willing to read.
	ErrSDP = errors.New("malformed SDP")
	// ErrNoAudio says that it has no audio over plain RTP.
	ErrNoAudio = errors.New("no plain RTP audio in SDP")
	// ErrRefused says that it turns the audio down (port 0).
	ErrRefused = errors.New("audio refused in SDP")
	// ErrNoCodec says that it shares neither law of G.711 with us.
	ErrNoCodec = errors.New("no common codec in SDP")
	// ErrAddress says that its address is a name, a multicast group or of a family that we do not have.
	ErrAddress = errors.New("unusable address in SDP")
)

const (
	// maxSDP and maxMedia bound what is read; real descriptions have 200 to 2000 bytes and one or two media.
	maxSDP   = 16 << 10
	maxMedia = 16
	// maxFormats is more than the payload types there are.
	maxFormats = 128
)

// direction is who sends audio, seen from the one who says it.
type direction uint8

const (
	sendrecv direction = iota
	sendonly
	recvonly
	inactive
)

var directions = [...]string{sendrecv: "sendrecv", sendonly: "sendonly", recvonly: "recvonly", inactive: "inactive"}

func (d direction) String() string { return directions[d] }

// mirror is what one answers (RFC 3264, 6.1).
func (d direction) mirror() direction {
	switch d {
	case sendonly:
		return recvonly
	case recvonly:
		return sendonly
	case sendrecv, inactive:
	}
	return d
}

// deaf is the direction of somebody who gave no address to send to: the hold of RFC 2543.
func (d direction) deaf() direction {
	switch d {
	case sendrecv:
		return sendonly
	case recvonly:
		return inactive
	case sendonly, inactive:
	}
	return d
}

// medium is an m= line with what belongs to it.
type medium struct {
	kind, proto string
	port        uint16
	formats     []string
	conn        string
	way         direction
	rtcp        uint16
	names       map[string]string // format -> encoding/rate, in upper case
}

// description is what we read of an SDP body.
type description struct {
	conn  string
	way   direction
	media []medium
}

// readSDP reads a body (RFC 8866), forgiving about what does not matter to us and about nothing else.
func readSDP(body []byte) (*description, error) {
	if len(body) > maxSDP {
		return nil, fmt.Errorf("%w: %d bytes", ErrSDP, len(body))
	}
	d := &description{}
	for n, line := range strings.Split(strings.TrimRight(string(body), "\r\n\x00"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if err := d.readLine(n, line); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrSDP, n+1, err)
		}
	}
	return d, nil
}

func (d *description) readLine(n int, line string) error {
	if len(line) < 2 || line[1] != '=' || strings.ContainsFunc(line, control) {
		return errors.New("not a letter, =, and text")
	}
	kind, value := line[0], strings.TrimSpace(line[2:])
	if n == 0 && (kind != 'v' || value != "0") {
		return errors.New("not v=0")
	}
	switch kind {
	case 'm':
		return d.readMedium(value)
	case 'c':
		*d.connAt() = value
	case 'a':
		return d.readAttribute(value)
	}
	return nil
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// foreign is what must not appear in the tokens of a media line: we repeat them when we decline it.
func foreign(r rune) bool { return r > '~' }

// connAt is where a c= line belongs.
func (d *description) connAt() *string {
	if m := d.last(); m != nil {
		return &m.conn
	}
	return &d.conn
}

func (d *description) last() *medium {
	if len(d.media) == 0 {
		return nil
	}
	return &d.media[len(d.media)-1]
}

func (d *description) readMedium(value string) error {
	f := strings.Fields(value)
	if strings.ContainsFunc(value, foreign) || len(f) < 4 || len(f) > 3+maxFormats || len(d.media) == maxMedia {
		return errors.New("media: not a kind, port, protocol and formats, or too many")
	}
	number, _, _ := strings.Cut(f[1], "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return errors.New("media: not a port")
	}
	d.media = append(d.media, medium{
		kind: f[0], port: uint16(port), proto: f[2], formats: f[3:], conn: d.conn, way: d.way, names: map[string]string{},
	})
	return nil
}

func (d *description) readAttribute(value string) error {
	name, rest, _ := strings.Cut(value, ":")
	m := d.last()
	for way, s := range directions {
		switch {
		case name != s:
		case m != nil:
			m.way = direction(way)
		default:
			d.way = direction(way)
		}
	}
	switch {
	case m == nil:
	case name == "rtpmap":
		format, codec, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if len(m.names) < maxFormats {
			m.names[format] = strings.ToUpper(strings.TrimSpace(codec))
		}
	case name == "rtcp":
		return m.readRTCP(rest)
	}
	return nil
}

// readRTCP reads the port of RFC 3605; another address there is not followed.
func (m *medium) readRTCP(value string) error {
	number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return errors.New("rtcp: not a port")
	}
	m.rtcp = uint16(port)
	return nil
}

// audio finds the medium to talk over.
func (d *description) audio() (*medium, error) {
	refused := false
	for i := range d.media {
		m := &d.media[i]
		switch {
		case m.kind != "audio" || m.proto != "RTP/AVP" && m.proto != "RTP/AVPF":
		case m.port == 0:
			refused = true
		default:
			return m, nil
		}
	}
	if refused {
		return nil, ErrRefused
	}
	return nil, ErrNoAudio
}

// laws lists the laws that a medium has, in its order.
func (m *medium) laws() []Law {
	var laws []Law
	for _, f := range m.formats {
		for _, l := range [...]Law{ALaw, ULaw} {
			if f == strconv.Itoa(int(l)) && m.maps(f, l.String()) {
				laws = append(laws, l)
			}
		}
	}
	return laws
}

// maps reports whether a format has that name at 8 kHz; static payload types need no rtpmap.
func (m *medium) maps(format, name string) bool {
	codec, ok := m.names[format]
	return !ok || codec == name+"/8000" || codec == name+"/8000/1"
}

// keys is the payload type of key presses (RFC 4733), 0 if there is none.
func (m *medium) keys() uint8 {
	for _, f := range m.formats {
		if codec := m.names[f]; codec != "TELEPHONE-EVENT/8000" && codec != "TELEPHONE-EVENT/8000/1" {
			continue
		}
		if n, err := strconv.ParseUint(f, 10, 8); err == nil && n >= 96 && n <= 127 {
			return uint8(n)
		}
	}
	return 0
}

// addr is where the medium wants its audio; none if it wants none for now (0.0.0.0, the hold of RFC 2543).
func (m *medium) addr() (addr netip.AddrPort, err error) {
	f := strings.Fields(m.conn)
	if len(f) != 3 || f[0] != "IN" {
		return addr, fmt.Errorf("%w: %q", ErrAddress, m.conn)
	}
	text, _, _ := strings.Cut(f[2], "/")
	ip, err := netip.ParseAddr(text)
	ip = ip.Unmap()
	if err != nil || ip.Zone() != "" || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return addr, fmt.Errorf("%w: %q", ErrAddress, m.conn)
	}
	if ip.IsUnspecified() {
		return addr, nil
	}
	return netip.AddrPortFrom(ip, m.port), nil
}
