package callpage_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

// user returns the document of a user of ada's account.
func (p *place) user(query string) map[string]any {
	p.t.Helper()
	a := p.send("GET", v1+"users/get?"+query, "")
	doc, ok := a.doc.Data.(map[string]any)
	if !ok {
		p.t.Fatalf("users/get?%s: %d %s", query, a.status, a.body)
	}
	return doc
}

// refused checks that a request got a status and a code.
func (p *place) refused(what string, a answer, status int, code string) {
	p.t.Helper()
	if a.status != status || a.doc.ErrorCode != code {
		p.t.Errorf("%s: %d %s, want %d %s", what, a.status, a.body, status, code)
	}
}

func TestU12_TheRequestsOfTheDocument(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	made := p.id("users/create", sample(t, "users-create.request.json"))
	own := func(request string) string {
		return strings.Replace(sample(t, request), "1380", fmt.Sprint(made), 1)
	}
	a := p.post("users/update", own("users-update.request.json"))
	if got, want := compact(t, a.body, "id"), compact(t, sample(t, "users-update.json"), "id"); got != want {
		t.Errorf("users/update: %s, want %s", got, want)
	}
	if u := p.user(fmt.Sprint("id=", made)); fmt.Sprint(u["role"]) != "map[slug:admin]" {
		t.Errorf("not an admin: %v", u)
	}
	a = p.post("users/delete", own("users-delete.request.json"))
	if got, want := compact(t, a.body), compact(t, sample(t, "users-delete.json")); got != want {
		t.Errorf("users/delete: %s, want %s", got, want)
	}
	p.refused("deleted twice", p.post("users/delete", own("users-delete.request.json")), 404, ringback.CodeNotFound)
	p.refused("changed after that", p.post("users/update", own("users-update.request.json")), 404, ringback.CodeNotFound)
}

func TestU9_UsersAreListedInPages(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, name := range []string{"Manager1", "Manager2", "Manager3"} { // 3, 4 and 5: ada is 1, eve is 2
		p.id("users/create", fmt.Sprintf(`{"name":%q,"tel":"570934649","email":"%s@callpage.io"}`, name, strings.ToLower(name)))
	}
	a := p.send("GET", v1+"users/all?offset=1&limit=2", "")
	times := func(doc string) string {
		for _, key := range []string{"activated_at", "updated_at"} {
			parts := strings.Split(doc, `"`+key+`":"`)
			for i, part := range parts[1:] {
				parts[i+1] = part[len("2016-09-08 13:32:54"):]
			}
			doc = strings.Join(parts, `"`+key+`":"`)
		}
		return doc
	}
	if got, want := times(compact(t, a.body, "id")), times(compact(t, sample(t, "users-all.json"), "id")); got != want {
		t.Errorf("users/all:\n%s\nwant\n%s", got, want)
	}
	for query, want := range map[string]string{ // rows R10, E6 and E7
		"":                       `"meta":{"offset":0,"limit":100,"count":4}`,
		"?limit=1":               `"meta":{"offset":0,"limit":"1","count":4}`,
		"?offset=9":              `"data":[],"meta":{"offset":"9","limit":100,"count":4}`,
		"?offset=99999999999999": `"data":[],"meta":{"offset":"99999999999999","limit":100,"count":4}`,
		"?offset=-1&limit=all":   `"meta":{"offset":0,"limit":100,"count":4}`,
	} {
		if a := p.send("GET", v1+"users/all"+query, ""); !strings.Contains(a.body, want) {
			t.Errorf("%s: %s, want %s", query, a.body, want)
		}
	}
	if a := p.send("GET", v1+"users/all?limit=1", ""); !strings.Contains(a.body, `"parent_id":null`) || !strings.Contains(a.body, `"slug":"owner"`) {
		t.Errorf("the owner is not the first: %s", a.body)
	}
}

