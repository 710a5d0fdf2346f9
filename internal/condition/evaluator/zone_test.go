// SPDX-License-Identifier: Apache-2.0

package evaluator

import (
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/condition"
)

// TestTimesAreInNoPlace: a machine's own time zone changes no answer. Go takes a
// text whose offset is that of the machine for a time of the machine's zone, which
// has summer time.
func TestTimesAreInNoPlace(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	here := time.Local
	t.Cleanup(func() { time.Local = here })
	q := condition.Question{Created: "2026-03-27T12:00:00Z", Expires: "2026-04-27T12:00:00Z", Now: "2026-03-28T12:00:00Z"}
	for _, expression := range []string{
		`(timestamp("2026-03-28T12:00:00+01:00") + duration("48h")).getHours() == 12`,
		`timestamp("2026-03-28T12:00:00+01:00").getHours() == 12`,
		`timestamp("2026-03-28T12:00:00+00:00").getHours() == 12`,
		`string(timestamp("2026-03-28T12:00:00+01:00") + duration("48h")) == "2026-03-30T11:00:00Z"`,
		`string(timestamp("2026-03-28T12:00:00+01:00") + duration("48h")) == "2026-03-30T12:00:00+01:00"`,
		`string(timestamp(dyn("2026-03-28T12:00:00+01:00")) + duration("48h")) == "2026-03-30T12:00:00+01:00"`,
		`string(["2026-03-28T12:00:00+01:00"].map(t, timestamp(t))[0] + duration("48h")) == "2026-03-30T12:00:00+01:00"`,
		`timestamp(string(request.created)).getHours() == 12`,
		`timestamp(dyn("2026-03-28T12:00:00+01:00")).getHours() == 12`,
		`(timestamp(1774699200) + duration("48h")).getHours() == 12`,
		`(timestamp("2026-03-28T12:00:00Z") + duration("48h")).getHours() == 12`,
		`(now + duration("48h")).getHours() == 12`,
		`timestamp(now).getHours() == 12`,
	} {
		q.Expression = expression
		var answers []condition.Answer
		for _, zone := range []*time.Location{time.UTC, berlin, time.FixedZone("", 3600)} {
			time.Local = zone
			v, err := New()
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, v.Answer(t.Context(), q))
		}
		for _, a := range answers[1:] {
			if a != answers[0] {
				t.Errorf("%s: %+v", expression, answers)
				break
			}
		}
	}
}
