package ringback

import "time"

// A Prompt is what is said on the telephone at one moment of a call, in the recording that a widget has for it.
type Prompt struct {
	ID, AccountID, WidgetID int64 // ID is 0 where the widget has nothing of its own
	Name                    PromptName
	Enabled                 bool
	File                    string // of its own recording; empty: a built-in one
	BuiltIn                 string // locale and name of the built-in one, such as "en/manager.call"; empty: the widget's locale and Name
	UpdatedAt               time.Time
}

// PromptName says when a prompt is played.
type PromptName string

// The prompts. Those of the first block can be replaced by recordings of a widget's owner.
const (
	PromptManagerCall PromptName = "manager.call" // to a manager who answers
	PromptVisitorCall PromptName = "visitor.call" // to a visitor who answers

	PromptApology     PromptName = "apology"     // to a visitor for whom nobody is there
	PromptUnreachable PromptName = "unreachable" // to a manager whose visitor could not be reached
)

// PromptNames lists every prompt.
var PromptNames = []PromptName{PromptManagerCall, PromptVisitorCall, PromptApology, PromptUnreachable}

// defaultPrompts are those that the API document knows, as they are until somebody changes them.
var defaultPrompts = []Prompt{{Name: PromptManagerCall, Enabled: true}, {Name: PromptVisitorCall}}

// PromptsWith returns the prompts of the API document in its order: the widget's own, and the default where there is
// none.
func PromptsWith(own []Prompt) []Prompt {
	all := make([]Prompt, len(defaultPrompts))
	for i, p := range defaultPrompts {
		all[i] = p
		for _, o := range own {
			if o.Name == p.Name {
				all[i] = o
			}
		}
	}
	return all
}

// Spoken returns the locale and the name of the built-in prompt that p stands for at a widget of that locale.
func (p Prompt) Spoken(locale string) string {
	if p.BuiltIn != "" {
		return p.BuiltIn
	}
	return locale + "/" + string(p.Name)
}
