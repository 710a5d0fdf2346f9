// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// hostile are values that some host would read as something else.
func hostile() []string {
	return []string{
		"two\nlines", "verdict=allowed", "x\nverdict=allowed", "x\nverdict<<EOF\nallowed\nEOF", "\n", "a\n", "\na",
		"::set-output name=verdict::allowed", "##[set-output name=verdict;]allowed", "%0Averdict=allowed", "%0A%0D%25", "a\rb", "a\r", "\r\n",
		"a\x00b", "\x1b[31mred\x1b[0m", "\x1b]8;;https://evil.example\x07x", "broken \xff", "\xed\xa0\x80", "$CI_JOB_TOKEN", "${HOME}", "$$",
		"`id`", "$(id)", "a'b", `a"b`, `a\b`, " a", "a ", "#a", "a #b", "a=b=c", "<<", "a<<b", "allowed\u202e", "\ufeffallowed", "\u2028", "\u0085", "\v\f",
		strings.Repeat("a", maxOutput), strings.Repeat("a", maxOutput+1), "it's", "''", "';id;'", "é", "漢字", "",
	}
}

// runner reads a file of outputs as GitHub's runner does: by lines; NAME=VALUE
// where the first = stands before any <<, else NAME<<WORD and the lines up to
// one that is WORD. On Windows a line may end with CR LF. A file that it can't
// read fails the step.
func runner(text string, windows bool) ([][2]string, error) {
	var all [][2]string
	next := func() (line, end string, ok bool) {
		if text == "" {
			return "", "", false
		}
		line, text, ok = strings.Cut(text, "\n")
		if !ok {
			return line, "", true
		}
		if windows && strings.HasSuffix(line, "\r") {
			return strings.TrimSuffix(line, "\r"), "\r\n", true
		}
		return line, "\n", true
	}
	for {
		line, _, ok := next()
		if !ok {
			return all, nil
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case line == "":
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			all = append(all, [2]string{line[:equals], line[equals+1:]})
		case heredoc > 0 && line[heredoc+2:] != "":
			name, word := line[:heredoc], line[heredoc+2:]
			var value, end string
			for {
				l, e, ok := next()
				if !ok {
					return nil, errors.New("no end of " + word)
				}
				if l == word {
					break
				}
				if e == "" {
					return nil, errors.New("the file ends in a value")
				}
				value, end = value+end+l, e
			}
			all = append(all, [2]string{name, value})
		default:
			return nil, errors.New("neither form: " + line)
		}
	}
}

func TestRunnerReadsAsDocumented(t *testing.T) {
	for text, want := range map[string][][2]string{
		"a=b\n":                   {{"a", "b"}},
		"a=b":                     {{"a", "b"}},
		"a=b<<c\n":                {{"a", "b<<c"}},
		"a<<E\nx\ny\nE\n":         {{"a", "x\ny"}},
		"a<<E\nE\n":               {{"a", ""}},
		"a<<E\n\n\nE\nb=c\n":      {{"a", "\n"}, {"b", "c"}},
		"\n\na=b\n":               {{"a", "b"}},
		"a<<E\nx\n":               nil,
		"a\n":                     nil,
		"<<E\nx\nE\n":             nil,
		"a<<\nx\n\n":              nil,
		"a<<b=c\nx\nb=c\n":        {{"a", "x"}},
		"a<<E\n E\nE \nE":         {{"a", " E\nE "}},
		"a<<E\nx\r\nE\nb<<E\nE\n": {{"a", "x\r"}, {"b", ""}},
	} {
		got, err := runner(text, false)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want != nil) {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	}
}

func TestHeredocs(t *testing.T) {
	for _, value := range hostile() {
		outputs := [][2]string{{"verdict", "denied"}, {"text", value}, {"log-index", "7"}}
		text, err := heredocs(outputs, rand.Reader)
		if err != nil {
			if !strings.Contains(err.Error(), "output text") {
				t.Errorf("%.40q: %v", value, err)
			}
			continue
		}
		for _, windows := range []bool{false, true} {
			got, err := runner(text, windows)
			if diff := cmp.Diff(outputs, got); err != nil || diff != "" {
				t.Errorf("%.40q: %v\n%s", value, err, diff)
			}
		}
	}
}

