package web

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/ringback-hq/ringback"
)

// Into fills the struct that in points to. A field is read where it has a tag "in": its names, the strongest first.
// The tag "rule" says more, separated by commas:
//
//	required    must be there and not be empty
//	present     must be there and may be empty
//	scalar      a text may be sent as true or false
//	path=call   names a thing in the path; what cannot be read as the field's type names no such thing
//	raw         a text is taken as it is; others lose the spaces around them
//	max=200     the longest text in characters, 1000 where nothing is said, or the largest number
//	min=1       the smallest number
//	cut=200     a longer text is cut, not refused
//	oneof=a b   the texts that are allowed
//	email       a text must be an e-mail address, or empty
//	loose       what cannot be read counts as absent; in a list it stands for [Nothing]
//	until       a time means the end of the second or day that was written
//
// null is absent (row R6), and so is an empty text for everything but a text. A field that is a pointer stays nil where
// the parameter is absent. A field of type any gets what was sent. The error is [FieldErrors].
func (t Tree) Into(in any) error {
	v := reflect.ValueOf(in).Elem()
	if v.Kind() != reflect.Struct {
		return nil
	}
	fields, err := planOf(v.Type())
	if err != nil {
		return err
	}
	var problems FieldErrors
	for _, f := range fields {
		if err := f.read(t, v.FieldByIndex(f.index)); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// Nothing is the id that an unreadable one in a loose list becomes: it belongs to nothing.
const Nothing = -1

// A field is the plan of how one field of a struct is read.
type field struct {
	index []int
	names []string
	rules rules
}

type rules struct {
	required, present, scalar, raw, email, loose, until bool
	path                                                string // the noun
	max, min, cut                                       *int
	oneof                                               []string
}

var plans sync.Map // of reflect.Type to []field

// planOf returns how a type of struct is read. It is worked out once.
func planOf(t reflect.Type) ([]field, error) {
	if plan, ok := plans.Load(t); ok {
		if fields, ok := plan.([]field); ok {
			return fields, nil
		}
	}
	var fields []field
	for _, sf := range reflect.VisibleFields(t) {
		names, ok := sf.Tag.Lookup("in")
		if !ok {
			continue
		}
		r, err := parseRules(sf.Tag.Get("rule"))
		if err != nil {
			return nil, fmt.Errorf("field %s of %s: %w", sf.Name, t, err)
		}
		fields = append(fields, field{sf.Index, strings.Split(names, ","), r})
	}
	plans.Store(t, fields)
	return fields, nil
}

func parseRules(tag string) (rules, error) {
	var r rules
	if tag == "" {
		return r, nil
	}
	for rule := range strings.SplitSeq(tag, ",") {
		name, value, _ := strings.Cut(rule, "=")
		if err := r.set(name, value); err != nil {
			return r, fmt.Errorf("rule %q: %w", rule, err)
		}
	}
	return r, nil
}

func (r *rules) set(name, value string) error {
	number := func(to **int) error {
		n, err := strconv.Atoi(value)
		*to = &n
		return err
	}
	switch name {
	case "required":
		r.required = true
	case "present":
		r.present = true
	case "scalar":
		r.scalar = true
	case "raw":
		r.raw = true
	case "email":
		r.email = true
	case "loose":
		r.loose = true
	case "until":
		r.until = true
	case "path":
		r.path = value
	case "max":
		return number(&r.max)
	case "min":
		return number(&r.min)
	case "cut":
		return number(&r.cut)
	case "oneof":
		r.oneof = strings.Fields(value)
	default:
		return errors.New("there is no such rule")
	}
	return nil
}

// read fills one field from the tree.
func (f field) read(t Tree, to reflect.Value) error {
	v, ok := f.find(t, to)
	if !ok {
		if f.rules.required || f.rules.present {
			return f.problem("The %s field is required.", f.names[0])
		}
		return nil
	}
	err := f.convert(v, to)
	switch {
	case err == nil:
		return nil
	case f.rules.path != "":
		return ringback.NoSuch(f.rules.path)
	case f.rules.loose:
		to.SetZero()
		return nil
	}
	return err
}

// find returns the value of the strongest name that was sent. An empty text is the weakest, if it is one at all.
func (f field) find(t Tree, to reflect.Value) (any, bool) {
	empty := false
	for _, name := range f.names {
		switch v := t[name]; v {
		case nil:
		case "":
			empty = true
		default:
			return v, true
		}
	}
	return "", empty && !f.rules.required && isText(to.Type())
}

func isText(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.String
}

// problem is about the field under the first of its names.
func (f field) problem(format string, args ...any) *ringback.Error {
	return ringback.Invalidf(f.names[0], format, args...)
}
