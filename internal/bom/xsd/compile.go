// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"errors"
	"fmt"
	"strconv"
)

// A compiler makes a Schema of trees. Types are made when they are first
// needed, because they refer to each other in circles.
type compiler struct {
	schema  *Schema
	nodes   map[name]*node // what stands at the top, by its kind and name
	order   []name         // of nodes, as they come
	pending []func() error // contents of types that have been begun
}

// file takes in what stands at the top of a schema.
func (c *compiler) file(text []byte) error {
	root, err := readTree(text)
	if err != nil {
		return err
	}
	if root.name != (name{schemaSpace, "schema"}) || root.attribute("targetNamespace") == "" {
		return errors.New("no schema of a namespace")
	}
	if root.attribute("elementFormDefault") != "qualified" {
		return errors.New("elements without a namespace")
	}
	if err := root.only("targetNamespace", "elementFormDefault", "version"); err != nil {
		return err
	}
	target := root.attribute("targetNamespace")
	for _, n := range root.children {
		if n.space != schemaSpace {
			return n.odd()
		}
		switch n.local {
		case "import":
			continue // of the files that are given; what is missing is missed below
		case "element", "simpleType", "complexType", "attributeGroup":
			called := name{target, n.local + " " + n.attribute("name")}
			if n.attribute("name") == "" || c.nodes[called] != nil {
				return fmt.Errorf("line %d: <%s> without a name of its own", n.line, n.local)
			}
			c.nodes[called] = n
			c.order = append(c.order, called)
		default:
			return n.odd()
		}
	}
	return nil
}

// all makes everything, so that a fault of the schema shows now and not when
// some document meets it.
func (c *compiler) all() error {
	for _, called := range c.order {
		n, err := c.nodes[called], error(nil)
		switch n.local {
		case "element":
			var e *element
			e, err = c.element(n, called.space)
			if err == nil {
				c.schema.elements[e.name] = e
			}
		case "attributeGroup":
			_, err = c.group(name{called.space, n.attribute("name")})
		default:
			_, err = c.typeOf(name{called.space, n.attribute("name")}, n)
		}
		if err != nil {
			return err
		}
	}
	for len(c.pending) > 0 {
		last := c.pending[len(c.pending)-1]
		c.pending = c.pending[:len(c.pending)-1]
		if err := last(); err != nil {
			return err
		}
	}
	return nil
}

// typeOf returns a type by its name. at is where it is asked for.
func (c *compiler) typeOf(called name, at *node) (typed, error) {
	if t, ok := c.schema.types[called]; ok {
		return t, nil
	}
	if n := c.nodes[name{called.space, "complexType " + called.local}]; n != nil {
		t := &complex{}
		c.schema.types[called] = typed{complex: t} // before its content, which can have it in turn
		return typed{complex: t}, c.complexType(t, n, called.space)
	}
	if n := c.nodes[name{called.space, "simpleType " + called.local}]; n != nil {
		c.schema.types[called] = typed{} // what refers to itself has no type
		s, err := c.simpleType(n)
		c.schema.types[called] = typed{simple: s}
		return typed{simple: s}, err
	}
	return typed{}, fmt.Errorf("line %d: no type %s", at.line, called)
}

func (c *compiler) simpleOf(reference string, at *node) (*simple, error) {
	called, err := at.qualified(reference)
	if err != nil {
		return nil, err
	}
	t, err := c.typeOf(called, at)
	if err == nil && t.simple == nil {
		err = fmt.Errorf("line %d: %s is no simple type", at.line, called)
	}
	return t.simple, err
}

// element makes a declaration of an element. Its name may not be a reference:
// none of the schemas has any.
func (c *compiler) element(n *node, target string) (*element, error) {
	if err := n.only("name", "type", "minOccurs", "maxOccurs", "default"); err != nil {
		return nil, err
	}
	e := &element{name: name{target, n.attribute("name")}, fallback: n.attribute("default")}
	if e.local == "" {
		return nil, n.odd()
	}
	if t := n.attribute("type"); t != "" {
		called, err := n.qualified(t)
		if err != nil {
			return nil, err
		}
		if e.typed, err = c.typeOf(called, n); err != nil {
			return nil, err
		}
	}
	for _, child := range n.children {
		var err error
		switch {
		case child.local == "unique":
			err = e.constrain(child)
		case e.typed != (typed{}):
			err = child.odd()
		case child.local == "complexType":
			e.complex = &complex{}
			err = c.complexType(e.complex, child, target)
		case child.local == "simpleType":
			e.simple, err = c.simpleType(child)
		default:
			err = child.odd()
		}
		if err != nil {
			return nil, err
		}
	}
	if (e.fallback != "" || e.unique != nil && e.typed == (typed{})) && e.simple == nil {
		return nil, fmt.Errorf("line %d: a default or constraint that is not understood", n.line)
	}
	return e, nil
}

