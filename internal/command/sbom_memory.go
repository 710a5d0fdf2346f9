// SPDX-License-Identifier: Apache-2.0

package command

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// gcRoom is how many bytes the heap may have before it matters how many. Below
// gcSmall, few are used for a small tree.
const (
	gcRoom  = 300 << 20
	gcSmall = 64 << 20
)

// collectSeldom lets garbage pile up while a large lockfile is read, as far as
// there is room: where a heap grows to hundreds of megabytes, to collect at every
// fifth more costs a quarter of all time. Each collection sets when the next one
// is. The caller calls what it returns when it is done.
func collectSeldom() (done func()) {
	before := debug.SetGCPercent(gcPercent)
	s := &seldom{base: gcPercent, last: gcPercent}
	s.arm()
	return func() {
		s.over.Store(true)
		debug.SetGCPercent(before)
	}
}

// A seldom sets the collector after each collection.
type seldom struct {
	base, last int
	over       atomic.Bool
}

// A sentinel is not used by anybody, so that each collection finds it.
type sentinel struct{ of *seldom }

func (s *seldom) arm() {
	runtime.SetFinalizer(&sentinel{s}, func(*sentinel) { s.collected() })
}

func (s *seldom) collected() {
	if s.over.Load() {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	percent := gcFor(m.HeapAlloc, s.base)
	if other := debug.SetGCPercent(percent); other != s.last {
		s.base = other // somebody else has set it in between
		percent = gcFor(m.HeapAlloc, s.base)
		debug.SetGCPercent(percent)
	}
	s.last = percent
	s.arm()
}

// gcFor is how much garbage, in percent of what is live, may pile up.
func gcFor(live uint64, base int) int {
	if live < gcSmall || live >= gcRoom {
		return base
	}
	return max(base, int((gcRoom-live)*100/live))
}
