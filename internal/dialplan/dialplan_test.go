package dialplan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/dialplan"
)

func TestC2_NumbersAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, country string
		want          ringback.Number
	}{
		{"+48 888 888 888", "PL", "+48888888888"},
		{"+48888888888", "PL", "+48888888888"},
		{" 48888888888", "PL", "+48888888888"}, // an unescaped plus sign
		{" 888888888", "PL", "+48888888888"},   // just a space
		{" 570934649", "PL", "+48570934649"},   // the same, though +57 is a country
		{" 6562345678", "US", "+6562345678"},   // Singapore, by its plus sign
		{"6562345678", "US", "+16562345678"},   // Tampa
		{"48888888888", "PL", "+48888888888"},
		{"48 888-888-888", "PL", "+48888888888"},
		{"0048 888 888 888", "PL", "+48888888888"},
		{"00 48 888 888 888", "PL", "+48888888888"},
		{"888 888 888", "PL", "+48888888888"},
		{"(888) 888-888", "PL", "+48888888888"},
		{"888.888.888", "PL", "+48888888888"},
		{"tel:+48-888-888-888", "PL", "+48888888888"},
		{"tel:+48888888888;ext=12", "PL", "+48888888888"},
		{"+48 888 888 888 ext. 12", "PL", "+48888888888"},
		{"+48 888 888 888 x12", "PL", "+48888888888"},
		{"+48 22 888 88 88 wew. 12", "PL", "+48228888888"},
		{"+48 888 888 888*12", "PL", "+48888888888"},
		{"+48 888 888 888#12#", "PL", "+48888888888"},
		{"+48 888 888 888,,12", "PL", "+48888888888"},
		{"\u00a0+48\u00a0888\u00a0888\u00a0888\n", "PL", "+48888888888"},
		{"+49 1512 3456789", "PL", "+4915123456789"},
		{"4915123456789", "PL", "+4915123456789"},
		{"004915123456789", "PL", "+4915123456789"},
		{"020 7946 0958", "GB", "+442079460958"},
		{"(212) 555-2368", "US", "+12125552368"},
		{"1 212 555 2368", "US", "+12125552368"},
		{"0151 23456789", "DE", "+4915123456789"},
		{"+48600009001", "PL", "+48600009001"},
		{"+48888888888", "", "+48888888888"},
	} {
		got, err := dialplan.Parse(tt.text, tt.country)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%q, %q) = %q, %v; want %q", tt.text, tt.country, got, err, tt.want)
		}
	}
}

func TestWhatIsNoNumberIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, country, code string }{
		{"", "PL", ringback.CodeInvalidNumber},
		{" ", "PL", ringback.CodeInvalidNumber},
		{"+", "PL", ringback.CodeInvalidNumber},
		{"hello", "PL", ringback.CodeInvalidNumber},
		{"call me on 888 888 888", "PL", ringback.CodeInvalidNumber},
		{"1-800-FLOWERS", "US", ringback.CodeInvalidNumber},
		{"12", "PL", ringback.CodeInvalidNumber},
		{"+48 888 888 888 / +48 888 888 889", "PL", ringback.CodeInvalidNumber},
		{"*31#888888888", "PL", ringback.CodeInvalidNumber},
		{"+48888888888888888", "PL", ringback.CodeInvalidNumber},
		{"+999123456789", "PL", ringback.CodeInvalidNumber},
		{"888888888", "", ringback.CodeInvalidNumber},
		{"sip:888888888@example.com", "PL", ringback.CodeInvalidNumber},
		{"+48888888888\r\nX-Evil: 1", "PL", ringback.CodeInvalidNumber},
		{strings.Repeat("8", 10_000), "PL", ringback.CodeInvalidNumber},
		{"112", "PL", ringback.CodeBlacklistedNumber},
		{" 112", "PL", ringback.CodeBlacklistedNumber},
		{"9 9 9", "PL", ringback.CodeBlacklistedNumber},
		{"112 000 000", "PL", ringback.CodeBlacklistedNumber},
		{"911", "US", ringback.CodeBlacklistedNumber},
		{"999", "GB", ringback.CodeBlacklistedNumber},
		{"118913", "PL", ringback.CodeBlacklistedNumber},
	} {
		got, err := dialplan.Parse(tt.text, tt.country)
		if code := codeOf(err); code != tt.code {
			t.Errorf("Parse(%q, %q) = %q with the code %q, want %q", tt.text, tt.country, got, code, tt.code)
		}
	}
}

