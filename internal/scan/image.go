// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// imageForm matches a reference to a container image: REGISTRY/PATH:TAG@DIGEST
// (https://pkg.go.dev/github.com/distribution/reference).
var imageForm = pattern.New(`^((?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?/)?)([a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?$`)

// imageComponent describes a container image, and reports whether the text is
// a reference to one. Its digest is one of the image's manifest, which is not a
// file that anybody downloads by itself.
func imageComponent(text string) (bom.Component, bool) {
	m := imageForm.FindStringSubmatch(text)
	if m == nil || len(text) > 1024 {
		return bom.Component{}, false
	}
	registry, name, tag, digest := strings.TrimSuffix(m[1], "/"), m[2], m[3], m[4]
	if registry != "" && !strings.ContainsAny(registry, ".:") && registry != "localhost" {
		if registry != strings.ToLower(registry) {
			return bom.Component{}, false
		}
		registry, name = "", registry+"/"+name // the first part of the path
	}
	namespace := ""
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		namespace, name = name[:i], name[i+1:]
	}
	if registry == "" && namespace == "library" {
		namespace = ""
	}
	c := bom.Component{Type: "container", Group: strings.Trim(registry+"/"+namespace, "/"), Name: name, Version: tag}
	pin := "tag"
	switch {
	case digest != "":
		pin = "digest"
		alg, value, _ := strings.Cut(digest, ":")
		c.Hashes = []bom.Hash{{Alg: "oci-manifest-" + alg, Value: value}}
		if tag != "" {
			addNote(&c, "image:tag", tag)
		}
		c.Version = digest
	case tag == "":
		pin, c.Version = "none", "latest" // what is taken if nothing is said
	}
	addNote(&c, "pin", pin)
	c.PURL = bom.DockerURL(registry, namespace, name, c.Version)
	return c, true
}

// isVariable reports whether a text holds a variable that only the one who
// runs it knows.
func isVariable(s string) bool { return strings.Contains(s, "$") || strings.Contains(s, "{{") }

// A toolGraph is the graph of files that ask for tools and images: nothing in
// them needs anything else, and the tree as a whole needs all of it.
type toolGraph struct {
	*lockGraph
	at     map[string]int // component by its package URL
	scopes []bom.Scope
}

func newToolGraph(t *tree, file, ecosystem string) *toolGraph {
	g := &toolGraph{lockGraph: newLockGraph(t, file, ecosystem), at: map[string]int{}}
	g.mark = ""
	return g
}

// use adds what a line of a file asks for, once for all lines.
func (g *toolGraph) use(c bom.Component, scope bom.Scope, file string, line int) {
	where := bom.Occurrence{Path: printable(file), Line: line}
	i, ok := g.at[c.PURL]
	if !ok {
		c.Occurrences = []bom.Occurrence{where}
		i = g.add(c, 0)
		g.at[c.PURL] = i
		g.scopes = append(g.scopes, bom.Unstated)
		g.out.Attached = append(g.out.Attached, i)
	} else {
		old := &g.out.Components[i]
		old.Occurrences = append(old.Occurrences, where)
		for _, p := range c.Properties {
			if !hasProperty(old.Properties, p) {
				old.Properties = append(old.Properties, p)
			}
		}
	}
	g.scopes[i] = max(g.scopes[i], scope)
}

func hasProperty(list []bom.Property, p bom.Property) bool {
	for _, q := range list {
		if p == q {
			return true
		}
	}
	return false
}

// image adds a container image that a line names.
func (g *toolGraph) image(text string, scope bom.Scope, file string, line int) {
	if isVariable(text) {
		g.because("images that only a variable names", g.t.scrubPath(text))
		return
	}
	c, ok := imageComponent(text)
	if !ok {
		g.because("images that are not understood", g.t.scrubPath(text))
		return
	}
	g.use(c, scope, file, line)
}

// pinProperty says how fast a reference holds on to what it means.
func pinProperty(state string) bom.Property {
	return bom.Property{Name: product.Name + ":pin", Value: state}
}
