package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// ErrTooLarge says that what is at a URL has more bytes than the caller wants.
var ErrTooLarge = errors.New("too large")

// agent is what we call ourselves: some sites refuse programs without a name.
const agent = "Ringback"

// Get reads what is at a URL, whatever the status, and never more than the most bytes that the caller wants: beyond is
// [ErrTooLarge]. It takes 15 s at most. Its other errors are fit for whoever chose the URL: they name no address.
func (c *Client) Get(ctx context.Context, url string, most int64) (Response, error) {
	if err := c.CheckURL(url); err != nil {
		return Response{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.longest)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return Response{}, explain(err)
	}
	r.Header.Set("User-Agent", agent)
	answer, err := c.http.Do(r)
	if err != nil {
		return Response{}, explain(err)
	}
	defer answer.Body.Close()
	if answer.ContentLength > most {
		return Response{}, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case err != nil:
		return Response{}, explain(err)
	case int64(len(body)) > most:
		return Response{}, ErrTooLarge
	}
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}
