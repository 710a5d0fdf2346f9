// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// maxElements is how many elements of one XML document are held in memory.
const maxElements = 300_000

// An xmlElement is an element of a small XML document, or of a small part of a
// large one. Names are without their namespace.
type xmlElement struct {
	name string
	line int
	text string // what stands directly in it, trimmed
	attr []xml.Attr
	kids []xmlElement
}

// get returns the first element of a name in an element, nil if there is none.
//
//go:noinline
func (e *xmlElement) get(name string) *xmlElement {
	if e == nil {
		return nil
	}
	for i := range e.kids {
		if e.kids[i].name == name {
			return &e.kids[i]
		}
	}
	return nil
}

// str returns the text of the first element of a name.
//
//go:noinline
func (e *xmlElement) str(name string) string {
	if kid := e.get(name); kid != nil {
		return kid.text
	}
	return ""
}

// list returns the elements of a list: those that are called item in the first
// element that is called name.
//
//go:noinline
func (e *xmlElement) list(name, item string) []*xmlElement {
	outer := e.get(name)
	if outer == nil {
		return nil
	}
	var out []*xmlElement
	for i := range outer.kids {
		if outer.kids[i].name == item {
			out = append(out, &outer.kids[i])
		}
	}
	return out
}

// attribute returns the value of an attribute, trimmed. The case of its name
// does not matter.
func (e *xmlElement) attribute(name string) string {
	for _, a := range e.attr {
		if strings.EqualFold(a.Name.Local, name) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// once refuses an element that has two elements of one name.
func (e *xmlElement) once() error {
	seen := make(map[string]bool, len(e.kids))
	for i := range e.kids {
		if seen[e.kids[i].name] {
			return fmt.Errorf("line %d: a second <%s>", e.kids[i].line, e.kids[i].name)
		}
		seen[e.kids[i].name] = true
	}
	return nil
}

// An xmlReader walks through an XML document. No entity is ever resolved that
// the document or another file defines: encoding/xml knows only those of XML
// itself and, as Maven does, those of HTML.
type xmlReader struct {
	dec   *xml.Decoder
	depth int
	count int
}

// readXML reads a document, in any encoding that xmlText knows, whose root has
// a name. root is called with the reader behind the root's start.
func readXML(data []byte, name string, root func(r *xmlReader) error) error {
	text, err := xmlText(data)
	if err != nil {
		return err
	}
	r := &xmlReader{dec: xml.NewDecoder(bytes.NewReader(text))}
	r.dec.Entity = xml.HTMLEntity
	r.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return xmlError(r.document(name, root))
}

func (r *xmlReader) document(name string, root func(r *xmlReader) error) error {
	found := false
	for {
		tok, err := r.dec.Token()
		if errors.Is(err, io.EOF) && found {
			return nil
		} else if errors.Is(err, io.EOF) {
			return errors.New("the file holds no XML element")
		} else if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if found || tok.Name.Local != name {
				return fmt.Errorf("line %d: <%s> where <%s> should be", r.line(), tok.Name.Local, name)
			}
			found = true
			if err := root(r); err != nil {
				return err
			}
		case xml.CharData:
			if text := bytes.TrimSpace(tok); len(text) > 0 {
				return fmt.Errorf("line %d: text outside of the document", r.line())
			}
		}
	}
}

// xmlError returns an error of encoding/xml as the others are: "line 3: what".
func xmlError(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("line %d: %s", syntax.Line, syntax.Msg)
	}
	return err
}

func (r *xmlReader) line() int {
	line, _ := r.dec.InputPos()
	return line
}

// children calls visit for each element in the current one. visit must read
// it, by element, children or skip. What ends is the current element.
func (r *xmlReader) children(visit func(start xml.StartElement) error) error {
	_, err := r.content(visit)
	return err
}

// content is children that also returns the text between the elements.
func (r *xmlReader) content(visit func(start xml.StartElement) error) (string, error) {
	if r.depth++; r.depth > maxDepth {
		return "", fmt.Errorf("line %d: XML nested more than %d deep", r.line(), maxDepth)
	}
	defer func() { r.depth-- }()
	var text []byte
	for {
		tok, err := r.dec.Token()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("line %d: the file ends in the middle of an element", r.line())
		} else if err != nil {
			return "", err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if err := visit(tok); err != nil {
				return "", err
			}
		case xml.CharData:
			text = append(text, tok...)
		case xml.EndElement:
			return string(bytes.TrimSpace(text)), nil
		}
	}
}

// element reads the element that start begins, with everything in it.
func (r *xmlReader) element(start xml.StartElement) (xmlElement, error) {
	if r.count++; r.count > maxElements {
		return xmlElement{}, fmt.Errorf("line %d: more than %d XML elements", r.line(), maxElements)
	}
	e := xmlElement{name: start.Name.Local, line: r.line(), attr: start.Attr}
	text, err := r.content(func(start xml.StartElement) error {
		kid, err := r.element(start)
		e.kids = append(e.kids, kid)
		return err
	})
	e.text = text
	return e, err
}

// skip reads past the element that has just begun.
func (r *xmlReader) skip() error {
	return r.children(func(xml.StartElement) error { return r.skip() })
}

// readXMLFile reads a document of at most limit bytes as a whole, but for the
// elements directly in its root that keep does not want.
func readXMLFile(fsys fs.FS, p, root string, limit int64, keep func(name string) bool) (xmlElement, error) {
	data, err := readFile(fsys, p, limit)
	if err != nil {
		return xmlElement{}, err
	}
	return parseXML(data, root, keep)
}

func parseXML(data []byte, root string, keep func(name string) bool) (xmlElement, error) {
	e := xmlElement{name: root}
	err := readXML(data, root, func(r *xmlReader) error {
		e.line = r.line()
		return r.children(func(start xml.StartElement) error {
			if !keep(start.Name.Local) {
				return r.skip()
			}
			kid, err := r.element(start)
			e.kids = append(e.kids, kid)
			return err
		})
	})
	return e, err
}
