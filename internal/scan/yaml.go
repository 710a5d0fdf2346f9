// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"
)

// A yamlValue is a value of a YAML mapping or list. Every scalar is a text: no
// lockfile means a number.
type yamlValue struct {
	key  string // in a mapping
	line int
	kind yaml.Kind // 0 for a value that is not there
	text string
	list []yamlValue // of a mapping or a list
}

// get returns the value of a key, or one that is not there.
func (v *yamlValue) get(key string) *yamlValue {
	if v.kind == yaml.MappingNode {
		for i := range v.list {
			if v.list[i].key == key {
				return &v.list[i]
			}
		}
	}
	return &yamlValue{}
}

// str returns the text of a key's value, empty if it is not a text.
func (v *yamlValue) str(key string) string { return v.get(key).text }

// pairs are the members of a mapping, none of anything else.
func (v *yamlValue) pairs() []yamlValue {
	if v.kind != yaml.MappingNode {
		return nil
	}
	return v.list
}

// maxOddYAML is how long a file may be, in bytes, that is not written the way
// the tools write theirs: a library reads that, with a hundred times the
// memory.
const maxOddYAML = 8 << 20

// errOddYAML says that a file is YAML, perhaps, but not of the plain kind that
// the tools write.
var errOddYAML = errors.New("not plain YAML")

// A yamlSink is told what a document has: its members, with an empty section,
// and in place of a mapping that is streamed the members of that.
type yamlSink func(section string, v *yamlValue) error

// readYAML reads a document, or several in one file, to a sink. The mappings
// that stream names, with a space around each name, are told member by member
// and not kept. start makes the sink, and if it is called again then what the
// first one was told is void.
//
// Lockfiles are written by tools, in a small part of YAML. That part is read
// here, because a library needs a gigabyte for a large one; what is not of it
// goes through the library. Where both can read a file they read the same.
func readYAML(data []byte, stream string, start func() yamlSink) error {
	if !utf8.Valid(data) {
		return errors.New("the file is not UTF-8")
	}
	text := string(data) // from here on the only copy
	r := yamlReader{text: text, stream: stream, sink: start()}
	err := r.documents()
	if errors.Is(err, errOddYAML) {
		return readOddYAML(text, stream, start())
	}
	return err
}

// isStreamed reports whether stream, a list with spaces around every name, has
// a name.
func isStreamed(stream, name string) bool {
	return name != "" && strings.Contains(stream, " "+name+" ")
}

// readOddYAML reads YAML with a library.
func readOddYAML(text, stream string, sink yamlSink) error {
	if len(text) > maxOddYAML {
		return fmt.Errorf("%d bytes of YAML that no tool writes this way; the limit is %d", len(text), maxOddYAML)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return errors.New(strings.TrimPrefix(oneLine(err), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return errors.New("the file is empty")
	}
	root, err := convertYAML(doc.Content[0], "", 0)
	if err != nil {
		return err
	}
	if root.kind != yaml.MappingNode {
		return fmt.Errorf("line %d: not a mapping", root.line)
	}
	for i := range root.list {
		v := &root.list[i]
		if !isStreamed(stream, v.key) || v.kind != yaml.MappingNode {
			if err := sink("", v); err != nil {
				return err
			}
			continue
		}
		for j := range v.list {
			if err := sink(v.key, &v.list[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// convertYAML takes over a tree of the library's. Anchors and aliases, by
// which a small file becomes a huge one, are refused, and so are keys that
// stand twice.
func convertYAML(n *yaml.Node, key string, depth int) (yamlValue, error) {
	v := yamlValue{key: key, line: n.Line, kind: n.Kind, text: n.Value}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return v, fmt.Errorf("line %d: YAML anchors and aliases are refused", n.Line)
	case depth > maxDepth:
		return v, fmt.Errorf("line %d: YAML nested more than %d deep", n.Line, maxDepth)
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		v.kind, v.text = 0, ""
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			w, err := convertYAML(item, "", depth+1)
			if err != nil {
				return v, err
			}
			v.list = append(v.list, w)
		}
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Anchor != "" || k.Value == "<<" {
				return v, fmt.Errorf("line %d: a key that is not a text", k.Line)
			}
			w, err := convertYAML(n.Content[i+1], k.Value, depth+1)
			if err != nil {
				return v, err
			}
			w.line = k.Line
			v.list = append(v.list, w)
		}
		return v, v.unique()
	}
	return v, nil
}

// unique refuses a mapping that has a key twice: which one counts is a matter
// of who reads it.
func (v *yamlValue) unique() error {
	if len(v.list) < 2 {
		return nil
	}
	if len(v.list) > 8 {
		seen := make(map[string]bool, len(v.list))
		for i := range v.list {
			if seen[v.list[i].key] {
				return twice(v.list[i].key, v.list[i].line)
			}
			seen[v.list[i].key] = true
		}
		return nil
	}
	for i := range v.list {
		for j := range i {
			if v.list[i].key == v.list[j].key {
				return twice(v.list[i].key, v.list[i].line)
			}
		}
	}
	return nil
}

func twice(key string, line int) error {
	return fmt.Errorf("line %d: the key %q stands twice", line, shown(key))
}

// unquote reads a text in double quotes, which is JSON as far as the tools
// write it.
func unquote(s string) (string, error) {
	if len(s) >= 2 && strings.IndexByte(s[1:len(s)-1], '\\') < 0 && strings.IndexByte(s[1:len(s)-1], '"') < 0 {
		return s[1 : len(s)-1], nil
	}
	out, err := jsontext.AppendUnquote(nil, s)
	if err != nil {
		return "", errOddYAML
	}
	return string(out), nil
}
