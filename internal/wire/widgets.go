package wire

import (
	"time"

	"github.com/ringback-hq/ringback"
)

// WidgetPath names a widget: GET widgets/get, POST widgets/delete.
type WidgetPath struct {
	Widget WidgetRef `in:"id,widget_id,encrypted_id" rule:"required"`
}

// WidgetChange asks for a widget to be changed: POST widgets/update. What is absent stays as it is (rows R14, W12 and
// W16).
type WidgetChange struct {
	WidgetPath
	URL         *string `in:"url" rule:"max=2000"`
	Description *string `in:"description" rule:"max=1000"`
	Locale      *string `in:"locale_code,locale"`
	Enabled     *bool   `in:"enabled"`
	Settings    any     `in:"settings"`
}

// WidgetRow is a widget in the document of widgets/all.
type WidgetRow struct {
	ID                 int64        `json:"id"`
	Description        string       `json:"description"`
	URL                string       `json:"url"`
	Enabled            bool         `json:"enabled"`
	LocaleCode         string       `json:"locale_code"`         // one of the document's codes (row W11)
	InstallationStatus int          `json:"installation_status"` // 1: it was seen on its website (row W15)
	InstalledAt        *string      `json:"installed_at"`
	CompanySMSName     *string      `json:"company_sms_name"`
	CallRequestsCount  int          `json:"call_requests_count"`
	Managers           []ManagerRow `json:"managers"`
}

// WidgetDetail is a widget in the document of widgets/get, which tells more than that of widgets/all (row W4).
type WidgetDetail struct {
	WidgetRow
	EncryptedID string         `json:"encrypted_id"` // ours
	Settings    map[string]any `json:"settings"`     // ours: all of them, by the document's names
}

// A WidgetRecord is a widget with all that its document tells.
type WidgetRecord struct {
	ringback.Widget
	Managers []ringback.Manager
	Calls    int
}

// WidgetOf returns the document of a widget in a list, with times in a zone.
func WidgetOf(r WidgetRecord, zone *time.Location) WidgetRow {
	row := WidgetRow{
		ID: r.ID, Description: r.Description, URL: r.URL, Enabled: r.Enabled, LocaleCode: r.Locale,
		InstalledAt: stamp(r.InstalledAt, zone), CompanySMSName: filled(r.SMSName),
		CallRequestsCount: r.Calls, Managers: ManagersOf(r.Managers),
	}
	if !r.InstalledAt.IsZero() {
		row.InstallationStatus = 1
	}
	return row
}

// WidgetDetailOf returns the document of one widget, with times in a zone.
func WidgetDetailOf(r WidgetRecord, zone *time.Location) WidgetDetail {
	return WidgetDetail{WidgetOf(r, zone), r.PublicID, r.Settings.All()}
}
