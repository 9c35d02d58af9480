package wire

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// The tags "in" and "rule" of the inputs are read by package web; a name of the document stands first.

// NewUser asks for a user: POST users/create.
type NewUser struct {
	Name         string `in:"name" rule:"required,max=255"`
	Tel          string `in:"tel" rule:"required,raw,max=100"`
	TelExtension string `in:"tel_extension" rule:"max=20"` // ours (row U10)
	Email        string `in:"email" rule:"email,max=254"`
	Role         string `in:"role" rule:"oneof=admin manager"`
}

// NewWidget asks for a widget: POST widgets/create. Its settings are ours; the document knows them only on update.
type NewWidget struct {
	URL         string `in:"url" rule:"required,max=2000"`
	Description string `in:"description" rule:"max=1000"`
	Locale      string `in:"locale_code,locale"`
	Enabled     *bool  `in:"enabled"`
	Settings    any    `in:"settings"`
}

// NewManagers asks for users to become managers: POST widgets/add-users.
type NewManagers struct {
	Widget        WidgetRef `in:"id,widget_id,encrypted_id" rule:"required"`
	UserIDs       []int64   `in:"user_id,user_ids" rule:"required"`
	BusinessTimes any       `in:"business_times"`
}

// Added is one manager that add-users made.
type Added struct {
	UserID    int64 `json:"user_id"`
	ManagerID int64 `json:"manager_id"`
}

// Order asks for a call: POST widgets/call.
type Order struct {
	Widget       WidgetRef `in:"id,widget_id,encrypted_id" rule:"required"`
	Tel          string    `in:"tel,phone_number" rule:"required,raw,max=100"`
	DepartmentID int64     `in:"department_id"`
	ManagerID    int64     `in:"manager_id"`
	Ref          string    `in:"ref_id" rule:"max=255"`     // ours (row W26)
	URL          string    `in:"url" rule:"loose,cut=2000"` // of the page (row R5)
	Fields       any       `in:"fields"`                    // ours (row W26)
}

// CallPath names a call in the path.
type CallPath struct {
	ID int64 `in:"id" rule:"path=call"`
}

// HistoryQuery asks for calls: GET calls/history. What it cannot read matches nothing (row C6).
type HistoryQuery struct {
	Paging
	DisplayHidden *bool     `in:"display_hidden" rule:"loose"` // nil: they are shown (row C4)
	CallIDs       []int64   `in:"call_id,call_ids" rule:"loose"`
	Phone         string    `in:"phone_number,tel" rule:"raw,loose,cut=100"`
	UserIDs       []int64   `in:"user_ids,user_id" rule:"loose"`
	Statuses      []string  `in:"statuses,status" rule:"loose"`
	TagIDs        []int64   `in:"tag_ids,tag_id" rule:"loose"`
	From          time.Time `in:"date_from"`
	To            time.Time `in:"date_to" rule:"until"` // inclusive (row C5)
	Widgets       []string  `in:"widget_ids,widget_id,encrypted_id" rule:"loose"`
	URL           string    `in:"url" rule:"loose,cut=2000"`
	IncomingIDs   []int64   `in:"incoming_number_ids,incoming_number_id" rule:"loose"`
	Order         string    `in:"order" rule:"loose"` // ours: desc is the newest first (row C8)
}

// WidgetRef names a widget: by its id or by its encrypted id, under any of the names for them (rows R15 and W1).
type WidgetRef string

// IDs returns the id, or else the encrypted id, that the client meant. What is neither is an id that no widget has.
func (w WidgetRef) IDs() (id int64, publicID string) {
	text := strings.TrimSpace(string(w))
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n != 0 {
		return n, ""
	}
	if key, err := base64.RawURLEncoding.DecodeString(text); err == nil && len(key) == 32 {
		return 0, text
	}
	return -1, ""
}

// The limits of a page (row E7).
const (
	defaultLimit = 100
	maxLimit     = 1000
	maxOffset    = 1 << 31
)

// Paging asks for a part of a list. Nonsense counts as absent.
type Paging struct {
	GivenOffset string `in:"offset" rule:"loose,max=20"`
	GivenLimit  string `in:"limit" rule:"loose,max=20"`
}

// Offset returns how many rows to leave out.
func (p Paging) Offset() int {
	n, _ := strconv.Atoi(p.GivenOffset)
	return min(max(n, 0), maxOffset)
}

// Limit returns how many rows to answer at most.
func (p Paging) Limit() int {
	n, err := strconv.Atoi(p.GivenLimit)
	if err != nil || n < 1 {
		return defaultLimit
	}
	return min(n, maxLimit)
}

// MetaV1 returns the meta of a list in version 1: what was given as it was given, else the numbers 0 and 100 (row E6).
func (p Paging) MetaV1(count int) Meta {
	m := p.MetaV3(count)
	if m.Offset == nil {
		m.Offset = 0
	}
	return m
}

// MetaV3 returns the meta of a list in version 3: what was given as it was given, null for no offset and the number
// 100 for no limit (row E6).
func (p Paging) MetaV3(count int) Meta {
	m := Meta{Limit: defaultLimit, Count: count}
	if n, err := strconv.Atoi(p.GivenOffset); err == nil && n >= 0 {
		m.Offset = p.GivenOffset
	}
	if n, err := strconv.Atoi(p.GivenLimit); err == nil && n >= 1 {
		m.Limit = p.GivenLimit
	}
	return m
}
