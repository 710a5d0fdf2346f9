// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// gitHubVersion is the version of GitHub's API that is spoken.
const gitHubVersion = "2022-11-28"

func submitGitHub(env *cli.Env, w wire) *cobra.Command {
	s := &submission{env: env, wire: w, usual: child.GitHubToken}
	var to child.GitHubTarget
	cmd := &cobra.Command{
		Use:   "github --repository OWNER/NAME --file SNAPSHOT",
		Short: "Send a dependency snapshot to GitHub's dependency graph",
		Long: `Github reads {"token"?: text} from standard input, sends the dependency snapshot
in FILE, and writes {"snapshot", "result", "message"}. A snapshot takes the place
of the one before with the same correlator, so sending it twice does no harm, and
it is sent again where GitHub answers that it is not well. The job needs
'permissions: contents: write'.`,
		Example: `  echo '{}' | gateledger-remote submit github --repository acme/app --file snapshot.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSubmitGitHub(cmd.Context(), s, to)
		},
	}
	s.flags(cmd, "snapshot")
	cmd.Flags().StringVar(&to.Repository, "repository", "", "`OWNER/NAME` of the repository")
	cmd.Flags().StringVar(&to.API, "api-url", "https://api.github.com", "`URL` of GitHub's API")
	require(cmd, "repository")
	return cmd
}

// repositoryName is what GitHub's owners and repositories are called.
var repositoryName = pattern.New(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_.-]{1,100}$`)

// snapshotAddress is where snapshots of a repository go.
func snapshotAddress(to child.GitHubTarget) (*url.URL, error) {
	base, err := address("GitHub's API", to.API, false)
	if err != nil {
		return nil, err
	}
	_, name, _ := strings.Cut(to.Repository, "/")
	if !repositoryName.MatchString(to.Repository) || strings.Trim(name, ".") == "" {
		return nil, cli.Fail(cli.Usage, "", "--repository is %.80q, want OWNER/NAME", to.Repository)
	}
	return base.JoinPath("repos", to.Repository, "dependency-graph", "snapshots"), nil
}

func runSubmitGitHub(ctx context.Context, s *submission, to child.GitHubTarget) error {
	u, err := snapshotAddress(to)
	if err != nil {
		return err
	}
	snapshot, token, err := s.read()
	if err != nil {
		return err
	}
	var form struct {
		Job struct {
			Correlator string `json:"correlator"`
		} `json:"job"`
	}
	if err := canon.DecodeOpen(snapshot, &form); err != nil || form.Job.Correlator == "" {
		return cli.Fail(cli.Usage, "make it with gateledger sbom submit --github -o FILE", "--file: %s is no dependency snapshot", s.file)
	}
	req, err := http.NewRequest(http.MethodPost, u.String(), bytes.NewReader(snapshot))
	if err != nil {
		return cli.Fail(cli.Usage, "", "address of GitHub's API: not an address")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", product.Name)
	req.Header.Set("X-Github-Api-Version", gitHubVersion)
	answer := struct {
		ID      int64  `json:"id"`
		Result  string `json:"result"`
		Message string `json:"message"`
	}{}
	if err := s.asker(ctx, "GitHub", token).json(req, &answer); err != nil {
		return explain(err, "give the job 'permissions: contents: write', and check that the repository has its dependency graph turned on",
			"check the repository's name and the token's permissions too: GitHub answers 404 to who may not see it")
	}
	message := clean.Field(answer.Message)
	switch answer.Result {
	case "SUCCESS", "ACCEPTED":
	case "INVALID":
		return cli.Fail(cli.No, "", "GitHub says that the snapshot is not valid: %.200s", message)
	default:
		return cli.Fail(cli.Unknown, "", "ask GitHub at %s: its answer says neither that it took the snapshot nor that it did not", u.Host)
	}
	return writeAnswer(s.env, child.GitHubAnswer{Schema: child.GitHubSchema, Snapshot: answer.ID, Result: answer.Result, Message: message})
}
