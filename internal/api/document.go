package api

import (
	"net/http"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/openapi"
)

// DocumentVersion is the version of the OpenAPI document. It is raised with every change of it.
const DocumentVersion = "0.1.0"

// Document describes the API for programs and people.
func Document() openapi.API {
	return openapi.API{
		Title: "Ringback API", Version: DocumentVersion,
		About: "Our own API, for what the documented one lacks.\n\n" +
			"A key goes into the Authorization header, alone or after the word Bearer. Bodies are JSON; times are RFC 3339 in " +
			"UTC; lists come in pages: ask with after for what follows the next of the answer before. A failure is an " +
			"application/problem+json document (RFC 9457) with a code that never changes.",
		Servers: []string{"/api"}, Address: documentPath,
		Routes: (&door{}).routes(), FailureKind: "application/problem+json",
		Failure: problem{
			Type: "about:blank", Title: "Unprocessable Entity", Status: http.StatusUnprocessableEntity,
			Detail: "The url field is required.", Code: ringback.CodeInvalid, Field: "url",
			Errors: map[string][]string{"url": {"The url field is required."}}, RequestID: "01KAXWK3V8E5N6Q7R8S9T0V1W2",
		},
	}
}

// documentPath is where the OpenAPI document is served, without a key.
const documentPath = "/api/openapi.json"
