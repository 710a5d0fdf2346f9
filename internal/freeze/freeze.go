// SPDX-License-Identifier: Apache-2.0

package freeze

import (
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A Window starts at each local time of At, and lasts For.
type Window struct {
	Deny bool // closes; otherwise it opens, and everything outside is closed
	At   Cron
	For  time.Duration // that passes; over zero and at most MaxFor
	Zone Zone
}

// The limits of a list of windows.
const (
	MaxWindows = 32
	MaxFor     = 366 * 24 * time.Hour
)

const (
	day      = 24 * time.Hour
	horizon  = 9 * 366 // days that are looked ahead: 29 February can be eight years away
	maxSteps = 100     // windows that are gone through to find when it opens
)

// String is the window as a policy says it.
func (w Window) String() string {
	kind := "allow"
	if w.Deny {
		kind = "deny"
	}
	return fmt.Sprintf("%s %q for %s in %s", kind, w.At, length(w.For), w.Zone)
}

func length(d time.Duration) string {
	switch {
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// A State is how it stands at a moment.
type State struct {
	Open bool
	Why  string // one line

	// Opens is when it is open next, in UTC, where it is closed; zero: not
	// within some years, or after more windows than are gone through.
	Opens time.Time
	Zone  Zone // whose local time to say Opens in
}

// At says whether it is open at a moment, and where not when it will be.
func At(windows []Window, now time.Time) State {
	now = now.UTC()
	w, end, closed := denied(windows, now)
	switch {
	case closed:
		s := State{Why: fmt.Sprintf("closed by freeze: %s, until %s", w, end.Format(time.RFC3339)), Zone: w.Zone}
		s.Opens = opens(windows, now)
		return s
	case allowed(windows, now):
		return State{Open: true, Why: "no freeze window closes it"}
	}
	first := slices.IndexFunc(windows, func(w Window) bool { return !w.Deny })
	return State{Why: "closed by freeze: outside every window that allows", Opens: opens(windows, now), Zone: windows[first].Zone}
}

// denied is the window that closes now for longest, and when that ends.
func denied(windows []Window, now time.Time) (by Window, end time.Time, closed bool) {
	for _, w := range windows {
		if until, in := w.covers(now); w.Deny && in && until.After(end) {
			by, end, closed = w, until, true
		}
	}
	return by, end, closed
}

// allowed says whether some window allows now, or none has to.
func allowed(windows []Window, now time.Time) bool {
	needed := false
	for _, w := range windows {
		if w.Deny {
			continue
		}
		needed = true
		if _, in := w.covers(now); in {
			return true
		}
	}
	return !needed
}

// opens is the first moment from now on that is open; zero: none was found.
func opens(windows []Window, now time.Time) time.Time {
	for range maxSteps {
		if _, end, closed := denied(windows, now); closed {
			now = end
			continue
		}
		if allowed(windows, now) {
			return now
		}
		var next time.Time
		for _, w := range windows {
			if t, ok := w.next(now); !w.Deny && ok && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
		if next.IsZero() {
			break
		}
		now = next
	}
	return time.Time{}
}

// covers says whether now is in the window, and when it then ends: by what
// is known of today and tomorrow, so that it may go on. All of a window's runs are of one
// length, so the newest start is the one that counts.
func (w Window) covers(now time.Time) (until time.Time, in bool) {
	var newest time.Time
	var later []time.Time
	today, found := date(w.Zone.In(now)), 0
	for back := -1; back <= int(w.For/day)+3 && found < 3; back++ {
		for _, t := range w.starts(today.AddDate(0, 0, -back)) {
			if t.After(now) {
				later = append(later, t)
			} else if t.After(newest) {
				newest = t
			}
		}
		if !newest.IsZero() {
			found++ // a day before can still hold a later one, where clocks go back over midnight
		}
	}
	if newest.IsZero() {
		return time.Time{}, false
	}
	if until = newest.Add(w.For); !now.Before(until) {
		return until, false
	}
	arrange.By(later, time.Time.Compare)
	for _, t := range later {
		if !t.After(until) { // it starts again before it ends
			until = t.Add(w.For)
		}
	}
	return until, true
}

// next is the first start after now.
func (w Window) next(now time.Time) (first time.Time, ok bool) {
	today, found := date(w.Zone.In(now)), 0
	for ahead := -2; ahead <= horizon && found < 3; ahead++ {
		for _, t := range w.starts(today.AddDate(0, 0, ahead)) {
			if t.After(now) && (!ok || t.Before(first)) {
				first, ok = t, true
			}
		}
		if ok {
			found++
		}
	}
	return first, ok
}

// date is the day of t, at midnight UTC.
func date(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// starts are the window's starts on a local day, by the rule for times that
// occur twice or never.
func (w Window) starts(of time.Time) []time.Time {
	if !w.At.on(of) {
		return nil
	}
	var all []time.Time
	periods := w.Zone.periods(of)
	for hour := range 24 {
		for minute := range 60 {
			if !w.At.hour.has(hour) || !w.At.minute.has(minute) {
				continue
			}
			at, jump := instants(periods, of.Add(time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute))
			switch {
			case len(at) == 0 && w.Deny && !jump.IsZero():
				all = append(all, jump)
			case len(at) > 0 && w.Deny:
				all = append(all, at...)
			case len(at) > 0:
				all = append(all, at[len(at)-1])
			}
		}
	}
	return all
}
