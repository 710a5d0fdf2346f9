// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/report"
)

// GitHub's commit statuses and check runs:
// https://docs.github.com/en/rest/commits/statuses and
// https://docs.github.com/en/rest/checks/runs.
//
// Whoever may write to the repository can set a status of any name, and every
// workflow's token is of one and the same app. So neither is a proof of
// anything; a rule that asks for one should name the app that sets it.

// A hub is one repository at GitHub.
type hub struct {
	*service
	repository string // OWNER/NAME
	path       string // of the repository's API
}

var repositoryPattern = pattern.New(`^[A-Za-z0-9][A-Za-z0-9-]{0,100}/[A-Za-z0-9._-]{1,100}$`)

func newHub(q Query) (*hub, error) {
	token := cmp.Or(q.Getenv("GATELEDGER_GITHUB_TOKEN"), q.Getenv("GITHUB_TOKEN"))
	if token == "" {
		return nil, fmt.Errorf("%w: neither GATELEDGER_GITHUB_TOKEN nor GITHUB_TOKEN holds a token", ErrSetup)
	}
	repository := q.Getenv("GITHUB_REPOSITORY")
	_, name, _ := strings.Cut(repository, "/")
	if !repositoryPattern.MatchString(repository) || name == "." || name == ".." {
		return nil, fmt.Errorf("%w: GITHUB_REPOSITORY is %.80q, want OWNER/NAME", ErrSetup, repository)
	}
	s, err := newService(q, "GITHUB_API_URL", token, map[string]string{
		"Authorization": "Bearer " + token, "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28",
	})
	if err != nil {
		return nil, err
	}
	return &hub{s, repository, "/repos/" + repository}, nil
}

// githubStatus sets the commit status of the environment.
func githubStatus(ctx context.Context, q Query) (Placed, error) {
	n := q.Notice
	state, err := word(map[string]string{
		report.NoticePending: "pending", report.NoticeAllowed: "success", report.NoticeDenied: "failure", report.NoticeUnknown: "error", report.NoticeCancelled: "error",
	}, n.State)
	if err != nil {
		return Placed{}, err
	}
	h, err := newHub(q)
	if err != nil {
		return Placed{}, err
	}
	in := map[string]string{"state": state, "context": title(n), "description": n.Description}
	if to := cmp.Or(n.Shown, n.Details); to != "" {
		in["target_url"] = to
	}
	var out struct {
		ID    int64  `json:"id"`
		State string `json:"state"`
	}
	if err := h.write(ctx, "POST", h.path+"/statuses/"+n.Commit, in, &out); err != nil {
		return Placed{}, err
	}
	if out.State != state {
		return Placed{}, fmt.Errorf("%w: %s says that the status is %.40q, not %q", ErrUnavailable, h.api.Host, out.State, state)
	}
	return Placed{Place: fmt.Sprintf("status %s of commit %.12s: %s", title(n), n.Commit, state), Address: cmp.Or(n.Shown, n.Details)}, nil
}

// A checkRun is what we read of one.
type checkRun struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	Commit     string `json:"head_sha"`
	External   string `json:"external_id"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	Address    string `json:"html_url"`
	Output     struct {
		Annotations int `json:"annotations_count"`
	} `json:"output"`
}

// githubCheck changes the check run of this request, or makes one. One that is
// of another app can't be changed, and is left alone.
func githubCheck(ctx context.Context, q Query) (Placed, error) {
	n := q.Notice
	conclusion, err := word(map[string]string{
		report.NoticePending: "none", report.NoticeAllowed: "success", report.NoticeDenied: "failure", report.NoticeUnknown: "action_required",
		report.NoticeCancelled: "cancelled",
	}, n.State)
	if err != nil {
		return Placed{}, err
	}
	h, err := newHub(q)
	if err != nil {
		return Placed{}, err
	}
	runs, err := h.checkRuns(ctx, n)
	if err != nil {
		return Placed{}, err
	}
	for _, r := range runs {
		if r.Status == "completed" && conclusion == "none" {
			continue // what has ended does not run again
		}
		in := checkBody(n, conclusion, r.Output.Annotations == 0)
		var out checkRun
		err := h.write(ctx, "PATCH", fmt.Sprintf("%s/check-runs/%d", h.path, r.ID), in, &out)
		if errors.Is(err, ErrRefused) {
			continue
		}
		return placedCheck(h, n, conclusion, out, err)
	}
	in := checkBody(n, conclusion, true)
	in["head_sha"] = n.Commit
	var out checkRun
	err = h.write(ctx, "POST", h.path+"/check-runs", in, &out)
	return placedCheck(h, n, conclusion, out, err)
}

// maxRuns is how many check runs of one request are looked at.
const maxRuns = 5

// checkRuns are the newest check runs of this request, by whichever app.
func (h *hub) checkRuns(ctx context.Context, n report.Notice) ([]checkRun, error) {
	var page struct {
		Total int        `json:"total_count"`
		Runs  []checkRun `json:"check_runs"`
	}
	query := url.Values{"check_name": {title(n)}, "filter": {"latest"}, "per_page": {"100"}}
	if _, err := h.get(ctx, h.path+"/commits/"+n.Commit+"/check-runs", query, &page); err != nil {
		return nil, err
	}
	var ours []checkRun
	for _, r := range page.Runs {
		if r.Name == title(n) && r.External == n.Request && r.Commit == n.Commit && r.ID > 0 && len(ours) < maxRuns {
			ours = append(ours, r)
		}
	}
	return ours, nil
}

// checkBody is what a check run is set to. Annotations are added to those that
// are there, so they are sent once.
func checkBody(n report.Notice, conclusion string, annotate bool) map[string]any {
	output := map[string]any{"title": n.Title, "summary": n.Summary}
	if annotate && len(n.Annotations) > 0 {
		list := []map[string]any{}
		for _, a := range n.Annotations[:min(len(n.Annotations), report.AnnotationLimit)] {
			list = append(list, map[string]any{
				"path": a.Path, "start_line": a.Line, "end_line": a.Line, "annotation_level": a.Level, "title": a.Title, "message": a.Message,
			})
		}
		output["annotations"] = list
	}
	body := map[string]any{"name": title(n), "external_id": n.Request, "output": output, "status": "in_progress"}
	if conclusion != "none" {
		body["status"], body["conclusion"] = "completed", conclusion
	}
	if n.Details != "" {
		body["details_url"] = n.Details
	}
	return body
}

func placedCheck(h *hub, n report.Notice, conclusion string, out checkRun, err error) (Placed, error) {
	if err != nil {
		return Placed{}, err
	}
	is, want := cmp.Or(out.Conclusion, out.Status), conclusion
	if conclusion == "none" {
		want = "in_progress"
	}
	if is != want || out.ID <= 0 {
		return Placed{}, fmt.Errorf("%w: %s says that the check run is %.40q, not %q", ErrUnavailable, h.api.Host, is, want)
	}
	return Placed{Place: fmt.Sprintf("check run %d (%s) of commit %.12s: %s", out.ID, title(n), n.Commit, want), Address: out.Address}, nil
}
