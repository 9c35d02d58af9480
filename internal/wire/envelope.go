// Package wire provides the documents of the CallPage API, to the letter.
//
// Nothing else knows the wire's words. Here a [ringback.Call] becomes a "call request", its last attempt becomes the
// "call" within it, the visitor of [ringback.StatusVisitorFailed] is the "user" of "user-failed", a manager's leg ends
// in _a and a visitor's in _b, and nothing becomes an empty array.
package wire

import (
	"bytes"
	"encoding/json"
)

// Hello is the message of the root (API document, "Examples"): connectors show it to say that a key is good.
const Hello = "Hello there! I am the CallPage API. To fully grasp my superpowers, head down to " +
	"https://developers.callpage.io for documentation."

// Success is an answer that has neither meta nor, mostly, a message: always these four keys in this order (row E1).
type Success[Data any] struct {
	HasError  bool   `json:"hasError"`  // always false
	ErrorCode int    `json:"errorCode"` // always 0, an int (row E2)
	Message   string `json:"message"`
	Data      Data   `json:"data"`
}

// Got is the answer to a request for one thing: its meta is an empty array (row E5).
type Got[Data any] struct {
	Success[Data]
	Meta Empty `json:"meta"`
}

// Listed is the answer to a request for many things.
type Listed[Data any] struct {
	Success[[]Data]
	Meta Meta `json:"meta"`
}

// Meta says which part of a list an answer holds. Offset and limit are texts where the client gave them (row E6).
type Meta struct {
	Offset any `json:"offset" type:"string,integer,null"`
	Limit  any `json:"limit" type:"string,integer"`
	Count  int `json:"count"`
}

// Failure is the answer when something went wrong.
type Failure struct {
	HasError  bool                `json:"hasError"`  // always true
	ErrorCode string              `json:"errorCode"` // never empty (row E2)
	Message   string              `json:"message"`
	Data      Empty               `json:"data"`
	Errors    map[string][]string `json:"errors,omitempty"` // ours: sentences about each field (row E3)
}

// Empty is nothing: an empty array.
type Empty struct{}

// MarshalJSON writes [].
func (Empty) MarshalJSON() ([]byte, error) { return []byte("[]"), nil }

// ID is an answer that holds only the id of what was made.
type ID struct {
	ID int64 `json:"id"`
}

// OK returns the answer that holds data.
func OK[Data any](data Data) Success[Data] { return Success[Data]{Data: data} }

// Get returns the answer that holds one thing.
func Get[Data any](data Data) Got[Data] { return Got[Data]{Success: OK(data)} }

// List returns the answer that holds a part of a list.
func List[Data any](data []Data, meta Meta) Listed[Data] {
	if data == nil {
		data = []Data{}
	}
	return Listed[Data]{OK(data), meta}
}

// Encode writes a document as clients of this API expect it: plain slashes, raw UTF-8 and nothing escaped for HTML
// (row E8); indented by four spaces where it is for a person (row E10).
func Encode(v any, pretty bool) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if pretty {
		enc.SetIndent("", "    ")
	}
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// A Box is how version 3 wraps one thing: {"data": {...}}, or {"data": []} where there is none (row E9).
type Box[T any] struct{ Data *T }

// MarshalJSON writes the box.
func (b Box[T]) MarshalJSON() ([]byte, error) {
	if b.Data == nil {
		return []byte(`{"data":[]}`), nil
	}
	return Encode(struct {
		Data *T `json:"data"`
	}{b.Data}, false)
}

// Boxed returns a box that holds v.
func Boxed[T any](v T) Box[T] { return Box[T]{&v} }

// A Crate is how version 3 wraps many things: {"data": [...]}.
type Crate[T any] struct{ Data []T }

// MarshalJSON writes the crate.
func (c Crate[T]) MarshalJSON() ([]byte, error) {
	if len(c.Data) == 0 {
		return []byte(`{"data":[]}`), nil
	}
	return Encode(struct {
		Data []T `json:"data"`
	}{c.Data}, false)
}
