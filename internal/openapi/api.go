// Package openapi provides the reference of our APIs, for programs as OpenAPI 3.1 and for people as a page. Both are
// made of the rows that bind and validate, so that they cannot say anything else than the server does.
package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/web"
)

// An API is what there is to tell about one door.
type API struct {
	Title, Version string
	About          string   // a few sentences of plain text, in paragraphs
	Servers        []string // the paths under which the routes are served, without a slash at the end
	Address        string   // of the OpenAPI document
	Routes         []web.Route
	Failure        any    // the document of a failure, as a sample
	FailureKind    string // its content type

	// Liberal describes inputs in every spelling that package web understands. Tests hold requests against that; what
	// is served shows one spelling of each, because generators of clients cannot read a choice of types.
	Liberal bool
}

// object is a JSON object of the document; keys are written in order of the alphabet.
type object = map[string]any

// Document returns the OpenAPI document, indented. An error means that a type of a row cannot be described.
func (a API) Document() ([]byte, error) {
	s := &schemas{named: object{}}
	failure, err := s.of(reflect.TypeOf(a.Failure))
	if err != nil {
		return nil, fmt.Errorf("describe a failure: %w", err)
	}
	paths := map[string]object{}
	for _, row := range a.Routes {
		op, err := a.operation(s, row)
		if err != nil {
			return nil, fmt.Errorf("describe %s %s: %w", row.Method, row.Path, err)
		}
		path := "/" + row.Path
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path][strings.ToLower(row.Method)] = op
	}
	doc := object{
		"openapi": "3.1.0",
		"info": object{
			"title": a.Title, "version": a.Version, "description": a.About,
			"license": object{"name": "Apache License 2.0", "identifier": "Apache-2.0"},
		},
		"servers": a.servers(),
		"paths":   paths,
		"components": object{
			"schemas":   s.named,
			"responses": a.failures(failure),
			"securitySchemes": object{
				"key":    object{"type": "apiKey", "in": "header", "name": "Authorization", "description": "The key alone."},
				"bearer": object{"type": "http", "scheme": "bearer", "description": "The key after the word Bearer."},
			},
		},
	}
	return json.MarshalIndent(doc, "", "  ")
}

func (a API) servers() []object {
	var list []object
	for _, path := range a.Servers {
		list = append(list, object{"url": path})
	}
	return list
}

// failures are the answers that every endpoint can give when something goes wrong.
func (a API) failures(schema object) object {
	all := object{}
	for _, status := range web.FailureStatuses() {
		answer := object{
			"description": http.StatusText(status),
			"content":     object{a.FailureKind: object{"schema": schema}},
		}
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			answer["headers"] = object{"Retry-After": object{
				"description": "When to come back, in seconds.", "schema": object{"type": "integer"},
			}}
		}
		all["Failure"+strconv.Itoa(status)] = answer
	}
	return all
}

// operation describes one row.
func (a API) operation(s *schemas, row web.Route) (object, error) {
	answer, err := s.answer(row)
	if err != nil {
		return nil, err
	}
	responses := object{strconv.Itoa(max(row.Status, http.StatusOK)): answer}
	for _, status := range web.FailureStatuses() {
		responses[strconv.Itoa(status)] = object{"$ref": "#/components/responses/Failure" + strconv.Itoa(status)}
	}
	op := object{
		"operationId": operationID(row), "summary": strings.TrimSuffix(row.Summary, "."), "tags": []string{tag(row)},
		"description": permission(row.AnyOf), "responses": responses, "security": security(row.AnyOf),
	}
	in, err := inputsOf(row)
	if err != nil {
		return nil, err
	}
	if list := a.parameters(in); len(list) > 0 {
		op["parameters"] = list
	}
	if len(in.body) > 0 {
		op["requestBody"] = a.body(in.body)
	}
	return op, nil
}

// operationID names an operation by its method and path: postWidgetsAddUsers, getCallsById.
func operationID(row web.Route) string {
	var id strings.Builder
	id.WriteString(strings.ToLower(row.Method))
	words := strings.FieldsFunc(row.Path, func(r rune) bool { return strings.ContainsRune("/-_", r) })
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "{"); ok {
			word = "by" + title(strings.TrimSuffix(name, "}"))
		}
		id.WriteString(title(word))
	}
	if len(words) == 0 {
		id.WriteString("Root")
	}
	return id.String()
}

func title(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// tag groups the operations by the first word of their path.
func tag(row web.Route) string {
	first, _, _ := strings.Cut(row.Path, "/")
	if first == "" {
		return "root"
	}
	return first
}

// permission says in a sentence who may.
func permission(anyOf []ringback.Scope) string {
	if len(anyOf) == 0 {
		return "Needs a key; what it may do is decided by the role of its user."
	}
	var names []string
	for _, s := range anyOf {
		names = append(names, string(s))
	}
	return "Needs a key with the scope " + strings.Join(names, " or ") + "."
}

func security(anyOf []ringback.Scope) []object {
	var list []object
	for _, scheme := range []string{"key", "bearer"} {
		if len(anyOf) == 0 {
			list = append(list, object{scheme: []string{}})
		}
		for _, scope := range anyOf {
			list = append(list, object{scheme: []string{string(scope)}})
		}
	}
	return list
}

// nameParts are what the name of a generic type is made of: lists, pointers and names with their packages.
var nameParts = regexp.MustCompile(`\[\]|\*|[^\[\],*]+`)

// nameOf is how a named type is called in the document: Success[[]*pkg.ID] is SuccessListNullableID.
func nameOf(t reflect.Type) string {
	var name strings.Builder
	for _, part := range nameParts.FindAllString(t.Name(), -1) {
		switch part {
		case "[]":
			name.WriteString("List")
		case "*":
			name.WriteString("Nullable")
		default:
			name.WriteString(title(part[strings.LastIndex(part, ".")+1:]))
		}
	}
	return name.String()
}

// Served answers with the OpenAPI document. It is made when it is first asked for.
func (a API) Served() http.Handler { return served("application/json", a.Document) }

func served(kind string, render func() ([]byte, error)) http.Handler {
	once := sync.OnceValues(render)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body, err := once()
		if err != nil { // the tests of the doors render every document
			http.Error(w, "The document could not be made.", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // the client may be gone
	})
}
