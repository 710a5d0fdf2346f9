// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// Trust is the verb by which a user says which policy to believe.
func Trust(env *cli.Env) *cobra.Command {
	var list, yes, asJSON bool
	var root string
	cmd := &cobra.Command{
		Use:   "trust [FILE]",
		Short: "Look at a policy and make it the one you trust for its log",
		Long: `Trust shows who may log, sign and vote under a policy, and, once you say so,
keeps a copy in your configuration folder. From then on verify, approve and
request go by that copy, whatever stands in a checkout, a ledger or an export.
Without FILE it is the ` + product.PolicyFile + ` of this checkout.

A policy that believes certificates or timestamps names a Sigstore trusted root
by its SHA-256. The root itself comes from --trusted-root, or from
` + rootFile + ` beside the policy, and is kept with it.

A policy that comes into force later, approved under the one you trust, is
followed without asking you again.`,
		Example: `  gateledger trust
  gateledger trust policy-from-security-team.yml
  gateledger trust --list`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ring, _, err := openRing(env)
			if err != nil {
				return err
			}
			if list {
				return listTrust(env, ring, asJSON)
			}
			file, err := policyArgument(cmd, env, args)
			if err != nil {
				return err
			}
			return trust(env, ring, file, root, yes)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list what you trust, and change nothing")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().StringVar(&root, "trusted-root", "", "Sigstore trusted root `FILE` that the policy names by digest")
	cmd.Flags().BoolVar(&asJSON, "json", false, "with --list: print one JSON object")
	return cmd
}

// policyArgument is the file given, else the checkout's.
func policyArgument(cmd *cobra.Command, env *cli.Env, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	here, err := findPlace(cmd.Context(), env)
	if err != nil {
		return "", err
	}
	return here.policyFile(), nil
}

func trust(env *cli.Env, ring keyring.Ring, file, root string, yes bool) error {
	data, err := readPolicyFile(file)
	if err != nil {
		return err
	}
	p, err := policy.Parse(data)
	if err != nil {
		return cli.Fail(cli.Usage, "run 'gateledger policy lint' to see every finding", "read policy %s: %w", file, err)
	}
	if err := keepRoot(env, ring, p, file, root); err != nil {
		return err
	}
	before, had, err := ring.Pinned(p.Ledger.Origin)
	if err != nil {
		return err
	}
	if had && bytes.Equal(before, data) {
		fmt.Fprintf(env.Stdout, "you trust this policy already: sha256:%s\n", p.Digest)
		return nil
	}
	showTrust(env.Stdout, p, before)
	if err := consent(env, yes); err != nil {
		return err
	}
	if err := ring.Pin(p.Ledger.Origin, data); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "\ntrusted for you: sha256:%s\n", p.Digest)
	return nil
}

// keepRoot keeps the trusted root that the policy names. It is known by its
// digest, so keeping it decides nothing.
func keepRoot(env *cli.Env, ring keyring.Ring, p *policy.Policy, file, root string) error {
	want := p.Sigstore.TrustedRoot
	switch {
	case want == "" && root != "":
		return cli.Fail(cli.Usage, "", "the policy %s names no trusted root", file)
	case want == "":
		return nil
	}
	given := root != ""
	if !given {
		root = filepath.Join(filepath.Dir(file), filepath.FromSlash(rootFile))
	}
	data, err := rootIn(root)
	switch {
	case given && err != nil:
		return cli.Fail(cli.Usage, "name the trusted_root.json itself", "read trusted root %s: %w", root, err)
	case given && digestText(data) != want:
		return cli.Fail(cli.Usage, "get the root that the policy names", "%s is %s, and the policy names %s", root, digestText(data), want)
	case err != nil || digestText(data) != want:
		if _, ok, err := ring.Root(want); ok || err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "note: the policy names the trusted root %s, which is not here yet; give it with --trusted-root FILE\n", want)
		return nil
	}
	_, err = ring.KeepRoot(data)
	return err
}

// consent asks on a terminal. Elsewhere it is given by a flag.
func consent(env *cli.Env, yes bool) error {
	if yes {
		return nil
	}
	if !cli.IsTerminal(env.Stdin) {
		return cli.Fail(cli.Usage, "read the policy above, then add --yes", "there is no terminal to ask on")
	}
	fmt.Fprintf(env.Stderr, "\ntrust it? [y/N] ")
	line, err := bufio.NewReader(env.Stdin).ReadString('\n')
	if err != nil || !strings.EqualFold(strings.TrimSpace(line), "y") {
		return cli.Fail(cli.No, "", "not trusted: you did not say y")
	}
	return nil
}

