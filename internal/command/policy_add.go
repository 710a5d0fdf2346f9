// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// additionFlags say who is added, and to which file.
type additionFlags struct {
	policy string
	ssh    []string
	emails []string
	roles  []string
	github int64
	gitlab int64

	identity, issuer string
}

func policyAdd(env *cli.Env) *cobra.Command {
	var f additionFlags
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a person and their SSH keys to the policy",
		Long: `Add writes a person into ` + product.PolicyFile + ` and leaves the rest of the file as it is,
comments too. Where you trusted the file as it was, you trust it as it is now;
where you trusted another, you go on trusting that one.

Give the e-mail addresses the person commits with: without them the gate can't
tell that an approver wrote the commit.`,
		Example: `  gateledger policy add ana --ssh ~/.ssh/id_ed25519.pub --email ana@example.org --role lead
  gateledger policy add bo --ssh 'ssh-ed25519 AAAA…' --role lead --role security --github-id 583231`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := policyArgument(cmd, env, slices.DeleteFunc([]string{f.policy}, isEmpty))
			if err != nil {
				return err
			}
			return addPrincipal(cmd.Context(), env, file, args[0], f)
		},
	}
	cmd.Flags().StringArrayVar(&f.ssh, "ssh", nil, "public `KEY`: a .pub file, the private key beside one, or the key itself; repeatable")
	cmd.Flags().StringArrayVar(&f.emails, "email", nil, "`ADDRESS` the person commits with; repeatable")
	cmd.Flags().StringArrayVar(&f.roles, "role", nil, "`ROLE` the person has; repeatable; by default the one the policy asks for")
	cmd.Flags().Int64Var(&f.github, "github-id", 0, "numeric `ID` of the GitHub account")
	cmd.Flags().Int64Var(&f.gitlab, "gitlab-id", 0, "numeric `ID` of the GitLab account")
	cmd.Flags().StringVar(&f.policy, "policy", "", "policy `FILE` to edit, instead of the checkout's")
	cmd.Flags().StringVar(&f.identity, "identity", "", "`IDENTITY` (such as an e-mail address) that the person's certificates name, to vote keyless")
	cmd.Flags().StringVar(&f.issuer, "issuer", "", "`URL` of who vouches for that identity")
	cmd.MarkFlagsOneRequired("ssh", "identity")
	cmd.MarkFlagsRequiredTogether("identity", "issuer")
	return cmd
}

func isEmpty(s string) bool { return s == "" }

func addPrincipal(ctx context.Context, env *cli.Env, file, name string, f additionFlags) error {
	before, err := readPolicyFile(file)
	if err != nil {
		return err
	}
	old, err := policy.Parse(before)
	if err != nil {
		return cli.Fail(cli.Usage, "mend it first, see 'gateledger policy lint'", "read policy %s: %w", file, err)
	}
	who, err := f.principal(env, name, old)
	if err != nil {
		return err
	}
	after, err := policy.AddPrincipal(before, who)
	if err != nil {
		return cli.Fail(cli.Usage, "nothing was changed", "%s: %w", file, err)
	}
	p, err := policy.Parse(after)
	if err != nil {
		return cli.Fail(cli.Usage, "nothing was changed", "%s: add %s: %w", file, name, err)
	}
	if bytes.Equal(before, after) {
		fmt.Fprintf(env.Stdout, "%s is in %s already, exactly so: nothing was changed\n", name, shown(env, file))
		return nil
	}
	if err := writePolicy(file, after); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "added %s with role %s to %s\n", name, strings.Join(p.Principals[name].Roles, ", "), shown(env, file))
	if err := followPin(ctx, env, before, p); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "next: %s\n", nextAfterAdding(p))
	return nil
}

// followPin keeps the user's trust with the file that they edit, and never
// takes it to one they had not trusted. Once a gate has logged a policy, trust
// stays with the one in force: from there it follows what is approved.
func followPin(ctx context.Context, env *cli.Env, before []byte, p *policy.Policy) error {
	ring, _, err := openRing(env)
	if err != nil {
		return err
	}
	pinned, ok, err := ring.Pinned(p.Ledger.Origin)
	if err != nil {
		return err
	}
	if !ok || !bytes.Equal(pinned, before) {
		fmt.Fprintln(env.Stderr, "note: you did not trust the policy as it was, so you do not trust it now; see 'gateledger trust'")
		return nil
	}
	switch logged, err := hasPolicy(ctx, env, before); {
	case err != nil:
		fmt.Fprintf(env.Stderr, "note: you go on trusting the policy as it was; whether another can come into force without approval could not be found out: %s\n", clean.Text(err.Error()))
		return nil
	case logged:
		fmt.Fprintln(env.Stderr, "note: this comes into force once those under policy-change have approved it; the gate asks them")
		return nil
	}
	return ring.Pin(p.Ledger.Origin, p.Source)
}

