// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/pattern"
)

// submitVerb holds the verbs that send a document to where it is looked at.
func submitVerb(env *cli.Env, w wire) *cobra.Command {
	cmd := &cobra.Command{Use: "submit", Short: "Send an SBOM to GitHub or Dependency-Track"}
	cmd.AddCommand(submitGitHub(env, w), submitDependencyTrack(env, w))
	return cmd
}

// A submission is a document and the credential it is sent with.
type submission struct {
	env       *cli.Env
	wire      wire
	file      string
	tokenFile string
	variable  string
	usual     string // the variable where none is named
	timeout   time.Duration
}

func (s *submission) flags(cmd *cobra.Command, what string) {
	flags := cmd.Flags()
	flags.StringVar(&s.file, "file", "", "`FILE` with the "+what)
	flags.StringVar(&s.tokenFile, "token-file", "", "`FILE` that holds the token")
	flags.StringVar(&s.variable, "token-variable", "", "`NAME` of the variable that holds the token; default: "+s.usual)
	timeoutFlag(cmd, &s.timeout)
	s.timeout = time.Minute
	flags.Lookup("timeout").DefValue = s.timeout.String()
	require(cmd, "file")
}

func require(cmd *cobra.Command, flag string) {
	if err := cmd.MarkFlagRequired(flag); err != nil {
		panic(err)
	}
}

// read reads the document and the token.
func (s *submission) read() (document []byte, token string, err error) {
	if err := checkTimeout(s.timeout); err != nil {
		return nil, "", err
	}
	var q child.SubmitQuestion
	if err := readQuestion(s.env, &q); err != nil {
		return nil, "", err
	}
	if token, err = s.token(q.Token); err != nil {
		return nil, "", err
	}
	document, err = readDocument(s.file)
	return document, token, err
}

// visible are the characters that may stand in a header.
var visible = pattern.New(`^[!-~]+$`)

// token returns the credential: from standard input, else from the file, else
// from the variable. It is never shown.
func (s *submission) token(given string) (string, error) {
	from := "standard input"
	switch {
	case given != "":
	case s.tokenFile != "":
		data, err := readFile("token-file", s.tokenFile)
		if err != nil {
			return "", err
		}
		given, from = string(data), s.tokenFile
	default:
		from = "the variable " + cmp.Or(s.variable, s.usual)
		given = s.env.Getenv(cmp.Or(s.variable, s.usual))
	}
	given = strings.TrimSpace(given)
	switch {
	case given == "":
		return "", cli.Fail(cli.Usage, "give one in "+s.usual+", or name another variable with --token-variable, or a file with --token-file", "%s holds no token", from)
	case len(given) > maxToken:
		return "", cli.Fail(cli.Usage, "", "%s: a token of %d bytes, over the limit of %d", from, len(given), maxToken)
	case !visible.MatchString(given):
		return "", cli.Fail(cli.Usage, "", "%s: a token has letters, digits and signs, and no white space", from)
	}
	return given, nil
}

// readDocument reads what is to be sent.
func readDocument(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = "make it with gateledger sbom"
		}
		return nil, cli.Fail(cli.Usage, hint, "--file: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, cli.Fail(cli.Usage, "", "--file: %s is no regular file", name)
	}
	data, err := readBounded(f, child.MaxDocument)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "", "--file: read %s: %w", name, err)
	}
	if len(data) == 0 {
		return nil, cli.Fail(cli.Usage, "", "--file: %s is empty", name)
	}
	return data, nil
}

// asker is how the service is asked. Its answers are short.
func (s *submission) asker(ctx context.Context, who, token string) *asker {
	return &asker{ctx: ctx, who: who, timeout: s.timeout, limit: 64 << 10, secrets: []string{token}, wire: s.wire}
}

// explain gives an error of a service its hint: what to do about a refusal,
// and about anything else.
func explain(err error, refused, otherwise string) error {
	exit := (*cli.Exit)(nil)
	if err = explainRefusal(err, refused); errors.As(err, &exit) && exit.Hint == "" {
		return &cli.Exit{Code: exit.Code, Hint: otherwise, Err: exit.Err}
	}
	return err
}
