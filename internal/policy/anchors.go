// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/arrange"
)

// Witnesses are who cosigns the ledger's checkpoints, and how many of them it
// takes: so many different operators.
type Witnesses struct {
	Need int // zero: there are none
	Of   []anchored.Spec
}

// An Outage lets a gate of an anchored environment go on while anchors are
// down. What is not anchored is then owed, and due after this long.
type Outage struct {
	SettleWithin time.Duration
}

// settleWithin is how long an environment has to anchor what an outage left
// behind; zero: it does not go on.
func (e Environment) settleWithin() time.Duration {
	if e.Outage == nil {
		return 0
	}
	return e.Outage.SettleWithin
}

// AnchorsFor lists the anchors that a checkpoint of an environment is given
// to: those that it names, or else all of the policy that prove uniqueness or
// a time. It is empty where the tier is not anchored.
func (p *Policy) AnchorsFor(environment string) []anchored.Spec {
	e, ok := p.Environment(environment)
	if !ok || e.Tier != Anchored {
		return nil
	}
	return p.specs(e.Anchors)
}

// AnchorSpecs lists every anchor of the policy: its witnesses in the file's
// order, then the others sorted by name.
func (p *Policy) AnchorSpecs() []anchored.Spec {
	all := slices.Clone(p.Ledger.Witnesses.Of)
	for _, name := range slices.Sorted(maps.Keys(p.Anchors)) {
		all = append(all, p.Anchors[name])
	}
	return all
}

func (p *Policy) specs(names []string) []anchored.Spec {
	return slices.DeleteFunc(p.AnchorSpecs(), func(s anchored.Spec) bool {
		if len(names) > 0 {
			name := s.Name
			if s.Kind == anchored.Witness {
				name = anchored.WitnessGroup
			}
			return !slices.Contains(names, name)
		}
		unique, dated := s.Proves()
		return !unique && !dated
	})
}

// AnchorNeed is what has to be proven of a checkpoint before an environment
// of tier anchored goes by it. Of another environment it asks for nothing.
func (p *Policy) AnchorNeed(environment string) anchored.Need {
	e, ok := p.Environment(environment)
	if !ok || e.Tier != Anchored {
		return anchored.Need{}
	}
	return anchored.Need{
		Unique: true, Dated: true, Witnesses: p.Ledger.Witnesses.Need,
		Specs: p.AnchorsFor(environment), Every: len(e.Anchors) > 0,
	}
}

func (d *decoder) witnesses(n *yaml.Node, path string) Witnesses {
	var w Witnesses
	d.object(n, path, "witnesses", func(key string, v *yaml.Node, path string) {
		switch key {
		case "need":
			need, _ := d.number(v, path, countPattern, "a whole number from 1 to 100")
			w.Need = int(need)
		case "of":
			d.list(v, path, func(v *yaml.Node, path string) {
				w.Of = append(w.Of, d.witness(v, path))
			})
		}
	})
	return w
}

func (d *decoder) witness(n *yaml.Node, path string) anchored.Spec {
	s := anchored.Spec{Kind: anchored.Witness}
	d.object(n, path, "witness", func(key string, v *yaml.Node, path string) {
		switch key {
		case "key":
			text, ok := d.text(v, path)
			if !ok {
				return
			}
			k, err := anchored.ParseWitnessKey(text)
			if err != nil {
				d.fail(v, path, "%v", err)
				return
			}
			s.Key, s.Name = text, k.Name()
		case "url":
			s.URL = d.address(v, path)
		case "operator":
			s.Operator, _ = d.name(v, path)
		}
	})
	return s
}

// anchor reads one anchor that is no witness. Which key names its address says
// of which kind it is.
func (d *decoder) anchor(name string, n *yaml.Node, path string) anchored.Spec {
	s := anchored.Spec{Name: name}
	d.object(n, path, "anchor", func(key string, v *yaml.Node, path string) {
		switch key {
		case "tsa", "rekor", "evm":
			if s.Kind != "" {
				d.fail(v, path, "is a second anchor under one name: %s stands there too", s.Kind)
				return
			}
			s.Kind, s.URL = key, d.address(v, path)
		case "version":
			if v.ShortTag() != "!!int" || v.Value != "1" && v.Value != "2" {
				d.fail(v, path, "must be 1 or 2, not %s", what(v))
				return
			}
			s.Version, _ = strconv.Atoi(v.Value)
		case "chain":
			id, _ := d.number(v, path, idPattern, "the number of the chain")
			s.Chain = uint64(max(id, 0))
		case "contract":
			s.Contract = d.contract(v, path)
		case "confirmations":
			s.Confirmations = d.confirmations(v, path)
		}
	})
	if n.Kind == yaml.MappingNode {
		d.anchorFits(n, path, s)
	}
	return s
}

func (d *decoder) contract(n *yaml.Node, path string) string {
	text, ok := d.text(n, path)
	if !ok {
		return ""
	}
	if err := anchored.CheckAddress(text); err != nil {
		d.fail(n, path, "%v", err)
		return ""
	}
	return text
}

// anchorFits asks for what each kind needs, and for nothing of another kind.
func (d *decoder) anchorFits(n *yaml.Node, path string, s anchored.Spec) {
	if s.Kind == "" {
		d.fail(n, path, "is no anchor: give tsa, rekor or evm with its address")
		return
	}
	if s.Name == anchored.WitnessGroup {
		d.fail(n, path, "is how an environment names the ledger's witnesses; give the anchor another name")
	}
	for _, key := range []struct{ name, of string }{{"version", "rekor"}, {"chain", "evm"}, {"contract", "evm"}} {
		switch has := d.where[path+"."+key.name] != nil; {
		case has && key.of != s.Kind:
			d.failAt(path+"."+key.name, "is of %s, and this anchor is of kind %s", key.of, s.Kind)
		case !has && key.of == s.Kind:
			d.fail(n, path+"."+key.name, "is missing")
		}
	}
	if s.Kind != "evm" && d.where[path+".confirmations"] != nil {
		d.failAt(path+".confirmations", "is of evm, and this anchor is of kind %s", s.Kind)
	}
}

