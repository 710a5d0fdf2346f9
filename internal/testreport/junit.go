// SPDX-License-Identifier: Apache-2.0

package testreport

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// JUnit XML has no specification. What its writers agree on is read here:
// testcase elements inside testsuite elements, alone or inside testsuites. A
// testcase failed if it holds a failure or an error, was skipped if it holds
// a skipped, and passed otherwise, unless its own attributes say that it did
// not run (googletest, CTest). Everything else is passed over.

// A junit reads one document.
type junit struct {
	tally  *tally
	stack  []element
	closed bool // the outermost element has ended
	notes  int
}

// An element is one that has not ended.
type element struct {
	name    string
	suite   *suite    // of a testsuite or testsuites
	outcome *testcase // of a testcase
}

// A suite is what a testsuite says of itself and what it holds.
type suite struct {
	name                 string
	tests, bad           int // as its attributes say; -1 where they don't
	foundTests, foundBad int
}

// A testcase is what is known of a test so far.
type testcase struct {
	name            string
	failed, skipped bool
}

func readJUnit(r *bufio.Reader, t *tally) error {
	j := &junit{tally: t}
	d := xml.NewDecoder(r)
	d.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("it is encoded in %.40s; write it in UTF-8", charset)
	}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return j.syntax(d, err)
		}
		if err := j.token(token); err != nil {
			line, _ := d.InputPos()
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	if len(j.stack) > 0 {
		return fmt.Errorf("%w: <%s> has no end", ErrTruncated, j.stack[len(j.stack)-1].name)
	}
	if !j.closed {
		return errors.New("it holds no element")
	}
	if j.notes > 0 {
		t.notes["suites-miscounted"] = strconv.Itoa(j.notes)
	}
	return nil
}

// syntax says what the XML reader did not like.
func (j *junit) syntax(d *xml.Decoder, err error) error {
	bad := (*xml.SyntaxError)(nil)
	if !errors.As(err, &bad) {
		return err
	}
	if strings.Contains(bad.Msg, "unexpected EOF") {
		return fmt.Errorf("line %d: %w", bad.Line, ErrTruncated)
	}
	if strings.Contains(bad.Msg, "invalid UTF-8") {
		return fmt.Errorf("line %d: it is not UTF-8", bad.Line)
	}
	return fmt.Errorf("line %d: %.200s", bad.Line, clean(bad.Msg))
}

func (j *junit) token(token xml.Token) error {
	switch x := token.(type) {
	case xml.Directive:
		return errors.New("a document type or entity declaration, which no test report needs, is refused")
	case xml.CharData:
		if len(j.stack) == 0 && strings.TrimSpace(string(x)) != "" {
			return errors.New("text outside of the document")
		}
	case xml.StartElement:
		return j.start(x)
	case xml.EndElement:
		return j.end(x)
	}
	return nil
}

func (j *junit) start(x xml.StartElement) error {
	if j.closed {
		return fmt.Errorf("<%.40s> after the end of the document", clean(x.Name.Local))
	}
	if len(j.stack) >= maxDepth {
		return fmt.Errorf("more than %d elements inside each other", maxDepth)
	}
	if err := noDuplicates(x); err != nil {
		return err
	}
	e := element{name: x.Name.Local}
	if x.Name.Space != "" {
		e.name = x.Name.Space + ":" + e.name
	}
	var err error
	switch name := x.Name.Local; {
	case name == "testsuite" || name == "testsuites":
		e.suite, err = j.newSuite(x)
	case len(j.stack) == 0:
		return fmt.Errorf("the document is a <%.40s>, not a <testsuites> or <testsuite>", clean(name))
	case name == "testcase":
		e.outcome, err = j.newTestcase(x)
	default:
		err = j.inside(j.stack[len(j.stack)-1], name)
	}
	j.stack = append(j.stack, e)
	return err
}

// inside notes what an element called name says of the testcase it stands in.
// A failure of a whole suite counts as a failed test of the suite's name.
func (j *junit) inside(parent element, name string) error {
	bad := name == "failure" || name == "error"
	switch {
	case parent.outcome != nil:
		parent.outcome.failed = parent.outcome.failed || bad
		parent.outcome.skipped = parent.outcome.skipped || name == "skipped"
	case parent.suite != nil && bad:
		return j.endTestcase(&testcase{name: parent.suite.name, failed: true})
	}
	return nil
}

