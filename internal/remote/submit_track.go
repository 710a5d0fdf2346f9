// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

func submitDependencyTrack(env *cli.Env, w wire) *cobra.Command {
	s := &submission{env: env, wire: w, usual: child.DependencyTrackKey}
	var to child.DependencyTrackTarget
	cmd := &cobra.Command{
		Use:   "dependency-track --url URL --file BOM",
		Short: "Upload an SBOM to a Dependency-Track server",
		Long: `Dependency-track reads {"token"?: text} from standard input, uploads the
CycloneDX document in FILE as it is, and writes {"token"}, by which the server
tells later whether it has read it. The key needs BOM_UPLOAD, and with --create
also PROJECT_CREATION_UPLOAD. An upload is sent again only if nobody heard the
first one, or the server said that it is too busy.`,
		Example: `  echo '{}' | gateledger-remote submit dependency-track --url https://track.example --project-name shop --project-version 1.2.0 --create --file sbom.cdx.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSubmitDependencyTrack(cmd.Context(), s, to)
		},
	}
	s.flags(cmd, "CycloneDX document")
	flags := cmd.Flags()
	flags.StringVar(&to.URL, "url", "", "`URL` of the server")
	flags.StringVar(&to.Project, "project", "", "`UUID` of the project")
	flags.StringVar(&to.Name, "project-name", "", "`NAME` of the project, in place of its UUID")
	flags.StringVar(&to.Version, "project-version", "", "`VERSION` of the project, with its name")
	flags.BoolVar(&to.Create, "create", false, "make the project if it is not there")
	require(cmd, "url")
	return cmd
}

var uuid = pattern.New(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// fields are what the server is told of the project.
func fields(to child.DependencyTrackTarget) ([][2]string, error) {
	byName := to.Name != "" || to.Version != "" || to.Create
	switch {
	case to.Project != "" && byName:
		return nil, cli.Fail(cli.Usage, "", "--project names the project already; leave out --project-name, --project-version and --create")
	case to.Project != "" && !uuid.MatchString(to.Project):
		return nil, cli.Fail(cli.Usage, "it is in the address of the project's page", "--project is %.80q, want a UUID", to.Project)
	case to.Project != "":
		return [][2]string{{"project", to.Project}}, nil
	case to.Name == "":
		return nil, cli.Fail(cli.Usage, "give --project UUID, or --project-name with --project-version", "no project is named")
	}
	return [][2]string{{"projectName", to.Name}, {"projectVersion", to.Version}, {"autoCreate", fmt.Sprint(to.Create)}}, nil
}

func runSubmitDependencyTrack(ctx context.Context, s *submission, to child.DependencyTrackTarget) error {
	base, err := address("Dependency-Track", to.URL, false)
	if err != nil {
		return err
	}
	project, err := fields(to)
	if err != nil {
		return err
	}
	document, token, err := s.read()
	if err != nil {
		return err
	}
	body, media, err := form(project, document)
	if err != nil {
		return fmt.Errorf("write the upload: %w", err)
	}
	u := base.JoinPath("api", "v1", "bom")
	req, err := http.NewRequest(http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return cli.Fail(cli.Usage, "", "address of Dependency-Track: not an address")
	}
	req.Header.Set("X-Api-Key", token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", media)
	req.Header.Set("User-Agent", product.Name)
	ask := s.asker(ctx, "Dependency-Track", token)
	ask.once = true
	var answer struct {
		Token string `json:"token"`
	}
	if err := ask.json(req, &answer); err != nil {
		return explain(err, "the key needs BOM_UPLOAD, with --create also PROJECT_CREATION_UPLOAD; Dependency-Track reads CycloneDX up to 1.6",
			"look whether the project is there, and whether the upload is; then run it again")
	}
	if !uuid.MatchString(answer.Token) {
		return cli.Fail(cli.Unknown, "", "ask Dependency-Track at %s: its answer holds no token by which to ask for the upload", u.Host)
	}
	return writeAnswer(s.env, child.DependencyTrackAnswer{Schema: child.DependencyTrackSchema, Token: answer.Token})
}

// form is the body of the upload, and its media type.
func form(fields [][2]string, document []byte) (body []byte, media string, err error) {
	var out bytes.Buffer
	out.Grow(len(document) + 4096)
	w := multipart.NewWriter(&out)
	for _, f := range fields {
		err = errors.Join(err, w.WriteField(f[0], f[1]))
	}
	part, why := w.CreateFormFile("bom", "bom.json")
	if err = errors.Join(err, why); err != nil {
		return nil, "", err
	}
	_, err = part.Write(document)
	err = errors.Join(err, w.Close()) // writes the end
	return out.Bytes(), w.FormDataContentType(), err
}
