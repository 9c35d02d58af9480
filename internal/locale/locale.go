// Package locale has what Ringback says to people, in every language.
package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// fallback is the wire code of the language that has everything.
const fallback = "en"

var (
	//go:embed sounds
	sounds embed.FS
	//go:embed texts
	texts embed.FS
)

// Speaks returns the language in which a prompt is there for a locale, both as the wire's codes: its own, or English.
func Speaks(locale, name string) string {
	if _, ok := Sound(locale, name+".wav"); ok {
		return locale
	}
	return fallback
}

// Prompt returns a built-in prompt, such as "manager.call", as a WAV file: 8 kHz, mono, μ-law. The language is the
// wire's code; one without the prompt speaks English. It reports false when there is no prompt of that name.
func Prompt(locale, name string) ([]byte, bool) {
	return Sound(Speaks(locale, name), name+".wav")
}

// Sound returns a file of a prompt in just that language, such as "manager.call.wav" or "manager.call.mp3".
func Sound(locale, file string) ([]byte, bool) {
	sound, err := sounds.ReadFile("sounds/" + locale + "/" + file)
	return sound, err == nil
}

// wordings are the texts of all languages: by the wire's code, then by name.
var wordings = sync.OnceValues(readTexts)

func readTexts() (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	files, err := texts.ReadDir("texts")
	if err != nil {
		return nil, fmt.Errorf("list the texts: %w", err)
	}
	for _, f := range files {
		doc, err := texts.ReadFile("texts/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read the texts %s: %w", f.Name(), err)
		}
		var language map[string]string
		if err := json.Unmarshal(doc, &language); err != nil {
			return nil, fmt.Errorf("read the texts %s: %w", f.Name(), err)
		}
		all[strings.TrimSuffix(f.Name(), ".json")] = language
	}
	return all, nil
}

// Text returns the built-in wording of a text message, such as "visitor.dial-completed". The language is the wire's
// code; one without the text writes English. It is empty when there is no text of that name.
func Text(locale, name string) string {
	all, err := wordings()
	if err != nil {
		return "" // never: the files are built in, and a test reads them
	}
	if text, ok := all[locale][name]; ok {
		return text
	}
	return all[fallback][name]
}