// hasPolicy reports whether a gate has logged the policy it goes by.
func hasPolicy(ctx context.Context, env *cli.Env, text []byte) (bool, error) {
	given := func(context.Context, place, keyring.Ring, where) (found, error) {
		return found{data: text, source: "the policy as it was", pinned: true}, nil
	}
	w, err := openPolicy(ctx, env, where{}, given)
	if err != nil {
		return false, err
	}
	err = w.openLedger(ctx, where{}, reading)
	if errors.Is(err, ledger.ErrNotLedger) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	head, err := w.ledger.Head(ctx)
	if err != nil {
		return false, err
	}
	events, err := w.events(ctx, head)
	if err != nil {
		return false, err
	}
	_, _, ok := policy.FirstPolicy(events)
	return ok, nil
}

func nextAfterAdding(p *policy.Policy) string {
	if err := p.Lint(); err != nil {
		return "gateledger policy add NAME --ssh KEY (" + clean.Text(firstOf(err)) + ")"
	}
	return "git add " + product.PolicyFile + " && git commit"
}

// principal reads who is meant from the flags.
func (f additionFlags) principal(env *cli.Env, name string, p *policy.Policy) (policy.NewPrincipal, error) {
	who := policy.NewPrincipal{
		Name: name, Emails: f.emails, Roles: f.roles,
		GitHub: policy.Account{ID: f.github}, GitLab: policy.Account{ID: f.gitlab},
		Identity: f.identity, Issuer: f.issuer,
	}
	if len(who.Roles) == 0 {
		role, err := onlyRole(p)
		if err != nil {
			return who, err
		}
		who.Roles = []string{role}
	}
	for _, arg := range f.ssh {
		text, err := publicKeyText(env, arg)
		if err != nil {
			return who, err
		}
		if _, err := policy.ParseSSHKey(text); err != nil {
			return who, cli.Fail(cli.Usage, "nothing was changed", "use SSH key %s: %w", arg, err)
		}
		who.SSH = append(who.SSH, strings.TrimSpace(text))
	}
	return who, nil
}

// onlyRole is the one role that the policy's seats ask for.
func onlyRole(p *policy.Policy) (string, error) {
	var roles []string
	for _, e := range p.Environments {
		for _, seat := range e.Seats() {
			roles = append(roles, seat.Role)
		}
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	if len(roles) == 1 {
		return roles[0], nil
	}
	return "", cli.Fail(cli.Usage, "give --role: the policy asks for "+listOr(roles, "none"), "which role is it to be?")
}

// maxPublicKey is the largest file that is read as a public key, in bytes.
const maxPublicKey = 64 << 10

// publicKeyText returns the line of a .pub file for what the user gave: the
// line itself, the file, or the private key that the file lies beside.
func publicKeyText(env *cli.Env, arg string) (string, error) {
	arg = strings.TrimPrefix(arg, "key::") // as git's user.signingkey has it
	kind, _, isKey := strings.Cut(arg, " ")
	for _, family := range []string{"ssh-", "ecdsa-", "sk-"} {
		if isKey && strings.HasPrefix(kind, family) {
			return arg, nil
		}
	}
	file := arg
	if rest, ok := strings.CutPrefix(arg, "~/"); ok {
		file = filepath.Join(env.Getenv("HOME"), rest)
	}
	text, err := readSmall(file)
	if err != nil {
		return "", cli.Fail(cli.Usage, "give a .pub file, or the key itself: 'ssh-ed25519 AAAA…'", "read SSH key: %w", err)
	}
	if !strings.Contains(text, "PRIVATE KEY-----") {
		return text, nil
	}
	if text, err = readSmall(file + ".pub"); err != nil {
		return "", cli.Fail(cli.Usage, fmt.Sprintf("make it: ssh-keygen -y -f %s > %s.pub", file, file), "read the public half of SSH key %s: %w", file, err)
	}
	return text, nil
}

func readSmall(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxPublicKey {
		return "", fmt.Errorf("%s is no regular file of at most %d bytes", file, maxPublicKey)
	}
	data, err := os.ReadFile(file)
	return string(data), err
}
