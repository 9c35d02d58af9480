package sip

import "testing"

func TestARefusalSaysWhyNobodyAnswered(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status string
		before string
		want   Kind
	}{
		{"486 Busy Here", "180 Ringing", Busy},
		{"404 Not Found", "", Unreachable},
		{"603 Decline", "180 Ringing", Declined},
		{"480 Temporarily Unavailable", "180 Ringing", NoAnswer},
		{"403 Forbidden", "", Forbidden},
		{"403 Forbidden", "183 Session Progress", Declined},
		{"302 Moved Temporarily", "", Failed},
	} {
		t.Run(test.status+" after "+test.before, func(t *testing.T) {
			t.Parallel()
			words := []string{test.status}
			if test.before != "" {
				words = append(words, test.before)
			}
			c, ua := sipp(t, "refuse", words...), listen(t)
			ring(t, ua, c).ends(test.want, int(test.status[0]-'0')*100+int(test.status[1]-'0')*10+int(test.status[2]-'0'))
			c.over()
			counted(t, ua, Counters{})
		})
	}
}
