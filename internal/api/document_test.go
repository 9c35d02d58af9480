package api

import (
	"encoding/json"
	"testing"

	"github.com/ringback-hq/ringback/internal/openapi/openapitest"
)

func TestTheDocumentChangesOnlyWithItsVersion(t *testing.T) {
	t.Parallel()
	openapitest.Frozen(t, Document(), "testdata/openapi.json")
}

func TestTheDocumentExplainsEveryParameterAndItsSamplesFit(t *testing.T) {
	t.Parallel()
	openapitest.Explained(t, Document())
}

func TestTheDocumentIsServedWithoutAKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	w := p.listen("GET", "/api/openapi.json")
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); w.Code != 200 || err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%d %.100s: %v", w.Code, w.Body, err)
	}
	for _, row := range (&door{}).routes() {
		if doc.Paths["/"+row.Path] == nil {
			t.Errorf("%s %s is not in it", row.Method, row.Path)
		}
	}
}
