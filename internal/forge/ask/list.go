// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"context"
	"fmt"
)

// The limits of a list.
const (
	PerPage  = 100
	MaxPages = 100
	maxReads = 5 // of a list of several pages, until two are the same
)

// An Item is what a list has. Version is its name and version, which differ wherever
// one reading of the list differs from another.
type Item interface{ Version() string }

// List reads a list by once, which says of how many pages it was. Pages are cut
// by counting, so what is taken out of the list between one page and the next
// moves up what follows, and something is never seen. A list of several pages is
// therefore read until it is the same twice; the second time costs nothing where
// the forge says that nothing changed.
func List[T Item](ctx context.Context, once func(context.Context) (list []T, pages int, err error)) ([]T, error) {
	list, pages, err := once(ctx)
	if err != nil || pages == 1 {
		return list, err
	}
	for range maxReads - 1 {
		again, _, err := once(ctx)
		if err != nil || same(list, again) {
			return again, err
		}
		list = again
	}
	return nil, fmt.Errorf("%w: the list did not stay the same while it was read, %d times", ErrUnavailable, maxReads)
}

func same[T Item](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Version() != b[i].Version() {
			return false
		}
	}
	return true
}

// Pages reads a list from its first page to its last, each by page, which says
// whether another one follows. It returns how many there were.
func Pages[T Item](ctx context.Context, page func(ctx context.Context, n int) (part []T, more bool, err error)) (list []T, pages int, err error) {
	for n := 1; n <= MaxPages; n++ {
		part, more, err := page(ctx, n)
		if err != nil {
			return nil, 0, fmt.Errorf("page %d: %w", n, err)
		}
		if list = append(list, part...); !more {
			return list, n, nil
		}
	}
	return nil, 0, fmt.Errorf("%w: over the limit of %d pages of %d", ErrUnavailable, MaxPages, PerPage)
}
