// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git/gittest"
)

// object writes any object into the server's repository, well-formed or not.
func (s *shore) object(kind, data string) string {
	s.Helper()
	cmd := exec.Command("git", "hash-object", "-w", "--literally", "-t", kind, "--stdin")
	cmd.Dir, cmd.Stdin = s.Dir, strings.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		s.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// entry is one line of a tree object.
func (s *shore) entry(mode, name, id string) string {
	raw, err := hex.DecodeString(id)
	if err != nil {
		s.Fatal(err)
	}
	return mode + " " + name + "\x00" + string(raw)
}

// hostile makes a commit of a tree object at a ref of the server.
func (s *shore) hostile(ref, tree string) string {
	s.Helper()
	id := s.object("commit", "tree "+s.object("tree", tree)+"\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx\n")
	s.Git("update-ref", ref, id)
	return id
}

// errSlow marks what would take a second to be refused.
var errSlow = errors.New("slow")

// One fetch brings honest and hostile commits alike; each hostile one is named
// when it is listed, and none keeps the honest ones from being read.
func TestHostileTrees(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	blob := s.object("blob", "hello")
	file := s.entry("100644", "f", blob)
	nested := s.object("tree", file)
	const under = "refs/gateledger/pending/"
	for range maxTreeDepth {
		nested = s.object("tree", s.entry("40000", "d", nested))
	}
	bomb := s.object("tree", file)
	for range 12 {
		var ten string
		for i := range 10 {
			ten += s.entry("40000", fmt.Sprint(i), bomb)
		}
		bomb = s.object("tree", ten)
	}
	var many strings.Builder
	for i := range maxTreeEntries + 1 {
		many.WriteString(s.entry("100644", fmt.Sprintf("%05d", i), blob))
	}
	hostile := map[string]struct {
		tree  string
		files error // of Files; nil: it may be listed one by one
		many  error // of FilesOf
	}{
		"link":      {s.entry("120000", "f", blob), ErrOddTree, ErrOddTree},
		"submodule": {s.entry("160000", "f", s.first), ErrOddTree, ErrOddTree},
		"up":        {s.entry("100644", "..", blob), ErrOddTree, ErrOddTree},
		"here":      {s.entry("100644", ".", blob), ErrOddTree, ErrOddTree},
		"up-folder": {s.entry("40000", "..", s.object("tree", file)), ErrOddTree, ErrOddTree},
		"dot-git":   {s.entry("40000", ".GIT", s.object("tree", file)), ErrOddTree, ErrOddTree},
		"slash":     {s.entry("100644", "a/../../b", blob), ErrOddTree, ErrOddTree},
		"absolute":  {s.entry("100644", "/etc/passwd", blob), ErrOddTree, ErrOddTree},
		"newline":   {s.entry("100644", "a\nb", blob), ErrOddTree, ErrOddTree},
		"not-utf8":  {s.entry("100644", "a\xff", blob), ErrOddTree, ErrOddTree},
		"backslash": {s.entry("100644", `a\b`, blob), ErrOddTree, ErrOddTree},
		"twice":     {file + file, ErrOddTree, ErrOddTree},
		"deep":      {s.entry("40000", "d", nested), nil, ErrTooLarge},
		"wide":      {many.String(), nil, ErrTooLarge},
		"bomb":      {s.entry("40000", "d", bomb), errSlow, ErrTooLarge},
		"empty":     {"", nil, nil},
		"plain":     {file + s.entry("100755", "g", blob), nil, nil},
	}
	for name, h := range hostile {
		s.hostile(under+name, h.tree)
	}
	s.Git("update-ref", under+"blob", blob)
	s.Git("update-ref", under+"tree", nested)
	s.Git("update-ref", under+"tag", s.object("tag", "object "+s.first+"\ntype commit\ntag x\ntagger a <a@b> 1 +0000\n\nx\n"))
	odd := under + "a;b&$(c)'ä%"
	s.Git("update-ref", odd, s.first)

	refs := fetch(t, s.b, s.r, logRef, under+"*")
	if len(refs) != len(hostile)+5 || refs[odd] != s.first || refs[logRef] != s.first {
		t.Fatalf("%d refs came: %v", len(refs), refs)
	}
	var names, ids []string
	for ref, id := range refs {
		names, ids = append(names, strings.TrimPrefix(ref, under)), append(ids, id)
	}
	calls := 0
	err := s.b.FilesOf(t.Context(), ids, func(i int, files []Object, err error) error {
		calls++
		want := hostile[names[i]].many
		if slices.Contains([]string{"blob", "tree", "tag"}, names[i]) {
			want = ErrOddTree
		}
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s of many: %v, want %v", names[i], err, want)
		}
		if err != nil {
			return nil
		}
		if one, err := s.b.Files(t.Context(), ids[i]); err != nil || !slices.Equal(one, files) {
			t.Errorf("%s: Files says %v, %v; FilesOf %v", names[i], one, err, files)
		}
		return nil
	})
	if err != nil || calls != len(ids) {
		t.Errorf("FilesOf: %v after %d of %d", err, calls, len(ids))
	}
	for name, h := range hostile {
		if h.files == errSlow {
			continue
		}
		if _, err := s.b.Files(t.Context(), refs[under+name]); !errors.Is(err, h.files) || h.files == nil && err != nil {
			t.Errorf("%s alone: %v, want %v", name, err, h.files)
		}
	}
}

