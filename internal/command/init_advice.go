// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/product"
)

// A hostAct is one thing to do at the host, as an administrator, and what to
// type for it.
type hostAct struct {
	What string `json:"what"`
	Run  string `json:"run,omitempty"`
}

// advise says what is left to do at the host.
func (s *setup) advise(ctx context.Context, file string) error {
	remote, branch, err := gitPlace(s.at)
	if err != nil {
		return err
	}
	a := advice{
		plan: s.host.plan, key: shellPath(s.env.Getenv("HOME"), s.keyFile("log", ".key")), branch: branch,
		main: s.defaultBranch(ctx, remote), file: file,
	}
	_, a.pinned = installable(thisBuild())
	r := &s.result
	r.Hosting, r.Unprotected = s.host.plan.Name, s.host.plan.Remains
	if s.host.plan.Name == "" {
		r.Unprotected = []string{"No --plan was named, so nobody knows what of this your plan gives. Have " + strings.Join(hosting.NamesOf(s.host.provider), ", ") + "."}
	}
	switch {
	case s.host.provider == hosting.GitHub && s.host.plan.Name != "" && s.host.plan.Key == hosting.NoProtection:
		r.Protection, r.Do = noProtection(s.host.plan), a.githubUnprotected()
	case s.host.provider == hosting.GitHub:
		r.Do = a.github()
	default:
		r.Do = a.gitlab()
	}
	return nil
}

// noProtection says it plainly.
func noProtection(p hosting.Plan) string {
	return "no log-key protection on " + p.Name + ": could rewrite the log: " + p.Rewrite
}

// defaultBranch is the remote's, else the one that is checked out.
func (s *setup) defaultBranch(ctx context.Context, remote string) string {
	if s.place.repo == nil {
		return "main"
	}
	ref, _, err := s.place.repo.RemoteHead(ctx, remote)
	if err != nil {
		ref, err = s.place.repo.Ref(ctx)
	}
	if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok && err == nil {
		return name
	}
	return "main"
}

// An advice holds what the commands name.
type advice struct {
	plan   hosting.Plan
	key    string // file of the log key, for a shell
	branch string // of the log
	main   string // the default branch
	file   string // of the job
	pinned bool   // the job names a release
}

func (a advice) github() []hostAct {
	const env = "'repos/{owner}/{repo}/environments/" + jobName
	return a.framed([]hostAct{
		{"An environment that only jobs of the default branch may use", `gh api --method PUT ` + env + `' --input - <<'JSON'
{"deployment_branch_policy": {"protected_branches": false, "custom_branch_policies": true}}
JSON
gh api --method POST ` + env + `/deployment-branch-policies' -f type=branch -f name=` + shellWord(a.main)},
		{"The log key, in that environment and nowhere else", "gh secret set " + secretName() + " --env " + jobName + " < " + a.key},
		{"The log's branch: nobody deletes it or pushes by force", ruleset(product.Name+" log", "refs/heads/"+a.branch, "")},
		{"The default branch, if it does not need review yet: it decides what the job with the key runs", ruleset(product.Name+" default branch", "~DEFAULT_BRANCH", `,
    {"type": "pull_request", "parameters": {"required_approving_review_count": 1, "dismiss_stale_reviews_on_push": true,
      "require_code_owner_review": false, "require_last_push_approval": true, "required_review_thread_resolution": false}}`)},
	})
}

// ruleset is the command that makes a ruleset of the branches that match.
func ruleset(name, branches, more string) string {
	return `gh api --method POST 'repos/{owner}/{repo}/rulesets' --input - <<'JSON'
{
  "name": "` + name + `", "target": "branch", "enforcement": "active",
  "conditions": {"ref_name": {"include": ["` + branches + `"], "exclude": []}},
  "rules": [
    {"type": "deletion"},
    {"type": "non_fast_forward"}` + more + `
  ]
}
JSON`
}

func (a advice) githubUnprotected() []hostAct {
	return a.framed([]hostAct{
		{"Best here: leave the log key where it is, and take in what is pending from this machine", product.Name + " integrate"},
		{"Or let everybody who may push sign the log, too: a repository's secret is for every workflow on every branch", "gh secret set " + secretName() + " < " + a.key},
	})
}

func (a advice) gitlab() []hostAct {
	acts := []hostAct{
		{"The log key: for protected branches, masked, and for the job's environment only", "tr -d '\\n' < " + a.key + " | glab variable set " + secretName() + " --protected --masked --raw --scope " + jobName},
		{"The log's branch: maintainers push, nobody by force", "glab api --method POST 'projects/:fullpath/protected_branches' -f name=" + shellWord(a.branch) + " -F push_access_level=40 -F merge_access_level=0 -F allow_force_push=false"},
		{"Let jobs of this project push what they signed, and only maintainers set a pipeline's variables (GitLab 18.4 and later)", "glab api --method PUT 'projects/:fullpath' -F ci_push_repository_for_job_token_allowed=true -f ci_pipeline_variables_minimum_override_role=maintainer"},
	}
	if a.plan.Name == "gitlab-premium" || a.plan.Name == "gitlab-ultimate" {
		acts = append(acts, hostAct{"The environment: jobs of maintainers only", `glab api --method POST 'projects/:fullpath/protected_environments' -H 'Content-Type: application/json' --input - <<'JSON'
{"name": "` + jobName + `", "deploy_access_levels": [{"access_level": 40}]}
JSON`})
	}
	return a.framed(append(acts,
		hostAct{"A pipeline every hour, for what other branches left; its owner must be a maintainer", "glab schedule create --cron '17 * * * *' --ref " + shellWord(a.main) + " --description '" + product.Name + " log'"},
		hostAct{"The default branch is protected from the start. Keep it so: it decides what the job with the key runs", ""},
		hostAct{"Use the job. In .gitlab-ci.yml, which init leaves to you:  include: [{local: " + a.file + "}]", ""},
	))
}

// framed puts what comes first before acts, and what comes last after them.
func (a advice) framed(acts []hostAct) []hostAct {
	if !a.pinned {
		acts = append([]hostAct{{"This build is no release: put the version to install into " + a.file + ", in place of " + noVersion, ""}}, acts...)
	}
	return append(acts, hostAct{"Policy and job, on the default branch",
		"git add " + product.PolicyFile + " " + a.file + " && git commit -m 'Log what jobs sign' && git push"})
}

// printHosting prints what is left to do at the host, so that it can be pasted
// into a shell as it is.
func (r initResult) printHosting(w io.Writer) {
	if len(r.Do) == 0 {
		return
	}
	fmt.Fprintln(w, "\n# Left to do, once, as an administrator of the repository.")
	if r.Protection != "" {
		fmt.Fprintf(w, "# %s\n", clean.Text(r.Protection))
	}
	for i, act := range r.Do {
		fmt.Fprintf(w, "\n# %d. %s\n", i+1, clean.Text(act.What))
		if act.Run != "" {
			fmt.Fprintln(w, act.Run)
		}
	}
	fmt.Fprintln(w, "\n# What stays unprotected, all the same:")
	for _, line := range r.Unprotected {
		fmt.Fprintf(w, "# - %s\n", clean.Text(line))
	}
	fmt.Fprintln(w)
}

// shellWord is text as one word of a POSIX shell.
func shellWord(text string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@%+=,", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// shellPath is a file as one word of a POSIX shell, from the home if it is
// below that.
func shellPath(home, file string) string {
	if rel, err := filepath.Rel(home, file); err == nil && home != "" && filepath.IsLocal(rel) {
		return "~/" + shellWord(filepath.ToSlash(rel))
	}
	return shellWord(file)
}
