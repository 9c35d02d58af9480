package callpage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// manager returns what is told of a manager of ada's account: whether they are enabled, and their days as
// "1+ 09:00:00-17:00:00 Europe/Warsaw", with a minus for a day that is not enabled.
func (p *place) manager(widget, user int64) (id int64, enabled bool, days []string) {
	p.t.Helper()
	a := p.send("GET", v1+fmt.Sprintf("managers/get?widget_id=%d&user_id=%d", widget, user), "")
	doc, ok := a.doc.Data.(map[string]any)
	if !ok {
		p.t.Fatalf("%d %s", a.status, a.body)
	}
	for _, each := range doc["business_times"].([]any) {
		day := each.(map[string]any)
		sign := "-"
		if day["enabled"] == true {
			sign = "+"
		}
		days = append(days, fmt.Sprintf("%v%s %v-%v %v", day["day_of_week"], sign, day["start_time"], day["end_time"], day["timezone"]))
	}
	return int64(doc["id"].(float64)), doc["enabled"] == true, days
}

var usual = []string{
	"0- <nil>-<nil> Europe/Warsaw", "1+ 09:00:00-17:00:00 Europe/Warsaw", "2+ 09:00:00-17:00:00 Europe/Warsaw",
	"3+ 09:00:00-17:00:00 Europe/Warsaw", "4+ 09:00:00-17:00:00 Europe/Warsaw", "5+ 09:00:00-17:00:00 Europe/Warsaw",
	"6- <nil>-<nil> Europe/Warsaw",
}

func week(days []string) string { return strings.Join(days, "\n") }

