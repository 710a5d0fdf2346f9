// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
	"github.com/gateledger/gateledger/internal/posture"
)

const (
	thePolicy = "version: 1\n"
	theLog    = "gateledger/log"
)

// asked reads the posture of a GitHub that is held to its description.
func githubPostureOf(t *testing.T, s *githubtest.Server, edit func(*PostureQuery)) ([]event.PosturePredicate, error) {
	t.Helper()
	server := httptest.NewServer(forgetest.Validate(t, s))
	defer server.Close()
	sum := sha256.Sum256([]byte(thePolicy))
	variables := map[string]string{
		"GITHUB_API_URL": server.URL + "/api/v3", "GITHUB_REPOSITORY": "acme/app", "GITHUB_REPOSITORY_ID": "1296269", "GITHUB_TOKEN": githubtest.JobToken,
	}
	q := PostureQuery{
		Forge: "github", Environments: []string{"production"}, Policy: hex.EncodeToString(sum[:]), LedgerBranch: theLog,
		Getenv: func(name string) string { return variables[name] }, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond,
	}
	if edit != nil {
		edit(&q)
	}
	return ReadPosture(t.Context(), q)
}

func guarded(t *testing.T) *githubtest.Server {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	s.Guard(thePolicy, theLog)
	return s
}

// unknownIn are the facts that nobody can tell, sorted.
func unknownIn(p event.PosturePredicate) []string {
	var names []string
	for _, f := range p.Facts {
		if f.State == event.Unknown {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Of what the table reads the reader tells all, and nothing else, but what the
// policy tells.
func checkFacts(t *testing.T, p event.PosturePredicate) {
	t.Helper()
	var got []string
	for _, f := range p.Facts {
		got = append(got, f.Name)
	}
	slices.Sort(got)
	want := slices.Concat(posture.Facts(p.Provider, false), posture.Facts(p.Provider, true))
	want = slices.DeleteFunc(want, func(n string) bool { return n == "policy-change" })
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("facts %q\nwant  %q", got, want)
	}
	p.Read.Time = "2026-03-01T10:00:00Z"
	if err := p.Check(); err != nil {
		t.Error(err)
	}
}

// weakOf are the findings that are not ok, without the policy's own.
func notOK(p event.PosturePredicate) (weak, unknown []string) {
	for _, f := range posture.Judge(p, nil) {
		switch {
		case f.Name == "policy-change":
		case f.State == posture.Weak:
			weak = append(weak, f.Name)
		case f.State == posture.Unknown:
			unknown = append(unknown, f.Name)
		}
	}
	return weak, unknown
}

func TestAGuardedGitHubIsFine(t *testing.T) {
	s := guarded(t)
	all, err := githubPostureOf(t, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := all[0]
	checkFacts(t, p)
	if weak, unknown := notOK(p); weak != nil || unknown != nil {
		t.Errorf("weak %q, unknown %q\n%+v", weak, unknown, p.Facts)
	}
	if p.Branch != "main" || p.RepositoryID != "1296269" || p.Read.Calls < 10 || p.Read.Time == "" {
		t.Errorf("%+v", p)
	}
	for _, r := range s.Asked() {
		if r.Method != "GET" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
	}
}

// refusing answers requests with a status.
func refusing(in string, status int) func(*githubtest.Server) {
	return func(s *githubtest.Server) {
		s.Fault(githubtest.Fault{In: in, Answer: githubtest.Status(status, `{"message":"Resource not accessible by integration"}`)})
	}
}

// What a token may not see makes exactly its own facts unknown, and nothing
// fine.
func TestWhatGitHubDoesNotShowIsUnknown(t *testing.T) {
	branch := []string{"admins-bypass", "check-of-actions", "check-pinned", "check-required", "review-bypass"}
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"rules": {"/rules/branches/main", []string{"branch-protected", "check-of-actions", "check-pinned", "check-required", "code-owner-review",
			"deletion-refused", "force-push-refused", "reviews-required", "ruleset-bypass", "stale-reviews-dismissed"}},
		"the branch, and its protection": {"/branches/main", append([]string{"branch-protected", "code-owner-review", "deletion-refused", "force-push-refused",
			"reviews-required", "ruleset-bypass", "stale-reviews-dismissed"}, branch...)},
		"a ruleset":                 {"/rulesets/42", []string{"ruleset-bypass"}},
		"the app of Actions":        {"/apps/", []string{"check-of-actions"}},
		"the ledger's branch":       {"gateledger%2Flog", []string{"ledger-deletion-refused", "ledger-force-push-refused", "ledger-writers-limited"}},
		"workflow permissions":      {"/actions/permissions/workflow", []string{"workflow-approves", "workflow-token-writes"}},
		"allowed actions":           {"/actions/permissions/selected", []string{"actions-limited"}},
		"the subject":               {"/oidc/", []string{"oidc-subject-bound"}},
		"workflow files":            {"/contents/.github/workflows", []string{"actions-pinned", "untrusted-checkout", "workflows-owned"}},
		"one workflow file":         {"/workflows/deploy.yml", []string{"actions-pinned", "untrusted-checkout"}},
		"the repository's secrets":  {"/actions/secrets", []string{"environment-secrets-shared"}},
		"the environment's secrets": {"production/secrets", []string{"environment-secrets-shared"}},
		"what is against owners":    {"/codeowners/errors", []string{"owners-exist", "policy-owned", "workflows-owned"}},
		"custom rules":              {"deployment_protection_rules", []string{"environment-custom-rule"}},
		"deployment branches":       {"deployment-branch-policies", []string{"environment-branches-limited"}},
		"environments": {"/environments", []string{"environment-admins-bypass", "environment-branches-limited", "environment-custom-rule", "environment-exists",
			"environment-reviewers", "environment-secrets-shared", "environment-self-review-refused", "environment-wait-timer"}},
	} {
		for _, status := range []int{403, 404, 502} {
			t.Run(name+" "+http.StatusText(status), func(t *testing.T) {
				s := guarded(t)
				refusing(c.in, status)(s)
				all, err := githubPostureOf(t, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				checkFacts(t, all[0])
				slices.Sort(c.want)
				if got := unknownIn(all[0]); !slices.Equal(got, c.want) {
					t.Errorf("unknown %q\nwant    %q", got, c.want)
				}
				if weak, unknown := notOK(all[0]); len(unknown) == 0 && name != "custom rules" || len(weak) > 0 {
					t.Errorf("weak %q, unknown %q", weak, unknown)
				}
			})
		}
	}
}

// One thing is wrong at a time, and one finding tells.
func TestWhatIsWeakOnGitHub(t *testing.T) {
	set := func(path string, v any) func(*githubtest.Server) {
		return func(s *githubtest.Server) { s.Set(path, v) }
	}
	file := func(name, text string) func(*githubtest.Server) {
		return func(s *githubtest.Server) { s.Put(name, text) }
	}
	environment := func(edit func(map[string]any)) func(*githubtest.Server) {
		return set("environments/production", githubtest.Environment(edit))
	}
	without := func(kinds ...string) []any {
		return slices.DeleteFunc(githubtest.Rules(true), func(r any) bool { return slices.Contains(kinds, r.(map[string]any)["type"].(string)) })
	}
	reviews := func(edit func(map[string]any)) []any {
		rules := githubtest.Rules(true)
		edit(rules[2].(map[string]any)["parameters"].(map[string]any))
		return rules
	}
	pinned := "actions/checkout@" + strings.Repeat("a", 40)
	for name, c := range map[string]struct {
		edit func(*githubtest.Server)
		weak []string
	}{
		"no rules at all":       {set("rules/branches/main", []any{}), []string{"branch-protected", "history-kept", "reviews-required", "stale-reviews-dismissed", "code-owner-review"}},
		"force pushes":          {set("rules/branches/main", without("non_fast_forward")), []string{"history-kept"}},
		"deletion":              {set("rules/branches/main", without("deletion")), []string{"history-kept"}},
		"no approval asked for": {set("rules/branches/main", reviews(func(p map[string]any) { p["required_approving_review_count"] = 0 })), []string{"reviews-required"}},
		"stale reviews stay":    {set("rules/branches/main", reviews(func(p map[string]any) { p["dismiss_stale_reviews_on_push"] = false })), []string{"stale-reviews-dismissed"}},
		"no code owners":        {set("rules/branches/main", reviews(func(p map[string]any) { p["require_code_owner_review"] = false })), []string{"code-owner-review"}},
		"somebody bypasses the ruleset": {set("rulesets/42", map[string]any{"id": 42, "name": "main", "source": "acme/app", "enforcement": "active",
			"bypass_actors": []any{map[string]any{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}}}), []string{"no-bypass"}},
		"our check from any source":           {set("rules/branches/main", append(without("required_status_checks"), githubtest.RequiredCheck("gateledger/production", 0))), []string{"required-check"}},
		"our check from Actions":              {set("rules/branches/main", append(without("required_status_checks"), githubtest.RequiredCheck("gateledger/production", githubtest.ActionsApp))), []string{"required-check"}},
		"our check is required nowhere":       {set("rules/branches/main", without("required_status_checks")), nil},
		"somebody else's check is loose":      {set("rules/branches/main", append(githubtest.Rules(true), githubtest.RequiredCheck("build", 0))), nil},
		"no policy":                           {file(".gateledger.yml", ""), []string{"policy-owned"}},
		"another policy":                      {file(".gateledger.yml", "version: 2\n"), []string{"policy-owned"}},
		"nobody owns the policy":              {file(".github/CODEOWNERS", "/.github/ @acme/leads\n"), []string{"policy-owned"}},
		"nobody owns the workflows":           {file(".github/CODEOWNERS", "* @acme/leads\n/.github/workflows/\n"), []string{"workflows-owned"}},
		"nobody owns anything":                {file(".github/CODEOWNERS", ""), []string{"policy-owned", "workflows-owned"}},
		"an action by its tag":                {file(".github/workflows/b.yml", "on: push\njobs: {a: {steps: [{uses: actions/checkout@v4}]}}\n"), []string{"actions-pinned"}},
		"a workflow by its branch":            {file(".github/workflows/b.yaml", "on: push\njobs: {a: {uses: acme/flows/.github/workflows/x.yml@main}}\n"), []string{"actions-pinned"}},
		"a pull request's code with rights":   {file(".github/workflows/b.yml", "on: pull_request_target\njobs: {a: {steps: [{uses: "+pinned+", with: {ref: '${{ github.head_ref }}'}}]}}\n"), []string{"no-untrusted-checkout"}},
		"no workflow, but a readme":           {file(".github/workflows/README.md", "x"), nil},
		"tokens write":                        {set("actions/permissions/workflow", map[string]any{"default_workflow_permissions": "write", "can_approve_pull_request_reviews": false}), []string{"workflow-token"}},
		"workflows approve":                   {set("actions/permissions/workflow", map[string]any{"default_workflow_permissions": "read", "can_approve_pull_request_reviews": true}), []string{"workflow-approves"}},
		"all actions":                         {set("actions/permissions", map[string]any{"enabled": true, "allowed_actions": "all", "sha_pinning_required": false}), []string{"actions-limited"}},
		"all actions, pinned":                 {set("actions/permissions", map[string]any{"enabled": true, "allowed_actions": "all", "sha_pinning_required": true}), nil},
		"selected actions are all":            {set("actions/permissions/selected-actions", map[string]any{"patterns_allowed": []any{"*/*@*"}}), []string{"actions-limited"}},
		"a subject of the owner only":         {set("actions/oidc/customization/sub", map[string]any{"use_default": false, "include_claim_keys": []any{"repository_owner"}}), []string{"oidc-subject"}},
		"a subject of repository and context": {set("actions/oidc/customization/sub", map[string]any{"use_default": false, "include_claim_keys": []any{"repo", "context"}}), nil},
		"anybody writes the ledger":           {set("rules/branches/"+theLog, []any{}), []string{"ledger-branch", "ledger-writers"}},
		"nobody has to approve":               {environment(func(e map[string]any) { e["protection_rules"] = []any{} }), []string{"environment-asks", "environment-self-review"}},
		"an app is asked instead": {func(s *githubtest.Server) {
			environment(func(e map[string]any) { e["protection_rules"] = []any{} })(s)
			s.Set("environments/production/deployment_protection_rules", map[string]any{"total_count": 1, "custom_deployment_protection_rules": []any{
				map[string]any{"id": 3, "node_id": "x", "enabled": true, "app": map[string]any{"id": 1, "node_id": "x", "slug": "gate", "integration_url": "https://api.github.com/apps/gate"}}}})
		}, nil},
		"a reviewer without a type": {environment(func(e map[string]any) { e["protection_rules"] = []any{githubtest.Reviewers(false)} }), nil},
		"an app's rule is off": {func(s *githubtest.Server) {
			environment(func(e map[string]any) { e["protection_rules"] = []any{} })(s)
			s.Set("environments/production/deployment_protection_rules", map[string]any{"total_count": 1, "custom_deployment_protection_rules": []any{
				map[string]any{"id": 3, "node_id": "x", "enabled": false, "app": map[string]any{"id": 1, "node_id": "x", "slug": "gate", "integration_url": "https://api.github.com/apps/gate"}}}})
		}, []string{"environment-asks", "environment-self-review"}},
		"reviewers approve their own run": {environment(func(e map[string]any) {
			r := githubtest.Reviewers(true).(map[string]any)
			r["prevent_self_review"] = false
			e["protection_rules"] = []any{r}
		}), []string{"environment-self-review"}},
		"administrators bypass": {environment(func(e map[string]any) { e["can_admins_bypass"] = true }), []string{"environment-admins"}},
		"any branch deploys":    {environment(func(e map[string]any) { e["deployment_branch_policy"] = nil }), []string{"environment-branches"}},
		"protected branches deploy, and none is, but by rulesets": {environment(func(e map[string]any) {
			e["deployment_branch_policy"] = map[string]any{"protected_branches": true, "custom_branch_policies": false}
		}), []string{"environment-branches"}},
		"protected branches deploy": {func(s *githubtest.Server) {
			environment(func(e map[string]any) {
				e["deployment_branch_policy"] = map[string]any{"protected_branches": true, "custom_branch_policies": false}
			})(s)
			s.Set("branches/main/protection", githubtest.Protection())
			s.Set("branches/main", githubtest.BranchJSON("main", true))
		}, nil},
		"a pattern for every branch":  {set("environments/production/deployment-branch-policies", map[string]any{"total_count": 1, "branch_policies": []any{map[string]any{"id": 1, "node_id": "x", "name": "*"}}}), []string{"environment-branches"}},
		"a secret is everybody's too": {set("actions/secrets", githubtest.SecretNames("deploy_key")), []string{"environment-secrets"}},
		"no environment": {func(s *githubtest.Server) {
			s.Set("environments/production", nil)
			s.Set("environments", map[string]any{"total_count": 0, "environments": []any{}})
		}, []string{"environment-exists", "environment-asks", "environment-self-review", "environment-admins", "environment-branches"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := guarded(t)
			c.edit(s)
			all, err := githubPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, all[0])
			if weak, unknown := notOK(all[0]); !slices.Equal(weak, c.weak) || unknown != nil {
				t.Errorf("weak %q, want %q; unknown %q\n%+v", weak, c.weak, unknown, all[0].Facts)
			}
		})
	}
}

// Classic branch protection counts as well as rulesets do.
func TestClassicBranchProtection(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(map[string]any)
		weak []string
	}{
		"strict":                    {func(map[string]any) {}, nil},
		"administrators are let by": {func(p map[string]any) { p["enforce_admins"].(map[string]any)["enabled"] = false }, []string{"no-bypass"}},
		"somebody is let past reviews": {func(p map[string]any) {
			p["required_pull_request_reviews"].(map[string]any)["bypass_pull_request_allowances"] = map[string]any{"users": []any{}, "teams": []any{}, "apps": []any{map[string]any{"id": 1, "slug": "x", "node_id": "x", "owner": githubtest.SimpleUser(), "name": "x", "description": nil, "external_url": "https://x.example", "html_url": "https://x.example", "created_at": "2026-03-02T08:00:00Z", "updated_at": "2026-03-02T08:00:00Z", "permissions": map[string]any{}, "events": []any{}}}}
		}, []string{"no-bypass"}},
		"force pushes": {func(p map[string]any) { p["allow_force_pushes"] = map[string]any{"enabled": true} }, []string{"history-kept"}},
		"no reviews":   {func(p map[string]any) { delete(p, "required_pull_request_reviews") }, []string{"reviews-required", "stale-reviews-dismissed", "code-owner-review"}},
		"an old context": {func(p map[string]any) {
			p["required_status_checks"].(map[string]any)["contexts"] = []any{"gateledger/production"}
		}, []string{"required-check"}},
		"a check from any app": {func(p map[string]any) {
			p["required_status_checks"].(map[string]any)["checks"] = []any{map[string]any{"context": "gateledger/production", "app_id": nil}}
		}, []string{"required-check"}},
		"a check from one app": {func(p map[string]any) {
			p["required_status_checks"].(map[string]any)["contexts"] = []any{"gateledger/production"}
			p["required_status_checks"].(map[string]any)["checks"] = []any{map[string]any{"context": "gateledger/production", "app_id": 9}}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := guarded(t)
			p := githubtest.Protection()
			c.edit(p)
			s.Set("rules/branches/main", []any{})
			s.Set("branches/main/protection", p)
			s.Set("branches/main", githubtest.BranchJSON("main", true))
			all, err := githubPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if weak, unknown := notOK(all[0]); !slices.Equal(weak, c.weak) || unknown != nil {
				t.Errorf("weak %q, want %q; unknown %q\n%+v", weak, c.weak, unknown, all[0].Facts)
			}
		})
	}
}

// A field that GitHub leaves out is unknown, whoever asks.
func TestAFieldThatIsLeftOutIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*githubtest.Server)
		want []string
	}{
		"who bypasses a ruleset": {func(s *githubtest.Server) {
			s.Set("rulesets/42", map[string]any{"id": 42, "name": "main", "source": "acme/app", "enforcement": "active"})
		}, []string{"ruleset-bypass"}},
		"whether administrators bypass": {func(s *githubtest.Server) {
			s.Set("environments/production", githubtest.Environment(func(e map[string]any) { delete(e, "can_admins_bypass") }))
		}, []string{"environment-admins-bypass"}},
		"the rules of an environment": {func(s *githubtest.Server) {
			s.Set("environments/production", githubtest.Environment(func(e map[string]any) { delete(e, "protection_rules") }))
		}, []string{"environment-reviewers", "environment-self-review-refused", "environment-wait-timer"}},
		"which actions":              {func(s *githubtest.Server) { s.Set("actions/permissions", map[string]any{"enabled": true}) }, []string{"actions-limited"}},
		"a workflow that is no YAML": {func(s *githubtest.Server) { s.Put(".github/workflows/x.yml", "a: [") }, []string{"actions-pinned", "untrusted-checkout"}},
		"half of a list of secrets": {func(s *githubtest.Server) {
			s.Set("actions/secrets", map[string]any{"total_count": 200, "secrets": []any{}})
		}, []string{"environment-secrets-shared"}},
		"protection that is there and hidden": {func(s *githubtest.Server) { s.Set("branches/main", githubtest.BranchJSON("main", true)) },
			[]string{"admins-bypass", "check-of-actions", "check-pinned", "check-required", "review-bypass"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := guarded(t)
			c.edit(s)
			all, err := githubPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := unknownIn(all[0]); !slices.Equal(got, c.want) {
				t.Errorf("unknown %q\nwant    %q", got, c.want)
			}
		})
	}
}

