// SPDX-License-Identifier: Apache-2.0

package freeze

import (
	"strings"
	"testing"
	"time"
)

func TestParseCron(t *testing.T) {
	for text, want := range map[string]string{ // the first starts of 2026, UTC
		"0 16 * * 5":            "2026-01-02T16:00 2026-01-09T16:00",
		"0 16 * * FRI":          "2026-01-02T16:00 2026-01-09T16:00",
		"*/20 0 1 1 *":          "2026-01-01T00:00 2026-01-01T00:20 2026-01-01T00:40 2027-01-01T00:00",
		"0 0 * * 7":             "2026-01-04T00:00 2026-01-11T00:00",
		"0 0 * * 5-7":           "2026-01-02T00:00 2026-01-03T00:00 2026-01-04T00:00 2026-01-09T00:00",
		"5,1-3 4 * feb,Mar *":   "2026-02-01T04:01 2026-02-01T04:02 2026-02-01T04:03 2026-02-01T04:05",
		"0 0 29 2 *":            "2028-02-29T00:00",
		"0 0 31 * *":            "2026-01-31T00:00 2026-03-31T00:00 2026-05-31T00:00",
		"10-30/10 6-18/6 * * *": "2026-01-01T06:10 2026-01-01T06:20 2026-01-01T06:30 2026-01-01T12:10",
		"  00  09  *  *  mon ":  "2026-01-05T09:00",
	} {
		c, err := ParseCron(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		w, at := Window{At: c, For: time.Minute}, time.Date(2025, 12, 31, 23, 59, 0, 0, time.UTC)
		for want := range strings.FieldsSeq(want) {
			next, ok := w.next(at)
			if got := next.Format("2006-01-02T15:04"); !ok || got != want {
				t.Errorf("%q: %s, want %s", text, got, want)
			}
			at = next
		}
	}
}

func TestParseCronRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "has 0 fields",
		"0 16 * *":                "has 4 fields",
		"0 0 16 * * 5":            "has 6 fields",
		"@daily":                  "has 1 fields",
		"0\t16\t*\t*\t5":          "has 1 fields",
		"60 0 * * *":              "from 0 to 59",
		"0 24 * * *":              "from 0 to 23",
		"0 0 0 * *":               "from 1 to 31",
		"0 0 * 13 *":              "from 1 to 12",
		"0 0 * * 8":               "from 0 to 7",
		"0 0 * * frii":            "from 0 to 7",
		"0 0 * jen *":             "from 1 to 12",
		"-1 0 * * *":              "from 0 to 59",
		"+1 0 * * *":              "from 0 to 59",
		"001 0 * * *":             "from 0 to 59",
		"1. 0 * * *":              "from 0 to 59",
		"5/10 0 * * *":            "write 5-59/",
		"*/0 0 * * *":             "from 1 to 59",
		"*/60 0 * * *":            "from 1 to 59",
		"*/ 0 * * *":              "from 1 to 59",
		"1/2/3 0 * * *":           "is read in different ways",
		"30-10 0 * * *":           "backwards",
		"0 0 * * FRI-MON":         "backwards",
		"1,,2 0 * * *":            "from 0 to 59",
		"1-2-3 0 * * *":           "from 0 to 59",
		"? 0 * * *":               "from 0 to 59",
		"0 0 L * *":               "from 1 to 31",
		"0 0 13 * 5":              "use two windows",
		"0 0 30 2 *":              "no month",
		"0 0 31 4,6,9,11 *":       "no month",
		strings.Repeat("1,", 150): "at most 200",
	} {
		if c, err := ParseCron(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %s", text, c, err, want)
		}
	}
}

// FuzzCron holds that what is read is read again as the same, occurs, and
// starts at a minute of the zone.
func FuzzCron(f *testing.F) {
	for _, seed := range []string{"0 16 * * 5", "*/20 0 1 1 *", "5,1-3 4 * feb,Mar *", "0 0 29 2 *", "10-30/10 6-18/6 * * *", "0 0 13 * 5", "@daily", "*/0 * * * *"} {
		f.Add(seed, int64(1_790_000_000))
	}
	zone, err := FindZone("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		c, err := ParseCron(text)
		if err != nil {
			return
		}
		again, err := ParseCron(c.String())
		if err != nil || again != c {
			t.Fatalf("%q: %+v, then %+v, %v", text, c, again, err)
		}
		now := time.Unix(unix%4_000_000_000, 0).UTC()
		w := Window{Deny: true, At: c, For: time.Hour, Zone: zone}
		next, ok := w.next(now)
		if !ok || !next.After(now) {
			t.Fatalf("%q after %s: %s, %v", text, now, next, ok)
		}
		if end, in := w.covers(next); !in || end.Sub(next) < w.For {
			t.Fatalf("%q: its start %s is not in it", text, next)
		}
		if s := At([]Window{w}, next); s.Open {
			t.Fatalf("%q: open at its start %s", text, next)
		}
	})
}
