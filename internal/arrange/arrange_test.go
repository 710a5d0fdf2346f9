// SPDX-License-Identifier: Apache-2.0

package arrange_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A card has a value that is compared and one that is not.
type card struct{ value, number int }

func byValue(a, b card) int { return cmp.Compare(a.value, b.value) }

func deck(n int) []card {
	var out []card
	for i := range n {
		out = append(out, card{i * 7919 % 13, i})
	}
	return out
}

func TestBy(t *testing.T) {
	for _, n := range []int{0, 1, 2, 12, 13, 1000} {
		first, second := deck(n), deck(n)
		arrange.By(first, byValue)
		arrange.By(second, byValue)
		if !slices.IsSortedFunc(first, byValue) || fmt.Sprint(first) != fmt.Sprint(second) {
			t.Errorf("%d: %v", n, first)
		}
	}
}

func TestStably(t *testing.T) {
	for _, n := range []int{0, 1, 2, 12, 13, 1000} {
		got, want := deck(n), deck(n)
		arrange.Stably(got, byValue)
		slices.SortStableFunc(want, byValue)
		if !slices.Equal(got, want) {
			t.Errorf("%d: %v", n, got)
		}
	}
}