func TestM2_TheRequestsOfTheDocument(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	ann := p.id("users/create", `{"name":"Ann","tel":"600100200"}`) // 3, whom the samples name
	for range 3 {
		p.id("widgets/create", `{"url":"https://a.pl"}`)
	}
	for _, name := range []string{"managers-create", "managers-update"} {
		a := p.post(strings.Replace(name, "-", "/", 1), sample(t, name+".request.json"))
		if got, want := compact(t, a.body, "id"), compact(t, sample(t, name+".json"), "id"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	_, enabled, days := p.manager(3, ann)
	if !enabled || week(days) != week(usual) {
		t.Errorf("%t\n%s", enabled, week(days))
	}
	broken := sample(t, "managers-delete.request.json") // row E12: the document forgot a comma
	a := p.post("managers/delete", broken)
	p.refused("a comma too many", a, 422, ringback.CodeInvalidJSON)
	mended := strings.Replace(broken, "3,\n}", "3\n}", 1)
	a = p.post("managers/delete", mended)
	if got, want := compact(t, a.body), compact(t, sample(t, "managers-delete.json")); got != want {
		t.Errorf("managers/delete: %s, want %s", got, want)
	}
	p.refused("removed twice", p.post("managers/delete", mended), 404, ringback.CodeNotFound)
	p.refused("changed after that", p.post("managers/update", mended), 404, ringback.CodeNotFound)
	p.refused("asked for after that", p.send("GET", v1+"managers/get?widget_id=3&user_id=3", ""), 404, ringback.CodeNotFound)
}

func TestM1_WhoIsAManagerAlreadyIsChanged(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.id("widgets/create", `{"url":"https://a.pl"}`)
	ann := p.id("users/create", `{"name":"Ann","tel":"600100200"}`)
	pair := fmt.Sprintf(`"widget_id":%d,"user_id":%d`, widget, ann)
	first := p.id("managers/create", `{`+pair+`,"enabled":0,"business_times":[{"day_of_week":6,"start_time":"10:00","end_time":"12:00","timezone":"UTC"}]}`)
	again := p.id("managers/create", `{`+pair+`,"business_times":[{"day_of_week":0,"start_time":"10:00","end_time":"12:00","timezone":"UTC"}]}`)
	id, enabled, days := p.manager(widget, ann)
	if first != again || first != id || enabled {
		t.Errorf("managers %d, %d and %d, enabled: %t", first, again, id, enabled)
	}
	want := append([]string{"0+ 10:00:00-12:00:00 UTC"}, usual[1:6]...)
	if want = append(want, "6+ 10:00:00-12:00:00 UTC"); week(days) != week(want) {
		t.Errorf("got\n%s\nwant\n%s", week(days), week(want))
	}
	p.post("managers/delete", `{`+pair+`}`)
	back := p.id("managers/create", `{`+pair+`}`)
	if _, enabled, days := p.manager(widget, ann); back != first || !enabled || week(days) != week(usual) {
		t.Errorf("who came back is %d, %t\n%s", back, enabled, week(days))
	}
}

// What is missing: days (row M3), zones (M5) and whether the manager is enabled (M8).
func TestM3_M5_M8_WhatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.id("widgets/create", `{"url":"https://a.pl"}`)
	ann := p.id("users/create", `{"name":"Ann","tel":"600100200"}`)
	pair := fmt.Sprintf(`"widget_id":%d,"user_id":%d`, widget, ann)
	change := func(action, rest string, monday string, enabled bool) {
		t.Helper()
		p.id("managers/"+action, `{`+pair+rest+`}`)
		want := append([]string{usual[0], monday}, usual[2:]...)
		if _, on, days := p.manager(widget, ann); on != enabled || week(days) != week(want) {
			t.Errorf("after %s %s: %t\n%s\nwant\n%s", action, rest, on, week(days), week(want))
		}
	}
	change("create", `,"business_times":[{"day_of_week":1,"start_time":"08:00","end_time":"16:00:30"}]`, "1+ 08:00:00-16:00:30 Europe/Warsaw", true) // row M8
	change("update", `,"enabled":false`, "1+ 08:00:00-16:00:30 Europe/Warsaw", false)
	change("update", ``, "1+ 08:00:00-16:00:30 Europe/Warsaw", false)                                                           // row M8: absent is unchanged
	change("update", `,"business_times":[{"day_of_week":"1","start_time":"22:00","end_time":"24:00","timezone":"Asia/Tokyo"}]`, // rows M4 and M5
		"1+ 22:00:00-24:00:00 Asia/Tokyo", false)
	change("update", `,"enabled":"1","business_times":[]`, "1+ 22:00:00-24:00:00 Asia/Tokyo", true)
	change("update", `,"business_times":[{"day_of_week":1,"start_time":"08:00","end_time":"12:00"},{"day_of_week":1,"start_time":"13:00","end_time":"17:00"}]`,
		"1+ 08:00:00-12:00:00 Europe/Warsaw\n1+ 13:00:00-17:00:00 Europe/Warsaw", true) // row M7
	change("update", `,"business_times":[{"day_of_week":1,"enabled":0,"start_time":null,"end_time":null}]`, "1- <nil>-<nil> Europe/Warsaw", true)
	for _, bad := range []string{
		`[{"day_of_week":7}]`, `[{"day_of_week":1,"start_time":"25:00","end_time":"26:00"}]`, `"never"`,
		`[{"day_of_week":1,"start_time":"09:00","end_time":"10:00","timezone":"Mars/Olympus"}]`, `[{"day_of_week":1,"enabled":true}]`,
	} {
		a := p.post("managers/update", `{`+pair+`,"business_times":`+bad+`}`)
		p.refused(bad, a, 422, ringback.CodeInvalid)
		if len(a.doc.Errors["business_times"]) != 1 {
			t.Errorf("%s: the field is not named: %s", bad, a.body)
		}
	}
	p.refused("enabled", p.post("managers/update", `{`+pair+`,"enabled":"perhaps"}`), 422, ringback.CodeInvalid)
}

func TestM9_ManagersAreListedInOrderAndInPages(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.id("widgets/create", `{"url":"https://a.pl"}`)
	d := ringback.Department{Name: "Sales"}
	for _, name := range []string{"Ann", "Bob"} {
		user := p.id("users/create", fmt.Sprintf(`{"name":%q,"tel":"600100200","email":"%s@example.com"}`, name, name))
		p.id("managers/create", fmt.Sprintf(`{"widget_id":%d,"user_id":%d}`, widget, user))
	}
	ada, _, _ := p.manager(widget, p.ada.Owner.ID)
	p.write(func(tx *store.Tx) error {
		if err := tx.AddDepartment(p.ada.Account.ID, &d); err != nil {
			return err
		}
		return tx.PutInDepartment(p.ada.Account.ID, ada, d.ID)
	})
	a := p.send("GET", v1+fmt.Sprint("managers/all?widget_id=", widget), "")
	parts := []string{
		`"data":[{"id":1,"enabled":true,"user":{"id":1,"name":"ada","tel":"+48570934649","email":"ada@example.com","avatar":null},"departments":[{"id":1,"name":"Sales"}],`,
		`{"id":2,"enabled":true,"user":{"id":3,"name":"Ann","tel":"+48600100200","email":"Ann@example.com","avatar":null},"departments":[],"business_times":[{"day_of_week":0,"enabled":false,"timezone":"Europe/Warsaw","start_time":null,"end_time":null},`,
		`{"id":3,"enabled":true,"user":{"id":4,"name":"Bob",`,
		`"meta":{"offset":0,"limit":100,"count":3}}`,
	}
	rest := a.body
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Fatalf("%s does not follow in %s", part, a.body)
		}
		rest = after
	}
	for query, want := range map[string]string{
		"&offset=1&limit=1":  `"meta":{"offset":"1","limit":"1","count":3}`,
		"&offset=3":          `"data":[],"meta":{"offset":"3","limit":100,"count":3}`,
		"&offset=9999999999": `"data":[],"meta":{"offset":"9999999999","limit":100,"count":3}`,
	} {
		a := p.send("GET", v1+fmt.Sprintf("managers/all?widget_id=%d%s", widget, query), "")
		if !strings.Contains(a.body, want) || strings.Contains(a.body, `"name":"ada"`) {
			t.Errorf("%s: %s", query, a.body)
		}
	}
}

