package wire

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/ringback-hq/ringback"
)

// FieldChange sets a field of a call: PATCH calls/{call}/fields/{field}.
type FieldChange struct {
	Call  int64  `in:"call" rule:"path=call"`
	Field int64  `in:"field" rule:"path=field"`
	Value string `in:"value" rule:"present,scalar,raw,max=1000"` // kept as a text (row C18)
}

// NewMessage is what a visitor writes instead of being called: POST widgets/{id}/message (row R17).
type NewMessage struct {
	Widget WidgetRef `in:"id" rule:"path=widget"`
	Tel    string    `in:"tel,phone_number" rule:"required,raw,max=100"`
	Email  string    `in:"email" rule:"email,max=254"`
	Text   string    `in:"text,message" rule:"required,max=5000"`
	Ref    string    `in:"ref_id" rule:"max=255"`     // ours (row W26)
	URL    string    `in:"url" rule:"loose,cut=2000"` // of the page (row R5)
	Fields any       `in:"fields"`                    // ours (row W26)
}

// maxReplies is how many fields one request may answer.
const maxReplies = ringback.MaxFields

var errFields = ringback.Invalidf("fields", `The fields field must be an object such as {"email": "a@example.com"}, or a list of objects with id or slug, and value.`)

// ReadFields reads the answers to fields that come with a call (row W26): an object of names and values, or a list of
// objects that name a field by id or slug and give its value.
func ReadFields(v any) ([]ringback.Reply, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		if replies, ok := repliesByName(v); ok {
			return limited(replies)
		}
	case []any:
		if replies, ok := repliesInList(v); ok {
			return limited(replies)
		}
	}
	return nil, errFields
}

func limited(replies []ringback.Reply) ([]ringback.Reply, error) {
	if len(replies) > maxReplies {
		return nil, ringback.Invalidf("fields", "The fields field must not have more than %d fields.", maxReplies)
	}
	return replies, nil
}

func repliesByName(named map[string]any) ([]ringback.Reply, bool) {
	var replies []ringback.Reply
	for name, v := range named {
		if v == nil {
			continue
		}
		value, ok := answerText(v)
		if !ok {
			return nil, false
		}
		replies = append(replies, ringback.Reply{Name: name, Value: value})
	}
	slices.SortFunc(replies, func(a, b ringback.Reply) int { return strings.Compare(a.Name, b.Name) })
	return replies, true
}

func repliesInList(list []any) ([]ringback.Reply, bool) {
	var replies []ringback.Reply
	for _, v := range list {
		object, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		r, ok := replyOf(object)
		if !ok {
			return nil, false
		}
		replies = append(replies, r)
	}
	return replies, true
}

func replyOf(object map[string]any) (r ringback.Reply, ok bool) {
	given := object["value"]
	if given == nil {
		given = object["field_value"]
	}
	if r.Value, ok = answerText(given); !ok {
		return r, false
	}
	for _, key := range []string{"slug", "name", "label"} {
		if name, ok := answerText(object[key]); ok && name != "" && r.Name == "" {
			r.Name = name
		}
	}
	if text, ok := answerText(object["id"]); ok && text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id <= 0 {
			return r, false
		}
		r.FieldID = id
	}
	return r, r.FieldID != 0 || r.Name != ""
}

// answerText returns a single value as a text: answers are texts (row C17).
func answerText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	default:
		return "", false
	}
}
