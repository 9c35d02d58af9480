package web

import (
	"net/http"
	"reflect"
	"slices"
)

// A Param is one input of an endpoint, as the tags of its field declare it.
type Param struct {
	Names    []string     // the strongest first
	Type     reflect.Type // of the field
	Required bool
	Loose    bool // what cannot be read counts as absent
	Email    bool
	Scalar   bool // a text may be sent as true or false
	Min, Max *int // of a number
	Longest  int  // characters that a text may have; 0: a longer one is cut
	OneOf    []string
}

// Params lists the inputs of a struct in the order of its fields.
func Params(in reflect.Type) ([]Param, error) {
	if in.Kind() != reflect.Struct {
		return nil, nil
	}
	fields, err := planOf(in)
	if err != nil {
		return nil, err
	}
	params := make([]Param, len(fields))
	for i, f := range fields {
		params[i] = f.param(in.FieldByIndex(f.index).Type)
	}
	return params, nil
}

func (f field) param(t reflect.Type) Param {
	p := Param{
		Names: f.names, Type: t, Required: f.rules.required || f.rules.present, Loose: f.rules.loose, Email: f.rules.email, Scalar: f.rules.scalar,
		Min: f.rules.min, Max: f.rules.max, OneOf: f.rules.oneof,
	}
	switch {
	case f.rules.max != nil:
		p.Longest = *f.rules.max
	case f.rules.cut == nil:
		p.Longest = longestText
	}
	return p
}

// FailureStatuses lists the statuses with which an endpoint can fail, in order.
func FailureStatuses() []int {
	var all []int
	for _, status := range statuses {
		all = append(all, status)
	}
	for _, status := range codeStatuses {
		if status != http.StatusMethodNotAllowed { // there the endpoint was not reached
			all = append(all, status)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
