// SPDX-License-Identifier: Apache-2.0

package draft7

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A node is a schema, or a part of one.
type node struct {
	never bool // nothing is valid
	ref   *node

	types           []string
	values          []any // one of these; nil: anything
	format          string
	valid           func(string) bool // as a text of that format; nil: it is
	pattern         *regexp.Regexp
	shortest        int
	longest         int // -1: any
	least, most     int // items; -1: any
	minimum         *decimal
	maximum         *decimal
	unique          bool
	properties      map[string]*node
	required        []string
	additional      *node // properties beside those; nil: anything
	items           *node // nil: anything
	tuple           []*node
	rest            *node // items behind those of tuple
	all, any, one   []*node
	not             *node
	when, then, els *node
}

// A compiler makes nodes of schemas. Each is made once, because they refer to
// each other in circles.
type compiler struct {
	load  func(name string) ([]byte, error)
	files map[string]map[string]any
	nodes map[string]*node // by file and pointer
}

// draft is what a schema calls its language.
const draft = "http://json-schema.org/draft-07/schema#"

// reference returns what a reference in a file means: another file, or a
// definition in one.
func (c *compiler) reference(file, to string) (*node, error) {
	address, pointer, _ := strings.Cut(to, "#")
	if address != "" {
		file = address[strings.LastIndexByte(address, '/')+1:]
	}
	key := file + "#" + pointer
	if n := c.nodes[key]; n != nil {
		return n, nil
	}
	root, err := c.file(file)
	if err != nil {
		return nil, err
	}
	value := any(root)
	if pointer != "" {
		name, ok := strings.CutPrefix(pointer, "/definitions/")
		definitions, _ := root["definitions"].(map[string]any)
		if value = definitions[name]; !ok || value == nil {
			return nil, fmt.Errorf("%s: nothing is at #%s", file, pointer)
		}
	}
	n := &node{}
	c.nodes[key] = n // before what is in it, which can be it again
	if err := c.node(n, value, file, pointer); err != nil {
		return nil, err
	}
	return n, nil
}

func (c *compiler) file(name string) (map[string]any, error) {
	if root := c.files[name]; root != nil {
		return root, nil
	}
	text, err := c.load(name)
	if err != nil {
		return nil, err
	}
	v, err := Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	root, ok := v.(map[string]any)
	if !ok || root["$schema"] != draft {
		return nil, fmt.Errorf("%s is no JSON Schema of draft 7", name)
	}
	c.files[name] = root
	return root, nil
}

// node fills a node with a schema that stands at some place in a file.
func (c *compiler) node(n *node, v any, file, at string) error {
	n.longest, n.least, n.most = -1, -1, -1
	if is, ok := v.(bool); ok {
		n.never = !is
		return nil
	}
	members, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s#%s: no schema", file, at)
	}
	if to, ok := members["$ref"].(string); ok {
		ref, err := c.reference(file, to) // what stands beside it is ignored (section 8.3)
		n.ref = ref
		return err
	}
	k := keywords{compiler: c, node: n, file: file, at: at}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if err := k.keyword(name, members[name]); err != nil {
			return fmt.Errorf("%s#%s/%s: %w", file, at, name, err)
		}
	}
	return nil
}

// keywords fills one node.
type keywords struct {
	*compiler
	node     *node
	file, at string
}

var errKeyword = errors.New("not understood")

func (k *keywords) keyword(name string, v any) (err error) {
	n := k.node
	switch name {
	case "$schema", "$id", "definitions":
		return nil // of the file as a whole
	case "type":
		n.types, err = texts(v)
		if text, ok := v.(string); ok {
			n.types, err = []string{text}, nil
		}
		if err == nil && !slices.ContainsFunc(n.types, isType) {
			err = errKeyword
		}
	case "enum":
		n.values, err = plain(v)
	case "const":
		n.values, err = plain([]any{v})
	case "format":
		known := false
		n.format, _ = v.(string)
		if n.valid, known = formatOf(n.format); !known {
			err = errKeyword
		}
	case "pattern":
		text, _ := v.(string)
		n.pattern, err = regexp.Compile(text)
	case "minLength":
		n.shortest, err = count(v)
	case "maxLength":
		n.longest, err = count(v)
	case "minItems":
		n.least, err = count(v)
	case "maxItems":
		n.most, err = count(v)
	case "minimum":
		n.minimum, err = bound(v)
	case "maximum":
		n.maximum, err = bound(v)
	case "uniqueItems":
		n.unique = v == true
	case "required":
		n.required, err = texts(v)
	default:
		return k.applied(name, v)
	}
	return err
}

// applied are the keywords that have schemas in them.
func (k *keywords) applied(name string, v any) (err error) {
	n := k.node
	switch name {
	case "properties":
		members, ok := v.(map[string]any)
		if !ok {
			return errKeyword
		}
		n.properties = make(map[string]*node, len(members))
		for _, p := range slices.Sorted(maps.Keys(members)) {
			if n.properties[p], err = k.inner(name+"/"+p, members[p]); err != nil {
				return err
			}
		}
	case "additionalProperties":
		n.additional, err = k.inner(name, v)
	case "items":
		if list, ok := v.([]any); ok {
			n.tuple, err = k.list(name, list)
		} else {
			n.items, err = k.inner(name, v)
		}
	case "additionalItems":
		n.rest, err = k.inner(name, v)
	case "allOf":
		n.all, err = k.list(name, v)
	case "anyOf":
		n.any, err = k.list(name, v)
	case "oneOf":
		n.one, err = k.list(name, v)
	case "not":
		n.not, err = k.inner(name, v)
	case "if":
		n.when, err = k.inner(name, v)
	case "then":
		n.then, err = k.inner(name, v)
	case "else":
		n.els, err = k.inner(name, v)
	default:
		err = errKeyword
	}
	return err
}

func (k *keywords) inner(name string, v any) (*node, error) {
	n := &node{}
	return n, k.compiler.node(n, v, k.file, k.at+"/"+name)
}

func (k *keywords) list(name string, v any) (out []*node, err error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, errKeyword
	}
	for i, item := range list {
		n, err := k.inner(name+"/"+strconv.Itoa(i), item)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

func isType(name string) bool {
	return slices.Contains([]string{"object", "array", "string", "number", "integer", "boolean", "null"}, name)
}

func texts(v any) ([]string, error) {
	list, ok := v.([]any)
	out := []string{}
	for _, item := range list {
		text, is := item.(string)
		ok = ok && is
		out = append(out, text)
	}
	if !ok {
		return nil, errKeyword
	}
	return out, nil
}

// plain are values that are compared as they are: texts and truth values.
func plain(v any) ([]any, error) {
	list, ok := v.([]any)
	for _, item := range list {
		switch item.(type) {
		case string, bool, nil:
		default:
			ok = false
		}
	}
	if !ok {
		return nil, errKeyword
	}
	return list, nil
}

func count(v any) (int, error) {
	number, _ := v.(json.Number)
	n, err := strconv.Atoi(string(number))
	if err != nil || n < 0 {
		return 0, errKeyword
	}
	return n, nil
}

func bound(v any) (*decimal, error) {
	number, ok := v.(json.Number)
	if !ok {
		return nil, errKeyword
	}
	d := parseDecimal(string(number))
	return &d, nil
}
