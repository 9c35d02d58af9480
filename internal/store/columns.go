package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// millis is a time as it is stored: unix milliseconds, NULL for the zero time.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// ref is a reference as it is stored: NULL for 0.
func ref(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// notNil is bytes as they are stored where NULL is not allowed.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// orNow gives a time that was left out, and cuts it to what the database keeps.
func orNow(t *time.Time) {
	if t.IsZero() {
		*t = time.Now()
	}
	*t = time.UnixMilli(t.UnixMilli()).UTC()
}

// toTime scans what millis stored.
type toTime struct{ t *time.Time }

// Scan reads milliseconds or NULL.
func (c toTime) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*c.t = time.Time{}
	case int64:
		*c.t = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("%T is not a time", v)
	}
	return nil
}

// toRef scans what ref stored.
type toRef struct{ id *int64 }

// Scan reads a number or NULL.
func (c toRef) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*c.id = 0
	case int64:
		*c.id = v
	default:
		return fmt.Errorf("%T is not a reference", v)
	}
	return nil
}

// toJSON scans a JSON document.
type toJSON struct{ v any }

// Scan reads a document.
func (c toJSON) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case []byte:
		return json.Unmarshal(v, c.v)
	case string:
		return json.Unmarshal([]byte(v), c.v)
	default:
		return fmt.Errorf("%T is not a document", v)
	}
}

// document is a value as JSON, without the character that PostgreSQL refuses.
func document(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write a document: %w", err)
	}
	if bytes.Contains(b, []byte(`\u0000`)) {
		b = dropNUL(b)
	}
	return string(b), nil
}

// dropNUL removes the escape of U+0000, and leaves alone a backslash that is followed by the letters u0000.
func dropNUL(doc []byte) []byte {
	out := doc[:0]
	for i := 0; i < len(doc); i++ {
		if doc[i] != '\\' {
			out = append(out, doc[i])
			continue
		}
		if bytes.HasPrefix(doc[i:], []byte(`\u0000`)) {
			i += len(`\u0000`) - 1
			continue
		}
		out = append(out, doc[i], doc[i+1])
		i++
	}
	return out
}
