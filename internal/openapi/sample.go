package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/ringback-hq/ringback/internal/web"
)

// sampleTime is when everything happens in the samples.
var sampleTime = time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)

// SampleAnswer writes what a row could answer, with something in each field; empty: it answers without a body.
func SampleAnswer(row web.Route) (string, error) {
	if row.Status == http.StatusNoContent {
		return "", nil
	}
	return sampleOf(row.Do.Out)
}

// sampleOf writes a document of a type with something in each of its fields, indented by two spaces.
func sampleOf(t reflect.Type) (string, error) {
	v := reflect.New(t).Elem()
	fill(v, "", 0)
	return indented(v.Interface())
}

// indented leaves the signs of HTML alone: whoever shows it escapes them.
func indented(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return strings.TrimSpace(b.String()), err
}

// deepest is where a sample ends that would have no end.
const deepest = 12

// fill puts a sample into a value that stands under a name.
func fill(v reflect.Value, name string, depth int) {
	w, known := words[name]
	s := reflect.ValueOf(w.sample)
	switch kind := v.Kind(); {
	case depth > deepest || !v.CanSet():
	case v.Type() == instant:
		v.Set(reflect.ValueOf(sampleTime))
	case kind == reflect.Struct:
		fillFields(v, depth)
	case kind == reflect.Pointer && (!known || s.IsValid()):
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, depth+1)
	case kind == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name, depth+1)
	case kind == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		if s.IsValid() && s.Type().AssignableTo(v.Type()) {
			v.Set(s)
		}
	case kind == reflect.Interface:
		if s.IsValid() {
			v.Set(s)
		}
	case v.CanInt():
		v.SetInt(1)
		if s.CanInt() {
			v.SetInt(s.Int())
		}
	case kind == reflect.String:
		v.SetString("text")
		if s.Kind() == reflect.String || s.CanInt() {
			v.SetString(fmt.Sprint(w.sample))
		}
	case kind == reflect.Bool:
		v.SetBool(s.Kind() != reflect.Bool || s.Bool())
	}
}

func fillFields(v reflect.Value, depth int) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, optional := jsonName(f)
		if !optional || f.Anonymous {
			fill(v.Field(i), name, depth+1)
		}
	}
}

// sampleIn is a request in a sample: all that is required, and else the first that there is.
func sampleIn(params []web.Param) []sampleParam {
	var list []sampleParam
	for _, p := range params {
		if p.Required {
			list = append(list, sampleParam{p.Names[0], sampleValue(p)})
		}
	}
	if len(list) == 0 && len(params) > 0 {
		list = append(list, sampleParam{params[0].Names[0], sampleValue(params[0])})
	}
	return list
}

type sampleParam struct {
	name  string
	value any
}

func sampleValue(p web.Param) any {
	if len(p.OneOf) > 0 {
		return p.OneOf[0]
	}
	if s := words[p.Names[0]].sample; s != nil && kindOf(p) == "any" {
		return s
	}
	v := reflect.New(p.Type).Elem()
	fill(v, p.Names[0], 0)
	return v.Interface()
}
