// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/keyring"
)

type serveFlags struct {
	where
	signing
	consume bool
	poll    bool
	every   time.Duration
	child   child.ServeConfig
}

// gateServe is the verb that answers runs that wait at the forge.
func gateServe(env *cli.Env) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer GitHub's deployment protection rule, or GitLab's external status check, without a runner",
		Long: `Serve answers the custom deployment protection rule of one repository at GitHub. A
run whose job names a guarded environment waits, and costs no runner; serve finds
the open request of that run in the ledger, decides as gate does, and answers:
allowed is logged together with its consumption and then approved, once; denied is
rejected; anything else, an error too, keeps the run waiting and says why.

The request is made by an earlier job of the same run, which records what it built
and runs gate. Of a run, serve believes what it reads back from GitHub: a webhook
only says where to look. A request counts as this run's if a gate that ran in it
made it or looked for its votes, or if this run built all its subjects, and only for
the run's commit.

GitHub tells by a webhook (--webhook-secret-file), which comes to --listen; where
nothing can reach this machine, --poll asks for runs that wait. Waiting runs are
looked at again every --every in both cases. With --consume=false, or where the log
key is not here, it gives advice: it reports, and neither approves nor rejects.

With --project it answers an external status check of a project at GitLab instead:
open merge requests are judged as asking for --environment, by the pipeline of their
tip. Allowed is passed, denied is failed, anything else is pending; a later denial
takes back what was passed, as long as the merge request is open.

It logs JSON lines on standard error and ends on an interrupt or SIGTERM after the
answer at hand.`,
		Example: `  gateledger gate serve --poll --repository acme/app --token-file token
  gateledger gate serve --repository acme/app --repository-id 1296269 \
    --webhook-secret-file secret --app-id 12345 --app-key-file app.pem
  gateledger gate serve --poll --project 6 --status-check 12 --environment merge \
    --token-file token`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if f.child.Project != 0 && !cmd.Flags().Changed("api") {
				f.child.API = "https://gitlab.com/api/v4"
			}
			return runServe(ctx, env, f, cmd.Flags().Changed("listen"))
		},
	}
	f.where.flags(cmd)
	f.keyFlag(cmd)
	f.signing.flags(cmd)
	f.flags(cmd)
	return cmd
}

func (f *serveFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.consume, "consume", true, "approve and reject; =false only reports")
	flags.BoolVar(&f.poll, "poll", false, "ask the forge for what waits, and take no webhook unless a secret is given")
	flags.DurationVar(&f.every, "every", 30*time.Second, "time between two looks at what waits")
	flags.StringVar(&f.child.Repository, "repository", "", "`OWNER/NAME` of the repository that is guarded")
	flags.Int64Var(&f.child.RepositoryID, "repository-id", 0, "its `NUMBER`; needed with an app, else looked up once")
	flags.Int64Var(&f.child.Project, "project", 0, "`NUMBER` of the project that is guarded, at GitLab")
	flags.Int64Var(&f.child.StatusCheck, "status-check", 0, "`NUMBER` of its external status check")
	flags.StringVar(&f.child.Environment, "environment", "", "`ENVIRONMENT` of the policy that merge requests ask for")
	flags.StringVar(&f.child.API, "api", "https://api.github.com", "`URL` of the forge's API; with --project gitlab.com's")
	flags.StringVar(&f.child.Listen, "listen", "127.0.0.1:8080", "`HOST:PORT` for webhooks (/github, /gitlab) and /healthz")
	flags.StringVar(&f.child.SecretFile, "webhook-secret-file", "", "`FILE` with the webhook's secret")
	flags.StringVar(&f.child.Certificate, "tls-cert", "", "certificate `FILE`, to listen with TLS")
	flags.StringVar(&f.child.Key, "tls-key", "", "its key `FILE`")
	flags.BoolVar(&f.child.Proxied, "behind-proxy", false, "something that speaks TLS stands before --listen")
	flags.StringVar(&f.child.TokenFile, "token-file", "", "`FILE` with a token of an app's installation, or of a person at GitLab, read at each use")
	flags.StringVar(&f.child.AppID, "app-id", "", "`ID` of the app that is the rule")
	flags.StringVar(&f.child.AppKeyFile, "app-key-file", "", "its private key `FILE`, in PEM")
	flags.Int64Var(&f.child.Installation, "installation-id", 0, "`NUMBER` of its installation; default: the repository's")
}