// Without the repository there is no posture, and a token that goes first is
// the only one that is sent.
func TestPostureOfGitHubFails(t *testing.T) {
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
		"no token":             {set("GITHUB_TOKEN", ""), ErrSetup},
		"no repository":        {set("GITHUB_REPOSITORY", ""), ErrSetup},
		"no address":           {set("GITHUB_API_URL", "ftp://x"), ErrSetup},
		"another repository":   {set("GITHUB_REPOSITORY_ID", "7"), ErrUnavailable},
		"a token nobody knows": {set("GITHUB_TOKEN", "wrong"), ErrRefused},
		"no environment":       {func(q *PostureQuery) { q.Environments = nil }, ErrSetup},
		"an environment up":    {func(q *PostureQuery) { q.Environments = []string{".."} }, ErrSetup},
		"no forge":             {func(q *PostureQuery) { q.Forge = "gitea" }, ErrSetup},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := githubPostureOf(t, guarded(t), c.edit); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	for name, edit := range map[string]func(*PostureQuery){
		"a file's":     func(q *PostureQuery) { q.Token = githubtest.Token },
		"a variable's": set("GATELEDGER_POSTURE_TOKEN", githubtest.Token),
	} {
		s := guarded(t)
		if _, err := githubPostureOf(t, s, edit); err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Asked() {
			if r.Header.Get("Authorization") != "Bearer "+githubtest.Token {
				t.Fatalf("%s: %s was asked as %s", name, r.URL, r.Header.Get("Authorization"))
			}
		}
	}
}

func TestPostureOfSeveralEnvironments(t *testing.T) {
	s := guarded(t)
	all, err := githubPostureOf(t, s, func(q *PostureQuery) { q.Environments = []string{"production", "staging"}; q.LedgerBranch = "" })
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[1].Environment != "staging" {
		t.Fatalf("%+v", all)
	}
	checkFacts(t, all[1])
	if f := all[1].Fact("environment-exists"); f.State != event.No {
		t.Errorf("%+v", f)
	}
	if f := all[0].Fact("ledger-elsewhere"); f.State != event.Yes {
		t.Errorf("%+v", f)
	}
}
