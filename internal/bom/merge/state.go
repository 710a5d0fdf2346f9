// SPDX-License-Identifier: Apache-2.0

package merge

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
)

// aggregates are how complete something may be, weakest first. Everything else
// (incomplete as to third parties, …) is weaker than complete and stronger
// than incomplete, and two of those that differ are incomplete.
var aggregates = []string{"unknown", "not_specified", "incomplete", "partly", "complete"}

// weaker returns the weaker of two statements.
func weaker(a, b string) string {
	rank := func(s string) int {
		if i := slices.Index(aggregates, s); i >= 0 {
			return i
		}
		return slices.Index(aggregates, "partly")
	}
	switch {
	case a == b || rank(a) < rank(b):
		return a
	case rank(a) == rank(b):
		return "incomplete"
	default:
		return b
	}
}

// compositions says of every component what the weakest document says that has
// it. A document that has it and says nothing of it knows nothing.
func (m *merger) compositions() []composed {
	assemblies, dependencies := map[string]string{}, map[string]string{}
	said := false
	for _, s := range m.sources {
		parts, edges := map[string]string{}, map[string]string{}
		for _, c := range s.Compositions {
			state(parts, s, c.Assemblies, c.Aggregate)
			state(edges, s, c.Dependencies, c.Aggregate)
			said = said || len(c.Assemblies)+len(c.Dependencies) > 0
		}
		for _, ref := range s.refs {
			lower(dependencies, ref, edges[ref])
			if own, stated := parts[ref]; stated || s.Root != nil && ref == s.refs[s.Root.Ref] {
				lower(assemblies, ref, own)
			}
		}
	}
	if !said {
		return nil
	}
	byState := map[string]*composed{}
	at := func(state string) *composed {
		if byState[state] == nil {
			byState[state] = &composed{Aggregate: state}
		}
		return byState[state]
	}
	for _, ref := range slices.Sorted(maps.Keys(assemblies)) {
		c := at(assemblies[ref])
		c.Assemblies = append(c.Assemblies, ref)
	}
	for _, ref := range slices.Sorted(maps.Keys(dependencies)) {
		c := at(dependencies[ref])
		c.Dependencies = append(c.Dependencies, ref)
	}
	var out []composed
	for _, state := range slices.Sorted(maps.Keys(byState)) {
		out = append(out, *byState[state])
	}
	return out
}

// state notes what one document says of some references, the weakest if it
// says two things.
func state(into map[string]string, s *source, refs []string, aggregate string) {
	for _, ref := range refs {
		if to, known := s.refs[ref]; known {
			lower(into, to, aggregate)
		}
	}
}

func lower(into map[string]string, ref, aggregate string) {
	if aggregate == "" {
		aggregate = "unknown"
	}
	if before, stated := into[ref]; stated {
		aggregate = weaker(before, aggregate)
	}
	into[ref] = aggregate
}

// carried are the members of a document, past those that package raw reads,
// that the result has too.
var carried = []string{"$schema", "vulnerabilities"}

// others carries services and vulnerabilities over, and names what it does
// not.
func (m *merger) others() (services, vulnerabilities []canon.Raw) {
	var a, b canon.Raw
	for _, s := range m.sources {
		if s.Signed {
			m.drop(s, "signature")
		}
		for _, name := range slices.Sorted(maps.Keys(s.Members)) {
			if !slices.Contains(carried, name) {
				m.drop(s, "%s", name)
			}
		}
		a = union(a, clean(encoded(s.Services)))
		b = union(b, s.affecting(s.Members["vulnerabilities"]))
	}
	return items(a), items(b)
}

func items(list canon.Raw) []canon.Raw {
	var out []canon.Raw
	if len(list) > 0 && canon.DecodeOpen(list, &out) != nil {
		return nil
	}
	return out
}

// affecting returns vulnerabilities with the references of the result. What
// one affects in no document stays a link to nothing and is left out.
func (s *source) affecting(list canon.Raw) canon.Raw {
	var found []map[string]any
	d := json.NewDecoder(strings.NewReader(string(list)))
	d.UseNumber()
	if len(list) == 0 || d.Decode(&found) != nil {
		return nil
	}
	for _, v := range found {
		delete(v, "bom-ref")
		targets, _ := v["affects"].([]any)
		var kept []any
		for _, t := range targets {
			target, _ := t.(map[string]any)
			ref, _ := target["ref"].(string)
			if to, known := s.refs[ref]; known {
				target["ref"] = to
			} else if !strings.HasPrefix(ref, "urn:cdx:") {
				continue
			}
			kept = append(kept, target)
		}
		if targets != nil {
			v["affects"] = append([]any{}, kept...)
		}
	}
	return encoded(found)
}