// constrain adds an identity constraint: that of an attribute of everything
// that stands in the element.
func (e *element) constrain(n *node) error {
	if len(n.children) != 2 || n.children[0].local != "selector" || n.children[1].local != "field" {
		return n.odd()
	}
	field := n.children[1].attribute("xpath")
	if n.children[0].attribute("xpath") != ".//*" || len(field) < 2 || field[0] != '@' {
		return fmt.Errorf("line %d: a constraint of another kind than that of an attribute of everything", n.line)
	}
	e.unique = append(e.unique, field[1:])
	return nil
}

// complexType fills a type. Its content is made later.
func (c *compiler) complexType(t *complex, n *node, target string) error {
	if err := n.only("name", "mixed"); err != nil {
		return err
	}
	t.mixed, t.uses = n.attribute("mixed") == "true", map[name]use{}
	for i, child := range n.children {
		var err error
		switch child.local {
		case "sequence", "choice":
			if i > 0 {
				return child.odd()
			}
			c.pending = append(c.pending, func() error {
				p, err := c.particle(child, target)
				if err == nil {
					t.content, err = newAutomaton(p)
				}
				if err != nil {
					return fmt.Errorf("line %d: %w", child.line, err)
				}
				return nil
			})
		case "simpleContent":
			if len(n.children) != 1 || len(child.children) != 1 || child.children[0].local != "extension" {
				return child.odd()
			}
			extension := child.children[0]
			if t.simple, err = c.simpleOf(extension.attribute("base"), extension); err != nil {
				return err
			}
			for _, a := range extension.children {
				if err = c.attribute(t, a, target); err != nil {
					return err
				}
			}
		default:
			err = c.attribute(t, child, target)
		}
		if err != nil {
			return err
		}
	}
	if t.content == nil {
		t.content = &automaton{nullable: true}
	}
	return nil
}

// attribute adds what may stand in a tag to a type.
func (c *compiler) attribute(t *complex, n *node, target string) error {
	switch n.local {
	case "anyAttribute":
		w, err := wildcardOf(n, target)
		t.foreign = w
		return err
	case "attributeGroup":
		called, err := n.qualified(n.attribute("ref"))
		if err != nil {
			return err
		}
		uses, err := c.group(called)
		for a, u := range uses {
			t.uses[a] = u
		}
		return err
	case "attribute":
		u, err := c.use(n)
		t.uses[name{"", n.attribute("name")}] = u
		return err
	}
	return n.odd()
}

func (c *compiler) group(called name) (map[name]use, error) {
	if uses, ok := c.schema.groups[called]; ok {
		return uses, nil
	}
	n := c.nodes[name{called.space, "attributeGroup " + called.local}]
	if n == nil {
		return nil, fmt.Errorf("no group of attributes %s", called)
	}
	uses := map[name]use{}
	c.schema.groups[called] = uses
	for _, a := range n.children {
		if a.local != "attribute" {
			return nil, a.odd()
		}
		u, err := c.use(a)
		if err != nil {
			return nil, err
		}
		uses[name{"", a.attribute("name")}] = u
	}
	return uses, nil
}

func (c *compiler) use(n *node) (u use, err error) {
	if err := n.only("name", "type", "use", "default"); err != nil {
		return use{}, err
	}
	if n.attribute("name") == "" {
		return use{}, n.odd()
	}
	switch n.attribute("use") {
	case "", "optional":
	case "required":
		u.required = true
	default:
		return use{}, n.odd()
	}
	switch {
	case n.attribute("type") != "" && len(n.children) == 0:
		u.typ, err = c.simpleOf(n.attribute("type"), n)
	case n.attribute("type") == "" && len(n.children) == 1 && n.children[0].local == "simpleType":
		u.typ, err = c.simpleType(n.children[0])
	default:
		err = n.odd()
	}
	return u, err
}

func wildcardOf(n *node, target string) (*wildcard, error) {
	if err := n.only("namespace", "processContents", "minOccurs", "maxOccurs"); err != nil {
		return nil, err
	}
	if n.attribute("processContents") != "lax" {
		return nil, fmt.Errorf("line %d: <%s> that is not lax", n.line, n.local)
	}
	switch n.attribute("namespace") {
	case "", "##any":
		return &wildcard{any: true}, nil
	case "##other":
		return &wildcard{except: target}, nil
	}
	return nil, n.odd()
}

// maxOccurs is the highest number of times that a schema may give.
const maxOccurs = 64

// occurs returns how often something may stand; most is -1 for any number of
// times.
func (n *node) occurs() (least, most int, err error) {
	least, most = 1, 1
	for _, bound := range []struct {
		of   string
		into *int
	}{{"minOccurs", &least}, {"maxOccurs", &most}} {
		text := n.attribute(bound.of)
		switch {
		case text == "":
		case text == "unbounded" && bound.of == "maxOccurs":
			most = -1
		default:
			if *bound.into, err = strconv.Atoi(text); err != nil || *bound.into < 0 || *bound.into > maxOccurs {
				return 0, 0, fmt.Errorf("line %d: %s is %q", n.line, bound.of, text)
			}
		}
	}
	if most >= 0 && most < least {
		return 0, 0, fmt.Errorf("line %d: at least %d and at most %d", n.line, least, most)
	}
	return least, most, nil
}
