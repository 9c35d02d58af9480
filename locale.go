package ringback

import "strings"

// A Locale is one language of widgets, texts and prompts.
type Locale struct {
	Code string // the wire's: cn, cz, ee and se are not ISO codes
	Tag  string // BCP 47
	Name string
}

// Locales lists every language, in the order of the API document; lv, Latvian, is ours. The document calls lt
// Latvian too, but lt is the code of Lithuanian.
var Locales = []Locale{
	{"cn", "zh", "Chinese"},
	{"cz", "cs", "Czech"},
	{"de", "de", "German"},
	{"ee", "et", "Estonian"},
	{"en", "en", "English"},
	{"es", "es", "Spanish"},
	{"fr", "fr", "French"},
	{"hu", "hu", "Hungarian"},
	{"it", "it", "Italian"},
	{"lt", "lt", "Lithuanian"},
	{"pl", "pl", "Polish"},
	{"pt", "pt", "Portuguese"},
	{"ru", "ru", "Russian"},
	{"se", "sv", "Swedish"},
	{"tr", "tr", "Turkish"},
	{"lv", "lv", "Latvian"},
}

// ParseLocale finds the language of a wire code or a BCP 47 tag, whatever its case and its region: "pt-BR" is Portuguese.
func ParseLocale(s string) (Locale, bool) {
	s, _, _ = strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "_", "-"), "-")
	for _, l := range Locales {
		if s == l.Code {
			return l, true
		}
	}
	for _, l := range Locales {
		if s == l.Tag {
			return l, true
		}
	}
	return Locale{}, false
}
