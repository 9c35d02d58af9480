package openapi

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ringback-hq/ringback/internal/web"
)

// inputs are what an operation takes, by where it stands in the request.
type inputs struct{ path, query, body []web.Param }

// inputsOf sorts the parameters of a row: those that its path names, and the others into the query or the body.
func inputsOf(row web.Route) (inputs, error) {
	var in inputs
	params, err := web.Params(row.Do.In)
	if err != nil {
		return in, err
	}
	inBody := row.Method != http.MethodGet && row.Method != http.MethodDelete
	for _, p := range params {
		i := slices.IndexFunc(p.Names, func(name string) bool { return strings.Contains(row.Path, "{"+name+"}") })
		switch {
		case i >= 0:
			p.Names = p.Names[i : i+1]
			in.path = append(in.path, p)
		case inBody:
			in.body = append(in.body, p)
		default:
			in.query = append(in.query, p)
		}
	}
	if got, want := len(in.path), strings.Count(row.Path, "{"); got != want {
		return in, fmt.Errorf("the input has %d of the %d names in the path", got, want)
	}
	return in, nil
}

// parameters describes what stands in the path and in the query.
func (a API) parameters(in inputs) []object {
	var list []object
	for _, p := range in.path {
		list = append(list, object{
			"name": p.Names[0], "in": "path", "required": true, "description": aboutParam(p), "schema": canonical(p),
		})
	}
	for _, p := range in.query {
		schema := canonical(p)
		if a.Liberal {
			schema = liberal(p, schema, true)
		}
		list = append(list, object{
			"name": p.Names[0], "in": "query", "required": p.Required && len(p.Names) == 1,
			"description": aboutParam(p), "schema": schema,
		})
	}
	return list
}

// body describes a body, which may be written in three ways.
func (a API) body(params []web.Param) object {
	properties := object{}
	var required []string
	var either []object
	for _, p := range params {
		schema := canonical(p)
		if a.Liberal {
			schema = liberal(p, schema, false)
		}
		schema["description"] = aboutParam(p)
		properties[p.Names[0]] = schema
		switch {
		case p.Required && a.Liberal && len(p.Names) > 1:
			either = append(either, object{"anyOf": requiring(p.Names)})
		case p.Required:
			required = append(required, p.Names[0])
		}
	}
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	if len(either) > 0 {
		schema["allOf"] = either
	}
	content := object{"application/json": object{"schema": schema}}
	if a.Liberal {
		content["application/x-www-form-urlencoded"] = object{"schema": schema}
		content["multipart/form-data"] = object{"schema": schema}
	}
	return object{"required": len(required)+len(either) > 0, "content": content}
}

func requiring(names []string) []object {
	var list []object
	for _, name := range names {
		list = append(list, object{"required": []string{name}})
	}
	return list
}

var (
	instant  = reflect.TypeFor[time.Time]()
	anything = reflect.TypeFor[any]()
)

// canonical is the schema of a parameter as it should be written.
func canonical(p web.Param) object {
	t := p.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case anything:
		return object{}
	case instant:
		return object{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Slice:
		p.Type = t.Elem()
		return object{"type": "array", "items": canonical(p)}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return number(p)
	default:
		return text(p)
	}
}

func number(p web.Param) object {
	schema := object{"type": "integer", "format": "int64"}
	if p.Min != nil {
		schema["minimum"] = *p.Min
	}
	if p.Max != nil {
		schema["maximum"] = *p.Max
	}
	return schema
}

func text(p web.Param) object {
	schema := object{"type": "string"}
	if p.Longest > 0 {
		schema["maxLength"] = p.Longest
	}
	if p.Email {
		schema["format"] = "email"
	}
	if len(p.OneOf) > 0 {
		schema["enum"] = anys(p.OneOf)
	}
	return schema
}

func anys(texts []string) []any {
	var list []any
	for _, text := range texts {
		list = append(list, text)
	}
	return list
}

// spellings are the types that stand for one when a client may write as it likes.
var spellings = map[any][]string{
	"integer": {"integer", "string"},
	"boolean": {"boolean", "integer", "string"},
	"string":  {"string", "number"},
	"array":   {"array", "object", "string", "number"},
}

// liberal widens a schema to every spelling that is understood. What is not required may also be null or, but in a
// query, an empty text. A loose parameter may be anything.
func liberal(p web.Param, schema object, query bool) object {
	kind := schema["type"]
	switch {
	case kind == nil:
		return schema
	case p.Loose && !query:
		return object{}
	}
	if items, ok := schema["items"].(object); ok && query {
		p.Required = true // an item is there or not
		return object{"type": "array", "items": liberal(p, items, true)}
	}
	types := slices.Clone(spellings[kind])
	if p.Scalar {
		types = append(types, "boolean")
	}
	wide := object{"type": types}
	for _, rule := range []string{"minimum", "maximum", "maxLength", "enum"} {
		if value, ok := schema[rule]; ok && !p.Loose {
			wide[rule] = value
		}
	}
	if !p.Required && !query {
		wide["type"] = append(types, "null")
		if enum, ok := wide["enum"].([]any); ok {
			wide["enum"] = append(slices.Clone(enum), "", nil)
		}
	}
	return wide
}

// aboutParam says in sentences what a parameter is.
func aboutParam(p web.Param) string {
	about := words[p.Names[0]].about
	if len(p.Names) == 1 {
		return about
	}
	if p.Names[0] == "id" {
		about = words[p.Names[1]].about // it says of what
	}
	return about + " Also known as " + strings.Join(p.Names[1:], ", ") + "."
}

// rulesOf says what may be sent, for people.
func rulesOf(p web.Param) string {
	var parts []string
	say := func(yes bool, format string, args ...any) {
		if yes {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	say(p.Email, "an e-mail address")
	say(len(p.OneOf) > 0, "one of %s", strings.Join(p.OneOf, ", "))
	if kind := kindOf(p); kind == "number" {
		say(p.Min != nil, "at least %d", *cmp.Or(p.Min, new(int)))
		say(p.Max != nil, "at most %d", *cmp.Or(p.Max, new(int)))
	} else if kind == "text" {
		say(p.Longest > 0 && !p.Loose && len(p.OneOf) == 0, "at most %d characters", p.Longest)
	}
	return strings.Join(parts, ", ")
}

// kindOf is the type of a parameter in a word or two.
func kindOf(p web.Param) string {
	kinds := map[any]string{"integer": "number", "boolean": "true or false", "string": "text", nil: "any"}
	schema := canonical(p)
	switch {
	case schema["format"] == "date-time":
		return "time"
	case schema["type"] == "array":
		items, _ := schema["items"].(object)
		return "list of " + kinds[items["type"]] + "s"
	default:
		return kinds[schema["type"]]
	}
}
