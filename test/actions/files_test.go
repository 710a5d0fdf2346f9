// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A workflow is one file of .github/workflows.
type workflow struct {
	file        string
	Permissions yaml.Node      `yaml:"permissions"`
	Jobs        map[string]job `yaml:"jobs"`
}

type job struct {
	Uses        string            `yaml:"uses"`
	Permissions map[string]string `yaml:"permissions"`
	Steps       []step            `yaml:"steps"`
	Timeout     int               `yaml:"timeout-minutes"`
}

func workflows(t *testing.T) []workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(top(t), ".github/workflows/*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all []workflow
	for _, file := range files {
		w := workflow{file: ".github/workflows/" + filepath.Base(file)}
		if err := yaml.Unmarshal([]byte(read(t, w.file)), &w); err != nil {
			t.Fatalf("%s: %v", w.file, err)
		}
		all = append(all, w)
	}
	return all
}

var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)

// ours are the actions of this repository, which a commit of it can't pin. In
// the reusable workflow release/prepare puts the version in.
var ours = regexp.MustCompile(`^(\./actions/\w+|gateledger/gateledger(/actions/\w+)?@v\d+(\.\d+\.\d+)?)$`)

// What is not ours is pinned by its whole commit, with the version beside it.
func TestEveryUseIsPinned(t *testing.T) {
	line := regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(\S+)(.*)$`)
	var files []string
	for _, pattern := range []string{".github/workflows/*.yml", "action.yml", "actions/*/action.yml"} {
		found, err := filepath.Glob(filepath.Join(top(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(data), -1) {
			seen++
			use, comment := m[1], strings.TrimSpace(m[2])
			switch {
			case ours.MatchString(use):
			case !pinned.MatchString(use):
				t.Errorf("%s: %s is not pinned by a commit", file, use)
			case !regexp.MustCompile(`^# v\d+\.\d+\.\d+$`).MatchString(comment):
				t.Errorf("%s: %s has no version beside it", file, use)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d uses were looked at", seen)
	}
}

// One commit of an action, in all files.
func TestOneVersionOfEachAction(t *testing.T) {
	at := map[string]string{}
	for _, w := range workflows(t) {
		for _, j := range w.Jobs {
			for _, s := range j.Steps {
				name, ref, ok := strings.Cut(s.Uses, "@")
				if !ok || ours.MatchString(s.Uses) {
					continue
				}
				if old := at[name]; old != "" && old != ref {
					t.Errorf("%s: %s is used at %s and at %s", w.file, name, ref, old)
				}
				at[name] = ref
			}
		}
	}
}

// An expression in a script is a hole: its value becomes code.
func TestNoExpressionInScripts(t *testing.T) {
	check := func(file string, s step) {
		t.Helper()
		if strings.Contains(s.Run, "${{") {
			t.Errorf("%s: an expression stands in a script: %s", file, s.Run)
		}
		if s.Run != "" && s.Shell == "" && !strings.HasPrefix(file, ".github") {
			t.Errorf("%s: a script without a shell", file)
		}
		if s.Uses != "" && s.Run != "" {
			t.Errorf("%s: a step that uses and runs", file)
		}
	}
	for _, file := range doors() {
		a := load(t, file)
		if a.Runs.Using != "composite" {
			t.Errorf("%s is %s", file, a.Runs.Using)
		}
		for _, s := range a.Runs.Steps {
			check(file, s)
			if s.Uses != "" {
				t.Errorf("%s uses %s: an action of ours needs no other", file, s.Uses)
			}
		}
	}
	for _, w := range workflows(t) {
		for _, j := range w.Jobs {
			for _, s := range j.Steps {
				check(w.file, s)
			}
		}
	}
}

// A workflow starts with no permission, and each job says what it needs and
// why.
func TestPermissionsAreLeast(t *testing.T) {
	writes := map[string][]string{
		".github/workflows/ci.yml":           {},
		".github/workflows/release.yml":      {"attest attestations", "attest id-token", "gate contents", "gate id-token", "publish contents", "record contents", "record id-token"},
		".github/workflows/release-gate.yml": {"deploy id-token", "deployed contents", "deployed id-token", "gate contents", "gate id-token", "record contents", "record id-token"},
	}
	for _, w := range workflows(t) {
		if w.Permissions.Kind != yaml.MappingNode || len(w.Permissions.Content) != 0 {
			t.Errorf("%s does not begin with 'permissions: {}'", w.file)
		}
		var got []string
		for name, j := range w.Jobs {
			if len(j.Permissions) == 0 {
				t.Errorf("%s: job %s says nothing of permissions", w.file, name)
			}
			for p, access := range j.Permissions {
				if access == "write" {
					got = append(got, name+" "+p)
				}
			}
		}
		if slices.Sort(got); !slices.Equal(got, writes[w.file]) {
			t.Errorf("%s may write %q, want %q", w.file, got, writes[w.file])
		}
		reason := regexp.MustCompile(`(?m)^\s+(contents|id-token|attestations): (read|write)(.*)$`)
		for _, m := range reason.FindAllStringSubmatch(read(t, w.file), -1) {
			if !strings.HasPrefix(strings.TrimSpace(m[3]), "# to ") {
				t.Errorf("%s: %s: %s gives no reason", w.file, m[1], m[2])
			}
		}
	}
}

