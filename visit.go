package ringback

// A Visit is where the visitor was when they asked for the call. The zero value: a program asked.
type Visit struct {
	URL       string `json:"url,omitempty"`
	Locale    string `json:"locale,omitempty"`
	IP        string `json:"ip,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
}
