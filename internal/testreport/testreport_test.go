// SPDX-License-Identifier: Apache-2.0

package testreport

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSamples(t *testing.T) {
	const pkg = "example.org/sample/"
	for name, want := range map[string]struct {
		result          string
		counts          event.Counts
		failed, skipped []string
		notes           map[string]string
	}{
		"go-good.json":   {event.Passed, event.Counts{Passed: 6, Skipped: 1}, nil, []string{pkg + "good.TestLater"}, nil},
		"go-cached.json": {event.Passed, event.Counts{Passed: 6, Skipped: 1}, nil, []string{pkg + "good.TestLater"}, map[string]string{"cached-packages": "1"}},
		"go-bad.json":    {event.Failed, event.Counts{Passed: 1, Failed: 2}, []string{pkg + "bad.TestWrong", pkg + "bad.TestWrong/inner"}, nil, nil},
		"go-boom.json":   {event.Failed, event.Counts{Passed: 1, Failed: 2}, []string{pkg + "boom.TestPanics", pkg + "boom.TestSleeps"}, nil, nil},
		"go-broken.json": {event.Failed, event.Counts{Failed: 1}, []string{pkg + "broken"}, nil, nil},
		"go-quiet.json":  {event.Failed, event.Counts{Passed: 1, Failed: 1}, []string{pkg + "quiet"}, nil, nil},
		"go-empty.json":  {event.Failed, event.Counts{}, nil, nil, nil},

		"junit-pytest.xml":     {event.Failed, event.Counts{Passed: 1, Failed: 2, Skipped: 1}, []string{"tests.test_db.test_connect", "tests.test_sum.TestSum.test_large[1-2<3]"}, []string{"tests.test_sum.test_later"}, nil},
		"junit-surefire.xml":   {event.Passed, event.Counts{Passed: 2, Skipped: 1}, nil, []string{"org.example.SumTest.later"}, nil},
		"junit-jest.xml":       {event.Failed, event.Counts{Passed: 2, Failed: 1}, []string{"sum adds – ünïcode 你好.sum adds – ünïcode 你好"}, nil, nil},
		"junit-gotestsum.xml":  {event.Failed, event.Counts{Passed: 1, Failed: 1, Skipped: 1}, []string{pkg + "bad.TestWrong"}, []string{pkg + "bad.TestLater"}, nil},
		"junit-googletest.xml": {event.Passed, event.Counts{Passed: 1, Skipped: 1}, nil, []string{"Sum.DISABLED_Large"}, nil},
		"junit-nested.xml":     {event.Failed, event.Counts{Passed: 2, Failed: 1}, []string{"SumTest.testLarge with data set #1"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			data := sample(t, name)
			got, err := Read(bytes.NewReader(data), name)
			if err != nil {
				t.Fatal(err)
			}
			if got.Result != want.result || got.Counts != want.counts {
				t.Errorf("%s %+v, want %s %+v", got.Result, got.Counts, want.result, want.counts)
			}
			if diff := cmp.Diff(want.failed, got.FailedTests) + cmp.Diff(want.skipped, got.WarnedTests); diff != "" {
				t.Error(diff)
			}
			sum := sha256.Sum256(data)
			c := got.Configuration[0]
			if len(got.Configuration) != 1 || c.Name != name || c.Digest["sha256"] != hex.EncodeToString(sum[:]) {
				t.Errorf("Configuration = %+v, want the report itself", got.Configuration)
			}
			for k, v := range want.notes {
				if c.Annotations[k] != v {
					t.Errorf("annotations %v, want %s=%s", c.Annotations, k, v)
				}
			}
			if _, odd := c.Annotations["suites-miscounted"]; odd {
				t.Error("a suite's counts are said to be off")
			}
		})
	}
}

// Cut anywhere, a report that passes must not pass any more, but for the
// white space at its end.
func TestCutReportsAreRefused(t *testing.T) {
	for _, name := range []string{"go-good.json", "junit-surefire.xml", "junit-googletest.xml"} {
		data := bytes.TrimSpace(sample(t, name))
		for n := range len(data) {
			if p, err := Read(bytes.NewReader(data[:n]), name); err == nil {
				t.Fatalf("%s, cut after %d of %d bytes, is %s", name, n, len(data), p.Result)
			} else if !errors.Is(err, ErrReport) {
				t.Fatalf("%s, cut after %d bytes: %v, want ErrReport", name, n, err)
			}
		}
	}
}

