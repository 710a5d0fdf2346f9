// SPDX-License-Identifier: Apache-2.0

// Package testreport reads what test runners write and says, as an in-toto
// test-result, which tests ran and how they ended.
//
// It errs to one side: a report that is cut short, that contradicts itself or
// that shows no test is never a pass. Counts are exact; of names as many are
// kept as fit a statement.
package testreport

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/event"
)

// The limits of a report, named in the error that one over them gets.
const (
	MaxSize  = 256 << 20 // bytes
	MaxTests = 1_000_000
	maxLine  = 8 << 20 // bytes of one event of go test -json

	// Of JUnit.
	maxDepth      = 64 // elements inside each other
	maxAttributes = 256
)

// What can be wrong with a report, told apart by errors.Is.
var (
	ErrReport    = errors.New("no usable test report")
	ErrTruncated = errors.New("cut short")
)

// A format is one way to write a report, told by its first bytes. To add one,
// write its file and its line.
type format struct {
	name  string
	doc   string
	media string
	is    func(start []byte) bool
	read  func(r *bufio.Reader, t *tally) error
}

func formats() []format {
	return []format{
		{"go-test-json", "go test -json, go tool test2json", "application/x-ndjson", startsWith('{'), readGoTest},
		{"junit", "JUnit XML of any runner", "application/xml", startsWith('<'), readJUnit},
	}
}

// Formats lists the names and meanings of the formats, for help and docs.
func Formats() [][2]string {
	var list [][2]string
	for _, f := range formats() {
		list = append(list, [2]string{f.name, f.doc})
	}
	return list
}

func startsWith(c byte) func([]byte) bool {
	return func(start []byte) bool {
		start = bytes.TrimLeft(start, " \t\r\n")
		return len(start) > 0 && start[0] == c
	}
}

// Read reads one report of at most MaxSize bytes; its format is told by its
// content. Result is Passed where at least one test passed and none failed,
// else Failed; a skipped test is neither. Configuration describes the report
// itself: its name, SHA-256, format, and whatever about it a reader should
// know, as annotations. URL and Context are the caller's.
//
// A report that can't be relied on is ErrReport.
func Read(r io.Reader, name string) (event.TestPredicate, error) {
	p, err := read(r, name)
	if err != nil {
		return event.TestPredicate{}, fmt.Errorf("read %s: %w: %w", clean(name), ErrReport, err)
	}
	return p, nil
}

func read(r io.Reader, name string) (event.TestPredicate, error) {
	sum := sha256.New()
	whole := &limited{r: r, left: MaxSize}
	in := bufio.NewReaderSize(io.TeeReader(whole, sum), 64<<10)
	f, err := detect(in)
	if err != nil {
		return event.TestPredicate{}, err
	}
	t := &tally{notes: map[string]string{"format": f.name}}
	if err := f.read(in, t); err != nil {
		return event.TestPredicate{}, err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return event.TestPredicate{}, err
	}
	t.notes["tests"] = strconv.Itoa(t.passed.count + t.failed.count + t.skipped.count)
	return t.predicate(event.Subject{
		Name: clean(name), Digest: map[string]string{"sha256": hex.EncodeToString(sum.Sum(nil))},
		MediaType: f.media, Annotations: t.notes,
	}), nil
}

func detect(in *bufio.Reader) (format, error) {
	start, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return format{}, err
	}
	if err := checkEncoding(start); err != nil {
		return format{}, err
	}
	if bytes.HasPrefix(start, byteOrderMark) {
		if _, err := in.Discard(len(byteOrderMark)); err != nil {
			return format{}, err
		}
		start = start[len(byteOrderMark):]
	}
	if len(bytes.TrimSpace(start)) == 0 {
		return format{}, errors.New("it is empty")
	}
	var known []string
	for _, f := range formats() {
		if f.is(start) {
			return f, nil
		}
		known = append(known, f.doc)
	}
	return format{}, fmt.Errorf("it is neither of: %s", strings.Join(known, "; "))
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// checkEncoding names the encodings that are recognizable and not UTF-8.
func checkEncoding(start []byte) error {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "<\x00", "\x00<", "{\x00", "\x00{"} {
		if bytes.HasPrefix(start, []byte(mark)) {
			return errors.New("it is encoded in UTF-16; write it in UTF-8")
		}
	}
	return nil
}