func (j *junit) end(x xml.EndElement) error {
	name := x.Name.Local
	if x.Name.Space != "" {
		name = x.Name.Space + ":" + name
	}
	last := len(j.stack) - 1
	if last < 0 || j.stack[last].name != name {
		return fmt.Errorf("</%.40s> ends nothing that was begun", clean(name))
	}
	e := j.stack[last]
	j.stack = j.stack[:last]
	j.closed = last == 0
	switch {
	case e.outcome != nil:
		return j.endTestcase(e.outcome)
	case e.suite != nil:
		return j.endSuite(e.suite)
	}
	return nil
}

func (j *junit) newTestcase(x xml.StartElement) (*testcase, error) {
	if j.stack[len(j.stack)-1].suite == nil {
		return nil, fmt.Errorf("a <testcase> inside a <%.40s>", clean(j.stack[len(j.stack)-1].name))
	}
	t := &testcase{name: attribute(x, "name")}
	if class := attribute(x, "classname"); class != "" {
		t.name = class + "." + t.name
	}
	for _, name := range []string{"status", "result"} {
		if err := t.says(name, attribute(x, name)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// says takes in a testcase's own word for how it ended. A word that is not
// known here could mean anything, so it is refused.
func (t *testcase) says(attribute, word string) error {
	switch strings.ToLower(word) {
	case "", "run", "completed", "passed", "pass", "success", "successful", "ok":
	case "notrun", "skipped", "skip", "suppressed", "disabled", "ignored", "pending":
		t.skipped = true
	case "failed", "fail", "failure", "error", "broken":
		t.failed = true
	default:
		return fmt.Errorf("testcase %q has the %s %.40q, which is not known here", clean(t.name), attribute, clean(word))
	}
	return nil
}

func (j *junit) endTestcase(t *testcase) error {
	to := &j.tally.passed
	switch {
	case t.failed:
		to = &j.tally.failed
	case t.skipped:
		to = &j.tally.skipped
	}
	for _, e := range j.stack {
		if e.suite == nil {
			continue
		}
		e.suite.foundTests++
		if t.failed {
			e.suite.foundBad++
		}
	}
	return j.tally.add(to, t.name)
}

func (j *junit) newSuite(x xml.StartElement) (*suite, error) {
	if n := len(j.stack); n > 0 && j.stack[n-1].suite == nil {
		return nil, fmt.Errorf("a <%s> inside a <%.40s>", x.Name.Local, clean(j.stack[n-1].name))
	}
	s := &suite{name: attribute(x, "name"), tests: -1, bad: -1}
	for _, c := range []struct {
		attribute string
		to        *int
	}{{"tests", &s.tests}, {"failures", &s.bad}, {"errors", &s.bad}} {
		n, err := count(x, c.attribute)
		if err != nil {
			return nil, err
		}
		if n >= 0 {
			*c.to = max(*c.to, 0) + n
		}
	}
	return s, nil
}

// endSuite compares what a suite says of itself with what it holds. Writers
// count in different ways (assertions for tests, nested suites or not), so
// that a difference alone is noted. A suite that speaks of failures, or of
// tests, and holds none has lost them on the way.
func (j *junit) endSuite(s *suite) error {
	switch {
	case s.bad > 0 && s.foundBad == 0:
		return fmt.Errorf("suite %q says that %d tests failed and shows none that did", clean(s.name), s.bad)
	case s.tests > 0 && s.foundTests == 0:
		return fmt.Errorf("suite %q says that it has %d tests and shows none", clean(s.name), s.tests)
	}
	if s.tests >= 0 && s.tests != s.foundTests || s.bad >= 0 && s.bad != s.foundBad {
		j.notes++
	}
	return nil
}

// count reads a number of tests, -1 where the attribute is not there.
func count(x xml.StartElement, name string) (int, error) {
	value := strings.TrimSpace(attribute(x, name))
	if value == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 1<<30 {
		return 0, fmt.Errorf("<%s> has the number of %s %.40q", x.Name.Local, name, clean(value))
	}
	return n, nil
}

// attribute returns the value of the attribute of that name in no namespace.
func attribute(x xml.StartElement, name string) string {
	for _, a := range x.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// noDuplicates refuses an attribute given twice, which encoding/xml takes.
func noDuplicates(x xml.StartElement) error {
	if len(x.Attr) > maxAttributes {
		return fmt.Errorf("<%.40s> has more than %d attributes", clean(x.Name.Local), maxAttributes)
	}
	for i, a := range x.Attr {
		for _, b := range x.Attr[:i] {
			if a.Name == b.Name {
				return fmt.Errorf("<%.40s> has the attribute %.40s twice", clean(x.Name.Local), clean(a.Name.Local))
			}
		}
	}
	return nil
}