// A job that holds a key runs no code of the project: no command of the caller,
// and nothing that the checkout brings.
func TestKeysAreApartFromTheProjectsCode(t *testing.T) {
	for _, w := range workflows(t) {
		for name, j := range w.Jobs {
			command, log := false, false
			for _, s := range j.Steps {
				command = command || strings.Contains(s.Run, "$COMMAND")
				log = log || strings.Contains(s.With["log-key"], "secrets.")
				if s.Uses != "" && strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != "false" {
					t.Errorf("%s: job %s leaves the token in the checkout", w.file, name)
				}
			}
			if log && (command || slices.ContainsFunc(j.Steps, func(s step) bool { return s.Run != "" || strings.HasPrefix(s.Uses, "actions/") })) {
				t.Errorf("%s: job %s holds the log key and does more than ask the gate", w.file, name)
			}
		}
	}
}

// Every input is optional, is handed to the script, and by its own name.
func TestEveryInputIsHandedOn(t *testing.T) {
	for door, file := range doors() {
		a := load(t, file)
		handed := map[string]bool{}
		for _, s := range a.Runs.Steps {
			for name, value := range s.Env {
				m := regexp.MustCompile(`^\$\{\{ inputs\.([a-z-]+) \}\}$`).FindStringSubmatch(value)
				if m == nil {
					continue
				}
				handed[m[1]] = true
				if want := "INPUT_" + strings.ToUpper(strings.ReplaceAll(m[1], "-", "_")); name != want {
					t.Errorf("%s: %s is handed on as %s", file, m[1], name)
				}
			}
			handed["environment"] = handed["environment"] || strings.Contains(s.If, "inputs.environment")
		}
		for _, in := range a.Inputs {
			if in.Required || in.Default == nil || in.Description == "" {
				t.Errorf("%s: %s is required, or has no default or description", file, in.name)
			}
			if !handed[in.name] {
				t.Errorf("%s: %s goes nowhere", file, in.name)
			}
		}
		for _, out := range a.Outputs {
			if !regexp.MustCompile(`^\$\{\{ steps\.[a-z-]+\.outputs\.[a-z0-9-]+ \}\}$`).MatchString(out.Value) || out.Description == "" {
				t.Errorf("%s: output %s is %q", file, out.name, out.Value)
			}
		}
		if door != "front" && (len(a.Runs.Steps) != 1 || a.Runs.Steps[0].Run != `exec "$BASH" "$GITHUB_ACTION_PATH/../run.sh" `+door) {
			t.Errorf("%s does more than run.sh %s", file, door)
		}
	}
}

// And from the script every input reaches the program: as an argument, by a
// file, by standard input or by what git reads.
func TestEveryInputReachesTheProgram(t *testing.T) {
	elsewhere := map[string]string{
		"binary-path": "says which program", "remote": "says which program", "programs": "says which program",
		"strict": "TestArguments", "keyless": "TestKeyless", "key": "TestSecrets", "key-password": "TestSecrets", "log-key": "TestSecrets", "token": "TestSecrets",
		"github-token": "TestGateAndTheForge",
	}
	value := map[string]string{"pretty": "true", "allow-incomplete": "true", "consume": "false", "new-request": "true", "kind": "deployment"}
	for _, door := range []string{"sbom", "record", "verify"} {
		for _, in := range load(t, doors()[door]).Inputs {
			if elsewhere[in.name] != "" {
				continue
			}
			t.Run(door+" "+in.name, func(t *testing.T) {
				t.Parallel()
				r := newRunner(t)
				notes := r.fakes()
				want := value[in.name]
				if want == "" {
					want = "some-value"
				}
				r.give(inputs{in.name: want, "key": "PEM"})
				if in.name == "max-age" || in.name == "for" {
					r.give(inputs{"for": "some-value", "environment": "e"})
				}
				if o := r.run("run.sh", door); o.code != 0 {
					t.Fatalf("exit %d: %s", o.code, o.talk)
				}
				if args := r.arguments(notes); !slices.ContainsFunc(args, func(a string) bool {
					return a == want || strings.HasSuffix(a, "="+want) || strings.HasSuffix(a, "/"+want)
				}) {
					t.Errorf("the program got %q", args)
				}
			})
		}
	}
}

// The variables that hold our own secrets in workflows are those that 'init'
// names.
func TestSecretsHaveOneName(t *testing.T) {
	names := regexp.MustCompile(`secrets\.(\w+)`)
	for _, w := range workflows(t) {
		for _, m := range names.FindAllStringSubmatch(read(t, w.file), -1) {
			if m[1] != "GATELEDGER_LOG_KEY" && m[1] != "GATELEDGER_EVENT_KEY" {
				t.Errorf("%s: %s", w.file, m[1])
			}
		}
	}
}

// Each step of the front door sets all that its part reads: some runners hand
// the inputs of the whole on under the same names.
func TestFrontDoorSetsAllThatItsPartsRead(t *testing.T) {
	for _, s := range load(t, "action.yml").Runs.Steps {
		part := s.Run[strings.LastIndex(s.Run, " ")+1:]
		if part == "policy" {
			continue
		}
		for name := range load(t, doors()[part]).Runs.Steps[0].Env {
			if _, ok := s.Env[name]; !ok {
				t.Errorf("step %s does not set %s", s.ID, name)
			}
		}
		if part == "sbom" && s.Env["INPUT_EXCLUDE"] != "testdata" {
			t.Error("an empty list leaves out nothing")
		}
		if _, ok := s.Env["INPUT_LOG_KEY"]; ok && part != "gate" && s.Env["INPUT_LOG_KEY"] != "" {
			t.Errorf("step %s gets the log key", s.ID)
		}
	}
}
