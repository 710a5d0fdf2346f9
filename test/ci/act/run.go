// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A start is what starts a workflow, and with what.
type start struct {
	workflow string // a file of .github/workflows
	event    string // empty: push
	payload  map[string]any
	token    string            // GITHUB_TOKEN; empty: one that may write
	secrets  map[string]string // beside the token
	env      map[string]string // beside what a runner sets
	commit   string            // empty: the head of main
	ref      string            // empty: refs/heads/main
	run      string            // its id; empty: 4711
	suite    string            // the published actions; empty: the rig's suite
	actor    string            // who starts it; empty: dana
	cache    map[string]string // files of the runner's tool cache
}

// patience is how long one run of act may take.
const patience = 3 * time.Minute

// act runs a workflow of the project as a push, pull request, … would.
func (p *project) act(ctx context.Context, s start) (*result, error) {
	s = p.withDefaults(s)
	dir, err := os.MkdirTemp(p.rig.work, p.name+"-")
	if err != nil {
		return nil, err
	}
	args, err := p.arguments(dir, s)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.rig.tool, args...)
	cmd.Dir = p.dir
	// Only what is here reaches a step: act hands its environment on.
	cmd.Env = []string{
		"PATH=" + p.rig.shims + ":" + os.Getenv("PATH"), "HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_CACHE_HOME=" + dir,
		"GOFLAGS=-buildvcs=false", "GOPATH=" + p.rig.gopath, "GOCACHE=" + p.rig.gocache, "TERM=dumb", "LC_ALL=C.UTF-8",
		"RIG_ARTIFACTS=" + filepath.Join(dir, "artifacts"), "RIG_RESULTS=" + filepath.Join(dir, "results"),
	}
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("act %s took over %v\n%s", s.workflow, patience, out)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("start act: %w", err)
	}
	r, err := parseLog(out)
	if err != nil {
		return nil, err
	}
	r.exit, r.dir = cmd.ProcessState.ExitCode(), dir
	p.rig.runs.Add(1)
	p.last = r
	return r, p.noSecrets(r)
}

func (p *project) withDefaults(s start) start {
	for at, value := range map[*string]string{
		&s.event: "push", &s.token: p.rig.writes, &s.commit: p.head, &s.ref: "refs/heads/main",
		&s.run: "4711", &s.suite: p.rig.suite, &s.actor: "dana",
	} {
		if *at == "" {
			*at = value
		}
	}
	return s
}

// arguments are act's, for a run whose files are below dir.
func (p *project) arguments(dir string, s start) ([]string, error) {
	for _, name := range []string{"act", "artifacts", "results"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	// Without this file act asks which image to use.
	if err := os.WriteFile(filepath.Join(dir, "act", "actrc"), nil, 0o644); err != nil {
		return nil, err
	}
	for name, text := range s.cache {
		file := filepath.Join(dir, "act/tool_cache", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			return nil, err
		}
	}
	event := filepath.Join(dir, "event.json")
	data, err := json.Marshal(p.payload(s))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(event, data, 0o644); err != nil {
		return nil, err
	}
	secrets := map[string]string{"GITHUB_TOKEN": s.token}
	maps.Copy(secrets, s.secrets)
	file := filepath.Join(dir, "secrets")
	if err := os.WriteFile(file, dotenv(secrets), 0o600); err != nil {
		return nil, err
	}
	args := []string{
		s.event, "-W", ".github/workflows/" + s.workflow, "-e", event, "-a", s.actor, "--secret-file", file,
		"-P", "ubuntu-24.04=-self-hosted", "-P", "ubuntu-latest=-self-hosted",
		"--action-offline-mode", "--no-cache-server", "--no-skip-checkout", "--json",
		"--local-repository", "gateledger/gateledger@v1=" + s.suite,
	}
	stubs, err := p.stubs(s)
	if err != nil {
		return nil, err
	}
	env := p.variables(s)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		args = append(args, "--env", name+"="+env[name])
	}
	return append(args, stubs...), nil
}

// dotenv writes values as act reads them back, newlines too.
func dotenv(values map[string]string) []byte {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&b, "%s=\"%s\"\n", name, strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "$", `\$`).Replace(values[name]))
	}
	return []byte(b.String())
}

// variables are those a real runner sets and act does not, or not so, and the
// programs, which are there already unless the suite is a release.
func (p *project) variables(s start) map[string]string {
	env := map[string]string{
		"GITHUB_SERVER_URL": p.rig.host, "GITHUB_API_URL": p.rig.host + "/api/v3", "GITHUB_GRAPHQL_URL": p.rig.host + "/graphql",
		"GITHUB_REPOSITORY": "acme/" + p.name, "GITHUB_REPOSITORY_ID": "1296269",
		"GITHUB_REPOSITORY_OWNER": "acme", "GITHUB_REPOSITORY_OWNER_ID": "583200",
		"GITHUB_RUN_ID": s.run, "GITHUB_RUN_ATTEMPT": "1", "GITHUB_RUN_NUMBER": "7",
		"GITHUB_ACTOR_ID": accountIDs[s.actor], "GITHUB_TRIGGERING_ACTOR": s.actor,
		"GITHUB_WORKFLOW_REF": "acme/" + p.name + "/.github/workflows/" + s.workflow + "@" + s.ref, "GITHUB_WORKFLOW_SHA": s.commit,
		"GITHUB_REF": s.ref, "GITHUB_REF_PROTECTED": "true", "RUNNER_ENVIRONMENT": "github-hosted", "RUNNER_NAME": "rig",
		"SHA_REF":             s.commit, // act's name for what GITHUB_SHA becomes
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
	}
	if s.suite == p.rig.suite {
		env["GATELEDGER_BINARY_PATH"] = p.rig.bin
	}
	maps.Copy(env, s.env)
	return env
}

// payload is the event, with what every event has.
func (p *project) payload(s start) map[string]any {
	e := map[string]any{
		"repository": map[string]any{
			"id": 1296269, "full_name": "acme/" + p.name, "name": p.name, "default_branch": "main", "html_url": p.rig.host + "/acme/" + p.name,
		},
		"ref": s.ref, "after": s.commit, "sender": map[string]any{"login": s.actor},
	}
	maps.Copy(e, s.payload)
	return e
}

var usesAction = regexp.MustCompile(`uses: *"?(actions/(?:checkout|upload-artifact|download-artifact)@[0-9a-zA-Z.]+)`)

// stubs are flags that put our own small actions in the place of the three of
// GitHub's that workflows here use: no network is there to get them from.
func (p *project) stubs(s start) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(p.dir, ".github/workflows/*.yml"))
	if err != nil {
		return nil, err
	}
	more, err := filepath.Glob(filepath.Join(s.suite, ".github/workflows/*.yml"))
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, m := range usesAction.FindAllSubmatch(text, -1) {
			seen[string(m[1])] = true
		}
	}
	var args []string
	for _, uses := range slices.Sorted(maps.Keys(seen)) {
		name, _, _ := strings.Cut(strings.TrimPrefix(uses, "actions/"), "@")
		args = append(args, "--local-repository", uses+"="+filepath.Join(p.rig.top, "test/ci/stubs", name))
	}
	return args, nil
}
