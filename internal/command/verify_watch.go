// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// ledgerStateFile remembers the rounds of a monitor, where no other is named.
const ledgerStateFile = ".ledger-watch.json"

// watchLedgerFlags are those of 'verify ledger --watch'.
type watchLedgerFlags struct {
	watch                   bool
	every                   time.Duration
	rounds                  int
	patience                int
	warnBefore              time.Duration
	anchorWithin            time.Duration
	state, metricsFile      string
	webhookFile, secretFile string
	compare                 []string
	witnesses               bool
}

func (f *watchLedgerFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.watch, "watch", false, "go on, and alert on what goes wrong with the ledger")
	flags.DurationVar(&f.every, "every", time.Minute, "with --watch, the time between two rounds (1s to 24h)")
	flags.IntVar(&f.rounds, "rounds", 0, "with --watch, end after `N` rounds; 0 goes on until an interrupt")
	flags.IntVar(&f.patience, "patience", 3, "with --watch, alert after `N` rounds in a row in which something could not be found out")
	flags.DurationVar(&f.warnBefore, "warn-before", 30*24*time.Hour, "with --watch, alert this long before a key or a trusted root ends")
	flags.DurationVar(&f.anchorWithin, "anchor-within", time.Hour, "with --watch, how long a release may wait for the anchors that its tier asks for")
	flags.StringVar(&f.state, "state", ledgerStateFile, "with --watch, the `FILE` that remembers what was seen and told")
	flags.StringVar(&f.metricsFile, "metrics", "", "with --watch, write metrics in Prometheus' text form to `FILE`")
	flags.StringVar(&f.webhookFile, "webhook-file", "", "with --watch, post each alert to the https address in `FILE`; "+child.Name+" opens the connection")
	flags.StringVar(&f.secretFile, "webhook-secret-file", "", "with --watch, sign what is posted with the secret in `FILE` (HMAC-SHA256)")
	flags.StringArrayVar(&f.compare, "compare", nil, "with --watch, compare with the head that another reader was shown: `FILE` is their --state, or a signed checkpoint; may be given again")
	flags.BoolVar(&f.witnesses, "ask-witnesses", false, "with --watch, compare with the newest head that each witness of the policy cosigned; "+child.Name+" asks them")
}

// watchOnly are the flags that mean nothing without --watch.
var watchOnly = [...]string{"every", "rounds", "patience", "warn-before", "anchor-within", "state", "metrics", "webhook-file", "webhook-secret-file", "compare", "ask-witnesses"}

func (f *watchLedgerFlags) check(cmd *cobra.Command, asJSON bool) error {
	if !f.watch {
		for _, name := range watchOnly {
			if cmd.Flags().Changed(name) {
				return cli.Fail(cli.Usage, "", "--%s is for --watch", name)
			}
		}
		return nil
	}
	switch {
	case cmd.Flags().Changed("publish") || cmd.Flags().Changed("report-dir"):
		return cli.Fail(cli.Usage, "audit once in a job: leave --watch out", "--watch takes no --publish")
	case asJSON:
		return cli.Fail(cli.Usage, "it writes one JSON line for each alert to standard output", "--watch takes no --json")
	case f.every < time.Second || f.every > 24*time.Hour:
		return cli.Fail(cli.Usage, "", "--every is %s; it must be 1s to 24h", f.every)
	case f.rounds < 0 || f.patience < 1:
		return cli.Fail(cli.Usage, "", "--rounds is %d and --patience %d; they must be at least 0 and 1", f.rounds, f.patience)
	case f.warnBefore < 0 || f.anchorWithin < 0:
		return cli.Fail(cli.Usage, "", "--warn-before and --anchor-within are lengths of time")
	case f.secretFile != "" && f.webhookFile == "":
		return cli.Fail(cli.Usage, "", "--webhook-secret-file is for --webhook-file")
	case f.state == "":
		return cli.Fail(cli.Usage, "", "--state names a file")
	}
	return nil
}

// A monitor looks at a ledger again and again.
type monitor struct {
	env   *cli.Env
	where where
	flags watchLedgerFlags
	hook  *webhook
	state ledgerState

	known map[string]bool // checkpoints that were found to be the log's

	worst  int // the exit code of what was found in this run
	why    error
	untold error // why the last round's alerts were not taken
	unsure error // why the last round could not find out everything
}

// runWatchLedger looks until ctx ends, or all rounds are over.
func runWatchLedger(ctx context.Context, env *cli.Env, at where, f watchLedgerFlags) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	hook, err := openWebhook(env, f.webhookFile, f.secretFile, false)
	if err != nil {
		return err
	}
	quiet := *env
	quiet.Stderr = &onceEach{to: env.Stderr, said: map[string]bool{}}
	m := &monitor{env: &quiet, where: at, flags: f, hook: hook, known: map[string]bool{}}
	if m.state, err = readLedgerState(f.state); err != nil {
		return err
	}
	for n := 1; ; n++ {
		if err := m.round(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil || n == f.rounds {
			return m.end()
		}
		timer := time.NewTimer(f.every)
		select {
		case <-ctx.Done():
			timer.Stop()
			return m.end()
		case <-timer.C:
		}
	}
}

// end is 4 where the ledger's integrity is in doubt, 3 for an alert that no
// webhook took, 1 for what is new, 3 for what could not be found out at the
// end. What was told in an earlier run is no alert any more, but for integrity:
// that does not heal.
func (m *monitor) end() error {
	final := func(code int, hint, format string, args ...any) error {
		return &cli.Exit{Code: code, Final: true, Hint: hint, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case m.worst == cli.Integrity:
		return final(cli.Integrity, "keep the lines on standard output and "+m.flags.state+" as evidence; compare with other readers", "%w", m.why)
	case m.untold != nil:
		return final(cli.Unknown, "the alerts are on standard output; they are told again in the next round", "an alert was not taken: %w", m.untold)
	case m.worst == cli.No:
		return final(cli.No, "", "%w", m.why)
	case m.unsure != nil:
		return final(cli.Unknown, "", "could not find out everything: %w", m.unsure)
	}
	return nil
}

// round looks once, tells what is new, and remembers it. Its errors end the
// run: it can't even begin.
func (m *monitor) round(ctx context.Context) error {
	now := m.env.Now().UTC()
	next, found, whole, err := m.look(ctx, now)
	if ctx.Err() != nil {
		return nil // what was cut off in the middle says nothing
	}
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) && exit.Code == cli.Usage && m.state.Head == "" {
		return err // it never worked; what worked once, and is gone, is an alert
	}
	if m.unsure = err; err != nil {
		fmt.Fprintf(m.env.Stderr, "note: %s\n", firstLine(err))
		next.Failures++
		if next.Failures >= m.flags.patience {
			found = append(found, ledgerAlert{Kind: "unreachable", Key: "unreachable", Severity: unknownSeverity, Message: fmt.Sprintf("in %d rounds in a row: %s", next.Failures, firstLine(err))})
		}
	} else {
		next.Failures = 0
	}
	return m.settle(ctx, next, found, now, whole)
}

// onceEach passes each line on once, so that a warning is not said again in
// each round.
type onceEach struct {
	to   interface{ Write([]byte) (int, error) }
	said map[string]bool
}

// maxOnce is how many lines are remembered as said.
const maxOnce = 1000

func (o *onceEach) Write(p []byte) (int, error) {
	if o.said[string(p)] {
		return len(p), nil
	}
	if len(o.said) < maxOnce {
		o.said[string(p)] = true
	}
	return o.to.Write(p)
}
