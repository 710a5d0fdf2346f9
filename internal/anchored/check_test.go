// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/keyless"
)

func TestCheck(t *testing.T) {
	w := newWorld(t)
	c := w.checkpoint(40)
	for name, want := range map[string]struct{ unique, dated, hearsay bool }{
		"w1":     {true, true, false},
		"stamp":  {false, true, false},
		"public": {false, false, false},
		"old":    {false, true, false},
		"main":   {true, true, true},
	} {
		p, err := Check(w.trust, w.receipt(name, c, base))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Unique != want.unique || p.Dated != want.dated || p.Hearsay != want.hearsay || p.Checkpoint.Size != 40 || p.Spec != w.specs[name] || p.Asked {
			t.Errorf("%s: %+v", name, p)
		}
		if want.dated != p.At.Equal(base) {
			t.Errorf("%s: at %s", name, p.At)
		}
	}
}

// set changes a member of the receipt's proof.
func set(t *testing.T, r Receipt, path string, value any) Receipt {
	t.Helper()
	var doc any
	check(t, json.Unmarshal(r.Proof, &doc))
	at := doc.(object)
	steps := strings.Split(path, ".")
	for _, s := range steps[:len(steps)-1] {
		at = at[s].(object)
	}
	if at[steps[len(steps)-1]] == nil {
		t.Fatalf("no %s in %s", path, r.Proof)
	}
	at[steps[len(steps)-1]] = value
	data, err := canon.Marshal(doc)
	check(t, err)
	r.Proof = data
	return r
}

