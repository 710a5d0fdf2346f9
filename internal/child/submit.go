// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/product"
)

// The answers' names, so that one of another version is not taken for ours.
const (
	GitHubSchema          = product.PredicateBase + "remote-submit-github/v1"
	DependencyTrackSchema = product.PredicateBase + "remote-submit-dependency-track/v1"
)

// MaxDocument is how long a document that is submitted may be, in bytes.
const MaxDocument = 128 << 20

// GitHubToken and DependencyTrackKey are the variables that hold a token where
// none is named.
const (
	GitHubToken        = "GITHUB_TOKEN"
	DependencyTrackKey = "DEPENDENCY_TRACK_API_KEY"
)

// A SubmitQuestion is what both 'submit' verbs read.
type SubmitQuestion struct {
	Token string `json:"token,omitempty"` // instead of one from a file or variable
}

// A GitHubAnswer is what 'submit github' writes.
type GitHubAnswer struct {
	Schema   string `json:"schema"`
	Snapshot int64  `json:"snapshot"` // its id
	Result   string `json:"result"`   // SUCCESS, or ACCEPTED: stored, and not of the default branch
	Message  string `json:"message,omitempty"`
}

// A DependencyTrackAnswer is what 'submit dependency-track' writes.
type DependencyTrackAnswer struct {
	Schema string `json:"schema"`
	Token  string `json:"token"` // by which the server tells whether it has read the document; no secret
}

// A Submission is a document and the credential it is sent with.
type Submission struct {
	File      string // the document
	Token     string // the credential; or
	TokenFile string // the file that holds it; or
	Variable  string // the variable; empty: the one that is usual
}

// A GitHubTarget is where a dependency snapshot goes.
type GitHubTarget struct {
	API        string // address; empty: that of github.com
	Repository string // OWNER/NAME
}

// A DependencyTrackTarget is a project of a Dependency-Track server: by its
// UUID, or by name and version.
type DependencyTrackTarget struct {
	URL           string
	Project       string
	Name, Version string
	Create        bool // the project, if it is not there
}

// SubmitGitHub sends a dependency snapshot to GitHub.
func (r Remote) SubmitGitHub(ctx context.Context, s Submission, to GitHubTarget) (GitHubAnswer, error) {
	args := append([]string{"submit", "github", "--repository=" + to.Repository}, s.arguments()...)
	if to.API != "" {
		args = append(args, "--api-url="+to.API)
	}
	var answer GitHubAnswer
	if err := r.call(ctx, args, s.variables(GitHubToken), SubmitQuestion{s.Token}, &answer); err != nil {
		return GitHubAnswer{}, fmt.Errorf("submit to GitHub: %w", err)
	}
	if answer.Schema != GitHubSchema {
		return GitHubAnswer{}, fmt.Errorf("submit to GitHub: %w: schema %.80q, want %s", errOdd, answer.Schema, GitHubSchema)
	}
	return answer, nil
}

// SubmitDependencyTrack uploads an SBOM to Dependency-Track.
func (r Remote) SubmitDependencyTrack(ctx context.Context, s Submission, to DependencyTrackTarget) (DependencyTrackAnswer, error) {
	args := append([]string{"submit", "dependency-track", "--url=" + to.URL}, s.arguments()...)
	for _, flag := range [][2]string{{"project", to.Project}, {"project-name", to.Name}, {"project-version", to.Version}} {
		if flag[1] != "" {
			args = append(args, "--"+flag[0]+"="+flag[1])
		}
	}
	if to.Create {
		args = append(args, "--create")
	}
	var answer DependencyTrackAnswer
	if err := r.call(ctx, args, s.variables(DependencyTrackKey), SubmitQuestion{s.Token}, &answer); err != nil {
		return DependencyTrackAnswer{}, fmt.Errorf("upload to Dependency-Track: %w", err)
	}
	if answer.Schema != DependencyTrackSchema {
		return DependencyTrackAnswer{}, fmt.Errorf("upload to Dependency-Track: %w: schema %.80q, want %s", errOdd, answer.Schema, DependencyTrackSchema)
	}
	return answer, nil
}

func (s Submission) arguments() []string {
	args := []string{"--file=" + s.File}
	if s.TokenFile != "" {
		args = append(args, "--token-file="+s.TokenFile)
	}
	if s.Variable != "" {
		args = append(args, "--token-variable="+s.Variable)
	}
	return args
}

// variables are what the child may see of the environment beyond the usual:
// the one that holds the credential, if it comes from there.
func (s Submission) variables(usual string) []string {
	switch {
	case s.Token != "" || s.TokenFile != "":
		return nil
	case s.Variable != "":
		return []string{s.Variable}
	}
	return []string{usual}
}
