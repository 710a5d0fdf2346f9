// SPDX-License-Identifier: Apache-2.0

package admit

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A queue is parcels of the same signers, the oldest first.
type queue struct {
	signers []signer // of the events that are no denies
	parcels []*candidate
	served  int // of the signer that was served most, when it was last looked at
}

// queues are all parcels that wait, by who goes next: a copy that keeps its
// proof of time, a deny, whoever was served least, the oldest.
type queues struct {
	all     []*queue // a heap
	sharing *sharing
}

func (s *sharing) queues(all []*candidate) *queues {
	q, by := &queues{sharing: s}, map[string]*queue{}
	for _, c := range all {
		key, signers := c.queue()
		if by[key] == nil {
			by[key] = &queue{signers: signers}
			q.all = append(q.all, by[key])
		}
		by[key].parcels = append(by[key].parcels, c)
	}
	for _, one := range q.all {
		arrange.By(one.parcels, older)
	}
	heap.Init(q)
	return q
}

// queue says in which queue a parcel waits.
func (c *candidate) queue() (key string, signers []signer) {
	for _, it := range c.items {
		if !it.deny && !slices.Contains(signers, it.by) {
			signers = append(signers, it.by)
		}
	}
	arrange.By(signers, func(a, b signer) int {
		return cmp.Or(strings.Compare(a.name, b.name), no(a.person)-no(b.person))
	})
	key = fmt.Sprint(c.deny, c.worse)
	for _, by := range signers {
		key += fmt.Sprintf(" %q %t", by.name, by.person)
	}
	return key, signers
}

// next takes the next parcel out. How much a signer was served only grows, so
// a queue that was looked at long ago can only have to wait longer.
func (q *queues) next() *candidate {
	for {
		first := q.all[0]
		if served := q.sharing.served(first); served > first.served {
			first.served = served
			heap.Fix(q, 0)
			continue
		}
		c := first.parcels[0]
		if first.parcels = first.parcels[1:]; len(first.parcels) == 0 {
			heap.Pop(q)
		} else {
			heap.Fix(q, 0)
		}
		return c
	}
}

// served is how much the most served signer of a queue has got.
func (s *sharing) served(q *queue) int {
	most := 0
	for _, by := range q.signers {
		most = max(most, s.used[by])
	}
	return most
}

// Less, Len, Swap, Push and Pop are for package heap.
func (q *queues) Less(i, j int) bool {
	a, b := q.all[i], q.all[j]
	x, y := a.parcels[0], b.parcels[0]
	return cmp.Or(no(!x.worse)-no(!y.worse), no(x.deny)-no(y.deny), cmp.Compare(a.served, b.served), older(x, y)) < 0
}

func (q *queues) Len() int      { return len(q.all) }
func (q *queues) Swap(i, j int) { q.all[i], q.all[j] = q.all[j], q.all[i] }
func (q *queues) Push(x any)    { q.all = append(q.all, x.(*queue)) }

// Pop takes the last queue away.
func (q *queues) Pop() any {
	last := q.all[len(q.all)-1]
	q.all = q.all[:len(q.all)-1]
	return last
}
