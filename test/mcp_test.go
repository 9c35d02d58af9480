package test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// An agent orders a call and reads what became of it.
func TestAnAgentOrdersACall(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "--sandbox", "--sandbox-talk", "1s")
	widget := o.widget("+48500000002")
	agent := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := agent.Connect(t.Context(), &mcp.CommandTransport{Command: exec.Command(binary(t), "mcp", "--url", o.url, "--key", o.key)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()

	order := func(tel string) *mcp.CallToolResult {
		return use(t, session, "order_call", fields{"widget_id": widget, "tel": tel})
	}
	if r := order("+48701234567"); !r.IsError || !strings.Contains(said(r), "blacklisted-phone-number") {
		t.Errorf("a premium number: %v %s", r.IsError, said(r))
	}
	var made id
	if r := order("+48500000100"); json.Unmarshal([]byte(said(r)), &made) != nil || made.ID == 0 {
		t.Fatalf("order_call said %s", said(r))
	}
	o.ended(made.ID, shortCall)
	if text := said(use(t, session, "get_call", fields{"id": made.ID})); !strings.Contains(text, `"human_status":"completed"`) {
		t.Errorf("get_call said %s", text)
	}
	if text := said(use(t, session, "list_calls", fields{"statuses": []string{"completed"}})); !strings.Contains(text, `"count":1`) {
		t.Errorf("list_calls said %s", text)
	}
}

func use(t *testing.T, s *mcp.ClientSession, tool string, arguments fields) *mcp.CallToolResult {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	return r
}

func said(r *mcp.CallToolResult) string {
	var b strings.Builder
	for _, c := range r.Content {
		if text, ok := c.(*mcp.TextContent); ok {
			b.WriteString(text.Text)
		} else {
			fmt.Fprintf(&b, "%T", c)
		}
	}
	return b.String()
}
