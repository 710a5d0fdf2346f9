// SPDX-License-Identifier: Apache-2.0

// Package arrange sorts slices as slices.SortFunc and slices.SortStableFunc do,
// with code that a program has once. Those are compiled anew for every type of
// element, 20 kB each time.
package arrange

import "sort"

// small is how many elements are sorted by putting one after the other in its
// place, which needs no memory.
const small = 12

// By sorts s by compare. Elements that are equal come in any order, the same in
// every run.
func By[E any](s []E, compare func(a, b E) int) {
	if len(s) <= small {
		insert(s, compare)
		return
	}
	sort.Slice(s, func(i, j int) bool { return compare(s[i], s[j]) < 0 })
}

// Stably sorts s by compare, and leaves elements that are equal in the order in
// which they are.
func Stably[E any](s []E, compare func(a, b E) int) {
	if len(s) <= small {
		insert(s, compare)
		return
	}
	sort.SliceStable(s, func(i, j int) bool { return compare(s[i], s[j]) < 0 })
}

func insert[E any](s []E, compare func(a, b E) int) {
	for i := range s {
		for j := i; j > 0 && compare(s[j], s[j-1]) < 0; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}
