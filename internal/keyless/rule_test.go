// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"strings"
	"testing"
	"time"
)

// identity is that of the workflow on a push to main.
func identity() Identity {
	return Identity{
		Issuer: issuer, Subject: flow, BuildSignerURI: flow, BuildSignerDigest: commit,
		RunnerEnvironment: "github-hosted", SourceURI: repo, SourceDigest: commit,
		SourceRef: "refs/heads/main", RepositoryID: "1296269", BuildConfigURI: flow,
		BuildConfigDigest: commit, Trigger: "push", Environment: "production", Time: base,
	}
}

const (
	buildYML = ".github/workflows/build.yml"
	shared   = "https://github.com/acme/shared/.github/workflows/deploy.yml"
)

var sha64 = strings.Repeat("d4", 32)

func TestRuleMatches(t *testing.T) {
	for fact, c := range map[string]struct {
		rule Rule
		id   func(*Identity)
	}{
		"everything asked for": {Rule{Subject: Text{Is: flow}, RepositoryID: "1296269", Workflow: Text{Is: buildYML},
			BuildSigner: Text{Is: flow}, Ref: Text{Is: "refs/heads/main"}, Triggers: []string{"schedule", "push"},
			Runner: "github-hosted", Environment: "production"}, nil},
		"the repository alone":                {Rule{RepositoryID: "1296269"}, nil},
		"the subject alone":                   {Rule{Subject: Text{Is: flow}}, nil},
		"a subject by pattern":                {Rule{Subject: Text{Pattern: `https://github\.com/acme/[a-z]+/.*`}}, nil},
		"a pattern of alternatives":           {Rule{Subject: Text{Pattern: `x|https://.*`}}, nil},
		"a ref by pattern":                    {Rule{RepositoryID: "1296269", Ref: Text{Pattern: `refs/tags/v[0-9.]+`}}, func(id *Identity) { id.SourceRef = "refs/tags/v1.2.3" }},
		"a workflow with its digest":          {Rule{RepositoryID: "1296269", Workflow: Text{Is: buildYML + "@" + commit}}, nil},
		"a workflow with a digest of SHA-256": {Rule{RepositoryID: "1296269", Workflow: Text{Is: buildYML + "@" + sha64}}, func(id *Identity) { id.BuildConfigDigest = sha64 }},
		"a workflow by pattern":               {Rule{RepositoryID: "1296269", Workflow: Text{Pattern: `\.github/workflows/[a-z]+\.yml`}}, nil},
		"a workflow on a tag with @": {Rule{RepositoryID: "1296269", Workflow: Text{Is: buildYML}}, func(id *Identity) {
			id.SourceRef = "refs/tags/@acme/shop@1.0"
			id.BuildConfigURI = repo + "/" + buildYML + "@refs/tags/@acme/shop@1.0"
		}},
		"a workflow of another ref than the code": {Rule{RepositoryID: "1296269", Workflow: Text{Is: buildYML}}, func(id *Identity) { id.SourceRef = "refs/pull/7/merge" }},
		"a workflow of GitLab": {Rule{RepositoryID: "1296269", Workflow: Text{Is: ".gitlab-ci.yml"}}, func(id *Identity) {
			id.SourceURI = "https://gitlab.com/acme/shop"
			id.BuildConfigURI = "https://gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main"
		}},
		"a shared workflow":                       {Rule{RepositoryID: "1296269", BuildSigner: Text{Is: shared + "@refs/tags/v1"}}, func(id *Identity) { id.BuildSignerURI = shared + "@refs/tags/v1" }},
		"a shared workflow with its digest":       {Rule{RepositoryID: "1296269", BuildSigner: Text{Is: shared + "@" + commit}}, func(id *Identity) { id.BuildSignerURI = shared + "@refs/tags/v1" }},
		"a shared workflow called by its digest":  {Rule{RepositoryID: "1296269", BuildSigner: Text{Is: shared + "@" + commit}}, func(id *Identity) { id.BuildSignerURI = shared + "@" + commit }},
		"a shared workflow by pattern":            {Rule{RepositoryID: "1296269", BuildSigner: Text{Pattern: `https://github\.com/acme/.*@refs/tags/v1`}}, func(id *Identity) { id.BuildSignerURI = shared + "@refs/tags/v1" }},
		"a certificate without what nobody wants": {Rule{Subject: Text{Is: "bob@acme.example"}}, func(id *Identity) { *id = Identity{Issuer: issuer, Subject: "bob@acme.example"} }},
	} {
		id := identity()
		if c.id != nil {
			c.id(&id)
		}
		c.rule.Issuer = issuer
		if err := c.rule.Match(id); err != nil {
			t.Errorf("%s: %v", fact, err)
		}
		if err := c.rule.Check(); err != nil {
			t.Errorf("%s: check: %v", fact, err)
		}
	}
}