func events(lines ...string) string {
	for i, l := range lines {
		action, rest, _ := strings.Cut(l, " ")
		pkg, test, _ := strings.Cut(rest, ".")
		lines[i] = fmt.Sprintf(`{"Action":%q,"Package":%q,"Test":%q}`, action, pkg, test)
	}
	return strings.Join(lines, "\n") + "\n"
}

// A claim is a report and what it comes to.
type claim struct {
	report string
	want   string // the result and counts, or a part of the error
}

func check(t *testing.T, facts map[string]claim) {
	t.Helper()
	for fact, c := range facts {
		t.Run(fact, func(t *testing.T) {
			p, err := Read(strings.NewReader(c.report), "report")
			got := fmt.Sprint(p.Result, " ", p.Counts.Passed, " ", p.Counts.Failed, " ", p.Counts.Skipped)
			if err != nil {
				if got = err.Error(); !errors.Is(err, ErrReport) || len(got) > 500 {
					t.Errorf("%v: want a short ErrReport", err)
				}
			} else if p.Configuration[0].Annotations["suites-miscounted"] != "" {
				got += " miscounted"
			}
			if got != c.want && (err == nil || !strings.Contains(got, c.want)) && got != c.want+" miscounted" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestJUnit(t *testing.T) {
	suite := func(inside string) string { return `<testsuite name="s">` + inside + `</testsuite>` }
	const pass, fail, skip = `<testcase name="a"/>`, `<testcase name="b"><failure/></testcase>`, `<testcase name="c"><skipped/></testcase>`
	check(t, map[string]claim{
		"no test is not a pass":                   {suite(""), "FAILED 0 0 0"},
		"only skipped tests are not a pass":       {suite(skip), "FAILED 0 0 1"},
		"one passed":                              {suite(pass), "PASSED 1 0 0"},
		"a skipped one does not spoil it":         {suite(pass + skip), "PASSED 1 0 1"},
		"one failure spoils it":                   {suite(pass + fail), "FAILED 1 1 0"},
		"an error is a failure":                   {suite(`<testcase name="b"><error/></testcase>` + pass), "FAILED 1 1 0"},
		"failure beats skipped":                   {suite(`<testcase name="b"><skipped/><failure/></testcase>` + pass), "FAILED 1 1 0"},
		"a failure of the whole suite counts":     {suite(pass + `<error message="set-up"/>`), "FAILED 1 1 0"},
		"a failure inside of the output is text":  {suite(`<testcase name="a"><system-out><failure/></system-out></testcase>`), "PASSED 1 0 0"},
		"a failure in a name space is one":        {suite(`<testcase name="b"><x:failure xmlns:x="y"/></testcase>`), "FAILED 0 1 0"},
		"a byte order mark":                       {"\xef\xbb\xbf" + suite(pass), "PASSED 1 0 0"},
		"white space before":                      {"\n  " + suite(pass), "PASSED 1 0 0"},
		"UTF-8 by its name":                       {`<?xml version="1.0" encoding="utf-8"?>` + suite(pass), "PASSED 1 0 0"},
		"a comment that holds a test":             {suite(pass + "<!-- " + fail + " -->"), "PASSED 1 0 0"},
		"a processing instruction":                {`<?xml-stylesheet href="x"?>` + suite(pass), "PASSED 1 0 0"},
		"a failed test by its status":             {suite(`<testcase name="b" status="FAILED"/>`), "FAILED 0 1 0"},
		"fewer failures than shown":               {`<testsuite failures="0">` + pass + fail + `</testsuite>`, "FAILED 1 1 0"},
		"more tests counted than shown are noted": {`<testsuite tests="9">` + pass + `</testsuite>`, "PASSED 1 0 0 miscounted"},
		"failures counted, none shown":            {`<testsuite tests="2" failures="1">` + pass + pass + `</testsuite>`, "shows none that did"},
		"errors counted, none shown":              {`<testsuite errors="1">` + pass + `</testsuite>`, "shows none that did"},
		"failures counted outside, none shown":    {`<testsuites failures="1">` + suite(pass) + `</testsuites>`, "shows none that did"},
		"tests counted, none shown":               {`<testsuites><testsuite tests="3"/>` + suite(pass) + `</testsuites>`, "has 3 tests and shows none"},
		"a count that is no number":               {`<testsuite tests="many">` + pass + `</testsuite>`, `number of tests "many"`},
		"a negative count":                        {`<testsuite failures="-1">` + pass + `</testsuite>`, `number of failures "-1"`},
		"a status nobody knows":                   {suite(`<testcase name="a" status="maybe"/>`), `status "maybe"`},
		"entities":                                {`<!DOCTYPE x [<!ENTITY a "b">]>` + suite(pass), "document type or entity"},
		"a document type alone":                   {`<!DOCTYPE testsuite SYSTEM "http://x">` + suite(pass), "document type or entity"},
		"an entity that nobody declared":          {suite(`<testcase name="&a;"/>`), "entity"},
		"latin-1 by its name":                     {`<?xml version="1.0" encoding="ISO-8859-1"?>` + suite(pass), "encoded in ISO-8859-1"},
		"latin-1 without":                         {suite("<testcase name=\"\xe4\"/>"), "not UTF-8"},
		"UTF-16":                                  {"\xff\xfe<\x00t\x00", "UTF-16"},
		"UTF-16 without a mark":                   {"<\x00t\x00e\x00", "UTF-16"},
		"two documents":                           {suite(pass) + suite(pass), "after the end"},
		"text after the end":                      {suite(pass) + "x", "outside of the document"},
		"ends that do not match":                  {"<testsuite><testcase name='a'></testsuite></testcase>", "ends nothing"},
		"an attribute twice":                      {suite(`<testcase name="a" name="b"/>`), "attribute name twice"},
		"too many attributes":                     {suite("<testcase " + attributes(300) + "/>"), "more than 256 attributes"},
		"too deep":                                {strings.Repeat("<testsuite>", 100), "more than 64 elements"},
		"a page of HTML":                          {"<html><body>500</body></html>", "the document is a <html>"},
		"a test outside of a suite":               {"<testcase/>", "the document is a <testcase>"},
		"a test inside of a test":                 {suite(`<testcase name="a"><testcase name="b"/></testcase>`), "inside a <testcase>"},
		"a suite inside of a test":                {suite(`<testcase name="a"><testsuite/></testcase>`), "inside a <testcase>"},
		"nothing":                                 {"", "empty"},
		"white space":                             {" \n\t", "empty"},
		"neither":                                 {"ok  	example.org/x	0.1s\n", "neither of"},
		"a JSON document of something else":       {`{"tests": 3}` + "\n", "without an action"},
	})
}

func TestGoTest(t *testing.T) {
	check(t, map[string]claim{
		"one passed":                                {events("start p", "run p.T", "pass p.T", "pass p"), "PASSED 1 0 0"},
		"packages mixed":                            {events("start p", "start q", "run p.T", "run q.T", "pass q.T", "pass p.T", "pass q", "pass p"), "PASSED 2 0 0"},
		"a package without tests":                   {events("start p", "skip p"), "FAILED 0 0 0"},
		"an action nobody knows":                    {events("start p", "attr p.T", "run p.T", "pass p.T", "blink p", "pass p"), "PASSED 1 0 0"},
		"a test that never ended":                   {events("start p", "run p.T", "run p.U", "pass p.T", "pass p"), "FAILED 1 1 0"},
		"the same test more than once (-count)":     {events("start p", "run p.T", "pass p.T", "run p.T", "fail p.T", "fail p"), "FAILED 1 1 0"},
		"a package that has no end":                 {events("start p", "run p.T", "pass p.T"), "package p has no end"},
		"only one of two ended":                     {events("start p", "start q", "pass q"), "package p has no end"},
		"a package that ends twice":                 {events("start p", "run p.T", "pass p.T", "pass p", "start p", "pass p"), "ends twice"},
		"other output mixed in":                     {events("start p") + "FAIL p\n" + events("fail p"), "another program's output"},
		"a duplicate member":                        {`{"Action":"pass","Action":"fail","Package":"p"}` + "\n", "line 1"},
		"no package":                                {`{"Action":"pass","Test":"T"}` + "\n", "names no package"},
		"a name that is not printable":              {events("start p", "run p.\u202e", "pass p.\u202e", "pass p"), "PASSED 1 0 0"},
		"a line over the limit":                     {`{"Action":"output","Package":"p","Output":"` + strings.Repeat("x", maxLine) + `"}`, "a line is over"},
		"build events alone, as go vet prints them": {`{"ImportPath":"p","Action":"build-fail"}` + "\n", "FAILED 0 0 0"},
	})
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d='' ", i)
	}
	return b.String()
}

func TestSizeLimit(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("<testsuite>"), iotest.DataErrReader(zeros{}))
	l := &limited{r: endless, left: 1000}
	if n, err := io.Copy(io.Discard, l); err == nil || n > 1001 {
		t.Errorf("read %d bytes, %v", n, err)
	}
	exact := &limited{r: strings.NewReader("12345"), left: 5}
	if data, err := io.ReadAll(exact); err != nil || string(data) != "12345" {
		t.Errorf("exactly at the limit: %q, %v", data, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestReadErrorIsNotAnEnd(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, start := range []string{"", suiteStart, `{"Action":"start","Package":"p"}` + "\n"} {
		_, err := Read(io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken)), "report")
		if !errors.Is(err, broken) || !errors.Is(err, ErrReport) {
			t.Errorf("after %q: %v", start, err)
		}
	}
}

const suiteStart = `<testsuite><testcase name="a"/>`

func TestNamesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("<testsuite>")
	const tests = 3000
	for i := range tests {
		fmt.Fprintf(&b, `<testcase name="%s %04d"><failure/></testcase>`, strings.Repeat("é", 200), tests-i)
		fmt.Fprintf(&b, `<testcase name="passed %04d"/>`, i)
	}
	b.WriteString("</testsuite>")
	p, err := Read(strings.NewReader(b.String()), "report")
	if err != nil {
		t.Fatal(err)
	}
	if p.Counts != (event.Counts{Passed: tests, Failed: tests}) {
		t.Errorf("counts %+v, want them exact", p.Counts)
	}
	data, err := canon.Marshal(p)
	if err != nil || len(data) > event.MaxInline {
		t.Errorf("%d bytes, %v; want a predicate that fits a statement", len(data), err)
	}
	if len(p.FailedTests) == 0 || !slices.IsSorted(p.FailedTests) {
		t.Errorf("%d failed tests by name, want the first, sorted", len(p.FailedTests))
	}
	for _, name := range p.FailedTests {
		if len(name) > maxName+len("…") || !strings.HasSuffix(name, "…") {
			t.Errorf("a name of %d bytes", len(name))
		}
	}
}

func TestTooManyTests(t *testing.T) {
	y := tally{passed: names{count: MaxTests}}
	if err := y.add(&y.failed, "one more"); err == nil {
		t.Error("one test over the limit was taken")
	}
}

func TestMerge(t *testing.T) {
	read := func(text string) event.TestPredicate {
		t.Helper()
		p, err := Read(strings.NewReader(text), "report")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := read(`<testsuite><testcase name="a"/></testsuite>`)
	bad := read(`<testsuite><testcase name="b"><failure/></testcase></testsuite>`)
	skipped := read(`<testsuite><testcase name="c"><skipped/></testcase></testsuite>`)
	more := read(events("start p", "run p.T", "pass p.T", "pass p"))
	for fact, c := range map[string]struct {
		reports []event.TestPredicate
		want    string
	}{
		"two that passed":                        {[]event.TestPredicate{good, more}, "PASSED 2 0 0"},
		"one failed":                             {[]event.TestPredicate{good, bad}, "FAILED 1 1 0"},
		"one in which no test ran is not a pass": {[]event.TestPredicate{good, skipped}, "FAILED 1 0 1"},
		"one alone":                              {[]event.TestPredicate{good}, "PASSED 1 0 0"},
	} {
		p, err := Merge(c.reports...)
		got := fmt.Sprint(p.Result, " ", p.Counts.Passed, " ", p.Counts.Failed, " ", p.Counts.Skipped)
		if err != nil || got != c.want || len(p.Configuration) != len(c.reports) {
			t.Errorf("%s: %s, %v; want %s", fact, got, err, c.want)
		}
	}
	if _, err := Merge(good, good); !errors.Is(err, ErrReport) {
		t.Errorf("the same report twice: %v, want ErrReport", err)
	}
	if _, err := Merge(); !errors.Is(err, ErrReport) {
		t.Errorf("no report: %v, want ErrReport", err)
	}
}

// Whatever is read, it ends, it never passes without a test that passed, and
// what comes out can be signed.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		f.Add(sample(f, filepath.Base(name)))
	}
	f.Add([]byte(events("start p", "run p.T", "pass p.T", "pass p")))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "&b;&b;">]><testsuite><testcase name="&a;"/></testsuite>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(bytes.NewReader(data), "report")
		if err != nil {
			if !errors.Is(err, ErrReport) {
				t.Errorf("%v is no ErrReport", err)
			}
			return
		}
		if p.Result == event.Passed && (p.Counts.Passed == 0 || p.Counts.Failed > 0) {
			t.Errorf("passed with %+v", p.Counts)
		}
		if out, err := canon.Marshal(p); err != nil || len(out) > event.MaxInline {
			t.Errorf("%d bytes, %v", len(out), err)
		}
	})
}
