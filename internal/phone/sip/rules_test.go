package sip

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestEveryRefusalHasOneMeaning(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code        int
		quiet, rang Kind
	}{
		{300, Failed, Failed},
		{302, Failed, Failed},
		{380, Failed, Failed},
		{400, Failed, Failed},
		{401, Forbidden, Forbidden},
		{403, Forbidden, Declined},
		{404, Unreachable, Unreachable},
		{407, Forbidden, Forbidden},
		{408, TrunkDown, NoAnswer},
		{410, Unreachable, Unreachable},
		{415, Failed, Failed},
		{480, NoAnswer, NoAnswer},
		{484, Unreachable, Unreachable},
		{486, Busy, Busy},
		{487, NoAnswer, NoAnswer},
		{488, Failed, Failed},
		{500, TrunkDown, TrunkDown},
		{503, TrunkDown, TrunkDown},
		{504, TrunkDown, TrunkDown},
		{599, TrunkDown, TrunkDown},
		{600, Busy, Busy},
		{603, Declined, Declined},
		{604, Unreachable, Unreachable},
		{606, Failed, Failed},
		{607, Declined, Declined},
		{608, Declined, Declined},
		{699, Failed, Failed},
	} {
		for _, rang := range []bool{false, true} {
			want := when(rang, test.rang, test.quiet)
			got := causeOf(test.code, "why\r\nInjected: yes", rang)
			if got.Kind != want || got.Code != test.code || strings.ContainsAny(got.Reason, "\r\n") {
				t.Errorf("%d, rang %t: %s, want %s", test.code, rang, got, want)
			}
		}
	}
}

func TestEveryKindHasAName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := Failed; k <= Stale; k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("kind %d is called %q", int(k), s)
		}
		seen[k.String()] = true
	}
	if got := Kind(99).String(); got != "kind 99" {
		t.Error(got)
	}
}

func TestTrunksAreRead(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]TrunkConfig{
		"sip:carrier.example":                          {Host: "carrier.example", Transport: "udp"},
		"sip:192.0.2.7:5070;transport=tcp":             {Host: "192.0.2.7", Port: 5070, Transport: "tcp"},
		"sip:[2001:db8::1]:5070":                       {Host: "2001:db8::1", Port: 5070, Transport: "udp"},
		"sip:[2001:db8::1]":                            {Host: "2001:db8::1", Transport: "udp"},
		"sip:anna:s%40c%3Ar%25t@carrier.example":       {Host: "carrier.example", User: "anna", Password: "s@c:r%t", Transport: "udp"},
		"sip:anna:pa;ss?w/ord@carrier.example":         {Host: "carrier.example", User: "anna", Password: "pa;ss?w/ord", Transport: "udp"},
		"sip:anna@carrier.example;register":            {Host: "carrier.example", User: "anna", Register: true, Transport: "udp"},
		"sip:a@c.example;register=no;sandbox=yes":      {Host: "c.example", User: "a", Sandbox: true, Transport: "udp"},
		"sip:c.example;from=%2B48123456789":            {Host: "c.example", From: "+48123456789", Transport: "udp"},
		"sip:c.example;from=+48123456789;register=off": {},
		"sip:c.example;register":                       {},
		"sip:":                                         {},
		"carrier.example":                              {},
		"sips:carrier.example":                         {},
		"sip:@carrier.example":                         {},
		"sip:carrier.example:0":                        {},
		"sip:carrier.example:65536":                    {},
		"sip:carrier.example:port":                     {},
		"sip:carrier..example":                         {},
		"sip:-carrier.example":                         {},
		"sip:carrier example":                          {},
		"sip:carrier.example\r\nX: y":                  {},
		"sip:anna:a%0d%0ab@carrier.example":            {},
		"sip:anna%00:b@carrier.example":                {},
		"sip:anna:a%@carrier.example":                  {},
		"sip:anna%zz:a@carrier.example":                {},
		"sip:carrier.example;transport=tls":            {},
		"sip:carrier.example;colour=red":               {},
		"sip:carrier.example;":                         {Host: "carrier.example", Transport: "udp"},
		"sip:carrier.example;from=a%0ab":               {},
	} {
		got, err := ParseTrunk(s)
		if got != want || (err == nil) != (want.Host != "") {
			t.Errorf("%q: %#v (%s), %v", s, got, got.Password, err)
		}
		if err != nil {
			continue
		}
		open := strings.Replace(got.String(), "***", "x", 1)
		if again, err := ParseTrunk(open); err != nil || again.String() != got.String() {
			t.Errorf("%q is written as %q, which is read as %v, %v", s, open, again, err)
		}
	}
}

func TestAPasswordNeverShows(t *testing.T) {
	t.Parallel()
	const password = "hunter2%zz"
	for _, s := range []string{
		"sip:anna:hunter2%25zz@carrier.example", "sip:anna:" + password + "@carrier.example", "sip:anna:x@hunter2%25zz@carrier.example", "sip:anna:hunter2/zz",
		"anna:hunter2@carrier.example", "sip:anna:hunter2@carrier.example;hunter2=hunter2", "sip:anna:hunter2@carrier.example;transport=hunter2", "sip:a:hunter2:5060",
		"sip:anna:hunter2@carrier.example;from=%hunter2", "sip:anna:hunter2@carrier.example;sandbox=hunter2",
	} {
		c, err := ParseTrunk(s)
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error is %q", s, err)
		}
		if err == nil {
			hidden(t, c)
		}
	}
	hidden(t, TrunkConfig{Host: "carrier.example", User: "anna", Password: "hunter2"})
}

func hidden(t *testing.T, c TrunkConfig) {
	t.Helper()
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("trunk", "trunk", c)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("trunk", "trunk", c, "trunks", []TrunkConfig{c})
	text, err := json.Marshal(map[string]any{"trunk": c, "pointer": &c})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		c.String(), c.GoString(), fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q %x", c, c, c, c, c, c), fmt.Sprintf("%+v %#v", &c, []TrunkConfig{c}),
		fmt.Sprintf("%+v", struct{ T TrunkConfig }{c}), fmt.Sprint([]any{c, &c}), string(text), logged.String(),
	} {
		if strings.Contains(s, "hunter2") || strings.Contains(s, "68756e74657232") {
			t.Errorf("the password shows in %s", s)
		}
	}
}
