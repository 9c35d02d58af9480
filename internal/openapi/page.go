package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ringback-hq/ringback/internal/web"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string

	pageTemplate = template.Must(template.New("page").Parse(pageText))
)

// pagePolicy lets the page have its own style and nothing else: no script, no picture, no other host.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// Page serves the reference for people. Base is where the world reaches the server; the samples begin with it.
func Page(base string, apis ...API) http.Handler {
	page := served("text/html; charset=utf-8", func() ([]byte, error) { return render(base, apis) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		page.ServeHTTP(w, r)
	})
}

func render(base string, apis []API) ([]byte, error) {
	about := pageView{Style: template.CSS(pageStyle)} //nolint:gosec // it is our own file
	for _, a := range apis {
		view, err := viewOf(base, a)
		if err != nil {
			return nil, err
		}
		about.APIs = append(about.APIs, view)
	}
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, about)
	return b.Bytes(), err
}

// What the template shows.
type (
	pageView struct {
		Style template.CSS
		APIs  []apiView
	}
	apiView struct {
		API
		Slug, Base    string
		Paragraphs    []string
		Groups        []groupView
		Failures      []failureView
		FailureSample string
	}
	groupView struct {
		Slug, Name string
		Operations []operationView
	}
	operationView struct {
		Slug, Method, Path, Summary, Permission string
		Params                                  []paramView
		Curl, Answer                            string
		Status                                  int
	}
	paramView struct {
		Name, Where, Kind, About, Rules string
		Required                        bool
	}
	failureView struct {
		Status  int
		Meaning string
	}
)

// meanings are what the statuses of a failure mean here.
var meanings = map[int]string{
	http.StatusUnauthorized:          "There is no key, or not one that we know.",
	http.StatusForbidden:             "The key lacks the scope, or its user the role.",
	http.StatusNotFound:              "It is not there, or it belongs to another account.",
	http.StatusRequestEntityTooLarge: "The body is larger than 1 MiB.",
	http.StatusUnprocessableEntity:   "Something that was sent is wrong, or it is refused; the code says which.",
	http.StatusTooManyRequests:       "Too often. The header Retry-After says when to come back.",
	http.StatusInternalServerError:   "Something went wrong on the side of the server.",
	http.StatusServiceUnavailable:    "The server cannot take it now. The header Retry-After says when to come back.",
}

func viewOf(base string, a API) (apiView, error) {
	slug := strings.ToLower(strings.Fields(a.Title)[0])
	view := apiView{API: a, Slug: slug, Base: base + a.Servers[0], Paragraphs: strings.Split(a.About, "\n\n")}
	for _, status := range web.FailureStatuses() {
		view.Failures = append(view.Failures, failureView{status, meanings[status]})
	}
	var err error
	if view.FailureSample, err = indented(a.Failure); err != nil {
		return view, err
	}
	groups := map[string]int{}
	for _, row := range a.Routes {
		op, err := a.operationView(view, row)
		if err != nil {
			return view, fmt.Errorf("show %s %s: %w", row.Method, row.Path, err)
		}
		name := tag(row)
		i, ok := groups[name]
		if !ok {
			i = len(view.Groups)
			groups[name] = i
			view.Groups = append(view.Groups, groupView{Slug: slug + "-" + name, Name: name})
		}
		view.Groups[i].Operations = append(view.Groups[i].Operations, op)
	}
	return view, nil
}

func (a API) operationView(view apiView, row web.Route) (operationView, error) {
	in, err := inputsOf(row)
	if err != nil {
		return operationView{}, err
	}
	op := operationView{
		Slug: view.Slug + "-" + operationID(row), Method: row.Method, Path: strings.TrimSuffix(a.Servers[0]+"/"+row.Path, "/"),
		Summary: row.Summary, Permission: permission(row.AnyOf), Status: max(row.Status, http.StatusOK),
	}
	for _, each := range []struct {
		where  string
		params []web.Param
	}{{"path", in.path}, {"query", in.query}, {"body", in.body}} {
		for _, p := range each.params {
			op.Params = append(op.Params, paramView{
				Name: p.Names[0], Where: each.where, Kind: kindOf(p), About: aboutParam(p), Rules: rulesOf(p),
				Required: p.Required || each.where == "path",
			})
		}
	}
	if op.Answer, err = SampleAnswer(row); err != nil {
		return op, err
	}
	op.Curl, err = curl(view.Base, row, in)
	return op, err
}

// curl is a line that a shell understands.
func curl(base string, row web.Route, in inputs) (string, error) {
	target := strings.TrimSuffix(base+"/"+row.Path, "/")
	for _, p := range in.path {
		target = strings.ReplaceAll(target, "{"+p.Names[0]+"}", fmt.Sprint(sampleValue(p)))
	}
	for i, p := range sampleIn(in.query) {
		sign := "&"
		if i == 0 {
			sign = "?"
		}
		target += sign + p.name + "=" + url.QueryEscape(strings.Trim(fmt.Sprint(p.value), "[]"))
	}
	line := "curl "
	if row.Method != http.MethodGet {
		line += "-X " + row.Method + " "
	}
	line += quote(target) + " \\\n  -H \"Authorization: $KEY\""
	if len(in.body) == 0 {
		return line, nil
	}
	body := object{}
	for _, p := range sampleIn(in.body) {
		body[p.name] = p.value
	}
	text, err := indented(body)
	return line + " \\\n  -H 'Content-Type: application/json' \\\n  -d " + quote(text), err
}

// quote puts a text into single quotes as a shell reads them.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// StatusText names the status of an answer, as "200 OK".
func (o operationView) StatusText() string {
	return strconv.Itoa(o.Status) + " " + http.StatusText(o.Status)
}