func TestRefusedOutputs(t *testing.T) {
	many := make([][2]string, maxOutputs+1)
	for i := range many {
		many[i] = [2]string{"x" + strings.Repeat("a", i), "1"}
	}
	for name, c := range map[string]struct {
		outputs [][2]string
		says    string
	}{
		"a name with =":            {[][2]string{{"a=b", "1"}}, `"a=b"`},
		"a name with a line break": {[][2]string{{"a\nb", "1"}}, `"a\nb"`},
		"a name with <<":           {[][2]string{{"a<<b", "1"}}, `"a<<b"`},
		"an upper case name":       {[][2]string{{"Path", "1"}}, `"Path"`},
		"an underscore":            {[][2]string{{"log_index", "1"}}, `"log_index"`},
		"no name":                  {[][2]string{{"", "1"}}, `""`},
		"a long name":              {[][2]string{{strings.Repeat("a", 400), "1"}}, `"aaaa`},
		"a name twice":             {[][2]string{{"a", "1"}, {"a", "2"}}, "twice"},
		"CR":                       {[][2]string{{"a", "x\r"}}, "can't be seen"},
		"NUL":                      {[][2]string{{"a", "x\x00"}}, "can't be seen"},
		"an escape":                {[][2]string{{"a", "\x1b[31m"}}, "can't be seen"},
		"broken UTF-8":             {[][2]string{{"a", "\xff"}}, "can't be seen"},
		"a text that turns around": {[][2]string{{"a", "\u202e"}}, "can't be seen"},
		"too much":                 {[][2]string{{"a", strings.Repeat("x", maxOutput+1)}}, "over the limit of 4096"},
		"too many":                 {many, "21 outputs, over the limit of 20"},
	} {
		if text, err := heredocs(c.outputs, rand.Reader); err == nil || !strings.Contains(err.Error(), c.says) || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// A value that holds the delimiter gets another one, and is refused when none
// is to be had.
func TestDelimiter(t *testing.T) {
	zero, err := draw(bytes.NewReader(make([]byte, 16)))
	if err != nil {
		t.Fatal(err)
	}
	random := io.MultiReader(bytes.NewReader(make([]byte, 16)), rand.Reader)
	text, err := heredocs([][2]string{{"a", "x\n" + zero + "\nverdict=allowed"}}, random)
	if err != nil || strings.HasPrefix(text, "a<<"+zero) {
		t.Errorf("%q, %v", text, err)
	}
	if got, err := runner(text, false); err != nil || len(got) != 1 {
		t.Errorf("%q, %v", got, err)
	}
	if text, err := heredocs([][2]string{{"a", zero}}, bytes.NewReader(make([]byte, 1000))); err == nil || text != "" {
		t.Errorf("a source that repeats itself: %q, %v", text, err)
	}
	if text, err := heredocs([][2]string{{"a", "x"}}, bytes.NewReader(make([]byte, 15))); !errors.Is(err, io.ErrUnexpectedEOF) || text != "" {
		t.Errorf("a source that ends: %q, %v", text, err)
	}
}

// gitlabDotenv reads a file as GitLab does: line by line, name up to the first
// =, value to the end, white space and NUL at both ends dropped; broken UTF-8
// is replaced; a line without = fails the report. The second result are the
// values that GitLab would replace something in.
func gitlabDotenv(text string) (values map[string]string, expanded int, err error) {
	if len(text) >= 5120 {
		return nil, 0, errors.New("too big")
	}
	values = map[string]string{}
	text = strings.TrimPrefix(strings.ToValidUTF8(text, "\ufffd"), "\ufeff")
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			return nil, 0, errors.New("invalid format")
		}
		const space = "\t\n\v\f\r \x00"
		value = strings.Trim(value, space)
		values[strings.Trim(name, space)] = value
		if strings.Contains(value, "$") {
			expanded++
		}
	}
	if len(values) > 20 {
		return nil, 0, errors.New("too many")
	}
	return values, expanded, nil
}

