package openapi

// A word is what a name means wherever it stands in a document of ours, and a value that could stand there; nil: null.
type word struct {
	about  string
	sample any
}

// words are the names of the documents. A name means one thing, so it is told once.
var words = map[string]word{
	// every answer
	"hasError":   {"True when the request failed.", false},
	"errorCode":  {"The integer 0, or the code of a failure: a text that never changes.", 0},
	"message":    {"A sentence for a person.", ""},
	"code":       {"The code of the failure: a text that never changes.", "validation-failed"},
	"detail":     {"A sentence for a person.", "The tel field is required."},
	"errors":     {"Sentences about each parameter that is wrong.", nil},
	"request_id": {"What the log of the server calls the request.", "01KAXWK3V8E5N6Q7R8S9T0V1W2"},
	"offset":     {"How many rows are left out.", 0},
	"limit":      {"How many rows there may be; 100 where nothing is said.", 100},
	"count":      {"How many there are in all.", 1},
	"after":      {"The id after which the part of the list begins: the next of the answer before.", 15},
	"next":       {"What to ask for with after; null where this was the last part.", nil},
	"order":      {"Write desc for the newest first.", "desc"},
	"id":         {"The id.", 1},
	"name":       {"A name.", "Anna Nowak"},
	"created_at": {"When it was made.", "2026-11-25 09:30:00"},
	"updated_at": {"When it was last changed; null: never.", nil},
	"enabled":    {"Whether it is in use.", true},

	// users and managers
	"user_id":        {"The id of a user, or a list of them.", 3},
	"user_ids":       {"Ids of users.", 3},
	"tel":            {"A telephone number; with its country's code, or as it is written in the account's country.", "+48570934649"},
	"tel_extension":  {"Digits that are sent after the number has answered.", ""},
	"tel_formatted":  {"The number with spaces.", "+48 570 934 649"},
	"email":          {"An e-mail address.", "anna@acme.example"},
	"role":           {"What the user may do: owner, admin or manager.", "manager"},
	"slug":           {"The name that programs use.", "manager"},
	"parent_id":      {"The id of the account's owner; null: it is the owner.", nil},
	"avatar":         {"Always null: there are no pictures of users.", nil},
	"last_online":    {"When the user was last seen; null: never.", nil},
	"caller_id":      {"The user's number as visitors may see it.", nil},
	"activated_at":   {"When the number was verified; null: it is not.", nil},
	"manager_id":     {"The id of a manager: a user at a widget.", 21},
	"department_id":  {"The id of a department.", 4},
	"business_times": {"When a manager is on duty: for each day a day_of_week (0 is Sunday), enabled, start_time, end_time and timezone.", businessTimes},
	"day_of_week":    {"0 is Sunday.", 1},
	"start_time":     {"A time of the day.", "09:00:00"},
	"end_time":       {"A time of the day; one that is not after the start is on the next day.", "17:00:00"},
	"timezone":       {"A name of the IANA time zone database.", "Europe/Warsaw"},

	// widgets
	"widget_id":           {"The id of a widget, or the encrypted id of its snippet; null: all widgets.", 2},
	"widget_ids":          {"Ids of widgets.", "2"},
	"encrypted_id":        {"The id of a widget in its snippet.", "m5uV4dN0pXc2rT8kYw1sQz7bGf3hJa6eLi9oRnUvCx4"},
	"url":                 {"An address on the web.", "https://www.acme.example/contact"},
	"description":         {"What the widget is called.", "Contact page"},
	"locale_code":         {"The language of the widget.", "en"},
	"locale":              {"The language of the widget.", "en"},
	"settings":            {"Settings by their keys; the others stay as they are.", map[string]any{"call.algorithm": "findme"}},
	"installation_status": {"1: the snippet was seen on the site; 0: never.", 1},
	"company_sms_name":    {"The sender of text messages, where a name is allowed; null: a number.", nil},
	"call_requests_count": {"How many calls were asked for at the widget.", 12},
	"installed_at":        {"When the snippet was first seen.", nil},
	"ref_id":              {"A name of yours for the call. Webhooks repeat it.", "order-4711"},
	"text":                {"The text.", "Please call me about my order."},

	// voice messages and SMS
	"message_id": {"Which message: its name, not a number.", "manager.call"},
	"file":       {"Where the sound can be fetched: MP3 or WAV, at most 5 MB and 60 seconds.", "https://www.acme.example/hello.mp3"},
	"full_url":   {"Where the sound can be fetched.", "https://calls.acme.example/sounds/en/manager.call.mp3"},

	// calls
	"call":                {"The id of a call, or its last attempt.", 6},
	"call_attempt":        {"Who answered.", nil},
	"call_request_fields": {"The questions of the widget with the visitor's answers.", nil},
	"fields":              {"Answers by the slugs of their questions.", map[string]any{"flat": "4.5"}},
	"extension":           {"What the visitor wrote instead of calling.", nil},
	"department":          {"The department that the visitor wanted.", nil},
	"traceroutes":         {"The pages that the visitor has seen.", nil},
	"referer":             {"Which site brought the visitor.", nil},
	"request":             {"Where the visitor was.", nil},
	"call_id":             {"Ids of calls.", 12},
	"phone_number":        {"The visitor's number.", "+48600100200"},
	"display_hidden":      {"Whether hidden calls are listed too; they are, unless this is 0.", true},
	"date_from":           {"The earliest time: a timestamp or ISO 8601.", nil},
	"date_to":             {"The latest time, itself included.", nil},
	"statuses":            {"new, scheduled, ringing, in-progress, completed, manager-failed, user-failed, failed or cancelled.", "completed"},
	"status":              {"What has become of it.", "completed"},
	"tag_ids":             {"Ids of tags.", 107},
	"incoming_number_ids": {"Ids of incoming numbers.", 5},
	"to":                  {"The visitor's number.", "+48600100200"},
	"to_formatted":        {"The visitor's number with spaces.", "+48 600 100 200"},
	"human_status":        {"new, scheduled, ringing, in-progress, completed, manager-failed, user-failed, failed or cancelled.", "completed"},
	"created_at_iso":      {"When the call was ordered, in RFC 3339.", "2026-11-25T09:30:00Z"},
	"scheduled_at":        {"When the call was booked for; null: for now.", nil},
	"cancelled_at":        {"When the call was cancelled; null: it was not.", nil},
	"scheduled_success":   {"True when a booked call ended completed.", false},
	"leadable_type":       {"Always Widget.", "Widget"},
	"leadable_id":         {"The id of the widget.", 2},
	"leadable_description": {
		"What the widget is called.", "Contact page",
	},
	"type":         {"1: asked for at a widget or by a program; 2: of an incoming number; 3: by hand.", 1},
	"billing_time": {"Seconds that two people were connected.", 248},
	"sid":          {"A name of the last attempt, in forty hexadecimal digits.", "f0a1c2d3e4b5968778695a4b3c2d1e0f00112233"},
	"transcribed":  {"Always false: calls are not transcribed.", false},
	"recording":    {"Where the recording can be fetched for some days; null: there is none.", nil},
	"utm_medium":   {"Of the campaign that brought the visitor.", nil},
	"utm_source":   {"Of the campaign that brought the visitor.", nil},
	"utm_content":  {"Of the campaign that brought the visitor.", nil},
	"utm_campaign": {"Of the campaign that brought the visitor.", nil},
	"value":        {"What the visitor answered, or is to be written there.", "4.5"},
	"field":        {"The parameter that is wrong, or the id of a question.", 7},
	"field_value":  {"What the visitor answered.", "4.5"},
	"label":        {"The question.", "How large is your flat?"},
	"hint":         {"A hint below the question.", nil},
	"placeholder":  {"What stands in the empty field.", nil},
	"rate":         {"How the visitor liked the call, from 1 to 5.", 5},
	"issues":       {"What the visitor did not like.", "sound"},
	"ip":           {"The visitor's address.", "203.0.113.7"},

	// webhooks
	"events": {"The events that are told; none: the documented ones.", "call.completed"},
	"secret": {"What deliveries are signed with. It is shown this once.", ""},
	"title":  {"The page's title, or the failure in a few words.", nil},
}

// businessTimes is one day, as a sample.
var businessTimes = []any{map[string]any{
	"day_of_week": 1, "enabled": true, "start_time": "09:00", "end_time": "17:00", "timezone": "Europe/Warsaw",
}}
