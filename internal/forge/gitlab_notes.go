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

	"github.com/gateledger/gateledger/internal/forge/gitlab"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/vote"
)

// Signed votes in notes of merge requests on GitLab.
//
// Which merge requests: that of the pipeline, those that somebody named, and
// all that have the commit. A job's own token may ask for the last since 2025
// (https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access). Where it
// may not, a veto could stand where nobody looks. That is an error, unless
// somebody named the merge requests in GATELEDGER_MERGE_REQUEST: those are
// read then, and that there may be others is said.

// maxMergeRequests is how many merge requests of one commit are read.
const maxMergeRequests = 200

// noteSource is where to look, from the variables of a job.
type noteSource struct {
	options gitlab.Options
	project int64 // of the merge requests
	named   []int64
	chosen  bool // GATELEDGER_MERGE_REQUEST names some
}

var numberPattern = pattern.New(`^[1-9][0-9]{0,17}$`)

func gitlabNotes(ctx context.Context, q Query) (Found, error) {
	at, err := gitlabNoteSource(q)
	if err != nil {
		return Found{}, err
	}
	client, err := gitlab.New(at.options)
	switch {
	case errors.Is(err, gitlab.ErrToken):
		return Found{}, fmt.Errorf("%w: neither CI_JOB_TOKEN nor GATELEDGER_GITLAB_TOKEN holds a token", ErrSetup)
	case err != nil:
		return Found{}, fmt.Errorf("%w: CI_API_V4_URL: %w", ErrSetup, err)
	}
	var found Found
	numbers, err := client.MergeRequestsOf(ctx, at.project, q.Commit)
	switch {
	case errors.Is(err, ErrRefused) && len(at.named) > 0 && !at.chosen:
		return Found{}, fmt.Errorf("%w: which merge requests have commit %.12s, any of which may hold a veto: %w", ErrHidden, q.Commit, err)
	case errors.Is(err, ErrRefused) && len(at.named) > 0:
		found.Remarks = append(found.Remarks, fmt.Sprintf("only the merge requests that were named were read: which others have commit %.12s is not shown to this token", q.Commit))
	case err != nil:
		return Found{}, err
	}
	numbers = append(numbers, at.named...)
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	if len(numbers) > maxMergeRequests {
		return Found{}, fmt.Errorf("%w: %d merge requests have commit %.12s, over the limit of %d", ErrUnavailable, len(numbers), q.Commit, maxMergeRequests)
	}
	if len(numbers) == 0 { // GitLab's word: it refuses whoever may not see merge requests
		found.Read = []string{"no merge request"}
		found.Remarks = append(found.Remarks, fmt.Sprintf("no merge request of project %d has commit %.12s, so votes can be pasted nowhere; GATELEDGER_MERGE_REQUEST names one", at.project, q.Commit))
	}
	var bad damaged
	for _, n := range numbers {
		if err := found.notes(ctx, client, at.project, n, &bad); err != nil {
			return Found{}, err
		}
	}
	found.Remarks = append(found.Remarks, bad.remarks()...)
	return found, nil
}

// gitlabNoteSource reads the variables. The merge request of a fork's pipeline
// is in the project that it is for.
func gitlabNoteSource(q Query) (noteSource, error) {
	at := noteSource{options: gitlab.Options{
		API: q.Getenv("CI_API_V4_URL"), JobToken: q.Getenv("CI_JOB_TOKEN"), Token: q.Getenv("GATELEDGER_GITLAB_TOKEN"),
		Base: q.Base, Timeout: q.Timeout, Pause: q.Pause,
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

// notes adds the votes in the notes of one merge request.
func (f *Found) notes(ctx context.Context, client *gitlab.Client, project, number int64, bad *damaged) error {
	notes, err := client.Notes(ctx, project, number)
	if err != nil {
		return err
	}
	f.Read = append(f.Read, fmt.Sprintf("merge request %d: %d notes", number, len(notes)))
	for _, n := range notes {
		place := fmt.Sprintf("merge request %d, note %d", number, n.ID)
		blocks, problems := vote.FindArmoured(n.Body)
		for _, b := range blocks {
			f.Sightings = append(f.Sightings, vote.Sighting{
				Source: "gitlab-note", Place: place, ID: fmt.Sprintf("%s/%d/%d/%d", client.Host, project, number, n.ID),
				Account: vote.Account{Host: client.Host, ID: n.AuthorID, Login: n.Login, Bot: n.Bot},
				Posted:  n.Created, Edited: !n.Updated.Equal(n.Created), Block: b.String(),
			})
		}
		for _, p := range problems {
			bad.add(place, fmt.Sprintf("%s by %s, line %d: %v", place, cmp.Or(n.Login, "nobody"), p.Line, p.Err))
		}
	}
	return nil
}

// damaged are the blocks that look like votes and are none. They stop nothing,
// since anybody who may comment can leave one and nobody can say whose it was;
// they are told, and so many of them that the answer stays short.
type damaged struct {
	told  []string
	more  int
	first string // where the first of the others stands
}

// maxDamaged is how many damaged blocks are told one by one.
const maxDamaged = 20

func (d *damaged) add(place, remark string) {
	if len(d.told) < maxDamaged {
		d.told = append(d.told, remark)
		return
	}
	d.first = cmp.Or(d.first, place)
	d.more++
}

func (d *damaged) remarks() []string {
	if d.more == 0 {
		return d.told
	}
	return append(d.told, fmt.Sprintf("%s: from here on at least %d more blocks that are no votes; any could be a damaged veto", d.first, d.more))
}
