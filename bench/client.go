package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// A client speaks the documented API.
type client struct{ url, key string }

type fields map[string]any

var errAnswer = errors.New("the API refused")

// office makes a widget with managers who are always on duty and ring in turn, and a webhook.
func (c client) office(ctx context.Context, managers int, hook string) (int64, error) {
	var widget struct{ ID int64 }
	err := c.post(ctx, "/api/v1/external/widgets/create", fields{
		"url": "https://bench.example", "settings": fields{"call.algorithm": "findme"},
	}, &widget)
	if err != nil {
		return 0, err
	}
	if err := c.join(ctx, widget.ID, 1, false); err != nil {
		return 0, err
	}
	for n := range managers {
		var user struct{ ID int64 }
		err := c.post(ctx, "/api/v1/external/users/create", fields{"name": fmt.Sprint("Manager ", n), "tel": fmt.Sprintf("+4850010%04d", n)}, &user)
		if err != nil {
			return 0, err
		}
		if err := c.join(ctx, widget.ID, user.ID, true); err != nil {
			return 0, err
		}
	}
	return widget.ID, c.post(ctx, "/api/webhooks", fields{"widget_id": widget.ID, "url": hook}, nil)
}

func (c client) join(ctx context.Context, widget, user int64, always bool) error {
	var week []fields
	for d := range 7 {
		week = append(week, fields{"day_of_week": d, "enabled": always, "start_time": "00:00", "end_time": "24:00"})
	}
	return c.post(ctx, "/api/v1/external/widgets/add-users", fields{"id": widget, "user_id": user, "business_times": week}, nil)
}

func (c client) call(ctx context.Context, widget int64, tel string) error {
	return c.post(ctx, "/api/v1/external/widgets/call", fields{"id": widget, "tel": tel}, nil)
}

// statuses counts the calls by their status.
func (c client) statuses(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	for _, s := range []string{"new", "ringing", "in-progress", "completed", "manager-failed", "user-failed", "failed"} {
		var answer struct{ Meta struct{ Count int } }
		if err := c.send(ctx, http.MethodGet, "/api/v3/external/calls/history?limit=1&statuses[]="+s, nil, &answer); err != nil {
			return nil, err
		}
		if answer.Meta.Count > 0 {
			counts[s] = answer.Meta.Count
		}
	}
	return counts, nil
}

func (c client) post(ctx context.Context, path string, body fields, data any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	var answer struct{ Data json.RawMessage }
	if err := c.send(ctx, http.MethodPost, path, b, &answer); err != nil || data == nil {
		return err
	}
	return json.Unmarshal(answer.Data, data)
}

func (c client) send(ctx context.Context, method, path string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", c.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %w with %s", method, path, errAnswer, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(answer)
}
