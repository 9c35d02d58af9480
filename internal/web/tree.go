package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"

	"github.com/ringback-hq/ringback"
)

// MaxBody is the largest body that is read, in bytes.
const MaxBody = 1 << 20

// A Tree is what a client sent, whichever way: query, JSON, form or multipart. Its values are string, bool,
// [json.Number], nil, []any, map[string]any and, for a parameter that was repeated, repeated.
type Tree map[string]any

// repeated holds the values of a form parameter that came several times without brackets.
type repeated []any

// pathText is a value from the path; one that does not fit names nothing that exists.
type pathText string

// ReadTree reads the query, the body and the path of a request into one tree. The body wins over the query (row E13)
// and the path over both. JSON is recognised under any content type (row R4).
func ReadTree(r *http.Request) (Tree, error) {
	tree, err := parsePairs(pairs(r.URL.RawQuery))
	if err != nil {
		return nil, err
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	maps.Copy(tree, body)
	for _, name := range pathNames(r.Pattern) {
		tree[name] = pathText(r.PathValue(name))
	}
	return tree, nil
}

// Hash identifies what was said, in whatever order it was said.
func (t Tree) Hash() []byte {
	b, err := json.Marshal(t)
	if err != nil { // nothing in a tree can fail
		b = fmt.Append(nil, t)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// readBody reads the body of a request. It is read again from the start where r is served a second time.
func readBody(r *http.Request) (Tree, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &ringback.Error{
			Kind: ringback.Invalid, Code: ringback.CodeTooLarge, Detail: "The body is larger than 1 MiB.",
		}
	}
	if err != nil {
		return nil, ringback.Invalidf("", "The body could not be read to its end.")
	}
	return parseBody(r.Header.Get("Content-Type"), body)
}

func parseBody(contentType string, body []byte) (Tree, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimSpace(body)
	kind, params, _ := mime.ParseMediaType(contentType)
	switch {
	case len(trimmed) == 0:
		return nil, nil
	case kind == "multipart/form-data":
		return parseMultipart(body, params["boundary"])
	case kind == "application/json", strings.HasSuffix(kind, "+json"), trimmed[0] == '{', trimmed[0] == '[':
		return parseJSON(body)
	default:
		return parsePairs(pairs(string(trimmed)))
	}
}

// parseJSON reads an object. An empty array counts as an empty object, because that is how PHP writes one.
func parseJSON(body []byte) (Tree, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, invalidJSON(body, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, invalidJSON(body, &json.SyntaxError{Offset: dec.InputOffset() + 1})
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	case []any:
		if len(v) == 0 {
			return nil, nil
		}
	}
	return nil, ringback.Invalidf("", "The body must be a JSON object.")
}

// invalidJSON says where the body stops being JSON (row E12).
func invalidJSON(body []byte, err error) error {
	offset := len(body)
	why := "the text ends too early"
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) {
		offset = min(max(int(syntax.Offset)-1, 0), len(body))
		why = syntax.Error()
	}
	if why == "" {
		why = "more text follows after the end"
	}
	before := body[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := offset - bytes.LastIndexByte(before, '\n')
	return &ringback.Error{
		Kind: ringback.Invalid, Code: ringback.CodeInvalidJSON,
		Detail: fmt.Sprintf("The body is not valid JSON: %s, at line %d, column %d.", why, line, column),
	}
}

// pathNames lists the names in braces of a pattern of [http.ServeMux].
func pathNames(pattern string) []string {
	var names []string
	for part := range strings.SplitSeq(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok && name != "$}" {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, "}"), "..."))
		}
	}
	return names
}
