// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/policy"
)

// top is the repository's folder.
func top() string { return filepath.Dir(docs()) }

// pagesOf are the README and the documentation, by their name.
func pagesOf(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(docs(), "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, f := range append(files, filepath.Join(top(), "README.md")) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(top(), f)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.ToSlash(rel)] = string(data)
	}
	return pages
}

// blocksOf are the blocks of all pages in one language.
func blocksOf(t *testing.T, lang string, do func(t *testing.T, b block)) {
	t.Helper()
	found := 0
	for name, text := range pagesOf(t) {
		blocks, err := fences(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, b := range blocks {
			if b.lang == lang {
				found++
				t.Run(fmt.Sprintf("%s:%d", name, b.line), func(t *testing.T) { do(t, b) })
			}
		}
	}
	if found == 0 {
		t.Errorf("no page has a block of %s", lang)
	}
}

// An action is what callers of one need to know.
type action struct {
	Inputs map[string]struct {
		Required bool `yaml:"required"`
	} `yaml:"inputs"`
	Outputs map[string]any `yaml:"outputs"`
}

// ownAction reads the action that "uses" names; it is nil for somebody else's.
func ownAction(t *testing.T, uses string) *action {
	t.Helper()
	name, _, _ := strings.Cut(uses, "@")
	path, ok := strings.CutPrefix(name+"/", "gateledger/gateledger/")
	if !ok || strings.HasSuffix(name, ".yml") {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(top(), filepath.FromSlash(path), "action.yml"))
	if err != nil {
		t.Errorf("%s: %v", uses, err)
		return nil
	}
	var a action
	if err := yaml.Unmarshal(data, &a); err != nil {
		t.Errorf("%s: %v", uses, err)
	}
	return &a
}

// checkUses holds every "uses" below a YAML node: pinned, or one of ours with
// inputs that it has.
func checkUses(t *testing.T, n *yaml.Node) {
	t.Helper()
	if n.Kind == yaml.MappingNode {
		var step struct {
			Uses string            `yaml:"uses"`
			With map[string]string `yaml:"with"`
		}
		if n.Decode(&step) == nil && step.Uses != "" {
			checkStep(t, step.Uses, step.With)
		}
	}
	for _, child := range n.Content {
		checkUses(t, child)
	}
}

var pinnedAction = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_./-]+@[0-9a-f]{40}$`)

func checkStep(t *testing.T, uses string, with map[string]string) {
	t.Helper()
	ours := strings.HasPrefix(uses, "gateledger/gateledger")
	readers := strings.HasPrefix(uses, "acme/gates/.github/workflows/") // a branch that they protect
	if !ours && !readers && !pinnedAction.MatchString(uses) {
		t.Errorf("%s is not pinned to a commit", uses)
	}
	if ours && !strings.HasSuffix(uses, "@v1") {
		t.Errorf("%s: ours are used as @v1", uses)
	}
	a := ownAction(t, uses)
	if a == nil {
		return
	}
	for name := range with {
		if _, ok := a.Inputs[name]; !ok {
			t.Errorf("%s has no input %q", uses, name)
		}
	}
	for name, in := range a.Inputs {
		if _, ok := with[name]; in.Required && !ok {
			t.Errorf("%s needs the input %q", uses, name)
		}
	}
}

func TestYAMLOfTheDocsIsRead(t *testing.T) {
	blocksOf(t, "yaml", func(t *testing.T, b block) {
		d := yaml.NewDecoder(strings.NewReader(b.text))
		for {
			var n yaml.Node
			if err := d.Decode(&n); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			checkUses(t, &n)
			checkPolicyPart(t, b.text)
		}
	})
}

// checkPolicyPart has the policy's own parser read what is a part of one.
func checkPolicyPart(t *testing.T, text string) {
	t.Helper()
	if strings.HasPrefix(text, "version: 1\nledger:") {
		if _, err := policy.Parse([]byte(text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	if !strings.HasPrefix(text, "environments:") {
		return
	}
	people := ""
	for _, role := range []string{"lead", "security", "api", "web"} {
		people += "  " + role + ": {roles: [" + role + "]}\n"
	}
	whole := "version: 1\nledger: {url: \"git:origin\", origin: aaaabbbbccccdddd, keys: [\"aaaabbbbccccdddd+4aad5c67+Ac54IkjGYWEYVToaLU8RGmoBhSmHYSgx2RRiuMkohx+S\"]}\n" +
		"signers: {ci: {key: \"sha256:" + strings.Repeat("0", 64) + "\", tier: fast}}\nprincipals:\n" + people + text
	whole = regexp.MustCompile(`(?m)^(  [a-z-]+-?production):\n`).ReplaceAllString(whole, "$1:\n    tier: fast\n")
	if _, err := policy.Parse([]byte(whole)); err != nil {
		t.Errorf("%v\n%s", err, whole)
	}
}

// Each workflow that init writes uses inputs and outputs that our actions have.
func TestWorkflowsOfInitUseWhatTheActionsHave(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(top(), "testdata", "golden", "init", "github-*", "*.yml"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var n yaml.Node
		if err := yaml.Unmarshal(data, &n); err != nil {
			t.Fatal(err)
		}
		checkUses(t, &n)
		gate := ownAction(t, "gateledger/gateledger/actions/gate@v1")
		for _, m := range regexp.MustCompile(`steps\.gate\.outputs\.([a-z-]+)`).FindAllStringSubmatch(string(data), -1) {
			if _, ok := gate.Outputs[m[1]]; !ok {
				t.Errorf("%s: the gate has no output %q", f, m[1])
			}
		}
	}
}

// Commands of the docs name verbs and flags that there are.
func TestCommandsOfTheDocsExist(t *testing.T) {
	known := 0
	blocksOf(t, "sh", func(t *testing.T, b block) {
		text := regexp.MustCompile(`"\$\([^)]*\)"`).ReplaceAllString(strings.ReplaceAll(b.text, "\\\n", " "), "X")
		for line := range strings.Lines(text) {
			for _, call := range regexp.MustCompile(`(?:^|[ (|{])gateledger ([^|)#]*)`).FindAllStringSubmatch(line, -1) {
				known++
				checkCommand(t, strings.Fields(call[1]))
			}
		}
	})
	if known < 30 {
		t.Errorf("only %d commands were looked at", known)
	}
}

