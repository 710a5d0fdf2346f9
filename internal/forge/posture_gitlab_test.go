// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// gitlabPostureOf reads the posture of a GitLab that answers as its documents
// show (gitlab.TestSettingsAreAsDocumented).
func gitlabPostureOf(t *testing.T, s *gitlabtest.Server, edit func(*PostureQuery)) ([]event.PosturePredicate, error) {
	t.Helper()
	sum := sha256.Sum256([]byte(thePolicy))
	variables := map[string]string{
		"CI_API_V4_URL": s.API, "CI_PROJECT_ID": "6", "CI_JOB_TOKEN": gitlabtest.JobToken, "GATELEDGER_POSTURE_TOKEN": gitlabtest.Token,
	}
	q := PostureQuery{
		Forge: "gitlab", Environments: []string{"production"}, Policy: hex.EncodeToString(sum[:]), LedgerBranch: theLog,
		Getenv: func(name string) string { return variables[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond,
	}
	if edit != nil {
		edit(&q)
	}
	return ReadPosture(t.Context(), q)
}

func guardedGitLab(t *testing.T) *gitlabtest.Server {
	t.Helper()
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.Guard(6, thePolicy, theLog)
	return s
}

func TestAGuardedGitLabIsFine(t *testing.T) {
	s := guardedGitLab(t)
	all, err := gitlabPostureOf(t, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := all[0]
	checkFacts(t, p)
	if weak, unknown := notOK(p); weak != nil || unknown != nil {
		t.Errorf("weak %q, unknown %q\n%+v", weak, unknown, p.Facts)
	}
	if p.Branch != "main" || p.RepositoryID != "6" || p.Read.Calls < 8 || p.Read.Time == "" {
		t.Errorf("%+v", p)
	}
	for _, r := range s.Asked() {
		if r.Method != "GET" || r.Header.Get("Private-Token") != gitlabtest.Token || r.Header.Get("Job-Token") != "" {
			t.Errorf("%s %s as %v", r.Method, r.URL, r.Header)
		}
	}
	for _, f := range p.Facts {
		if strings.Contains(f.Why, "the-value-of-a-variable") || strings.Contains(f.Why, "DEPLOY_KEY") {
			t.Errorf("%+v", f)
		}
	}
}

// What a token may not see makes exactly its own facts unknown, and nothing
// fine.
func TestWhatGitLabDoesNotShowIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"protected branches":     {"/protected_branches", []string{"branch-protected", "code-owner-review", "developers-push", "force-push-refused", "group-developers-push", "group-force-push", "ledger-force-push-refused", "ledger-writers-limited"}},
		"protected environments": {"/protected_environments", []string{"developers-deploy", "environment-approvals", "environment-protected"}},
		"approval settings":      {"/approvals", []string{"approval-rules-kept", "approvals-reset", "author-approves", "committer-approves"}},
		"approval rules":         {"/approval_rules", []string{"reviews-required"}},
		"the job token's scope":  {"/job_token_scope", []string{"job-token-limited"}},
		"variables":              {"/variables", []string{"group-unprotected-variables", "unprotected-variables"}},
		"files":                  {"/repository/files/", []string{"includes-pinned", "owners-exist", "pipeline-owned", "policy-on-default-branch", "policy-owned"}},
		"the pipeline's file":    {"/files/.gitlab-ci.yml", []string{"includes-pinned"}},
		"code owners":            {"CODEOWNERS", []string{"owners-exist", "pipeline-owned", "policy-owned"}},
		"members":                {"/members", []string{"owners-exist", "pipeline-owned", "policy-owned"}},
		"members of the project": {"/projects/6/members", []string{"owners-exist", "pipeline-owned", "policy-owned"}},
		"members of one group":   {"/groups/acme%2Fall/members", []string{"owners-exist"}},
		"the policy":             {"/files/.gateledger.yml", []string{"policy-on-default-branch"}},
	} {
		for _, status := range []int{401, 403, 404, 502} {
			t.Run(name+" "+http.StatusText(status), func(t *testing.T) {
				s := guardedGitLab(t)
				s.Fault(gitlabtest.Fault{In: c.in, Answer: gitlabtest.Status(status, `{"message":"404 Not Found"}`)})
				all, err := gitlabPostureOf(t, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				checkFacts(t, all[0])
				if got := unknownIn(all[0]); !slices.Equal(got, c.want) {
					t.Errorf("unknown %q\nwant    %q", got, c.want)
				}
				if weak, unknown := notOK(all[0]); len(unknown) == 0 || len(weak) > 0 {
					t.Errorf("weak %q, unknown %q", weak, unknown)
				}
			})
		}
	}
}

// What an answer leaves out, as those to developers and of other tiers do, is
// unknown.
func TestWhatGitLabLeavesOutIsUnknown(t *testing.T) {
	without := func(keys ...string) func(map[string]any) {
		return func(v map[string]any) {
			for _, k := range keys {
				delete(v, k)
			}
		}
	}
	set := func(path string, v any) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) { s.Set(6, path, v) }
	}
	project := func(keys ...string) func(*gitlabtest.Server) { return set("", gitlabtest.Project(6, without(keys...))) }
	branch := func(keys ...string) func(*gitlabtest.Server) {
		return set("protected_branches", []any{gitlabtest.Branch("*", without(keys...))})
	}
	place := func(keys ...string) func(*gitlabtest.Server) {
		return set("protected_environments", []any{gitlabtest.Environment(without(keys...))})
	}
	for name, c := range map[string]struct {
		edit func(*gitlabtest.Server)
		want []string
	}{
		"pipelines must succeed":    {project("only_allow_merge_if_pipeline_succeeds", "allow_merge_on_skipped_pipeline"), []string{"pipelines-must-succeed", "skipped-pipelines-pass"}},
		"who sets variables":        {project("restrict_user_defined_variables", "ci_pipeline_variables_minimum_override_role"), []string{"pipeline-variables-limited"}},
		"whether job tokens push":   {project("ci_push_repository_for_job_token_allowed"), []string{"job-token-pushes"}},
		"pipelines of forks":        {project("ci_allow_fork_pipelines_to_run_in_parent_project"), []string{"fork-pipelines"}},
		"visibility":                {project("visibility"), []string{"project-private"}},
		"who triggered":             {project("allow_pipeline_trigger_approve_deployment"), []string{"trigger-approves"}},
		"force pushes":              {branch("allow_force_push"), []string{"force-push-refused", "ledger-force-push-refused"}},
		"who pushes":                {branch("push_access_levels"), []string{"developers-push", "ledger-writers-limited"}},
		"code owners, in the free":  {branch("code_owner_approval_required"), []string{"code-owner-review"}},
		"who deploys":               {place("deploy_access_levels"), []string{"developers-deploy"}},
		"approvals of deployments":  {place("required_approval_count", "approval_rules"), []string{"environment-approvals"}},
		"the author's own approval": {set("approvals", gitlabtest.Approvals(without("merge_requests_author_approval"))), []string{"author-approves"}},
		"the committers'":           {set("approvals", gitlabtest.Approvals(without("merge_requests_disable_committers_approval"))), []string{"committer-approves"}},
		"resets":                    {set("approvals", gitlabtest.Approvals(without("reset_approvals_on_push"))), []string{"approvals-reset"}},
		"overriding":                {set("approvals", gitlabtest.Approvals(without("disable_overriding_approvers_per_merge_request"))), []string{"approval-rules-kept"}},
		"how many approve":          {set("approval_rules", []any{gitlabtest.Rule(without("approvals_required"))}), []string{"reviews-required"}},
		"whether it is protected":   {set("variables", []any{map[string]any{"key": "A", "environment_scope": "*"}}), []string{"unprotected-variables"}},
		"inbound":                   {set("job_token_scope", map[string]any{"outbound_enabled": false}), []string{"job-token-limited"}},
		"a line of access of nobody": {set("protected_environments", []any{gitlabtest.Environment(func(e map[string]any) {
			e["deploy_access_levels"] = []any{map[string]any{"id": 1}}
		})}), []string{"developers-deploy"}},
		"a pipeline that is no YAML": {func(s *gitlabtest.Server) { s.Put("6", ".gitlab-ci.yml", "a: [") }, []string{"includes-pinned"}},
		"another project's pipeline": {set("", gitlabtest.Project(6, func(p map[string]any) { p["ci_config_path"] = "ci.yml@acme/flows" })), []string{"includes-pinned"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := guardedGitLab(t)
			c.edit(s)
			all, err := gitlabPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, all[0])
			if got := unknownIn(all[0]); !slices.Equal(got, c.want) {
				t.Errorf("unknown %q\nwant    %q", got, c.want)
			}
		})
	}
}

