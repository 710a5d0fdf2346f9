// SPDX-License-Identifier: Apache-2.0

package freeze

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// maxCron bounds a cron expression, in bytes.
const maxCron = 200

// A set is numbers from 0 to 63.
type set uint64

func (s set) has(n int) bool { return s&(1<<n) != 0 }

// A Cron is a set of local minutes: a cron expression of five fields. The zero
// Cron has none.
type Cron struct {
	minute, hour, day, month, weekday set
	text                              string
}

// String is the expression with one space between fields, names in capitals.
func (c Cron) String() string { return c.text }

// A field is what one place of an expression may hold.
type field struct {
	name     string
	min, max int
	words    []string // for min, min+1, …
}

var fields = [5]field{
	{name: "minute", min: 0, max: 59},
	{name: "hour", min: 0, max: 23},
	{name: "day of month", min: 1, max: 31},
	{name: "month", min: 1, max: 12, words: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")},
	{name: "day of week", min: 0, max: 7, words: strings.Fields("SUN MON TUE WED THU FRI SAT")},
}

// ParseCron reads five fields: minute, hour, day of month, month, day of week
// (0 and 7 are Sunday). Each is *, or a list of numbers and ranges, with /n
// after * or a range for every n-th. Months and days of the week have their
// English names of three letters too.
//
// What cron programs read in different ways is refused: a day of the month and
// a day of the week in one expression, /n after a number, ranges that go
// backwards, @daily, a sixth field. So is a day that no month has.
func ParseCron(text string) (Cron, error) {
	if len(text) > maxCron {
		return Cron{}, fmt.Errorf("has %d bytes; a cron expression has at most %d", len(text), maxCron)
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' })
	if len(parts) != len(fields) {
		return Cron{}, fmt.Errorf("%q has %d fields; a cron expression has 5: minute, hour, day of month, month, day of week", text, len(parts))
	}
	var sets [5]set
	for i, part := range parts {
		parts[i] = strings.ToUpper(part)
		var err error
		if sets[i], err = fields[i].parse(parts[i]); err != nil {
			return Cron{}, fmt.Errorf("%s %q: %w", fields[i].name, part, err)
		}
	}
	c := Cron{sets[0], sets[1], sets[2], sets[3], sets[4], strings.Join(parts, " ")}
	if c.weekday.has(7) {
		c.weekday |= 1
	}
	if parts[2] != "*" && parts[4] != "*" {
		return Cron{}, fmt.Errorf("day of month %q and day of week %q: cron programs disagree on whether both or either must fit; use two windows", parts[2], parts[4])
	}
	if !c.occurs() {
		return Cron{}, fmt.Errorf("no month of %q has a day of month %q", parts[3], parts[2])
	}
	return c, nil
}

func (f field) parse(text string) (set, error) {
	var all set
	for part := range strings.SplitSeq(text, ",") {
		from, to, err := f.span(part)
		if err != nil {
			return 0, err
		}
		step := 1
		if _, every, ok := strings.Cut(part, "/"); ok {
			if step, err = number(every); err != nil || step < 1 || step > f.max {
				return 0, fmt.Errorf("/%s must be a number from 1 to %d", every, f.max)
			}
		}
		for n := from; n <= to; n += step {
			all |= 1 << n
		}
	}
	return all, nil
}

// span reads * or a or a-b, and what stands before a /.
func (f field) span(part string) (from, to int, err error) {
	part, _, stepped := strings.Cut(part, "/")
	if part == "*" {
		if f.max == 7 { // 7 is 0 once more
			return f.min, 6, nil
		}
		return f.min, f.max, nil
	}
	first, last, ranged := strings.Cut(part, "-")
	if from, err = f.value(first); err != nil {
		return 0, 0, err
	}
	if !ranged && stepped {
		return 0, 0, fmt.Errorf("%s/… is read in different ways; write %s-%d/…", first, first, f.max)
	}
	if !ranged {
		return from, from, nil
	}
	if to, err = f.value(last); err == nil && to < from {
		err = fmt.Errorf("the range %s goes backwards; write two, with a comma", part)
	}
	return from, to, err
}

func (f field) value(text string) (int, error) {
	for i, word := range f.words {
		if text == word {
			return f.min + i, nil
		}
	}
	n, err := number(text)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%q must be from %d to %d", text, f.min, f.max)
	}
	return n, nil
}

// number reads one or two digits and nothing else.
func number(text string) (int, error) {
	if len(text) < 1 || len(text) > 2 || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return strconv.Atoi(text)
}

// occurs says whether any month of the expression has a day of it.
func (c Cron) occurs() bool {
	longest := [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	for month := 1; month <= 12; month++ {
		if c.month.has(month) && bits.TrailingZeros64(uint64(c.day)) <= longest[month] {
			return true
		}
	}
	return false
}

// on says whether the expression has minutes on a day.
func (c Cron) on(day time.Time) bool {
	return c.day.has(day.Day()) && c.month.has(int(day.Month())) && c.weekday.has(int(day.Weekday()))
}
