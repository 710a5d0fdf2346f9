// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/forge/guard"
)

// serveVerb is the verb that answers runs that wait, as its parent judges.
func serveVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Pass a gate's answers to runs that wait for them",
		Long: `Serve reads one JSON object, a line, from standard input: which repository, where
to listen, and files with secrets. It then writes a line for each run that waits
for GitHub's deployment protection rule, or merge request that waits for GitLab's
external status check, {"ask": {"id", "run", "commit", …}}, reads the answer,
{"id", "state", "comment"}, and passes it on. It judges nothing: without an
answer, or without a state in it, the run goes on waiting. At the end of its
input it finishes what it does, and ends.

What is delivered by a webhook only says where to look; all that is asked about
was read back from the forge.`,
		Example: `  gateledger gate serve --poll --repository acme/app --token-file token   # runs it`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runServe(ctx, env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func runServe(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	p := newParent(env)
	c, err := p.config()
	if err != nil {
		return err
	}
	o, err := guardOptions(ctx, env, w, timeout, c)
	if err != nil {
		return err
	}
	o.Judge, o.Log = p.judge, p.log
	g, err := answerer(o, c)
	if err != nil {
		return cli.Fail(cli.Usage, "", "%w", err)
	}
	hook, err := listening(ctx, o, c)
	if err != nil {
		return err
	}
	ready := []string{"repository", c.Repository, "repository-id", fmt.Sprint(o.RepositoryID), "listen", hook.address}
	if c.Project != 0 {
		ready = []string{"project", fmt.Sprint(c.Project), "status-check", fmt.Sprint(c.StatusCheck), "environment", c.Environment, "listen", hook.address}
	}
	p.log(guard.Info, "ready", ready...)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go p.read(cancel)
	err = rounds(ctx, g, hook, time.Duration(c.Every)*time.Second, p.log)
	hook.shut()
	p.log(guard.Info, "stopped")
	return cmp.Or(err, p.fault())
}

// A looker looks at what waits, and answers it.
type looker interface {
	Look(context.Context, guard.Hint) error
	Sweep(ctx context.Context, stop func() bool) error
}

// answerer answers what a configuration asks for: GitLab's external status
// check, else GitHub's deployment protection rule.
func answerer(o guard.Options, c child.ServeConfig) (looker, error) {
	if c.Project != 0 {
		return guard.NewChecks(o, c.StatusCheck, c.Environment)
	}
	return guard.New(o)
}

// guardOptions are the options that a configuration asks for.
func guardOptions(ctx context.Context, env *cli.Env, w wire, timeout time.Duration, c child.ServeConfig) (guard.Options, error) {
	o := guard.Options{
		API: c.API, Repository: c.Repository, RepositoryID: c.RepositoryID, Now: env.Now,
		Base: w.base, Timeout: timeout, Pause: w.pause,
	}
	if c.Every < 1 || c.Every > 24*60*60 {
		return o, cli.Fail(cli.Usage, "", "%d seconds between two looks; it must be 1 to 86400", c.Every)
	}
	if (c.TokenFile == "") == (c.AppID == "" || c.AppKeyFile == "") {
		return o, cli.Fail(cli.Usage, "", "give either a file with a token, or an app's id and a file with its key")
	}
	if c.Project != 0 {
		o.RepositoryID = c.Project
		if c.TokenFile == "" {
			return o, cli.Fail(cli.Usage, "", "GitLab is asked with a token from a file")
		}
	}
	if c.TokenFile != "" {
		o.Tokens = guard.FileToken{Read: func() ([]byte, error) { return readFile("token-file", c.TokenFile) }}
	}
	if o.RepositoryID == 0 && c.AppID != "" {
		return o, cli.Fail(cli.Usage, "give --repository-id: an app's token is made for one repository by its number", "which repository is %s? its number is not given", c.Repository)
	}
	if c.AppID != "" {
		app, err := appOf(env, c, o)
		if err != nil {
			return o, err
		}
		o.Tokens = app
	}
	if o.RepositoryID != 0 {
		return o, nil
	}
	token, err := o.Tokens.Token(ctx)
	if err != nil {
		return o, err
	}
	o.RepositoryID, err = github.FindRepository(ctx, github.Options{API: c.API, Repository: c.Repository, Token: token, Base: w.base, Timeout: timeout, Pause: w.pause})
	return o, forgeError(err)
}

func appOf(env *cli.Env, c child.ServeConfig, o guard.Options) (*guard.App, error) {
	data, err := readFile("app-key-file", c.AppKeyFile)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(c.AppKeyFile); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		fmt.Fprintf(env.Stderr, "note: %s can be read by others; chmod 600 keeps the key yours\n", c.AppKeyFile)
	}
	key, err := guard.ParseAppKey(data)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "give the .pem file that GitHub made for the app", "--app-key-file %s: %w", c.AppKeyFile, err)
	}
	app := &guard.App{
		ID: c.AppID, Key: key, Repository: c.Repository, RepositoryID: o.RepositoryID, Installation: c.Installation,
		API: c.API, Now: o.Now, Base: o.Base, Timeout: o.Timeout, Pause: o.Pause,
	}
	if err := app.Check(); err != nil {
		return nil, cli.Fail(cli.Usage, "it is on the app's settings page", "--app-id: %w", err)
	}
	return app, nil
}

// forgeError gives an error of a forge its exit code.
func forgeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, github.ErrAddress), errors.Is(err, github.ErrRepository), errors.Is(err, github.ErrToken):
		return cli.Fail(cli.Usage, "", "%w", err)
	case errors.Is(err, ask.ErrRefused):
		return cli.Fail(cli.Unknown, "the token needs actions: read and deployments: write for this repository", "%w", err)
	}
	return cli.Fail(cli.Unknown, "run it again once the forge answers", "%w", err)
}

// maxPause is the longest time between two looks after errors.
const maxPause = 10 * time.Minute

// rounds looks at what waits, now and then, and at what is delivered, until ctx
// ends. After an error the next look comes later, and later again. What was
// begun is finished.
func rounds(ctx context.Context, g looker, hook *listener, every time.Duration, log guard.Logger) error {
	pause := every
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case fault := <-hook.failed:
			return cli.Fail(cli.Unknown, "", "listen: %w", fault)
		case hint := <-hook.hints():
			err = g.Look(context.WithoutCancel(ctx), hint)
		case <-timer.C:
			err = g.Sweep(context.WithoutCancel(ctx), func() bool { return ctx.Err() != nil })
			if pause = min(2*pause, max(maxPause, every)); err == nil {
				pause = every
			}
			timer.Reset(pause)
		}
		if err != nil {
			log(guard.Warn, "could not answer", "error", err.Error())
		}
	}
	return nil
}
