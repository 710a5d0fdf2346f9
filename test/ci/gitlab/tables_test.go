// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The tables of the READMEs are what the files declare.
func TestTables(t *testing.T) {
	for _, name := range components() {
		checkTable(t, "gitlab/README.md", name, inputTable(readTemplate(t, name)))
	}
	checkTable(t, "jenkins/README.md", "steps", stepTables(t))
	checkTable(t, "circleci/README.md", "commands", commandTables(t))
}

// checkTable compares, or with -update replaces, what stands between the marks.
func checkTable(t *testing.T, file, name, want string) {
	t.Helper()
	text := read(t, file)
	begin, end := "<!-- table: "+name+" -->\n", "<!-- end -->"
	i := strings.Index(text, begin)
	if i < 0 {
		t.Fatalf("%s has no table %s", file, name)
	}
	i += len(begin)
	j := i + strings.Index(text[i:], end)
	if text[i:j] == want {
		return
	}
	if !*update {
		t.Errorf("%s: the table %s is not what the files say: go test ./test/ci/gitlab -update", file, name)
		return
	}
	if err := os.WriteFile(filepath.Join(top, file), []byte(text[:i]+want+text[j:]), 0o644); err != nil {
		t.Fatal(err)
	}
}

func inputTable(c template) string {
	var b strings.Builder
	b.WriteString("| input | what it is | type | default |\n|---|---|---|---|\n")
	for _, id := range c.order {
		in := c.inputs[id]
		kind := in.Type
		if len(in.Options) > 0 {
			kind = code(slices.DeleteFunc(slices.Clone(in.Options), func(o string) bool { return o == "" })...)
		}
		if kind == "" {
			kind = "string"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", id, in.Description, kind, shownDefault(in.Default))
	}
	return b.String()
}

func code(words ...string) string { return "`" + strings.Join(words, "`, `") + "`" }

func shownDefault(n yaml.Node) string {
	switch {
	case n.Kind == 0:
		return "needed"
	case n.Kind == yaml.ScalarNode && n.Value == "":
		return ""
	case n.Kind == yaml.ScalarNode:
		return code(n.Value)
	}
	data, err := yaml.Marshal(&n)
	if err != nil {
		return err.Error()
	}
	return code(strings.TrimSpace(string(data)))
}

var (
	setting = regexp.MustCompile(`^//   ([a-zA-Z]+(?:, [a-zA-Z]+)*)  +(.+)$`)
	more    = regexp.MustCompile(`^//    {4,}(.+)$`)
)

// stepTables are made of the comments that the files of vars begin with.
func stepTables(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	order := []string{"Pipeline", "Commit", "Sbom", "Record", "Scan", "Gate", "Deploy", "Verify", "Complete", "Run"}
	files, err := filepath.Glob(filepath.Join(top, "jenkins/vars/*.groovy"))
	if err != nil || len(files) != len(order) {
		t.Fatalf("%d files in vars, want %d: %v", len(files), len(order), err)
	}
	for _, step := range order {
		name := "gateledger" + step
		text := read(t, "jenkins/vars/"+name+".groovy")
		first, settings := heading(text)
		if !strings.HasPrefix(first, name+" ") {
			t.Errorf("%s begins with %q", name, first)
		}
		fmt.Fprintf(&b, "### %s\n\n`%s`%s.\n", name, name, strings.TrimSuffix(strings.TrimPrefix(first, name), "."))
		if len(settings) == 0 {
			b.WriteString("\n")
			continue
		}
		b.WriteString("\n| setting | what it is |\n|---|---|\n")
		for _, s := range settings {
			fmt.Fprintf(&b, "| %s | %s |\n", code(strings.Split(s[0], ", ")...), s[1])
			for name := range strings.SplitSeq(s[0], ", ") {
				if !strings.Contains(text, "."+name) && !strings.Contains(text, "'"+name+"'") && !strings.Contains(text, "(o") && !strings.Contains(text, "o + ") {
					t.Errorf("%s: setting %s is not used", step, name)
				}
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// heading is the first paragraph of a file's comment, with a capital letter, and
// the settings that the comment lists.
func heading(text string) (string, [][2]string) {
	_, text, _ = strings.Cut(text, "\n\n")
	comment, _, _ := strings.Cut(text, "\nMap call")
	comment, _, _ = strings.Cut(comment, "\nString call")
	var first []string
	var settings [][2]string
	done := false
	for line := range strings.SplitSeq(comment, "\n") {
		if m := more.FindStringSubmatch(line); m != nil && len(settings) > 0 {
			settings[len(settings)-1][1] += " " + m[1]
			continue
		}
		if m := setting.FindStringSubmatch(line); m != nil {
			settings = append(settings, [2]string{m[1], m[2]})
			continue
		}
		line = strings.TrimPrefix(strings.TrimPrefix(line, "//"), " ")
		done = done || line == ""
		if !done {
			first = append(first, line)
		}
	}
	return strings.TrimSuffix(strings.Join(first, " "), ":"), settings
}

func commandTables(t *testing.T) string {
	t.Helper()
	var o struct {
		Commands yaml.Node `yaml:"commands"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "circleci/orb.yml")), &o); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := 0; i < len(o.Commands.Content); i += 2 {
		var c struct {
			Description string    `yaml:"description"`
			Parameters  yaml.Node `yaml:"parameters"`
		}
		if err := o.Commands.Content[i+1].Decode(&c); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n\n| parameter | what it is | type | default |\n|---|---|---|---|\n", o.Commands.Content[i].Value, c.Description)
		for j := 0; j < len(c.Parameters.Content); j += 2 {
			var p struct {
				Type, Description string
				Enum              []string
				Default           yaml.Node
			}
			if err := c.Parameters.Content[j+1].Decode(&p); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Parameters.Content[j].Value, p.Description, p.Type, shownDefault(p.Default))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
