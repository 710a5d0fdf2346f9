// SPDX-License-Identifier: Apache-2.0

// Package remote is gateledger-remote: the verbs that speak with services. A
// verb reads one JSON object from standard input and writes one to standard
// output (package child has both), so that secrets are in nobody's arguments
// and the program that calls links none of this.
//
// Services are believed nothing. Every answer has a limit in time and size,
// redirects are not followed, and what a service signed is checked against a
// trusted root by stock sigstore-go before it is handed on.
package remote

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// Root is the command that has every verb.
func Root(env *cli.Env) *cobra.Command { return rootOver(env, network()) }

func rootOver(env *cli.Env, w wire) *cobra.Command {
	root := &cobra.Command{
		Use:   child.Name,
		Short: "Speak with services on the network, for the other programs",
		Example: `  gateledger record build --keyless     # runs this program where it needs one
  gateledger-remote trusted-root fetch -o trusted_root.json`,
		Version: version(),
	}
	for i, verb := range []func(*cli.Env, wire) *cobra.Command{signVerb, stampVerb, trustedRoot, submitVerb, collectVerb, announceVerb, wakeVerb, postVerb, notifyVerb, serveVerb, witnessVerb, witnessHeadVerb, postureVerb, anchorVerb, anchorCheckVerb, registryVerb, whenVerb} {
		cmd := verb(env, w)
		cmd.Annotations = map[string]string{cli.Order: fmt.Sprintf("%02d", i)}
		root.AddCommand(cmd)
	}
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}

// maxFile is the largest trusted root or signing configuration, in bytes.
const maxFile = 1 << 20

// maxTimeout is the longest that one answer may be waited for.
const maxTimeout = 10 * time.Minute

// timeoutFlag adds --timeout to cmd.
func timeoutFlag(cmd *cobra.Command, to *time.Duration) {
	cmd.Flags().DurationVar(to, "timeout", 20*time.Second, "longest wait for one answer of one service")
}

func checkTimeout(d time.Duration) error {
	if d <= 0 || d > maxTimeout {
		return cli.Fail(cli.Usage, "", "--timeout is %s; it must be over 0 and at most %s", d, maxTimeout)
	}
	return nil
}

// readQuestion reads the JSON object on standard input, strictly.
func readQuestion(env *cli.Env, question any) error {
	data, err := readBounded(env.Stdin, child.MaxQuestion)
	if err != nil {
		return cli.Fail(cli.Usage, "", "read standard input: %w", err)
	}
	if err := canon.Decode(data, question); err != nil {
		return cli.Fail(cli.Usage, "standard input is one JSON object; see --help", "read standard input: %w", secretFree(err))
	}
	return nil
}

// secretFree drops the text of an error about input that may hold a token.
func secretFree(err error) error {
	if err == nil {
		return nil
	}
	return errors.New("not the JSON object that this verb reads")
}

// writeAnswer writes the JSON object on standard output.
func writeAnswer(env *cli.Env, answer any) error {
	data, err := canon.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	if len(data) > child.MaxAnswer {
		return fmt.Errorf("write answer: %d bytes, over the limit of %d", len(data), child.MaxAnswer)
	}
	_, err = env.Stdout.Write(append(data, '\n'))
	return err
}

var errTooLarge = errors.New("over the limit")

// readBounded reads all of r, which must end within limit bytes.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w of %d bytes", errTooLarge, limit)
	}
	return data, nil
}

// readFile reads a file that the user named with flag.
func readFile(flag, name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cli.Fail(cli.Usage, "", "--%s: there is no file %s", flag, name)
	}
	if err != nil {
		return nil, cli.Fail(cli.Usage, "", "--%s: %w", flag, err)
	}
	defer f.Close()
	data, err := readBounded(f, maxFile)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "", "--%s: read %s: %w", flag, name, err)
	}
	return data, nil
}
