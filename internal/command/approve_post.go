// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
	"github.com/gateledger/gateledger/internal/vote"
)

// How approve leaves a signed vote where its request is shown (--post).
//
// The comment wakes the gate, which logs the vote by its own signature. It is
// left besides what the ledger is given, and proves nothing: only a receipt
// makes a vote cast.

// posts are the flags about it.
type posts struct {
	post      bool
	asked     bool // --post or its twin was given
	tokenFile string
}

func (p *posts) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.post, "post", false, "leave the vote as a comment where the request is shown; by default, where the gate reads comments and there is a token")
	cmd.Flags().StringVar(&p.tokenFile, "token-file", "", "token to comment with, from `FILE` instead of the environment")
}

// refused refuses to post what is not cast, or has no block.
func (p posts) refused(elsewhere, keyless bool) error {
	switch {
	case p.asked && p.post && elsewhere:
		return cli.Fail(cli.Usage, "", "--post with --print or --write: those cast nothing, and need no network")
	case p.asked && p.post && keyless:
		return cli.Fail(cli.Usage, "", "--post with --keyless: such a vote is an event, not a block of text")
	}
	return nil
}

// A venue is the forge where the request of a ballot is shown, and as whom to
// comment there. The zero venue is none.
type venue struct {
	question child.PostQuestion // without a text
}

func (v venue) none() bool { return v.question.Forge == "" }

// venue finds the forge to post to. Where --post does not say that it must be,
// what is missing leaves it out, and is told.
func (b *ballot) venue(ctx context.Context) (venue, error) {
	f := b.flags.posts
	if f.asked && !f.post || b.flags.keyless {
		return venue{}, nil
	}
	carriers := b.carriers(b.request.predicate.Environment)
	if len(carriers) == 0 {
		if !f.asked {
			return venue{}, nil
		}
		return venue{}, cli.Fail(cli.Usage, "have the policy name one under collect: "+strings.Join(carrierNames(), ", "), "--post: no gate would read the comment")
	}
	v, err := b.forgeOf(ctx, b.request.predicate, carriers)
	if err == nil {
		v.question.Request = b.request.id
		v.question.Token, err = b.forgeToken(v.question.Forge, b.request.predicate.Host, f.tokenFile)
	}
	if err == nil || f.asked {
		return v, err
	}
	if exit := (*cli.Exit)(nil); f.tokenFile != "" && errors.As(err, &exit) {
		return venue{}, err
	}
	fmt.Fprintf(b.env.Stderr, "note: the vote is not left as a comment, which would wake the gate: %s\n", clean.Text(err.Error()))
	return venue{}, nil
}

// carrierNames are the sources whose texts may hold signed votes.
func carrierNames() []string {
	var names []string
	for _, s := range vote.Sources() {
		if s.Carries {
			names = append(names, s.Name)
		}
	}
	return names
}

// carriers are those of them that the gate of an environment reads.
func (w *workspace) carriers(environment string) []string {
	read := slices.Clone(w.policy.Collect)
	if rules, ok := w.policy.Environment(environment); ok {
		read = append(read, rules.Sources()...)
	}
	return slices.DeleteFunc(carrierNames(), func(name string) bool { return !slices.Contains(read, name) })
}

