// SPDX-License-Identifier: Apache-2.0

package command

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestGarbageMayPileUpWhereThereIsRoom(t *testing.T) {
	for _, test := range []struct {
		live       uint64
		base, want int
	}{
		{0, 20, 20}, {gcSmall - 1, 20, 20}, {gcSmall, 20, 368}, {150 << 20, 20, 100}, {200 << 20, 20, 50},
		{200 << 20, 60, 60}, {290 << 20, 20, 20}, {gcRoom, 20, 20}, {2 << 30, 20, 20}, {2 << 30, 60, 60},
	} {
		if got := gcFor(test.live, test.base); got != test.want {
			t.Errorf("%d MiB, %d: %d, want %d", test.live>>20, test.base, got, test.want)
		}
	}
}

func TestCollectSeldomPutsTheCollectorBack(t *testing.T) {
	before := debug.SetGCPercent(77)
	done := collectSeldom()
	runtime.GC()
	done()
	runtime.GC()
	if now := debug.SetGCPercent(before); now != 77 {
		t.Errorf("the collector is left at %d", now)
	}
}
