// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/posture"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
)

// Whether a gate is decorative: what a forge's settings let people do around it.

type postureFlags struct {
	where
	signing
	environments []string
	tokenFile    string
	strict       bool
	record       bool
	asJSON       bool
}

// gatePosture is the verb below gate.
func gatePosture(env *cli.Env) *cobra.Command {
	var f postureFlags
	cmd := &cobra.Command{
		Use:   "posture",
		Short: "Say whether the settings around the gate let somebody go past it",
		Long: `Posture asks GitHub or GitLab for the settings that make a gate hold or make it
decoration: branch protection and rulesets, who bypasses them, the environment's
rules, the rights of workflows, jobs and tokens, who may set a required check,
how merge requests are approved, where the policy lives and who owns it. Each
finding is ok, weak or unknown, with what was seen and how to mend it.

What the token may not see is unknown, setting by setting, and never ok. Most
settings are shown to administrators only: put a token that may read them into
GATELEDGER_POSTURE_TOKEN, or into a file for --token-file. It is sent to the
forge and nowhere else.

With --strict it ends with 2 if something is weak, and with 3 if something that
matters is unknown. With --record what was seen is logged as an event of the
gate's signer.`,
		Example: `  gateledger gate posture
  gateledger gate posture --environment production --strict
  gateledger gate posture --token-file ~/.config/admin-token --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPosture(cmd.Context(), env, f) },
	}
	f.where.flags(cmd)
	cmd.Flags().StringArrayVar(&f.environments, "environment", nil, "`ENVIRONMENT` of the policy; repeatable; default: all of them")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "end with 2 if something is weak, with 3 if something that matters is unknown")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "`FILE` that holds a token that may read settings")
	cmd.Flags().BoolVar(&f.record, "record", false, "log what was seen, signed by the gate's signer")
	f.keyFlag(cmd)
	f.signing.flags(cmd)
	return withoutTwins(cmd)
}

func runPosture(ctx context.Context, env *cli.Env, f postureFlags) error {
	token, err := readTokenFile(f.tokenFile)
	if err != nil {
		return err
	}
	g, err := openPosture(ctx, env, f)
	if err != nil {
		return err
	}
	names, err := g.postureNames(f.environments)
	if err != nil {
		return err
	}
	seen, err := g.readPosture(ctx, names, token)
	if err != nil {
		return err
	}
	if f.record {
		if err := g.recordPosture(ctx, seen); err != nil {
			return err
		}
	}
	r := g.postureReport(seen)
	if f.asJSON {
		err = printJSON(env.Stdout, r)
	} else {
		err = r.print(env.Stdout)
	}
	if err != nil || !f.strict {
		return err
	}
	return r.exit()
}

// openPosture opens the policy, and to record the ledger too.
func openPosture(ctx context.Context, env *cli.Env, f postureFlags) (*gate, error) {
	var w *workspace
	var err error
	if f.record {
		w, err = openWorkspace(ctx, env, f.where, gatePolicy, deciding)
	} else {
		w, err = openPolicy(ctx, env, f.where, gatePolicy)
	}
	if err != nil {
		return nil, err
	}
	w.judges = true
	g := &gate{workspace: w}
	g.flags.where = f.where
	if f.record {
		if g.maker, err = w.maker(f.signing, false); err != nil {
			return nil, err
		}
	}
	g.at, err = w.context(ctx)
	return g, err
}

// readTokenFile reads a token. Its file is named, and never what is in it.
func readTokenFile(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	f, err := os.Open(name)
	if err != nil {
		return "", cli.Fail(cli.Usage, "", "--token-file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	token := strings.TrimSpace(string(data))
	switch {
	case err != nil:
		return "", cli.Fail(cli.Usage, "", "--token-file: read %s: %w", name, err)
	case token == "" || len(data) > maxTokenFile:
		return "", cli.Fail(cli.Usage, "", "--token-file: %s holds no token, or over %d bytes", name, maxTokenFile)
	}
	return token, nil
}

// postureNames are the environments to look at.
func (w *workspace) postureNames(asked []string) ([]string, error) {
	if len(asked) == 0 {
		asked = sortedKeys(w.policy.Environments)
	}
	var names []string
	for _, name := range asked {
		e, err := w.environment(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	if len(names) == 0 {
		_, err := w.environment("")
		return nil, err
	}
	return names, nil
}

// forgeHere is the forge whose settings count: that of the job, elsewhere the
// one that the variables tell of.
func (g *gate) forgeHere() (string, error) {
	switch {
	case g.at.Provider == "github" || g.at.Provider == "gitlab":
		return g.at.Provider, nil
	case g.at.Provider != ci.Local:
	case g.env.Getenv("GITHUB_REPOSITORY") != "":
		return "github", nil
	case g.env.Getenv("CI_PROJECT_ID") != "":
		return "gitlab", nil
	}
	return "", cli.Fail(cli.Usage, "set GITHUB_REPOSITORY=OWNER/NAME, or CI_API_V4_URL and CI_PROJECT_ID", "which forge? this is no job of GitHub or GitLab")
}

// readPosture has the settings read around environments.
func (g *gate) readPosture(ctx context.Context, names []string, token string) ([]event.PosturePredicate, error) {
	name, err := g.forgeHere()
	if err != nil {
		return nil, err
	}
	remote, err := g.remote()
	if err != nil {
		return nil, err
	}
	seen, err := remote.Posture(ctx, child.PostureQuestion{
		Forge: name, Environments: names, Policy: g.policy.Digest, LedgerBranch: g.ledgerBranch(ctx), Token: token,
	})
	if err != nil {
		return nil, collectError(err)
	}
	for i := range seen {
		p := &seen[i]
		if g.at.Provider != ci.Local && (p.Host != g.at.Host || p.RepositoryID != g.at.RepositoryID) {
			return nil, cli.Fail(cli.Unknown, "", "the forge told of repository %.80s at %.80s, not of this one", clean.Field(p.RepositoryID), clean.Field(p.Host))
		}
		p.Facts = append(p.Facts, g.changeFact(p.Environment))
		p.Context = g.at
	}
	return seen, nil
}

// changeFact is whether fewer people than it takes to deploy could change how
// many that are.
func (g *gate) changeFact(environment string) event.PostureFact {
	f := event.PostureFact{Name: "policy-change", State: event.Yes}
	e, _ := g.policy.Environment(environment)
	need, have := seatsOf(e.Seats()), seatsOf(g.policy.PolicyChange)
	switch {
	case len(g.policy.PolicyChange) == 0:
		f.Why = "the policy has no policy-change, so no other policy can follow it"
	case have < need:
		f.State, f.Why = event.No, fmt.Sprintf("to change the policy takes %s, to deploy %d", counted(have, "approval"), need)
	default:
		f.Why = fmt.Sprintf("to change the policy takes %s, to deploy %d", counted(have, "approval"), need)
	}
	return f
}

func seatsOf(seats []policy.Seat) (n int) {
	for _, s := range seats {
		n += s.Count
	}
	return n
}

// ledgerBranch is the branch of this repository that the ledger is; empty where
// it is elsewhere.
func (g *gate) ledgerBranch(ctx context.Context) string {
	url := cmp.Or(g.flags.ledger, g.policy.Ledger.URL)
	if !isGit(url) {
		return ""
	}
	at, branch, err := gitPlace(url)
	if err != nil {
		return ""
	}
	if at == remote {
		return branch
	}
	repository := cmp.Or(g.at.Repository, g.env.Getenv("GITHUB_REPOSITORY"), g.env.Getenv("CI_PROJECT_PATH"))
	if from, err := g.place.gitRemote(ctx, url); err == nil {
		at = from.URL
	}
	at = strings.TrimSuffix(strings.TrimSuffix(at, "/"), ".git")
	if repository != "" && (strings.HasSuffix(at, "/"+repository) || strings.HasSuffix(at, ":"+repository)) {
		return branch
	}
	return ""
}

// recordPosture logs what was seen.
func (g *gate) recordPosture(ctx context.Context, seen []event.PosturePredicate) error {
	for _, p := range seen {
		signed, err := g.signPosture(ctx, p)
		if err != nil {
			return err
		}
		receipts, err := g.append(ctx, proof.Checkpoint{}, signed)
		if err != nil {
			return err
		}
		for _, r := range receipts {
			fmt.Fprintf(g.env.Stderr, "logged the posture of %s as #%d\n", p.Environment, r.Index)
		}
	}
	return nil
}

func (g *gate) signPosture(ctx context.Context, p event.PosturePredicate) (entry, error) {
	subject, err := event.PostureSubject(p.Host, p.RepositoryID, p.Environment)
	if err != nil {
		return entry{}, err
	}
	return g.sign(ctx, "posture", []event.Subject{subject}, p)
}

// A postureReport is what the verb says.
type postureReport struct {
	Schema   string                   `json:"schema"`
	Verdict  posture.State            `json:"verdict"` // ok, weak or unknown
	Findings []posture.Finding        `json:"findings"`
	Postures []event.PosturePredicate `json:"postures"`
}

// postureReport judges what was seen: first the repository, then each
// environment. What one environment's policy accepts of the repository holds
// only if all of them do.
func (g *gate) postureReport(seen []event.PosturePredicate) postureReport {
	r := postureReport{Schema: product.PredicateBase + "gate-posture/v1", Postures: seen, Findings: []posture.Finding{}}
	var local []posture.Finding
	for i, p := range seen {
		for _, f := range posture.Judge(p, g.accepted(p.Environment)) {
			at := slices.IndexFunc(r.Findings, func(o posture.Finding) bool { return o.Name == f.Name })
			switch {
			case f.Environment != "":
				local = append(local, f)
			case i == 0:
				r.Findings = append(r.Findings, f)
			case at >= 0:
				r.Findings[at].Accepted = r.Findings[at].Accepted && f.Accepted
			}
		}
	}
	r.Findings = append(r.Findings, local...)
	r.Verdict = posture.Sum(r.Findings).State
	return r
}

// accepted are the findings that an environment's policy lets pass.
func (g *gate) accepted(environment string) []string {
	if e, ok := g.policy.Environment(environment); ok && e.Posture != nil {
		return e.Posture.Accept
	}
	return nil
}

func (r postureReport) print(w io.Writer) error {
	marks := map[posture.State]string{posture.OK: "✓", posture.Weak: "✗", posture.Unknown: "?"}
	for i, p := range r.Postures {
		if i == 0 {
			fmt.Fprintf(w, "posture of repository %s at %s, branch %s, read at %s in %s\n", clean.Field(p.RepositoryID), clean.Field(p.Host), clean.Field(p.Branch), clean.Field(p.Read.Time), counted(p.Read.Calls, "call"))
		}
	}
	environment := ""
	for _, f := range r.Findings {
		if f.Environment != environment {
			environment = f.Environment
			fmt.Fprintf(w, "environment %s\n", clean.Field(environment))
		}
		state := f.State.String()
		if f.Accepted && f.State != posture.OK {
			state += ", accepted"
		}
		fmt.Fprintf(w, "%s %-17s  %-23s  %s\n", marks[f.State], state, f.Name, clean.Field(f.Seen))
		if f.Mend != "" && !f.Accepted {
			fmt.Fprintf(w, "%45s  mend: %s\n", "", f.Mend)
		}
	}
	v := posture.Sum(r.Findings)
	_, err := fmt.Fprintf(w, "%s: %d ok, %d weak, %d unknown that matter\n", strings.ToUpper(r.Verdict.String()), v.OK, len(v.Weak), len(v.Unknown))
	return err
}

// exit is how a strict posture ends.
func (r postureReport) exit() error {
	v := posture.Sum(r.Findings)
	switch v.State {
	case posture.OK:
		return nil
	case posture.Weak:
		return &cli.Exit{Code: cli.Usage, Quiet: true, Err: errors.New("the posture is weak: " + posture.Line(v.Weak))}
	}
	return &cli.Exit{Code: cli.Unknown, Quiet: true, Err: errors.New("could not find out the posture: " + posture.Line(v.Unknown))}
}
