package wire

import (
	"time"

	"github.com/ringback-hq/ringback"
)

// ManagerList asks for the managers of a widget: GET managers/all (row M10).
type ManagerList struct {
	Paging
	Widget WidgetRef `in:"widget_id,encrypted_id,id" rule:"required"`
}

// ManagerRef names a manager by the user and the widget: GET managers/get, POST managers/delete.
type ManagerRef struct {
	UserID int64     `in:"user_id"`
	Email  string    `in:"email" rule:"max=254"` // of the user, where there is no user_id
	Widget WidgetRef `in:"widget_id,encrypted_id,id" rule:"required"`
}

// ManagerChange asks for a manager: POST managers/create and managers/update. What is absent stays as it is or, for a
// new manager, is the default (rows M3 and M8).
type ManagerChange struct {
	ManagerRef
	Enabled       *bool `in:"enabled"`
	BusinessTimes any   `in:"business_times"`
}

// ManagerRow is a manager in the documents of managers/all and managers/get.
type ManagerRow struct {
	ID            int64         `json:"id"`
	Enabled       bool          `json:"enabled"`
	User          ManagerUser   `json:"user"`
	Departments   []Department  `json:"departments"`
	BusinessTimes []BusinessDay `json:"business_times"`
}

// ManagerUser says who a manager is.
type ManagerUser struct {
	ID     int64           `json:"id"`
	Name   string          `json:"name"`
	Tel    ringback.Number `json:"tel"`
	Email  *string         `json:"email"`
	Avatar *string         `json:"avatar"`
}

// BusinessDay is one interval of business times; a day on which nobody works has no times (row M2).
type BusinessDay struct {
	DayOfWeek int     `json:"day_of_week"` // 0: Sunday
	Enabled   bool    `json:"enabled"`
	Timezone  string  `json:"timezone"`
	StartTime *string `json:"start_time"`
	EndTime   *string `json:"end_time"`
}

// ManagerOf returns the document of a manager.
func ManagerOf(m ringback.Manager) ManagerRow {
	row := ManagerRow{
		ID: m.ID, Enabled: m.Enabled, Departments: []Department{}, BusinessTimes: WriteHours(m.Hours),
		User: ManagerUser{ID: m.User.ID, Name: m.User.Name, Tel: m.User.Tel, Email: filled(m.User.Email)},
	}
	for _, d := range m.Departments {
		row.Departments = append(row.Departments, Department(d))
	}
	return row
}

// ManagersOf returns the documents of managers.
func ManagersOf(managers []ringback.Manager) []ManagerRow {
	rows := make([]ManagerRow, len(managers))
	for i, m := range managers {
		rows[i] = ManagerOf(m)
	}
	return rows
}

// WriteHours returns business times as documents write them: every day from Sunday on, once at least (row M2), and once
// more for each further interval (row M7).
func WriteHours(hours ringback.Hours) []BusinessDay {
	var week []BusinessDay
	for day := range time.Weekday(7) {
		before := len(week)
		for _, s := range hours {
			if s.Weekday == day {
				week = append(week, writeShift(s))
			}
		}
		if len(week) == before {
			week = append(week, writeShift(ringback.Shift{Weekday: day}))
		}
	}
	return week
}

func writeShift(s ringback.Shift) BusinessDay {
	day := BusinessDay{DayOfWeek: int(s.Weekday), Enabled: s.Enabled, Timezone: s.Zone}
	if day.Timezone == "" {
		day.Timezone = ringback.DefaultZone
	}
	if s.Enabled || s.Start != s.End {
		day.StartTime, day.EndTime = filled(s.Start.String()), filled(s.End.String())
	}
	return day
}
