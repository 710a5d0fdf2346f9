// SPDX-License-Identifier: Apache-2.0

package freeze

import (
	"strings"
	"testing"
	"time"
)

func window(t testing.TB, text string) Window {
	t.Helper()
	kind, rest, _ := strings.Cut(text, " ")
	parts := strings.Split(rest, " | ")
	if len(parts) != 3 {
		t.Fatalf("%q: not KIND CRON | LENGTH | ZONE", text)
	}
	c, err := ParseCron(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	d, err := time.ParseDuration(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	z, err := FindZone(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	return Window{kind == "deny", c, d, z}
}

func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

const (
	weekend = "deny 0 16 * * 5 | 64h | Europe/Berlin"
	office  = "allow 0 9 * * MON-FRI | 8h | Europe/Berlin"
)

func TestAt(t *testing.T) {
	for name, c := range map[string]struct {
		windows []string
		now     string
		opens   string // empty: it is open; "?": nobody knows
	}{
		"no window":                     {nil, "2026-11-20T15:00:00Z", ""},
		"the minute before":             {[]string{weekend}, "2026-11-20T14:59:59Z", ""},
		"the first instant":             {[]string{weekend}, "2026-11-20T15:00:00Z", "2026-11-23T07:00:00Z"},
		"the last instant":              {[]string{weekend}, "2026-11-23T06:59:59Z", "2026-11-23T07:00:00Z"},
		"the end is open":               {[]string{weekend}, "2026-11-23T07:00:00Z", ""},
		"a window that allows":          {[]string{office}, "2026-11-20T08:00:00Z", ""},
		"before it":                     {[]string{office}, "2026-11-20T07:59:59Z", "2026-11-20T08:00:00Z"},
		"after it, until Monday":        {[]string{office}, "2026-11-20T16:00:00Z", "2026-11-23T08:00:00Z"},
		"deny beats allow":              {[]string{office, weekend}, "2026-11-20T15:30:00Z", "2026-11-23T08:00:00Z"},
		"in any order":                  {[]string{weekend, office}, "2026-11-20T15:30:00Z", "2026-11-23T08:00:00Z"},
		"one that allows is enough":     {[]string{office, "allow 0 20 * * 5 | 1h | UTC"}, "2026-11-20T20:30:00Z", ""},
		"the next of two":               {[]string{office, "allow 0 20 * * 5 | 1h | UTC"}, "2026-11-20T17:00:00Z", "2026-11-20T20:00:00Z"},
		"denied as soon as allowed":     {[]string{"allow 0 9 * * * | 1h | UTC", "deny 0 8 * * * | 2h | UTC"}, "2026-11-20T09:30:00Z", "?"},
		"two that follow on each other": {[]string{"deny 0 8 * * * | 2h | UTC", "deny 0 10 20 * * | 3h | UTC"}, "2026-11-20T09:30:00Z", "2026-11-20T13:00:00Z"},
		"always closed":                 {[]string{"deny * * * * * | 1m | UTC"}, "2026-11-20T09:30:00Z", "?"},
		"each minute of a working day":  {[]string{"deny * 9-16 * * * | 1m | UTC"}, "2026-11-20T09:30:00Z", "2026-11-20T17:00:00Z"},
		"over the turn of the year":     {[]string{"deny 0 0 15 12 * | 504h | Europe/Berlin"}, "2027-01-01T12:00:00Z", "2027-01-04T23:00:00Z"},
		"years until it opens":          {[]string{"allow 0 0 29 2 * | 24h | UTC"}, "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		"a long one overlaps itself":    {[]string{"deny 0 0 1 * * | 8784h | UTC"}, "2026-11-20T00:00:00Z", "?"},
	} {
		t.Run(name, func(t *testing.T) {
			var all []Window
			for _, text := range c.windows {
				all = append(all, window(t, text))
			}
			expect(t, all, c.now, c.opens)
		})
	}
}

func expect(t *testing.T, all []Window, now, opens string) {
	t.Helper()
	s := At(all, moment(t, now))
	got := s.Opens.Format(time.RFC3339)
	switch {
	case s.Open:
		got = ""
	case s.Opens.IsZero():
		got = "?"
	}
	if got != opens {
		t.Errorf("at %s: opens %q, want %q: %s", now, got, opens, s.Why)
	}
	if s.Why == "" || s.Open && !s.Opens.IsZero() {
		t.Errorf("%+v", s)
	}
}

// Berlin, 2026: on 29 March 02:00 becomes 03:00 (01:00 UTC); on 25 October
// 03:00 becomes 02:00 (01:00 UTC).
func TestWhenClocksChange(t *testing.T) {
	const never, twice = " 30 2 * * * | 20m | Europe/Berlin", " 30 2 * * * | 20m | Europe/Berlin"
	for name, c := range map[string]struct {
		window, now, opens string
	}{
		"never: deny starts when the clocks jump": {"deny" + never, "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z"},
		"never: deny, not before":                 {"deny" + never, "2026-03-29T00:59:59Z", ""},
		"never: deny, and no longer":              {"deny" + never, "2026-03-29T01:20:00Z", ""},
		"never: deny, not where it would be":      {"deny" + never, "2026-03-29T01:30:00Z", ""},
		"never: allow does not start":             {"allow" + never, "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		"never: allow, not by the old clocks":     {"allow" + never, "2026-03-29T01:35:00Z", "2026-03-30T00:30:00Z"},
		"never: allow, nor by the new ones":       {"allow" + never, "2026-03-29T00:35:00Z", "2026-03-30T00:30:00Z"},
		"the day before the jump":                 {"allow" + never, "2026-03-28T01:35:00Z", ""},

		"twice: deny the first time":      {"deny" + twice, "2026-10-25T00:35:00Z", "2026-10-25T00:50:00Z"},
		"twice: deny, open between":       {"deny" + twice, "2026-10-25T00:55:00Z", ""},
		"twice: deny the second time":     {"deny" + twice, "2026-10-25T01:35:00Z", "2026-10-25T01:50:00Z"},
		"twice: allow not the first time": {"allow" + twice, "2026-10-25T00:35:00Z", "2026-10-25T01:30:00Z"},
		"twice: allow the second time":    {"allow" + twice, "2026-10-25T01:35:00Z", ""},

		"64 hours when clocks are set back":    {weekend, "2026-10-24T12:00:00Z", "2026-10-26T06:00:00Z"},
		"64 hours when clocks are set forward": {weekend, "2026-03-28T12:00:00Z", "2026-03-30T07:00:00Z"},

		"half an hour, Lord Howe, twice":   {"allow 45 1 * * * | 10m | Australia/Lord_Howe", "2026-04-04T14:50:00Z", "2026-04-04T15:15:00Z"},
		"half an hour, Lord Howe, never":   {"deny 15 2 * * * | 10m | Australia/Lord_Howe", "2026-10-03T15:35:00Z", "2026-10-03T15:40:00Z"},
		"a day that Samoa left out, deny":  {"deny 0 12 30 12 * | 2h | Pacific/Apia", "2011-12-30T10:30:00Z", "2011-12-30T12:00:00Z"},
		"a day that Samoa left out, allow": {"allow 0 12 30 12 * | 2h | Pacific/Apia", "2011-12-30T10:30:00Z", "2012-12-29T22:00:00Z"},
		"clocks that go back at midnight":  {"deny 30 23 * * * | 10m | America/Havana", "2026-11-01T04:35:00Z", ""},
		"and the hour they show twice":     {"allow 30 0 * * * | 10m | America/Havana", "2026-11-01T04:35:00Z", "2026-11-01T05:30:00Z"},
		"years ahead, by the zone's rule":  {"deny" + never, "2060-03-28T01:00:00Z", "2060-03-28T01:20:00Z"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, []Window{window(t, c.window)}, c.now, c.opens) })
	}
}

// Each minute of a year: what At says opens next is open, and nothing before.
func TestOpensIsTheFirstOpening(t *testing.T) {
	all := []Window{window(t, "allow 30 1-23/2 * * * | 2h | Europe/Berlin"), window(t, "deny 0 2,23 * * 0 | 3h | America/New_York")}
	var promised time.Time
	for now := moment(t, "2026-03-20T00:00:00Z"); now.Before(moment(t, "2026-11-10T00:00:00Z")); now = now.Add(17 * time.Minute) {
		s := At(all, now)
		switch {
		case s.Open && promised.After(now):
			t.Fatalf("%s is open, and %s was promised", now, promised)
		case s.Open:
			promised = time.Time{}
			continue
		case !promised.IsZero() && promised.After(now) && !promised.Equal(s.Opens):
			t.Fatalf("%s: %s, and before %s", now, s.Opens, promised)
		case !At(all, s.Opens).Open || At(all, s.Opens.Add(-time.Second)).Open:
			t.Fatalf("%s: opens at %s, and does not", now, s.Opens)
		}
		promised = s.Opens
	}
}

// A policy of the worst kind takes a bounded number of steps.
func TestWorstCase(t *testing.T) {
	var all []Window
	for range MaxWindows {
		all = append(all, window(t, "deny * * * * * | 1m | Europe/Berlin"))
	}
	if s := At(all, moment(t, "2026-03-29T00:00:00Z")); s.Open || !s.Opens.IsZero() {
		t.Errorf("%+v", s)
	}
}

func TestFindZone(t *testing.T) {
	for name, want := range map[string]string{
		"Europe/Berlin": "", "UTC": "", "America/Argentina/Buenos_Aires": "",
		"Europe/Berln": `did you mean "Europe/Berlin"?`, "europe/berlin": `did you mean "Europe/Berlin"?`,
		"": "name one of", "Local": "unknown time zone", "../Europe/Berlin": "unknown time zone", "Europe/": "unknown time zone", "+01:00": "unknown time zone",
	} {
		z, err := FindZone(name)
		switch {
		case want == "" && (err != nil || z.String() != name):
			t.Errorf("%s: %v, %v", name, z, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
	if (Zone{}).String() != "UTC" || !(Zone{}).In(time.Unix(0, 0)).Equal(time.Unix(0, 0)) {
		t.Error("the zero Zone is not UTC")
	}
}

func TestWindowsSayWhatTheyAre(t *testing.T) {
	for text, want := range map[string]string{
		weekend:                      `deny "0 16 * * 5" for 64h in Europe/Berlin`,
		office:                       `allow "0 9 * * MON-FRI" for 8h in Europe/Berlin`,
		"deny 0 0 * * * | 48h | UTC": `deny "0 0 * * *" for 2d in UTC`,
		"deny 0 0 * * * | 90m | UTC": `deny "0 0 * * *" for 90m in UTC`,
	} {
		if got := window(t, text).String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
