// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/proof"
)

// given is a receipt by name, of so many entries, so many minutes after base.
type given struct {
	name    string
	size    uint64
	minutes int
}

func (w *world) evidence(head uint64, all ...given) Evidence {
	w.t.Helper()
	var data [][]byte
	for _, g := range all {
		data = append(data, bytesOf(w.t, w.receipt(g.name, w.checkpoint(g.size), base.Add(time.Duration(g.minutes)*time.Minute))))
	}
	e, err := Examine(w.trust, w.tree(head), data)
	check(w.t, err)
	return e
}

func (w *world) need(k int, every bool, names ...string) Need {
	return Need{Unique: true, Dated: true, Witnesses: k, Specs: w.only(names...), Every: every}
}

func TestJudge(t *testing.T) {
	w := newWorld(t)
	all := w.need(2, false, "w1", "w2", "w3", "stamp")
	for name, c := range map[string]struct {
		need  Need
		given []given
		want  string // of Why
		at    int    // minutes after base; 0: none
	}{
		"two operators":                         {all, []given{{"w1", 50, 3}, {"w2", 50, 7}}, "unique by witnesses, dated by witnesses", 7},
		"of three, the two earliest":            {all, []given{{"w1", 50, 9}, {"w2", 50, 5}, {"w3", 50, 2}}, "unique by witnesses", 5},
		"one operator counts once":              {all, []given{{"w1", 50, 3}, {"w3", 50, 4}}, "not anchored: witnesses (1 of 2 operators: acme), stamp", 0},
		"one witness twice counts once":         {all, []given{{"w1", 50, 3}, {"w1", 60, 4}}, "not anchored: witnesses (1 of 2", 0},
		"at different sizes":                    {all, []given{{"w1", 60, 3}, {"w2", 50, 4}}, "unique by witnesses", 4},
		"a later one covers it too":             {all, []given{{"w1", 99, 3}, {"w2", 100, 4}}, "unique by witnesses", 4},
		"one that is too small does not":        {all, []given{{"w1", 49, 3}, {"w2", 50, 4}}, "witnesses (1 of 2 operators: umbrella)", 0},
		"nobody":                                {all, nil, "not anchored: witnesses (0 of 2 operators), stamp", 0},
		"a timestamp is not unique":             {all, []given{{"stamp", 50, 3}}, "not anchored: witnesses (0 of 2 operators)", 3},
		"the earliest proof dates":              {all, []given{{"w1", 50, 3}, {"w2", 50, 7}, {"stamp", 50, 1}}, "unique by witnesses, dated by witnesses, stamp", 1},
		"a timestamp for a unique need":         {w.need(0, true, "stamp"), []given{{"stamp", 50, 3}}, "not anchored: an anchor that proves uniqueness", 3},
		"Rekor version 2 proves neither":        {w.need(0, false, "public"), []given{{"public", 50, 3}}, "not anchored: an anchor that proves uniqueness, an anchor that proves a time", 0},
		"each that is named":                    {w.need(1, true, "w1", "stamp"), []given{{"w1", 50, 3}}, "not anchored: stamp", 3},
		"each that is named, and there":         {w.need(1, true, "w1", "public"), []given{{"w1", 50, 3}, {"public", 50, 3}}, "unique by witnesses, dated by witnesses", 3},
		"Rekor version 1 dates":                 {w.need(1, false, "w1", "old"), []given{{"old", 50, 3}}, "not anchored: witnesses (0 of 1 operators)", 3},
		"a chain by hearsay":                    {w.need(0, false, "main"), []given{{"main", 50, 3}}, "not anchored: main (by hearsay: nobody asked a node)", 0},
		"a chain by hearsay beside":             {w.need(1, false, "main", "w2"), []given{{"main", 50, 3}, {"w2", 50, 4}}, "unique by witnesses", 4},
		"a witness that the need does not name": {w.need(1, false, "w1"), []given{{"w2", 50, 3}}, "not anchored: witnesses (0 of 1 operators)", 0},
		"witnesses of whom none is needed":      {w.need(0, false, "w1"), []given{{"w1", 50, 3}}, "not anchored: witnesses (1 of 0 operators", 0},
		"nothing is needed":                     {Need{}, nil, "no anchor is needed", 0},
	} {
		j := w.evidence(100, c.given...).Judge(c.need, 50, w.trust.Now)
		if !strings.Contains(j.Why, c.want) {
			t.Errorf("%s: %s, want %s", name, j.Why, c.want)
		}
		if j.OK == strings.HasPrefix(j.Why, "not anchored") {
			t.Errorf("%s: OK is %v: %s", name, j.OK, j.Why)
		}
		want := ""
		if c.at > 0 {
			want = utc(base.Add(time.Duration(c.at) * time.Minute))
		}
		if j.At != want {
			t.Errorf("%s: at %q, want %q", name, j.At, want)
		}
	}
}

// What a node says when it is asked counts; what was written down does not.
func TestAskedNow(t *testing.T) {
	w := newWorld(t)
	e := w.evidence(100)
	need := w.need(0, false, "main")
	check(t, e.Add(w.trust, w.tree(100), w.receipt("main", w.checkpoint(60), base)))
	if j := e.Judge(need, 60, w.trust.Now); j.OK || len(j.Hearsay) != 1 {
		t.Errorf("given, and nobody asked: %+v", j)
	}
	e.Proven[0].Asked = true
	if j := e.Judge(need, 60, w.trust.Now); !j.OK || len(j.Hearsay) > 0 || j.Anchors[0].Age != "24h" || j.Anchors[0].Size != 60 {
		t.Errorf("%+v", j)
	}
	if j := e.Judge(need, 61, w.trust.Now); j.OK {
		t.Errorf("a receipt of 60 entries covers the 61st: %+v", j)
	}
}