// One thing is wrong at a time, and one finding tells.
func TestWhatIsWeakOnGitLab(t *testing.T) {
	set := func(path string, v any) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) { s.Set(6, path, v) }
	}
	file := func(name, text string) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) { s.Put("6", name, text) }
	}
	project := func(key string, value any) func(*gitlabtest.Server) {
		return set("", gitlabtest.Project(6, func(p map[string]any) { p[key] = value }))
	}
	main := func(edit func(map[string]any)) func(*gitlabtest.Server) {
		return set("protected_branches", []any{gitlabtest.Branch("main", edit), gitlabtest.Branch("gateledger/*", nil)})
	}
	place := func(edit func(map[string]any)) func(*gitlabtest.Server) {
		return set("protected_environments", []any{gitlabtest.Environment(edit)})
	}
	approvals := func(key string, value bool) func(*gitlabtest.Server) {
		return set("approvals", gitlabtest.Approvals(func(a map[string]any) { a[key] = value }))
	}
	named := func(key string) map[string]any {
		a := gitlabtest.Access(30)
		a[key] = 7
		return a
	}
	for name, c := range map[string]struct {
		edit func(*gitlabtest.Server)
		weak []string
	}{
		"nothing is protected":            {set("protected_branches", []any{}), []string{"branch-protected", "history-kept", "push-access", "code-owner-review", "ledger-branch", "ledger-writers"}},
		"others are protected":            {set("protected_branches", []any{gitlabtest.Branch("mai*n?", nil), gitlabtest.Branch("gateledger/*", nil)}), []string{"branch-protected", "history-kept", "push-access", "code-owner-review"}},
		"a star protects all":             {set("protected_branches", []any{gitlabtest.Branch("*", nil)}), nil},
		"force pushes":                    {main(func(b map[string]any) { b["allow_force_push"] = true }), []string{"history-kept"}},
		"developers push":                 {main(func(b map[string]any) { b["push_access_levels"] = []any{gitlabtest.Access(40), gitlabtest.Access(30)} }), []string{"push-access"}},
		"nobody pushes":                   {main(func(b map[string]any) { b["push_access_levels"] = []any{gitlabtest.Access(0)} }), nil},
		"nobody at all pushes":            {main(func(b map[string]any) { b["push_access_levels"] = []any{} }), nil},
		"a named developer pushes":        {main(func(b map[string]any) { b["push_access_levels"] = []any{named("user_id")} }), nil},
		"a group pushes":                  {main(func(b map[string]any) { b["push_access_levels"] = []any{named("group_id")} }), nil},
		"another rule lets developers":    {set("protected_branches", []any{gitlabtest.Branch("main", nil), gitlabtest.Branch("gateledger/*", nil), gitlabtest.Branch("ma*", func(b map[string]any) { b["push_access_levels"] = []any{gitlabtest.Access(30)} })}), []string{"push-access"}},
		"another rule lets history go":    {set("protected_branches", []any{gitlabtest.Branch("main", nil), gitlabtest.Branch("*", func(b map[string]any) { b["allow_force_push"] = true })}), []string{"history-kept", "ledger-branch"}},
		"no owners asked":                 {main(func(b map[string]any) { b["code_owner_approval_required"] = false }), []string{"code-owner-review"}},
		"no approval asked for":           {set("approval_rules", []any{gitlabtest.Rule(func(r map[string]any) { r["approvals_required"] = 0 })}), []string{"reviews-required"}},
		"no rule":                         {set("approval_rules", []any{}), []string{"reviews-required"}},
		"a rule of another branch":        {set("approval_rules", []any{gitlabtest.Rule(func(r map[string]any) { r["protected_branches"] = []any{map[string]any{"name": "stable"}} })}), []string{"reviews-required"}},
		"a rule of this branch":           {set("approval_rules", []any{gitlabtest.Rule(func(r map[string]any) { r["protected_branches"] = []any{map[string]any{"name": "ma*"}} })}), nil},
		"a rule of reports only":          {set("approval_rules", []any{gitlabtest.Rule(func(r map[string]any) { r["rule_type"] = "report_approver" })}), []string{"reviews-required"}},
		"authors approve":                 {approvals("merge_requests_author_approval", true), []string{"no-self-approval"}},
		"committers approve":              {approvals("merge_requests_disable_committers_approval", false), []string{"no-self-approval"}},
		"approvals stay":                  {approvals("reset_approvals_on_push", false), []string{"stale-reviews-dismissed"}},
		"merge requests change the rules": {approvals("disable_overriding_approvers_per_merge_request", false), []string{"approval-rules-kept"}},
		"merges wait for nothing":         {project("only_allow_merge_if_pipeline_succeeds", false), []string{"required-check"}},
		"skipped is success":              {project("allow_merge_on_skipped_pipeline", true), []string{"required-check"}},
		"null is no success":              {project("allow_merge_on_skipped_pipeline", nil), nil},
		"no policy":                       {file(".gateledger.yml", ""), []string{"policy-owned"}},
		"another policy":                  {file(".gateledger.yml", "version: 2\n"), []string{"policy-owned"}},
		"nobody owns the policy":          {file("CODEOWNERS", "/.gitlab-ci.yml @acme/leads\n"), []string{"policy-owned"}},
		"nobody owns the pipeline":        {file("CODEOWNERS", "/.gateledger.yml @acme/leads\n"), []string{"pipeline-owned"}},
		"nobody owns anything":            {file("CODEOWNERS", ""), []string{"policy-owned", "pipeline-owned"}},
		"owners are optional":             {file("CODEOWNERS", "^[All] @acme/leads\n*\n"), []string{"policy-owned", "pipeline-owned"}},
		"owners in another place":         {func(s *gitlabtest.Server) { s.Put("6", "CODEOWNERS", ""); s.Put("6", ".gitlab/CODEOWNERS", "* @ana\n") }, nil},
		"the pipeline is at an address":   {project("ci_config_path", "https://ci.example.org/ci.yml"), []string{"pipeline-file", "pipeline-owned"}},
		"the pipeline is another project's": {func(s *gitlabtest.Server) {
			project("ci_config_path", "ci.yml@acme/flows:v1")(s)
			s.Put("acme/flows", "ci.yml", "a: {script: [b]}\n")
			s.Put("6", "CODEOWNERS", "/.gateledger.yml @acme/leads\n")
		}, nil},
		"another project's, and loose": {func(s *gitlabtest.Server) {
			project("ci_config_path", "ci.yml@acme/flows")(s)
			s.Put("acme/flows", "ci.yml", "include: {project: acme/x, file: y, ref: main}\n")
		}, []string{"includes-pinned"}},
		"the pipeline is in a folder": {func(s *gitlabtest.Server) {
			project("ci_config_path", "ci/main.yml")(s)
			s.Put("6", "ci/main.yml", "a: {script: [b]}\n")
			s.Put("6", "CODEOWNERS", "/.gateledger.yml @acme/leads\n/.gitlab-ci.yml @acme/leads\n")
		}, []string{"pipeline-owned"}},
		"a component by its tag":     {file(".gitlab-ci.yml", "include: [{component: gitlab.example.com/acme/gate/deploy@1}]\n"), []string{"includes-pinned"}},
		"a variable of every branch": {set("variables", []any{gitlabtest.Variable("A", true), gitlabtest.Variable("B", false)}), []string{"protected-variables"}},
		"no variables":               {set("variables", []any{}), nil},
		"developers set variables":   {project("ci_pipeline_variables_minimum_override_role", "developer"), []string{"pipeline-variables"}},
		"the older setting says so":  {project("restrict_user_defined_variables", false), []string{"pipeline-variables"}},
		"an older GitLab":            {project("ci_pipeline_variables_minimum_override_role", nil), nil},
		"job tokens push":            {project("ci_push_repository_for_job_token_allowed", true), []string{"job-token"}},
		"every job token gets in":    {set("job_token_scope", map[string]any{"inbound_enabled": false}), []string{"job-token"}},
		"a public project":           {project("visibility", "public"), []string{"fork-pipelines"}},
		"a public one without forks'": {set("", gitlabtest.Project(6, func(p map[string]any) {
			p["visibility"], p["ci_allow_fork_pipelines_to_run_in_parent_project"] = "public", false
		})), nil},
		"no environment":             {set("protected_environments", []any{}), []string{"environment-exists", "environment-admins", "environment-asks"}},
		"another case":               {place(func(e map[string]any) { e["name"] = "Production" }), []string{"environment-exists", "environment-admins", "environment-asks"}},
		"developers deploy":          {place(func(e map[string]any) { e["deploy_access_levels"] = []any{gitlabtest.Access(30)} }), []string{"environment-admins"}},
		"no approval of deployments": {place(func(e map[string]any) { e["approval_rules"] = []any{} }), []string{"environment-asks"}},
		"a count of approvals":       {place(func(e map[string]any) { e["approval_rules"], e["required_approval_count"] = []any{}, 2 }), nil},
		"who triggers approves":      {project("allow_pipeline_trigger_approve_deployment", true), []string{"environment-self-review"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := guardedGitLab(t)
			c.edit(s)
			all, err := gitlabPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, all[0])
			weak, _ := notOK(all[0])
			slices.Sort(weak)
			slices.Sort(c.weak)
			if !slices.Equal(weak, c.weak) {
				t.Errorf("weak %q\nwant %q\n%+v", weak, c.weak, all[0].Facts)
			}
		})
	}
}

