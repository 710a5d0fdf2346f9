// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"context"
	"errors"
	"strings"
	"testing"
)

type letter string

func (l letter) Version() string { return string(l) }

// spelled is a forge whose list is another one each time that it is read from
// its first page on: the lists are of two pages, cut at "|".
func spelled(lists ...string) func(context.Context) ([]letter, int, error) {
	reading := 0
	return func(ctx context.Context) ([]letter, int, error) {
		now := strings.Split(lists[min(reading, len(lists)-1)], "|")
		reading++
		return Pages(ctx, func(_ context.Context, n int) ([]letter, bool, error) {
			var part []letter
			for _, l := range now[n-1] {
				if l == '!' {
					return nil, false, ErrRefused
				}
				part = append(part, letter(l))
			}
			return part, n < len(now), nil
		})
	}
}

func TestList(t *testing.T) {
	for name, c := range map[string]struct {
		lists []string
		want  string
		err   string
	}{
		"one page is read once":       {[]string{"abc", "x"}, "abc", ""},
		"nothing":                     {[]string{""}, "", ""},
		"two pages, the same twice":   {[]string{"ab|c", "ab|c"}, "abc", ""},
		"something was taken out":     {[]string{"ab|d", "bc|d", "bc|d"}, "bcd", ""},
		"it grew":                     {[]string{"ab|c", "ab|cd"}, "abcd", ""},
		"it never stays the same":     {[]string{"a|b", "b|c", "c|d", "d|e", "e|f", "f|g"}, "", "did not stay the same"},
		"the first page is refused":   {[]string{"!"}, "", "page 1: "},
		"the second page is refused":  {[]string{"a|!"}, "", "page 2: "},
		"refused the second time":     {[]string{"a|b", "a|!"}, "", "page 2: "},
		"a last page that is empty":   {[]string{"ab|", "ab|"}, "ab", ""},
		"pages without end":           {[]string{strings.Repeat("a|", MaxPages)}, "", "over the limit of 100 pages of 100"},
		"as many pages as there may":  {[]string{strings.Repeat("a|", MaxPages-1)}, strings.Repeat("a", MaxPages-1), ""},
		"the order is part of a list": {[]string{"ab|c", "ba|c", "ba|c"}, "bac", ""},
	} {
		list, err := List(t.Context(), spelled(c.lists...))
		got := ""
		for _, l := range list {
			got += string(l)
		}
		if got != c.want || (err == nil) != (c.err == "") || err != nil && (!strings.Contains(err.Error(), c.err) || !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrRefused)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
