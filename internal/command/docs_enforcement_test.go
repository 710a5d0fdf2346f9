// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// claims are what a CI host says of a job in its identity token.
type claims map[string]string

func (c claims) with(changes claims) claims {
	out := maps.Clone(c)
	maps.Copy(out, changes)
	return out
}

// A trust is what a recipe has somebody believe, read from the page: a text
// that it is not made of is an error.
type trust func(claims) bool

// section is the part of a page below a heading.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(pagesOf(t)[page], "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	end := regexp.MustCompile(`(?m)^#{1,` + fmt.Sprint(len(level)) + `} `).FindStringIndex(rest)
	if end != nil {
		rest = rest[:end[0]]
	}
	return rest
}

// blockOf is the last block of a language below a heading.
func blockOf(t *testing.T, page, heading, lang string) string {
	t.Helper()
	blocks, err := fences(section(t, page, heading))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range slices.Backward(blocks) {
		if b.lang == lang {
			return b.text
		}
	}
	t.Fatalf("%s, %s: no block of %s", page, heading, lang)
	return ""
}

func strict(t *testing.T, text string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}

// equal is a trust in claims that are all these, of an issuer and an audience.
func equal(want claims) trust {
	return func(c claims) bool {
		for name, value := range want {
			if got, ok := c[name]; !ok || got != value || value == "" || strings.ContainsAny(value, "*?") {
				return false
			}
		}
		return len(want) > 2
	}
}

const githubIssuer = "https://token.actions.githubusercontent.com"

func awsTrust(t *testing.T) trust {
	var policy struct {
		Version   string
		Statement []struct {
			Effect, Action string
			Principal      map[string]string
			Condition      map[string]map[string]string
		}
	}
	strict(t, blockOf(t, "docs/enforcement.md", "### AWS", "json"), &policy)
	if len(policy.Statement) != 1 || policy.Statement[0].Effect != "Allow" || len(policy.Statement[0].Condition) != 1 {
		t.Fatalf("%+v", policy)
	}
	s := policy.Statement[0]
	want := claims{"iss": "https://" + s.Principal["Federated"][strings.LastIndex(s.Principal["Federated"], "oidc-provider/")+len("oidc-provider/"):]}
	for key, value := range s.Condition["StringEquals"] {
		name, ok := strings.CutPrefix(key, "token.actions.githubusercontent.com:")
		known := []string{"aud", "sub", "actor", "actor_id", "job_workflow_ref", "repository", "repository_id", "workflow", "ref", "environment", "enterprise_id"}
		if !ok || !slices.Contains(known, name) {
			t.Errorf("STS knows no condition %s", key)
		}
		want[name] = value
	}
	return equal(want)
}

// googleTrust reads the flags of the command. A condition is a conjunction of
// comparisons, and nothing else.
func googleTrust(t *testing.T) trust {
	text := blockOf(t, "docs/enforcement.md", "### Google Cloud", "sh")
	flag := func(name string) string {
		m := regexp.MustCompile(`--` + name + `=(?:"([^"]*)"|'([^']*)'|(\S+))`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("no flag %s", name)
		}
		return m[1] + m[2] + m[3]
	}
	want := claims{"iss": flag("issuer-uri"), "aud": flag("allowed-audiences")}
	for part := range strings.SplitSeq(flag("attribute-condition"), " && ") {
		m := regexp.MustCompile(`^assertion\.([a-z_]+) == '([^']*)'$`).FindStringSubmatch(part)
		if m == nil {
			t.Fatalf("a condition that is no comparison: %s", part)
		}
		want[m[1]] = m[2]
	}
	return equal(want)
}

