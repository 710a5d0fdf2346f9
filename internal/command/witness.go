// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/proof"
)

// Witness is the verb for whoever watches over the logs of others.
func Witness(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "witness",
		Short: "Cosign the checkpoints of logs, so that nobody can show two histories",
		Long: `A witness cosigns checkpoints of logs, ours or anybody's, by C2SP tlog-witness: of
each log only what follows from all that it has cosigned before. Whoever asks for the
cosignatures of several witnesses, run by several people, is shown the same log as
everybody else.`,
		Example: `  gateledger witness keygen witness.example/w1 -o w1.key
  gateledger witness serve --key w1.key --state w1 --logs logs.txt`,
	}
	cmd.AddCommand(witnessKeygen(env), witnessServe(env))
	return cmd
}

func witnessKeygen(env *cli.Env) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "keygen NAME",
		Short: "Make the key of a witness",
		Long: `Keygen writes a private key, Ed25519 for C2SP tlog-cosignature, to a file that only
its owner can read, and prints the verifier key, which policies name. There must be
no such file yet. NAME is an address without its scheme, such as witness.example/w1.

A key belongs to one state. Where the state was lost make a new key: a witness that
begins anew with an old key could cosign a second history.`,
		Example: `  gateledger witness keygen witness.example/w1 -o w1.key`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			key, err := proof.NewCosignerKey(args[0], env.Rand)
			if err != nil {
				return cli.Fail(cli.Usage, "give an address without its scheme, such as witness.example/w1", "%w", err)
			}
			err = keyring.CreateKeyFile(file, []byte(key.Private()+"\n"))
			if errors.Is(err, keyring.ErrExists) {
				return cli.Fail(cli.Usage, "another -o FILE", "%w", err)
			}
			if err != nil {
				return cli.Fail(cli.Unknown, "", "%w", err)
			}
			fmt.Fprintln(env.Stdout, key.String())
			fmt.Fprintf(env.Stderr, "the private key is in %s; policies name the line above, under ledger: witnesses:\n", file)
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "`FILE` for the private key")
	must(cmd.MarkFlagRequired("output"))
	return cmd
}

type witnessFlags struct {
	logsFile string
	child    child.WitnessConfig
}

func witnessServe(env *cli.Env) *cobra.Command {
	var f witnessFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Be a witness, over HTTP",
		Long: `Serve answers C2SP tlog-witness: POST /add-checkpoint, and GET /HASH/checkpoint for
the newest cosigned checkpoint of a log, where HASH is SHA-256 of its origin in hex.

The state folder holds what was cosigned of each log, and is durable before a
cosignature is given out. One process works with it at a time. A log that shows two
trees of one size is caught: both signed checkpoints are kept there as fork-….json,
it is logged as an error, counted in the metrics, and the exit code is 4 at the end.

Logs are named by their verifier keys, whose name is the log's origin: with --log, or
one a line, "log KEY", in a file (C2SP tlog-policy; its other lines are passed over).

It logs JSON lines on standard error and ends on an interrupt or SIGTERM.`,
		Example: `  gateledger witness serve --key w1.key --state w1 --log "$VERIFIER_KEY"
  gateledger witness serve --key w1.key --state w1 --logs logs.txt \
    --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runWitness(ctx, env, f)
		},
	}
	flags, c := cmd.Flags(), &f.child
	flags.StringVar(&c.KeyFile, "key", "", "`FILE` with the private key that keygen made")
	flags.StringVar(&c.State, "state", "", "folder `DIR` of what was cosigned; made where there is none")
	flags.StringArrayVar(&c.Logs, "log", nil, "verifier `KEY` of a log to witness; may be given again")
	flags.StringVar(&f.logsFile, "logs", "", "`FILE` with verifier keys of logs: \"log KEY\", one a line")
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:8765", "`HOST:PORT` to listen at")
	flags.StringVar(&c.Certificate, "tls-cert", "", "certificate `FILE`, to listen with TLS")
	flags.StringVar(&c.Key, "tls-key", "", "its key `FILE`")
	flags.BoolVar(&c.Proxied, "behind-proxy", false, "something that speaks TLS stands before --listen")
	flags.IntVar(&c.Rate, "rate", 50, "take at most `N` new checkpoints of one log a second; 0 is no limit")
	flags.IntVar(&c.Connections, "connections", 256, "take at most `N` connections at once")
	flags.StringVar(&c.Metrics, "metrics", "", "write figures for Prometheus to `FILE`")
	must(cmd.MarkFlagRequired("key"))
	must(cmd.MarkFlagRequired("state"))
	return cmd
}

func runWitness(ctx context.Context, env *cli.Env, f witnessFlags) error {
	c, err := f.config()
	if err != nil {
		return err
	}
	program, err := child.Find(os.Executable, true)
	if err != nil {
		return cli.Fail(cli.Usage, child.Hint, "%w", err)
	}
	log := serverLog{to: env.Stderr, now: env.Now, lock: new(sync.Mutex)}
	remote := child.Remote{Program: program, Getenv: env.Getenv, Stderr: &logLines{to: log}}
	err = remote.Witness(ctx, c, func(l child.ServeLog) {
		level := "warn"
		if l.Level == "info" || l.Level == "error" {
			level = l.Level
		}
		log.line(level, l.Message, l.Attributes)
	})
	if err == nil {
		return nil
	}
	err = remoteError(err)
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) && exit.Code == cli.Integrity {
		exit.Final = true // what it was ended by does not make a fork undone
	}
	return err
}

// maxLogsFile is how long a file with verifier keys may be, in bytes.
const maxLogsFile = 1 << 20

// config is what the child is told: all logs, and full paths.
func (f *witnessFlags) config() (child.WitnessConfig, error) {
	c := f.child
	c.Logs = slices.Clone(c.Logs)
	if f.logsFile != "" {
		data, err := readLimited(f.logsFile, maxLogsFile)
		if err != nil {
			return c, err
		}
		more, err := logsOf(string(data))
		if err != nil {
			return c, cli.Fail(cli.Usage, "a line is \"log KEY\", where KEY is NAME+HASH+BASE64", "--logs %s: %w", f.logsFile, err)
		}
		c.Logs = append(c.Logs, more...)
	}
	if len(c.Logs) == 0 {
		return c, cli.Fail(cli.Usage, "--log KEY, or --logs FILE", "which logs? a witness cosigns none that it does not know")
	}
	for _, name := range []*string{&c.KeyFile, &c.State, &c.Certificate, &c.Key, &c.Metrics} {
		if *name != "" {
			path, err := filepath.Abs(*name)
			if err != nil {
				return c, fmt.Errorf("find %s: %w", *name, err)
			}
			*name = path
		}
	}
	return c, nil
}

// logsOf reads the logs of a C2SP tlog-policy, which may have no other lines.
func logsOf(text string) ([]string, error) {
	var logs []string
	number := 0
	for line := range strings.Lines(text) {
		number++
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' })
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case words[0] == "log" && (len(words) == 2 || len(words) == 3):
			logs = append(logs, words[1])
		case slices.Contains([]string{"witness", "group", "quorum"}, words[0]):
		default:
			return nil, fmt.Errorf("line %d is no line of a tlog-policy", number)
		}
	}
	return logs, nil
}