// showTrust prints what a policy lets whom do. Where another one is trusted,
// each line that is new or gone is marked.
func showTrust(w io.Writer, p *policy.Policy, before []byte) {
	lines, old := trustLines(p), []string(nil)
	if before != nil {
		if parsed, err := policy.Parse(before); err == nil {
			old = trustLines(parsed)
		}
		fmt.Fprintln(w, "In place of the one you trust now ('+' is new, '-' is gone):")
	}
	for _, l := range lines {
		mark := " "
		if before != nil && !slices.Contains(old, l) {
			mark = "+"
		}
		fmt.Fprintf(w, "%s %s\n", mark, l)
	}
	for _, l := range old {
		if !slices.Contains(lines, l) {
			fmt.Fprintf(w, "- %s\n", l)
		}
	}
}

// trustLines says a policy in lines that each stand for themselves.
func trustLines(p *policy.Policy) []string {
	out := []string{
		"policy       sha256:" + p.Digest,
		"log          " + p.Ledger.Origin,
		"log at       " + cmp.Or(p.Ledger.URL, defaultLedger),
	}
	for _, k := range p.Ledger.Keys {
		out = append(out, "log key      "+k)
	}
	if p.Ledger.Hosting != "" {
		out = append(out, "hosted on    "+p.Ledger.Hosting)
	}
	if p.Sigstore.TrustedRoot != "" {
		out = append(out, "trusted root "+p.Sigstore.TrustedRoot)
	}
	if p.Sigstore.Timestamp != "" {
		out = append(out, "timestamps   "+p.Sigstore.Timestamp)
	}
	out = append(out, anchorLines(p)...)
	for _, name := range sortedKeys(p.Signers) {
		s := p.Signers[name]
		out = append(out, fmt.Sprintf("signer       %s: %s, tier %s", name, cmp.Or(s.Key, ruleText(s.Keyless)), s.Tier))
	}
	for _, name := range sortedKeys(p.Principals) {
		out = append(out, principalLines(name, p.Principals[name])...)
	}
	for _, who := range p.Outsiders {
		out = append(out, "outsider     "+who)
	}
	for _, name := range p.Collect {
		out = append(out, "votes from   "+name)
	}
	for _, name := range sortedKeys(p.Environments) {
		out = append(out, environmentLines(p.Environments[name])...)
	}
	if change, ok := p.Environment(policy.ChangeEnvironment); ok {
		out = append(out, environmentLines(change)...)
	}
	return out
}

func principalLines(name string, who policy.Principal) []string {
	line := fmt.Sprintf("person       %s: roles %s", name, listOr(who.Roles, "none"))
	if len(who.Emails) > 0 {
		line += ", " + strings.Join(who.Emails, ", ")
	}
	for _, a := range who.GitHub {
		line += accountText("github", "github.com", a)
	}
	for _, a := range who.GitLab {
		line += accountText("gitlab", "gitlab.com", a)
	}
	out := []string{line}
	if who.Keyless != nil {
		out = append(out, fmt.Sprintf("person's id  %s: %s", name, ruleText(who.Keyless)))
	}
	for _, k := range who.Keys {
		out = append(out, fmt.Sprintf("person's key %s: %s %s%s", name, k.SSH.Type(), ssh.FingerprintSHA256(k.SSH), bounds(k)))
	}
	return out
}

// ruleText says whose certificates a rule takes.
func ruleText(r *keyless.Rule) string {
	if r == nil {
		return ""
	}
	parts := []string{"certificate by " + r.Issuer}
	for _, t := range []struct {
		name string
		text keyless.Text
	}{
		{"of", r.Subject}, {"workflow", r.Workflow}, {"build signer", r.BuildSigner}, {"ref", r.Ref},
		{"repository", keyless.Text{Is: r.RepositoryID}}, {"trigger", keyless.Text{Is: strings.Join(r.Triggers, " or ")}},
		{"runner", keyless.Text{Is: r.Runner}}, {"environment", keyless.Text{Is: r.Environment}},
	} {
		if t.text.Is != "" {
			parts = append(parts, t.name+" "+t.text.Is)
		}
		if t.text.Pattern != "" {
			parts = append(parts, t.name+" like "+t.text.Pattern)
		}
	}
	return strings.Join(parts, ", ")
}