// Merge returns one result for several reports: failed if one of them is,
// with the counts of all. A report given twice, by its digest, is refused,
// because its tests would count twice.
func Merge(reports ...event.TestPredicate) (event.TestPredicate, error) {
	if len(reports) == 0 {
		return event.TestPredicate{}, fmt.Errorf("%w: none given", ErrReport)
	}
	var t tally
	failed := false
	seen := map[string]bool{}
	var all []event.Subject
	for _, p := range reports {
		for _, c := range p.Configuration {
			if seen[c.Digest["sha256"]] {
				return event.TestPredicate{}, fmt.Errorf("%w: %s is given twice", ErrReport, c.Name)
			}
			seen[c.Digest["sha256"]] = true
		}
		all = append(all, p.Configuration...)
		failed = failed || p.Result == event.Failed
		t.passed.merge(p.PassedTests, p.Counts.Passed)
		t.failed.merge(p.FailedTests, p.Counts.Failed)
		t.skipped.merge(p.WarnedTests, p.Counts.Skipped)
	}
	merged := t.predicate(all...)
	if failed {
		merged.Result = event.Failed
	}
	return merged, nil
}

// A tally counts tests as a format's reader meets them.
type tally struct {
	passed, failed, skipped names
	notes                   map[string]string
}

func (t *tally) add(to *names, name string) error {
	if t.passed.count+t.failed.count+t.skipped.count >= MaxTests {
		return fmt.Errorf("more than %d tests", MaxTests)
	}
	to.add(name)
	return nil
}

func (t *tally) predicate(reports ...event.Subject) event.TestPredicate {
	p := event.TestPredicate{
		Result:        event.Failed,
		Configuration: reports,
		Counts:        event.Counts{Passed: t.passed.count, Failed: t.failed.count, Skipped: t.skipped.count},
	}
	if t.passed.count > 0 && t.failed.count == 0 {
		p.Result = event.Passed
	}
	room := maxNames
	p.FailedTests, room = t.failed.fit(room)
	p.WarnedTests, room = t.skipped.fit(room)
	p.PassedTests, _ = t.passed.fit(room)
	return p
}

const (
	maxNames = 16 << 10 // bytes of all names together, so that a statement stays small
	maxName  = 256      // bytes of one name
	keep     = 512      // names of each outcome that are kept while reading
)

// names are how many tests had an outcome, and the alphabetically first.
type names struct {
	count int
	first []string // sorted
}

func (n *names) add(name string) {
	n.count++
	n.insert(clean(name))
}

func (n *names) merge(first []string, count int) {
	n.count += count
	for _, name := range first {
		n.insert(name)
	}
}

func (n *names) insert(name string) {
	if len(n.first) == keep && name >= n.first[keep-1] {
		return
	}
	at, _ := slices.BinarySearch(n.first, name)
	n.first = slices.Insert(n.first, at, name)
	n.first = n.first[:min(len(n.first), keep)]
}

// fit returns the names that fit into room bytes, and what room is left.
func (n *names) fit(room int) ([]string, int) {
	for i, name := range n.first {
		if room < len(name) {
			return n.first[:i], 0
		}
		room -= len(name)
	}
	return n.first, room
}

// clean makes a name that somebody else wrote fit to print and to sign.
func clean(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(name, string(utf8.RuneError)))
	if len(name) <= maxName {
		return name
	}
	cut := maxName
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "…"
}

// limited is a reader that refuses to go on after so many bytes.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p[:min(int64(len(p)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("it is over %d bytes", int64(MaxSize))
	}
	return n, err
}
