package wire

import (
	"time"

	"github.com/ringback-hq/ringback"
)

// NewVoice asks for a voice message: POST voice/create. Without a file the built-in one is switched (row V3).
type NewVoice struct {
	Widget  WidgetRef `in:"widget_id,id,encrypted_id" rule:"required"`
	Message string    `in:"message_id" rule:"required,oneof=manager.call visitor.call"`
	Enabled *bool     `in:"enabled" rule:"required"`
	File    string    `in:"file" rule:"max=2048"`
}

// VoiceChange asks for another voice message: POST voice/update. What is absent stays (row R14).
type VoiceChange struct {
	Widget  WidgetRef `in:"widget_id,id,encrypted_id" rule:"required"`
	Message string    `in:"message_id" rule:"required,oneof=manager.call visitor.call"`
	Enabled *bool     `in:"enabled"`
	File    string    `in:"file" rule:"max=2048"`
}

// VoiceReset asks for the default of one voice message, or of all: POST voice/reset.
type VoiceReset struct {
	Widget  WidgetRef `in:"widget_id,id,encrypted_id" rule:"required"`
	Message string    `in:"message_id" rule:"oneof=manager.call visitor.call"`
}

// MessagesQuery asks for the messages of a widget: GET voice/all and GET sms/all.
type MessagesQuery struct {
	Widget WidgetRef `in:"widget_id,id,encrypted_id" rule:"required"`
}

// Voice is one voice message of a widget.
type Voice struct {
	Enabled   bool       `json:"enabled"`
	MessageID string     `json:"message_id"`
	UpdatedAt *string    `json:"updated_at"` // null: it is the default
	Recording VoiceSound `json:"recording"`
}

// VoiceSound is where a voice message can be heard.
type VoiceSound struct {
	FullURL string `json:"full_url"`
}

// VoiceOf writes a prompt that can be heard at a URL.
func VoiceOf(p ringback.Prompt, url string, zone *time.Location) Voice {
	return Voice{Enabled: p.Enabled, MessageID: string(p.Name), UpdatedAt: stamp(p.UpdatedAt, zone), Recording: VoiceSound{url}}
}
