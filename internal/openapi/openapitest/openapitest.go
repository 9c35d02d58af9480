// Package openapitest provides a judge for tests: it holds what a door does against what its OpenAPI document says.
package openapitest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/ringback-hq/ringback/internal/openapi"
	"github.com/ringback-hq/ringback/internal/web"
)

// update lets [Frozen] write a document anew whose version was raised.
var update = flag.Bool("update", false, "write testdata/openapi.json where the version of the document has changed")

// Frozen fails the test when the document of an API differs from the one in file although its version is the same.
func Frozen(tb testing.TB, api openapi.API, file string) {
	tb.Helper()
	got, err := api.Document()
	if err != nil {
		tb.Fatal(err)
	}
	want, err := os.ReadFile(file) //nolint:gosec // the test names it
	switch {
	case err == nil && bytes.Equal(got, bytes.TrimSpace(want)):
	case err != nil && !os.IsNotExist(err):
		tb.Fatal(err)
	case versionOf(want) == api.Version:
		tb.Errorf("the document of %s has changed (%s), but its version is still %s: raise it, then test with -update",
			api.Title, firstDifference(string(want), string(got)), api.Version)
	case !*update:
		tb.Errorf("%s holds version %q, not %s: test with -update", file, versionOf(want), api.Version)
	default:
		if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

func versionOf(document []byte) string {
	var doc struct{ Info struct{ Version string } }
	_ = json.Unmarshal(document, &doc) // nothing has no version
	return doc.Info.Version
}

func firstDifference(old, made string) string {
	before, after := strings.Split(old, "\n"), strings.Split(made, "\n")
	for i, line := range after {
		if i >= len(before) || before[i] != line {
			return strings.TrimSpace(line)
		}
	}
	return "it has become shorter"
}

// Explained fails the test where the document does not say what a parameter is, or where the sample of an answer does
// not fit.
func Explained(tb testing.TB, api openapi.API) {
	tb.Helper()
	j := Of(tb, api)
	for _, row := range api.Routes {
		op := j.doc.Paths.Find("/" + row.Path).GetOperation(row.Method)
		for _, p := range op.Parameters {
			if p.Value.Description == "" {
				tb.Errorf("%s %s: %s is not explained: it needs a word", row.Method, row.Path, p.Value.Name)
			}
		}
		if op.RequestBody != nil {
			for name, p := range op.RequestBody.Value.Content["application/json"].Schema.Value.Properties {
				if p.Value.Description == "" {
					tb.Errorf("%s %s: %s is not explained: it needs a word", row.Method, row.Path, name)
				}
			}
		}
		if err := sampleFits(op, row); err != nil {
			tb.Errorf("the sample of %s %s: %v", row.Method, row.Path, err)
		}
	}
}

func sampleFits(op *openapi3.Operation, row web.Route) error {
	sample, err := openapi.SampleAnswer(row)
	if err != nil || sample == "" {
		return err
	}
	var v any
	if err := json.Unmarshal([]byte(sample), &v); err != nil {
		return err
	}
	answer := op.Responses.Status(max(row.Status, http.StatusOK))
	return answer.Value.Content["application/json"].Schema.Value.VisitJSON(v, openapi3.EnableJSONSchema2020())
}

// A Judge knows one document.
type Judge struct {
	doc    *openapi3.T
	router routers.Router
	kind   string
}

var judges sync.Map // of name to func() (*Judge, error): a document is read once for all tests

// Of returns the judge of an API. The test fails when the document is not valid OpenAPI 3.1.
func Of(tb testing.TB, api openapi.API) *Judge {
	tb.Helper()
	made, _ := judges.LoadOrStore(fmt.Sprint(api.Title, api.Liberal), sync.OnceValues(func() (*Judge, error) { return judgeOf(api) }))
	once, _ := made.(func() (*Judge, error))
	j, err := once()
	if err != nil {
		tb.Fatalf("the OpenAPI document of %s: %v", api.Title, err)
	}
	return j
}

func judgeOf(api openapi.API) (*Judge, error) {
	text, err := api.Document()
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	router, err := legacy.NewRouter(doc) // it validates the document
	return &Judge{doc, router, api.FailureKind}, err
}

// Watch serves what next serves, and fails the test where an answer is not as the document says, or where a request was
// granted that the document does not allow.
func (j *Judge) Watch(tb testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			tb.Errorf("read the body of %s %s: %v", r.Method, r.URL, err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		seen := httptest.NewRecorder()
		next.ServeHTTP(seen, r)
		if err := j.verdict(r, body, seen); err != nil {
			tb.Errorf("%s %s %.300s\n%d %.1000s\ndiffers from the OpenAPI document: %v", r.Method, r.URL, body, seen.Code, seen.Body, err)
		}
		maps.Copy(w.Header(), seen.Header())
		w.WriteHeader(seen.Code)
		_, _ = w.Write(seen.Body.Bytes())
	})
}

// verdict is nil where an exchange fits the document. What reached no endpoint need only be a proper failure.
func (j *Judge) verdict(r *http.Request, body []byte, seen *httptest.ResponseRecorder) error {
	if r.Method == http.MethodOptions || r.Method == http.MethodHead {
		return nil // they have no body
	}
	asked, err := canonical(r, body)
	if err != nil {
		return err
	}
	route, named, err := j.router.FindRoute(asked)
	if err != nil {
		return j.failure(seen)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: asked, PathParams: named, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if seen.Code < http.StatusMultipleChoices {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			return err
		}
	}
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: seen.Code, Header: seen.Header(), Options: in.Options,
		Body: io.NopCloser(bytes.NewReader(seen.Body.Bytes())),
	})
}

// failure holds an answer against the document of a failure.
func (j *Judge) failure(seen *httptest.ResponseRecorder) error {
	if seen.Code < http.StatusBadRequest {
		return nil // another part of the door: a recording, a document
	}
	var v any
	if err := json.Unmarshal(seen.Body.Bytes(), &v); err != nil {
		return err
	}
	schema := j.doc.Components.Responses["Failure404"].Value.Content[j.kind].Schema.Value
	return schema.VisitJSON(v, openapi3.EnableJSONSchema2020())
}

// canonical is the request as the document shows it: a tidy path without a host, and what a form, a query or JSON under
// a wrong name said, as JSON.
func canonical(r *http.Request, body []byte) (*http.Request, error) {
	asked := r.Clone(r.Context())
	asked.URL.Scheme, asked.URL.Host = "", ""
	asked.URL.Path, asked.URL.RawPath = path.Clean("/"+r.URL.Path), ""
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		asked.Body = http.NoBody
		return asked, nil
	}
	asked.Body = io.NopCloser(bytes.NewReader(body))
	tree, err := web.ReadTree(asked)
	if err != nil {
		tree = nil // the answer says so
	}
	told, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	asked.URL.RawQuery = ""
	asked.Header.Set("Content-Type", "application/json")
	asked.Body = io.NopCloser(bytes.NewReader(told))
	asked.ContentLength = int64(len(told))
	return asked, nil
}
