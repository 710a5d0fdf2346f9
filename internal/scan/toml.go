// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxTOML is how long a TOML file may be, in bytes. The longest lockfile we
// know has six million.
const maxTOML = 64 << 20

// maxTOMLWork bounds how often a decoder may have to compare the name of a
// member with those before it in the same table: it does that one by one. A
// lockfile of 20 000 packages needs a tenth of this.
const maxTOMLWork = 2_000_000_000

// readTOML reads a TOML document that may have members we do not know. It
// refuses keys that stand twice, broken UTF-8, depth, and tables so wide that
// reading them would take minutes.
func readTOML(data []byte, v any) error {
	if len(data) > maxTOML {
		return fmt.Errorf("%d bytes of TOML; the limit is %d", len(data), maxTOML)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("the file is empty")
	}
	if err := guardTOML(data, nil); err != nil {
		return err
	}
	if err := decodeTOML(data, 0, v); err != nil {
		return errors.New(strings.TrimPrefix(oneLine(err), "toml: "))
	}
	return nil
}

// decodeTOML is readTOML for what was guarded, behind some lines of a document.
func decodeTOML(data []byte, before int, v any) error {
	err := toml.Unmarshal(data, v)
	var located *toml.DecodeError
	if errors.As(err, &located) {
		line, _ := located.Position()
		return fmt.Errorf("line %d: %s", before+line, shown(strings.TrimPrefix(oneLine(err), "toml: ")))
	}
	if err != nil {
		return errors.New(shown(strings.TrimPrefix(oneLine(err), "toml: ")))
	}
	return nil
}

// A tomlGuard walks over TOML without taking it apart further than into texts,
// comments, brackets, dots and equals signs.
type tomlGuard struct {
	data []byte
	line int
	work int
	keys []int // in the table and the inline tables around, outermost first
	dots int   // since the last thing that ends a key
	rows int   // headers of single tables since the last array of tables

	arrays map[string]bool // names of arrays of tables
	tables *tomlTables     // nil: nobody asks where they are
}

// guardTOML refuses what a decoder would walk down too deep into, or compare
// with itself for too long. What it sees of tables it tells.
func guardTOML(data []byte, tables *tomlTables) error {
	g := tomlGuard{data: data, line: 1, keys: []int{0}, arrays: map[string]bool{}, tables: tables}
	for i := 0; i < len(data); {
		next, err := g.step(i)
		if err != nil {
			return err
		}
		i = next
	}
	return nil
}

// step goes over what begins at i and returns where the next thing does.
func (g *tomlGuard) step(i int) (int, error) {
	switch c := g.data[i]; c {
	case '\n':
		g.line++
		g.dots = 0
	case '#':
		if n := bytes.IndexByte(g.data[i:], '\n'); n >= 0 {
			return i + n, nil
		}
		return len(g.data), nil
	case '"', '\'':
		return g.text(i, c), nil
	case '[', '{':
		g.dots = 0
		if c == '[' && len(g.keys) == 1 && g.begins(i) {
			g.header(i)
		}
		if g.keys = append(g.keys, 0); len(g.keys) > maxDepth {
			return 0, fmt.Errorf("line %d: TOML nested more than %d deep", g.line, maxDepth)
		}
	case ']', '}':
		g.dots = 0
		g.keys = g.keys[:max(1, len(g.keys)-1)]
	case ',':
		g.dots = 0
	case '.':
		if g.dots++; g.dots > maxDepth {
			return 0, fmt.Errorf("line %d: TOML nested more than %d deep", g.line, maxDepth)
		}
	case '=':
		g.dots = 0
		g.work += g.keys[len(g.keys)-1]
		g.keys[len(g.keys)-1]++
	}
	if g.work > maxTOMLWork {
		return 0, fmt.Errorf("line %d: too many keys in one table", g.line)
	}
	return i + 1, nil
}

// begins reports whether nothing but white space stands before i on its line.
func (g *tomlGuard) begins(i int) bool {
	for i--; i >= 0 && (g.data[i] == ' ' || g.data[i] == '\t'); i-- {
	}
	return i < 0 || g.data[i] == '\n'
}

// header notes the header of a table, which a decoder looks for among those
// before it.
func (g *tomlGuard) header(i int) {
	g.keys[0] = 0
	if g.tables != nil {
		g.tables.heading(g.data, i, g.line)
	}
	if bytes.HasPrefix(g.data[i:], []byte("[[")) {
		name, _, _ := bytes.Cut(g.data[i:], []byte("\n"))
		g.arrays[string(name)], g.rows = true, 0
		g.work += len(g.arrays)
		return
	}
	g.rows++
	g.work += g.rows
}

// text returns where a text in quotes ends; one that does not, ends the file.
func (g *tomlGuard) text(i int, quote byte) int {
	end := []byte{quote}
	if three := bytes.Repeat(end, 3); bytes.HasPrefix(g.data[i:], three) {
		end = three
	}
	for i += len(end); i < len(g.data); i++ {
		switch {
		case g.data[i] == '\\' && quote == '"':
			if i++; i < len(g.data) && g.data[i] == '\n' {
				g.line++
			}
		case bytes.HasPrefix(g.data[i:], end):
			i += len(end)
			for n := 0; len(end) == 3 && n < 2 && i < len(g.data) && g.data[i] == quote; n++ {
				i++ // up to two quotes before the three that end a text are part of it
			}
			return i
		case g.data[i] == '\n' && len(end) == 1:
			return i // not TOML; the decoder says so
		case g.data[i] == '\n':
			g.line++
		}
	}
	return len(g.data)
}
