package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// flat writes a document as one line for each value, in the order of the document: that is what "equal after parsing
// and with the same order of keys" means. Subtrees whose last name is in without are left out.
func flat(t *testing.T, doc []byte, without ...string) []string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var lines []string
	if err := flatten(dec, "", without, &lines); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return lines
}

func flatten(dec *json.Decoder, path string, without []string, lines *[]string) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		*lines = append(*lines, fmt.Sprintf("%s = %T %v", path, token, token))
		return nil
	}
	*lines = append(*lines, path+" = "+delim.String())
	for i := 0; dec.More(); i++ {
		name := fmt.Sprint(i)
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			name = fmt.Sprint(key)
		}
		to := lines
		if slices.Contains(without, name) {
			to = new([]string)
		}
		if err := flatten(dec, path+"/"+name, without, to); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "samples", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// normal replaces the values of the named lines, which are the ids and times that a sample made up.
func normal(lines []string, names ...string) []string {
	out := slices.Clone(lines)
	for i, line := range out {
		path, _, _ := strings.Cut(line, " = ")
		for _, name := range names {
			if strings.HasSuffix(path, "/"+name) {
				out[i] = path + " = ..."
			}
		}
	}
	return out
}

// The documents are only ever written; these read them, so that a sample can be put through its type.

func (b *Box[T]) UnmarshalJSON(doc []byte) error {
	var outer struct {
		Data json.RawMessage `json:"data"`
	}
	if err := strictly(doc, &outer); err != nil || string(outer.Data) == "[]" {
		return err
	}
	b.Data = new(T)
	return strictly(outer.Data, b.Data)
}

func (c *Crate[T]) UnmarshalJSON(doc []byte) error {
	var outer struct {
		Data []T `json:"data"`
	}
	err := strictly(doc, &outer)
	c.Data = outer.Data
	return err
}

func (*Empty) UnmarshalJSON(doc []byte) error {
	if string(doc) != "[]" {
		return fmt.Errorf("%s is not empty", doc)
	}
	return nil
}

func strictly(doc []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}