func bounds(k policy.Key) (text string) {
	if !k.From.IsZero() {
		text += ", from " + k.From.Format(time.RFC3339)
	}
	if !k.Until.IsZero() {
		text += ", until " + k.Until.Format(time.RFC3339)
	}
	return text
}

func environmentLines(e policy.Environment) []string {
	rules := []string{"tier " + string(e.Tier) + ", gate by " + listOr(e.Gate, "any signer")}
	if e.Auto {
		rules = append(rules, "nobody has to approve")
	}
	if e.Dated {
		rules = append(rules, "times must be proven")
	}
	for _, seat := range e.Require {
		rules = append(rules, seatText(seat))
	}
	if risk := e.Risk; risk != nil {
		for _, seat := range risk.Require {
			rules = append(rules, fmt.Sprintf("%s more where a scan by %s weighs over %d, or there is none", seatText(seat), listOr(risk.By, "nobody"), risk.Over))
		}
	}
	if len(e.Exclude) > 0 {
		rules = append(rules, "not by "+strings.Join(e.Exclude, ", "))
	}
	rules = append(rules, listOr(e.Veto, "nobody")+" may veto", "a vote counts "+e.MaxAge.String())
	if glass := e.BreakGlass; glass != nil {
		rules = append(rules, fmt.Sprintf("in an emergency %d of role %s may let it through without evidence, with %s; to be settled within %s",
			glass.Count, glass.Role, strings.Join(glass.Require, " and "), glass.SettleWithin))
	}
	for _, w := range e.Freeze {
		rules = append(rules, "freeze: "+w.String())
	}
	if e.When != "" {
		rules = append(rules, "only when "+clean.Text(e.When))
	}
	if e.Posture != nil {
		rules = append(rules, "the forge's settings let nobody past, read within "+e.Posture.MaxAge.String()+", accepting "+listOr(e.Posture.Accept, "nothing"))
	}
	for _, ev := range e.Evidence {
		rules = append(rules, evidenceText(ev))
	}
	rules = append(rules, anchorRules(e)...)
	for i := range rules {
		rules[i] = "environment  " + e.Name + ": " + rules[i]
	}
	return rules
}

func seatText(s policy.Seat) string { return fmt.Sprintf("needs %d of role %s", s.Count, s.Role) }

func evidenceText(e policy.Evidence) string {
	text := fmt.Sprintf("needs a %s by %s", e.Event, strings.Join(e.By, " or "))
	if e.Environment != "" {
		text += " in " + e.Environment
	}
	if e.Result != "" {
		text += " " + e.Result
	}
	if e.MaxAge != 0 {
		text += ", at most " + e.MaxAge.String() + " old"
	}
	return text
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

// A trusted policy is one line of the list.
type trustedPolicyLine struct {
	Origin     string   `json:"origin"`
	Digest     string   `json:"digest"`
	Principals []string `json:"principals"`
	Problem    string   `json:"problem,omitempty"`
}

func listTrust(env *cli.Env, ring keyring.Ring, asJSON bool) error {
	pins, err := ring.Pins()
	if err != nil {
		return err
	}
	lines := []trustedPolicyLine{}
	for _, origin := range slices.Sorted(maps.Keys(pins)) {
		line := trustedPolicyLine{Origin: origin, Principals: []string{}}
		if p, err := policy.Parse(pins[origin]); err != nil {
			line.Problem = err.Error()
		} else {
			line.Digest, line.Principals = "sha256:"+p.Digest, sortedKeys(p.Principals)
		}
		lines = append(lines, line)
	}
	if asJSON {
		return printJSON(env.Stdout, struct {
			Schema  string              `json:"schema"`
			Trusted []trustedPolicyLine `json:"trusted"`
		}{product.PredicateBase + "trust/v1", lines})
	}
	if len(lines) == 0 {
		fmt.Fprintln(env.Stderr, "you trust no policy yet")
	}
	for _, l := range lines {
		fmt.Fprintf(env.Stdout, "%s  %s  %s\n", l.Origin, l.Digest, clean.Text(listOr(l.Principals, "nobody")+l.Problem))
	}
	return nil
}

func accountText(provider, own string, a policy.Account) string {
	text := fmt.Sprintf(", %s id %d", provider, a.ID)
	if a.Host != own {
		text += " at " + a.Host
	}
	return text
}
