// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

func TestBreakGlassTexts(t *testing.T) {
	for fact, c := range map[string]struct {
		glass event.BreakGlass
		wrong string // empty: it is fine
	}{
		"a reason and a ticket":        {event.BreakGlass{Reason: "checkout is down", Ticket: "INC-7"}, ""},
		"a reason alone":               {event.BreakGlass{Reason: "checkout is down"}, ""},
		"in any script":                {event.BreakGlass{Reason: "Störung: оплата не работает 🔥"}, ""},
		"nothing":                      {event.BreakGlass{}, "no reason"},
		"a ticket is no reason":        {event.BreakGlass{Ticket: "INC-7"}, "no reason"},
		"spaces are no reason":         {event.BreakGlass{Reason: "  "}, "reason: it is empty"},
		"no-break spaces are none":     {event.BreakGlass{Reason: "\u00a0"}, "reason: it is empty"},
		"spaces are no ticket":         {event.BreakGlass{Reason: "x", Ticket: "\t"}, "ticket: it is empty"},
		"a space before":               {event.BreakGlass{Reason: " x"}, "begins or ends with a space"},
		"a line break after":           {event.BreakGlass{Reason: "x", Ticket: "INC-7\n"}, "begins or ends with a space"},
		"two lines":                    {event.BreakGlass{Reason: "x\ny"}, "U+000A"},
		"a carriage return":            {event.BreakGlass{Reason: "x\ry"}, "U+000D"},
		"a terminal's escape":          {event.BreakGlass{Reason: "x\x1b[2Jy"}, "U+001B"},
		"text that runs the other way": {event.BreakGlass{Reason: "x\u202ey"}, "U+202E"},
		"a line separator":             {event.BreakGlass{Reason: "x\u2028y"}, "U+2028"},
		"a space of no width":          {event.BreakGlass{Reason: "x", Ticket: "INC\u200b-7"}, "U+200B"},
		"no UTF-8":                     {event.BreakGlass{Reason: "x\xff"}, "not UTF-8"},
		"the longest":                  {event.BreakGlass{Reason: strings.Repeat("ö", event.MaxReason), Ticket: strings.Repeat("ö", event.MaxTicket)}, ""},
		"a reason too long":            {event.BreakGlass{Reason: strings.Repeat("x", event.MaxReason+1)}, "it has 501 characters, and may have 500"},
		"a ticket too long":            {event.BreakGlass{Reason: "x", Ticket: strings.Repeat("x", event.MaxTicket+1)}, "it has 101 characters, and may have 100"},
	} {
		err := c.glass.Check()
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: %v, want %q", fact, err, c.wrong)
		}
		r := request()
		r.BreakGlass = &c.glass
		if wrong := r.Check(); (wrong == nil) != (err == nil) {
			t.Errorf("%s: in a request: %v", fact, wrong)
		}
	}
}

// Requests with and without, and with other words, have other ids. Without it
// the id is what it was before there was any: TestRequestID has the formula.
func TestBreakGlassIsInTheID(t *testing.T) {
	seen := map[string]string{}
	for fact, glass := range map[string]*event.BreakGlass{
		"none": nil, "one": {Reason: "x", Ticket: "y"}, "another reason": {Reason: "z", Ticket: "y"},
		"another ticket": {Reason: "x", Ticket: "z"}, "no ticket": {Reason: "x"}, "the other way round": {Reason: "y", Ticket: "x"},
	} {
		r := request()
		r.BreakGlass = glass
		id, err := event.RequestID(r)
		check(t, err)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q have one id", fact, other)
		}
		seen[id] = fact
	}
}

// FuzzBreakGlass holds a text that is accepted to being one line, whatever
// shows it.
func FuzzBreakGlass(f *testing.F) {
	for _, s := range []string{"checkout is down", "INC-7", "", " ", "a\nb", "\u202e", "\x1b[0m", "\xff", "ö"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, reason, ticket string) {
		b := event.BreakGlass{Reason: reason, Ticket: ticket}
		if b.Check() != nil {
			return
		}
		if strings.ContainsAny(reason+ticket, "\n\r\t\x00\x1b") || strings.TrimSpace(reason) != reason || reason == "" {
			t.Errorf("accepted %q, %q", reason, ticket)
		}
		data, err := json.Marshal(b)
		check(t, err)
		var back event.BreakGlass
		if err := json.Unmarshal(data, &back); err != nil || back != b {
			t.Errorf("%+v became %+v, %v", b, back, err)
		}
	})
}
