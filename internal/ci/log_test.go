// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-githubactions"
)

func onGitHub(name string) string { return map[string]string{"GITHUB_ACTIONS": "true"}[name] }
func elsewhere(string) string     { return "" }

// An obeyed is a line of the log that a runner takes for a command.
type obeyed struct {
	name       string
	properties map[string]string
	data       string
}

// obey reads a log as GitHub's runner does: a line that starts with ::name::
// after white space, or that holds ##[name] anywhere, is a command, until one
// of them stops that.
func obey(log string) []obeyed {
	var all []obeyed
	stop := ""
	for line := range strings.Lines(log) {
		line = strings.TrimRight(line, "\r\n")
		c, ok := commandV2(line, stop)
		if !ok {
			c, ok = commandV1(line, stop)
		}
		switch {
		case !ok, stop != "" && c.name != stop:
		case stop != "":
			stop = ""
		case c.name == "stop-commands":
			stop = c.data
		default:
			all = append(all, c)
		}
	}
	return all
}

func known(name, stop string) bool {
	switch name {
	case "notice", "warning", "error", "debug", "group", "endgroup", "add-mask", "set-output", "save-state", "stop-commands", "add-matcher", "echo":
		return true
	}
	return name != "" && name == stop
}

func commandV2(line, stop string) (obeyed, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t\v\f"), "::")
	if !ok {
		return obeyed{}, false
	}
	head, data, ok := strings.Cut(rest, "::")
	name, list, _ := strings.Cut(head, " ")
	if !ok || !known(name, stop) {
		return obeyed{}, false
	}
	return obeyed{name, properties(list, ",", "%3A", ":", "%2C", ","), unescape(data)}, true
}

func commandV1(line, stop string) (obeyed, bool) {
	_, rest, ok := strings.Cut(line, "##[")
	if !ok {
		return obeyed{}, false
	}
	head, data, ok := strings.Cut(rest, "]")
	name, list, _ := strings.Cut(head, " ")
	if !ok || !known(name, stop) {
		return obeyed{}, false
	}
	return obeyed{name, properties(list, ";", "%3B", ";", "%5D", "]"), unescape(data)}, true
}

func properties(list, sep string, escapes ...string) map[string]string {
	all := map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimSpace(list), sep) {
		if k, v, ok := strings.Cut(pair, "="); ok && k != "" && v != "" {
			all[k] = unescape(strings.NewReplacer(escapes...).Replace(v))
		}
	}
	return all
}

func unescape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(s, "%0D", "\r"), "%0A", "\n"), "%25", "%")
}

func TestAnnotate(t *testing.T) {
	for _, c := range []struct {
		note Note
		want obeyed
	}{
		{Note{Text: "allowed"}, obeyed{"notice", nil, "allowed"}},
		{Note{Level: Warning, Title: "Pending", Text: "1 more"}, obeyed{"warning", map[string]string{"title": "Pending"}, "1 more"}},
		{Note{Level: Error, Title: "a:b,c=d::e", Text: "50% :: off\nand more"}, obeyed{"error", map[string]string{"title": "a:b,c=d::e"}, "50% :: off\nand more"}},
		{Note{Text: "x", File: "a/b.go", Line: 7}, obeyed{"notice", map[string]string{"file": "a/b.go", "line": "7"}, "x"}},
		{Note{Text: "x", File: "a,line=1::b", Line: -1}, obeyed{"notice", map[string]string{"file": "a,line=1::b"}, "x"}},
		{Note{Text: "x", File: "../up", Line: 7}, obeyed{"notice", nil, "x"}},
		{Note{Text: "x", File: "/etc/passwd", Line: 7}, obeyed{"notice", nil, "x"}},
		{Note{Text: "x", Line: 7}, obeyed{"notice", nil, "x"}},
		{Note{Text: "x\r\n::set-output name=verdict::allowed"}, obeyed{"notice", nil, "x\n::set-output name=verdict::allowed"}},
		{Note{Text: "x ##[set-output name=verdict;]allowed"}, obeyed{"notice", nil, "x ##[set-output name=verdict;]allowed"}},
		{Note{Text: "%0A::error::x"}, obeyed{"notice", nil, "%0A::error::x"}},
		{Note{Text: "\x1b[31mred\rx"}, obeyed{"notice", nil, `\x1b[31mred\rx`}},
		{Note{Text: "x", URL: "https://ci.example.org/1?a=b&c=%20d"}, obeyed{"notice", nil, "x\nhttps://ci.example.org/1?a=b&c=%20d"}},
		{Note{Text: "x", URL: "javascript:alert(1)"}, obeyed{"notice", nil, "x"}},
		{Note{Text: "x", URL: "https://u:p@ci.example.org/1"}, obeyed{"notice", nil, "x"}},
		{Note{Text: "x", URL: "https://ci.example.org/\n::error::y"}, obeyed{"notice", nil, "x"}},
	} {
		var log bytes.Buffer
		if err := annotate(&log, []Note{c.note}); err != nil {
			t.Fatal(err)
		}
		if c.want.properties == nil {
			c.want.properties = map[string]string{}
		}
		if diff := cmp.Diff([]obeyed{c.want}, obey(log.String()), cmp.AllowUnexported(obeyed{})); diff != "" || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%+v\n%s", c.note, diff)
		}
	}
}