// Without the project there is no posture, and a token that goes first is the
// only one that is sent.
func TestPostureOfGitLabFails(t *testing.T) {
	set := func(name, value string) func(*PostureQuery) {
		return func(q *PostureQuery) {
			before := q.Getenv
			q.Getenv = func(n string) string {
				if n == name {
					return value
				}
				return before(n)
			}
		}
	}
	for name, c := range map[string]struct {
		edit func(*PostureQuery)
		want error
	}{
		"no token": {func(q *PostureQuery) {
			set("GATELEDGER_POSTURE_TOKEN", "")(q)
			set("CI_JOB_TOKEN", "")(q)
		}, ErrSetup},
		"a job's token":        {set("GATELEDGER_POSTURE_TOKEN", ""), ErrRefused},
		"no project":           {set("CI_PROJECT_ID", ""), ErrSetup},
		"a project by name":    {set("CI_PROJECT_ID", "acme/app"), ErrSetup},
		"another project":      {set("CI_PROJECT_ID", "7"), ErrRefused},
		"no address":           {set("CI_API_V4_URL", "ftp://x"), ErrSetup},
		"a token nobody knows": {set("GATELEDGER_POSTURE_TOKEN", "wrong"), ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := gitlabPostureOf(t, guardedGitLab(t), c.edit); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	for name, edit := range map[string]func(*PostureQuery){
		"a file's": func(q *PostureQuery) { q.Token = gitlabtest.Token; set("GATELEDGER_POSTURE_TOKEN", "other")(q) },
		"a variable's": func(q *PostureQuery) {
			set("GATELEDGER_POSTURE_TOKEN", "")(q)
			set("GATELEDGER_GITLAB_TOKEN", gitlabtest.Token)(q)
		},
	} {
		s := guardedGitLab(t)
		if _, err := gitlabPostureOf(t, s, edit); err != nil {
			t.Fatal(name, err)
		}
	}
	s := guardedGitLab(t)
	all, err := gitlabPostureOf(t, s, func(q *PostureQuery) { q.Environments = []string{"production", "staging"}; q.LedgerBranch = "" })
	if err != nil || len(all) != 2 || all[1].Fact("environment-protected").State != event.No || all[0].Fact("ledger-elsewhere").State != event.Yes {
		t.Errorf("%+v, %v", all, err)
	}
}
