// SPDX-License-Identifier: Apache-2.0

package jobfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const fullID = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestUnpinned(t *testing.T) {
	step := func(uses string) string { return "on: push\njobs: {a: {steps: [{uses: '" + uses + "'}]}}\n" }
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"by full commit id":     {step("actions/checkout@" + fullID), nil},
		"by a long commit id":   {step("actions/checkout@" + strings.Repeat("a", 64)), nil},
		"by tag":                {step("actions/checkout@v4"), []string{`"actions/checkout@v4"`}},
		"by short commit id":    {step("actions/checkout@aaaaaaa"), []string{`"actions/checkout@aaaaaaa"`}},
		"by nothing":            {step("actions/checkout"), []string{`"actions/checkout"`}},
		"of this repository":    {step("./actions/own"), nil},
		"an image by digest":    {step("docker://alpine@sha256:" + strings.Repeat("b", 64)), nil},
		"an image by tag":       {step("docker://alpine:3"), []string{`"docker://alpine:3"`}},
		"a commit id as image":  {step("docker://alpine@" + fullID), []string{`"docker://alpine@` + fullID + `"`}},
		"a workflow by branch":  {"on: push\njobs: {a: {uses: acme/f/.github/workflows/x.yml@main}}", []string{`"acme/f/.github/workflows/x.yml@main"`}},
		"a workflow of its own": {"on: push\njobs: {a: {uses: ./.github/workflows/x.yml}}", nil},
		"the same twice":        {"on: push\njobs: {a: {steps: [{uses: a/b@v1}, {uses: a/b@v1}]}}", []string{`"a/b@v1"`}},
		"nothing is called":     {"on: push\njobs: {a: {steps: [{run: make}]}}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := GitHubWorkflow([]byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(w.Unpinned, c.want) || w.Untrusted != nil {
				t.Errorf("%q, want %q; untrusted %q", w.Unpinned, c.want, w.Untrusted)
			}
		})
	}
}

