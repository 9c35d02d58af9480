package ringback_test

import (
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
)

func TestT2_VariablesAreWholeWords(t *testing.T) {
	t.Parallel()
	v := ringback.Variables{Company: "Acme", Name: "Ada :tel", Tel: "+48 600 100 200", URL: "https://shop.example"}
	for text, want := range map[string]string{
		"":                            "",
		"Hi, :name!":                  "Hi, Ada :tel!", // what was filled in is not looked at again
		":company_name":               "Acme",
		":company":                    ":company",
		":names, :tele, :url2, :tel_": ":names, :tele, :url2, :tel_",
		":nameą":                      ":nameą",
		"Tel.: :tel.":                 "Tel.: +48 600 100 200.",
		":url/kontakt :url":           "https://shop.example/kontakt https://shop.example",
		"::name:":                     ":Ada :tel:",
		":Name :NAME $1 %s \\1":       ":Name :NAME $1 %s \\1",
		"12:30 a:b :":                 "12:30 a:b :",
		":name:tel":                   "Ada :tel+48 600 100 200",
	} {
		if got := (ringback.Template{Text: text}).Fill(v); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := (ringback.Template{Text: ":name:tel:url:company_name"}).Fill(ringback.Variables{}); got != "" {
		t.Errorf("variables without a value become %q", got)
	}
}

func TestT1_AWordingHasUpTo240Characters(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"":                          false,
		"x":                         true,
		strings.Repeat("ż", 240):    true, // characters, not bytes
		strings.Repeat("ż", 241):    false,
		strings.Repeat(":url ", 48): true, // before the variables are filled
	} {
		err := ringback.CheckTemplate(text)
		if (err == nil) != ok || err != nil && ringback.KindOf(err) != ringback.Invalid {
			t.Errorf("%d bytes %.10q: %v", len(text), text, err)
		}
	}
}
