package ringback

import "time"

// A Webhook is an address that is told of events.
type Webhook struct {
	ID, AccountID int64
	WidgetID      int64 // 0: all widgets of the account
	URL           string
	Events        []EventKind
	Secret        string // "whsec_" and base64: signs deliveries (Standard Webhooks)
	Disabled      bool
	CreatedAt     time.Time
}

// A Delivery is one event for one webhook. One POST is a try.
type Delivery struct {
	ID, AccountID, WebhookID, CallID int64
	EventID                          string
	Kind                             EventKind
	Seq                              int // 1 for the first event of its call
	Body                             []byte
	State                            DeliveryState
	Tries                            int
	DueAt                            time.Time
	CreatedAt                        time.Time
	LastStatus                       int    // HTTP status of the last try; 0: no answer
	LastError                        string // of the last try, for a person; empty: none
}

// A DeliveryState is where a [Delivery] stands.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryParked    DeliveryState = "parked" // every try failed; it is kept and can be sent again
)
