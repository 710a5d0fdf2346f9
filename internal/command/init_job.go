// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/mod/semver"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/product"
)

// The names that the job, the host's settings and the printed commands share.
const (
	jobName    = product.Name + "-log"
	modulePath = "github.com/gateledger/gateledger"

	githubJob = ".github/workflows/" + jobName + ".yml"
	gitlabJob = ".gitlab/" + jobName + ".yml"
)

// secretName is what the log key is called at a host.
func secretName() string { return strings.ToUpper(product.Name) + "_LOG_KEY" }

// jobFile is where the job of a provider stands; empty where it has none.
func jobFile(provider string) string {
	switch provider {
	case hosting.GitHub:
		return githubJob
	case hosting.GitLab:
		return gitlabJob
	}
	return ""
}

// settle writes the host's files, and says what is left to do there. The
// release comes first: the job that integrates follows the workflows there are.
// It does not follow those that wake, which record nothing and run often.
func (s *setup) settle(ctx context.Context) error {
	if !s.hosted() {
		return nil
	}
	file := jobFile(s.host.provider)
	if err := s.writeOnce("release", releaseFile(s.host.provider), func() ([]byte, error) { return s.release(ctx) }); err != nil {
		return err
	}
	if err := s.writeWake(ctx); err != nil {
		return err
	}
	if err := s.writeOnce("job", file, func() ([]byte, error) { return s.job(ctx, file) }); err != nil {
		return err
	}
	return s.advise(ctx, file)
}

// writeOnce writes a file of the repository, unless there is one.
func (s *setup) writeOnce(what, file string, compose func() ([]byte, error)) error {
	path := filepath.Join(s.place.root, filepath.FromSlash(file))
	switch info, err := os.Lstat(path); {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("write %s: something else is there", path)
	case err == nil:
		return s.did(false, what, path)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("write %s: %w", path, err)
	}
	text, err := compose()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	dir, err := durable.Dir(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := durable.WriteFile(dir, filepath.Base(path), text); err != nil {
		return err
	}
	return s.did(true, what, path)
}

// job is the text of the job.
func (s *setup) job(ctx context.Context, file string) ([]byte, error) {
	_, branch, err := gitPlace(s.at)
	if err != nil {
		return nil, err
	}
	query := ""
	if branch != logBranch {
		query = "?branch=" + branch
	}
	text, after := githubTemplate, ""
	if file == gitlabJob {
		text = gitlabTemplate
	} else if after, err = afterWorkflows(filepath.Join(s.place.root, filepath.FromSlash(filepath.Dir(githubJob)))); err != nil {
		return nil, err
	}
	version, _ := installable(thisBuild())
	address, server := "$CI_PROJECT_URL.git", "$CI_SERVER_HOST"
	if u, err := url.Parse(s.projectAddress(ctx)); err == nil && u.Host != "" {
		address, server = u.String(), u.Hostname()
	}
	return []byte(strings.NewReplacer(
		"{name}", product.Name, "{job}", jobName, "{secret}", secretName(), "{file}", file,
		"{command}", modulePath+"/cmd/"+product.Name, "{version}", version, "{query}", query, "{address}", address, "{server}", server, "{after}\n", after,
	).Replace(text)), nil
}

// noVersion stands in the job where this build does not know which release it
// is. There is no such version, so the job fails until somebody names one.
const noVersion = "NAME-A-RELEASE"

// installable is the version by which 'go install' gets this very program.
func installable(b build) (version string, ok bool) {
	switch {
	case b.Modified:
	case semver.IsValid(b.Version) && semver.Build(b.Version) == "":
		return b.Version, true
	case len(b.Commit) == 40:
		return b.Commit, true
	}
	return noVersion, false
}

// afterWorkflows is the trigger that follows the project's own workflows, or
// nothing where there is none yet.
func afterWorkflows(folder string) (string, error) {
	names, err := workflowNames(folder)
	if err != nil || len(names) == 0 {
		return "", err
	}
	list, err := canon.Marshal(names) // JSON is YAML
	if err != nil {
		return "", fmt.Errorf("name the workflows in %s: %w", folder, err)
	}
	return `  # Soon after whatever may have recorded something: the workflows there were
  # when this file was written. It runs the default branch's job, not theirs.
  workflow_run:
    workflows: ` + strings.ReplaceAll(string(list), `","`, `", "`) + `
    types: [completed]
`, nil
}

// The most that is read of a project's workflows.
const (
	maxWorkflows = 100     // files
	maxWorkflow  = 1 << 20 // bytes of one
)

// workflowNames are the names of a project's workflows, sorted. One that can't
// be read has none: it is the project's, and no reason to stop.
func workflowNames(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for workflows: %w", err)
	}
	var names []string
	for _, e := range entries[:min(len(entries), maxWorkflows)] {
		if ext := filepath.Ext(e.Name()); ext != ".yml" && ext != ".yaml" || e.Name() == filepath.Base(githubJob) || isWakeFile(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxWorkflow {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			continue
		}
		if name := workflowName(data); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// isWakeFile says whether a workflow's file is one of those that wake.
func isWakeFile(name string) bool {
	return name == filepath.Base(githubWakeFile) || name == filepath.Base(githubReviewFile)
}

// workflowName is the name by which another workflow can follow this one;
// empty where it has none, or one that is not plain.
func workflowName(data []byte) string {
	var w struct {
		Name string `yaml:"name"`
	}
	if err := yaml.Unmarshal(data, &w); err != nil || len(w.Name) > 200 {
		return ""
	}
	for _, r := range w.Name {
		if r < ' ' || r > '~' {
			return ""
		}
	}
	return w.Name
}