func TestU1_AUserIsNamedInThreeWays(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	ann := p.id("users/create", `{"name":"Ann","tel":"570934649","email":"Ann@example.com"}`)
	bob := p.id("users/create", `{"name":"Bob","tel":"570934649","email":"bob@example.com"}`)
	for _, query := range []string{"id=%d", "user_id=%d", "email=ann@EXAMPLE.com&x=%d", "id=%d&user_id=1&email=bob@example.com", "user_id=%d&email=bob@example.com"} {
		if u := p.user(fmt.Sprintf(query, ann)); u["name"] != "Ann" {
			t.Errorf("%s: %v", query, u)
		}
	}
	for query, status := range map[string]int{"": 422, "id=0": 422, "id=x": 422, "id=99": 404, "email=x@example.com": 404, "email=x": 404, fmt.Sprint("id=", p.eve.Owner.ID): 404, "email=eve@example.com": 404} {
		if a := p.send("GET", v1+"users/get?"+query, ""); a.status != status {
			t.Errorf("%q: %d %s, want %d", query, a.status, a.body, status)
		}
	}
	if got := p.id("users/update", `{"email":"ANN@example.com","name":"Anna"}`); got != ann {
		t.Errorf("changed %d, want %d", got, ann)
	}
	if u := p.user(fmt.Sprint("id=", ann)); u["name"] != "Anna" || u["email"] != "Ann@example.com" {
		t.Errorf("changed by address: %v", u)
	}
	if a := p.post("users/delete", `{"email":"bob@example.com"}`); a.status != 200 {
		t.Errorf("removed by address: %d %s", a.status, a.body)
	}
	p.refused("gone", p.send("GET", v1+fmt.Sprint("users/get?id=", bob), ""), 404, ringback.CodeNotFound)
}

// Without a role an admin stays one (row U11); an extension may be sent (U10); a role is a text in, and an object out (U4).
func TestR14_U4_U10_U11_WhatIsAbsentStays(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.id("users/create", `{"name":"Ann","tel":"570934649","email":"ann@example.com","role":"admin","tel_extension":"12"}`)
	state := func() string {
		u := p.user(fmt.Sprint("id=", id))
		return fmt.Sprint(u["name"], " ", u["tel"], " ", u["email"], " ", u["tel_extension"], " ", u["role"])
	}
	for _, tt := range []struct{ change, want string }{
		{``, "Ann +48570934649 ann@example.com 12 map[slug:admin]"},
		{`,"name":"Anna"`, "Anna +48570934649 ann@example.com 12 map[slug:admin]"},
		{`,"tel":"600 100 200"`, "Anna +48600100200 ann@example.com 12 map[slug:admin]"},
		{`,"name":null,"tel":null,"email":null,"role":null`, "Anna +48600100200 ann@example.com 12 map[slug:admin]"}, // row R6
		{`,"role":""`, "Anna +48600100200 ann@example.com 12 map[slug:admin]"},
		{`,"email":"Anna@example.com"`, "Anna +48600100200 Anna@example.com 12 map[slug:admin]"},
		{`,"tel_extension":"3,4#"`, "Anna +48600100200 Anna@example.com 3,4# map[slug:admin]"}, // row U10
		{`,"tel_extension":""`, "Anna +48600100200 Anna@example.com <nil> map[slug:admin]"},
		{`,"email":""`, "Anna +48600100200 <nil> <nil> map[slug:admin]"}, // row U2
		{`,"role":"manager"`, "Anna +48600100200 <nil> <nil> map[slug:manager]"},
	} {
		p.id("users/update", fmt.Sprintf(`{"id":"%d"%s}`, id, tt.change))
		if got := state(); got != tt.want {
			t.Errorf("after %s: %s, want %s", tt.change, got, tt.want)
		}
	}
	for change, code := range map[string]string{
		`"name":""`: "validation-failed", `"name":" "`: "validation-failed", `"tel":""`: "invalid-phone-number", `"tel":"12"`: "invalid-phone-number",
		`"tel":"+49 1512 3456789"`: "forbidden-country", `"email":"x"`: "validation-failed", `"email":"ADA@example.com"`: "email-taken", // row U5
		`"email":"eve@example.com"`: "email-taken", `"role":"owner"`: "validation-failed", `"role":"boss"`: "validation-failed", // row U3
		`"tel_extension":"12x"`: "validation-failed",
	} {
		p.refused(change, p.post("users/update", fmt.Sprintf(`{"id":%d,%s}`, id, change)), 422, code)
	}
	if got, want := state(), "Anna +48600100200 <nil> <nil> map[slug:manager]"; got != want {
		t.Errorf("after bad input: %s, want %s", got, want)
	}
}

