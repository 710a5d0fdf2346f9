// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	home := s.env.Getenv("HOME")
	a := advice{
		plan: s.host.plan, key: shellPath(home, s.keyFile("log", ".key")), branch: branch,
		file: file, release: releaseFile(s.host.provider), wake: wakeFiles(s.host.provider), include: s.include(),
	}
	if s.jobs != "" {
		a.jobKey = shellPath(home, s.jobKeyFile())
	}
	if s.unnamed {
		a.unnamed = s.jobs
	}
	a.main, a.stolen = s.defaultBranch(ctx, remote)
	_, a.pinned = installable(thisBuild())
	r := &s.result
	r.Hosting, r.Unprotected, r.Enforcement = s.host.plan.Name, s.host.plan.Remains, enforcement(s.host.plan)
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

// enforcement says whom an answer of the gate stops; nothing of a plan that
// nobody named.
func enforcement(p hosting.Plan) string {
	switch {
	case p.Name == "":
		return ""
	case p.Gate == hosting.Advisory:
		return "the gate's answer is " + p.Gate.String() + ", unless the target asks for itself: " + product.Name + " verify decision --for DIGEST --environment production"
	}
	kind := map[string]string{hosting.GitHub: "secrets", hosting.GitLab: "protected variables"}[p.Provider]
	return "the gate's answer " + p.Gate.String() + ". For that, keep the credentials of the deployment as " + kind + " of the environment production"
}

// defaultBranch is the remote's, else the one that is checked out. Where a
// remote was empty before init, its host may have taken the log's branch for
// the default one: then stolen is true.
func (s *setup) defaultBranch(ctx context.Context, remote string) (name string, stolen bool) {
	if s.place.repo == nil {
		return "main", false
	}
	_, logs, _ := gitPlace(s.at)
	ref, _, err := s.place.repo.RemoteHead(ctx, remote)
	if stolen = err != nil || ref == "refs/heads/"+logs; stolen {
		ref, err = s.place.repo.Ref(ctx)
	}
	if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok && err == nil {
		return name, stolen
	}
	return "main", stolen
}

// An advice holds what the commands name.
type advice struct {
	plan    hosting.Plan
	key     string // file of the log key, for a shell
	jobKey  string // file of the key that jobs sign with; empty: there is none
	unnamed string // the id of that key, where the policy does not name it
	branch  string // of the log
	main    string // the default branch
	stolen  bool   // the host may have taken the log's branch for the default one
	file    string // of the job
	release string // its file
	wake    []string
	include string // how to write the pipeline that uses them; empty: there is one
	pinned  bool   // the job names a release
}

func (a advice) github() []hostAct {
	return a.framed([]hostAct{
		{"Two environments that only jobs of the default branch may use: one with the log key, one for the credentials of the deployment", `for name in ` + jobName + ` production; do
gh api --method PUT "repos/{owner}/{repo}/environments/$name" --input - <<'JSON'
{"deployment_branch_policy": {"protected_branches": false, "custom_branch_policies": true}}
JSON
gh api --method POST "repos/{owner}/{repo}/environments/$name/deployment-branch-policies" -f type=branch -f name=` + shellWord(a.main) + `
done`},
		a.keys("The log key, in its environment and nowhere else; the key that jobs sign with, for the repository", "gh secret set "+secretName()+" --env "+jobName+" < "+a.key),
		{"The log's branch: nobody deletes it or pushes by force", ruleset(product.Name+" log", "refs/heads/"+a.branch, "")},
	}, a.usurped("gh repo edit --default-branch "+shellWord(a.main)), hostAct{
		"The default branch, if it does not need review yet: it decides what the jobs with the keys run", ruleset(product.Name+" default branch", "~DEFAULT_BRANCH", `,
    {"type": "pull_request", "parameters": {"required_approving_review_count": 1, "dismiss_stale_reviews_on_push": true,
      "require_code_owner_review": false, "require_last_push_approval": true, "required_review_thread_resolution": false}}`)})
}

// keys is the act that stores the keys at GitHub.
func (a advice) keys(what, run string) hostAct {
	if a.jobKey != "" {
		run += "\ngh secret set " + eventSecretName() + " < " + a.jobKey
	}
	return hostAct{what, strings.TrimPrefix(run, "\n")}
}

// usurped gives the default branch back its place.
func (a advice) usurped(run string) hostAct {
	if !a.stolen {
		return hostAct{}
	}
	return hostAct{"The remote had no branch, so its host may have taken the log's for the default one", run}
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
	return a.framed([]hostAct{a.keys("The key that jobs sign with", "")},
		a.usurped("gh repo edit --default-branch "+shellWord(a.main)),
		hostAct{"Best here: leave the log key where it is. Take in what is pending, and ask the gate, from this machine",
			product.Name + " integrate\n# " + product.Name + " gate --environment production --subject FILE"},
		hostAct{"Or let everybody who may push sign the log, so that the gate can run in a job: a repository's secret is for every workflow on every branch. If you want that, take the # away",
			"# gh secret set " + secretName() + " < " + a.key})
}