func (d *decoder) outage(n *yaml.Node, path string) *Outage {
	o := &Outage{}
	d.object(n, path, "outage", func(_ string, v *yaml.Node, path string) {
		o.SettleWithin = d.duration(v, path)
	})
	return o
}

// bareKey is a verifier key without its name and the hash of both: one key under
// two names is one witness.
func bareKey(verifierKey string) string {
	_, rest, _ := strings.Cut(verifierKey, "+")
	_, key, _ := strings.Cut(rest, "+")
	return key
}

// checkAnchors holds the witnesses and anchors against each other, and finds
// out whether they can be checked at all.
func (d *decoder) checkAnchors() {
	keys, operators := map[string]string{}, map[string]bool{}
	w := d.p.Ledger.Witnesses
	for i, s := range w.Of {
		d.once(keys, bareKey(s.Key), "the witness "+s.Name, "ledger.witnesses.of["+strconv.Itoa(i)+"].key", "the key")
		if s.Operator != "" {
			operators[s.Operator] = true
		}
	}
	if d.where["ledger.witnesses.of"] != nil && w.Need > len(operators) {
		d.failAt("ledger.witnesses.need", "needs witnesses of %s, and the list has %d: those of one operator count once", plural(w.Need, "operator", "different operators"), len(operators))
	}
	seen := map[anchored.Spec]string{}
	for _, name := range d.inFileOrder("anchors", slices.Collect(maps.Keys(d.p.Anchors))) {
		s := d.p.Anchors[name]
		if s.Kind == "tsa" || s.Kind == "rekor" {
			d.rootFor(join("anchors", name), "its receipts")
		}
		s.Name, s.Version = "", 0
		if first, twice := seen[s]; twice {
			d.failAt(join("anchors", name), "is the same as %s", first)
		}
		seen[s] = name
	}
}

// checkAnchoring holds what an environment says about anchors against those
// that there are.
func (d *decoder) checkAnchoring(path string, e Environment) {
	if e.Tier != Anchored {
		for _, key := range []string{"anchors", "outage", "max-head-age"} {
			if d.where[path+"."+key] != nil {
				d.failAt(path+"."+key, "is for tier: anchored")
			}
		}
		return
	}
	known := slices.Collect(maps.Keys(d.p.Anchors))
	if d.p.Ledger.Witnesses.Need > 0 {
		known = append(known, anchored.WitnessGroup)
	}
	slices.Sort(known)
	for i, name := range e.Anchors {
		if !slices.Contains(known, name) {
			d.failAt(path+".anchors["+strconv.Itoa(i)+"]", "unknown anchor %q%s", name, have(name, known))
			return
		}
	}
	var unique, dated bool
	for _, s := range d.p.specs(e.Anchors) {
		u, t := s.Proves()
		unique, dated = unique || u, dated || t
	}
	at := path + ".tier"
	if len(e.Anchors) > 0 {
		at = path + ".anchors"
	}
	if !unique {
		d.failAt(at, "nothing here proves that nobody can show two logs: it takes ledger.witnesses, or an anchor of kind evm")
	}
	if !dated {
		d.failAt(at, "nothing here proves a time: it takes ledger.witnesses, or an anchor of kind tsa, evm, or rekor of version 1")
	}
	if e.MaxHeadAge > 0 && !slices.ContainsFunc(d.p.specs(e.Anchors), func(s anchored.Spec) bool { return s.Kind == anchored.Witness }) {
		d.failAt(path+".max-head-age", "only a witness proves how old a head is, and none is asked here")
	}
}

// resolvedAnchoring is what a decision of an anchored environment depends on
// beside its tier. Where an anchor is asked is not part of it, nor who is not
// asked.
type resolvedAnchoring struct {
	Witnesses  int              `json:"witnesses"` // how many operators are needed
	Anchors    []resolvedAnchor `json:"anchors"`
	Every      bool             `json:"every"` // each of them; else any that prove enough
	Outage     int64            `json:"outage,omitzero"`
	MaxHeadAge int64            `json:"max_head_age,omitzero"`
}

type resolvedAnchor struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Key      string `json:"key,omitempty"`
	Operator string `json:"operator,omitempty"`
	Version  int    `json:"version,omitzero"`
	Chain    uint64 `json:"chain,omitzero"`
	Contract string `json:"contract,omitempty"`

	Confirmations uint64 `json:"confirmations,omitzero"`
}

func (p *Policy) anchoring(e Environment) *resolvedAnchoring {
	if e.Tier != Anchored {
		return nil
	}
	r := &resolvedAnchoring{Anchors: []resolvedAnchor{}, Every: len(e.Anchors) > 0, MaxHeadAge: int64(e.MaxHeadAge / time.Second)}
	for _, s := range p.specs(e.Anchors) {
		if s.Kind == anchored.Witness {
			r.Witnesses = p.Ledger.Witnesses.Need
		}
		r.Anchors = append(r.Anchors, resolvedAnchor{s.Kind, s.Name, s.Key, s.Operator, s.Version, s.Chain, s.Contract, s.Confirmations})
	}
	arrange.By(r.Anchors, func(a, b resolvedAnchor) int {
		return slices.Compare([]string{a.Kind, a.Name, a.Key}, []string{b.Kind, b.Name, b.Key})
	})
	r.Outage = int64(e.settleWithin() / time.Second)
	return r
}
