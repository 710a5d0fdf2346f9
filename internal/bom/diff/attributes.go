// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/product"
)

// attributes compares what two documents say of one version.
func attributes(was, is []*raw.Component, name, version string) []Change {
	out := softer(was, is, name, version)
	before, after := texts(was, sources), texts(is, sources)
	if len(before) > 0 && len(after) > 0 && !slices.Equal(before, after) {
		out = append(out, Change{Kind: Origin, Name: name, Version: version, Before: before, After: after})
	}
	return out
}

// softer compares what may change with a version: licences and scope.
func softer(was, is []*raw.Component, name, version string) []Change {
	var out []Change
	add := func(kind Kind, say func(*raw.Component) []string) {
		before, after := texts(was, say), texts(is, say)
		if !slices.Equal(before, after) {
			out = append(out, Change{Kind: kind, Name: name, Version: version, Before: before, After: after})
		}
	}
	add(Licence, func(c *raw.Component) []string {
		var out []string
		for _, l := range c.Licences {
			out = append(out, l.Text())
		}
		return out
	})
	add(Scope, func(c *raw.Component) []string {
		if c.Scope == "" {
			return []string{"required"} // what no scope means, by the specification
		}
		return []string{c.Scope}
	})
	return out
}

// texts gathers what components say, sorted, each once; never nil.
func texts(list []*raw.Component, say func(*raw.Component) []string) []string {
	out := []string{}
	for _, c := range list {
		for _, s := range say(c) {
			if s != "" {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sources are the hosts that a component is distributed by.
func sources(c *raw.Component) []string {
	var out []string
	for _, r := range c.References {
		if u, err := url.Parse(r.URL); r.Type == "distribution" && err == nil {
			out = append(out, strings.ToLower(u.Host))
		}
	}
	return out
}

// digests are the digests of one version by what they are digests of: the
// component, or one of the files it is distributed as.
type digests map[string][]string

func (d *digests) add(c *raw.Component) {
	for _, h := range c.Hashes {
		d.put(h.Alg, h.Content)
	}
	for _, p := range c.Properties {
		if alg, ok := strings.CutPrefix(p.Name, product.Name+":hash:"); ok {
			d.put(alg, p.Value)
		}
	}
	for _, r := range c.References {
		if r.Type != "distribution" {
			continue
		}
		for _, h := range r.Hashes {
			d.put(h.Alg+" of "+file(r.URL), h.Content)
		}
	}
}

// put keeps hex without case, and everything else as it is.
func (d *digests) put(what, value string) {
	if strings.Trim(value, "0123456789abcdefABCDEF") == "" {
		value = strings.ToLower(value)
	}
	if !slices.Contains((*d)[what], value) {
		(*d)[what] = append((*d)[what], value)
	}
}

// file is the last part of a URL: the same file on another host is the same.
func file(address string) string {
	address, _, _ = strings.Cut(address, "?")
	address, _, _ = strings.Cut(address, "#")
	return address[strings.LastIndexByte(address, '/')+1:]
}

// alarms reports each version that both documents know under one digest and
// the new one under another, wherever it is said to come from.
func alarms(o, n *indexed) []Change {
	var out []Change
	for at, is := range n.bytes {
		was := o.bytes[at]
		if was == nil || len(*was) == 0 {
			continue
		}
		if lost(*was, *is) {
			out = append(out, Change{Kind: Lost, Name: at.name, Version: at.version, Before: list(*was), After: list(*is)})
			continue
		}
		before, after := clash(*was, *is)
		if len(after) > 0 {
			out = append(out, Change{Kind: Hash, Name: at.name, Version: at.version, Before: list(before), After: list(after)})
		}
	}
	return out
}

// lost says whether nothing of what the old side has a digest of has one on the
// new side: there is nothing to compare.
func lost(was, is digests) bool {
	for what := range was {
		if len(is[what]) > 0 {
			return false
		}
	}
	return true
}

// clash returns the digests of both sides for everything of which the new side
// has a digest that the old one, who has some too, does not.
func clash(was, is digests) (before, after digests) {
	before, after = digests{}, digests{}
	for what, values := range is {
		old := was[what]
		unknown := func(v string) bool { return !slices.Contains(old, v) }
		if len(old) > 0 && slices.ContainsFunc(values, unknown) {
			before[what], after[what] = old, values
		}
	}
	return before, after
}

// list writes digests as texts, sorted.
func list(d digests) []string {
	out := []string{}
	for _, what := range slices.Sorted(maps.Keys(d)) {
		for _, v := range slices.Sorted(slices.Values(d[what])) {
			out = append(out, what+" "+v)
		}
	}
	return out
}
