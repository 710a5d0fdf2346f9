// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the tables of the READMEs again")

// An action is one action.yml.
type action struct {
	file        string // from the top of the repository
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Inputs      inOrder
	Outputs     inOrder
	Runs        struct {
		Using string `yaml:"using"`
		Steps []step `yaml:"steps"`
	} `yaml:"runs"`
}

type step struct {
	ID    string            `yaml:"id"`
	If    string            `yaml:"if"`
	Uses  string            `yaml:"uses"`
	Run   string            `yaml:"run"`
	Shell string            `yaml:"shell"`
	Env   map[string]string `yaml:"env"`
	With  map[string]string `yaml:"with"`
}

// A port is an input or an output.
type port struct {
	name        string
	Description string  `yaml:"description"`
	Required    bool    `yaml:"required"`
	Default     *string `yaml:"default"`
	Value       string  `yaml:"value"`
}

// inOrder are ports as the file has them.
type inOrder []port

func (o *inOrder) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: no mapping", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		p := port{name: n.Content[i].Value}
		if err := n.Content[i+1].Decode(&p); err != nil {
			return err
		}
		*o = append(*o, p)
	}
	return nil
}

// doors are the actions, by the name they have in permissions.yml and run.sh.
func doors() map[string]string {
	return map[string]string{
		"front": "action.yml", "setup": "actions/setup/action.yml", "sbom": "actions/sbom/action.yml",
		"record": "actions/record/action.yml", "gate": "actions/gate/action.yml", "verify": "actions/verify/action.yml",
	}
}

func load(t *testing.T, file string) action {
	t.Helper()
	a := action{file: file}
	d := yaml.NewDecoder(strings.NewReader(read(t, file)))
	if err := d.Decode(&a); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return a
}

// A need is one line of permissions.yml.
type need struct {
	Permission string `yaml:"permission"`
	Why        string `yaml:"why"`
	When       string `yaml:"when"`
}

func needs(t *testing.T) map[string][]need {
	t.Helper()
	var all map[string][]need
	d := yaml.NewDecoder(strings.NewReader(read(t, "actions/permissions.yml")))
	d.KnownFields(true)
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// table writes what an action takes, gives and may, as Markdown.
func table(a action, may []need) string {
	var b strings.Builder
	b.WriteString("| input | what it is | default |\n|---|---|---|\n")
	for _, in := range a.Inputs {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", in.name, cell(in.Description), shownDefault(in))
	}
	b.WriteString("\n| output | what it is |\n|---|---|\n")
	for _, out := range a.Outputs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", out.name, cell(out.Description))
	}
	b.WriteString("\n| permission | why | when |\n|---|---|---|\n")
	for _, n := range may {
		when := n.When
		if when == "" {
			when = "always"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", n.Permission, cell(n.Why), cell(when))
	}
	return b.String()
}

func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func shownDefault(p port) string {
	switch {
	case p.Default == nil || *p.Default == "":
		return ""
	case strings.Contains(*p.Default, "github.token"):
		return "the job's token"
	}
	return "`" + *p.Default + "`"
}

// The tables of every README say what the action.yml says. With -update they
// are written again.
func TestReadmes(t *testing.T) {
	all := needs(t)
	for door, file := range doors() {
		readme := filepath.Join(filepath.Dir(file), "README.md")
		if door == "front" {
			readme = "actions/README.md"
		}
		begin, end := "<!-- begin action.yml -->\n", "<!-- end -->\n"
		if door == "front" {
			begin = "<!-- begin ../action.yml -->\n"
		}
		text := read(t, readme)
		before, rest, ok := strings.Cut(text, begin)
		old, after, ended := strings.Cut(rest, end)
		if !ok || !ended {
			t.Errorf("%s has no place for the tables: %q … %q", readme, begin, end)
			continue
		}
		want := table(load(t, file), all[door])
		if old == want {
			continue
		}
		if !*update {
			t.Errorf("%s: the tables are not those of %s: go test ./test/actions -update", readme, file)
			continue
		}
		if err := os.WriteFile(filepath.Join(top(t), readme), []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) != len(doors()) {
		t.Errorf("permissions.yml has %d actions, there are %d", len(all), len(doors()))
	}
}
