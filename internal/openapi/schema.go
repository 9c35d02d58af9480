package openapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/ringback-hq/ringback/internal/web"
)

// schemas are the schemas of the outputs; those of named structs have their own place in the document.
type schemas struct {
	named object
	types map[string]reflect.Type
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// A former is a document that writes itself: Forms returns, as values, what it can be written as.
type former interface{ Forms() []any }

// answer describes what a row answers.
func (s *schemas) answer(row web.Route) (object, error) {
	if row.Status == http.StatusNoContent {
		return object{"description": "Done."}, nil
	}
	schema, err := s.of(row.Do.Out)
	if err != nil {
		return nil, err
	}
	return object{"description": "Done.", "content": object{"application/json": object{"schema": schema}}}, nil
}

// of describes what encoding/json makes of a type.
func (s *schemas) of(t reflect.Type) (object, error) {
	if t.Kind() == reflect.Pointer {
		schema, err := s.of(t.Elem())
		return nullable(schema), err
	}
	if f, ok := reflect.TypeAssert[former](reflect.Zero(t)); ok {
		return s.anyOf(f.Forms())
	}
	if t == instant {
		return object{"type": "string", "format": "date-time"}, nil
	}
	if own := reflect.PointerTo(t); own.Implements(marshaler) || own.Implements(textMarshaler) {
		return nil, fmt.Errorf("%s writes itself and does not say how: it needs a method Forms", t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.structure(t)
	case reflect.Slice:
		items, err := s.of(t.Elem())
		return object{"type": "array", "items": items}, err
	case reflect.Array:
		return object{"type": "array", "minItems": t.Len(), "maxItems": t.Len()}, nil
	case reflect.Map:
		values, err := s.of(t.Elem())
		return object{"type": "object", "additionalProperties": values}, err
	case reflect.Interface:
		return object{}, nil
	default:
		return primitive(t)
	}
}

func primitive(t reflect.Type) (object, error) {
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}, nil
	case reflect.Bool:
		return object{"type": "boolean"}, nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return object{"type": "integer", "format": "int64"}, nil
	case reflect.Float64:
		return object{"type": "number"}, nil
	default:
		return nil, fmt.Errorf("%s cannot be described", t)
	}
}

func (s *schemas) anyOf(forms []any) (object, error) {
	var list []object
	for _, form := range forms {
		schema, err := s.of(reflect.TypeOf(form))
		if err != nil {
			return nil, err
		}
		list = append(list, schema)
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return object{"anyOf": list}, nil
}

// nullable lets a schema be null too.
func nullable(schema object) object {
	if kind, ok := schema["type"].(string); ok {
		schema["type"] = []string{kind, "null"}
		return schema
	}
	if len(schema) == 0 {
		return schema
	}
	return object{"anyOf": []object{schema, {"type": "null"}}}
}

// structure describes a struct; one with a name is described once and referred to.
func (s *schemas) structure(t reflect.Type) (object, error) {
	if t.Name() == "" {
		return s.fields(t)
	}
	name := nameOf(t)
	ref := object{"$ref": "#/components/schemas/" + name}
	if known, ok := s.types[name]; ok {
		if known != t {
			return nil, fmt.Errorf("%s and %s have one name, %s", known, t, name)
		}
		return ref, nil
	}
	if s.types == nil {
		s.types = map[string]reflect.Type{}
	}
	s.types[name] = t
	schema, err := s.fields(t)
	s.named[name] = schema
	return ref, err
}

func (s *schemas) fields(t reflect.Type) (object, error) {
	properties, required := object{}, []string{}
	for _, f := range jsonFields(t) {
		schema, err := s.field(f)
		if err != nil {
			return nil, fmt.Errorf("field %s of %s: %w", f.Name, t, err)
		}
		name, optional := jsonName(f)
		properties[name] = schema
		if !optional {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema, nil
}

// field describes one field. The tag "type" names the JSON types of one that can be anything in Go.
func (s *schemas) field(f reflect.StructField) (object, error) {
	if types := f.Tag.Get("type"); types != "" {
		var list []object
		for each := range strings.SplitSeq(types, ",") {
			list = append(list, object{"type": each})
		}
		return object{"anyOf": list}, nil
	}
	schema, err := s.of(f.Type)
	if err != nil {
		return nil, err
	}
	name, _ := jsonName(f)
	if about := words[name].about; about != "" && schema["$ref"] == nil {
		schema["description"] = about
	}
	return schema, nil
}

// jsonFields lists the fields that encoding/json writes, those of embedded structs among them, in its order.
func jsonFields(t reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return !f.IsExported() || f.Tag.Get("json") == "-" || f.Anonymous && name == ""
	})
}

func jsonName(f reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	return name, strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
}
