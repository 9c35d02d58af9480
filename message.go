package ringback

// A Message is what a visitor wrote instead of being called. It is the whole of a [Call] whose telephone never rings.
type Message struct {
	AccountID, CallID int64
	Email             string
	Text              string
}

// Feedback is what a visitor left after a call: words, a rating, or both.
type Feedback struct {
	AccountID, CallID int64
	Email, Text       string
	Rate              int      // 1 to 5; 0: not rated
	Issues            []string // what was wrong
}