func TestC11_Version1WritesNumbersNationally(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.id("users/create", `{"name":"Ann","tel":"+48 570 934 649"}`)
	for _, prefix := range []string{v1, "/api/v2/external/", "/api/v3/external/"} {
		a := p.send("GET", prefix+fmt.Sprint("users/get?id=", id), "")
		if !strings.Contains(a.body, `"tel":"+48570934649","tel_formatted":"570 934 649","tel_extension":null`) || !strings.HasSuffix(a.body, `"meta":[]}`) { // row E5
			t.Errorf("%s: %s", prefix, a.body)
		}
	}
}

func TestU7_OnlyTheOwnerChangesTheOwner(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	admin := p.key(p.id("users/create", `{"name":"an admin","tel":"888888888","role":"admin"}`), ringback.Scopes...)
	p.refused("by an admin", p.post("users/update", `{"id":1,"name":"x"}`, "Authorization", admin), 403, ringback.CodeForbidden)
	p.id("users/update", `{"id":1,"name":"Ada the First","email":"ada@example.org","role":"owner"}`)
	p.refused("another role", p.post("users/update", `{"id":1,"role":"admin"}`), 403, ringback.CodeForbidden)
	p.refused("no address", p.post("users/update", `{"id":1,"email":""}`), 422, ringback.CodeInvalid)
	if u := p.user("id=1"); u["name"] != "Ada the First" || u["email"] != "ada@example.org" || fmt.Sprint(u["role"]) != "map[slug:owner]" {
		t.Errorf("the owner: %v", u)
	}
}

func TestU8_NeitherTheOwnerNorOneselfIsRemoved(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.id("users/create", `{"name":"an admin","tel":"888888888","role":"admin"}`)
	admin := p.key(id, ringback.Scopes...)
	p.refused("the owner by themselves", p.post("users/delete", `{"id":1}`), 403, ringback.CodeForbidden)
	p.refused("the owner by an admin", p.post("users/delete", `{"id":1}`, "Authorization", admin), 403, ringback.CodeForbidden)
	p.refused("an admin by themselves", p.post("users/delete", fmt.Sprintf(`{"id":%d}`, id), "Authorization", admin), 403, ringback.CodeForbidden)
}