func TestNoMoreNotesThanAreShown(t *testing.T) {
	for n, left := range map[int]string{9: "", 10: "", 11: "2 more", 500: "491 more"} {
		var notes []Note
		for i := range n {
			notes = append(notes, Note{Level: Warning, Title: "Weak", Text: fmt.Sprint("w", i)}, Note{Level: Error, Text: "e"})
		}
		var log bytes.Buffer
		if err := annotate(&log, notes[:len(notes)-1]); err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		last := map[string]obeyed{}
		for _, c := range obey(log.String()) {
			count[c.name]++
			last[c.name] = c
		}
		if want := min(n, maxNotes); count["warning"] != want || count["error"] != min(n-1, maxNotes) {
			t.Errorf("%d notes: %v", n, count)
		}
		if got := last["warning"]; left != "" && (!strings.HasPrefix(got.data, left+" like this are not shown") || got.properties["title"] != "Weak") {
			t.Errorf("%d notes: the last is %+v", n, got)
		}
	}
}

func TestLongNote(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", 100_000), strings.Repeat("é", 100_000), strings.Repeat("\xff", 100_000), strings.Repeat("\n", 100_000) + "x" + strings.Repeat("\n", 100_000) + "y"} {
		got := lines(text)
		if len(got) > 4*maxNoteText+10 || !utf8.ValidString(got) || !strings.HasSuffix(got, " …") {
			t.Errorf("%.20q: %d bytes, ends with %q", text, len(got), got[max(0, len(got)-10):])
		}
	}
}

func TestAnnotateFails(t *testing.T) {
	for name, err := range map[string]error{
		"no log":        annotate(nil, []Note{{Text: "x"}}),
		"a broken log":  annotate(broken{}, []Note{{Text: "x"}}),
		"no such level": annotate(&bytes.Buffer{}, []Note{{Level: 3}}),
		"a level below": annotate(&bytes.Buffer{}, []Note{{Level: -1}}),
		"a masked line": Mask(broken{}, onGitHub, "s3cret"),
	} {
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestMask(t *testing.T) {
	for secret, want := range map[string][]string{
		"s3cret":                      {"s3cret"},
		"-----BEGIN\r\nab%0A\n\n :\n": {"-----BEGIN", "ab%0A", " :"},
		"":                            nil,
		" \n\t":                       nil,
		"a\n::set-output name=v::x":   {"a", "::set-output name=v::x"},
	} {
		var log bytes.Buffer
		if err := Mask(&log, onGitHub, secret); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range obey(log.String()) {
			if c.name != "add-mask" {
				t.Errorf("%q: %+v", secret, c)
			}
			got = append(got, c.data)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", secret, diff)
		}
		log.Reset()
		if err := Mask(&log, elsewhere, secret); err != nil || log.Len() > 0 {
			t.Errorf("where nothing masks, %q wrote %q, %v", secret, &log, err)
		}
	}
}

func TestGroup(t *testing.T) {
	var log bytes.Buffer
	end := Group(&log, onGitHub, "a\n::error::b")
	fmt.Fprintln(&log, "inside")
	end()
	if got := obey(log.String()); len(got) != 2 || got[0].name != "group" || got[0].data != "a ::error::b" || got[1].name != "endgroup" {
		t.Errorf("%q: %+v", &log, got)
	}
	log.Reset()
	Group(&log, elsewhere, "title\x1b[2J")()
	if log.String() != `title\x1b[2J`+"\n" {
		t.Errorf("elsewhere: %q", &log)
	}
}

// go-githubactions writes the same bytes for the same note.
func TestPeerWritesTheSame(t *testing.T) {
	for _, text := range hostile() {
		n := Note{Level: Warning, Title: text, Text: text, File: "a/b.go", Line: 7}
		text = lines(text)
		title := strings.NewReplacer("\n", " ").Replace(strings.TrimSpace(n.Title))
		if title == "" || text == "" || strings.ContainsAny(n.Title, "\r\n\v\f\x1b\x00\u0085\u2028") || len(n.Title) > 900 || !utf8.ValidString(n.Title) || lines(n.Title) != title {
			continue
		}
		var ours, theirs bytes.Buffer
		if err := annotate(&ours, []Note{n}); err != nil {
			t.Fatal(err)
		}
		peer := githubactions.New(githubactions.WithWriter(&theirs))
		peer.WithFieldsMap(map[string]string{"title": title, "file": "a/b.go", "line": "7"}).Warningf("%s", text)
		if err := Mask(&ours, onGitHub, title); err != nil {
			t.Fatal(err)
		}
		peer.AddMask(title)
		Group(&ours, onGitHub, title)()
		peer.Group(title)
		peer.EndGroup()
		if diff := cmp.Diff(theirs.String(), ours.String()); diff != "" {
			t.Errorf("%q:\n%s", n.Title, diff)
		}
	}
}

func FuzzAnnotate(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s, s, s, s)
	}
	f.Fuzz(func(t *testing.T, title, text, file, link string) {
		var log bytes.Buffer
		if err := annotate(&log, []Note{{Error, title, text, file, 3, link}}); err != nil {
			t.Fatal(err)
		}
		got := obey(log.String())
		if len(got) != 1 || got[0].name != "error" || strings.Count(log.String(), "\n") != 1 {
			t.Fatalf("%q: %+v", &log, got)
		}
		for k := range got[0].properties {
			if k != "title" && k != "file" && k != "line" {
				t.Errorf("%q: property %q", &log, k)
			}
		}
		if strings.ContainsAny(log.String(), "\r\x00\x1b") || !utf8.Valid(log.Bytes()) {
			t.Errorf("%q", &log)
		}
	})
}
