// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"strings"
	"unicode/utf16"
)

// A pipLine is one line of a requirements file, joined with those that it goes
// on in, and the comments of pip-compile and uv that belong to it.
type pipLine struct {
	file string
	line int
	text string
	via  []string // who asks for it, as the comments say
}

// A pipReader reads a requirements file with those that it includes
// (https://pip.pypa.io/en/stable/reference/requirements-file-format).
type pipReader struct {
	t         *tree
	lines     []pipLine
	pins      []pipLine       // of constraints, which install nothing
	seen      map[string]bool // files, so that none is read twice
	annotated bool            // some comment says who asks for what
	problems  map[string][]string
	lost      bool
	limit     int
	left      int64 // bytes that may still be read
}

// maxIncludes is how many files one requirements file may include.
const maxIncludes = 500

func (r *pipReader) problem(what, which string) {
	r.problems[what] = append(r.problems[what], printable(which))
}

// read reads one file, and what it includes where it does.
func (r *pipReader) read(file string, constraints bool) error {
	key := fmt.Sprint(constraints, file)
	if r.seen[key] {
		return nil
	}
	if r.seen[key] = true; len(r.seen) > maxIncludes {
		return fmt.Errorf("more than %d files include each other", maxIncludes)
	}
	data, err := readFile(r.t.root, file, r.left)
	if err != nil {
		return err
	}
	r.left -= int64(len(data))
	if data, err = plainText(fromUTF16(data)); err != nil {
		return err
	}
	// What is not UTF-8 is in a comment, or no requirement.
	text := strings.ToValidUTF8(string(data), "\uFFFD")
	for _, l := range r.logical(file, text) {
		if err := r.take(l, constraints); err != nil {
			return err
		}
	}
	return nil
}

// fromUTF16 returns as UTF-8 what is UTF-16 with a byte order mark, as pip
// does: it is what some shells write.
func fromUTF16(data []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	case !bytes.HasPrefix(data, []byte("\xff\xfe")):
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, order.Uint16(data[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}

// logical joins lines that go on, drops comments, and reads those that say who
// asks for the requirement above them.
func (r *pipReader) logical(file, text string) []pipLine {
	var out []pipLine
	var open *pipLine // the line that goes on
	listing := false  // the comments list names, one a line
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		bare := strings.TrimSpace(line)
		if strings.HasPrefix(bare, "#") {
			open = nil
			if len(out) > 0 && strings.TrimLeft(line, " \t") != line {
				listing = r.comment(&out[len(out)-1], strings.TrimSpace(bare[1:]), listing)
			}
			continue
		}
		code, comment, _ := strings.Cut(line, " #")
		code, more := strings.CutSuffix(strings.TrimRight(code, " \t"), `\`)
		if open == nil {
			if bare == "" {
				listing = false
				continue
			}
			out = append(out, pipLine{file: file, line: n})
			open, listing = &out[len(out)-1], false
		}
		open.text += " " + strings.TrimSpace(code)
		if comment != "" {
			listing = r.comment(open, strings.TrimSpace(comment), false)
		}
		if !more {
			open = nil
		}
	}
	return out
}

// comment reads "via NAME, NAME", or the names below "via", and reports
// whether more may follow.
func (r *pipReader) comment(l *pipLine, text string, listing bool) bool {
	switch rest, ok := strings.CutPrefix(text, "via"); {
	case ok && (rest == "" || rest[0] == ' '):
		r.annotated = true
		for name := range strings.SplitSeq(rest, ",") {
			if name = strings.TrimSpace(name); name != "" {
				l.via = append(l.via, name)
			}
		}
		return true
	case listing && text != "":
		l.via = append(l.via, text)
		return true
	}
	return false
}

// pipIncludes are the options that name another file, and whether that file
// only says which versions are allowed.
var pipIncludes = []struct {
	option      string
	constraints bool
}{
	{"--requirement", false}, {"-r", false}, {"--constraint", true}, {"-c", true},
}

// take takes one line: a file to include, an option, or a requirement.
func (r *pipReader) take(l pipLine, constraints bool) error {
	l.text = strings.TrimSpace(l.text)
	for _, o := range pipIncludes {
		rest, ok := strings.CutPrefix(l.text, o.option)
		if ok && (len(o.option) == 2 || rest == "" || strings.ContainsAny(rest[:1], " =")) {
			r.include(l, strings.Trim(strings.TrimLeft(rest, " ="), `"'`), constraints || o.constraints)
			return nil
		}
	}
	option := strings.HasPrefix(l.text, "-") && !strings.HasPrefix(l.text, "-e") && !strings.HasPrefix(l.text, "--editable")
	switch {
	case l.text == "":
	case option:
		for _, word := range strings.FieldsFunc(l.text, func(c rune) bool { return c == ' ' || c == '=' }) {
			if strings.Contains(word, "://") {
				r.t.scrub(word) // remembers what must not come out
			}
		}
	case len(r.lines)+len(r.pins) >= r.limit:
		return fmt.Errorf("more than %d packages", r.limit)
	case constraints:
		r.pins = append(r.pins, l)
	default:
		r.lines = append(r.lines, l)
	}
	return nil
}

// include reads another file, if it is one of the tree.
func (r *pipReader) include(l pipLine, name string, constraints bool) {
	shown := r.t.scrubPath(name)
	if path.IsAbs(name) {
		shown = path.Base(name) // whose folders those are is nobody's business
	}
	where := fmt.Sprintf("%s (%s:%d)", shown, l.file, l.line)
	if strings.Contains(name, "://") || path.IsAbs(name) {
		r.lost = r.lost || !constraints
		r.problem("files that are not in the tree are included", where)
		return
	}
	file := path.Join(path.Dir(l.file), strings.ReplaceAll(name, `\`, "/"))
	if err := r.read(file, constraints); err != nil {
		r.lost = r.lost || !constraints
		r.problem("files that are included could not be read", where+": "+strings.TrimPrefix(oneLine(err), file+": "))
	}
}

// scrubPath returns a path, or a URL without what is secret in it.
func (t *tree) scrubPath(name string) string {
	if strings.Contains(name, "://") {
		return t.scrub(name)
	}
	return name
}
