package ringback_test

import (
	"slices"
	"testing"

	"github.com/ringback-hq/ringback"
)

func TestV6_ManagersAreGreetedAndVisitorsAreNot(t *testing.T) {
	t.Parallel()
	want := []ringback.Prompt{{Name: "manager.call", Enabled: true}, {Name: "visitor.call"}}
	if got := ringback.PromptsWith(nil); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	own := ringback.Prompt{ID: 7, Name: "visitor.call", Enabled: true, File: "f"}
	want[1] = own
	if got := ringback.PromptsWith([]ringback.Prompt{{ID: 8, Name: "something else"}, own}); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if got := ringback.PromptsWith(nil); got[1].Enabled {
		t.Error("the defaults were changed")
	}
}