func TestCheckRefuses(t *testing.T) {
	w := newWorld(t)
	c, other := w.checkpoint(40), w.checkpoint(41)
	good := func(name string) Receipt { return w.receipt(name, c, base) }
	moved := func(name string) Receipt { // the proof is of another checkpoint
		r := good(name)
		r.Checkpoint = other.Raw
		return r
	}
	later := w.trust.Now.Add(Skew + time.Second)
	entry := func(r Receipt) object {
		var p struct{ Entry object }
		check(t, json.Unmarshal(r.Proof, &p))
		return p.Entry
	}
	stranger := func(r Receipt) Receipt { r.Name = "w9.example"; return r }
	by := func(name, as string) Receipt { r := good(name); r.Name = w.specs[as].Name; return r }
	for name, test := range map[string]struct {
		r    Receipt
		want error
	}{
		"the checkpoint of another log":   {w.receipt("w1", w.sign("other", 40, c.Root), base), ErrLog},
		"a checkpoint that nobody signed": {func() Receipt { r := good("w1"); r.Checkpoint = append(Text(c), '\n'); return r }(), ErrLog},
		"a checkpoint with a flipped bit": {func() Receipt {
			r := good("w1")
			r.Checkpoint = bytes.Replace(c.Raw, []byte("\n40\n"), []byte("\n41\n"), 1)
			return r
		}(), ErrLog},
		"no checkpoint":                          {func() Receipt { r := good("w1"); r.Checkpoint = nil; return r }(), ErrLog},
		"a kind that there is not":               {func() Receipt { r := good("w1"); r.Kind = "oracle"; return r }(), ErrStranger},
		"an unknown witness":                     {stranger(good("w1")), ErrStranger},
		"an unknown timestamp authority":         {stranger(good("stamp")), ErrStranger},
		"an unknown log":                         {stranger(good("public")), ErrStranger},
		"an unknown contract":                    {stranger(good("main")), ErrStranger},
		"one witness's cosignature as another's": {by("w1", "w2"), ErrProof},
		"a cosignature of another checkpoint":    {moved("w1"), ErrProof},
		"a token of another checkpoint":          {moved("stamp"), ErrProof},
		"a v2 entry of another checkpoint":       {moved("public"), ErrProof},
		"a v1 entry of another checkpoint":       {moved("old"), ErrProof},
		"a cosignature of the future":            {w.receipt("w1", c, later), ErrFuture},
		"a token of the future":                  {w.receipt("stamp", c, later), ErrFuture},
		"a block of the future":                  {w.receipt("main", c, later), ErrFuture},
		"a v1 entry of the future":               {w.receipt("old", c, later), ErrFuture},
		"a cosignature that is none":             {set(t, good("w1"), "cosignature", "— w1.example AAAA"), ErrProof},
		"two lines":                              {set(t, good("w1"), "cosignature", "— a b\n— c d"), ErrProof},
		"a proof of another kind":                {func() Receipt { r := good("w1"); r.Proof = good("stamp").Proof; return r }(), ErrMalformed},
		"a proof that is no JSON":                {func() Receipt { r := good("w1"); r.Proof = canon.Raw("{"); return r }(), ErrMalformed},
		"a token that is none":                   {set(t, good("stamp"), "token", "AAAA"), ErrProof},
		"an altered body":                        {set(t, good("public"), "entry.canonicalizedBody", "e30="), ErrProof},
		"an altered root hash":                   {set(t, good("public"), "entry.inclusionProof.rootHash", b64(make([]byte, 32))), ErrProof},
		"an altered tree size":                   {set(t, good("public"), "entry.inclusionProof.treeSize", "2"), ErrProof},
		"an altered root hash in v1":             {set(t, good("old"), "entry.inclusionProof.rootHash", b64(make([]byte, 32))), ErrProof},
		"an altered tree size in v1":             {set(t, good("old"), "entry.inclusionProof.treeSize", "2"), ErrProof},
		"an altered time in v1":                  {set(t, good("old"), "entry.integratedTime", "1772452801"), ErrProof},
		"a time in v2": {func() Receipt {
			r := good("public")
			e := entry(r)
			e["integratedTime"] = "1772452800"
			return set(t, r, "entry", e)
		}(), ErrProof},
		"no inclusion proof": {func() Receipt {
			r := good("old")
			e := entry(r)
			delete(e, "inclusionProof")
			return set(t, r, "entry", e)
		}(), ErrProof},
		"no promise in v1": {func() Receipt {
			r := good("old")
			e := entry(r)
			delete(e, "inclusionPromise")
			return set(t, r, "entry", e)
		}(), ErrProof},
		"an entry of version 2 for 1": {by("public", "old"), ErrProof},
		"a dsse entry":                {set(t, good("old"), "entry.kindVersion", object{"kind": "dsse", "version": "0.0.1"}), ErrProof},
		"another chain":               {set(t, good("main"), "chain", 5), ErrStranger},
		"another contract":            {set(t, good("main"), "contract", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"), ErrStranger},
		"a block that may be undone":  {set(t, good("main"), "finalized", false), ErrProof},
		"a transaction that is none":  {set(t, good("main"), "transaction", "0x"), ErrMalformed},
		"a local time":                {set(t, good("main"), "time", "2026-03-02T12:00:00+01:00"), ErrMalformed},
	} {
		if p, err := Check(w.trust, test.r); !errors.Is(err, test.want) || p.Unique || p.Dated {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// What cannot be checked is neither proven nor a lie.
func TestCheckWithoutTrust(t *testing.T) {
	w := newWorld(t)
	c := w.checkpoint(40)
	elsewhere := newWorld(t)
	for name, change := range map[string]func(*Trust){
		"no root":           func(x *Trust) { x.Roots = nil },
		"a nil root":        func(x *Trust) { x.Roots = []*keyless.Root{nil} },
		"a root of another": func(x *Trust) { x.Roots = elsewhere.trust.Roots },
		"no time":           func(x *Trust) { x.Now = time.Time{} },
	} {
		trust := w.trust
		change(&trust)
		for _, anchor := range []string{"stamp", "public", "old"} {
			if _, err := Check(trust, w.receipt(anchor, c, base)); !errors.Is(err, ErrUnchecked) && !(name == "a root of another" && errors.Is(err, ErrProof)) {
				t.Errorf("%s, %s: %v", name, anchor, err)
			}
		}
	}
	both := w.trust
	both.Roots = append(elsewhere.trust.Roots, w.trust.Roots...)
	if _, err := Check(both, w.receipt("stamp", c, base)); err != nil {
		t.Errorf("one of two roots knows the authority: %v", err)
	}
	if _, err := Check(Trust{}, w.receipt("w1", c, base)); !errors.Is(err, ErrLog) {
		t.Errorf("the zero trust: %v", err)
	}
}

// A key that no longer counts, and one that this version cannot use.
func TestCheckOfWitnessKeys(t *testing.T) {
	w := newWorld(t)
	c := w.checkpoint(40)
	r := w.receipt("w1", c, base)
	old := w.trust
	renewed := w.specs["w1"]
	renewed.Key = newWorld(t).specs["w1"].Key
	old.Specs = []Spec{renewed, w.specs["w1"]}
	if p, err := Check(old, r); err != nil || p.Spec != w.specs["w1"] {
		t.Errorf("two keys of one name: %+v, %v", p, err)
	}
	old.Specs = []Spec{renewed}
	if _, err := Check(old, r); !errors.Is(err, ErrProof) {
		t.Errorf("a key that was taken away: %v", err)
	}
	renewed.Key = "w1.example+97cbe7a9+BgEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
	old.Specs = []Spec{renewed}
	if _, err := Check(old, r); !errors.Is(err, ErrUnchecked) {
		t.Errorf("a post-quantum key: %v", err)
	}
}

// Whatever bytes lie beside a ledger, reading them ends, and what is proven is
// what a good receipt proves.
func FuzzReceipt(f *testing.F) {
	w := newWorld(f)
	c := w.checkpoint(40)
	for _, name := range []string{"w1", "stamp", "public", "old", "main"} {
		f.Add(bytesOf(f, w.receipt(name, c, base)))
	}
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReceipt(data)
		if err != nil {
			return
		}
		p, err := Check(w.trust, r)
		if err != nil {
			return
		}
		if p.Checkpoint.Size != 40 || p.Spec.Kind != r.Kind || p.Unique && r.Kind != Witness && r.Kind != "evm" {
			t.Errorf("%+v", p)
		}
		if !p.Hearsay && p.Dated && !p.At.Equal(base) {
			t.Errorf("another time is proven: %s", p.At)
		}
	})
}
