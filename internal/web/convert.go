package web

import (
	"encoding/json"
	"math"
	"net/mail"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ringback-hq/ringback"
)

// longestText is how many characters a text may have where no rule says otherwise.
const longestText = 1000

// mostValues is how many values a list may have.
const mostValues = 1000

// convert puts a value into a field, whatever spelling the client chose (rows R7, R8, R9 and E14).
func (f field) convert(v any, to reflect.Value) error {
	switch p := to.Addr().Interface().(type) {
	case *any:
		*p = v
		return nil
	case *time.Time:
		return f.toTime(v, p)
	}
	switch to.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return f.convert(v, to.Elem())
	case reflect.Slice:
		return f.toList(v, to)
	case reflect.String:
		return f.toText(last(v), to)
	case reflect.Bool:
		return f.toBool(last(v), to)
	case reflect.Int, reflect.Int64:
		return f.toInt(last(v), to)
	default:
		return f.problem("The %s field cannot be read as %s.", f.names[0], to.Type())
	}
}

// last returns the last of the values of a repeated parameter, which is the one that PHP would take.
func last(v any) any {
	if values, ok := v.(repeated); ok && len(values) > 0 {
		return values[len(values)-1]
	}
	return v
}

func (f field) toText(v any, to reflect.Value) error {
	if b, ok := v.(bool); ok && f.rules.scalar {
		v = strconv.FormatBool(b)
	}
	text, ok := scalar(v)
	if !ok || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return f.problem("The %s field must be a text.", f.names[0])
	}
	if !f.rules.raw {
		text = strings.TrimSpace(text)
	}
	if text == "" && f.rules.required {
		return f.problem("The %s field is required.", f.names[0])
	}
	if f.rules.cut != nil && utf8.RuneCountInString(text) > *f.rules.cut {
		text = string([]rune(text)[:*f.rules.cut])
	}
	to.SetString(text)
	return f.judge(text)
}

// judge applies the rules for texts.
func (f field) judge(text string) error {
	limit := longestText
	switch {
	case f.rules.max != nil:
		limit = *f.rules.max
	case f.rules.cut != nil:
		limit = *f.rules.cut
	}
	switch {
	case utf8.RuneCountInString(text) > limit:
		return f.problem("The %s field must not have more than %d characters.", f.names[0], limit)
	case f.rules.oneof != nil && text != "" && !slices.Contains(f.rules.oneof, text):
		return f.problem("The selected %s is invalid: it must be one of %s.", f.names[0], strings.Join(f.rules.oneof, ", "))
	case f.rules.email && text != "" && !IsEmail(text):
		return f.problem("The %s field must be a valid e-mail address.", f.names[0])
	}
	return nil
}

// IsEmail reports whether text is a bare address at a domain with a dot (RFC 5321 §4.5.3.1 limits its length).
func IsEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > 254 {
		return false
	}
	local, domain, _ := strings.Cut(text, "@")
	return len(local) <= 64 && strings.Contains(strings.Trim(domain, "."), ".") && !strings.ContainsAny(text, "\"<>[] \t")
}

func (f field) toBool(v any, to reflect.Value) error {
	if b, ok := v.(bool); ok {
		to.SetBool(b)
		return nil
	}
	text, _ := scalar(v)
	b, ok := ringback.ParseBool(text)
	if !ok {
		return f.problem("The %s field must be true or false.", f.names[0])
	}
	to.SetBool(b)
	return nil
}

func (f field) toInt(v any, to reflect.Value) error {
	n, ok := wholeNumber(v)
	switch {
	case !ok:
		return f.problem("The %s field must be an integer.", f.names[0])
	case f.rules.min != nil && n < int64(*f.rules.min):
		return f.problem("The %s field must be at least %d.", f.names[0], *f.rules.min)
	case f.rules.max != nil && n > int64(*f.rules.max):
		return f.problem("The %s field must not be greater than %d.", f.names[0], *f.rules.max)
	}
	to.SetInt(n)
	return nil
}

// toList reads a list in any of the spellings of row R8, however deep it is nested.
func (f field) toList(v any, to reflect.Value) error {
	values := flatten(v, nil)
	switch {
	case len(values) > mostValues:
		return f.problem("The %s field must not have more than %d values.", f.names[0], mostValues)
	case len(values) == 0 && f.rules.required:
		return f.problem("The %s field is required.", f.names[0])
	}
	list := reflect.MakeSlice(to.Type(), len(values), len(values))
	for i, value := range values {
		err := f.convert(value, list.Index(i))
		switch {
		case err == nil:
		case !f.rules.loose:
			return err
		case list.Index(i).CanInt():
			list.Index(i).SetInt(Nothing)
		}
	}
	to.Set(list)
	return nil
}

// flatten appends the scalars in v to values: those of lists, of maps with numbers for keys, and of texts with commas.
func flatten(v any, values []any) []any {
	switch v := v.(type) {
	case nil:
	case repeated:
		for _, each := range v {
			values = flatten(each, values)
		}
	case []any:
		for _, each := range v {
			values = flatten(each, values)
		}
	case string:
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				values = append(values, part)
			}
		}
	default:
		values = append(values, v)
	}
	return values
}

func (f field) toTime(v any, to *time.Time) error {
	text, _ := scalar(last(v))
	t, precision, ok := parseTime(strings.TrimSpace(text))
	if !ok {
		return f.problem("The %s field must be a timestamp or an ISO 8601 date.", f.names[0])
	}
	if f.rules.until {
		t = t.Add(precision - time.Millisecond)
	}
	*to = t
	return nil
}

// milliseconds is where timestamps begin to be milliseconds instead of seconds (row R9).
const milliseconds = 1e11

// parseTime reads seconds, milliseconds or ISO 8601, and says how exact the text is.
func parseTime(text string) (t time.Time, precision time.Duration, ok bool) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		switch {
		case math.IsNaN(n), math.Abs(n) >= 1e15:
			return t, 0, false
		case math.Abs(n) >= milliseconds:
			return time.UnixMilli(int64(n)).UTC(), time.Millisecond, true
		case n == math.Trunc(n):
			return time.Unix(int64(n), 0).UTC(), time.Second, true
		default:
			return time.UnixMilli(int64(n * 1000)).UTC(), time.Millisecond, true
		}
	}
	text = strings.Replace(text, " ", "T", 1)
	for layout, precision := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			if t.Nanosecond() != 0 {
				precision = time.Millisecond
			}
			return t.UTC(), precision, true
		}
	}
	return t, 0, false
}

// layouts are the ways to write ISO 8601; times that name no zone are UTC.
var layouts = map[string]time.Duration{
	time.RFC3339:               time.Second,
	"2006-01-02T15:04:05":      time.Second,
	"2006-01-02T15:04:05-07":   time.Second,
	"2006-01-02T15:04Z07:00":   time.Minute,
	"2006-01-02T15:04":         time.Minute,
	"2006-01-02":               24 * time.Hour,
	"20060102T150405Z0700":     time.Second,
	"2006-01-02T15:04:05-0700": time.Second,
}

// scalar returns a single value as a text.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case pathText:
		return string(v), true
	case json.Number:
		return v.String(), true
	default:
		return "", false
	}
}

// wholeNumber reads 3, "3" and 3.0.
func wholeNumber(v any) (int64, bool) {
	text, ok := scalar(v)
	if !ok {
		return 0, false
	}
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	decimal := strings.Trim(text, "0123456789.eE+-") == ""
	return int64(f), err == nil && decimal && f == math.Trunc(f) && math.Abs(f) < 1<<53
}
