// SPDX-License-Identifier: Apache-2.0

// Package gitlab holds what GitLab, CircleCI and Jenkins are given against rules
// that no runner of theirs checks, and makes the tables of their READMEs:
//
//	go test ./test/ci/gitlab -update
package gitlab

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the tables")

const top = "../../.."

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A template is one component: what it declares, and the job.
type template struct {
	text   string
	order  []string
	inputs map[string]input
	job    map[string]any
}

type input struct {
	Description string    `yaml:"description"`
	Type        string    `yaml:"type"`
	Default     yaml.Node `yaml:"default"`
	Options     []string  `yaml:"options"`
	Regex       string    `yaml:"regex"`
}

func components() []string { return []string{"sbom", "record", "gate", "verify"} }

func readTemplate(t *testing.T, name string) template {
	t.Helper()
	out := template{text: read(t, "gitlab/templates/"+name+".yml")}
	var head struct {
		Spec struct {
			Inputs yaml.Node `yaml:"inputs"`
		} `yaml:"spec"`
	}
	var jobs map[string]map[string]any
	decoder := yaml.NewDecoder(strings.NewReader(out.text))
	if err := decoder.Decode(&head); err != nil {
		t.Fatal(name, err)
	}
	if err := head.Spec.Inputs.Decode(&out.inputs); err != nil {
		t.Fatal(name, err)
	}
	for i := 0; i < len(head.Spec.Inputs.Content); i += 2 {
		out.order = append(out.order, head.Spec.Inputs.Content[i].Value)
	}
	if err := decoder.Decode(&jobs); err != nil || len(jobs) != 1 {
		t.Fatal(name, err, len(jobs), "jobs")
	}
	out.job = jobs["$[[ inputs.job ]]"]
	return out
}

// scripts are all files with shell text in them.
func scripts() []string {
	return []string{
		"gitlab/templates/sbom.yml", "gitlab/templates/record.yml", "gitlab/templates/gate.yml", "gitlab/templates/verify.yml",
		"gitlab/include/gateledger.yml", "circleci/orb.yml", "jenkins/vars/gateledgerRun.groovy",
	}
}

var (
	beginning = regexp.MustCompile(`^( *)# block ([a-z]+)$`)
	ending    = regexp.MustCompile(`^ *# end ([a-z]+)$`)
)

// blocks are the marked parts of a file, without their indentation.
func blocks(t *testing.T, name string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	var in, indent string
	var lines []string
	text := read(t, name)
	if strings.HasSuffix(name, ".groovy") {
		text = strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(text)
	}
	for line := range strings.SplitSeq(text, "\n") {
		if m := beginning.FindStringSubmatch(line); m != nil {
			in, indent, lines = m[2], m[1], nil
			continue
		}
		if m := ending.FindStringSubmatch(line); m != nil {
			if m[1] != in {
				t.Errorf("%s: block %q ends as %q", name, in, m[1])
			}
			out[in] = append(out[in], strings.Join(lines, "\n"))
			in = ""
			continue
		}
		if in != "" {
			lines = append(lines, strings.TrimPrefix(line, indent))
		}
	}
	if in != "" {
		t.Errorf("%s: block %q has no end", name, in)
	}
	return out
}

// What stands in several files stands in all of them the same way.
func TestBlocksAreTheSame(t *testing.T) {
	first := map[string]string{}
	from := map[string]string{}
	count := map[string]int{}
	for _, name := range scripts() {
		for block, texts := range blocks(t, name) {
			for _, text := range texts {
				count[block]++
				if _, ok := first[block]; !ok {
					first[block], from[block] = text, name
				}
				if text != first[block] {
					t.Errorf("block %s of %s is not that of %s", block, name, from[block])
				}
			}
		}
	}
	for block, want := range map[string]int{"release": 10, "install": 10, "begin": 10, "gitlab": 5, "sbom": 3, "record": 3, "gate": 3, "allowed": 4, "verify": 3, "circleci": 4, "jenkins": 1} {
		if count[block] != want {
			t.Errorf("block %s stands in %d places, want %d", block, count[block], want)
		}
	}
}

