// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestPages runs the start pages as they are written. A story in
// testdata/pages sets up what the page takes for granted, and plays what people
// and hosts do between its steps.
func TestPages(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("..", "..", "testdata", "pages"),
		Setup:              setUpStory,
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "sshkey": sshkey, "mode": mode, "capture": capture, "asked": asked,
			"page": page, "block": written, "scene": scene,
		},
	})
}

// A block is one fenced block of a page.
type block struct {
	step int    // of the heading "## N. …" above it; 0 before the first
	lang string // the first word after the fence
	text string
	line int // where it begins
}

// fences reads the fenced blocks of a page. A block in a list is taken out of
// its indentation.
func fences(markdown string) ([]block, error) {
	heading := regexp.MustCompile(`^## ([0-9]+)\. `)
	var blocks []block
	var open *block
	step, indent, number := 0, "", 0
	for line := range strings.Lines(markdown) {
		number++
		bare := strings.TrimLeft(line, " ")
		fence, ok := strings.CutPrefix(bare, "```")
		switch {
		case ok && open == nil:
			lang, _, _ := strings.Cut(strings.TrimSpace(fence), " ")
			open, indent = &block{step: step, lang: lang, line: number}, line[:len(line)-len(bare)]
		case ok:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent)
		default:
			if m := heading.FindStringSubmatch(line); m != nil {
				step, _ = strconv.Atoi(m[1])
			}
		}
	}
	if open != nil {
		return nil, fmt.Errorf("the block that begins in line %d does not end", open.line)
	}
	return blocks, nil
}

// shell makes a script of a page's commands. A command with the comment
// "# exits N" must end with that code, any other with 0.
func shell(commands string) string {
	expected := regexp.MustCompile(`(?m)^(.*\S) +# exits ([0-9]+)\b.*$`)
	return "set -eu\n" + expected.ReplaceAllString(commands,
		`code=0; { $1; } || code=$$?; [ "$$code" -eq $2 ] || { echo "exit code $$code, want $2" >&2; exit 1; }`)
}

// page FILE [FIRST LAST [THIS=THAT…]] runs the commands of a page's steps, one
// after the other in one shell, with THAT in the place of THIS.
func page(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) == 2 {
		ts.Fatalf("usage: page FILE [FIRST LAST [THIS=THAT…]]")
	}
	first, last := 1, 99
	var changes []string
	if len(args) > 2 {
		var err error
		first, err = strconv.Atoi(args[1])
		ts.Check(err)
		last, err = strconv.Atoi(args[2])
		ts.Check(err)
		changes = args[3:]
	}
	text, err := os.ReadFile(filepath.Join(docs(), args[0]))
	ts.Check(err)
	blocks, err := fences(string(text))
	ts.Check(err)
	script := ""
	for _, b := range blocks {
		if b.lang == "sh" && first <= b.step && b.step <= last {
			script += b.text
		}
	}
	if script == "" {
		ts.Fatalf("%s has no commands in steps %d to %d", args[0], first, last)
	}
	for _, c := range changes {
		this, that, ok := strings.Cut(c, "=")
		if !ok || !strings.Contains(script, this) {
			ts.Fatalf("%s has no %q in steps %d to %d", args[0], this, first, last)
		}
		script = strings.ReplaceAll(script, this, that)
	}
	ts.Check(ts.Exec("sh", "-c", shell(script)))
}

// block PAGE MARK FILE [THIS=THAT…] writes the one block of a page that holds
// MARK to FILE, with THAT in the place of THIS.
func written(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: block PAGE MARK FILE [THIS=THAT…]")
	}
	text, err := os.ReadFile(filepath.Join(docs(), args[0]))
	ts.Check(err)
	blocks, err := fences(string(text))
	ts.Check(err)
	found := ""
	for _, b := range blocks {
		if !strings.Contains(b.text, args[1]) {
			continue
		}
		if found != "" {
			ts.Fatalf("%s has several blocks with %q", args[0], args[1])
		}
		found = b.text
	}
	if found == "" {
		ts.Fatalf("%s has no block with %q", args[0], args[1])
	}
	for _, c := range args[3:] {
		this, that, ok := strings.Cut(c, "=")
		if !ok || !strings.Contains(found, this) {
			ts.Fatalf("that block has no %q", this)
		}
		found = strings.ReplaceAll(found, this, that)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(found), 0o755))
}

// docs is the folder of the documentation.
func docs() string {
	dir, err := filepath.Abs(filepath.Join("..", "..", "docs"))
	if err != nil {
		panic(err)
	}
	return dir
}

func TestShellHoldsExitCodes(t *testing.T) {
	got := shell("a\nb --c   # exits 8: not yet\nd # a comment\n")
	if want := "set -eu\na\ncode=0; { b --c; } || code=$?; [ \"$code\" -eq 8 ] || { echo \"exit code $code, want 8\" >&2; exit 1; }\nd # a comment\n"; got != want {
		t.Errorf("%s", got)
	}
}

func TestFencesAreRead(t *testing.T) {
	blocks, err := fences("```\nx\n```\n## 1. One\n- so:\n  ```sh title\n  a\n    b\n  ```\n## 2. Two\n```yaml\nc\n```\n")
	if err != nil || len(blocks) != 3 {
		t.Fatalf("%+v, %v", blocks, err)
	}
	for i, want := range []block{{0, "", "x\n", 1}, {1, "sh", "a\n  b\n", 6}, {2, "yaml", "c\n", 11}} {
		if blocks[i] != want {
			t.Errorf("%+v, want %+v", blocks[i], want)
		}
	}
	if _, err := fences("```sh\na\n"); err == nil {
		t.Error("a block without an end was read")
	}
}
