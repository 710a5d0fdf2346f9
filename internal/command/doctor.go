// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/sign"
)

// Doctor is the verb that says what is set up, what is missing, and what to
// do next.
func Doctor(env *cli.Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is set up, what is missing, and the one next step",
		Long: `Doctor looks, and changes nothing; of a ledger that is shared it keeps what it
fetched. It prints no secret, so what it prints can be
pasted into a question. It exits 0 when a gate could run here, and 2 when
something is missing for that.`,
		Example: "  gateledger doctor\n  gateledger doctor --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDoctor(cmd.Context(), env, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// The states of a finding.
const (
	fine    = "ok"
	missing = "missing" // a gate could not run
	broken  = "broken"  // it is there, and a gate could not run
	noted   = "note"    // worth knowing; a gate could run all the same
)

// A finding is the answer to one of the doctor's questions.
type finding struct {
	What  string `json:"what"`
	State string `json:"state"`
	Text  string `json:"text"`
	Next  string `json:"next,omitempty"` // what to do about it
}

// A checkup is what the doctor says.
type checkup struct {
	Schema   string    `json:"schema"`
	Build    build     `json:"build"`
	Provider string    `json:"provider"`
	Findings []finding `json:"findings"`
	Ready    bool      `json:"ready"`
	Next     string    `json:"next"`
}

func runDoctor(ctx context.Context, env *cli.Env, asJSON bool) error {
	d, err := newDoctor(ctx, env)
	if err != nil {
		return err
	}
	c := d.examine(ctx)
	if asJSON {
		err = printJSON(env.Stdout, c)
	} else {
		err = c.print(env.Stdout)
	}
	if err == nil && !c.Ready {
		err = &cli.Exit{Code: cli.Usage, Quiet: true, Err: errors.New("something is missing")}
	}
	return err
}

// A doctor holds what one question found out and the next one needs.
type doctor struct {
	env    *cli.Env
	place  place
	ring   keyring.Ring
	data   []byte // the policy's
	policy *policy.Policy
}

func newDoctor(ctx context.Context, env *cli.Env) (*doctor, error) {
	ring, _, err := openRing(env)
	if err != nil {
		return nil, err
	}
	here, err := findPlace(ctx, env)
	return &doctor{env: env, place: here, ring: ring}, err
}

// examine asks every question, in the order in which one sets things up, and
// takes the first thing missing for the next step. Once there is no sound
// policy, the questions about it are left out.
func (d *doctor) examine(ctx context.Context) checkup {
	c := checkup{Schema: product.PredicateBase + "doctor/v1", Build: thisBuild(), Provider: ci.Detect(d.env.Getenv), Ready: true}
	c.Findings = []finding{d.checkout(), d.soundPolicy()}
	if d.policy != nil {
		for _, ask := range d.questions() {
			c.Findings = append(c.Findings, ask(ctx))
		}
	}
	c.Next = "gateledger record build --subject FILE"
	i := slices.IndexFunc(c.Findings, func(f finding) bool { return f.State == missing || f.State == broken })
	if i >= 0 {
		c.Ready, c.Next = false, c.Findings[i].Next
	}
	return c
}

// questions are those about a sound policy, in their order. What a policy
// has not got is not asked about.
func (d *doctor) questions() []func(context.Context) finding {
	all := []func(context.Context) finding{d.people, d.committed, d.ledger}
	if isGit(d.url()) {
		all = append(all, d.inbox)
	}
	all = append(all, d.protection, d.logKey, d.eventKey, d.trusted)
	if d.policy.Sigstore.TrustedRoot != "" {
		all = append(all, d.trustedRoot, d.remoteProgram)
	}
	if lendsGlass(d.policy) {
		all = append(all, d.owed)
	}
	return append(all, d.open, d.ownKey)
}

func (d *doctor) checkout() finding {
	if d.place.repo == nil {
		return finding{"checkout", noted, "no git checkout at " + d.place.root + ": the gate will need --policy FILE", "git init"}
	}
	return finding{"checkout", fine, d.place.root, ""}
}

func (d *doctor) soundPolicy() finding {
	const what = "policy"
	if _, err := os.Lstat(d.place.policyFile()); errors.Is(err, fs.ErrNotExist) {
		return finding{what, missing, "no " + product.PolicyFile + " here", "gateledger init"}
	}
	data, err := readPolicyFile(d.place.policyFile())
	if err != nil {
		return finding{what, broken, err.Error(), "make " + product.PolicyFile + " readable"}
	}
	p, err := policy.Parse(data)
	if err != nil {
		return finding{what, broken, firstOf(err), "gateledger policy lint"}
	}
	d.data, d.policy = data, p
	return finding{what, fine, product.PolicyFile + " sha256:" + p.Digest, ""}
}

// firstOf is the first finding of a policy's error.
func firstOf(err error) string {
	if one := (*policy.Error)(nil); errors.As(err, &one) {
		return product.PolicyFile + ":" + one.Error()
	}
	return err.Error()
}

func (d *doctor) people(context.Context) finding {
	const what, next = "people", "gateledger policy add NAME --ssh KEY"
	if len(d.policy.Environments) == 0 {
		return finding{what, missing, "the policy has no environment", "describe one in " + product.PolicyFile + ", under environments"}
	}
	if err := d.policy.Lint(); err != nil {
		return finding{what, missing, firstOf(err), next}
	}
	return finding{what, fine, fmt.Sprintf("%d, enough for every seat", len(d.policy.Principals)), ""}
}

func (d *doctor) committed(ctx context.Context) finding {
	const what, next = "committed", "git add " + product.PolicyFile + " && git commit -m 'Say who may release'"
	if d.place.repo == nil {
		return finding{what, noted, "without git, the gate needs --policy FILE", ""}
	}
	data, err := d.place.repo.Show(ctx, "HEAD", product.PolicyFile)
	switch {
	case err == nil && bytes.Equal(data, d.data):
		return finding{what, fine, "HEAD has this policy" + d.pushed(ctx), ""}
	case err == nil:
		return finding{what, missing, "HEAD has another policy than the working tree, and the gate goes by the committed one", next}
	case errors.Is(err, fs.ErrNotExist):
		return finding{what, missing, "HEAD has no policy, and the gate goes by the committed one", next}
	}
	return finding{what, broken, err.Error(), next}
}

// pushed reminds of a remote, which is not asked here: that takes a network.
func (d *doctor) pushed(ctx context.Context) string {
	if _, err := d.place.repo.RemoteURL(ctx, "origin"); err != nil {
		return ""
	}
	return "; the gate will go by origin's default branch, so push it there"
}

func (d *doctor) ledger(ctx context.Context) finding {
	const what = "ledger"
	l, url := d.policy.Ledger, d.url()
	keys, err := proof.NewKeys(l.Origin, l.Keys)
	if err != nil {
		return finding{what, broken, err.Error(), "gateledger policy lint"}
	}
	at, err := d.gitOptions(ctx)
	if err != nil {
		return finding{what, broken, err.Error(), "git remote -v, and mend ledger.url or the remote"}
	}
	log, err := ledger.Open(ctx, url, ledger.Options{Keys: keys, Git: at})
	switch {
	case errors.Is(err, ledger.ErrNotLedger) && isGit(url):
		return finding{what, missing, "no ledger at " + url, "run 'gateledger init' where the log was begun; if there was one: gateledger repair"}
	case errors.Is(err, ledger.ErrNotLedger):
		return finding{what, missing, "no ledger at " + shown(d.env, url), "use the checkout where init was run, or bring the ledger here"}
	case errors.Is(err, ledger.ErrUnreachable):
		return finding{what, broken, err.Error(), "check the network, the remote and how git gets in: git ls-remote"}
	case err != nil:
		return finding{what, broken, err.Error(), "gateledger verify ledger"}
	}
	head, err := log.Head(ctx)
	if err != nil {
		return finding{what, broken, err.Error(), "gateledger verify ledger"}
	}
	return finding{what, fine, fmt.Sprintf("%s, %d entries, log %s", shown(d.env, url), head.Size, l.Origin), ""}
}

func (d *doctor) logKey(context.Context) finding {
	const what = "log key"
	key, err := d.ring.LogVerifierKey(d.policy.Ledger.Origin)
	switch {
	case errors.Is(err, keyring.ErrNoKey) && isGit(d.url()):
		return finding{what, noted, "not on this machine: what is signed here waits for the job that holds it", ""}
	case errors.Is(err, keyring.ErrNoKey):
		return finding{what, missing, "not on this machine, so nothing can be appended from here", "run where init was run"}
	case err != nil:
		return finding{what, broken, err.Error(), "mend the key file"}
	case !slices.Contains(d.policy.Ledger.Keys, key):
		return finding{what, missing, "the policy does not name " + key, "put it under ledger.keys"}
	}
	return finding{what, fine, "the policy names it", ""}
}

func (d *doctor) eventKey(context.Context) finding {
	const what = "event key"
	signer, err := d.ring.EventSigner(d.policy.Ledger.Origin)
	if errors.Is(err, keyring.ErrNoKey) && d.someKeyless() {
		return finding{what, noted, "not on this machine; the policy has signers that need none", "record with --keyless"}
	}
	if errors.Is(err, keyring.ErrNoKey) {
		return finding{what, missing, "not on this machine, so nothing can be recorded from here", "run where init was run, or name one with --key FILE"}
	}
	if err != nil {
		return finding{what, broken, err.Error(), "mend the key file"}
	}
	id := event.KeyID(signer.Verifier())
	name, ok := d.policy.SignerOf(id)
	if !ok {
		return finding{what, missing, "the policy names no signer with the key " + id, "put it under signers: NAME: {key: \"" + id + "\"}"}
	}
	return finding{what, fine, "signer " + name, ""}
}

func (d *doctor) trusted(context.Context) finding {
	const what, next = "trust", "gateledger trust"
	pinned, ok, err := d.ring.Pinned(d.policy.Ledger.Origin)
	switch {
	case err != nil:
		return finding{what, broken, err.Error(), next}
	case !ok:
		return finding{what, missing, "you trust no policy of this log yet, so nothing can be verified", next}
	case !bytes.Equal(pinned, d.data):
		return finding{what, missing, "you trust another policy of this log than the working tree's", next}
	}
	return finding{what, fine, "you trust this policy", ""}
}

// ownKey tells whether the user could vote. Nobody has to.
func (d *doctor) ownKey(ctx context.Context) finding {
	const what = "your vote"
	key, err := sign.FindSSH(ctx, sign.SSHOptions{
		Getenv:    d.env.Getenv,
		GitConfig: func(name string) string { return d.place.config(ctx, name) },
		Prefer:    func(k ssh.PublicKey) bool { return d.speaksFor(k) == nil },
	})
	if err != nil {
		return finding{what, noted, err.Error(), "name one: gateledger approve REQUEST --ssh KEY"}
	}
	name, err := d.policy.PrincipalOf(key.PublicKey(), d.env.Now())
	print := ssh.FingerprintSHA256(key.PublicKey())
	if err != nil {
		return finding{what, noted, fmt.Sprintf("%s: %v", print, err), "gateledger policy add NAME --ssh KEY"}
	}
	return finding{what, fine, fmt.Sprintf("as %s with %s", name, print), ""}
}

func (d *doctor) speaksFor(k ssh.PublicKey) error {
	_, err := d.policy.PrincipalOf(k, d.env.Now())
	return err
}

func (c checkup) print(w io.Writer) error {
	marks := map[string]string{fine: "✓", missing: "✗", broken: "✗", noted: "·"}
	fmt.Fprintf(w, "%s %s, %s, %s, run: %s\n", product.Name, c.Build.Version, c.Build.Go, c.Build.Platform, c.Provider)
	for _, f := range c.Findings {
		fmt.Fprintf(w, "%s %-7s  %-9s  %s\n", marks[f.State], f.State, f.What, clean.Text(f.Text))
	}
	word := "ready"
	if !c.Ready {
		word = "not ready"
	}
	_, err := fmt.Fprintf(w, "%s; next: %s\n", word, c.Next)
	return err
}
