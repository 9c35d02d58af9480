package wire

// Forms returns what the document can be written as, for the reference: an array that is always empty.
func (Empty) Forms() []any { return []any{[0]struct{}{}} }

// Forms returns what the document can be written as: with one thing, or with none.
func (Box[T]) Forms() []any {
	return []any{
		struct {
			Data T `json:"data"`
		}{},
		struct {
			Data Empty `json:"data"`
		}{},
	}
}

// Forms returns what the document can be written as: a list.
func (Crate[T]) Forms() []any {
	return []any{struct {
		Data []T `json:"data"`
	}{}}
}
