package wire

import (
	"time"

	"github.com/ringback-hq/ringback"
)

// NewSMS asks for a wording of a text message: POST sms/create.
type NewSMS struct {
	Widget  WidgetRef `in:"widget_id,id,encrypted_id" rule:"required"`
	Message string    `in:"message_id" rule:"required,oneof=visitor.dial-completed visitor.call-scheduled manager.call-completed user.missed-call-complaint"`
	Enabled *bool     `in:"enabled"` // nil: it is
	Text    string    `in:"text" rule:"required,max=240"`
}

// SMSChange asks for another wording: POST sms/update. What is absent stays (row R14).
type SMSChange struct {
	Widget  WidgetRef `in:"widget_id,id,encrypted_id" rule:"required"`
	Message string    `in:"message_id" rule:"required,oneof=visitor.dial-completed visitor.call-scheduled manager.call-completed user.missed-call-complaint"`
	Enabled *bool     `in:"enabled"`
	Text    *string   `in:"text" rule:"max=240"`
}

// SMSReset asks for the default of one wording, or of all: POST sms/reset.
type SMSReset struct {
	Widget  WidgetRef `in:"widget_id,id,encrypted_id" rule:"required"`
	Message string    `in:"message_id" rule:"oneof=visitor.dial-completed visitor.call-scheduled manager.call-completed user.missed-call-complaint"`
}

// SMS is one wording of a widget.
type SMS struct {
	Enabled   int     `json:"enabled"` // 1 or 0, here only (row E14)
	MessageID string  `json:"message_id"`
	Text      string  `json:"text"`
	UpdatedAt *string `json:"updated_at"` // null: it is the default
}

// SMSOf writes a template.
func SMSOf(t ringback.Template, zone *time.Location) SMS {
	s := SMS{MessageID: string(t.Name), Text: t.Text, UpdatedAt: stamp(t.UpdatedAt, zone)}
	if t.Enabled {
		s.Enabled = 1
	}
	return s
}