// azureTrust compares the subject, which GitHub makes as the repository's
// setting says.
func azureTrust(t *testing.T) trust {
	var credential struct {
		Name, Issuer, Subject string
		Audiences             []string
	}
	strict(t, blockOf(t, "docs/enforcement.md", "### Azure", "json"), &credential)
	blocks, err := fences(section(t, "docs/enforcement.md", "### Azure"))
	if err != nil || len(blocks) != 2 || len(credential.Audiences) != 1 {
		t.Fatal(err, blocks, credential)
	}
	var setting struct {
		Default bool     `json:"use_default"`
		Keys    []string `json:"include_claim_keys"`
	}
	strict(t, blocks[0].text, &setting)
	return func(c claims) bool {
		var parts []string
		for _, key := range setting.Keys {
			switch key {
			case "repo":
				parts = append(parts, "repo:"+c["repository"])
			case "context":
				parts = append(parts, contextOf(c))
			default:
				parts = append(parts, key+":"+c[key])
			}
		}
		if setting.Default {
			parts = []string{c["sub"]}
		}
		return c["iss"] == credential.Issuer && c["aud"] == credential.Audiences[0] && strings.Join(parts, ":") == credential.Subject
	}
}

// contextOf is what GitHub's default subject says after the repository.
func contextOf(c claims) string {
	switch {
	case c["environment"] != "":
		return "environment:" + c["environment"]
	case c["event_name"] == "pull_request":
		return "pull_request"
	}
	return "ref:" + c["ref"]
}

func vaultTrust(t *testing.T, heading, issuer string) trust {
	var role struct {
		Type      string   `json:"role_type"`
		User      string   `json:"user_claim"`
		Audiences []string `json:"bound_audiences"`
		Match     string   `json:"bound_claims_type"`
		Claims    claims   `json:"bound_claims"`
		Policies  []string `json:"token_policies"`
		TTL       string   `json:"token_ttl"`
	}
	strict(t, blockOf(t, "docs/enforcement.md", heading, "json"), &role)
	if role.Type != "jwt" || role.Match != "string" || len(role.Audiences) != 1 || role.Claims[role.User] == "" {
		t.Fatalf("%+v", role)
	}
	return equal(role.Claims.with(claims{"iss": issuer, "aud": role.Audiences[0]}))
}

// ours is the token of the job that deploys, but for whom it is for.
var ours = claims{
	"iss": githubIssuer, "repository": "acme/app", "repository_id": "1296269", "repository_owner": "acme", "ref": "refs/heads/main", "ref_type": "branch",
	"environment": "production", "event_name": "push", "workflow": "release", "runner_environment": "github-hosted",
	"job_workflow_ref": "acme/gates/.github/workflows/release-gate.yml@refs/heads/main",
}

// Whom the conditions on the page refuse. Each row is what a token of GitHub's
// says otherwise.
var strangers = map[string]claims{
	"another workflow of the repository":        {"job_workflow_ref": "acme/app/.github/workflows/deploy.yml@refs/heads/main"},
	"a file of that name in the repository":     {"job_workflow_ref": "acme/app/.github/workflows/release-gate.yml@refs/heads/main"},
	"another branch of the workflow":            {"job_workflow_ref": "acme/gates/.github/workflows/release-gate.yml@refs/heads/mine"},
	"a tag of the workflow named like a branch": {"job_workflow_ref": "acme/gates/.github/workflows/release-gate.yml@refs/tags/main"},
	"another workflow beside it":                {"job_workflow_ref": "acme/gates/.github/workflows/other.yml@refs/heads/main"},
	"a workflow that begins like it":            {"job_workflow_ref": "acme/gates/.github/workflows/release-gate.yml@refs/heads/main-2"},
	"no reusable workflow":                      {"job_workflow_ref": ""},
	"another branch of the caller":              {"ref": "refs/heads/mine"},
	"a tag of the caller":                       {"ref": "refs/tags/main", "ref_type": "tag"},
	"a pull request":                            {"ref": "refs/pull/7/merge", "event_name": "pull_request", "environment": ""},
	"a pull request that names the environment": {"ref": "refs/pull/7/merge", "event_name": "pull_request"},
	"a fork":                               {"repository": "mallory/app", "repository_id": "666", "repository_owner": "mallory"},
	"another repository of the same owner": {"repository": "acme/other", "repository_id": "7"},
	"a repository under the old name":      {"repository": "acme/app", "repository_id": "8"},
	"another environment":                  {"environment": "staging"},
	"the environment of the log":           {"environment": "gateledger-log"},
	"no environment":                       {"environment": ""},
	"an environment in other letters":      {"environment": "Production"},
	"another issuer":                       {"iss": "https://token.actions.example.org"},
	"a token for somebody else":            {"aud": "https://elsewhere.example.org"},
}

