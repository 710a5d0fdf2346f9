// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// jobFlags say for what a snapshot is made. What is not said GitHub's own
// variables say (https://docs.github.com/en/actions/reference/workflows-and-actions/variables).
type jobFlags struct {
	repository, api, commit, ref, correlator, leg, id string
}

func (j *jobFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&j.repository, "repository", "", "GitHub: `OWNER/NAME`; default: the job's")
	flags.StringVar(&j.api, "api-url", "", "GitHub: `URL` of the API; default: the job's")
	flags.StringVar(&j.commit, "commit", "", "GitHub: full `ID` of the commit; default: the job's, of a pull request its head")
	flags.StringVar(&j.ref, "ref", "", "GitHub: `REF` of the commit, as refs/heads/main; default: the job's")
	flags.StringVar(&j.correlator, "correlator", "", "GitHub: `NAME` of the series that the snapshot is the newest of")
	flags.StringVar(&j.leg, "leg", "", "GitHub: `TEXT` that tells this leg of a matrix from the others")
	flags.StringVar(&j.id, "run", "", "GitHub: `ID` of the run; default: the job's")
}

// target is where the snapshot goes.
func (j *jobFlags) target(env *cli.Env) (child.GitHubTarget, error) {
	to := child.GitHubTarget{API: cmp.Or(j.api, env.Getenv("GITHUB_API_URL")), Repository: cmp.Or(j.repository, env.Getenv("GITHUB_REPOSITORY"))}
	if to.Repository == "" {
		return to, cli.Fail(cli.Usage, "name it with --repository OWNER/NAME", "this is no job of GitHub Actions, and no repository is named")
	}
	return to, nil
}

// job is what the snapshot is made for.
func (j *jobFlags) job(env *cli.Env, base string) (bom.GitHubJob, error) {
	const hint = "in a job of GitHub Actions all is known; elsewhere give --commit, --ref, --correlator and --run"
	out := bom.GitHubJob{
		Commit: j.commit, Ref: cmp.Or(j.ref, env.Getenv("GITHUB_REF")), Correlator: j.correlator,
		ID: cmp.Or(j.id, env.Getenv("GITHUB_RUN_ID")), Page: j.page(env), Time: env.Now(), Base: base,
	}
	if out.Commit == "" {
		commit, err := jobCommit(env)
		if err != nil {
			return out, cli.Fail(cli.Usage, "give it with --commit", "find the commit of the pull request: %w", err)
		}
		out.Commit = commit
	}
	if out.Correlator == "" && env.Getenv("GITHUB_JOB") != "" {
		folder := base
		if folder == "." {
			folder = ""
		}
		out.Correlator = bom.Correlator(workflowFile(env), env.Getenv("GITHUB_JOB"), folder, j.leg)
	} else if out.Correlator != "" {
		out.Correlator = bom.Correlator(out.Correlator, j.leg)
	}
	for _, is := range []struct{ what, value string }{
		{"commit", out.Commit}, {"ref", out.Ref}, {"correlator", out.Correlator}, {"run", out.ID},
	} {
		if is.value == "" {
			return out, cli.Fail(cli.Usage, hint, "no %s is known for the snapshot", is.what)
		}
	}
	if err := out.Check(); err != nil {
		return out, cli.Fail(cli.Usage, "", "make the snapshot: %w", err)
	}
	return out, nil
}

// page is the address of the run.
func (j *jobFlags) page(env *cli.Env) string {
	server, repository, run := env.Getenv("GITHUB_SERVER_URL"), env.Getenv("GITHUB_REPOSITORY"), env.Getenv("GITHUB_RUN_ID")
	if server == "" || repository == "" || run == "" || j.id != "" {
		return ""
	}
	return server + "/" + repository + "/actions/runs/" + run
}

// workflowFile is the file of the workflow, which a name that people gave it
// may not be: OWNER/NAME/PATH@REF without the owner, name and ref.
func workflowFile(env *cli.Env) string {
	file, _, _ := strings.Cut(env.Getenv("GITHUB_WORKFLOW_REF"), "@")
	file = strings.TrimPrefix(file, env.Getenv("GITHUB_REPOSITORY")+"/")
	return cmp.Or(file, env.Getenv("GITHUB_WORKFLOW"))
}

// maxEvent is how long the file with the event that started a job may be.
const maxEvent = 16 << 20

// headEvents are those that run on a merge of a pull request that nobody
// keeps. pull_request_target is none of them: it runs on the branch that is
// merged into, and its ref is that branch.
var headEvents = []string{"pull_request", "pull_request_review", "pull_request_review_comment"}

// jobCommit is the commit that a job is about. That of a pull request is its
// head.
func jobCommit(env *cli.Env) (string, error) {
	if !slices.Contains(headEvents, env.Getenv("GITHUB_EVENT_NAME")) {
		return env.Getenv("GITHUB_SHA"), nil
	}
	f, err := os.Open(env.Getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxEvent+1))
	if err != nil {
		return "", err
	}
	var event struct {
		PullRequest struct {
			Head struct {
				SHA string `json:"sha"`
			} `json:"head"`
		} `json:"pull_request"`
	}
	if len(data) > maxEvent || canon.DecodeOpen(data, &event) != nil || event.PullRequest.Head.SHA == "" {
		return "", errors.New("GITHUB_EVENT_PATH names no head of a pull request")
	}
	return event.PullRequest.Head.SHA, nil
}
