// SPDX-License-Identifier: Apache-2.0

// Package diff says what changed between two bills of materials, whichever
// tools wrote them and in whatever order: what came and went, which versions
// went up and down, licences, scopes, and above all whether one version has
// other bytes than before.
package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/clean"
)

// A Kind is what sort of change something is.
type Kind string

// The kinds, gravest first.
const (
	Hash    Kind = "hash"    // the alarm: the same version with another digest
	Lost    Kind = "lost"    // the same version had a digest and has none, or only of other kinds
	Down    Kind = "down"    // an older version than before
	Changed Kind = "changed" // another version, and which is older can't be told
	Added   Kind = "added"
	Origin  Kind = "origin" // the same version from elsewhere
	Licence Kind = "licence"
	Scope   Kind = "scope"
	Up      Kind = "up" // a newer version
	Removed Kind = "removed"
)

// Kinds lists every kind, gravest first.
func Kinds() []Kind {
	return []Kind{Hash, Lost, Down, Changed, Added, Origin, Licence, Scope, Up, Removed}
}

// A Change is one thing that is not as it was. Before and After are versions
// where a component came, went or moved; else what the kind names.
type Change struct {
	Kind    Kind     `json:"kind"`
	Name    string   `json:"name"` // package URL without version, or type and name
	Version string   `json:"version,omitempty"`
	Before  []string `json:"before"`
	After   []string `json:"after"`
	Path    []string `json:"path,omitempty"` // from a root to what is new, the shortest; of more than 64 the middle is "…"
	Note    string   `json:"note,omitempty"`
}

// A Side is one of the two documents.
type Side struct {
	Serial     string `json:"serial,omitempty"`
	Subject    string `json:"subject"`
	Components int    `json:"components"`
}

// A Diff is what changed. It is the same for documents that differ only in
// order.
type Diff struct {
	Old, New Side
	Changes  []Change // gravest kind first, then by name
}

// Compare tells what changed from one document to another.
func Compare(before, after *raw.Document) Diff {
	o, n := index(before), index(after)
	var out []Change
	for _, key := range keys(o.groups, n.groups) {
		out = append(out, versions(o, n, key)...)
	}
	out = append(out, alarms(o, n)...)
	arrange.Stably(out, order)
	for i := range out {
		out[i].Name, out[i].Note = clean.Users(out[i].Name), clean.Users(out[i].Note)
		for j, step := range out[i].Path {
			out[i].Path[j] = clean.Users(step)
		}
	}
	return Diff{Old: side(before), New: side(after), Changes: out}
}

func order(a, b Change) int {
	rank := func(c Change) int { return slices.Index(Kinds(), c.Kind) }
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version),
		slices.Compare(a.Before, b.Before), slices.Compare(a.After, b.After))
}

func side(d *raw.Document) Side {
	s := Side{Serial: d.Serial, Components: len(d.Components)}
	if d.Root != nil {
		s.Subject = d.Root.Title()
	}
	return s
}

// Of returns the changes of some kinds.
func (d Diff) Of(kinds ...Kind) []Change {
	out := []Change{}
	for _, c := range d.Changes {
		if slices.Contains(kinds, c.Kind) {
			out = append(out, c)
		}
	}
	return out
}

// Failing returns the changes that somebody wants to be stopped by. The alarm
// always is one, and a version whose direction can't be told counts as down.
func (d Diff) Failing(kinds []Kind) []Change {
	kinds = append([]Kind{Hash}, kinds...)
	if slices.Contains(kinds, Down) {
		kinds = append(kinds, Changed)
	}
	return d.Of(kinds...)
}

// versions compares the versions of one identity.
func versions(o, n *indexed, key string) []Change {
	was, is := o.groups[key], n.groups[key]
	name := first(is, was).id.Name
	var out []Change
	for _, v := range kept(was, is) {
		out = append(out, attributes(was.of(v), is.of(v), name, v)...)
	}
	gone, come := was.without(is), is.without(was)
	switch {
	case len(come) == 0:
		for _, v := range gone {
			out = append(out, Change{Kind: Removed, Name: name, Before: []string{v}, After: []string{}, Note: moved(n, was, "now")})
		}
	case len(gone) == 0:
		for _, v := range come {
			out = append(out, Change{Kind: Added, Name: name, Before: []string{}, After: []string{v},
				Path: n.path(is.of(v)), Note: moved(o, is, "before")})
		}
	default:
		out = append(out, replaced(o, n, key, gone, come)...)
	}
	return out
}

// moved says that a package of the same name is in the other document, from
// elsewhere.
func moved(other *indexed, here *group, when string) string {
	if here == nil {
		return ""
	}
	var from []string
	for _, origin := range other.origins[here.id.Name] {
		if origin != here.id.Origin {
			from = append(from, cmp.Or(origin, "its registry"))
		}
	}
	if len(from) == 0 {
		return ""
	}
	return "from " + cmp.Or(here.id.Origin, "its registry") + "; " + when + " from " + strings.Join(from, ", ")
}

// replaced pairs the versions that went with those that came: rank by rank
// where there are as many of both and their order is known, else all at once.
func replaced(o, n *indexed, key string, gone, come []string) []Change {
	was, is := o.groups[key], n.groups[key]
	name, purl := is.id.Name, is.id.Type
	if sorted(purl, gone) && sorted(purl, come) && len(gone) == len(come) {
		var out []Change
		for i := range gone {
			out = append(out, Change{Kind: direction(purl, gone[i], come[i]), Name: name,
				Before: gone[i : i+1], After: come[i : i+1], Path: n.path(is.of(come[i]))})
			out = append(out, softer(was.of(gone[i]), is.of(come[i]), name, come[i])...)
		}
		return out
	}
	kind := Changed
	if sorted(purl, gone) && sorted(purl, come) {
		low, high := direction(purl, gone[0], come[0]), direction(purl, gone[len(gone)-1], come[len(come)-1])
		if low == high {
			kind = low
		}
	}
	return []Change{{Kind: kind, Name: name, Before: gone, After: come, Path: n.path(is.of(come[0]))}}
}
