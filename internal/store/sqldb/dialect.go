package sqldb

import "github.com/pressly/goose/v3"

// A dialect is all in which the two databases differ for those who write statements.
type dialect struct {
	migrations string // the folder of its migrations
	goose      goose.Dialect
	lock       Query            // takes the lock of the name $1 until the transaction ends; empty: writers never overlap
	unwritable func(error) bool // the database cannot work now, whatever the statement
}
