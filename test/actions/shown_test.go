// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A shown workflow is one that we have, write or show to be copied.
type shown struct {
	name string
	Jobs map[string]shownJob `yaml:"jobs"`
}

type shownJob struct {
	Needs any         `yaml:"needs"`
	If    string      `yaml:"if"`
	Steps []shownStep `yaml:"steps"`
}

type shownStep struct {
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	With map[string]string `yaml:"with"`
	Env  map[string]string `yaml:"env"`
}

var fence = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")

// shownWorkflows are ours, those that init writes, and those of README, docs and
// actions; steps that are shown alone are one job.
func shownWorkflows(t *testing.T) []shown {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{
		".github/workflows/*.yml", "testdata/golden/init/github-*/*.yml", "README.md", "docs/*.md", "actions/*.md", "actions/*/*.md",
	} {
		files, err := filepath.Glob(filepath.Join(top(t), pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, files, err)
		}
		for _, file := range files {
			name, err := filepath.Rel(top(t), file)
			if err != nil {
				t.Fatal(err)
			}
			text := read(t, name)
			if filepath.Ext(name) == ".yml" {
				texts[name] = text
				continue
			}
			for i, m := range fence.FindAllStringSubmatch(text, -1) {
				texts[fmt.Sprintf("%s, block %d", name, i+1)] = m[1]
			}
		}
	}
	var all []shown
	for name, text := range texts {
		if w, ok := parseShown(t, name, text); ok {
			all = append(all, w)
		}
	}
	if len(all) < 12 {
		t.Fatalf("only %d workflows", len(all))
	}
	return all
}

// parseShown is false for YAML that is no workflow and no steps.
func parseShown(t *testing.T, name, text string) (shown, bool) {
	t.Helper()
	w := shown{name: name}
	switch {
	case regexp.MustCompile(`(?m)^jobs:`).MatchString(text):
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	case strings.HasPrefix(strings.TrimSpace(text), "- "):
		var j shownJob
		if yaml.Unmarshal([]byte(text), &j.Steps) != nil {
			return w, false
		}
		w.Jobs = map[string]shownJob{"steps": j}
	}
	return w, len(w.Jobs) > 0
}

// harmless is the start of a script's line that runs nothing of the project: it
// takes digests and says what they are.
var harmless = regexp.MustCompile(`^(|#.*|(case|if|echo|exit|cd|cmp|find|mkdir|test|sum=|only=|alg=|end=).*|else|fi|esac|;;|\*//\* \| .*\)|\{|\} >>"\$GITHUB_OUTPUT")$`)

// projectCode says that a script may run what the project brings.
func projectCode(script string) bool {
	return strings.Contains(script, "./build") || strings.Contains(script, "$COMMAND") ||
		slices.ContainsFunc(strings.Split(script, "\n"), func(line string) bool { return !harmless.MatchString(strings.TrimSpace(line)) })
}

// keysApart lists the jobs of a workflow that hold a key of ours and run project
// code, or more than the gate beside the log key.
func keysApart(w shown) (wrong []string) {
	for name, j := range w.Jobs {
		key, logKey, code, other := false, false, false, false
		for _, s := range j.Steps {
			for _, values := range []map[string]string{s.With, s.Env} {
				for _, value := range values {
					key = key || strings.Contains(value, "secrets.GATELEDGER_")
					logKey = logKey || strings.Contains(value, "secrets.GATELEDGER_LOG_KEY")
				}
			}
			code = code || s.Run != "" && projectCode(s.Run)
			other = other || s.Run != "" && !strings.HasPrefix(s.Run, "gateledger integrate") || strings.HasPrefix(s.Uses, "actions/")
		}
		if key && code && !logKey {
			wrong = append(wrong, fmt.Sprintf("job %s holds a key and runs code of the project", name))
		}
		if _, gate := gateOf(j); gate && logKey && other {
			wrong = append(wrong, fmt.Sprintf("job %s holds the log key and does more than ask the gate", name))
		}
	}
	return wrong
}

func gateOf(j shownJob) (shownStep, bool) {
	for _, s := range j.Steps {
		if strings.HasPrefix(s.Uses, "gateledger/gateledger/actions/gate@") {
			return s, true
		}
	}
	return shownStep{}, false
}

