package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// TrunkConfig is a way to the telephone network. Print it as much as you like: the password never shows.
type TrunkConfig struct {
	Host      string `json:"host"` // a name or an IP address
	Port      uint16 `json:"port"` // 0 = what DNS says (SRV), else 5060
	User      string `json:"user"`
	Password  string `json:"-"`
	Transport string `json:"transport"` // "udp" or "tcp"; empty is udp
	Register  bool   `json:"register"`  // keep a registration alive, for carriers without fixed addresses
	From      string `json:"from"`      // our number or user at the carrier where Invite.From is empty; empty is User
	Sandbox   bool   `json:"sandbox"`   // send Invite.Headers; never for a real carrier
}

// ParseTrunk reads "sip:user:password@carrier.example:5060;transport=udp;register=true;from=+48123456789".
// Everything but the host may be missing; "@", ":" and "%" inside a user or password are written %40, %3A, %25. Errors never echo a part of s.
func ParseTrunk(s string) (TrunkConfig, error) {
	rest, ok := strings.CutPrefix(s, "sip:")
	if !ok {
		return TrunkConfig{}, errors.New("trunk: it must begin with \"sip:\", as in sip:carrier.example")
	}
	t := TrunkConfig{Transport: "udp"}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if err := t.login(rest[:at]); err != nil {
			return TrunkConfig{}, err
		}
		rest = rest[at+1:]
	}
	host, params, _ := strings.Cut(rest, ";")
	if err := t.place(host); err != nil {
		return TrunkConfig{}, err
	}
	if err := t.params(params); err != nil {
		return TrunkConfig{}, err
	}
	if t.Register && t.User == "" {
		return TrunkConfig{}, errors.New("trunk: register needs a user")
	}
	return t, nil
}

func (t *TrunkConfig) login(s string) error {
	user, password, _ := strings.Cut(s, ":")
	var err error
	if t.User, err = url.PathUnescape(user); err != nil {
		return errors.New("trunk: the user has a % that is not followed by two hexadecimal digits")
	}
	if t.Password, err = url.PathUnescape(password); err != nil {
		return errors.New("trunk: the password has a % that is not followed by two hexadecimal digits; write % as %25")
	}
	if t.User == "" {
		return errors.New("trunk: there is an @ but no user before it")
	}
	if !printable(t.User, t.Password) {
		return errors.New("trunk: the user or the password has a control character")
	}
	return nil
}

func (t *TrunkConfig) place(s string) error {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host = s[:i]
		n, err := strconv.ParseUint(s[i+1:], 10, 16)
		if err != nil || n == 0 {
			return errors.New("trunk: the port must be a number from 1 to 65535")
		}
		t.Port = uint16(n)
	}
	t.Host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(t.Host); err != nil && !domain(t.Host) {
		return errors.New("trunk: the host must be a name or an IP address, and an @ in the password must be written %40")
	}
	return nil
}

// domain reports whether s can be a host name.
func domain(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' {
			return false
		}
		for i := range len(label) {
			if !alphanumeric(label[i]) && label[i] != '-' && label[i] != '_' {
				return false
			}
		}
	}
	return true
}

func (t *TrunkConfig) params(s string) error {
	if s == "" {
		return nil
	}
	for i, p := range strings.Split(s, ";") {
		key, value, _ := strings.Cut(p, "=")
		if err := t.param(key, value); err != nil {
			return fmt.Errorf("trunk: parameter %d: %w", i+1, err)
		}
	}
	return nil
}

func (t *TrunkConfig) param(key, value string) error {
	var err error
	switch key {
	case "transport":
		t.Transport = value
		if value != "udp" && value != "tcp" {
			err = errors.New("transport must be udp or tcp")
		}
	case "register":
		t.Register, err = flag(key, value)
	case "sandbox":
		t.Sandbox, err = flag(key, value)
	case "from":
		t.From, err = url.PathUnescape(value)
		if err != nil || !printable(t.From) {
			err = errors.New("from must be a number or a user")
		}
	default:
		err = errors.New("unknown; known are transport, register, from and sandbox")
	}
	return err
}

func flag(key, value string) (bool, error) {
	switch value {
	case "", "true", "1", "yes":
		return true, nil
	case "false", "0", "no":
		return false, nil
	}
	return false, fmt.Errorf("%s must be true or false", key)
}

// String is the trunk as ParseTrunk reads it, with *** for the password.
func (t TrunkConfig) String() string {
	var b strings.Builder
	b.WriteString("sip:")
	if t.User != "" {
		b.WriteString(escape(t.User))
		if t.Password != "" {
			b.WriteString(":***")
		}
		b.WriteByte('@')
	}
	b.WriteString(t.hostPort())
	b.WriteString(";transport=" + strings.ToLower(t.network()))
	if t.Register {
		b.WriteString(";register=true")
	}
	if t.From != "" {
		b.WriteString(";from=" + escape(t.From))
	}
	if t.Sandbox {
		b.WriteString(";sandbox=true")
	}
	return b.String()
}

// GoString is String, so that %#v does not show the password either.
func (t TrunkConfig) GoString() string { return t.String() }

func (t TrunkConfig) hostPort() string {
	host := t.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.Port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(int(t.Port))
}

// network is the transport as a Via header writes it.
func (t TrunkConfig) network() string { return networkName(t.Transport) }

// literal reports whether the host is an IP address.
func (t TrunkConfig) literal() bool {
	_, err := netip.ParseAddr(t.Host)
	return err == nil
}

// caller is the user part of our own address at this trunk.
func (t TrunkConfig) caller() string {
	switch {
	case t.From != "":
		return t.From
	case t.User != "":
		return t.User
	}
	return "ringback"
}