func TestFork(t *testing.T) {
	w := newWorld(t)
	forked := bytesOf(t, w.receipt("w1", w.forked(50), base))
	if _, err := Examine(w.trust, w.tree(100), [][]byte{forked}); !errors.Is(err, ErrFork) {
		t.Errorf("two logs: %v", err)
	}
	// The log's signature is enough, whatever the rest is.
	r := w.receipt("w1", w.forked(50), base)
	r.Proof, r.Name = []byte(`{}`), "nobody"
	if _, err := Examine(w.trust, w.tree(100), [][]byte{bytesOf(t, r)}); !errors.Is(err, ErrFork) {
		t.Errorf("two logs, and a broken proof: %v", err)
	}
	e := Evidence{}
	if err := e.Add(w.trust, w.tree(100), w.receipt("w1", w.forked(50), base)); !errors.Is(err, ErrFork) || len(e.Proven) > 0 {
		t.Errorf("two logs by an anchor: %v", err)
	}
	other := w.receipt("w1", w.sign("other", 50, w.checkpoint(50).Root), base)
	if e, err := Examine(w.trust, w.tree(100), [][]byte{bytesOf(t, other)}); err != nil || len(e.Refused) != 1 || !errors.Is(e.Refused[0], ErrLog) {
		t.Errorf("another log's receipt is no fork: %v, %v", e.Refused, err)
	}
}

// Garbage stops nobody.
func TestExamineGoesOn(t *testing.T) {
	w := newWorld(t)
	good := bytesOf(t, w.receipt("w1", w.checkpoint(50), base))
	e, err := Examine(w.trust, w.tree(100), [][]byte{[]byte("{"), nil, []byte(`{"schema":"x"}`), make([]byte, MaxReceipt+1), good})
	if err != nil || len(e.Proven) != 1 || len(e.Refused) != 4 {
		t.Errorf("%d proven, %d refused, %v", len(e.Proven), len(e.Refused), err)
	}
	for _, why := range e.Refused {
		if !errors.Is(why, ErrMalformed) {
			t.Errorf("%v", why)
		}
	}
}

// A log that said more than this copy has lost something.
func TestAhead(t *testing.T) {
	w := newWorld(t)
	e, err := Examine(w.trust, w.tree(50), [][]byte{bytesOf(t, w.receipt("w1", w.checkpoint(51), base)), bytesOf(t, w.receipt("w2", w.checkpoint(50), base))})
	if err != nil || e.Ahead != 51 || len(e.Proven) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestExamineTellsOfAnUnreadableTree(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("the disk is gone")
	tree := Tree{Head: w.checkpoint(100), Since: func(uint64) (proof.Proof, error) { return nil, broken }}
	if _, err := Examine(w.trust, tree, [][]byte{bytesOf(t, w.receipt("w1", w.checkpoint(50), base))}); !errors.Is(err, broken) || errors.Is(err, ErrFork) {
		t.Errorf("%v", err)
	}
}

func TestExamineHasALimit(t *testing.T) {
	w := newWorld(t)
	many := make([][]byte, MaxExamined+7)
	if e, err := Examine(w.trust, w.tree(50), many); err != nil || e.Left != 7 {
		t.Errorf("left %d, %v", e.Left, err)
	}
}

// The newest of enough operators says how current a copy is.
func TestCurrent(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		k     int
		given []given
		want  int // minutes; -1: never
	}{
		"the later of one":             {1, []given{{"w1", 50, 3}, {"w1", 60, 9}}, 9},
		"the earlier of two":           {2, []given{{"w1", 50, 3}, {"w2", 60, 9}}, 3},
		"the newest of each":           {2, []given{{"w1", 50, 3}, {"w3", 50, 8}, {"w2", 60, 9}}, 8},
		"too few operators":            {2, []given{{"w1", 50, 3}, {"w3", 60, 9}}, -1},
		"a timestamp says nothing":     {1, []given{{"stamp", 50, 3}}, -1},
		"none is needed, none is said": {0, []given{{"w1", 50, 3}}, -1},
	} {
		got := w.evidence(100, c.given...).Current(w.need(c.k, false, "w1", "w2", "w3", "stamp"))
		want := time.Time{}
		if c.want >= 0 {
			want = base.Add(time.Duration(c.want) * time.Minute)
		}
		if !got.Equal(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 90 * time.Second: "90s", 12 * time.Minute: "12m", 3 * time.Hour: "3h", 100 * time.Hour: "4d",
	} {
		if got := Age(base, base.Add(d)); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

// BenchmarkExamine checks a hundred checkpoints that two witnesses cosigned.
func BenchmarkExamine(b *testing.B) {
	w := newWorld(b)
	var kept [][]byte
	for size := uint64(1); size <= 100; size++ {
		for _, name := range []string{"w1", "w2"} {
			kept = append(kept, bytesOf(b, w.receipt(name, w.checkpoint(size), base)))
		}
	}
	need := w.need(2, false, "w1", "w2")
	for b.Loop() {
		e, err := Examine(w.trust, w.tree(100), kept)
		if err != nil || !e.Judge(need, 100, w.trust.Now).OK {
			b.Fatal(err)
		}
	}
}