// In the source tree no release is named, so that nothing is downloaded that
// nobody pinned. In the commit of a release it is the actions' release.
func TestReleaseIsTheActions(t *testing.T) {
	sums, err := os.ReadFile(filepath.Join(top, "actions/checksums.txt"))
	released := err == nil
	for _, name := range scripts() {
		for _, text := range blocks(t, name)["release"] {
			if !released && (!strings.Contains(text, "version=\n") || strings.Contains(text, "echo")) {
				t.Errorf("%s names a release, and actions/checksums.txt is not there", name)
			}
			for _, m := range regexp.MustCompile(`(gateledger-[a-z]+_[a-z0-9_]+)\) echo ([0-9a-f]{64})`).FindAllStringSubmatch(text, -1) {
				if !regexp.MustCompile(m[2] + "[ *]+" + m[1] + "\n").Match(sums) {
					t.Errorf("%s: %s is not what actions/checksums.txt says", name, m[1])
				}
			}
			if released && strings.Count(text, "echo") < 20 {
				t.Errorf("%s: programs are missing: run release/stamp", name)
			}
		}
	}
}

// A job that holds a key, or whose result is an answer, is told nothing by
// variables, and nothing of the project runs in it.
func TestJobsOfComponents(t *testing.T) {
	for _, name := range components() {
		job := readTemplate(t, name).job
		if job["allow_failure"] != false {
			t.Errorf("%s: allow_failure is %v: what needs a red job would start", name, job["allow_failure"])
		}
		inherit, _ := job["inherit"].(map[string]any)
		if inherit["default"] != false || inherit["variables"] != false {
			t.Errorf("%s: inherit is %v", name, inherit)
		}
		for _, key := range []string{"before_script", "after_script", "cache", "hooks", "retry"} {
			if _, ok := job[key]; ok {
				t.Errorf("%s has %s", name, key)
			}
		}
		variables, _ := job["variables"].(map[string]any)
		for v := range variables {
			if !strings.HasPrefix(v, "GIT_") {
				t.Errorf("%s: variable %s: whoever starts a pipeline can set it", name, v)
			}
		}
		if name == "gate" && variables["GIT_STRATEGY"] != "none" {
			t.Error("the gate checks out the project")
		}
		artifacts, _ := job["artifacts"].(map[string]any)
		reports, _ := artifacts["reports"].(map[string]any)
		if reports["dotenv"] != "gateledger-report/outputs.env" || reports["annotations"] != "gateledger-report/annotations.json" {
			t.Errorf("%s: reports are %v", name, reports)
		}
	}
	job := readTemplate(t, "sbom").job
	if reports := job["artifacts"].(map[string]any)["reports"].(map[string]any); reports["cyclonedx"] == nil || job["id_tokens"] != nil {
		t.Errorf("sbom: %v", job)
	}
}

var interpolation = regexp.MustCompile(`\$\[\[ *inputs\.([a-z-]+) *\]\]`)

// An input stands where its pattern lets no quote out: between single quotes in
// the script, between double ones elsewhere, or, where it is no text, alone.
func TestInputsAreQuoted(t *testing.T) {
	quoted := regexp.MustCompile(`^ +[a-z_]+='\$\[\[ inputs\.[a-z-]+ \]\]'$|^ *(- )?([a-z_]+: )?"\$\[\[ inputs\.[a-z-]+ \]\]":?$`)
	for _, name := range components() {
		c := readTemplate(t, name)
		used := map[string]bool{}
		for n, line := range strings.Split(c.text, "\n") {
			for _, m := range interpolation.FindAllStringSubmatch(line, -1) {
				in, ok := c.inputs[m[1]]
				if !ok {
					t.Errorf("%s:%d: unknown input %s", name, n+1, m[1])
				}
				used[m[1]] = true
				if in.Type == "array" && strings.HasSuffix(line, ": "+m[0]) || quoted.MatchString(line) && in.Type != "array" {
					continue
				}
				t.Errorf("%s:%d: not quoted: %s", name, n+1, line)
			}
		}
		for _, id := range c.order {
			if !used[id] {
				t.Errorf("%s: input %s is not used", name, id)
			}
		}
	}
}

