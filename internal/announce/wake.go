// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/clean"
)

// Waking: the job that asked is run again, so that it asks again. Nothing is
// told to it, and it decides by itself.

// The states of an Asker.
const (
	WakeRunning = "running" // it runs, or its run does: it is not to be started
	WakeEnded   = "ended"   // it could be started again
	WakeStarted = "started" // it was, by us
)

// A WakeQuery says which job asked, by what its request says of itself.
type WakeQuery struct {
	Run     string    // id of the run or pipeline
	Attempt string    // at GitHub the number of the attempt, at GitLab the id of the job
	Job     string    // what the run's file calls it; may be empty
	Runner  string    // the runner it was on; may be empty
	Commit  string    // of the request, in hex
	Asked   time.Time // when it asked
	Start   bool      // start it again, if it has ended; else only look

	Query // without its Notice
}

// An Asker is the newest job of that name in the run.
type Asker struct {
	State   string
	ID      int64
	Name    string
	Attempt int       // at GitHub
	Began   time.Time // when it was started last; zero: nobody says
	Ended   time.Time // when that ended; zero: it runs, or nobody says
	Failed  bool      // it ended badly, and nobody cancelled it
	Address string
}

// A waker wakes jobs of one forge. To add one, write its function, its line
// here, and its line in child.Wakers.
type waker struct {
	name string
	wake func(context.Context, WakeQuery) (Asker, error)
}

func wakers() []waker {
	return []waker{{"github-job", githubWake}, {"gitlab-job", gitlabWake}}
}

// WakerNames lists the wakers.
func WakerNames() []string {
	var names []string
	for _, w := range wakers() {
		names = append(names, w.name)
	}
	return names
}

// Wake finds the job that asked, and starts it again where that is asked for
// and it has ended. After ErrUnavailable it may have been started; what may have
// been heard is never sent again.
func Wake(ctx context.Context, name string, q WakeQuery) (Asker, error) {
	for _, w := range wakers() {
		if w.name != name {
			continue
		}
		switch {
		case !numberPattern.MatchString(q.Run) || !numberPattern.MatchString(q.Attempt):
			return Asker{}, fmt.Errorf("%w: run %.40q, attempt or job %.40q", ErrSetup, q.Run, q.Attempt)
		case !commitPattern.MatchString(q.Commit):
			return Asker{}, fmt.Errorf("%w: commit %.80q is not a full object id in lower-case hex", ErrSetup, q.Commit)
		}
		asker, err := w.wake(ctx, q)
		if err != nil {
			return Asker{}, err
		}
		asker.Name = clean.Field(asker.Name)
		return asker, nil
	}
	return Asker{}, fmt.Errorf("%w: unknown waker %.80q; have %s", ErrSetup, name, strings.Join(WakerNames(), ", "))
}

// A hubRun is a run of a workflow
// (https://docs.github.com/en/rest/actions/workflow-runs).
type hubRun struct {
	ID      int64  `json:"id"`
	Attempt int    `json:"run_attempt"`
	Event   string `json:"event"`
	Status  string `json:"status"`
	Commit  string `json:"head_sha"`
}

// A hubJob is a job of a run, in one attempt
// (https://docs.github.com/en/rest/actions/workflow-jobs).
type hubJob struct {
	ID      int64     `json:"id"`
	Run     int64     `json:"run_id"`
	Attempt int       `json:"run_attempt"`
	Name    string    `json:"name"`
	Status  string    `json:"status"`
	Result  string    `json:"conclusion"`
	Began   time.Time `json:"started_at"`
	Ended   time.Time `json:"completed_at"`
	Runner  string    `json:"runner_name"`
	Address string    `json:"html_url"`
}

