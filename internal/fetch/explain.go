package fetch

import (
	"errors"
	"net"
	"net/url"

	"github.com/ringback-hq/ringback"
)

// errTimeout is what a person reads when the other side was too slow.
var errTimeout = errors.New("no answer in time")

// explain leaves of an error what whoever chose the URL may know: our name server, our own address
// and the address behind a name are none of their business.
func explain(err error) error {
	if e, ok := errors.AsType[*ringback.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return errTimeout
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New("the host has no address")
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
