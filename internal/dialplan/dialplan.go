// Package dialplan says which telephone numbers may be dialled, and reads and writes them as people do.
package dialplan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/ringback-hq/ringback"
)

// longest is the longest text that is looked at; the longest way to write a number is far shorter.
const longest = 64

// written splits what people write into the number and an extension, which is not kept. Letters are only allowed where
// they announce one of these, because a vanity number is never somebody who waits for a call.
var written = regexp.MustCompile(`(?i)^(?:tel:|call:|sip:)?([^a-z]+?)(?:[;,]?\s*(?:ext|extn|extension|x|w|wew|int|anexo)[.:=\s]*[0-9]{0,9})?$`)

// dialled are the kinds of number that ordinary people and companies answer.
var dialled = []phonenumbers.PhoneNumberType{
	phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.VOIP,
}

// Parse reads a number as people write it, in the national form of a country (ISO 3166 alpha-2; empty: none) or with
// "+", "00" or just the digits of the country in front. A leading space stands for "+": that is what becomes of a "+"
// that was not escaped in a URL (row C2). The error is a [*ringback.Error] about the field "tel".
func Parse(text, country string) (ringback.Number, error) {
	digits, ok := clean(text)
	if !ok {
		return "", invalid()
	}
	if special(digits, country) {
		return "", blacklisted()
	}
	for _, f := range forms(digits, text) {
		if n, ok := f.parse(country); ok {
			return n, nil
		}
	}
	if phonenumbers.ConnectsToEmergencyNumber(digits, country) {
		return "", blacklisted()
	}
	return "", invalid()
}

// clean returns the number in a text without its extension.
func clean(text string) (string, bool) {
	if len(text) > longest {
		return "", false
	}
	parts := written.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return "", false
	}
	number := strings.TrimSpace(parts[1])
	if i := strings.IndexAny(number, "*#,;"); i >= 0 {
		number = strings.TrimSpace(number[:i])
	}
	return number, strings.ContainsAny(number, "0123456789") && !strings.Contains(number[1:], "+")
}

// A form is one way in which digits may be meant.
type form struct {
	digits  string
	certain bool // it counts only where it certainly is a number; others may be of a range that is new
}

// forms lists the ways in which digits may be meant, the likeliest first.
func forms(digits, text string) []form {
	international := "+" + strings.TrimLeft(digits, "+0 ")
	switch {
	case strings.HasPrefix(digits, "+"):
		return []form{{digits, false}}
	case strings.HasPrefix(text, " "):
		return []form{{"+" + digits, true}, {digits, true}, {international, false}}
	default:
		return []form{{digits, true}, {international, false}}
	}
}

func (f form) parse(country string) (ringback.Number, bool) {
	number, err := phonenumbers.Parse(f.digits, country)
	if err != nil {
		return "", false
	}
	n := ringback.Number(phonenumbers.Format(number, phonenumbers.E164))
	if f.certain {
		return n, n.Valid() && phonenumbers.IsValidNumber(number)
	}
	return n, n.Valid() && stable(n)
}

// stable reports whether n is a possible number that stays what it is when it is read again.
func stable(n ringback.Number) bool {
	number, err := phonenumbers.Parse(string(n), "ZZ")
	return err == nil && phonenumbers.IsPossibleNumber(number) && phonenumbers.Format(number, phonenumbers.E164) == string(n)
}

// special reports whether digits, dialled in the country, reach an emergency or another short service.
func special(digits, country string) bool {
	if country == "" || strings.HasPrefix(digits, "+") {
		return false
	}
	number, err := phonenumbers.Parse(digits, country)
	return phonenumbers.IsEmergencyNumber(digits, country) ||
		err == nil && phonenumbers.IsValidShortNumberForRegion(number, country)
}

// Check says, as a [*ringback.Error] about the field "tel", why a number may not be dialled for an account of the
// country: it is not of that country, or of a kind that costs or that no person answers. Numbers that begin with one of
// the denied prefixes, such as "+4870", are refused too.
func Check(n ringback.Number, country string, deny ...string) error {
	number, err := phonenumbers.Parse(string(n), "ZZ")
	if err != nil {
		return invalid()
	}
	national := phonenumbers.GetNationalSignificantNumber(number)
	denied := slices.ContainsFunc(deny, func(prefix string) bool { return strings.HasPrefix(string(n), prefix) })
	if denied || special(national, phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode()))) {
		return blacklisted()
	}
	region, kind := phonenumbers.GetRegionCodeForNumber(number), phonenumbers.GetNumberType(number)
	switch {
	case region != "" && region != country, region == "" && !sharesCode(number, country):
		return &ringback.Error{
			Kind: ringback.Refused, Code: ringback.CodeForbiddenCountry, Field: "tel",
			Detail: "Numbers of this country are not called.",
		}
	case !n.Valid() || kind == phonenumbers.UNKNOWN:
		return invalid()
	case !slices.Contains(dialled, kind):
		return blacklisted()
	}
	return nil
}

// sharesCode reports whether a number that belongs to no known region has the country's own calling code: such a number
// is wrong rather than foreign.
func sharesCode(number *phonenumbers.PhoneNumber, country string) bool {
	return slices.Contains(phonenumbers.GetRegionCodesForCountryCode(int(number.GetCountryCode())), country)
}

// Country returns the country of a number (ISO 3166 alpha-2), or "" where it has none.
func Country(n ringback.Number) string {
	number, err := phonenumbers.Parse(string(n), "ZZ")
	if err != nil {
		return ""
	}
	if region := phonenumbers.GetRegionCodeForNumber(number); len(region) == 2 {
		return region
	}
	return ""
}

// National writes a number as in its own country: "570 934 649".
func National(n ringback.Number) string { return format(n, phonenumbers.NATIONAL) }

// International writes a number for people anywhere: "+48 535 019 417".
func International(n ringback.Number) string { return format(n, phonenumbers.INTERNATIONAL) }

func format(n ringback.Number, as phonenumbers.PhoneNumberFormat) string {
	number, err := phonenumbers.Parse(string(n), "ZZ")
	if err != nil {
		return string(n)
	}
	return phonenumbers.Format(number, as)
}

func invalid() *ringback.Error {
	return &ringback.Error{
		Kind: ringback.Invalid, Code: ringback.CodeInvalidNumber, Field: "tel",
		Detail: "This is not a telephone number that can be called.",
	}
}

func blacklisted() *ringback.Error {
	return &ringback.Error{
		Kind: ringback.Refused, Code: ringback.CodeBlacklistedNumber, Field: "tel",
		Detail: "Numbers of this kind are not called.",
	}
}