// githubWake finds the gate's job and runs it again, with those that depend on
// it: whether it ended well or not, that one alone. What else has failed in the
// run is nobody's to start.
func githubWake(ctx context.Context, q WakeQuery) (Asker, error) {
	h, err := newHub(q.Query)
	if err != nil {
		return Asker{}, err
	}
	var run hubRun
	if _, err := h.get(ctx, h.path+"/actions/runs/"+q.Run, nil, &run); err != nil {
		return Asker{}, fmt.Errorf("read run %s: %w", q.Run, err)
	}
	// A run of a pull request is of a merge that GitHub made, and names the head.
	if fmt.Sprint(run.ID) != q.Run || run.Commit != q.Commit && !strings.HasPrefix(run.Event, "pull_request") {
		return Asker{}, fmt.Errorf("%w: run %s is of commit %.12s, and the request is for %.12s", ErrRefused, q.Run, clean.Field(run.Commit), q.Commit)
	}
	jobs, err := h.jobs(ctx, q.Run)
	if err != nil {
		return Asker{}, fmt.Errorf("read the jobs of run %s: %w", q.Run, err)
	}
	job, err := q.asker(jobs)
	if err != nil {
		return Asker{}, err
	}
	a := Asker{State: WakeEnded, ID: job.ID, Name: job.Name, Attempt: max(job.Attempt, run.Attempt), Began: job.Began, Ended: job.Ended, Address: job.Address}
	a.Failed = job.Result == "failure" || job.Result == "timed_out"
	if run.Status != "completed" || job.Status != "completed" {
		a.State = WakeRunning // GitHub starts nothing of a run that is at work
	}
	if a.State == WakeRunning || !q.Start {
		return a, nil
	}
	if err := h.write(ctx, "POST", fmt.Sprintf("%s/actions/jobs/%d/rerun", h.path, job.ID), map[string]any{}, &struct{}{}); err != nil {
		return Asker{}, fmt.Errorf("run job %q of run %s again: %w", clean.Field(job.Name), q.Run, err)
	}
	a.State, a.Attempt = WakeStarted, a.Attempt+1
	return a, nil
}