func TestTrustsOfTheDocs(t *testing.T) {
	for name, c := range map[string]struct {
		trust    trust
		audience string
		byName   bool // it knows the repository by name only
	}{
		"AWS":          {awsTrust(t), "sts.amazonaws.com", false},
		"Google Cloud": {googleTrust(t), "https://deploy.acme.example", false},
		"Azure":        {azureTrust(t), "api://AzureADTokenExchange", true},
		"Vault":        {vaultTrust(t, "### Vault", githubIssuer), "https://vault.acme.example", false},
	} {
		token := func(changes claims) claims {
			c := ours.with(claims{"aud": c.audience}).with(changes)
			c["sub"] = "repo:" + c["repository"] + ":" + contextOf(c)
			return c
		}
		if !c.trust(token(nil)) {
			t.Errorf("%s refuses the job that deploys", name)
		}
		for who, changes := range strangers {
			if c.byName && who == "a repository under the old name" {
				continue
			}
			if c.trust(token(changes)) {
				t.Errorf("%s lets in %s", name, who)
			}
		}
		for job, of := range jobsOfTheReleaseGate(t) {
			if got := c.trust(token(of)); got != (job == "deploy") {
				t.Errorf("%s, job %s of the workflow: %t", name, job, got)
			}
		}
	}
}

