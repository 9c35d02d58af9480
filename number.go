package ringback

import "strings"

// Number is a telephone number in E.164 form: "+48888888888". Package dialplan reads what people write.
type Number string

// Valid reports whether n has the form of E.164: a plus sign and 7 to 15 digits, the first not 0 (ITU-T E.164 §6.2).
func (n Number) Valid() bool {
	digits, ok := strings.CutPrefix(string(n), "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

// Masked returns n fit for a log: "+48*****443".
func (n Number) Masked() string {
	if len(n) < 8 {
		return "***"
	}
	return string(n[:3]) + strings.Repeat("*", len(n)-6) + string(n[len(n)-3:])
}
