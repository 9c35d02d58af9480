package wire

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
)

// national writes the numbers of the samples as package dialplan would.
func national(n ringback.Number) string { return spaced(n)[4:] }

func sampleUser() ringback.User {
	made := at("2016-08-26 10:44:21")
	return ringback.User{
		ID: 3, ParentID: 1, Name: "Manager2", Email: "manager2@callpage.io", Tel: "+48570934649", Role: ringback.RoleManager,
		CreatedAt: made, UpdatedAt: made,
	}
}

// TestC12_AUserBecomesTheSample makes the user of the document from our own words.
func TestC12_AUserBecomesTheSample(t *testing.T) {
	t.Parallel()
	got, err := Encode(Get(UserOf(sampleUser(), Style{Zone: time.UTC, National: national})), false)
	if err != nil {
		t.Fatal(err)
	}
	made := "caller_id/id"
	if diff := cmp.Diff(normal(flat(t, sample(t, "users-get.json")), made), normal(flat(t, got), made)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestC11_Version1WritesNumbersNationally(t *testing.T) {
	t.Parallel()
	style := Style{Zone: time.UTC, National: national, International: spaced}
	if got, want := UserOf(sampleUser(), style).TelFormatted, "570 934 649"; got != want {
		t.Errorf("version 1: %q, want %q", got, want)
	}
	if got, want := userOf(sampleUser(), style).TelFormatted, "+48 570 934 649"; got != want {
		t.Errorf("version 3: %q, want %q", got, want)
	}
}

func TestU2_WhatAUserLacksIsNull(t *testing.T) {
	t.Parallel()
	owner := ringback.User{ID: 1, Name: "Owner", Tel: "+48570934649", Role: ringback.RoleOwner}
	got, err := Encode(UserOf(owner, Style{Zone: time.UTC, National: national}), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"email":null`, `"tel_extension":null`, `"parent_id":null`, `"role":{"slug":"owner"}`} { // row U4
		if !strings.Contains(string(got), part) {
			t.Errorf("%s is not in %s", part, got)
		}
	}
}

func TestU1_AnIDIsStrongerThanAnAddress(t *testing.T) {
	t.Parallel()
	email := "a@example.com"
	both, alone := UserChange{ID: 3, Email: &email}, UserChange{Email: &email}
	if both.Ref() != (UserRef{ID: 3}) || both.NewEmail() != &email {
		t.Errorf("beside an id: %+v, %v", both.Ref(), both.NewEmail())
	}
	if alone.Ref() != (UserRef{Email: email}) || alone.NewEmail() != nil {
		t.Errorf("alone: %+v, %v", alone.Ref(), alone.NewEmail())
	}
}

// TestM2_AManagerBecomesTheSample makes the manager of the document from our own words.
func TestM2_AManagerBecomesTheSample(t *testing.T) {
	t.Parallel()
	m := ringback.Manager{ID: 23, Enabled: true, Hours: ringback.DefaultHours(""), User: ringback.User{
		ID: 2, Name: "Manager1", Tel: "+48570934649", Email: "manager1@callpage.io",
	}}
	got, err := Encode(Get(ManagerOf(m)), false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flat(t, sample(t, "managers-get.json")), flat(t, got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestM2_AWeekAlwaysHasSevenDays(t *testing.T) {
	t.Parallel()
	week := WriteHours(nil)
	if len(week) != 7 {
		t.Fatalf("%d days", len(week))
	}
	for i, day := range week {
		if diff := cmp.Diff(BusinessDay{DayOfWeek: i, Timezone: ringback.DefaultZone}, day); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestM7_ALunchBreakIsWrittenAsTwoIntervals(t *testing.T) {
	t.Parallel()
	week := WriteHours(ringback.Hours{
		{Weekday: time.Monday, Enabled: true, Start: 13 * 3600, End: ringback.EndOfDay, Zone: "UTC"},
		{Weekday: time.Monday, Enabled: true, Start: 8 * 3600, End: 12 * 3600, Zone: "UTC"},
		{Weekday: time.Tuesday, Start: 9 * 3600, End: 17 * 3600, Zone: "Asia/Tokyo"}, // row M5
	})
	clock := func(s string) *string { return &s }
	want := []BusinessDay{
		{1, true, "UTC", clock("13:00:00"), clock("24:00:00")},
		{1, true, "UTC", clock("08:00:00"), clock("12:00:00")},
		{2, false, "Asia/Tokyo", clock("09:00:00"), clock("17:00:00")},
	}
	if len(week) != 8 {
		t.Fatalf("%d entries, want 8", len(week))
	}
	if diff := cmp.Diff(want, week[1:4]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestE6_MetaOfVersion1HasNumbersWhereNothingWasGiven(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		given Paging
		want  Meta
	}{
		{Paging{}, Meta{0, 100, 4}},
		{Paging{GivenOffset: "1", GivenLimit: "2"}, Meta{"1", "2", 4}},
		{Paging{GivenOffset: "x", GivenLimit: "0"}, Meta{0, 100, 4}}, // row E7
	} {
		if diff := cmp.Diff(tt.want, tt.given.MetaV1(4)); diff != "" {
			t.Errorf("%+v: -want +got:\n%s", tt.given, diff)
		}
	}
}
