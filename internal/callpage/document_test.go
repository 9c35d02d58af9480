package callpage_test

import (
	"encoding/json"
	"testing"

	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/openapi/openapitest"
)

func TestTheDocumentChangesOnlyWithItsVersion(t *testing.T) {
	t.Parallel()
	openapitest.Frozen(t, callpage.Document(), "testdata/openapi.json")
}

func TestTheDocumentExplainsEveryParameterAndItsSamplesFit(t *testing.T) {
	t.Parallel()
	openapitest.Explained(t, callpage.Document())
}

func TestTheDocumentIsServedWithoutAKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	w := p.get("/api/v3/external/openapi.json")
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); w.Code != 200 || err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%d %.100s: %v", w.Code, w.Body, err)
	}
	for _, row := range callpage.Routes() {
		if doc.Paths["/"+row.Path] == nil {
			t.Errorf("%s %s is not in it", row.Method, row.Path)
		}
	}
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("a page of another site may not read it: %q", got)
	}
}