// check says what is missing, before anything is asked.
func (f *serveFlags) check(listen bool) error {
	c := &f.child
	switch {
	case c.Project != 0:
		if err := f.checkGitLab(); err != nil {
			return err
		}
	case c.StatusCheck != 0 || c.Environment != "":
		return cli.Fail(cli.Usage, "--project NUMBER", "--status-check and --environment are of a project at GitLab: which?")
	case c.Repository == "":
		return cli.Fail(cli.Usage, "--repository OWNER/NAME; --project NUMBER at GitLab", "which repository?")
	}
	switch {
	case (c.TokenFile == "") == (c.AppID == "" && c.AppKeyFile == ""):
		return cli.Fail(cli.Usage, "--token-file FILE, or --app-id ID with --app-key-file FILE", "as whom? give a token or an app, not both")
	case !f.poll && c.SecretFile == "":
		return cli.Fail(cli.Usage, "--webhook-secret-file FILE, or --poll where the forge can't reach this machine", "how is it told of runs that wait?")
	case f.every < time.Second || f.every > 24*time.Hour:
		return cli.Fail(cli.Usage, "", "--every is %s; it must be 1s to 24h", f.every)
	case f.logKey == "-":
		return cli.Fail(cli.Usage, "name a file", "--log-key: the log key is read for each answer, and standard input only once")
	}
	c.Every = int(f.every / time.Second)
	if c.SecretFile == "" && !listen {
		c.Listen = ""
	}
	for _, name := range []*string{&c.SecretFile, &c.Certificate, &c.Key, &c.TokenFile, &c.AppKeyFile} {
		if *name != "" {
			path, err := filepath.Abs(*name)
			if err != nil {
				return fmt.Errorf("find %s: %w", *name, err)
			}
			*name = path
		}
	}
	return nil
}

// checkGitLab says what is missing for a project at GitLab.
func (f *serveFlags) checkGitLab() error {
	c := &f.child
	switch {
	case c.Repository != "" || c.RepositoryID != 0 || c.AppID != "" || c.AppKeyFile != "" || c.Installation != 0:
		return cli.Fail(cli.Usage, "leave out --repository, --repository-id and --app-…", "GitHub or GitLab? --project is GitLab's")
	case c.Project < 0 || c.StatusCheck <= 0:
		return cli.Fail(cli.Usage, "--status-check NUMBER: GET /projects/NUMBER/external_status_checks lists them", "which status check?")
	case c.Environment == "":
		return cli.Fail(cli.Usage, "--environment ENVIRONMENT", "which environment of the policy do merge requests ask for?")
	}
	return nil
}

// A server answers for one repository. It keeps nothing: every answer reads
// policy and ledger anew.
type server struct {
	env   *cli.Env
	flags serveFlags
	log   serverLog
}

func runServe(ctx context.Context, env *cli.Env, f serveFlags, listen bool) error {
	if err := f.check(listen); err != nil {
		return err
	}
	s := &server{env: env, flags: f, log: serverLog{to: env.Stderr, now: env.Now, lock: new(sync.Mutex)}}
	w, err := s.open(ctx, env)
	if err != nil {
		return err
	}
	if f.child.Project != 0 {
		if _, err := w.environment(f.child.Environment); err != nil {
			return err
		}
	}
	remote, err := w.remote()
	if err != nil {
		return err
	}
	remote.Stderr = &logLines{to: s.log}
	if !w.holds || !f.consume {
		s.log.warn("advice only: nothing is approved or rejected", "log-key", fmt.Sprint(w.holds))
	}
	err = remote.Serve(ctx, f.child, s.judge, s.pass)
	if err != nil {
		return remoteError(err)
	}
	return nil
}

// open reads the policy and opens its ledger. Without the log key it can be
// read, for advice.
func (s *server) open(ctx context.Context, env *cli.Env) (*workspace, error) {
	w, err := openWorkspace(ctx, env, s.flags.where, gatePolicy, deciding)
	if errors.Is(err, keyring.ErrNoKey) && s.flags.logKey == "" {
		w, err = openWorkspace(ctx, env, s.flags.where, gatePolicy, reading)
	}
	if err != nil {
		return nil, err
	}
	w.judges, w.integrates = true, w.holds
	return w, nil
}
