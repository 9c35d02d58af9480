package sqldb

import (
	"strings"
	"unicode/utf8"
)

// portable cleans arguments in place of what PostgreSQL refuses in a text and SQLite does not: U+0000 and bytes that
// are not UTF-8. Both come from outside, in the name of a browser for example, and are worth no failure.
func portable(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok && (strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s)) {
			args[i] = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
		}
	}
	return args
}
