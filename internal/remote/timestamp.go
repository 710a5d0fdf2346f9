// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

type timestampFlags struct {
	url, trustedRoot string
	timeout          time.Duration
}

// stampVerb is the verb that asks a timestamp authority when bytes existed.
func stampVerb(env *cli.Env, w wire) *cobra.Command {
	var f timestampFlags
	cmd := &cobra.Command{
		Use:   "timestamp --url URL",
		Short: "Get an RFC 3161 timestamp of bytes",
		Long: `Timestamp reads {"message": base64} from standard input, asks the timestamp
authority at URL, and writes {"token", "time", "verified"}. The token is the
authority's whole response in DER, over SHA-256 of the message, with a nonce of
ours in it. With --trusted-root its signature is checked against the timestamp
authorities of that file, else verified is false and the token means nothing
until somebody checks it.`,
		Example: `  echo '{"message": "aGVsbG8="}' | gateledger-remote timestamp --url https://tsa.example/api/v1/timestamp`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runTimestamp(cmd.Context(), env, w, f)
		},
	}
	cmd.Flags().StringVar(&f.url, "url", "", "`URL` of the timestamp authority, with its path")
	cmd.Flags().StringVar(&f.trustedRoot, "trusted-root", "", "`FILE` with the Sigstore TrustedRoot that must know the authority")
	timeoutFlag(cmd, &f.timeout)
	if err := cmd.MarkFlagRequired("url"); err != nil {
		panic(err)
	}
	return cmd
}

func runTimestamp(ctx context.Context, env *cli.Env, w wire, f timestampFlags) error {
	if err := checkTimeout(f.timeout); err != nil {
		return err
	}
	var q child.TimestampQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	switch {
	case len(q.Message) == 0:
		return cli.Fail(cli.Usage, "", "the message is empty")
	case len(q.Message) > child.MaxMessage:
		return cli.Fail(cli.Usage, "", "message of %d bytes, over the limit of %d", len(q.Message), child.MaxMessage)
	}
	var trusted *root.TrustedRoot
	if f.trustedRoot != "" {
		var err error
		if trusted, err = readTrustedRoot(f.trustedRoot); err != nil {
			return err
		}
	}
	ask := tsaAsker(ctx, w, f.timeout)
	token, at, err := stamp(ask, env.Rand, f.url, q.Message)
	if err != nil {
		return err
	}
	if trusted != nil {
		if at, err = verifyStamp(trusted, token, q.Message); err != nil {
			return err
		}
	}
	return writeAnswer(env, child.TimestampAnswer{Schema: child.TimestampSchema, Token: token, Time: at, Verified: trusted != nil})
}

// verifyStamp checks that one authority of the trusted root signed the token,
// within the time it was one.
func verifyStamp(trusted *root.TrustedRoot, token, message []byte) (time.Time, error) {
	var whys []error
	for _, authority := range trusted.TimestampingAuthorities() {
		ts, err := authority.Verify(token, message)
		if err == nil {
			return ts.Time.UTC(), nil
		}
		whys = append(whys, err)
	}
	if len(whys) == 0 {
		return time.Time{}, cli.Fail(cli.Usage, "", "the trusted root names no timestamp authority")
	}
	return time.Time{}, cli.Fail(cli.Integrity, "check that the address and the trusted root belong together", "the timestamp is from no authority of the trusted root: %w", errors.Join(whys...))
}

func readTrustedRoot(file string) (*root.TrustedRoot, error) {
	data, err := readFile("trusted-root", file)
	if err != nil {
		return nil, err
	}
	trusted, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "it is a Sigstore TrustedRoot in JSON", "--trusted-root: read %s: %w", file, err)
	}
	return trusted, nil
}