func TestU8_TheHistoryKeepsTheName(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	ann := p.id("users/create", `{"name":"Ann","tel":"600100200","email":"ann@example.com"}`)
	widget := p.openWidget()
	p.id("managers/create", fmt.Sprintf(`{"widget_id":%d,"user_id":%d,"enabled":true}`, widget, ann))
	p.post("managers/delete", fmt.Sprintf(`{"widget_id":%d,"user_id":%d}`, widget, p.ada.Owner.ID))
	call := p.completed(widget, "+48600100201", time.Now())
	if a := p.post("users/delete", fmt.Sprintf(`{"id":%d}`, ann)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a := p.send("GET", fmt.Sprintf("/api/v3/external/calls/%d", call.ID), "")
	if !strings.Contains(a.body, `"name":"Ann","email":"ann@example.com"`) {
		t.Errorf("the call: %s", a.body)
	}
	a = p.send("GET", v1+fmt.Sprint("managers/all?widget_id=", widget), "")
	if !strings.Contains(a.body, `"data":[],"meta":{"offset":0,"limit":100,"count":0}`) {
		t.Errorf("managers: %s", a.body)
	}
	p.id("users/create", `{"name":"Ann again","tel":"600100200","email":"ann@example.com"}`)
}

func TestS3_AManagerSeesOnlyThemselves(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	ann := p.id("users/create", `{"name":"Ann","tel":"600100200"}`)
	key := p.key(ann) // no scope is needed
	for query, want := range map[string]string{
		"":          fmt.Sprintf(`"data":[{"id":%d,"name":"Ann"`, ann),
		"?offset=1": `"data":[],"meta":{"offset":"1","limit":100,"count":1}`,
	} {
		if a := p.send("GET", v1+"users/all"+query, "", "Authorization", key); !strings.Contains(a.body, want) || !strings.Contains(a.body, `"count":1`) {
			t.Errorf("users/all%s: %s", query, a.body)
		}
	}
	for query, status := range map[string]int{fmt.Sprint("id=", ann): 200, "id=1": 403, "email=ada@example.com": 403, "id=99": 404} {
		if a := p.send("GET", v1+"users/get?"+query, "", "Authorization", key); a.status != status {
			t.Errorf("%s: %d %s, want %d", query, a.status, a.body, status)
		}
	}
	p.refused("their own name", p.post("users/update", fmt.Sprintf(`{"id":%d,"name":"x"}`, ann), "Authorization", key), 403, ringback.CodeForbidden)
}

func TestSeatsAreForUsersWithAnAddress(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(func(tx *store.Tx) error { return tx.SetSeats(p.ada.Account.ID, 2) })
	few, err := p.office.CreateAccount(t.Context(), office.NewAccount{Company: "c", Name: "c", Email: "c@example.com", Tel: "+48570934649", Seats: 1})
	if err != nil {
		t.Fatal(err)
	}
	p.refused("a second of one seat", p.post("users/create", `{"name":"x","tel":"600100200","email":"d@example.com"}`, "Authorization", few.Key), 422, ringback.CodePricing)
	ann := p.id("users/create", `{"name":"Ann","tel":"600100200","email":"ann@example.com"}`) // the owner has the other
	more := `{"name":"x","tel":"600100200","email":"%s@example.com"}`
	a := p.post("users/create", fmt.Sprintf(more, "bob"))
	p.refused("one too many", a, 422, ringback.CodePricing)
	if len(a.doc.Errors["email"]) != 1 {
		t.Errorf("the field is not named: %s", a.body)
	}
	bob := p.id("users/create", `{"name":"Bob","tel":"600100200"}`) // row U2: without one there is no limit
	p.refused("an address later", p.post("users/update", fmt.Sprintf(`{"id":%d,"email":"bob@example.com"}`, bob)), 422, ringback.CodePricing)
	p.id("users/update", fmt.Sprintf(`{"id":%d,"email":"anna@example.com"}`, ann)) // another address is no further seat
	p.post("users/delete", fmt.Sprintf(`{"id":%d}`, ann))
	p.id("users/update", fmt.Sprintf(`{"id":%d,"email":"bob@example.com"}`, bob))
	p.id("users/update", fmt.Sprintf(`{"id":%d,"email":""}`, bob))

	made := make(chan int, 8)
	var crowd sync.WaitGroup
	for i := range cap(made) {
		crowd.Go(func() {
			made <- p.post("users/create", fmt.Sprintf(more, fmt.Sprint("u", i))).status
		})
	}
	crowd.Wait()
	close(made)
	count := 0
	for status := range made {
		if status == 200 {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d users took one seat", count)
	}
}

func TestE5_MetaIsForListsAndSingleThings(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	for target, want := range map[string]string{
		"users/all":                           `"meta":{"offset":0,"limit":100,"count":1}}`,
		"users/get?id=1":                      `"meta":[]}`,
		"managers/all?widget_id=%d":           `"meta":{"offset":0,"limit":100,"count":1}}`,
		"managers/get?widget_id=%d&user_id=1": `"meta":[]}`,
		"calls/history":                       `"meta":{"offset":null,"limit":100,"count":0}}`,
		"":                                    `"data":[]}`,
		"voice/all?widget_id=%d":              `}]}`,
		"sms/all?widget_id=%d":                `}]}`,
	} {
		target = strings.Replace(target, "%d", fmt.Sprint(widget), 1)
		if a := p.send("GET", v1+target, ""); a.status != 200 || !strings.HasSuffix(a.body, want) {
			t.Errorf("%s: %d %s, want %s at the end", target, a.status, a.body, want)
		}
	}
	for path, body := range map[string]string{"users/create": `{"name":"x","tel":"888888888"}`, "managers/update": `{"widget_id":1,"user_id":1}`} {
		if a := p.post(path, body); a.status != 200 || a.doc.Meta != nil {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
