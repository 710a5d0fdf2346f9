// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// Limits of a document. Each is named in the error of a document that is over
// it.
const (
	MaxDepth      = 128  // of elements in each other
	MaxAttributes = 1000 // of one element
	MaxPrefixes   = 1000 // of namespaces that hold in one element
)

// The namespaces that XML itself knows.
const (
	xmlSpace      = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace    = "http://www.w3.org/2000/xmlns/"
	instanceSpace = "http://www.w3.org/2001/XMLSchema-instance"
)

// A name is what an element or attribute is called.
type name struct{ space, local string }

func (n name) String() string {
	if n.space == "" {
		return n.local
	}
	return "{" + n.space + "}" + n.local
}

// An attribute is one that stands in an element.
type attribute struct {
	name
	value string
}

// A tag begins an element.
type tag struct {
	name
	attributes []attribute
	line       int
	spaces     map[string]string // namespaces by their prefix; shared, never written to
}

// ErrXML says that a text is no XML document, or one that is not read. The
// text says why.
var ErrXML = errors.New("not an XML document that is read")

// A handler is told what stands in a document, in its order.
type handler interface {
	begin(tag)
	text([]byte) // of the element that began last and has not ended
	end()
}

// parse reads a document and holds it to what encoding/xml does not ask for:
// one element that everything stands in, no attribute twice, no prefix without
// a namespace, no document type.
func parse(text []byte, h handler) error {
	p := parser{decoder: xml.NewDecoder(bytes.NewReader(text)), handler: h}
	for {
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return p.over()
		}
		if err == nil {
			err = p.take(token)
		}
		if err != nil {
			line, _ := p.decoder.InputPos()
			return fmt.Errorf("%w: line %d: %w", ErrXML, line, err)
		}
	}
}

type parser struct {
	decoder *xml.Decoder
	handler handler
	open    []opened
	begun   bool // there was something that only white space may stand before
	rooted  bool // there was an element
}

// An opened element has begun and not ended.
type opened struct {
	raw    xml.Name // prefix and name, as they stand there
	spaces map[string]string
}

func (p *parser) over() error {
	if len(p.open) > 0 {
		return fmt.Errorf("%w: it ends within <%s>", ErrXML, p.open[len(p.open)-1].raw.Local)
	}
	if !p.rooted {
		return fmt.Errorf("%w: there is no element in it", ErrXML)
	}
	return nil
}

func (p *parser) take(token xml.Token) error {
	first := !p.begun
	p.begun = true
	switch t := token.(type) {
	case xml.StartElement:
		return p.begin(t)
	case xml.EndElement:
		return p.end(t)
	case xml.CharData:
		if len(p.open) > 0 {
			p.handler.text(t)
		} else if len(bytes.TrimLeft(t, spaceCharacters)) > 0 {
			return errors.New("text outside of every element")
		}
	case xml.Directive:
		return errors.New("a document type, which is not read")
	case xml.ProcInst:
		switch {
		case !strings.EqualFold(t.Target, "xml"):
		case !first:
			return errors.New("an XML declaration that does not stand first")
		case !versionOne.MatchString(string(t.Inst)):
			return errors.New("an XML declaration of another version than 1.0")
		}
	}
	return nil
}

var versionOne = pattern.New(`^version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]|$)`)

const spaceCharacters = " \t\r\n"

func (p *parser) begin(start xml.StartElement) error {
	if len(p.open) == 0 && p.rooted {
		return errors.New("a second element that nothing stands around")
	}
	if len(p.open) == MaxDepth {
		return fmt.Errorf("deeper than the limit of %d elements", MaxDepth)
	}
	if len(start.Attr) > MaxAttributes {
		return fmt.Errorf("more than the limit of %d attributes in one element", MaxAttributes)
	}
	p.rooted = true
	spaces, err := p.scope(start.Attr)
	if err != nil {
		return err
	}
	line, _ := p.decoder.InputPos()
	t := tag{line: line, spaces: spaces}
	if t.name, err = resolve(start.Name, spaces, spaces[""]); err != nil {
		return err
	}
	for _, a := range start.Attr {
		if isDeclaration(a.Name) {
			continue
		}
		n, err := resolve(a.Name, spaces, "")
		if err != nil {
			return err
		}
		for _, other := range t.attributes {
			if other.name == n {
				return fmt.Errorf("the attribute %.80s stands twice in one element", n.local)
			}
		}
		t.attributes = append(t.attributes, attribute{n, a.Value})
	}
	p.open = append(p.open, opened{start.Name, spaces})
	p.handler.begin(t)
	return nil
}

func isDeclaration(n xml.Name) bool { return n.Space == "xmlns" || n.Space == "" && n.Local == "xmlns" }

// scope returns the namespaces that hold in an element.
func (p *parser) scope(attributes []xml.Attr) (map[string]string, error) {
	spaces := map[string]string{"xml": xmlSpace}
	if len(p.open) > 0 {
		spaces = p.open[len(p.open)-1].spaces
	}
	shared, seen := len(p.open) > 0, []string(nil)
	for _, a := range attributes {
		if !isDeclaration(a.Name) {
			continue
		}
		prefix := a.Name.Local
		if a.Name.Space == "" {
			prefix = ""
		}
		switch {
		case slices.Contains(seen, prefix):
			return nil, fmt.Errorf("the namespace of %.80q stands twice in one element", prefix)
		case prefix == "xmlns", prefix == "xml" && a.Value != xmlSpace, prefix != "xml" && a.Value == xmlSpace, a.Value == xmlnsSpace, prefix != "" && a.Value == "":
			return nil, fmt.Errorf("the prefix %.80q may not stand for %.80q", prefix, a.Value)
		}
		seen = append(seen, prefix)
		if shared {
			spaces, shared = maps.Clone(spaces), false
		}
		if spaces[prefix] = a.Value; len(spaces) > MaxPrefixes {
			return nil, fmt.Errorf("more than the limit of %d namespaces", MaxPrefixes)
		}
	}
	return spaces, nil
}

func resolve(n xml.Name, spaces map[string]string, none string) (name, error) {
	if n.Space == "" {
		return name{none, n.Local}, nil
	}
	space, ok := spaces[n.Space]
	if !ok {
		return name{}, fmt.Errorf("the prefix %.80q stands for no namespace", n.Space)
	}
	return name{space, n.Local}, nil
}

func (p *parser) end(e xml.EndElement) error {
	if len(p.open) == 0 {
		return fmt.Errorf("</%.80s> ends what has not begun", e.Name.Local)
	}
	last := p.open[len(p.open)-1]
	if last.raw != e.Name {
		return fmt.Errorf("</%.80s> ends <%.80s>", e.Name.Local, last.raw.Local)
	}
	p.open = p.open[:len(p.open)-1]
	p.handler.end()
	return nil
}
