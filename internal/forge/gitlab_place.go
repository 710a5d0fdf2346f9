// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
	"github.com/gateledger/gateledger/internal/pattern"
)

// Which merge requests are read on GitLab: that of the pipeline, those that
// somebody named, and all that have the commit. A job's own token may ask for
// the last since 2025 (https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access).
// Where it may not, a veto could stand where nobody looks. That is an error,
// unless somebody named the merge requests in GATELEDGER_MERGE_REQUEST: those
// are read then, and that there may be others is said.

// maxMergeRequests is how many merge requests of one commit are read.
const maxMergeRequests = 200

// gitlabPlace is where to look, from the variables of a job.
type gitlabPlace struct {
	options gitlab.Options
	home    int64 // the project that runs the job
	project int64 // the project of the merge requests
	named   []int64
	chosen  bool // GATELEDGER_MERGE_REQUEST names some
}

// run is the pipeline that asks.
func (gitlabPlace) run(q Query) string { return cmp.Or(q.Run, q.Getenv("CI_PIPELINE_ID")) }

var numberPattern = pattern.New(`^[1-9][0-9]{0,17}$`)

// open makes the client.
func (at gitlabPlace) open() (*gitlab.Client, error) {
	client, err := gitlab.New(at.options)
	switch {
	case errors.Is(err, gitlab.ErrToken):
		return nil, fmt.Errorf("%w: neither CI_JOB_TOKEN nor GATELEDGER_GITLAB_TOKEN holds a token", ErrSetup)
	case err != nil:
		return nil, fmt.Errorf("%w: CI_API_V4_URL: %w", ErrSetup, err)
	}
	return client, nil
}

// newGitLabPlace reads the variables. The merge request of a fork's pipeline
// is in the project that it is for.
func newGitLabPlace(q Query) (gitlabPlace, error) {
	at := gitlabPlace{options: gitlab.Options{
		API: q.Getenv("CI_API_V4_URL"), JobToken: q.Getenv("CI_JOB_TOKEN"), Token: q.Getenv("GATELEDGER_GITLAB_TOKEN"),
		Base: q.Base, Timeout: q.Timeout, Pause: q.Pause, Cache: q.Cache,
	}}
	project := "CI_PROJECT_ID"
	number := q.Getenv("CI_MERGE_REQUEST_IID")
	if number != "" && q.Getenv("CI_MERGE_REQUEST_PROJECT_ID") != "" {
		project = "CI_MERGE_REQUEST_PROJECT_ID"
	}
	var err error
	if at.project, err = variable(project, q.Getenv(project)); err != nil {
		return at, err
	}
	if at.home, err = variable("CI_PROJECT_ID", cmp.Or(q.Getenv("CI_PROJECT_ID"), fmt.Sprint(at.project))); err != nil {
		return at, err
	}
	if at.options.API == "" {
		return at, fmt.Errorf("%w: CI_API_V4_URL is not set", ErrSetup)
	}
	if number != "" {
		n, err := variable("CI_MERGE_REQUEST_IID", number)
		if err != nil {
			return at, err
		}
		at.named = append(at.named, n)
	}
	for part := range strings.SplitSeq(q.Getenv("GATELEDGER_MERGE_REQUEST"), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := variable("GATELEDGER_MERGE_REQUEST", strings.TrimPrefix(part, "!"))
		if err != nil {
			return at, err
		}
		at.named, at.chosen = append(at.named, n), true
	}
	return at, nil
}

// variable reads a number that a variable holds.
func variable(name, value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case value == "":
		return 0, fmt.Errorf("%w: %s is not set", ErrSetup, name)
	case err != nil || !numberPattern.MatchString(value):
		return 0, fmt.Errorf("%w: %s is %.40q, not a number", ErrSetup, name, value)
	}
	return n, nil
}

// mergeRequests finds the merge requests to read, by number. Of those that were
// only named, whole says whether to ask for more than their number.
func (at gitlabPlace) mergeRequests(ctx context.Context, client *gitlab.Client, commit string, whole bool) (found []gitlab.MergeRequest, remarks []string, err error) {
	found, err = client.MergeRequestsOf(ctx, at.project, commit)
	switch {
	case errors.Is(err, ErrRefused) && len(at.named) > 0 && !at.chosen:
		return nil, nil, fmt.Errorf("%w: which merge requests have commit %.12s, any of which may hold a veto: %w", ErrHidden, commit, err)
	case errors.Is(err, ErrRefused) && len(at.named) > 0:
		remarks = append(remarks, fmt.Sprintf("only the merge requests that were named were read: which others have commit %.12s is not shown to this token", commit))
	case err != nil:
		return nil, nil, err
	}
	have := map[int64]bool{}
	for _, m := range found {
		have[m.IID] = true
	}
	for _, n := range at.named {
		if have[n] {
			continue
		}
		have[n] = true
		m := gitlab.MergeRequest{IID: n}
		if whole {
			if m, err = client.MergeRequest(ctx, at.project, n); err != nil {
				return nil, nil, err
			}
		}
		m.Stray = true
		found = append(found, m)
	}
	byNumber := func(a, b gitlab.MergeRequest) int { return cmp.Compare(a.IID, b.IID) }
	arrange.By(found, byNumber)
	found = slices.CompactFunc(found, func(a, b gitlab.MergeRequest) bool { return a.IID == b.IID })
	if len(found) > maxMergeRequests {
		return nil, nil, fmt.Errorf("%w: %d merge requests have commit %.12s, over the limit of %d", ErrUnavailable, len(found), commit, maxMergeRequests)
	}
	return found, remarks, nil
}