// jobs are all jobs of all attempts of a run. A list that is shorter than GitHub
// says it is would hide the newest attempt.
func (h *hub) jobs(ctx context.Context, run string) ([]hubJob, error) {
	var all []hubJob
	for page := 1; page <= maxPages; page++ {
		var part struct {
			Total int      `json:"total_count"`
			Jobs  []hubJob `json:"jobs"`
		}
		query := url.Values{"filter": {"all"}, "per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)}}
		more, err := h.get(ctx, h.path+"/actions/runs/"+run+"/jobs", query, &part)
		if err != nil {
			return nil, err
		}
		for _, j := range part.Jobs {
			if j.ID <= 0 || fmt.Sprint(j.Run) != run || j.Attempt < 1 {
				return nil, fmt.Errorf("%w: what should be one of its jobs is none", ErrUnavailable)
			}
		}
		all = append(all, part.Jobs...)
		switch {
		case more:
		case len(all) < part.Total:
			return nil, fmt.Errorf("%w: %d of %d jobs are shown", ErrUnavailable, len(all), part.Total)
		default:
			return all, nil
		}
	}
	return nil, fmt.Errorf("%w: over the limit of %d pages", ErrUnavailable, maxPages)
}

// asker finds the job that asked: of that attempt, the one that was on the
// runner at that time, else the only one of that name. Its newest attempt
// counts, if there it is the only one of its name. GitHub tells a job neither
// its number nor the name that people see.
func (q WakeQuery) asker(jobs []hubJob) (hubJob, error) {
	var on, named []hubJob
	for _, j := range jobs {
		if fmt.Sprint(j.Attempt) != q.Attempt {
			continue
		}
		if q.Runner != "" && j.Runner == q.Runner && !q.Asked.Before(j.Began.Add(-clockSlack)) && (j.Ended.IsZero() || !q.Asked.After(j.Ended.Add(clockSlack))) {
			on = append(on, j)
		}
		if q.Job != "" && (j.Name == q.Job || strings.HasSuffix(j.Name, " / "+q.Job) || strings.HasPrefix(j.Name, q.Job+" (")) {
			named = append(named, j)
		}
	}
	found := on
	if len(on) != 1 {
		found = named
	}
	if len(found) != 1 {
		return hubJob{}, fmt.Errorf("%w: which job of attempt %s of run %s asked: %d were on runner %.80q then, %d are called %.80q", ErrUnavailable, q.Attempt, q.Run, len(on), clean.Field(q.Runner), len(named), clean.Field(q.Job))
	}
	newest, alike := found[0], 0
	for _, j := range jobs {
		switch {
		case j.Name != newest.Name || j.Attempt < newest.Attempt || j.ID == newest.ID:
		case j.Attempt > newest.Attempt:
			newest, alike = j, 0
		case newest.Attempt > found[0].Attempt:
			alike++
		}
	}
	if alike > 0 {
		return hubJob{}, fmt.Errorf("%w: %d jobs of attempt %d of run %s are called %.80q", ErrUnavailable, alike+1, newest.Attempt, q.Run, clean.Field(newest.Name))
	}
	return newest, nil
}

// clockSlack is how far a runner's clock may be from GitHub's: jobs of one
// runner are further apart than most clocks.
const clockSlack = 5 * time.Second

// A labJob is a job of a pipeline (https://docs.gitlab.com/api/jobs/).
type labJob struct {
	ID       int64     `json:"id"`
	Name     string    `json:"name"`
	Status   string    `json:"status"`
	Began    time.Time `json:"started_at"`
	Ended    time.Time `json:"finished_at"`
	Address  string    `json:"web_url"`
	Pipeline struct {
		ID     int64  `json:"id"`
		Commit string `json:"sha"`
	} `json:"pipeline"`
}

// gitlabWake runs the newest job of the asker's name again: by play where it
// waits for that, by retry where it has ended.
func gitlabWake(ctx context.Context, q WakeQuery) (Asker, error) {
	l, err := newLab(q.Query)
	if err != nil {
		return Asker{}, err
	}
	var asked labJob
	if _, err := l.get(ctx, l.path+"/jobs/"+q.Attempt, nil, &asked); err != nil {
		return Asker{}, fmt.Errorf("read job %s: %w", q.Attempt, err)
	}
	if fmt.Sprint(asked.ID) != q.Attempt || fmt.Sprint(asked.Pipeline.ID) != q.Run || asked.Pipeline.Commit != q.Commit {
		return Asker{}, fmt.Errorf("%w: job %s is of pipeline %d and commit %.12s, and the request of %s and %.12s", ErrRefused,
			q.Attempt, asked.Pipeline.ID, clean.Field(asked.Pipeline.Commit), q.Run, q.Commit)
	}
	jobs, err := pages[labJob](ctx, l.service, l.path+"/pipelines/"+q.Run+"/jobs", url.Values{"include_retried": {"false"}})
	if err != nil {
		return Asker{}, fmt.Errorf("read the jobs of pipeline %s: %w", q.Run, err)
	}
	newest := asked
	for _, j := range jobs {
		if j.Name != asked.Name || j.ID <= newest.ID {
			continue
		}
		if j.Pipeline != asked.Pipeline {
			return Asker{}, fmt.Errorf("%w: job %d is not of pipeline %s, of which it is listed", ErrUnavailable, j.ID, q.Run)
		}
		newest = j
	}
	return l.again(ctx, newest, q)
}

// again starts a job again, by the way that its state leaves.
func (l *lab) again(ctx context.Context, job labJob, q WakeQuery) (Asker, error) {
	a := Asker{State: WakeEnded, ID: job.ID, Name: job.Name, Began: job.Began, Ended: job.Ended, Failed: job.Status == "failed", Address: job.Address}
	how := "retry"
	switch job.Status {
	case "success", "failed", "canceled":
	case "manual":
		how = "play"
	case "created", "pending", "running", "preparing", "scheduled", "waiting_for_resource", "waiting_for_callback", "canceling":
		a.State = WakeRunning
	default:
		return Asker{}, fmt.Errorf("%w: job %d is %.40q, and can't be started", ErrUnavailable, job.ID, clean.Field(job.Status))
	}
	if a.State == WakeRunning || !q.Start {
		return a, nil
	}
	var out labJob
	if err := l.write(ctx, "POST", fmt.Sprintf("%s/jobs/%d/%s", l.path, job.ID, how), map[string]any{}, &out); err != nil {
		return Asker{}, fmt.Errorf("%s job %d: %w", how, job.ID, err)
	}
	if out.ID <= 0 || out.Name != job.Name {
		return Asker{}, fmt.Errorf("%w: GitLab names no job that it started", ErrUnavailable)
	}
	a.State, a.ID, a.Address = WakeStarted, out.ID, out.Address
	return a, nil
}
