// SPDX-License-Identifier: Apache-2.0

package jobfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

const (
	maxDocuments = 2       // GitLab's spec: header and the file itself
	maxHops      = 20      // through aliases to one value
	maxWork      = 1 << 18 // keys looked at, merged and repeated ones counted again
)

// A node is a place in a YAML file, or none. Only what is asked for is looked
// at, so aliases cost nothing until then, and what they cost then is bounded.
type node struct {
	*yaml.Node
	work *int // keys that may yet be looked at
}

// documents parses every document of a file.
func documents(file []byte) ([]node, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("%w: %d bytes, over the limit of %d", ErrForm, len(file), MaxFile)
	}
	var all []node
	work := maxWork
	for d := yaml.NewDecoder(bytes.NewReader(file)); ; {
		var n yaml.Node
		err := d.Decode(&n)
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrForm, err)
		case len(all) == maxDocuments:
			return nil, fmt.Errorf("%w: over %d YAML documents", ErrForm, maxDocuments)
		case len(n.Content) != 1:
			return nil, fmt.Errorf("%w: an empty YAML document", ErrForm)
		}
		all = append(all, node{n.Content[0], &work})
	}
}

// real is the node behind aliases, or none.
func (n node) real() node {
	for range maxHops {
		if n.Node == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = node{n.Alias, n.work}
	}
	return node{}
}

// isMap and isList say no to what has a tag of its own: !reference is a list
// only on paper.
func (n node) isMap() bool {
	r := n.real()
	return r.Node != nil && r.Kind == yaml.MappingNode && r.Tag == "!!map"
}
func (n node) isList() bool {
	r := n.real()
	return r.Node != nil && r.Kind == yaml.SequenceNode && r.Tag == "!!seq"
}

// there reports a value other than null.
func (n node) there() bool {
	r := n.real()
	return r.Node != nil && !(r.Kind == yaml.ScalarNode && r.Tag == "!!null")
}

// list returns the items of a list, and of anything else none.
func (n node) list() []node {
	if !n.isList() {
		return nil
	}
	var items []node
	for _, c := range n.real().Content {
		items = append(items, node{c, n.work})
	}
	return items
}

// text returns a string. Numbers, booleans and tagged values are none.
func (n node) text() (string, bool) {
	r := n.real()
	if r.Node == nil || r.Kind != yaml.ScalarNode || r.Tag != "!!str" {
		return "", false
	}
	return r.Value, true
}

// An entry is one key of a mapping and its value.
type entry struct {
	key   string
	value node
}

// entries are those of the mapping as it is written, and what it merges in. A
// key that is there twice is an error, for which of them counts differs
// between readers.
func (n node) entries() (own []entry, merged node, err error) {
	if !n.isMap() {
		return nil, node{}, nil
	}
	content := n.real().Content
	if *n.work -= len(content); *n.work < 0 {
		return nil, node{}, fmt.Errorf("%w: over %d keys to look at", ErrForm, maxWork)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(content); i += 2 {
		k, value := content[i], node{content[i+1], n.work}
		switch {
		case k.Kind != yaml.ScalarNode:
			continue
		case seen[k.Value]:
			return nil, node{}, fmt.Errorf("%w: line %d: %s is there twice", ErrForm, k.Line, short(k.Value))
		case k.Tag == "!!merge":
			merged = value
		default:
			own = append(own, entry{k.Value, value})
		}
		seen[k.Value] = true
	}
	return own, merged, nil
}

// get returns the value of a key in a mapping, or none. It looks in the
// mapping itself, then in what it merges in, first to last.
func (n node) get(key string) (node, error) {
	own, merged, err := n.entries()
	if err != nil {
		return node{}, err
	}
	for _, e := range own {
		if e.key == key {
			return e.value, nil
		}
	}
	from := merged.list()
	if !merged.isList() {
		from = []node{merged}
	}
	for _, m := range from {
		if !m.isMap() {
			continue
		}
		if *n.work--; *n.work < 0 {
			return node{}, fmt.Errorf("%w: over %d keys to look at", ErrForm, maxWork)
		}
		if found, err := m.get(key); err != nil || found.Node != nil {
			return found, err
		}
	}
	return node{}, nil
}
