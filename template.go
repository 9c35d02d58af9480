package ringback

import (
	"regexp"
	"time"
	"unicode/utf8"
)

// A Template is the wording of a text message that a widget sends at one moment of a call.
type Template struct {
	ID, AccountID, WidgetID int64 // ID is 0 where the widget has no wording of its own
	Name                    TemplateName
	Enabled                 bool
	Text                    string // with variables; see [Template.Fill]
	UpdatedAt               time.Time
}

// TemplateName says when a text message is sent, and to whom.
type TemplateName string

// The templates.
const (
	TemplateDialCompleted TemplateName = "visitor.dial-completed"     // the manager's number, to the visitor after the talk
	TemplateCallScheduled TemplateName = "visitor.call-scheduled"     // a reminder, to the visitor before a scheduled call
	TemplateCallCompleted TemplateName = "manager.call-completed"     // the visitor's number, to the manager after the talk
	TemplateMissedCall    TemplateName = "user.missed-call-complaint" // the visitor's number, to the report number after a missed call
)

// TemplateNames lists every template, in the order of the API document.
var TemplateNames = []TemplateName{TemplateDialCompleted, TemplateCallScheduled, TemplateCallCompleted, TemplateMissedCall}

// LongestTemplate is how many characters a wording may have, before its variables are filled.
const LongestTemplate = 240

// Variables are what a wording may speak of. The tel is a manager's in texts to visitors, and a visitor's in all others.
type Variables struct{ Company, Name, Tel, URL string }

// CheckTemplate says, as an [Invalid] error about the field "text", what is wrong with a wording.
func CheckTemplate(text string) error {
	if n := utf8.RuneCountInString(text); n < 1 || n > LongestTemplate {
		return Invalidf("text", "The text field must have between 1 and %d characters.", LongestTemplate)
	}
	return nil
}

var variable = regexp.MustCompile(`:[\pL\pN_]+`)

// Fill returns the text to send. A variable ends where its word ends, so that ":names" is no variable; what is none stays
// as it is, and what was filled in is not looked at again.
func (t Template) Fill(v Variables) string {
	values := map[string]string{":company_name": v.Company, ":name": v.Name, ":tel": v.Tel, ":url": v.URL}
	return variable.ReplaceAllStringFunc(t.Text, func(word string) string {
		if value, ok := values[word]; ok {
			return value
		}
		return word
	})
}