func TestM10_AWidgetMustBeNamed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.openWidget()
	for _, target := range []string{"managers/all", "managers/get?user_id=1", "managers/get?widget_id=1"} {
		p.refused(target, p.send("GET", v1+target, ""), 422, ringback.CodeInvalid)
	}
	for _, action := range []string{"create", "update", "delete"} {
		for _, body := range []string{`{"widget_id":1}`, `{"user_id":1}`, `{"widget_id":1,"user_id":0}`} {
			p.refused(action+" "+body, p.post("managers/"+action, body), 422, ringback.CodeInvalid)
		}
		for _, body := range []string{`{"widget_id":9,"user_id":1}`, `{"widget_id":1,"user_id":9}`, fmt.Sprintf(`{"widget_id":1,"user_id":%d}`, p.eve.Owner.ID)} {
			p.refused(action+" "+body, p.post("managers/"+action, body), 404, ringback.CodeNotFound)
		}
	}
}

func TestR15_AManagerIsNamedByEitherIDOfTheWidget(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	var w ringback.Widget
	id := p.openWidget()
	p.write(func(tx *store.Tx) (err error) {
		w, err = tx.Widget(p.ada.Account.ID, id)
		return err
	})
	for _, widget := range []string{fmt.Sprint("widget_id=", id), "encrypted_id=" + w.PublicID, "widget_id=" + w.PublicID, fmt.Sprint("id=", id)} {
		for _, target := range []string{"managers/all?", "managers/get?user_id=1&", "managers/get?email=ADA@example.com&"} {
			if a := p.send("GET", v1+target+widget, ""); a.status != 200 || !strings.Contains(a.body, `"name":"ada"`) {
				t.Errorf("%s%s: %d %s", target, widget, a.status, a.body)
			}
		}
	}
}

func TestE17_AManagerIsMadeOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	body := fmt.Sprintf(`{"widget_id":%d,"user_id":1}`, p.openWidget())
	first := p.id("managers/create", body, "Idempotency-Key", "k")
	p.post("managers/update", strings.Replace(body, "}", `,"enabled":false}`, 1))
	if again := p.id("managers/create", body, "Idempotency-Key", "k"); again != first {
		t.Errorf("managers %d and %d", first, again)
	}
}
