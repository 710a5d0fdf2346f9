// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// A host is where a log is shared. The zero host is none.
type host struct {
	provider string       // of hosting's; empty: none was named
	plan     hosting.Plan // zero: the user named none
}

// chooseHost is the host that the flags name.
func chooseHost(o initOptions) (host, error) {
	var h host
	switch {
	case o.github && o.gitlab:
		return host{}, cli.Fail(cli.Usage, "give one of them: a repository has one log", "both --github and --gitlab")
	case o.github:
		h.provider = hosting.GitHub
	case o.gitlab:
		h.provider = hosting.GitLab
	}
	if o.plan == "" {
		return h, nil
	}
	plan, err := hosting.Find(o.plan)
	if err != nil {
		return host{}, cli.Fail(cli.Usage, "docs/threat-model.md says what each of them protects", "--plan: %w", err)
	}
	if h.provider != "" && h.provider != plan.Provider {
		return host{}, cli.Fail(cli.Usage, "have "+strings.Join(hosting.NamesOf(h.provider), ", "), "%s is no plan of --%s", plan.Name, h.provider)
	}
	return host{provider: plan.Provider, plan: plan}, nil
}

// defaultLedger is where the log goes if nobody says.
func (h host) defaultLedger() string {
	if h.provider == "" || h.provider == hosting.Dir {
		return defaultLedger
	}
	return defaultGitLedger
}

// asIn is the host that a policy names, which init never changes.
func (h host) asIn(name string) (host, error) {
	if h.plan.Name != "" && h.plan.Name != name {
		return host{}, cli.Fail(cli.Usage, "run it without --plan, or put 'hosting: "+h.plan.Name+"' under ledger in "+product.PolicyFile,
			"the policy's hosting is %q, and not %s", name, h.plan.Name)
	}
	if name == "" {
		return h, nil
	}
	plan, err := hosting.Find(name)
	if err != nil {
		return host{}, cli.Fail(cli.Usage, "mend ledger.hosting in "+product.PolicyFile, "read ledger.hosting: %w", err)
	}
	if h.provider != "" && h.provider != plan.Provider {
		return host{}, cli.Fail(cli.Usage, "mend ledger.hosting in "+product.PolicyFile, "the policy's hosting is %s, and not of --%s", name, h.provider)
	}
	return host{provider: plan.Provider, plan: plan}, nil
}

// named puts the plan into a new policy, after the log's keys.
func (h host) named(text []byte) ([]byte, error) {
	if h.plan.Name == "" {
		return text, nil
	}
	const keys = "\n  keys: "
	before, rest, ok := strings.Cut(string(text), keys)
	line, after, more := strings.Cut(rest, "\n")
	if !ok || !more {
		return nil, errors.New("write a policy with hosting: it has no ledger.keys")
	}
	out := []byte(before + keys + line + "\n  hosting: " + h.plan.Name + "\n" + after)
	p, err := policy.Parse(out)
	if err == nil && p.Ledger.Hosting != h.plan.Name {
		err = fmt.Errorf("it came out as %q", p.Ledger.Hosting)
	}
	if err != nil {
		return nil, fmt.Errorf("write a policy with hosting %s: %w", h.plan.Name, err)
	}
	return out, nil
}

// logBranch is the branch of a git: ledger whose URL names none.
const logBranch = product.Name + "/log"

// gitPlace takes the URL of a git: ledger apart.
func gitPlace(at string) (remote, branch string, err error) {
	remote, query, _ := strings.Cut(strings.TrimPrefix(at, "git:"), "?")
	values, err := url.ParseQuery(query)
	branch = cmp.Or(values.Get("branch"), logBranch)
	if err != nil || remote == "" || !plainBranch(branch) {
		return "", "", cli.Fail(cli.Usage, "a git: ledger is git:REMOTE or git:REMOTE?branch=NAME, with a name of letters, digits, '.', '_', '-' and '/'",
			"read ledger URL: %.200q names no remote or branch that init can use", at)
	}
	return remote, branch, nil
}

// plainBranch says whether a name is a branch's, and can stand in a script.
func plainBranch(name string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/-]*$`).MatchString(name) && !strings.Contains(name, "..") && !strings.HasSuffix(name, "/")
}

// gitOptions say where the ledger is and how to get in.
func (s *setup) gitOptions(ctx context.Context) (ledger.GitOptions, error) {
	return gitOptionsOf(ctx, s.env, s.place, s.ring, s.at, s.origin)
}

// gitOptionsOf are what a git: ledger needs besides its URL; they are zero for
// any other.
func gitOptionsOf(ctx context.Context, env *cli.Env, p place, ring keyring.Ring, at, origin string) (ledger.GitOptions, error) {
	if !isGit(at) {
		return ledger.GitOptions{}, nil
	}
	cache, err := ring.Cache(origin)
	if err != nil {
		return ledger.GitOptions{}, err
	}
	from, err := p.gitRemote(ctx, at)
	return ledger.GitOptions{Remote: from, Cache: cache, Getenv: env.Getenv}, err
}

// originAtRemote reads, without believing it, the origin of the ledger on a
// branch of a remote. It is empty where the branch is not there.
func (s *setup) originAtRemote(ctx context.Context) (string, error) {
	_, branch, err := gitPlace(s.at)
	if err != nil {
		return "", err
	}
	from, err := s.place.gitRemote(ctx, s.at)
	if err != nil {
		return "", err
	}
	bare, done, err := passingBare(ctx, s.env)
	if err != nil {
		return "", err
	}
	defer done()
	ref := "refs/heads/" + branch
	refs, err := bare.Fetch(ctx, from, ref)
	if errors.Is(err, git.ErrRemote) {
		return "", cli.Fail(cli.Unknown, "check the network, the remote's address and how git gets in: git ls-remote", "look for a ledger at %s: %w", s.at, err)
	}
	if err != nil {
		return "", err
	}
	commit, ok := refs[ref]
	if !ok {
		return "", nil
	}
	return originIn(ctx, bare, commit)
}

// passingBare is a repository for one look at a remote, gone after done.
func passingBare(ctx context.Context, env *cli.Env) (bare *git.Bare, done func(), err error) {
	dir, err := os.MkdirTemp("", product.Name+"-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder for a look at a remote: %w", err)
	}
	done = func() { _ = os.RemoveAll(dir) }
	if bare, err = git.OpenBare(ctx, dir, env.Getenv); err != nil {
		done()
	}
	return bare, done, err
}

// originIn is the origin of the checkpoint that a commit holds.
func originIn(ctx context.Context, bare *git.Bare, commit string) (origin string, err error) {
	files, err := bare.Files(ctx, commit)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		if f.Path != "checkpoint" {
			continue
		}
		const largest = 64 << 10
		err := bare.Read(ctx, []string{f.ID}, largest, func(_ int, data []byte) (err error) {
			origin, err = originOf(data)
			return err
		})
		return origin, err
	}
	return "", fmt.Errorf("the branch holds something else: %w", ledger.ErrNotLedger)
}

// indented puts two blanks before every line.
func indented(text string) string {
	var b bytes.Buffer
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// planLines lists the plans of those hosts that init writes a job for.
func planLines() string {
	return strings.Join(hosting.NamesOf(hosting.GitHub), ", ") + "\n" + strings.Join(hosting.NamesOf(hosting.GitLab), ", ") + "\n"
}