func TestOnlyOrdinaryNumbersOfTheOwnCountryAreDialled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		number  ringback.Number
		country string
		code    string
	}{
		{"+48888888888", "PL", ""},                   // mobile
		{"+48600009001", "PL", ""},                   // a number of the sandbox
		{"+48228888888", "PL", ""},                   // fixed
		{"+48391234567", "PL", ""},                   // over the internet
		{"+12125552368", "US", ""},                   // fixed or mobile
		{"+447400123456", "GB", ""},                  // mobile
		{"+12684601234", "US", "forbidden-country"},  // Antigua, which looks like the United States
		{"+18765551234", "US", "forbidden-country"},  // Jamaica
		{"+447781123456", "GB", "forbidden-country"}, // Guernsey, which looks like Britain
		{"+5351234567", "US", "forbidden-country"},
		{"+37251234567", "PL", "forbidden-country"},
		{"+4915123456789", "PL", "forbidden-country"},
		{"+881612345678", "PL", "forbidden-country"}, // satellite
		{"+88213300655", "PL", "forbidden-country"},
		{"+80012345678", "PL", "forbidden-country"}, // region 001
		{"+97912345678", "PL", "forbidden-country"}, // international premium
		{"+48888888888", "", "forbidden-country"},
		{"+48888888888", "ZZ", "forbidden-country"},
		{"+48701234567", "PL", ringback.CodeBlacklistedNumber}, // premium
		{"+48801234567", "PL", ringback.CodeBlacklistedNumber}, // shared cost
		{"+48800123456", "PL", ringback.CodeBlacklistedNumber}, // toll-free
		{"+19002345678", "US", ringback.CodeBlacklistedNumber},
		{"+447012345678", "GB", ringback.CodeBlacklistedNumber}, // personal
		{"+48112", "PL", ringback.CodeBlacklistedNumber},
		{"+1911", "US", ringback.CodeBlacklistedNumber},
		{"+48000000000", "PL", ringback.CodeInvalidNumber},
		{"+19995550123", "US", ringback.CodeInvalidNumber},
		{"", "PL", ringback.CodeInvalidNumber},
		{"48888888888", "PL", ringback.CodeInvalidNumber},
	} {
		if got := codeOf(dialplan.Check(tt.number, tt.country)); got != tt.code {
			t.Errorf("Check(%q, %q) has the code %q, want %q", tt.number, tt.country, got, tt.code)
		}
	}
}

func TestDeniedPrefixesAreNotDialled(t *testing.T) {
	t.Parallel()
	if got := codeOf(dialplan.Check("+48888888888", "PL", "+48600", "+4888")); got != ringback.CodeBlacklistedNumber {
		t.Errorf("a denied number has the code %q", got)
	}
	if got := codeOf(dialplan.Check("+48888888888", "PL", "+48600")); got != "" {
		t.Errorf("another number has the code %q", got)
	}
}

func TestC11_NumbersAreWrittenNationallyAndInternationally(t *testing.T) {
	t.Parallel()
	if got, want := dialplan.National("+48570934649"), "570 934 649"; got != want {
		t.Errorf("national: %q, want %q", got, want)
	}
	if got, want := dialplan.International("+48535019417"), "+48 535 019 417"; got != want {
		t.Errorf("international: %q, want %q", got, want)
	}
	if got, want := dialplan.International("nonsense"), "nonsense"; got != want {
		t.Errorf("no number: %q, want %q", got, want)
	}
}

func TestCountryIsThatOfTheWholeNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[ringback.Number]string{
		"+48888888888": "PL", "+12125552368": "US", "+12684601234": "AG", "+447400123456": "GB",
		"+80012345678": "", "+881612345678": "", "": "", "nonsense": "",
	} {
		if got := dialplan.Country(n); got != want {
			t.Errorf("Country(%q) = %q, want %q", n, got, want)
		}
	}
}

// FuzzParse looks for a text that is read as a number which is none, or which is read differently the second time.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"+48 888 888 888", " 48888888888", "tel:+48888888888;ext=1", "112", "1-800-FLOWERS", "+48*31#", "٠١٢", "+1 (212) 555 2368 x9"} {
		f.Add(seed, "PL")
	}
	f.Fuzz(func(t *testing.T, text, country string) {
		n, err := dialplan.Parse(text, country)
		if err != nil {
			if codeOf(err) == "" {
				t.Errorf("Parse(%q, %q): %v is not for the caller", text, country, err)
			}
			return
		}
		if !n.Valid() {
			t.Errorf("Parse(%q, %q) = %q", text, country, n)
		}
		if again, err := dialplan.Parse(string(n), country); err != nil || again != n {
			t.Errorf("Parse(%q) = %q, %v", n, again, err)
		}
		_ = dialplan.Check(n, country)
	})
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*ringback.Error](err); ok {
		return e.Code
	}
	return ""
}
