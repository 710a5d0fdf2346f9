// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"fmt"
	"strings"
)

// schemaSpace is the namespace of schemas.
const schemaSpace = "http://www.w3.org/2001/XMLSchema"

// A node is an element of a schema.
type node struct {
	tag
	children []*node
}

// A treeBuilder keeps what a schema says. Annotations are for people.
type treeBuilder struct {
	root  *node
	open  []*node
	stray error // the first thing that no schema has
}

func (b *treeBuilder) begin(t tag) {
	n := &node{tag: t}
	if len(b.open) == 0 {
		b.root = n
	} else {
		over := b.open[len(b.open)-1]
		over.children = append(over.children, n)
	}
	b.open = append(b.open, n)
}

func (b *treeBuilder) text(data []byte) {
	if b.stray == nil && strings.Trim(string(data), spaceCharacters) != "" && !b.annotated() {
		b.stray = fmt.Errorf("line %d: text where a schema has none", b.open[len(b.open)-1].line)
	}
}

func (b *treeBuilder) annotated() bool {
	for _, n := range b.open {
		if n.name == (name{schemaSpace, "annotation"}) {
			return true
		}
	}
	return false
}

func (b *treeBuilder) end() { b.open = b.open[:len(b.open)-1] }

// readTree reads a schema as it stands there.
func readTree(text []byte) (*node, error) {
	var b treeBuilder
	if err := parse(text, &b); err != nil {
		return nil, err
	}
	if b.stray != nil {
		return nil, b.stray
	}
	b.root.prune()
	return b.root, nil
}

// prune takes the annotations out.
func (n *node) prune() {
	kept := n.children[:0]
	for _, c := range n.children {
		if c.name != (name{schemaSpace, "annotation"}) {
			c.prune()
			kept = append(kept, c)
		}
	}
	n.children = kept
}

// attribute returns the value of an attribute of a schema's own element; empty
// where there is none.
func (n *node) attribute(local string) string {
	for _, a := range n.attributes {
		if a.name == (name{"", local}) {
			return a.value
		}
	}
	return ""
}

// only fails for an element with other attributes than these: what they ask
// for would go unchecked. Attributes of other namespaces ask for nothing.
func (n *node) only(locals ...string) error {
next:
	for _, a := range n.attributes {
		if a.space != "" || a.local == "id" {
			continue
		}
		for _, l := range locals {
			if a.local == l {
				continue next
			}
		}
		return fmt.Errorf("line %d: <%s %s>: an attribute that is not understood", n.line, n.local, a.local)
	}
	return nil
}

// odd is the error of an element that is not understood.
func (n *node) odd() error {
	return fmt.Errorf("line %d: <%s>: not understood here", n.line, n.local)
}

// qualified is the name that a reference such as bom:refType means.
func (n *node) qualified(reference string) (name, error) {
	prefix, local, ok := strings.Cut(reference, ":")
	if !ok {
		prefix, local = "", reference
	}
	space, known := n.spaces[prefix]
	if local == "" || prefix != "" && !known {
		return name{}, fmt.Errorf("line %d: %q names nothing", n.line, reference)
	}
	return name{space, local}, nil
}