func TestRuleDoesNotMatch(t *testing.T) {
	r := func(edit func(*Rule)) Rule {
		rule := Rule{Issuer: issuer, RepositoryID: "1296269"}
		edit(&rule)
		return rule
	}
	id := func(edit func(*Identity)) Identity {
		i := identity()
		edit(&i)
		return i
	}
	good, main := identity(), Rule{Issuer: issuer, RepositoryID: "1296269", Workflow: Text{Is: buildYML}, Ref: Text{Is: "refs/heads/main"}, Triggers: []string{"push"}, Environment: "production"}
	for fact, c := range map[string]struct {
		rule Rule
		id   Identity
		why  string
	}{
		"the zero rule":                      {Rule{}, good, "issuer: none"},
		"a rule that names nobody":           {Rule{Issuer: issuer}, good, "neither identity nor repository-id"},
		"nobody":                             {main, Identity{}, `the certificate has no issuer, want "` + issuer + `"`},
		"another issuer":                     {main, id(func(i *Identity) { i.Issuer = "https://gitlab.com" }), `issuer is "https://gitlab.com", want "` + issuer + `"`},
		"an issuer with a slash more":        {main, id(func(i *Identity) { i.Issuer += "/" }), "issuer is"},
		"another repository":                 {main, id(func(i *Identity) { i.RepositoryID = "7" }), `repository id is "7", want "1296269"`},
		"another ref":                        {main, id(func(i *Identity) { i.SourceRef = "refs/heads/evil" }), `ref is "refs/heads/evil", want "refs/heads/main"`},
		"a ref in another case":              {main, id(func(i *Identity) { i.SourceRef = "refs/heads/Main" }), "ref is"},
		"another environment":                {main, id(func(i *Identity) { i.Environment = "staging" }), `deployment environment is "staging", want "production"`},
		"no environment":                     {main, id(func(i *Identity) { i.Environment = "" }), `the certificate has no deployment environment, want "production"`},
		"another workflow":                   {main, id(func(i *Identity) { i.BuildConfigURI = repo + "/.github/workflows/evil.yml@refs/heads/main" }), `workflow is ".github/workflows/evil.yml", want "` + buildYML + `"`},
		"a workflow of another repository":   {main, id(func(i *Identity) { i.BuildConfigURI = strings.Replace(flow, "acme", "evil", 1) }), "not in the repository"},
		"a workflow of a longer repository":  {main, id(func(i *Identity) { i.BuildConfigURI = strings.Replace(flow, "/shop", "/shop2", 1) }), "not in the repository"},
		"a workflow named like ours and ref": {main, id(func(i *Identity) { i.BuildConfigURI = repo + "/" + buildYML + "@evil.yml@refs/heads/main" }), "@evil.yml"},
		"a workflow on a ref named like it": {main, id(func(i *Identity) {
			i.SourceRef, i.BuildConfigURI = "refs/heads/main", repo+"/evil.yml@"+buildYML+"@refs/heads/x"
		}), `workflow is "evil.yml@`},
		"no workflow":                      {main, id(func(i *Identity) { i.BuildConfigURI = "" }), "the certificate has no workflow"},
		"no source":                        {main, id(func(i *Identity) { i.SourceURI = "" }), "the certificate has no workflow"},
		"pull_request_target":              {main, id(func(i *Identity) { i.Trigger = "pull_request_target" }), `trigger is "pull_request_target", want one of ["push"]`},
		"workflow_run":                     {main, id(func(i *Identity) { i.Trigger = "workflow_run" }), `trigger is "workflow_run"`},
		"no trigger":                       {main, id(func(i *Identity) { i.Trigger = "" }), "the certificate has no trigger"},
		"an empty trigger wanted":          {r(func(r *Rule) { r.Triggers = []string{""} }), id(func(i *Identity) { i.Trigger = "" }), "no trigger"},
		"a runner of our own":              {r(func(r *Rule) { r.Runner = "github-hosted" }), id(func(i *Identity) { i.RunnerEnvironment = "self-hosted" }), `runner environment is "self-hosted"`},
		"no runner":                        {r(func(r *Rule) { r.Runner = "github-hosted" }), id(func(i *Identity) { i.RunnerEnvironment = "" }), "no runner environment"},
		"another digest of the workflow":   {r(func(r *Rule) { r.Workflow.Is = buildYML + "@" + commit }), id(func(i *Identity) { i.BuildConfigDigest = strings.Repeat("d4", 20) }), "workflow digest is"},
		"no digest of the workflow":        {r(func(r *Rule) { r.Workflow.Is = buildYML + "@" + commit }), id(func(i *Identity) { i.BuildConfigDigest = "" }), "no workflow digest"},
		"a build signer on another ref":    {r(func(r *Rule) { r.BuildSigner.Is = shared + "@refs/tags/v1" }), id(func(i *Identity) { i.BuildSignerURI = shared + "@refs/tags/v2" }), "build signer is"},
		"a build signer, another digest":   {r(func(r *Rule) { r.BuildSigner.Is = shared + "@" + sha64 }), id(func(i *Identity) { i.BuildSignerURI = shared + "@refs/tags/v1" }), "build signer digest is"},
		"another build signer, its digest": {r(func(r *Rule) { r.BuildSigner.Is = shared + "@" + commit }), id(func(i *Identity) { i.BuildSignerURI = strings.Replace(shared, "deploy", "evil", 1) + "@" + commit }), "build signer is"},
		"no build signer":                  {r(func(r *Rule) { r.BuildSigner.Is = shared + "@" + commit }), id(func(i *Identity) { i.BuildSignerURI = "" }), "no build signer"},
		"a pattern that matches a part":    {r(func(r *Rule) { r.Ref.Pattern = "refs/heads" }), good, `ref is "refs/heads/main", want pattern "refs/heads"`},
		"a pattern that matches a line":    {r(func(r *Rule) { r.Ref.Pattern = "refs/heads/main" }), id(func(i *Identity) { i.SourceRef = "refs/heads/main\nrefs/heads/evil" }), "ref is"},
		"a pattern with its own lines":     {r(func(r *Rule) { r.Ref.Pattern = "(?m)^refs/heads/main$" }), id(func(i *Identity) { i.SourceRef = "refs/heads/main\nx" }), "ref is"},
		"alternatives that match a part":   {r(func(r *Rule) { r.Ref.Pattern = "a|refs" }), good, "ref is"},
		"a pattern and nothing there":      {r(func(r *Rule) { r.Ref.Pattern = ".*" }), id(func(i *Identity) { i.SourceRef = "" }), "the certificate has no ref"},
		"a pattern that is none":           {r(func(r *Rule) { r.Ref.Pattern = "(" }), good, "ref: pattern"},
		"a pattern that leaves its group":  {r(func(r *Rule) { r.Ref.Pattern = ")|(?:.*" }), good, "ref: pattern"},
		"a pattern that quotes the rest":   {r(func(r *Rule) { r.Ref.Pattern = `\Qrefs/heads/main` }), good, "ref: "},
		"both a text and a pattern":        {r(func(r *Rule) { r.Ref = Text{Is: "x", Pattern: ".*"} }), good, "ref is"},
		"another subject":                  {Rule{Issuer: issuer, Subject: Text{Is: "bob@acme.example"}}, good, "identity is"},
	} {
		err := c.rule.Match(c.id)
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %s", fact, err, c.why)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", fact, err)
		}
	}
}

