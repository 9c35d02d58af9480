// Package locale has what Ringback says to people, in every language.
package locale

import "embed"

// fallback is the wire code of the language that has every prompt.
const fallback = "en"

//go:embed sounds
var sounds embed.FS

// Prompt returns a built-in prompt, such as "manager.call", as a WAV file: 8 kHz, mono, μ-law. The language is the
// wire's code; one without the prompt speaks English. It reports false when there is no prompt of that name.
func Prompt(locale, name string) ([]byte, bool) {
	for _, code := range []string{locale, fallback} {
		if wav, err := sounds.ReadFile("sounds/" + code + "/" + name + ".wav"); err == nil {
			return wav, true
		}
	}
	return nil, false
}
