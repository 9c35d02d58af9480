package callpage

import "github.com/ringback-hq/ringback/internal/web"

// Routes lists every endpoint.
func Routes() []web.Route { return (&door{}).routes() }

// QueryOf reads the filters of the history.
var QueryOf = queryOf
