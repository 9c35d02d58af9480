package ringback

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A Field is a question at a widget: what a visitor, or a program, may say about a call besides the number.
type Field struct {
	ID, AccountID, WidgetID int64
	Slug                    string // unique at its widget
	Label                   string // what a person reads
	Hint, Placeholder       string // empty: none
}

// An Answer is what was answered to a [Field] for one call. It is a text, whatever was sent.
type Answer struct {
	Field Field
	Value string
}

// The limits of fields: how many a widget has, and how long, in characters, a slug, a label and an answer may be.
const (
	MaxFields = 50
	MaxSlug   = 64
	MaxLabel  = 255
	MaxAnswer = 1000
)

// FieldSlug turns a name into a slug: lower case, with one dash in place of all that is not a letter or a digit of
// ASCII or an underscore. A name that leaves nothing has none.
func FieldSlug(name string) string {
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(parts, "-")
}

// A Reply is what a caller says to a field: named by its id, or else by its slug or another name that has that slug.
type Reply struct {
	FieldID     int64
	Name, Value string
}

// Answers finds the fields that replies are for, among those of a widget. A name that is new there is a new field, which
// has no ID yet.
func Answers(fields []Field, replies []Reply) ([]Answer, error) {
	var answers []Answer
	for _, r := range replies {
		if utf8.RuneCountInString(r.Value) > MaxAnswer {
			return nil, Invalidf("fields", "An answer must not have more than %d characters.", MaxAnswer)
		}
		i := slices.IndexFunc(fields, func(f Field) bool {
			return r.FieldID != 0 && f.ID == r.FieldID || r.FieldID == 0 && f.Slug == FieldSlug(r.Name)
		})
		if i < 0 {
			f, err := newField(r, len(fields))
			if err != nil {
				return nil, err
			}
			i, fields = len(fields), append(slices.Clip(fields), f)
		}
		answers = append(answers, Answer{fields[i], r.Value})
	}
	return answers, nil
}

func newField(r Reply, have int) (Field, error) {
	f := Field{Slug: FieldSlug(r.Name), Label: r.Name}
	switch {
	case r.FieldID != 0:
		return f, Invalidf("fields", "There is no field %d at this widget.", r.FieldID)
	case f.Slug == "" || len(f.Slug) > MaxSlug || utf8.RuneCountInString(f.Label) > MaxLabel:
		return f, Invalidf("fields", "The name of a field must have 1 to %d letters and digits.", MaxSlug)
	case have >= MaxFields:
		return f, Invalidf("fields", "A widget must not have more than %d fields.", MaxFields)
	}
	return f, nil
}
