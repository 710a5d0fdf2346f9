// SPDX-License-Identifier: Apache-2.0

package scan

import "strings"

// Bounds on what one property may come to: how long, and over how many others.
const (
	maxProperty = 4096
	maxNesting  = 64
)

// An interpolator replaces the properties in a text by their values: ${name}
// in Maven, $(name) in MSBuild. Every property is worked out once, so that
// properties made of properties cannot cost more than there are of them.
type interpolator struct {
	open, shut string
	lookup     func(name string) (string, bool)
	known      map[string]expanded
	nesting    int
}

// expanded is what a property comes to. It is whole if nothing in it was left
// as it stands.
type expanded struct {
	text  string
	whole bool
}

func newInterpolator(open, shut string, lookup func(name string) (string, bool)) *interpolator {
	return &interpolator{open: open, shut: shut, lookup: lookup, known: map[string]expanded{}}
}

// expand returns a text with its properties replaced, and whether all of them
// could be. One that nobody defines, that is made of itself or that is too
// long stands as it is.
func (p *interpolator) expand(text string) (string, bool) {
	if !strings.Contains(text, p.open) {
		return text, true
	}
	whole := true
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, p.open)
		b.WriteString(before)
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, p.shut)
		if !closed {
			b.WriteString(p.open + rest)
			whole = false
			break
		}
		value := p.property(strings.TrimSpace(name))
		if !value.whole || b.Len()+len(value.text) > maxProperty {
			value = expanded{p.open + name + p.shut, false}
			whole = false
		}
		b.WriteString(value.text)
		text = after
	}
	return b.String(), whole
}

func (p *interpolator) property(name string) expanded {
	if value, ok := p.known[name]; ok {
		return value
	}
	p.known[name] = expanded{} // what it is if it is made of itself
	raw, ok := p.lookup(name)
	if !ok || p.nesting >= maxNesting || len(raw) > maxProperty {
		return expanded{}
	}
	p.nesting++
	text, whole := p.expand(raw)
	p.nesting--
	value := expanded{strings.TrimSpace(text), whole}
	p.known[name] = value
	return value
}
