package ringback_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
)

func TestFieldSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"E-mail": "e-mail", "Your name": "your-name", " order_id ": "order_id", "Żółw 7": "w-7", "": "", "!?": "", "a--b": "a-b",
	} {
		if got := ringback.FieldSlug(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestAnswersFindTheirFields(t *testing.T) {
	t.Parallel()
	fields := []ringback.Field{{ID: 3, Slug: "email", Label: "E-mail"}, {ID: 4, Slug: "name"}}
	got, err := ringback.Answers(fields, []ringback.Reply{
		{FieldID: 4, Value: "Eve"}, {Name: "Email", Value: "e@x"}, {Name: "Shoe size", Value: "41"}, {Name: "shoe-size", Value: "42"},
	})
	if err != nil {
		t.Fatal(err)
	}
	size := ringback.Field{Slug: "shoe-size", Label: "Shoe size"}
	want := []ringback.Answer{{Field: fields[1], Value: "Eve"}, {Field: fields[0], Value: "e@x"}, {Field: size, Value: "41"}, {Field: size, Value: "42"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnswersThatNoFieldCanTake(t *testing.T) {
	t.Parallel()
	full := make([]ringback.Field, ringback.MaxFields)
	for i := range full {
		full[i] = ringback.Field{ID: int64(i + 1), Slug: fmt.Sprint("f", i)}
	}
	for name, tt := range map[string]struct {
		fields []ringback.Field
		reply  ringback.Reply
	}{
		"an unknown id":  {nil, ringback.Reply{FieldID: 7, Value: "x"}},
		"no name":        {nil, ringback.Reply{Name: "!", Value: "x"}},
		"a long name":    {nil, ringback.Reply{Name: strings.Repeat("x", ringback.MaxSlug+1), Value: "x"}},
		"a long label":   {nil, ringback.Reply{Name: "x" + strings.Repeat("!", ringback.MaxLabel), Value: "x"}},
		"a long value":   {nil, ringback.Reply{Name: "x", Value: strings.Repeat("ż", ringback.MaxAnswer+1)}},
		"one field more": {full, ringback.Reply{Name: "another", Value: "x"}},
	} {
		if got, err := ringback.Answers(tt.fields, []ringback.Reply{tt.reply}); ringback.KindOf(err) != ringback.Invalid {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := ringback.Answers(full, []ringback.Reply{{Name: "F1", Value: "x"}}); err != nil {
		t.Errorf("a field that is there: %v", err)
	}
}
