package callpage

import (
	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/openapi"
	"github.com/ringback-hq/ringback/internal/wire"
)

// DocumentVersion is the version of the OpenAPI document. It is raised with every change of it: the first part where
// an existing client could break, the second where something was added, the last for words.
const DocumentVersion = "3.0.0"

// Document describes the API for programs and people.
func Document() openapi.API {
	return openapi.API{
		Title: "CallPage API", Version: DocumentVersion,
		About: "The documented CallPage API as Ringback speaks it. It is frozen: existing clients work when only their base " +
			"URL changes.\n\n" +
			"A key goes into the Authorization header, alone or after the word Bearer. Inputs may come as JSON, as a form, as " +
			"multipart or in the query of any method; numbers and booleans may be texts, lists may be a single value, a text " +
			"with commas or names with brackets; null counts as absent and unknown parameters are ignored. Every answer, " +
			"failures too, is in one envelope: hasError, errorCode, message and data. Add pretty_output=1 to read it with " +
			"indentation. An order or a creation that is sent again with the same Idempotency-Key header happens once.",
		Servers: []string{"/api/v3/external", "/api/v1/external", "/api/v2/external"}, Address: documentPath,
		Routes: (&door{}).routes(), FailureKind: "application/json",
		Failure: wire.Failure{
			HasError: true, ErrorCode: ringback.CodeInvalid, Message: "The tel field is required.",
			Errors: map[string][]string{"tel": {"The tel field is required."}},
		},
	}
}

// documentPath is where the OpenAPI document is served, without a key.
const documentPath = "/api/v3/external/openapi.json"