// Every text is held to a pattern or a list, and neither lets through what a
// shell or YAML reads as more than text.
func TestInputsAreTyped(t *testing.T) {
	bad := []string{"'", `"`, "`", "$", "\\", ";", "|", "&", "<", ">", "(", ")", "\n", "\r", "\x00", "#", "!", "{", "}", "[", "]", "\u202e", "a\nb"}
	for _, name := range components() {
		c := readTemplate(t, name)
		for id, in := range c.inputs {
			if in.Description == "" || strings.ContainsAny(in.Description, "|\n") {
				t.Errorf("%s: %s: description %q", name, id, in.Description)
			}
			switch {
			case in.Type == "boolean", in.Type == "array":
				if in.Default.Kind == 0 {
					t.Errorf("%s: %s has no default", name, id)
				}
			case in.Type != "":
				t.Errorf("%s: %s has type %s", name, id, in.Type)
			case in.Options != nil:
				for _, o := range in.Options {
					if strings.ContainsAny(o, strings.Join(bad[:21], "")) {
						t.Errorf("%s: %s: option %q", name, id, o)
					}
				}
			default:
				pattern, err := regexp.Compile(in.Regex)
				if err != nil || !strings.HasPrefix(in.Regex, "^") || !strings.HasSuffix(in.Regex, "$") {
					t.Errorf("%s: %s: pattern %q: %v", name, id, in.Regex, err)
					continue
				}
				for _, b := range bad {
					for _, value := range []string{b, "a" + b, "a" + b + "a", "sha256:" + strings.Repeat("0", 64) + b} {
						if pattern.MatchString(value) {
							t.Errorf("%s: %s lets %q through", name, id, value)
						}
					}
				}
				if in.Default.Kind != 0 && !pattern.MatchString(in.Default.Value) {
					t.Errorf("%s: %s: its default %q is refused", name, id, in.Default.Value)
				}
			}
		}
		for _, id := range c.order {
			required := name == "verify" && slices.Contains([]string{"policy", "subject"}, id)
			if (c.inputs[id].Default.Kind == 0) != required {
				t.Errorf("%s: %s: is it required?", name, id)
			}
		}
	}
}

// The orb's scripts get values as variables of the step, which bash does not
// expand again; parameters stand nowhere else.
func TestOrbParameters(t *testing.T) {
	var o struct {
		Commands map[string]struct {
			Parameters map[string]any   `yaml:"parameters"`
			Steps      []map[string]any `yaml:"steps"`
		} `yaml:"commands"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "circleci/orb.yml")), &o); err != nil {
		t.Fatal(err)
	}
	reference := regexp.MustCompile(`^<< parameters\.([a-z-]+) >>$`)
	for name, c := range o.Commands {
		run := c.Steps[0]["run"].(map[string]any)
		if script := run["command"].(string); strings.Contains(script, "<<") {
			t.Errorf("%s: a parameter in the script's text", name)
		}
		used := map[string]bool{}
		for v, value := range run["environment"].(map[string]any) {
			m := reference.FindStringSubmatch(value.(string))
			if m == nil || c.Parameters[m[1]] == nil || v != "ORB_"+strings.ToUpper(strings.ReplaceAll(m[1], "-", "_")) {
				t.Errorf("%s: %s: %v", name, v, value)
				continue
			}
			used[m[1]] = strings.Contains(run["command"].(string), "$"+v)
		}
		for id := range c.Parameters {
			if !used[id] {
				t.Errorf("%s: parameter %s is not used", name, id)
			}
		}
	}
	if len(o.Commands) != 4 {
		t.Errorf("%d commands", len(o.Commands))
	}
}
