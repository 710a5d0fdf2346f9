// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"fmt"
	"slices"
)

// A particle is what may stand in an element: one element, elements of other
// schemas, or several particles after each other or instead of each other.
type particle struct {
	least, most int // most -1: any number
	element     *element
	wildcard    *wildcard
	choice      bool
	parts       []particle
}

// particle reads a content model. The namespace of its elements is target.
func (c *compiler) particle(n *node, target string) (p particle, err error) {
	if p.least, p.most, err = n.occurs(); err != nil {
		return p, err
	}
	switch n.local {
	case "element":
		p.element, err = c.element(n, target)
	case "any":
		p.wildcard, err = wildcardOf(n, target)
	case "sequence", "choice":
		if err = n.only("minOccurs", "maxOccurs"); err != nil {
			return p, err
		}
		p.choice = n.local == "choice"
		for _, child := range n.children {
			part, err := c.particle(child, target)
			if err != nil {
				return p, err
			}
			p.parts = append(p.parts, part)
		}
	default:
		err = n.odd()
	}
	return p, err
}

// An automaton says which element may follow which: that of Glushkov, made of
// a content model in which every element has a position of its own.
type automaton struct {
	positions []position
	nullable  bool
	first     []int
	last      []int
}

// A position is one element or wildcard of a content model.
type position struct {
	element  *element
	wildcard *wildcard
	follow   []int
}

// maxPositions is how large a content model may become when what occurs up to
// N times is written N times.
const maxPositions = 1000

func newAutomaton(p particle) (*automaton, error) {
	var a automaton
	f, err := a.add(p)
	a.nullable, a.first, a.last = f.nullable, f.first, f.last
	return &a, err
}

// A fragment is a part of an automaton: where it can begin and end, and whether
// nothing is enough for it.
type fragment struct {
	nullable    bool
	first, last []int
}

// add adds a particle with all its repetitions.
func (a *automaton) add(p particle) (fragment, error) {
	whole := fragment{nullable: true}
	for range p.least {
		f, err := a.once(p)
		if err != nil {
			return f, err
		}
		whole = a.join(whole, f)
	}
	if p.most < 0 {
		f, err := a.once(p)
		if err != nil {
			return f, err
		}
		a.link(f.last, f.first)
		f.nullable = true
		return a.join(whole, f), nil
	}
	rest := fragment{nullable: true}
	for range p.most - p.least { // from the end: each needs those before it
		f, err := a.once(p)
		if err != nil {
			return f, err
		}
		rest = a.join(f, rest)
		rest.nullable = true
	}
	return a.join(whole, rest), nil
}

func (a *automaton) once(p particle) (fragment, error) {
	if p.element != nil || p.wildcard != nil {
		if len(a.positions) == maxPositions {
			return fragment{}, fmt.Errorf("more than the limit of %d elements in one content", maxPositions)
		}
		a.positions = append(a.positions, position{element: p.element, wildcard: p.wildcard})
		i := len(a.positions) - 1
		return fragment{first: []int{i}, last: []int{i}}, nil
	}
	whole := fragment{nullable: !p.choice || len(p.parts) == 0}
	for _, part := range p.parts {
		f, err := a.add(part)
		if err != nil {
			return f, err
		}
		if p.choice {
			whole = fragment{whole.nullable || f.nullable, union(whole.first, f.first), union(whole.last, f.last)}
		} else {
			whole = a.join(whole, f)
		}
	}
	return whole, nil
}

// join puts one fragment behind another.
func (a *automaton) join(x, y fragment) fragment {
	a.link(x.last, y.first)
	out := fragment{nullable: x.nullable && y.nullable, first: x.first, last: y.last}
	if x.nullable {
		out.first = union(x.first, y.first)
	}
	if y.nullable {
		out.last = union(x.last, y.last)
	}
	return out
}

func (a *automaton) link(from, to []int) {
	for _, i := range from {
		a.positions[i].follow = union(a.positions[i].follow, to)
	}
}

func union(x, y []int) []int {
	if len(x) == 0 {
		return y
	}
	if len(y) == 0 {
		return x
	}
	out := append(slices.Clip(x), y...)
	slices.Sort(out)
	return slices.Compact(out)
}

// A place is where a document has come to in a content model: all positions
// that it can be at. It begins before the first one.
type place struct {
	of    *automaton
	begun bool
	at    []int
}

// next are the positions that may come now.
func (p *place) next() []int {
	if !p.begun {
		return p.of.first
	}
	var out []int
	for _, i := range p.at {
		out = union(out, p.of.positions[i].follow)
	}
	return out
}

// step goes on to an element of this name and returns what declares it, or the
// wildcard that it stands for.
func (p *place) step(n name) (e *element, w *wildcard, ok bool) {
	var at []int
	for _, i := range p.next() {
		q := &p.of.positions[i]
		switch {
		case q.element != nil && q.element.name == n:
			e = q.element
		case q.wildcard != nil && q.wildcard.matches(n):
			w = q.wildcard
		default:
			continue
		}
		at = append(at, i)
	}
	if e == nil && w == nil {
		return nil, nil, false
	}
	p.begun, p.at = true, at
	return e, w, true
}

// done reports whether nothing needs to come any more.
func (p *place) done() bool {
	if !p.begun {
		return p.of.nullable
	}
	return slices.ContainsFunc(p.at, func(i int) bool { return slices.Contains(p.of.last, i) })
}

// expected are the names that may come now.
func (p *place) expected() []string {
	var out []string
	for _, i := range p.next() {
		if q := &p.of.positions[i]; q.element != nil {
			out = append(out, q.element.local)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
