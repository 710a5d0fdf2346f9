// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/keyless"
)

func keylessFixture(t testing.TB) *Policy {
	t.Helper()
	p, err := Parse(fixtures(t, "ok/keyless.yml")["testdata/ok/keyless.yml"])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseTakesCertificates(t *testing.T) {
	p := keylessFixture(t)
	if want := (Sigstore{"sha256:" + strings.Repeat("3", 64), "https://tsa.example/api/v1/timestamp"}); p.Sigstore != want {
		t.Errorf("%+v", p.Sigstore)
	}
	want := map[string]Signer{
		"ci": {Tier: Fast, Keyless: &keyless.Rule{
			Issuer: actions, RepositoryID: "1296269", Workflow: keyless.Text{Is: ".github/workflows/build.yml"},
			BuildSigner: keyless.Text{Pattern: `https://github\.com/acme/ci/\.github/workflows/build\.yml@[0-9a-f]{40}`},
			Ref:         keyless.Text{Is: "refs/heads/main"}, Triggers: []string{"push", "workflow_dispatch"}, Runner: "github-hosted", Environment: "production",
		}},
		"release": {Tier: Fast, Untiered: true, Keyless: &keyless.Rule{Issuer: actions, RepositoryID: "1296269", Ref: keyless.Text{Pattern: "refs/tags/v[0-9.]+"}}},
		"robot":   {Tier: Fast, Untiered: true, Keyless: &keyless.Rule{Issuer: google, Subject: keyless.Text{Is: "robot@acme.iam.example"}}},
		"gate":    {Tier: Fast, Key: "sha256:" + strings.Repeat("1", 64)},
	}
	if diff := cmp.Diff(want, p.Signers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&keyless.Rule{Issuer: google, Subject: keyless.Text{Is: "ana@acme.io"}}, p.Principals["ana"].Keyless); diff != "" {
		t.Error(diff)
	}
	change, _ := p.Environment(ChangeEnvironment)
	if !p.Environments["production"].Dated || !change.Dated || change.MaxAge != 14*24*time.Hour || !cmp.Equal(change.Veto, []string{"security"}) {
		t.Errorf("dated %v, change %+v", p.Environments["production"].Dated, change)
	}
	if p.Ledger.Hosting != "github-free-private" {
		t.Errorf("hosting %q", p.Ledger.Hosting)
	}
	if err := p.Lint(); err != nil {
		t.Error(err)
	}
	if name, ok := p.SignerOf(""); ok {
		t.Errorf("no key is the key of %s", name)
	}
}

// What the parser passes, the package that matches takes.
func TestRulesAreSound(t *testing.T) {
	for name, s := range keylessFixture(t).Signers {
		if s.Keyless == nil {
			continue
		}
		if err := s.Keyless.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A digest of before there were certificates is what it was: requests that
// were made under it stay good.
func TestDigestsStayWhatTheyWere(t *testing.T) {
	for env, want := range map[string]string{
		"production": "fb4c9626fea9a32f2066676e4177c7527df4990518f5a5be87d0e8c3adafa11e",
		"staging":    "04e55972774bd06305d1343df083b7ce385ce080d787acc5a3f5e92f504b3546",
	} {
		if got, err := full(t).EnvironmentDigest(env); got != want || err != nil {
			t.Errorf("%s: %s, %v", env, got, err)
		}
	}
}

// Whatever part of a rule changes, the digest does.
func TestDigestCoversCertificates(t *testing.T) {
	base := string(fixtures(t, "ok/keyless.yml")["testdata/ok/keyless.yml"])
	digest := func(text, env string) string {
		t.Helper()
		p, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.EnvironmentDigest(env)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for change, edit := range map[string]struct {
		from, to string
		same     bool
	}{
		"the root":              {strings.Repeat("3", 64), strings.Repeat("4", 64), false},
		"where tokens are made": {"tsa.example", "tsa.example.org", true},
		"the hosting plan":      {"github-free-private", "github-team", true},
		"an issuer":             {"issuer: \"" + google + "\", identity: robot", "issuer: \"https://x.example\", identity: robot", true}, // of a signer nobody asks
		"a repository":          {"repository-id: 1296269\n    workflow", "repository-id: 1296268\n    workflow", false},
		"a workflow":            {"workflows/build.yml\"\n", "workflows/build2.yml\"\n", false},
		"a ref":                 {"refs/heads/main", "refs/heads/main2", false},
		"a pattern":             {"v[0-9.]+", "v[0-9]+", false},
		"a text for a pattern":  {"{pattern: \"refs/tags/v[0-9.]+\"}", "refs/tags/v1", false},
		"a trigger":             {"[push, workflow_dispatch]", "[push]", false},
		"the order of triggers": {"[push, workflow_dispatch]", "[workflow_dispatch, push]", true},
		"a runner":              {"runner: github-hosted", "runner: self-hosted", false},
		"a build signer":        {"{40}", "{64}", false},
		"an environment":        {"environment: production", "environment: staging", false},
		"who a person is":       {"ana@acme.io", "ana@acme.org", false},
		"who says so":           {"identity: ana@acme.io, issuer: \"" + google, "identity: ana@acme.io, issuer: \"https://x.example", false},
		"whether it is dated":   {"gate: gate\n    dated: true", "gate: gate", false},
	} {
		if !strings.Contains(base, edit.from) {
			t.Errorf("%s: %q is not in the policy", change, edit.from)
		}
		changed := strings.Replace(base, edit.from, edit.to, 1)
		if got := digest(changed, "production") == digest(base, "production"); got != edit.same {
			t.Errorf("%s: the digest stays %v, want %v", change, got, edit.same)
		}
		if digest(changed, ChangeEnvironment) == digest(base, ChangeEnvironment) {
			t.Errorf("%s: it is another policy to change, with the same digest", change)
		}
	}
}

// A part that keyless.Rule gets must get into the digest too.
func TestResolvedRuleHasEveryPart(t *testing.T) {
	rule, ours := reflect.TypeFor[keyless.Rule](), reflect.TypeFor[resolvedRule]()
	for i := range rule.NumField() {
		if _, ok := ours.FieldByName(rule.Field(i).Name); !ok {
			t.Errorf("keyless.Rule has %s, and the digest has not", rule.Field(i).Name)
		}
	}
}

func TestAddPrincipalWithACertificate(t *testing.T) {
	src := fixtures(t, "ok/keyless.yml")["testdata/ok/keyless.yml"]
	cy := NewPrincipal{Name: "cy", Identity: "cy@acme.io", Issuer: google, Roles: []string{"lead"}}
	once, err := AddPrincipal(src, cy)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(once)
	if err != nil {
		t.Fatal(err)
	}
	want := Principal{Keyless: &keyless.Rule{Issuer: google, Subject: keyless.Text{Is: "cy@acme.io"}}, Roles: []string{"lead"}}
	if diff := cmp.Diff(want, p.Principals["cy"]); diff != "" {
		t.Error(diff)
	}
	if twice, err := AddPrincipal(once, cy); err != nil || string(twice) != string(once) {
		t.Errorf("the same person again: %v", err)
	}
	for fact, change := range map[string]func(*NewPrincipal){
		"the name is taken by another identity": func(p *NewPrincipal) { p.Identity = "cy@acme.org" },
		"somebody else's identity":              func(p *NewPrincipal) { p.Name = "dy" },
		"an identity of a machine":              func(p *NewPrincipal) { p.Name, p.Identity = "dy", "robot@acme.iam.example" },
		"an identity of no issuer":              func(p *NewPrincipal) { p.Name, p.Identity, p.Issuer = "dy", "dy@x.org", "" },
		"an issuer of no identity":              func(p *NewPrincipal) { p.Name, p.Identity = "dy", "" },
		"an injection through an identity":      func(p *NewPrincipal) { p.Name, p.Identity = "dy", "x}\n  mallory: {}" },
		"an injection through an issuer":        func(p *NewPrincipal) { p.Name, p.Identity, p.Issuer = "dy", "dy@x.org", "https://x\"}, y: {" },
	} {
		bad := cy
		change(&bad)
		if got, err := AddPrincipal(once, bad); err == nil || got != nil {
			t.Errorf("%s: added", fact)
		}
	}
	if got, err := AddPrincipal(fixtures(t, "ok/*.yml")["testdata/ok/defaults.yml"], cy); err == nil || got != nil {
		t.Error("a certificate in a policy that believes no root")
	}
}

// What the template has in comments is good once the comments are gone.
func TestTemplatesCommentsAreGood(t *testing.T) {
	text, err := Template(start(t))
	if err != nil {
		t.Fatal(err)
	}
	uncommented := strings.NewReplacer(
		"# sigstore:", "sigstore:", "#   trusted-root:", "  trusted-root:", "#   timestamp:", "  timestamp:",
		"sha256:...", "sha256:"+strings.Repeat("3", 64), "https://...", "https://tsa.example",
	).Replace(string(text))
	_, machine, ok := strings.Cut(uncommented, "#   build: ")
	machine, _, closed := strings.Cut(machine, "signers:\n")
	if !ok || !closed {
		t.Fatal("the template shows no machine with a certificate")
	}
	uncommented = strings.Replace(uncommented, "\nsigners:\n", "\nsigners:\n  build: "+strings.ReplaceAll(machine, "#", " "), 1)
	p, err := Parse([]byte(uncommented))
	if err != nil {
		t.Fatalf("%v\n%s", err, uncommented)
	}
	if rule := p.Signers["build"].Keyless; rule == nil || rule.RepositoryID != "1296269" || p.Sigstore.Timestamp != "https://tsa.example" {
		t.Errorf("%+v", p)
	}
}