func TestDotenv(t *testing.T) {
	for _, value := range hostile() {
		outputs := [][2]string{{"verdict", "denied"}, {"sbom-sha256", value}}
		if checkOutputs(outputs) != nil {
			continue
		}
		text, err := dotenv(outputs)
		if err != nil {
			if !strings.Contains(err.Error(), "output sbom-sha256") {
				t.Errorf("%.40q: %v", value, err)
			}
			continue
		}
		got, expanded, err := gitlabDotenv(text)
		want := map[string]string{"GATELEDGER_VERDICT": "denied", "GATELEDGER_SBOM_SHA256": value}
		if diff := cmp.Diff(want, got); err != nil || diff != "" || expanded > 0 {
			t.Errorf("%.40q: %v, %d expanded\n%s", value, err, expanded, diff)
		}
	}
	for _, refused := range []string{"a\nb", "$X", "${X}", "`x`", `"a"`, "'a'", `a\nb`, "#", "a ", " a"} {
		if text, err := dotenv([][2]string{{"a", refused}}); err == nil || !strings.Contains(err.Error(), "output a can't stand in outputs.env") {
			t.Errorf("%q: %q, %v", refused, text, err)
		}
	}
	for _, taken := range []string{"a b", "a=b", "%0A", "::set-output name=x::y", "2 of 3 (security, lead)", "dist/app-1.0_linux.tar.gz", "é"} {
		if _, err := dotenv([][2]string{{"a", taken}}); err != nil {
			t.Errorf("%q: %v", taken, err)
		}
	}
	if _, err := dotenv([][2]string{{"a", strings.Repeat("x", 4000)}, {"b", strings.Repeat("x", 1100)}}); err == nil || !strings.Contains(err.Error(), "over GitLab's limit of 5119") {
		t.Errorf("a file that is too large: %v", err)
	}
}

// A real shell reads what was written, and runs nothing.
func TestShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range hostile() {
		outputs := [][2]string{{"text", value}, {"verdict", "denied"}}
		if checkOutputs(outputs) != nil {
			continue
		}
		cmd := exec.Command(sh, "-euc", shell(outputs)+`printf '%s|%s' "$GATELEDGER_TEXT" "$GATELEDGER_VERDICT"`)
		cmd.Env = []string{}
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != value+"|denied" {
			t.Errorf("%.40q: %q, %v", value, out, err)
		}
	}
}

func TestOutputsJSON(t *testing.T) {
	for _, value := range hostile() {
		if !utf8.ValidString(value) {
			continue
		}
		text, err := outputsJSON([][2]string{{"log-index", value}})
		var got map[string]string
		if err := errors.Join(err, json.Unmarshal([]byte(text), &got)); err != nil || len(got) != 1 || got["log-index"] != value {
			t.Errorf("%.40q: %q, %v", value, text, err)
		}
	}
}

// Whatever the values are, every host reads back exactly them, or nothing is
// written.
func FuzzOutputs(f *testing.F) {
	for _, value := range hostile() {
		f.Add("verdict", value, "x")
	}
	f.Add("a=b", "1", "x=y\n")
	f.Add("a", "1", "v<<E\n")
	f.Fuzz(func(t *testing.T, name, value, before string) {
		outputs := [][2]string{{name, value}, {"verdict", "denied"}}
		text, err := heredocs(outputs, rand.Reader)
		if err != nil {
			if text != "" {
				t.Errorf("refused, and wrote %q", text)
			}
			return
		}
		for _, windows := range []bool{false, true} {
			got, err := runner(text, windows)
			if diff := cmp.Diff(outputs, got); err != nil || diff != "" {
				t.Errorf("windows %v: %v\n%s", windows, err, diff)
			}
			// What an earlier command of the step wrote, and did not end, fails
			// the step or stays as it is.
			first, broken := runner(before, windows)
			got, err = runner(before+"\n"+text, windows)
			if broken == nil && err == nil && len(got) != len(first)+2 {
				t.Errorf("windows %v, after %q: %q", windows, before, got)
			}
			if broken != nil && err == nil && got[len(got)-1] != outputs[1] {
				t.Errorf("windows %v, after the broken %q: %q", windows, before, got)
			}
		}
		env, err := dotenv(outputs)
		if err != nil {
			return
		}
		got, expanded, err := gitlabDotenv(env)
		if err != nil || expanded > 0 || len(got) != 2 || got[variable(name)] != value || got["GATELEDGER_VERDICT"] != "denied" {
			t.Errorf("%q: %q, %d, %v", env, got, expanded, err)
		}
	})
}
