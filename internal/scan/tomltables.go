// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
)

// A tomlPart is a part of a TOML document that can be read by itself.
type tomlPart struct {
	data   []byte
	before int   // lines of the document before it
	rest   bool  // it is what is in no table of the array
	tables int   // of the rest: how many tables the array has
	lines  []int // of the rest: on which line each of them begins
}

// decode reads the part as decodeTOML does, and tells lines of the document.
func (p tomlPart) decode(v any) error {
	if len(p.data) > maxTOML {
		return fmt.Errorf("line %d: %d bytes of TOML; the limit is %d", p.before+1, len(p.data), maxTOML)
	}
	return decodeTOML(p.data, p.before, v)
}

// partSize is how long a part with tables is at least, but the last of a row: to
// decode one has a price of its own.
const partSize = 32 << 10

// readTables reads the TOML of a lockfile that mainly is an array of tables, too
// long to be decoded as a whole: a decoder needs many times the memory of what
// it reads. It calls take for everything that is in no table of the array, and
// then for some tables at a time, in their order.
func readTables(t *tree, file, array string, take func(tomlPart) error) error {
	data, err := t.read(file)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("the file is empty")
	}
	tables := &tomlTables{name: []byte(array)}
	if err := guardTOML(data, tables); err != nil {
		return err
	}
	tables.end(len(data))
	rest, parts := tables.rest(data), newSpans(t, file, data, tables.inside)
	defer parts.again.Close()
	if err := take(rest); err != nil {
		return err
	}
	for i, s := range tables.inside {
		part, err := parts.part(i, s)
		if err == nil {
			err = take(tomlPart{data: part, before: s.before})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tomlTables notes where the tables of one array are, as a guard walks over the
// document.
type tomlTables struct {
	name            []byte
	lines           []int // of the headings of the array
	inside, outside []tomlSpan
	open            tomlSpan
	in              bool // open is a span of tables
}

type tomlSpan struct{ from, to, before int }

// heading takes the heading of a table, on a line.
func (t *tomlTables) heading(data []byte, i, line int) {
	own, array := t.isOwn(data[i:])
	switch {
	case own && array:
		t.lines = append(t.lines, line)
		if !t.in || i-t.open.from >= partSize {
			t.cut(i, line, true)
		}
	case own && t.in: // a table in the table
	case t.in:
		t.cut(i, line, false)
	}
}

func (t *tomlTables) cut(at, line int, in bool) {
	t.end(at)
	t.open, t.in = tomlSpan{from: at, before: line - 1}, in
}

func (t *tomlTables) end(at int) {
	t.open.to = at
	if t.in {
		t.inside = append(t.inside, t.open)
	} else if t.open.from < at {
		t.outside = append(t.outside, t.open)
	}
}

// isOwn reports whether a heading is one of the array or of a table in it, and
// whether a new table of the array begins there.
func (t *tomlTables) isOwn(text []byte) (own, array bool) {
	text, array = bytes.CutPrefix(text[1:], []byte("["))
	text, own = bytes.CutPrefix(bytes.TrimLeft(text, " \t"), t.name)
	text = bytes.TrimLeft(text, " \t")
	if !own || len(text) == 0 {
		return false, false
	}
	if text[0] == '.' {
		return true, false
	}
	return array && text[0] == ']', array
}

// rest is what is in no table of the array, each line where it was.
func (t *tomlTables) rest(data []byte) tomlPart {
	var out []byte
	lines := 0
	for _, s := range t.outside {
		out = append(out, bytes.Repeat([]byte("\n"), max(0, s.before-lines))...)
		out = append(out, data[s.from:s.to]...)
		lines = s.before + bytes.Count(data[s.from:s.to], []byte("\n"))
	}
	return tomlPart{data: out, rest: true, tables: len(t.lines), lines: t.lines}
}

// joinTables adds the tables of a part to those that were read. What a decoder
// made of each is made smaller by fit, because it gives every list room for
// sixteen, and is then handed to add by its place.
func joinTables[T any](all *[]T, p tomlPart, more []T, limit int, fit func(*T), add func(i int)) error {
	if p.rest {
		*all = make([]T, 0, min(p.tables, limit)+len(more))
	}
	for i := range more {
		if len(*all) >= limit {
			return fmt.Errorf("more than %d packages", limit)
		}
		fit(&more[i])
		*all = append(*all, more[i])
		add(len(*all) - 1)
	}
	return nil
}

// lineAt is the line of the i-th table, 0 if it is not known.
func lineAt(lines []int, i int) int {
	if i < len(lines) {
		return lines[i]
	}
	return 0
}