// jobsOfTheReleaseGate are the jobs of our workflow that may ask for a token, and
// what it says of them.
func jobsOfTheReleaseGate(t *testing.T) map[string]claims {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(top(), ".github/workflows/release-gate.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var w struct {
		Jobs map[string]struct {
			Environment string            `yaml:"environment"`
			Permissions map[string]string `yaml:"permissions"`
			Needs       any               `yaml:"needs"`
			If          string            `yaml:"if"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	out := map[string]claims{}
	inputs := strings.NewReplacer("${{ inputs.environment }}", "production", "${{ inputs.log-environment }}", "gateledger-log")
	for name, j := range w.Jobs {
		if j.Permissions["id-token"] == "write" {
			out[name] = claims{"environment": inputs.Replace(j.Environment)}
		}
		if inputs.Replace(j.Environment) == "production" && (!strings.Contains(fmt.Sprint(j.Needs), "gate") || j.If != "needs.gate.outputs.verdict == 'allowed'") {
			t.Errorf("job %s is of the environment and does not wait for the gate: %v, %s", name, j.Needs, j.If)
		}
	}
	if len(out) < 3 || out["deploy"] == nil {
		t.Errorf("jobs with a token: %v", out)
	}
	return out
}

// The same of GitLab's tokens.
func TestTrustOfTheDeployProject(t *testing.T) {
	const issuer = "https://gitlab.acme.example"
	trusts := vaultTrust(t, "## A project that only deploys", issuer)
	token := claims{
		"iss": issuer, "aud": "https://vault.acme.example", "project_id": "4711", "project_path": "acme/deploy", "ref_type": "branch", "ref": "main",
		"ref_protected": "true", "environment": "production", "ci_config_ref_uri": "gitlab.acme.example/acme/deploy//.gitlab-ci.yml@refs/heads/main",
	}
	if !trusts(token) {
		t.Error("it refuses the job that deploys")
	}
	for who, changes := range map[string]claims{
		"the application":                    {"project_id": "42", "project_path": "acme/app", "ci_config_ref_uri": "gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main"},
		"a fork":                             {"project_id": "666", "project_path": "mallory/deploy"},
		"another project that has the name":  {"project_id": "666"},
		"another branch":                     {"ref": "mine", "ref_protected": "false"},
		"a branch that is not protected":     {"ref_protected": "false"},
		"a tag":                              {"ref_type": "tag"},
		"a merge request":                    {"ref": "mine", "ref_protected": "false", "ci_config_ref_uri": "gitlab.acme.example/acme/deploy//.gitlab-ci.yml@refs/merge-requests/7/head"},
		"a pipeline from elsewhere":          {"ci_config_ref_uri": ""},
		"another file of the project":        {"ci_config_ref_uri": "gitlab.acme.example/acme/deploy//other.yml@refs/heads/main"},
		"another environment":                {"environment": "staging"},
		"no environment":                     {"environment": ""},
		"another GitLab":                     {"iss": "https://gitlab.example.org"},
		"a token for somebody else":          {"aud": "https://elsewhere.example.org"},
		"a job that says nothing of the ref": {"ref_protected": ""},
	} {
		if trusts(token.with(changes)) {
			t.Errorf("it lets in %s", who)
		}
	}
	checkDeployProject(t)
}

// checkDeployProject holds the pipeline on the page to what it says: nothing is
// deployed before it was verified, and the files verified are those deployed.
func checkDeployProject(t *testing.T) {
	t.Helper()
	var p struct {
		Include []struct {
			Component string
			Inputs    map[string]any
		}
		Deploy struct {
			Needs       []string
			Environment string
			Script      string
			Tokens      map[string]map[string]string `yaml:"id_tokens"`
		}
	}
	if err := yaml.Unmarshal([]byte(blockOf(t, "docs/enforcement.md", "## A project that only deploys", "yaml")), &p); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(p.Deploy.Needs, "gateledger-verify") || len(p.Include) != 1 || p.Deploy.Environment != p.Include[0].Inputs["environment"] || len(p.Deploy.Tokens) != 1 {
		t.Errorf("%+v", p)
	}
	if file := fmt.Sprint(p.Include[0].Inputs["subject"]); !strings.HasSuffix(p.Deploy.Script, " "+file) {
		t.Errorf("%s is verified, and this deployed: %s", file, p.Deploy.Script)
	}
	data, err := os.ReadFile(filepath.Join(top(), "gitlab/templates/verify.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range p.Include[0].Inputs {
		if !strings.Contains(string(data), "\n    "+name+":\n") {
			t.Errorf("the component has no input %s", name)
		}
	}
}

// Each recipe says where it binds, and one that binds nowhere says that.
func TestEnforcementNamesItsPoint(t *testing.T) {
	text := pagesOf(t)["docs/enforcement.md"]
	intro, _, _ := strings.Cut(text, "\n## ")
	recipes := strings.Split(text, "\n## ")[1:]
	for _, r := range recipes {
		title, body, _ := strings.Cut(r, "\n")
		first := strings.TrimSpace(body)
		advisory := strings.HasPrefix(first, "**Advisory:**")
		if !advisory && !strings.HasPrefix(first, "**Enforced by:**") {
			t.Errorf("%s: it does not begin with what enforces it", title)
		}
		if row := strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9 -]`).ReplaceAllString(title, "")); !strings.Contains(intro, "(#"+strings.ReplaceAll(row, " ", "-")+")") {
			t.Errorf("%s is not in the table", title)
		}
		if advisory != strings.Contains(intro, strings.ToLower(title[:1])+title[1:]+"](#"+anchors("# " + title)[0]+") | none: advisory") {
			t.Errorf("%s: the table and the recipe say different things", title)
		}
	}
	if len(recipes) != strings.Count(intro, "\n| [") {
		t.Errorf("%d recipes", len(recipes))
	}
}
