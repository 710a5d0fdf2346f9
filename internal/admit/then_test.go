// SPDX-License-Identifier: Apache-2.0

package admit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThenPutsTwoReadingsTogether(t *testing.T) {
	first := Plan{
		Take: []int{1, 0}, Done: []int{2}, Defer: []int{3},
		Refuse:   []Refusal{{Parcel: 4, Name: "e", Reason: Stranger}},
		Unjudged: []Refusal{{Parcel: 3, Name: "d", Reason: NeedsRoot}},
		Signers:  []Count{{Name: "ci", Taken: 2, Deferred: 1}, {Name: "zoe", Person: true, Taken: 1}},
	}
	later := Plan{
		Take: []int{0}, Defer: []int{1},
		Refuse:  []Refusal{{Parcel: 2, Name: "h", Reason: Unreadable}},
		Signers: []Count{{Name: "ana", Person: true, Taken: 1}, {Name: "ci", Taken: 3}},
	}
	want := Plan{
		Take: []int{1, 0, 5}, Done: []int{2}, Defer: []int{6},
		Refuse:   []Refusal{{Parcel: 4, Name: "e", Reason: Stranger}, {Parcel: 7, Name: "h", Reason: Unreadable}},
		Unjudged: []Refusal{}, // what could not be judged at first was read again
		Signers:  []Count{{Name: "ana", Person: true, Taken: 1}, {Name: "ci", Taken: 5}, {Name: "zoe", Person: true, Taken: 1}},
	}
	if diff := cmp.Diff(want, first.Then(later, 5)); diff != "" {
		t.Error(diff)
	}
	if later.Refuse[0].Parcel != 2 {
		t.Error("the later plan was changed")
	}
}

func TestThenAfterNothing(t *testing.T) {
	later := Plan{Take: []int{0}, Done: []int{}, Defer: []int{}, Refuse: []Refusal{}, Unjudged: []Refusal{}, Signers: []Count{{Name: "ci", Taken: 1}}}
	if diff := cmp.Diff(later, Plan{}.Then(later, 0)); diff != "" {
		t.Error(diff)
	}
}
