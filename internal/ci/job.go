// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gateledger/gateledger/internal/jobfile"
)

// ErrNoJob says that it is not known here what the job's own file declares.
var ErrNoJob = errors.New("what the job's file declares is not known")

// A jobPlace is where a host's job is declared.
type jobPlace struct {
	commit, path, job string
	read              func(file []byte, job string) (jobfile.Job, error)
}

// Job returns what the job's own file declares: what it uploads, and where it
// deploys to. The file is read as the run's commit holds it, never from the
// working tree, which the build may have changed. Every error is ErrNoJob and
// says why: there is no such file on this host, no checkout of that commit, or
// nothing that can be told without running it. The caller then has no
// defaults, and asks.
func Job(ctx context.Context, o Options) (jobfile.Job, error) {
	j, err := readJob(ctx, o)
	if err != nil {
		return jobfile.Job{}, fmt.Errorf("%w: %w", ErrNoJob, err)
	}
	return j, nil
}

func readJob(ctx context.Context, o Options) (jobfile.Job, error) {
	found, err := detected(o.Getenv)
	if err != nil {
		return jobfile.Job{}, err
	}
	if len(found) == 0 || found[0].job == nil {
		return jobfile.Job{}, errors.New("this host has no file that can be read for it")
	}
	v := &variables{getenv: o.Getenv}
	place := found[0].job(v)
	if len(v.problems) > 0 {
		return jobfile.Job{}, errors.New(strings.Join(v.problems, "; "))
	}
	repo, err := checkout(o)
	if err != nil {
		return jobfile.Job{}, err
	}
	file, err := repo.Show(ctx, place.commit, place.path)
	if errors.Is(err, fs.ErrNotExist) {
		return jobfile.Job{}, fmt.Errorf("the checkout has no %s of commit %.12s", place.path, place.commit)
	}
	if err != nil {
		return jobfile.Job{}, err
	}
	j, err := place.read(file, place.job)
	if err != nil {
		return jobfile.Job{}, fmt.Errorf("read %s: %w", place.path, err)
	}
	return j, nil
}

// githubJob finds the workflow file that the run started from. A job of a
// workflow that it calls has the same variables; jobfile sees to that.
func githubJob(v *variables) jobPlace {
	place := jobPlace{job: v.text("GITHUB_JOB"), read: jobfile.GitHub}
	ref, repository := v.word("GITHUB_WORKFLOW_REF"), v.word("GITHUB_REPOSITORY")
	if v.optional("GITHUB_WORKFLOW_SHA") != "" {
		place.commit = v.commit("GITHUB_WORKFLOW_SHA")
	} else {
		place.commit = v.commit("GITHUB_SHA")
	}
	if ref == "" || repository == "" {
		return place
	}
	path, ok := strings.CutPrefix(ref, repository+"/")
	path, _, at := strings.Cut(path, "@")
	if !ok || !at || !fs.ValidPath(path) {
		v.problem("GITHUB_WORKFLOW_REF names no file of GITHUB_REPOSITORY")
	}
	place.path = path
	return place
}

// gitlabJob finds the configuration file, where it is in the project itself.
func gitlabJob(v *variables) jobPlace {
	place := jobPlace{
		commit: v.commit("CI_COMMIT_SHA"), path: v.text("CI_CONFIG_PATH"), job: v.text("CI_JOB_NAME"), read: jobfile.GitLab,
	}
	if place.path != "" && (strings.ContainsAny(place.path, "@:") || !fs.ValidPath(place.path)) {
		v.problem("CI_CONFIG_PATH names a file elsewhere")
	}
	return place
}