var (
	handed  = regexp.MustCompile(`^(?:[\w./-]+@sha256:)?(\$\{\{ needs\.([a-z]+)\.outputs\.[a-z0-9]+ \}\})$`)
	allowed = regexp.MustCompile(`needs\.([a-z]+)\.outputs\.verdict == 'allowed'`)
)

// tied lists what does not tie the gate's answer to what is deployed.
func tied(w shown) (wrong []string) {
	for name, j := range w.Jobs {
		if s, ok := gateOf(j); ok && !handed.MatchString(s.With["subject"]) {
			wrong = append(wrong, fmt.Sprintf("job %s asks about %q, not about a digest of another job", name, s.With["subject"]))
		}
		m := allowed.FindStringSubmatch(j.If)
		if m == nil {
			continue
		}
		s, _ := gateOf(w.Jobs[m[1]])
		subject := handed.FindStringSubmatch(s.With["subject"])
		if subject == nil {
			wrong = append(wrong, fmt.Sprintf("job %s goes by a gate that was asked about no digest", name))
			continue
		}
		if !strings.Contains(fmt.Sprint(j.Needs), subject[2]) || !checksFirst(j, subject[1]) {
			wrong = append(wrong, fmt.Sprintf("job %s does not check first that it has %s", name, subject[1]))
		}
	}
	return wrong
}

// checksFirst says that the first script of a job compares the bytes with a
// digest, and stops at others.
func checksFirst(j shownJob, digest string) bool {
	i := slices.IndexFunc(j.Steps, func(s shownStep) bool { return s.Run != "" })
	if i < 0 {
		return false
	}
	s := j.Steps[i]
	for name, value := range s.Env {
		if value == digest && strings.Contains(s.Run, `"$`+name) &&
			(strings.Contains(s.Run, "| sha256sum --check --strict") || strings.Contains(s.Run, `!= "$`+name+`" ]`) && strings.Contains(s.Run, "exit 4")) {
			return true
		}
	}
	return false
}

// A job that holds a key runs no code of the project: not in our workflows, not
// in those that init writes, and not in those that we show.
func TestShownKeysAreApartFromTheProjectsCode(t *testing.T) {
	for _, w := range shownWorkflows(t) {
		for _, wrong := range keysApart(w) {
			t.Errorf("%s: %s", w.name, wrong)
		}
	}
}

// What the gate is asked about is what the deployment checks.
func TestDeploymentsTakeWhatTheGateWasAskedAbout(t *testing.T) {
	deployments := 0
	for _, w := range shownWorkflows(t) {
		for _, wrong := range tied(w) {
			t.Errorf("%s: %s", w.name, wrong)
		}
		for _, j := range w.Jobs {
			if allowed.MatchString(j.If) {
				deployments++
			}
		}
	}
	if deployments < 6 {
		t.Errorf("only %d deployments were looked at", deployments)
	}
}

// The two checks find what is wrong.
func TestShownWorkflowsThatAreWrong(t *testing.T) {
	good := read(t, "testdata/golden/init/github-team/gateledger-release.yml")
	for name, c := range map[string][3]string{
		"any subject":        {"subject: dist/app.tar.gz@sha256:${{ needs.record.outputs.sha256 }}\n          key", "subject: dist/app.tar.gz\n          key", "asks about"},
		"nothing checked":    {"sha256sum --check --strict", "cat", "does not check first"},
		"another digest":     {"SHA256: ${{ needs.record.outputs.sha256 }}", "SHA256: ${{ needs.build.outputs.sha256 }}", "does not check first"},
		"key with the build": {"          name: dist\n          path: dist/app", "          key: ${{ secrets.GATELEDGER_EVENT_KEY }}\n          name: dist\n          path: dist/app", "runs code"},
		"the gate runs more": {"      - id: gate\n", "      - run: make\n      - id: gate\n", "more than ask"},
	} {
		text := strings.Replace(good, c[0], c[1], 1)
		w, ok := parseShown(t, name, text)
		if wrong := strings.Join(append(keysApart(w), tied(w)...), "; "); !ok || text == good || !strings.Contains(wrong, c[2]) {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}
