// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxWorkflow is how long a file that people write for a pipeline may be, in
// bytes. GitHub takes half a million.
const maxWorkflow = 2 << 20

// A yamlTree is YAML that people wrote, with anchors and aliases. An alias is
// followed and never copied, and there is an end to how often.
type yamlTree struct {
	roots []*yaml.Node // of its documents, each a mapping
	steps int
}

// maxDocuments is how many documents one file may hold.
const maxDocuments = 16

// maxYAMLSteps is how many values of one file are looked at, aliases followed.
// A workflow has a few thousand.
const maxYAMLSteps = 200_000

// readYAMLTree reads a file.
func (t *tree) readYAMLTree(p string) (*yamlTree, error) {
	data, err := readFile(t.root, p, min(maxWorkflow, t.limits.File))
	if err != nil {
		return nil, err
	}
	if data, err = plainText(data); err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, errors.New("the file is not UTF-8")
	}
	y := &yamlTree{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for range maxDocuments {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(oneLine(err), "yaml: "))
		}
		if root := doc.Content[0]; root.Kind == yaml.MappingNode {
			y.roots = append(y.roots, root)
		} else {
			return nil, fmt.Errorf("line %d: not a mapping", root.Line)
		}
	}
	if len(y.roots) == 0 {
		return nil, errors.New("the file is empty")
	}
	return y, nil
}

// top calls f for every member of every document.
func (y *yamlTree) top(f func(key string, v *yaml.Node) error) error {
	for _, root := range y.roots {
		if err := y.members(root, f); err != nil {
			return err
		}
	}
	return nil
}

// errSteps says that aliases make a file too large to look at.
var errSteps = fmt.Errorf("more than %d values, with its YAML aliases followed", maxYAMLSteps)

// follow returns the value that an alias stands for.
func (y *yamlTree) follow(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < maxDepth; i++ {
		n = n.Alias
	}
	return n
}

// members calls f for every member of a mapping, those that it merges in last.
// A key that stands twice is an error: which one counts is a matter of who
// reads it.
func (y *yamlTree) members(n *yaml.Node, f func(key string, v *yaml.Node) error) error {
	return y.merged(n, map[string]bool{}, 0, f)
}

func (y *yamlTree) merged(n *yaml.Node, seen map[string]bool, depth int, f func(key string, v *yaml.Node) error) error {
	n = y.follow(n)
	if n == nil || n.Kind != yaml.MappingNode || depth > maxDepth {
		return nil
	}
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if y.steps++; y.steps > maxYAMLSteps {
			return errSteps
		}
		k, v := n.Content[i], y.follow(n.Content[i+1])
		if k.Value == "<<" || k.Kind != yaml.ScalarNode || v == nil {
			continue
		}
		if own[k.Value] {
			return twice(k.Value, k.Line)
		}
		own[k.Value] = true
		if seen[k.Value] {
			continue
		}
		seen[k.Value] = true
		if err := f(k.Value, v); err != nil {
			return err
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "<<" {
			continue
		}
		for _, base := range y.items(n.Content[i+1]) {
			if err := y.merged(base, seen, depth+1, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// items returns the items of a list, or a value that stands alone.
func (y *yamlTree) items(n *yaml.Node) []*yaml.Node {
	n = y.follow(n)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	y.steps += len(n.Content)
	if y.steps > maxYAMLSteps {
		return nil
	}
	out := make([]*yaml.Node, 0, len(n.Content))
	for _, item := range n.Content {
		if item = y.follow(item); item != nil {
			out = append(out, item)
		}
	}
	return out
}

// get returns the value of a key, nil if there is none.
func (y *yamlTree) get(n *yaml.Node, key string) *yaml.Node {
	var found *yaml.Node
	_ = y.members(n, func(k string, v *yaml.Node) error {
		if k == key {
			found = v
		}
		return nil
	})
	return found
}

// text returns a value that is a text, or the one under a key of a mapping.
func (y *yamlTree) text(n *yaml.Node, key string) (string, *yaml.Node) {
	n = y.follow(n)
	if n != nil && n.Kind == yaml.MappingNode {
		n = y.get(n, key)
	}
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", nil
	}
	return n.Value, n
}