func TestUntrustedCheckout(t *testing.T) {
	const read = "permissions: {contents: read}\n"
	head := "steps: [{uses: actions/checkout@" + fullID + ", with: {ref: '${{ github.event.pull_request.head.sha }}'}}]"
	job := func(on, more, body string) string { return "on: " + on + "\n" + more + "jobs: {a: {" + body + "}}\n" }
	for name, c := range map[string]struct{ file, want string }{
		"on a pull request of its own rights":      {job("pull_request", "", head), ""},
		"on push":                                  {job("push", "", head), ""},
		"with default permissions":                 {job("pull_request_target", "", head), "not said"},
		"in a list of triggers":                    {job("[push, pull_request_target]", "", head), "not said"},
		"in a map of triggers":                     {job("{issue_comment: {types: [created]}}", "", head), "on issue_comment"},
		"in a map without types":                   {job("{workflow_run: }", "", head), "on workflow_run"},
		"that may only read":                       {job("pull_request_target", read, head), ""},
		"that may do nothing":                      {job("pull_request_target", "permissions: {}\n", head), ""},
		"of a workflow that reads all":             {job("pull_request_target", "permissions: read-all\n", head), ""},
		"of a workflow that writes all":            {job("pull_request_target", "permissions: write-all\n", head), "write-all"},
		"that gets an identity token":              {job("pull_request_target", read, "permissions: {id-token: write}, "+head), "id-token: write"},
		"that takes its rights back":               {job("pull_request_target", "permissions: write-all\n", "permissions: {contents: read}, "+head), ""},
		"that deploys":                             {job("pull_request_target", read, "environment: production, "+head), "deploys to an environment"},
		"that is given a secret":                   {job("pull_request_target", read, "env: {K: '${{ secrets.KEY }}'}, "+head), "given a secret"},
		"that is given all secrets":                {job("pull_request_target", read, "secrets: inherit, "+head), "given a secret"},
		"whose workflow is given a secret":         {job("pull_request_target", read+"env: {K: '${{ secrets.KEY }}'}\n", head), "given a secret"},
		"that is given a secret by index":          {job("pull_request_target", read, "env: {K: \"${{ secrets['KEY'] }}\"}, "+head), "given a secret"},
		"that is given a secret in capitals":       {job("pull_request_target", read, "env: {K: '${{ SECRETS.KEY }}'}, "+head), "given a secret"},
		"that is given all secrets as JSON":        {job("pull_request_target", read, "env: {K: '${{ toJSON(secrets) }}'}, "+head), "given a secret"},
		"that talks of secrets":                    {job("pull_request_target", read, "name: no secrets here, "+head), ""},
		"that is given its own token":              {job("pull_request_target", read, "env: {K: '${{ secrets.GITHUB_TOKEN }}'}, "+head), ""},
		"of the base":                              {job("pull_request_target", "", "steps: [{uses: actions/checkout@"+fullID+"}]"), ""},
		"of the base, by name":                     {job("pull_request_target", "", "steps: [{uses: actions/checkout@v4, with: {ref: '${{ github.base_ref }}'}}]"), ""},
		"of the pull request's merge":              {job("pull_request_target", "", "steps: [{uses: actions/checkout@v4, with: {ref: 'refs/pull/7/merge'}}]"), "step 1"},
		"of a fork":                                {job("pull_request_target", "", "steps: [{run: a}, {uses: actions/checkout@v4, with: {repository: '${{ github.event.pull_request.head.repo.full_name }}'}}]"), "step 2"},
		"of something computed":                    {job("issue_comment", "", "steps: [{uses: Actions/Checkout@v4, with: {ref: '${{ steps.x.outputs.y }}'}}]"), "step 1"},
		"by the command line":                      {job("issue_comment", "", "steps: [{run: 'gh pr checkout 7'}]"), "step 1"},
		"by git":                                   {job("issue_comment", "", "steps: [{run: 'git fetch origin pull/7/head && git checkout FETCH_HEAD'}]"), "step 1"},
		"by git, and a variable":                   {job("issue_comment", "", "steps: [{run: 'git checkout \"$TIP\"', env: {TIP: '${{ github.event.pull_request.head.sha }}'}}]"), "step 1"},
		"by git, and a variable of the job":        {job("pull_request_target", "", "env: {TIP: '${{ github.head_ref }}'}, steps: [{run: 'git -C x fetch origin $TIP'}]"), "step 1"},
		"by git, and a variable of the workflow":   {job("workflow_run", "env: {TIP: '${{ github.event.workflow_run.head_sha }}'}\n", "steps: [{run: 'git switch $TIP'}]"), "step 1"},
		"by git, and a name that says it":          {job("pull_request_target", "", "steps: [{run: 'git checkout $HEAD_SHA'}]"), "step 1"},
		"by git, of the base":                      {job("pull_request_target", "", "steps: [{run: 'git checkout $TIP', env: {TIP: '${{ github.base_ref }}'}}]"), ""},
		"that only tells the head":                 {job("pull_request_target", "", "steps: [{run: 'echo $TIP', env: {TIP: '${{ github.event.pull_request.head.sha }}'}}]"), ""},
		"after a check":                            {job("check_suite", "", "steps: [{uses: actions/checkout@v4, with: {ref: '${{ github.event.check_suite.head_sha }}'}}]"), "on check_suite"},
		"after a status":                           {job("status", "", "steps: [{uses: actions/checkout@v4, with: {ref: '${{ github.event.sha }}'}}]"), "on status"},
		"with permissions that nobody understands": {job("pull_request_target", "permissions: [a]\n", head), "can't be told"},
		"through an alias":                         {"on: pull_request_target\nx: &j {" + head + "}\njobs: {a: *j}\n", "not said"},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := GitHubWorkflow([]byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(w.Untrusted, "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWorkflowRefuses(t *testing.T) {
	var many strings.Builder
	for i := range maxItems + 1 {
		fmt.Fprintf(&many, "{uses: a/b@v%d},", i)
	}
	for name, file := range map[string]string{
		"nothing":        "",
		"no YAML":        "a: [",
		"a list":         "- a",
		"no jobs":        "on: push",
		"jobs in a list": "on: push\njobs: [a]",
		"two documents":  "on: push\njobs: {}\n---\na: b\n",
		"a job twice":    "on: push\njobs: {a: {}, a: {}}",
		"steps twice":    "on: push\njobs:\n  a:\n    steps: []\n    steps: []\n",
		"too much of it": "on: push\njobs: {a: {steps: [" + many.String() + "]}}",
		"over the limit": strings.Repeat("#", MaxFile+1),
	} {
		t.Run(name, func(t *testing.T) {
			if w, err := GitHubWorkflow([]byte(file)); !errors.Is(err, ErrForm) || w.Unpinned != nil {
				t.Errorf("%+v, %v", w, err)
			}
		})
	}
}

func TestGitLabIncludes(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"none":                        {"a: b", nil},
		"of this project":             {"include: /ci/a.yml", nil},
		"local":                       {"include: {local: a.yml}", nil},
		"a template of GitLab's":      {"include: [{template: Auto-DevOps.gitlab-ci.yml}]", nil},
		"an address":                  {"include: https://x.example/a.yml", []string{`"https://x.example/a.yml"`}},
		"remote":                      {"include: [{remote: 'https://x.example/a.yml'}]", []string{`"https://x.example/a.yml"`}},
		"remote, with integrity":      {"include: [{remote: 'https://x.example/a.yml', integrity: 'sha256-aa='}]", nil},
		"a project's branch":          {"include: [{project: g/p, ref: main, file: a.yml}]", []string{`"project g/p at main"`}},
		"a project's newest":          {"include: [{project: g/p, file: a.yml}]", []string{`"project g/p at "`}},
		"a project's commit":          {"include: [{project: g/p, ref: " + fullID + ", file: a.yml}]", nil},
		"a component's version":       {"include: [{component: gitlab.com/g/p/c@1.0}]", []string{`"gitlab.com/g/p/c@1.0"`}},
		"a component's commit":        {"include: [{component: gitlab.com/g/p/c@" + fullID + "}]", nil},
		"something else":              {"include: [{artifact: a.yml}]", []string{`"an include that can't be told"`}},
		"a list in a list":            {"include: [[a]]", []string{`"an include that can't be told"`}},
		"behind the component's spec": {"spec: {inputs: {}}\n---\ninclude: https://x.example/a.yml", []string{`"https://x.example/a.yml"`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := GitLabIncludes([]byte(c.file))
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
	for _, bad := range []string{"- a", "a: [", "include: {}\ninclude: {}"} {
		if got, err := GitLabIncludes([]byte(bad)); !errors.Is(err, ErrForm) {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}

// Whatever the bytes, there is an answer in bounds or an error.
func FuzzWorkflow(f *testing.F) {
	f.Add([]byte("on: pull_request_target\njobs: {a: {steps: [{uses: a/b@v1, with: {ref: x}}]}}"))
	f.Add([]byte("include: [{project: a, ref: b}]"))
	f.Add([]byte("a: &a [*a]\njobs: *a"))
	f.Add([]byte("on: &o {issues: *o}\njobs: {a: {env: &e {x: *e}, steps: [{run: gh pr checkout}]}}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := GitHubWorkflow(file)
		if err != nil && !errors.Is(err, ErrForm) || len(w.Unpinned)+len(w.Untrusted) > maxItems {
			t.Errorf("%d, %v", len(w.Unpinned), err)
		}
		if list, err := GitLabIncludes(file); err != nil && !errors.Is(err, ErrForm) || len(list) > maxItems {
			t.Errorf("%d, %v", len(list), err)
		}
	})
}