func TestRuleCheck(t *testing.T) {
	for fact, c := range map[string]struct {
		edit func(*Rule)
		why  string
	}{
		"a good one":                       {func(*Rule) {}, ""},
		"http on a loopback address":       {func(r *Rule) { r.Issuer = "http://127.0.0.1:8899" }, ""},
		"http on the other loopback":       {func(r *Rule) { r.Issuer = "http://[::1]:8899" }, ""},
		"http on localhost":                {func(r *Rule) { r.Issuer = "http://localhost/realm" }, ""},
		"a pattern of 500 letters":         {func(r *Rule) { r.Ref.Pattern = strings.Repeat("a", 500) }, ""},
		"no issuer":                        {func(r *Rule) { r.Issuer = "" }, "issuer"},
		"http":                             {func(r *Rule) { r.Issuer = "http://accounts.example" }, "http is for loopback"},
		"a host named like loopback":       {func(r *Rule) { r.Issuer = "http://127.0.0.1.evil.example" }, "http is for loopback"},
		"no scheme":                        {func(r *Rule) { r.Issuer = "accounts.google.com" }, "not an https URL"},
		"no URL":                           {func(r *Rule) { r.Issuer = "https://%zz" }, "issuer"},
		"a user in the issuer":             {func(r *Rule) { r.Issuer = "https://me@accounts.example" }, "not an https URL"},
		"a query in the issuer":            {func(r *Rule) { r.Issuer = "https://accounts.example?x" }, "not an https URL"},
		"nobody named":                     {func(r *Rule) { r.RepositoryID = "" }, "neither identity nor repository-id"},
		"text and pattern":                 {func(r *Rule) { r.Subject = Text{"a", "b"} }, "identity: both"},
		"a wrong pattern":                  {func(r *Rule) { r.Workflow.Pattern = "(" }, "workflow: pattern"},
		"a pattern of 600 letters":         {func(r *Rule) { r.Ref.Pattern = strings.Repeat("a", 600) }, "ref: pattern of 600 bytes, over the limit of 512"},
		"repetitions of repetitions":       {func(r *Rule) { r.Ref.Pattern = "((a{100}){100}){100}" }, "ref: pattern"},
		"many repetitions":                 {func(r *Rule) { r.Ref.Pattern = "(abcdefghijklmnop){900}" }, "written out"},
		"a workflow from the root":         {func(r *Rule) { r.Workflow.Is = "/build.yml" }, "not a path"},
		"a workflow by URL":                {func(r *Rule) { r.Workflow.Is = flow }, "not a path"},
		"a workflow at a branch":           {func(r *Rule) { r.Workflow.Is = buildYML + "@main" }, "full commit hash"},
		"a workflow at a short hash":       {func(r *Rule) { r.Workflow.Is = buildYML + "@c3c3c3c" }, "full commit hash"},
		"a workflow at a hash in capitals": {func(r *Rule) { r.Workflow.Is = buildYML + "@" + strings.ToUpper(commit) }, "full commit hash"},
		"a hash without a workflow":        {func(r *Rule) { r.Workflow.Is = "@" + commit }, "not a path"},
		"a build signer that is a path":    {func(r *Rule) { r.BuildSigner.Is = buildYML }, "build-signer"},
		"a build signer without a ref":     {func(r *Rule) { r.BuildSigner.Is = shared }, "build-signer"},
		"an empty trigger":                 {func(r *Rule) { r.Triggers = []string{"push", ""} }, "triggers"},
	} {
		r := Rule{Issuer: issuer, RepositoryID: "1"}
		c.edit(&r)
		err := r.Check()
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %q", fact, err, c.why)
		}
	}
}