func (a advice) gitlab() []hostAct {
	store := "tr -d '\\n' < " + a.key + " | glab variable set " + secretName() + " --protected --masked --raw --scope " + jobName
	if a.jobKey != "" {
		store += "\nbase64 < " + a.jobKey + " | tr -d '\\n' | glab variable set " + eventSecretName() + " --protected --masked --raw"
	}
	acts := []hostAct{
		{"The keys, for protected branches, masked: the log key for the job's environment only, and the one that jobs sign with", store},
		{"The log's branch: maintainers push, nobody by force", "glab api --method POST 'projects/:fullpath/protected_branches' -f name=" + shellWord(a.branch) + " -F push_access_level=40 -F merge_access_level=0 -F allow_force_push=false"},
		{"Let jobs of this project push what they signed, and only maintainers set a pipeline's variables (GitLab 18.4 and later)", "glab api --method PUT 'projects/:fullpath' -F ci_push_repository_for_job_token_allowed=true -f ci_pipeline_variables_minimum_override_role=maintainer"},
	}
	if a.plan.Name == "gitlab-premium" || a.plan.Name == "gitlab-ultimate" {
		acts = append(acts, hostAct{"The environment: jobs of maintainers only", `glab api --method POST 'projects/:fullpath/protected_environments' -H 'Content-Type: application/json' --input - <<'JSON'
{"name": "` + jobName + `", "deploy_access_levels": [{"access_level": 40}]}
JSON`})
	}
	use := hostAct{"Use the files. In .gitlab-ci.yml, which init leaves to you:  include: [{local: " + strings.Join(a.included(), "}, {local: ") + "}]", ""}
	if a.include != "" {
		use = hostAct{"Use the files. There is no .gitlab-ci.yml yet", a.include}
	}
	return a.framed(append(acts, use),
		a.usurped("glab api --method PUT 'projects/:fullpath' -f default_branch="+shellWord(a.main)),
		hostAct{"A pipeline every hour, for what other branches left and for votes that came; its owner must be a maintainer", "glab schedule create --cron '17 * * * *' --ref " + shellWord(a.main) + " --description '" + product.Name + " log'"},
		hostAct{"So that a vote runs the gate's job again by itself, in that pipeline: a project access token with the scope api and a role that may run the job. Without it a person runs the job again. If you want that, take the # away; it reads the token",
			"# glab variable set " + wakeTokenName + " --protected --masked --raw"},
		hostAct{"The default branch is protected from the start. Keep it so: it decides what the jobs with the keys run", ""},
	)
}

// versioned are the files that name the version to install; at GitHub others
// have it from an action.
func (a advice) versioned() []string {
	if slices.Contains(a.wake, gitlabWakeFile) {
		return []string{a.file, gitlabWakeFile}
	}
	return []string{a.file}
}

// included are the files that a GitLab pipeline includes.
func (a advice) included() []string { return append([]string{a.file, a.release}, a.wake...) }

// wakeTokenName is what the token is called that may run the gate's job again.
const wakeTokenName = "GATELEDGER_GITLAB_TOKEN"

// include is what writes a pipeline of nothing but init's files, where there
// is none.
func (s *setup) include() string {
	if _, err := os.Lstat(filepath.Join(s.place.root, pipelineFile)); s.host.provider != hosting.GitLab || !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return "printf 'include:\\n  - local: %s\\n  - local: %s\\n  - local: %s\\n' " + gitlabJob + " " + gitlabReleaseFile + " " + gitlabWakeFile + " > " + pipelineFile
}

// pipelineFile is where a GitLab project says what runs.
const pipelineFile = ".gitlab-ci.yml"

// framed puts what comes first before acts, then what takes all of it to the
// default branch, and last what can only follow.
func (a advice) framed(acts []hostAct, after ...hostAct) []hostAct {
	var first []hostAct
	if !a.pinned {
		first = append(first, hostAct{"This build is no release: put the version to install into " + strings.Join(a.versioned(), " and ") + ", in place of " + noVersion, ""})
	}
	if a.unnamed != "" {
		first = append(first, hostAct{"The policy was written before jobs had a key of their own. Put it under signers:  " + jobSigner + `: {key: "` + a.unnamed + `", tier: fast}`, ""})
	}
	files := strings.Join(append([]string{product.PolicyFile, a.file, a.release}, a.wake...), " ")
	if a.include != "" {
		files += " " + pipelineFile
	}
	push := "git push"
	if a.stolen {
		push += " -u origin " + shellWord(a.main)
	}
	all := append(append(first, acts...), hostAct{"Policy and jobs, to the default branch; the first release starts with it",
		"git add " + files + " && git commit -m 'Ask before a release' && " + push})
	return slices.DeleteFunc(append(all, after...), func(h hostAct) bool { return h == hostAct{} })
}

// printHosting prints what is left to do at the host, so that it can be pasted
// into a shell as it is.
func (r initResult) printHosting(w io.Writer) {
	if len(r.Do) == 0 {
		return
	}
	fmt.Fprintln(w, "\n# Left to do, once, as an administrator of the repository.")
	for _, line := range []string{r.Protection, r.Enforcement} {
		if line != "" {
			fmt.Fprintf(w, "# %s\n", clean.Text(line))
		}
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