// forgeOf says at which forge a request is shown, by its host: the one that the
// environment names, or that of origin. So nobody who writes requests chooses
// where a token is sent.
func (w *workspace) forgeOf(ctx context.Context, r event.RequestPredicate, carriers []string) (venue, error) {
	host := strings.ToLower(r.Host)
	if _, err := strconv.ParseInt(r.RepositoryID, 10, 64); err != nil {
		return venue{}, cli.Fail(cli.Usage, "", "the request is of no repository at a forge (host %q)", clean.Field(r.Host))
	}
	forge, _, _ := strings.Cut(carriers[0], "-")
	hub, lab := apiFor(host, w.env.Getenv("GITHUB_API_URL")), apiFor(host, w.env.Getenv("CI_API_V4_URL"))
	if len(carriers) > 1 && (lab != "" || hub == "" && strings.Contains(host, "gitlab")) {
		forge = "gitlab"
	}
	v := venue{child.PostQuestion{Forge: forge, RepositoryID: r.RepositoryID, Commit: r.Commit, Environment: r.Environment}}
	path := ""
	switch {
	case forge == "github" && hub != "":
		v.question.API, path = hub, w.env.Getenv("GITHUB_REPOSITORY")
	case forge == "gitlab" && lab != "":
		v.question.API = lab
		return v, nil
	}
	if v.question.API == "" || path == "" {
		at, err := w.originPath(ctx, host)
		if err != nil {
			return venue{}, err
		}
		path = at
	}
	v.question.API = cmp.Or(v.question.API, usualAPI(forge, host))
	if forge == "github" {
		v.question.Repository = path
	}
	return v, nil
}

// originPath is the path of the checkout's own repository, if it is at host.
func (w *workspace) originPath(ctx context.Context, host string) (string, error) {
	const hint = "run it in a checkout whose remote origin is that repository, or set GITHUB_API_URL and GITHUB_REPOSITORY (GitLab: CI_API_V4_URL)"
	if w.place.repo == nil {
		return "", cli.Fail(cli.Usage, hint, "there is no checkout that says where the repository at %s is", clean.Field(host))
	}
	address, err := w.place.repo.RemoteURL(ctx, remote)
	if err != nil {
		return "", cli.Fail(cli.Usage, hint, "no remote origin says where the repository at %s is", clean.Field(host))
	}
	at, path, ok := ci.RepositoryAt(address)
	if bare, _, _ := strings.Cut(at, ":"); !ok || at != host && bare != host {
		return "", cli.Fail(cli.Usage, hint, "the request is of a repository at %s, and origin is not", clean.Field(host))
	}
	return path, nil
}

// apiFor is the address of an API that the environment names, if it is that of
// host; else empty.
func apiFor(host, named string) string {
	u, err := url.Parse(named)
	if err != nil || u.Host == "" || host == "" {
		return ""
	}
	if at := strings.ToLower(u.Host); at != host && at != "api."+host {
		return ""
	}
	return named
}

// usualAPI is where a host has its API, where nobody says otherwise.
func usualAPI(forge, host string) string {
	switch {
	case forge == "gitlab":
		return "https://" + host + "/api/v4"
	case dotCom(host):
		return "https://api." + host
	}
	return "https://" + host + "/api/v3"
}

// dotCom reports whether a host is GitHub's own. A token for that is sent to no
// server of somebody else.
func dotCom(host string) bool { return host == "github.com" || strings.HasSuffix(host, ".ghe.com") }

// maxTokenFile is the most that a file with a token may hold, in bytes.
const maxTokenFile = 64 << 10

// forgeToken is the token to comment with.
func (w *workspace) forgeToken(forge, host, file string) (string, error) {
	if file != "" {
		data, err := readLimited(file, maxTokenFile)
		if err != nil {
			return "", err
		}
		if token := strings.TrimSpace(string(data)); token != "" {
			return token, nil
		}
		return "", cli.Fail(cli.Usage, "", "%s holds no token", file)
	}
	names := []string{"GATELEDGER_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"}
	switch {
	case forge == "gitlab":
		names = []string{"GATELEDGER_GITLAB_TOKEN", "GITLAB_TOKEN"}
	case !dotCom(strings.ToLower(host)) && apiFor(strings.ToLower(host), w.env.Getenv("GITHUB_API_URL")) == "":
		names = []string{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}
	}
	for _, name := range names {
		if token := strings.TrimSpace(w.env.Getenv(name)); token != "" {
			return token, nil
		}
	}
	return "", cli.Fail(cli.Usage, "set one, or give --token-file FILE; --print needs none: it prints what to paste", "there is no token in %s", strings.Join(names, ", "))
}