// A certificate that is good for one place is none for another: the rule of
// each place says so, whatever the statement in the event claims.
func TestReplayElsewhere(t *testing.T) {
	w := newWorld(t)
	id, err := w.root(t).Identify(w.signed(t))
	check(t, err)
	here := Rule{Issuer: issuer, RepositoryID: "1296269", Workflow: Text{Is: buildYML + "@" + commit}, Ref: Text{Is: "refs/heads/main"}, Triggers: []string{"push"}, Runner: "github-hosted", Environment: "production"}
	check(t, here.Match(id))
	for fact, edit := range map[string]func(*Rule){
		"for another repository":   func(r *Rule) { r.RepositoryID = "1296270" },
		"for another ref":          func(r *Rule) { r.Ref.Is = "refs/heads/release" },
		"for another environment":  func(r *Rule) { r.Environment = "staging" },
		"for another workflow":     func(r *Rule) { r.Workflow.Is = ".github/workflows/deploy.yml" },
		"for a later workflow":     func(r *Rule) { r.Workflow.Is = buildYML + "@" + strings.Repeat("d4", 20) },
		"for another issuer":       func(r *Rule) { r.Issuer = "https://token.actions.ghe.example" },
		"for another trigger":      func(r *Rule) { r.Triggers = []string{"release"} },
		"for another runner":       func(r *Rule) { r.Runner = "self-hosted" },
		"for a person":             func(r *Rule) { r.Subject.Is = "bob@acme.example" },
		"for a workflow of others": func(r *Rule) { r.BuildSigner.Is = shared + "@" + commit },
	} {
		there := here
		edit(&there)
		if err := there.Match(id); err == nil {
			t.Errorf("%s: it matched", fact)
		}
	}
}

// Triggers that run a workflow of the default branch on what a stranger sent.
func TestTriggersOfStrangers(t *testing.T) {
	w := newWorld(t)
	rule := Rule{Issuer: issuer, RepositoryID: "1296269", Triggers: []string{"push"}}
	for _, trigger := range []string{"pull_request_target", "workflow_run", "pull_request", "Push", "push "} {
		template := leafCert(t)
		for i, e := range template.ExtraExtensions {
			if e.Id.Equal(fulcio(t, 20, "").Id) {
				template.ExtraExtensions[i] = fulcio(t, 20, trigger)
			}
		}
		id, err := w.root(t).Identify(w.stamped(t, w.leaf(t, true, template), base.Add(time.Minute)))
		check(t, err)
		if id.Trigger != trigger {
			t.Errorf("trigger %q", id.Trigger)
		}
		if err := rule.Match(id); err == nil {
			t.Errorf("%s matched push", trigger)
		}
	}
}
