package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/ringback-hq/ringback/internal/client"
)

type mcpCmd struct {
	URL string `name:"url" help:"The server." required:"" placeholder:"https://calls.example.com"`
	Key string `help:"An API key. What it may not do, the agent may not do." required:""`
}

// Run serves the Model Context Protocol on standard input and output until the client leaves: an agent orders calls and
// reads the history with the rights of the key.
func (c *mcpCmd) Run(ctx context.Context, _ *outputs) error {
	a := &agent{api: &client.Client{Base: c.URL, Key: c.Key}}
	if _, err := a.api.Get(ctx, "", nil, nil); err != nil {
		return fmt.Errorf("try the key: %w", err)
	}
	return a.server().Run(ctx, &mcp.StdioTransport{})
}

// An agent's tools, each one request of the documented API.
type agent struct{ api *client.Client }

func (a *agent) server() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "ringback", Version: version}, nil)
	read := &mcp.ToolAnnotations{ReadOnlyHint: true}
	mcp.AddTool(s, &mcp.Tool{
		Name:        "order_call",
		Description: "Ring the managers of a widget and then this number, and join them. Real telephones ring, now or at the next opening time. Answers the id of the call; see get_call for what becomes of it.",
	}, a.orderCall)
	mcp.AddTool(s, &mcp.Tool{Name: "get_call", Description: "Tell all about one call: its status, times, manager and recording.", Annotations: read}, a.getCall)
	mcp.AddTool(s, &mcp.Tool{Name: "list_calls", Description: "List calls, the newest first, with how many there are in all.", Annotations: read}, a.listCalls)
	mcp.AddTool(s, &mcp.Tool{Name: "list_widgets", Description: "List the widgets at which calls can be ordered.", Annotations: read}, a.listWidgets)
	mcp.AddTool(s, &mcp.Tool{Name: "list_managers", Description: "List the managers of a widget with their business times.", Annotations: read}, a.listManagers)
	return s
}

type callOrder struct {
	Widget  int64  `json:"widget_id" jsonschema:"id of the widget whose managers are to ring"`
	Tel     string `json:"tel" jsonschema:"telephone number of the visitor, with the country code, such as +48500100200"`
	Manager int64  `json:"manager_id,omitempty" jsonschema:"id of the only manager to ring; leave it out for all"`
	Ref     string `json:"ref_id,omitempty" jsonschema:"your own name for the call; webhooks repeat it"`
	Key     string `json:"idempotency_key,omitempty" jsonschema:"the same key twice within a day orders one call"`
}

type named struct {
	ID int64 `json:"id" jsonschema:"id of the call"`
}

func (a *agent) orderCall(ctx context.Context, _ *mcp.CallToolRequest, in callOrder) (*mcp.CallToolResult, named, error) {
	body := map[string]any{"id": in.Widget, "tel": in.Tel}
	if in.Manager != 0 {
		body["manager_id"] = in.Manager
	}
	if in.Ref != "" {
		body["ref_id"] = in.Ref
	}
	var made named
	err := a.api.PostOnce(ctx, in.Key, "widgets/call", body, &made)
	return nil, made, err
}

func (a *agent) getCall(ctx context.Context, _ *mcp.CallToolRequest, in named) (*mcp.CallToolResult, any, error) {
	return a.fetch(ctx, "/api/v3/external/calls/"+strconv.FormatInt(in.ID, 10), nil)
}

type callsWanted struct {
	Widget int64    `json:"widget_id,omitempty" jsonschema:"only calls of this widget"`
	Tel    string   `json:"tel,omitempty" jsonschema:"only calls to this number"`
	Status []string `json:"statuses,omitempty" jsonschema:"only calls with one of these statuses: new, scheduled, ringing, in-progress, completed, manager-failed, user-failed, failed, cancelled"`
	From   string   `json:"from,omitempty" jsonschema:"only calls since this time, RFC 3339"`
	To     string   `json:"to,omitempty" jsonschema:"only calls until this time, RFC 3339"`
	Limit  int      `json:"limit,omitempty" jsonschema:"how many to list, 20 unless given, 100 at most"`
	Offset int      `json:"offset,omitempty" jsonschema:"how many to leave out"`
}

func (a *agent) listCalls(ctx context.Context, _ *mcp.CallToolRequest, in callsWanted) (*mcp.CallToolResult, any, error) {
	q := url.Values{"order": {"desc"}, "offset": {strconv.Itoa(max(in.Offset, 0))}}
	if in.Limit <= 0 {
		in.Limit = 20
	}
	q.Set("limit", strconv.Itoa(min(in.Limit, 100)))
	if in.Widget != 0 {
		q.Set("widget_ids[]", strconv.FormatInt(in.Widget, 10))
	}
	for key, value := range map[string]string{"phone_number": in.Tel, "date_from": in.From, "date_to": in.To} {
		if value != "" {
			q.Set(key, value)
		}
	}
	for _, s := range in.Status {
		q.Add("statuses[]", s)
	}
	return a.fetch(ctx, "/api/v3/external/calls/history", q)
}

func (a *agent) listWidgets(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	return a.fetch(ctx, "widgets/all", url.Values{"limit": {"1000"}})
}

type widgetWanted struct {
	ID int64 `json:"widget_id" jsonschema:"id of the widget"`
}

func (a *agent) listManagers(ctx context.Context, _ *mcp.CallToolRequest, in widgetWanted) (*mcp.CallToolResult, any, error) {
	return a.fetch(ctx, "managers/all", url.Values{"widget_id": {strconv.FormatInt(in.ID, 10)}, "limit": {"1000"}})
}

// fetch passes on what the server says, as it is.
func (a *agent) fetch(ctx context.Context, path string, query url.Values) (*mcp.CallToolResult, any, error) {
	var data json.RawMessage
	meta, err := a.api.Get(ctx, path, query, &data)
	if err != nil {
		return nil, nil, err
	}
	return nil, map[string]any{"count": meta.Count, "data": data}, nil
}
