package wire

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/locale"
)

func TestV6_TheDefaultVoiceMessagesAreTheSample(t *testing.T) {
	t.Parallel()
	var data []Voice
	for _, p := range ringback.PromptsWith(nil) {
		url := "https://core.callpage.io/plugins/thbsolutions/voip/assets/sounds/en/" + string(p.Name) + ".mp3"
		data = append(data, VoiceOf(p, url, time.UTC))
	}
	want := OK(data)
	isSample(t, "voice-all.json", &want)
}

func TestE14_TheDefaultTextsAreTheSample(t *testing.T) {
	t.Parallel()
	var data []SMS
	for _, name := range ringback.TemplateNames {
		data = append(data, SMSOf(ringback.Template{Name: name, Enabled: true, Text: locale.Text("en", string(name))}, time.UTC))
	}
	want := OK(data)
	isSample(t, "sms-all.json", &want)
}

func isSample(t *testing.T, name string, doc any) {
	t.Helper()
	got, err := Encode(doc, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := strictly(sample(t, name), doc); err != nil {
		t.Errorf("the type cannot hold the sample: %v", err)
	}
	if diff := cmp.Diff(flat(t, sample(t, name)), flat(t, got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The tags of the inputs name each message that there is.
func TestTheInputsKnowEveryMessage(t *testing.T) {
	t.Parallel()
	var prompts, templates []string
	for _, p := range ringback.PromptsWith(nil) {
		prompts = append(prompts, string(p.Name))
	}
	for _, name := range ringback.TemplateNames {
		templates = append(templates, string(name))
	}
	for in, names := range map[any][]string{
		NewVoice{}: prompts, VoiceChange{}: prompts, VoiceReset{}: prompts,
		NewSMS{}: templates, SMSChange{}: templates, SMSReset{}: templates,
	} {
		f, _ := reflect.TypeOf(in).FieldByName("Message")
		if _, got, _ := strings.Cut(f.Tag.Get("rule"), "oneof="); got != strings.Join(names, " ") {
			t.Errorf("%T takes %q, want %q", in, got, names)
		}
	}
}