func TestFilesOfManyCommits(t *testing.T) {
	t.Parallel()
	b := newBare(t)
	one := draft(t, b, map[string]string{"0/leaf": "a", "0/blob/0": "bb", "0/blob/1": ""})
	two := draft(t, b, map[string]string{"0/leaf": "ccc"})
	gone := strings.Repeat("1", 40)
	blobs, _ := b.Files(t.Context(), two)
	commits := []string{two, one, gone, two, "HEAD", blobs[0].ID}
	var got []string
	err := b.FilesOf(t.Context(), commits, func(i int, files []Object, err error) error {
		line := fmt.Sprint(i)
		for _, o := range files {
			line += fmt.Sprintf(" %s:%d", o.Path, o.Size)
		}
		if err != nil {
			line += fmt.Sprint(" ", errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrOddTree))
		}
		got = append(got, line)
		return nil
	})
	want := []string{"0 0/leaf:3", "1 0/blob/0:2 0/blob/1:0 0/leaf:1", "2 true false", "3 0/leaf:3", "4 false false", "5 false true"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	stop := errors.New("stop")
	if err := b.FilesOf(t.Context(), commits, func(int, []Object, error) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error: %v", err)
	}
	if err := b.FilesOf(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}

func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	b := newBare(t)
	big := strings.Repeat("x", 3<<20)
	commit := draft(t, b, map[string]string{"a": "hello", "b": big, "c": ""})
	list, err := b.Files(t.Context(), commit)
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	ids := []string{list[0].ID, list[1].ID, list[2].ID, list[0].ID}
	whole := int64(len(big) + 10)
	read := func(ids []string, limit int64) (calls int, err error) {
		err = b.Read(t.Context(), ids, limit, func(int, []byte) error { calls++; return nil })
		return calls, err
	}
	for _, c := range []struct {
		fact  string
		ids   []string
		limit int64
		calls int
		want  error
	}{
		{"all of it fits", ids, whole, 4, nil},
		{"the last one does not", ids, whole - 1, 3, ErrTooLarge},
		{"the second one does not", ids, 100, 1, ErrTooLarge},
		{"nothing fits", ids, 0, 0, ErrTooLarge},
		{"one is not here", []string{list[0].ID, strings.Repeat("1", 40), list[0].ID}, whole, 1, fs.ErrNotExist},
		{"one is a commit", []string{list[0].ID, commit}, whole, 1, ErrOddTree},
		{"none", nil, 0, 0, nil},
	} {
		calls, err := read(c.ids, c.limit)
		if calls != c.calls || !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %d calls, %v", c.fact, calls, err)
		}
	}
	if _, err := read([]string{"HEAD:a"}, 100); err == nil {
		t.Error("a name was taken for an id")
	}
	stop := errors.New("stop")
	if err := b.Read(t.Context(), ids, whole, func(int, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = b.Read(ctx, ids, whole, func(int, []byte) error { cancel(); return ctx.Err() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// The same draft makes the same commit, wherever it is made.
func TestDraftsAreDeterministic(t *testing.T) {
	t.Parallel()
	a, b := newBare(t), newBare(t)
	first := Draft{Put: map[string][]byte{"a": []byte("1"), "b/c": []byte("2"), "b/d": {0, 1, 0xff}}, Message: "one\n\nüber\n", When: time.Unix(1_700_000_000, 999)}
	const known = "4842bbbf21bb15329d621ba6a102404aec45c270"
	var ids []string
	for _, bare := range []*Bare{a, b, a} {
		id, err := bare.Commit(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if ids[0] != ids[1] || ids[0] != ids[2] || ids[0] != known {
		t.Errorf("ids %v, want %s", ids, known)
	}
	raw, err := a.in(t.Context(), call{args: []string{"cat-file", "commit", ids[0]}})
	if want := "author " + committer + " 1700000000 +0000\ncommitter " + committer + " 1700000000 +0000\n\none\n\nüber\n"; err != nil || !strings.HasSuffix(string(raw), want) {
		t.Errorf("commit %q, %v", raw, err)
	}
	when := time.Unix(1_700_000_001, 0)
	for _, c := range []struct {
		fact string
		d    Draft
		want string // files
	}{
		{"nothing of the base changes", Draft{Base: ids[0], Parents: ids[:1]}, "a=1 b/c=2 b/d=\x00\x01\xff"},
		{"put over and beside", Draft{Base: ids[0], Parents: ids[:1], Put: map[string][]byte{"a": []byte("x"), "e f": nil}}, "a=x b/c=2 b/d=\x00\x01\xff e f="},
		{"delete a file and a folder", Draft{Base: ids[0], Parents: ids[:1], Delete: []string{"a", "b", "none"}}, ""},
		{"delete a folder and put into it", Draft{Base: ids[0], Parents: ids[:1], Delete: []string{"b"}, Put: map[string][]byte{"b/z": []byte("9")}}, "a=1 b/z=9"},
		{"a base without a parent", Draft{Base: ids[0], Delete: []string{"b/c"}}, "a=1 b/d=\x00\x01\xff"},
		{"parents without a base", Draft{Parents: ids[:1], Put: map[string][]byte{"n": nil}}, "n="},
		{"nothing at all", Draft{}, ""},
	} {
		c.d.When = when
		id, err := a.Commit(t.Context(), c.d)
		if err != nil {
			t.Errorf("%s: %v", c.fact, err)
			continue
		}
		var got []string
		all := files(t, a, id)
		for _, path := range slices.Sorted(mapKeys(all)) {
			got = append(got, path+"="+all[path])
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.fact, got, c.want)
		}
		parents, _ := a.links(t.Context(), []string{id})
		if !slices.Equal(parents[id], append([]string{}, c.d.Parents...)) {
			t.Errorf("%s: parents %v", c.fact, parents[id])
		}
		if again, err := b.Commit(t.Context(), c.d); err != nil || again != id {
			t.Errorf("%s: elsewhere it is %s, %v", c.fact, again, err)
		}
	}
	other := draft(t, a, map[string]string{"other": "x"})
	merge, err := a.Commit(t.Context(), Draft{Base: other, Parents: []string{ids[0], other}, When: when})
	if got := files(t, a, merge); err != nil || len(got) != 1 || got["other"] != "x" {
		t.Errorf("a merge with the other's files: %v, %v", got, err)
	}
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestDraftsThatSayNothing(t *testing.T) {
	t.Parallel()
	b := newBare(t)
	base := draft(t, b, map[string]string{"a": "1"})
	when := time.Unix(1, 0)
	put := func(paths ...string) Draft {
		d := Draft{When: when, Put: map[string][]byte{}}
		for _, p := range paths {
			d.Put[p] = nil
		}
		return d
	}
	for fact, d := range map[string]Draft{
		"no time":                {Put: map[string][]byte{"a": nil}},
		"a time without end":     {When: time.Unix(maxTime+1, 0)},
		"an empty path":          put(""),
		"the top":                put("."),
		"up":                     put("../a"),
		"up inside":              put("a/../b"),
		"absolute":               put("/a"),
		"a newline":              put("a\nM 100644 inline b"),
		"a quote":                put(`"a"`),
		"a git folder":           put("a/.Git/config"),
		"a file and a folder":    put("a", "a/b"),
		"the same, deeper":       put("x/a", "x/a.b", "x/a/b/c"),
		"to delete up":           {When: when, Delete: []string{"../a"}},
		"to delete a newline":    {When: when, Delete: []string{"a\nD b"}},
		"to delete all":          {When: when, Delete: []string{""}},
		"a name for a base":      {When: when, Base: "HEAD"},
		"a name for a parent":    {When: when, Parents: []string{"refs/kept/x"}},
		"an empty parent":        {When: when, Parents: []string{""}},
		"a message with a NUL":   {When: when, Message: "a\x00b"},
		"a base that is no more": {When: when, Base: strings.Repeat("1", 40)},
	} {
		if id, err := b.Commit(t.Context(), d); err == nil {
			t.Errorf("%s: was made as %s", fact, id)
		}
	}
	gone := strings.Repeat("1", 40)
	for fact, d := range map[string]Draft{
		"as base":          {When: when, Base: gone},
		"as parent":        {When: when, Parents: []string{gone}},
		"as base, parent":  {When: when, Base: gone, Parents: []string{gone}},
		"as second parent": {When: when, Base: base, Parents: []string{base, gone}},
	} {
		if _, err := b.Commit(t.Context(), d); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what is not here %s: %v, want fs.ErrNotExist", fact, err)
		}
	}
	left, err := os.ReadDir(filepath.Join(b.dir, stages))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