func checkCommand(t *testing.T, words []string) {
	t.Helper()
	root := command.Root(cli.System())
	cmd, rest, err := root.Find(words)
	if err != nil || cmd == root {
		t.Errorf("gateledger %s: there is no such verb: %v", strings.Join(words, " "), err)
		return
	}
	for _, w := range rest {
		name, _, _ := strings.Cut(strings.TrimPrefix(w, "--"), "=")
		switch {
		case strings.HasPrefix(w, "--") && cmd.Flags().Lookup(name) == nil:
			t.Errorf("%s has no flag %s", cmd.CommandPath(), w)
		case regexp.MustCompile(`^-[a-z]$`).MatchString(w) && cmd.Flags().ShorthandLookup(w[1:]) == nil:
			t.Errorf("%s has no flag %s", cmd.CommandPath(), w)
		}
	}
}

// Steps of a Jenkinsfile in the docs are in the shared library, and its
// options are ones that it reads.
func TestJenkinsfilesOfTheDocsUseTheLibrary(t *testing.T) {
	library := ""
	for _, text := range textsIn(t, "jenkins") {
		library += text
	}
	blocksOf(t, "groovy", func(t *testing.T, b block) {
		for _, m := range regexp.MustCompile(`(gateledger[A-Z][a-z]+)\(([^)]*)\)`).FindAllStringSubmatch(b.text, -1) {
			if _, err := os.Stat(filepath.Join(top(), "jenkins", "vars", m[1]+".groovy")); err != nil {
				t.Error(err)
			}
			for _, o := range regexp.MustCompile(`([a-zA-Z]+): `).FindAllStringSubmatch(m[2], -1) {
				if !regexp.MustCompile(`o\.` + o[1] + `\b|'` + o[1] + `'`).MatchString(library) {
					t.Errorf("%s: the library reads no option %s", m[1], o[1])
				}
			}
		}
	})
}

func TestLinksOfTheDocsLead(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for name, text := range pagesOf(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			path := filepath.Join(top(), filepath.Dir(filepath.FromSlash(name)), filepath.FromSlash(file))
			if file == "" {
				path = filepath.Join(top(), filepath.FromSlash(name))
			}
			data, err := os.ReadFile(path)
			if info, statErr := os.Stat(path); statErr == nil && info.IsDir() && anchor == "" {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if anchor != "" && !slices.Contains(anchors(string(data)), anchor) {
				t.Errorf("%s: %s has no heading #%s", name, file, anchor)
			}
		}
	}
}

// anchors are the headings of a page as links name them.
func anchors(markdown string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(markdown, -1) {
		text := strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9 _-]`).ReplaceAllString(m[1], ""))
		out = append(out, strings.ReplaceAll(text, " ", "-"))
	}
	return out
}

// A start page has six steps at most, and names what comes next.
func TestStartPagesHaveSixStepsAtMost(t *testing.T) {
	n := 0
	for name, text := range pagesOf(t) {
		if !strings.HasPrefix(name, "docs/start-") {
			continue
		}
		n++
		steps := regexp.MustCompile(`(?m)^## ([0-9]+)\. `).FindAllStringSubmatch(text, -1)
		if len(steps) == 0 || len(steps) > 6 || steps[len(steps)-1][1] != strconv.Itoa(len(steps)) {
			t.Errorf("%s has the steps %v", name, steps)
		}
	}
	if n != 4 {
		t.Errorf("%d start pages, want 4", n)
	}
}

// What a start page says of a plan is what the table of plans says.
func TestStartPagesSayWhatAPlanEnforces(t *testing.T) {
	pages := pagesOf(t)
	for _, p := range hosting.Plans() {
		page, ok := pages["docs/start-"+p.Provider+".md"]
		if !ok {
			continue
		}
		i := strings.Index(page, "`"+p.Name+"`")
		if i < 0 {
			t.Errorf("start-%s.md does not name the plan %s", p.Provider, p.Name)
			continue
		}
		row, _, _ := strings.Cut(page[i:], "\n")
		if !strings.Contains(row, p.Gate.String()) && !strings.Contains(row, "the same") && !strings.Contains(row, "as Free") {
			t.Errorf("start-%s.md, %s: %q does not say that the answer is %q", p.Provider, p.Name, row, p.Gate)
		}
	}
}
