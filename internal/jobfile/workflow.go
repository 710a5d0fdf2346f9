// SPDX-License-Identifier: Apache-2.0

package jobfile

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A Workflow is what a workflow file of GitHub Actions says about whose code
// runs with the repository's rights.
type Workflow struct {
	Unpinned  []string // actions, workflows and images that it calls by a name that can be moved, each once
	Untrusted []string // jobs with rights that check out what a pull request brings, in words
}

// privileged are the triggers that run the default branch's file with the
// repository's rights for what anybody brings
// (https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows).
var privileged = []string{
	"pull_request_target", "issue_comment", "workflow_run", "issues", "discussion_comment", "discussion", "check_run", "check_suite", "status",
}

var (
	commitRef   = pattern.New(`@[0-9a-f]{40}$|@[0-9a-f]{64}$`)
	imageDigest = pattern.New(`@sha256:[0-9a-f]{64}$`)
)

// GitHubWorkflow reads a workflow file. What a called workflow does is not
// looked into.
func GitHubWorkflow(file []byte) (Workflow, error) {
	docs, err := documents(file)
	if err != nil {
		return Workflow{}, err
	}
	if len(docs) != 1 || !docs[0].isMap() {
		return Workflow{}, fmt.Errorf("%w: want one YAML mapping", ErrForm)
	}
	fields, err := fieldsOf(docs[0], "on", "jobs", "permissions", "env")
	if err != nil {
		return Workflow{}, err
	}
	if !fields["jobs"].isMap() {
		return Workflow{}, fmt.Errorf("%w: it has no jobs", ErrForm)
	}
	trigger, err := privilegedTrigger(fields["on"])
	if err != nil {
		return Workflow{}, err
	}
	jobs, _, err := fields["jobs"].entries()
	if err != nil {
		return Workflow{}, err
	}
	var w Workflow
	for _, j := range jobs {
		if err := w.job(j, fields, trigger); err != nil {
			return Workflow{}, err
		}
	}
	if n := len(w.Unpinned) + len(w.Untrusted); n > maxItems {
		return Workflow{}, fmt.Errorf("%w: %d things to tell of it, over the limit of %d", ErrForm, n, maxItems)
	}
	return w, nil
}

// privilegedTrigger names the first trigger that gives the repository's rights
// to what anybody brings; empty: none does.
func privilegedTrigger(on node) (string, error) {
	var names []string
	if name, ok := on.text(); ok {
		names = append(names, name)
	}
	for _, item := range on.list() {
		name, _ := item.text()
		names = append(names, name)
	}
	for _, p := range privileged {
		declared, err := on.get(p)
		if err != nil {
			return "", err
		}
		if declared.Node != nil {
			names = append(names, p)
		}
	}
	for _, name := range names {
		for _, p := range privileged {
			if name == p {
				return p, nil
			}
		}
	}
	return "", nil
}

func (w *Workflow) job(j entry, file map[string]node, trigger string) error {
	fields, err := fieldsOf(j.value, "uses", "steps", "permissions", "environment", "container", "services", "env")
	if err != nil {
		return err
	}
	called, _ := fields["uses"].text()
	w.uses(called)
	brings := ""
	for i, step := range fields["steps"].list() {
		parts, err := fieldsOf(step, "uses", "run", "with", "env")
		if err != nil {
			return err
		}
		uses, _ := parts["uses"].text()
		w.uses(uses)
		run, _ := parts["run"].text()
		with, err := fieldsOf(parts["with"], "ref", "repository")
		if err != nil {
			return err
		}
		ref, _ := with["ref"].text()
		repository, _ := with["repository"].text()
		fetched, err := fetches(run, parts["env"], fields["env"], file["env"])
		if err != nil {
			return err
		}
		if brings == "" && (isCheckout(uses) && (foreign(ref) || foreign(repository)) || fetched) {
			brings = fmt.Sprintf("step %d", i+1)
		}
	}
	if trigger == "" || brings == "" {
		return nil
	}
	rights, err := rightsOf(j.value, fields, file)
	if err != nil || rights == "" {
		return err
	}
	w.Untrusted = append(w.Untrusted, fmt.Sprintf("job %s, on %s, %s: %s", short(j.key), trigger, brings, rights))
	return nil
}

// uses notes what is called by a name that can be moved.
func (w *Workflow) uses(text string) {
	text = strings.TrimSpace(text)
	image, isImage := strings.CutPrefix(text, "docker://")
	switch {
	case text == "" || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../"):
		return // of the same commit
	case isImage && imageDigest.MatchString(image), !isImage && commitRef.MatchString(text):
		return
	}
	text = short(text)
	for _, have := range w.Unpinned {
		if have == text {
			return
		}
	}
	w.Unpinned = append(w.Unpinned, text)
}

