// SPDX-License-Identifier: Apache-2.0

package merge

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
)

// A part is one component of the result. Its members are there while it is
// made, and its text after that.
type part struct {
	ref      string
	members  map[string]canon.Raw
	digests  map[string]string // by algorithm
	json     canon.Raw
	from     []string // labels of the documents it is from
	rootOf   []string // labels of those that are about it
	needed   bool     // a document has it without a scope, which is required
	requires []string
}

// agrees reports whether a record can be the same bytes: no digest of one kind
// differs.
func (p *part) agrees(r record) bool {
	for _, h := range r.Hashes {
		if have, known := p.digests[h.Alg]; known && have != strings.ToLower(h.Content) {
			return false
		}
	}
	return true
}

// Members of a component that are lists of which every document may have a
// part, and those that the result has no place for.
var (
	unions  = []string{"hashes", "externalReferences", "properties", "tags"}
	dropped = []string{"components", "signature"}
	since17 = []string{"isExternal", "versionRange", "patentAssertions"}
)

// absorb adds what a record says. Where two records say different things of
// one member, the document with the lower digest counts, except that lists are
// joined and of two scopes the stronger one stands. No scope is the strongest.
func (p *part) absorb(r record, m *merger) error {
	var members map[string]canon.Raw
	if err := canon.DecodeOpen(r.Raw, &members); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value := clean(members[name])
		switch {
		case name == "bom-ref":
		case slices.Contains(dropped, name):
			if name == "signature" {
				m.drop(r.source, "the signature of %s", r.Component.Title())
			}
		case slices.Contains(since17, name) && m.options.Spec != "1.7":
			m.drop(r.source, "%s of %s, which CycloneDX %s does not have", name, r.Component.Title(), m.options.Spec)
		case slices.Contains(unions, name):
			p.members[name] = union(p.members[name], value)
		case name == "scope":
			p.members[name] = stronger(p.members[name], value)
		case len(p.members[name]) == 0 || emptyList(p.members[name]):
			p.members[name] = value
		}
	}
	p.needed = p.needed || len(members["scope"]) == 0
	for _, h := range r.Hashes {
		p.digests[h.Alg] = strings.ToLower(h.Content)
	}
	if !slices.Contains(p.from, r.source.label) {
		p.from = append(p.from, r.source.label)
		p.members["properties"] = union(p.members["properties"], property(product.Name+":merge:source", r.source.label))
	}
	if r.isRoot {
		p.rootOf = append(p.rootOf, r.source.label)
	}
	return nil
}

// finish writes the part down.
func (p *part) finish() {
	if p.needed {
		delete(p.members, "scope")
	}
	p.members["bom-ref"] = quoted(p.ref)
	size := len("{}")
	for name, value := range p.members {
		size += len(name) + len(value) + len(`"":,`)
	}
	text := append(make([]byte, 0, size), '{')
	for i, name := range slices.Sorted(maps.Keys(p.members)) {
		if i > 0 {
			text = append(text, ',')
		}
		value := p.members[name]
		if len(value) == 0 {
			value = canon.Raw("null") // what the schema then refuses
		}
		text = append(append(append(text, quoted(name)...), ':'), value...)
	}
	p.json, p.members, p.digests = append(text, '}'), nil, nil
}

// subjectPart is a component that the caller names, under a reference that is
// not taken.
func subjectPart(c *bom.Component, parts []*part) *part {
	p := &part{ref: "subject", members: map[string]canon.Raw{"type": quoted(c.Type), "name": quoted(c.Name)}}
	if c.Version != "" {
		p.members["version"] = quoted(c.Version)
	}
	for _, h := range c.Hashes {
		if strings.HasPrefix(h.Alg, "SHA-") {
			p.members["hashes"] = union(p.members["hashes"], encoded([]raw.Hash{{Alg: h.Alg, Content: h.Value}}))
		} else {
			p.members["properties"] = union(p.members["properties"], property(product.Name+":hash:"+h.Alg, h.Value))
		}
	}
	for slices.ContainsFunc(parts, func(o *part) bool { return o.ref == p.ref }) {
		p.ref += "#"
	}
	p.finish()
	return p
}

func property(name, value string) canon.Raw {
	return encoded([]raw.Property{{Name: name, Value: value}})
}

func quoted(s string) canon.Raw { return encoded(s) }

// encoded is compact JSON in which <, > and & stand for themselves.
func encoded(v any) canon.Raw {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return canon.Raw("null") // the values of this package always encode
	}
	return canon.Raw(strings.TrimSuffix(b.String(), "\n"))
}

// union joins two lists, sorted by their text, each item once. What is no list
// gives way to what is.
func union(a, b canon.Raw) canon.Raw {
	var x, y []canon.Raw
	if len(a) > 0 && canon.DecodeOpen(a, &x) != nil {
		return b
	}
	if len(b) > 0 && canon.DecodeOpen(b, &y) != nil {
		return a
	}
	all := append(x, y...)
	for i := range all {
		all[i] = compact(all[i])
	}
	arrange.By(all, func(a, b canon.Raw) int { return strings.Compare(string(a), string(b)) })
	all = slices.CompactFunc(all, func(a, b canon.Raw) bool { return string(a) == string(b) })
	return encoded(all)
}

// compact is one spelling of a value: members in order, no white space.
func compact(v canon.Raw) canon.Raw {
	out := slices.Clone(v)
	if err := out.Canonicalize(); err != nil {
		return v
	}
	return out
}

func emptyList(v canon.Raw) bool { return string(v) == "[]" }

// stronger returns the scope that counts of two: needed beats not needed.
func stronger(a, b canon.Raw) canon.Raw {
	order := []string{`"excluded"`, `"optional"`, `"required"`}
	if slices.Index(order, string(b)) > slices.Index(order, string(a)) {
		return b
	}
	return a
}

// clean returns a value without the references of its own parts, which two
// documents may have given twice, without users in addresses, and without
// white space.
func clean(v canon.Raw) canon.Raw {
	if text := string(v); !strings.Contains(text, `"bom-ref"`) && !strings.Contains(text, "@") && !strings.Contains(text, `\`) {
		out := slices.Clone(v) // nothing to take out
		if out.Compact() == nil {
			return out
		}
	}
	var tree any
	d := json.NewDecoder(strings.NewReader(string(v)))
	d.UseNumber()
	if d.Decode(&tree) != nil {
		return v
	}
	return encoded(cleaned(tree))
}

func cleaned(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = cleaned(v[i])
		}
	case map[string]any:
		delete(v, "bom-ref")
		for name, value := range v {
			if address, ok := value.(string); ok && name == "url" && strings.Contains(address, "@") {
				if scrubbed, secrets := bom.ScrubURL(address); len(secrets) > 0 && scrubbed != "" {
					v[name] = scrubbed
				}
				continue
			}
			v[name] = cleaned(value)
		}
	}
	return v
}
