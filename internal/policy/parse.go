// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/pattern"
)

// Parse reads a policy file, strictly: what it does not know it refuses, and
// what could be read in two ways it refuses too. The error is an Errors with
// everything wrong, by line and column.
//
// Parse does not ask whether there are people enough: see Policy.Ready.
func Parse(data []byte) (*Policy, error) {
	root, err := document(data)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	d := &decoder{
		where: map[string]*yaml.Node{"": root},
		p: &Policy{
			Digest:       hex.EncodeToString(sum[:]),
			Source:       bytes.Clone(data),
			Signers:      map[string]Signer{},
			Principals:   map[string]Principal{},
			Environments: map[string]Environment{},
		},
	}
	d.policy(root)
	d.check()
	if err := d.errs.orNil(); err != nil {
		return nil, err
	}
	d.findUnready()
	return d.p, nil
}

// document returns the root of the only YAML document in data, once it is
// sure that no reader could see another document in the same bytes.
func document(data []byte) (*yaml.Node, error) {
	if len(data) > MaxSize {
		return nil, Errors{{Line: 1, Column: 1, Text: fmt.Sprintf("the file has %d bytes; a policy has at most %d", len(data), MaxSize)}}
	}
	if err := readable(data); err != nil {
		return nil, Errors{err}
	}
	var doc yaml.Node
	reader := yaml.NewDecoder(bytes.NewReader(data))
	err := reader.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, Errors{{Line: 1, Column: 1, Text: "the file is empty; it starts with version: 1"}}
	}
	if err != nil {
		return nil, Errors{syntaxError(data, err)}
	}
	if errs := plainOnly(&doc, 0, nil); len(errs) > 0 {
		return nil, errs.orNil()
	}
	var second yaml.Node
	if err := reader.Decode(&second); err == nil {
		return nil, Errors{{Line: second.Line, Column: second.Column, Text: "a second document starts here; a policy is one document"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, Errors{syntaxError(data, err)}
	}
	return doc.Content[0], nil
}

// hidden are the characters with which a file shows its reader one thing and
// its parser another: line breaks that editors do not show as such, and marks
// that change the direction of text.
const hidden = "\u0085\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff"

// readable refuses bytes that are not the text they look like.
func readable(data []byte) *Error {
	line, start := 1, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		bad := ""
		switch {
		case r == utf8.RuneError && size <= 1:
			bad = fmt.Sprintf("byte 0x%02x is not UTF-8", data[i])
		case r == '\r' && (i+1 == len(data) || data[i+1] != '\n'):
			bad = "a carriage return that ends no line; YAML would break the line here and an editor might not"
		case r < ' ' && r != '\n' && r != '\t' && r != '\r', r == 0x7f, r > 0x7f && strings.ContainsRune(hidden, r):
			bad = fmt.Sprintf("the character U+%04X does not show; take it out", r)
		}
		if bad != "" {
			return &Error{Line: line, Column: utf8.RuneCount(data[start:i]) + 1, Text: bad}
		}
		i += size
		if r == '\n' {
			line, start = line+1, i
		}
	}
	return nil
}

var parserLine = pattern.New(`^yaml: line (\d+): `)

// syntaxError turns the YAML parser's error into one that says where, and
// what to do about the commonest cause.
func syntaxError(data []byte, cause error) *Error {
	lines := strings.Split(string(data), "\n")
	text := strings.TrimPrefix(cause.Error(), "yaml: ")
	at := 1
	if m := parserLine.FindStringSubmatch(cause.Error()); m != nil {
		at, _ = strconv.Atoi(m[1])
		_, text, _ = strings.Cut(text, ": ")
	}
	at = min(max(at, 1), len(lines))
	for _, n := range []int{at, at - 1, at + 1} { // the parser is a line off at times
		if n < 1 || n > len(lines) {
			continue
		}
		if indent := len(lines[n-1]) - len(strings.TrimLeft(lines[n-1], " \t")); strings.Contains(lines[n-1][:indent], "\t") {
			return &Error{Line: n, Column: strings.Index(lines[n-1], "\t") + 1, Text: "a tab indents this line; YAML is indented with spaces"}
		}
	}
	column := len(lines[at-1]) - len(strings.TrimLeft(lines[at-1], " ")) + 1
	return &Error{Line: at, Column: column, Text: "not YAML: " + text}
}

// plainOnly refuses what lets a file say the same thing in a second place or
// in a second way: anchors, aliases, merge keys and tags.
func plainOnly(n *yaml.Node, depth int, errs Errors) Errors {
	bad := func(text string) Errors {
		return append(errs, &Error{Line: n.Line, Column: n.Column, Text: text})
	}
	switch {
	case len(errs) >= maxErrors:
		return errs
	case depth > maxDepth:
		return bad(fmt.Sprintf("nested deeper than %d", maxDepth))
	case n.Kind == yaml.AliasNode:
		return bad(fmt.Sprintf("the alias *%s is refused: write the value out", n.Value))
	case n.Anchor != "":
		return bad(fmt.Sprintf("the anchor &%s is refused: write the value out where it is needed", n.Anchor))
	case n.Tag == "!!merge":
		return bad("the merge key << is refused: write the values out")
	case n.Style&yaml.TaggedStyle != 0:
		return bad(fmt.Sprintf("the tag %s is refused", n.Tag))
	}
	for _, c := range n.Content {
		errs = plainOnly(c, depth+1, errs)
	}
	return errs
}
