package callpage_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestE2_R11_TheCodeIsTheIntegerZeroOrAText(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if a := p.send("GET", v1, ""); !strings.HasPrefix(a.body, `{"hasError":false,"errorCode":0,`) {
		t.Errorf("a success: %s", a.body)
	}
	for target, want := range map[string]string{
		"nothing": "not-found", "calls/1": "not-found", "widgets/call": "method-not-allowed",
	} {
		if a := p.send("GET", v1+target, ""); !strings.HasPrefix(a.body, `{"hasError":true,"errorCode":"`+want+`",`) {
			t.Errorf("%s: %s", target, a.body)
		}
	}
}

func TestE3_AFailureHasEmptyDataAndSentencesAboutTheFields(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	a := p.post("users/create", `{"tel":"+48570934649","email":"nobody"}`)
	if a.status != 422 || !strings.Contains(a.body, `"data":[]`) || len(a.doc.Errors["name"]) != 1 || len(a.doc.Errors["email"]) != 1 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := p.send("GET", v1+"calls/1", ""); strings.Contains(a.body, `"errors"`) {
		t.Errorf("no field is wrong: %s", a.body)
	}
}

func TestE4_NothingIsWhatTheSampleSays(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	user := p.id("users/create", `{"name":"Jan","tel":"+48570934650"}`)
	if a := p.send("GET", v1, ""); !strings.HasSuffix(a.body, `"data":[]}`) {
		t.Errorf("the root: %s", a.body)
	}
	if a := p.post("users/delete", fmt.Sprintf(`{"id":%d}`, user)); !strings.HasSuffix(a.body, `"data":null}`) {
		t.Errorf("a deletion: %s", a.body)
	}
}

func TestE5_OnlyListsHaveMeta(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	call := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"+48600100200"}`, widget))
	for target, want := range map[string]string{
		"calls/history":            `"meta":{"offset":null,"limit":100,"count":1}}`,
		"users/all":                `"meta":{"offset":0,"limit":100,"count":1}}`,
		fmt.Sprint("calls/", call): `"meta":[]}`,
		fmt.Sprint("users/get?id=", p.ada.Owner.ID): `"meta":[]}`,
	} {
		if a := p.send("GET", v1+target, ""); !strings.HasSuffix(a.body, want) {
			t.Errorf("%s: %s, want %s at its end", target, a.body, want)
		}
	}
	a := p.post("users/create", `{"name":"Jan","tel":"+48570934650"}`)
	if strings.Contains(a.body, `"meta"`) {
		t.Errorf("a creation: %s", a.body)
	}
}

func TestR13_WhatWasMadeHasAnID(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	for path, body := range map[string]string{
		"users/create":   `{"name":"Jan","tel":"+48570934650"}`,
		"users/update":   fmt.Sprintf(`{"id":%d,"name":"Ada"}`, p.ada.Owner.ID),
		"widgets/create": `{"url":"https://www.shop.example"}`,
		"widgets/update": fmt.Sprintf(`{"id":%d,"description":"Shop"}`, widget),
		"widgets/call":   fmt.Sprintf(`{"id":%d,"tel":"+48600100200"}`, widget),
	} {
		a := p.post(path, body)
		if got := compact(t, a.body, "id"); got != `{"hasError":false,"errorCode":0,"message":"","data":{"id":N}}` {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

func TestR5_R6_UnknownParametersAndNullCountAsAbsent(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	body := fmt.Sprintf(`{"id":%d,"tel":"+48600100200","department_id":null,"ref_id":null,"colour":"red","url":"https://www.shop.example/a"}`, widget)
	if c := p.call(p.id("widgets/call?utm=1", body)); c.Visit.URL != "https://www.shop.example/a" || c.Ref != "" {
		t.Errorf("the call is of %q with %q", c.Visit.URL, c.Ref)
	}
	user := p.id("users/create", `{"name":"Jan","tel":"+48570934650","email":null,"role":null,"url":"https://x.example"}`)
	if a := p.post("users/update", fmt.Sprintf(`{"id":%d,"name":null}`, user)); a.status != 200 {
		t.Errorf("null in an update: %d %s", a.status, a.body)
	}
	if a := p.send("GET", fmt.Sprint(v1, "users/get?id=", user), ""); !strings.Contains(a.body, `"name":"Jan"`) {
		t.Errorf("null took the name away: %s", a.body)
	}
	if a := p.post("users/create", `{"name":null,"tel":"+48570934650"}`); a.status != 422 || a.doc.Errors["name"] == nil {
		t.Errorf("null for what is required: %d %s", a.status, a.body)
	}
}