// left leaves the vote at its venue, and returns what approve ends with. What
// was cast stays cast; what was not is no more cast for being left.
func (b *ballot) left(ctx context.Context, to venue, v box, ended error) error {
	code := exitOf(ended).Code
	if to.none() || code != cli.OK && code != cli.Pending && code != cli.Unknown {
		return ended
	}
	answer, block, err := b.post(ctx, to, v)
	if err != nil {
		return b.notLeft(block, ended, err)
	}
	where := answer.Place
	if answer.Address != "" {
		where += " (" + answer.Address + ")"
	}
	word := map[bool]string{false: "left as", true: "was left before as"}[answer.Before]
	fmt.Fprintf(b.env.Stderr, "%s %s %s\n", b.choice(), word, clean.Field(where))
	const hint = "the gate reads it there and logs it; run the same command again to see whether it was"
	switch code {
	case cli.OK:
		return nil
	case cli.Pending:
		return cli.Fail(cli.Pending, hint, "%w", exitOf(ended).Err)
	}
	return cli.Fail(cli.Pending, hint, "not yet cast: it is signed and left at the forge; the ledger: %w", ended)
}

// notLeft is what approve ends with where the vote could not be left. The vote
// is not lost: it is in the log, or at the ledger, or in the outbox; and its
// block is printed, to be pasted by hand.
func (b *ballot) notLeft(block string, ended, failed error) error {
	if exitOf(ended).Code == cli.OK {
		fmt.Fprintf(b.env.Stderr, "warning: the vote is cast, but not left as a comment, which would have woken the gate: %s\n", clean.Text(failed.Error()))
		return nil
	}
	if block != "" {
		if _, err := fmt.Fprintf(b.env.Stdout, "```\n%s```\n", block); err != nil {
			return err
		}
	}
	hint := "paste the block above where the request is shown, or run the same command again"
	if said := (*child.Error)(nil); errors.As(failed, &said) && said.Hint != "" {
		hint = said.Hint + "; or " + hint
	}
	if exitOf(ended).Code == cli.Pending {
		return cli.Fail(cli.Pending, hint, "%w; and not left as a comment: %w", exitOf(ended).Err, failed)
	}
	return cli.Fail(cli.Pending, hint, "not yet cast: it is signed and in the outbox; the ledger: %w; the forge: %w", ended, failed)
}

// post has the block of a vote left.
func (b *ballot) post(ctx context.Context, to venue, v box) (answer child.PostAnswer, block string, err error) {
	e, err := opened(v.signed)
	if err != nil {
		return answer, "", err
	}
	signed, err := vote.Open(e)
	if err != nil {
		return answer, "", err
	}
	if block, err = vote.Armour(signed.Statement, vote.ArmorSSHSIG(signed.Signature)); err != nil {
		return answer, "", err
	}
	remote, err := b.remote()
	if err != nil {
		return answer, block, err
	}
	q := to.question
	q.Text = report.VoteComment(string(signed.Predicate.Choice), b.request.id, b.request.predicate.Environment, block)
	answer, err = remote.Post(ctx, q)
	return answer, block, err
}

// loggedByAnother finds the same ballot in the log in another envelope: a gate
// that read it elsewhere makes its own.
func (b *ballot) loggedByAnother(ctx context.Context, v box) (proof.Receipt, bool, error) {
	e, err := opened(v.signed)
	if err != nil {
		return proof.Receipt{}, false, nil
	}
	own, err := vote.Open(e)
	if err != nil || own.Keyless() {
		return proof.Receipt{}, false, nil
	}
	id := own.ID()
	i := slices.IndexFunc(b.events, func(e *event.Event) bool {
		if !e.Mentions(b.request.id) || !e.Is("vote") || e.Verify() != nil {
			return false
		}
		logged, err := vote.Open(e)
		return err == nil && !logged.Keyless() && logged.ID() == id && logged.Verify() == nil
	})
	if i < 0 {
		return proof.Receipt{}, false, nil
	}
	receipt, ok, err := b.provedAt(ctx, b.head, b.events, i)
	receipt.Duplicate = !v.left
	return receipt, ok, err
}