// isCheckout reports the action that checks a repository out.
func isCheckout(uses string) bool {
	name, _, _ := strings.Cut(uses, "@")
	return strings.EqualFold(name, "actions/checkout")
}

// own are the expressions that name what is in the repository already.
var own = []string{
	"github.sha", "github.ref", "github.ref_name", "github.base_ref", "github.repository", "github.event.repository.default_branch",
	"github.event.pull_request.base.sha", "github.event.pull_request.base.ref", "github.event.repository.full_name",
}

// foreign reports a ref or repository that could be what a pull request brings:
// a pull request's own ref, or any expression that is not known to name what
// is in the repository already.
func foreign(text string) bool {
	if strings.Contains(text, "refs/pull/") {
		return true
	}
	if !strings.Contains(text, "${{") {
		return false
	}
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "${{"), "}}")
	for _, known := range own {
		if strings.TrimSpace(text) == known {
			return false
		}
	}
	return true
}

var (
	gitGets = pattern.New(`(?i)\bgit\b[^\n]*\b(?:checkout|switch|fetch|pull|clone|merge|reset|worktree)\b`)
	brought = pattern.New(`(?i)\bhead_(?:ref|sha|branch|repository)\b|\bhead\.(?:ref|sha|repo)\b|\bpull/`)
)

// fetches reports a script that gets a pull request's commits: by the command
// for that, or by one of git's where the script, or a variable that it is given,
// names what a pull request brings.
func fetches(script string, variables ...node) (bool, error) {
	if strings.Contains(script, "gh pr checkout") || strings.Contains(script, "refs/pull/") {
		return true, nil
	}
	if !gitGets.MatchString(script) {
		return false, nil
	}
	named := brought.MatchString(script)
	for _, env := range variables {
		all, _, err := env.entries()
		if err != nil {
			return false, err
		}
		for _, v := range all {
			text, _ := v.value.text()
			named = named || strings.Contains(text, "${{") && brought.MatchString(text)
		}
	}
	return named, nil
}

// rightsOf says which rights a job has that code of strangers must not have;
// empty: none that can be seen. A job whose permissions are not said has the
// default ones, which may be to write.
func rightsOf(declared node, job, file map[string]node) (string, error) {
	if job["environment"].there() {
		return "it deploys to an environment", nil
	}
	permissions := job["permissions"]
	if permissions.Node == nil {
		permissions = file["permissions"]
	}
	writes, err := mayWrite(permissions)
	if err != nil {
		return "", err
	}
	if writes != "" {
		return writes, nil
	}
	for _, n := range []node{declared, file["env"]} {
		found, err := n.mentionsSecret()
		if err != nil || found {
			return "it is given a secret", err
		}
	}
	return "", nil
}

// mayWrite says why a job's token may do more than read; empty: it may not.
func mayWrite(permissions node) (string, error) {
	if permissions.Node == nil {
		return "its permissions are not said, and the default may be to write", nil
	}
	if all, ok := permissions.text(); ok {
		if all == "read-all" {
			return "", nil
		}
		return "its permissions are " + short(all), nil
	}
	if !permissions.isMap() {
		return "its permissions can't be told", nil
	}
	scopes, merged, err := permissions.entries()
	if err != nil {
		return "", err
	}
	if merged.Node != nil {
		return "its permissions can't be told", nil
	}
	for _, s := range scopes {
		if level, _ := s.value.text(); level != "read" && level != "none" {
			return "it has " + short(s.key+": "+level), nil
		}
	}
	return "", nil
}

// secrets is an expression that has to do with secrets: one, or all of them.
// Where an expression stands without its signs, as in if:, a name of one is one.
var secrets = pattern.New(`\bsecrets\s*[.\[]|\$\{\{[^}]*\bsecrets\b`)

// mentionsSecret reports a secret other than the job's own token in any text
// below a node. Expressions are read in whichever case.
func (n node) mentionsSecret() (bool, error) {
	r := n.real()
	if r.Node == nil {
		return false, nil
	}
	if *n.work -= 1 + len(r.Content); *n.work < 0 {
		return false, fmt.Errorf("%w: over %d keys to look at", ErrForm, maxWork)
	}
	if len(r.Content) == 0 {
		text := strings.ReplaceAll(strings.ToLower(r.Value), "secrets.github_token", "")
		return secrets.MatchString(text), nil
	}
	for i, c := range r.Content {
		if i%2 == 0 && n.isMap() && c.Value == "secrets" {
			return true, nil
		}
		found, err := node{c, n.work}.mentionsSecret()
		if err != nil || found {
			return found, err
		}
	}
	return false, nil
}
