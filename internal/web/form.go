package web

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ringback-hq/ringback"
)

// The limits of a form: how many parameters, how many brackets in a name.
const (
	maxPairs = 2000
	maxDepth = 8
)

var errTooMany = ringback.Invalidf("", "There are too many parameters.")

// pairs walks through the parameters of a query or a form, in order, which url.ParseQuery loses. What is wrongly
// escaped is taken as it stands.
func pairs(encoded string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for pair := range strings.SplitSeq(encoded, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name != "" && !yield(unescape(name), unescape(value)) {
				return
			}
		}
	}
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return strings.ReplaceAll(s, "+", " ")
}

// parsePairs builds a tree from parameters whose names may have brackets, as PHP does: a[], a[0], a[x][y] (row R8).
func parsePairs(params iter.Seq2[string, string]) (Tree, error) {
	root := newBranch()
	n := 0
	for name, value := range params {
		if n++; n > maxPairs {
			return nil, errTooMany
		}
		if keys, ok := bracketed(name); ok {
			root.put(keys, value)
		}
	}
	tree := Tree{}
	for key, child := range root.children {
		tree[key] = plain(child)
	}
	return tree, nil
}

// parseMultipart reads the values of a multipart form; files are left aside.
func parseMultipart(body []byte, boundary string) (Tree, error) {
	var failed error
	tree, err := parsePairs(func(yield func(string, string) bool) {
		reader := multipart.NewReader(bytes.NewReader(body), boundary)
		for {
			part, err := reader.NextPart()
			if err != nil {
				failed = err
				return
			}
			value, err := io.ReadAll(part)
			if err != nil {
				failed = err
				return
			}
			if part.FileName() == "" && !yield(part.FormName(), string(value)) {
				return
			}
		}
	})
	if failed != nil && !errors.Is(failed, io.EOF) {
		return nil, ringback.Invalidf("", "The body is not a valid multipart form.")
	}
	return tree, err
}

// bracketed splits "a[0][x]" into a, 0, x; "" stands for "[]". A name that is no such thing stays whole.
func bracketed(name string) ([]string, bool) {
	name = strings.TrimLeft(name, " ")
	first, rest, found := strings.Cut(name, "[")
	if !found || first == "" {
		return []string{name}, name != ""
	}
	keys := []string{first}
	for rest = "[" + rest; strings.HasPrefix(rest, "["); {
		key, after, closed := strings.Cut(rest[1:], "]")
		if !closed || len(keys) > maxDepth {
			break
		}
		keys = append(keys, strings.TrimSpace(key))
		rest = after
	}
	return keys, true
}

// A branch is a place in a form's tree while it grows: values, children, or both where a client was careless.
type branch struct {
	values   []any
	children map[string]*branch
	order    []string
	next     int // the index that "[]" takes
}

func newBranch() *branch { return &branch{children: map[string]*branch{}} }

func (b *branch) put(keys []string, value string) {
	if len(keys) == 0 {
		b.values = append(b.values, value)
		return
	}
	b.child(keys[0]).put(keys[1:], value)
}

func (b *branch) child(key string) *branch {
	if key == "" {
		key = strconv.Itoa(b.next)
	}
	if i, err := strconv.Atoi(key); err == nil {
		key = strconv.Itoa(i)
		if i >= b.next && i < maxPairs {
			b.next = i + 1
		}
	}
	c, ok := b.children[key]
	if !ok {
		c = newBranch()
		b.children[key] = c
		b.order = append(b.order, key)
	}
	return c
}

// plain turns a branch into values, lists and maps. Children whose names are all numbers make a list.
func plain(b *branch) any {
	switch {
	case len(b.children) == 0 && len(b.values) == 1:
		return b.values[0]
	case len(b.children) == 0:
		return repeated(b.values)
	}
	indexes := make([]int, 0, len(b.order))
	for _, key := range b.order {
		i, err := strconv.Atoi(key)
		if err != nil {
			return b.object()
		}
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	list := slices.Clone(b.values)
	for _, i := range slices.Compact(indexes) {
		if c, ok := b.children[strconv.Itoa(i)]; ok {
			list = append(list, plain(c))
		}
	}
	return list
}

func (b *branch) object() map[string]any {
	object := make(map[string]any, len(b.children))
	for key, c := range b.children {
		object[key] = plain(c)
	}
	return object
}
