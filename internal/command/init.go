// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
)

// Init is the verb that makes a ledger, its keys and a policy.
func Init(env *cli.Env) *cobra.Command {
	var url string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a ledger, its keys and a policy for this repository",
		Long: `Init makes a ledger under git's folder (where it dirties nothing), a log key and
an event key in your configuration folder, and a commented ` + product.PolicyFile + ` that
names them, and makes that policy the one you trust. Private keys never go into
the repository or the ledger. What is there already is kept: running init again
changes nothing, and finishes what an interrupted run left undone.`,
		Example: `  gateledger init
  gateledger init --ledger dir:/srv/ledgers/app`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runInit(cmd.Context(), env, url, asJSON)
		},
	}
	cmd.Flags().StringVar(&url, "ledger", "dir:", "`URL` of the ledger to make; \"dir:\" alone is the default place")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func runInit(ctx context.Context, env *cli.Env, url string, asJSON bool) error {
	s, err := newSetup(ctx, env, url)
	if err != nil {
		return err
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	if asJSON {
		return printJSON(env.Stdout, s.result)
	}
	return s.result.print(env)
}

// A setup is one run of init.
//
// Its steps are in this order, and each keeps what is there: log key, event
// key, ledger, policy, pin. So whatever the process dies after, the next run
// can go on: before the ledger there are only keys that nothing refers to;
// from the ledger on, its origin says which keys are meant; from the policy
// on, the policy does. The policy comes after what it names, so a policy
// without its ledger means that the ledger is elsewhere or gone, and never
// that an empty one may take its place.
type setup struct {
	env    *cli.Env
	place  place
	ring   keyring.Ring
	url    string // of the ledger, as the policy says it
	at     string // the same, resolved
	fresh  bool   // there is no ledger yet
	origin string
	logKey string // verifier key
	event  string // id of the event key
	step   func(done string) error
	result initResult
}

// An initResult is what init did.
type initResult struct {
	Schema  string     `json:"schema"`
	Origin  string     `json:"origin"`
	Ledger  string     `json:"ledger"`
	Keyring string     `json:"keyring"`
	Steps   []initStep `json:"steps"`
	Next    string     `json:"next"`
}

type initStep struct {
	What string `json:"what"`
	Made bool   `json:"made"` // false: it was there already
	Name string `json:"name"`
}

func newSetup(ctx context.Context, env *cli.Env, url string) (*setup, error) {
	ring, dir, err := openRing(env)
	if err != nil {
		return nil, err
	}
	here, err := findPlace(ctx, env)
	if err != nil {
		return nil, err
	}
	s := &setup{env: env, place: here, ring: ring, url: url, step: func(string) error { return nil }}
	s.at = ledgerURL(here.root, here.common, url)
	s.result = initResult{Schema: product.PredicateBase + "init/v1", Keyring: dir}
	return s, nil
}

func (s *setup) run(ctx context.Context) error {
	data, err := s.policy()
	if err != nil {
		return err
	}
	if data != nil {
		err = s.resume(ctx, data)
	} else {
		err = s.begin(ctx)
	}
	s.result.Origin, s.result.Ledger = s.origin, s.at
	return err
}

// policy returns the policy that is there, or nil.
func (s *setup) policy() ([]byte, error) {
	if _, err := os.Lstat(s.place.policyFile()); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return readPolicyFile(s.place.policyFile())
}

// did notes a step. Tests stop there.
func (s *setup) did(made bool, what, name string) error {
	s.result.Steps = append(s.result.Steps, initStep{What: what, Made: made, Name: name})
	return s.step(what)
}

// begin makes everything, or goes on with the ledger that an earlier run left
// without a policy.
func (s *setup) begin(ctx context.Context) error {
	if err := s.adopt(); err != nil {
		return err
	}
	for _, do := range []func(context.Context) error{s.makeLogKey, s.makeEventKey, s.makeLedger} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	text, err := s.template()
	if err != nil {
		return err
	}
	if err := writePolicy(s.place.policyFile(), text); err != nil {
		return err
	}
	if err := s.did(true, "policy", s.place.policyFile()); err != nil {
		return err
	}
	return s.pin(text, text)
}

// adopt goes on with a ledger that stands where ours would. It must be one of
// this user's: whoever signs with another key would not be believed.
func (s *setup) adopt() (err error) {
	path, ok := strings.CutPrefix(s.at, "dir:")
	if !ok {
		return cli.Fail(cli.Usage, "give --ledger dir:PATH", "init makes dir: ledgers only, not %s", s.at)
	}
	if s.origin, err = originAt(path); err != nil {
		return ledgerError(s.at, err)
	}
	if s.origin == "" {
		s.fresh = true
		return s.allowFresh()
	}
	if s.logKey, err = s.ring.LogVerifierKey(s.origin); err != nil {
		return cli.Fail(cli.Usage, "make yours elsewhere with --ledger dir:PATH", "there is a ledger at %s already, and its key is not yours: %w", s.at, err)
	}
	return nil
}

// originAt reads, without believing it, the origin of the ledger in a folder:
// the first line of its checkpoint (C2SP tlog-checkpoint). It is empty where
// there is no checkpoint, and so no ledger yet.
func originAt(folder string) (string, error) {
	f, err := os.Open(filepath.Join(folder, "checkpoint"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	const longest = 256
	start, err := io.ReadAll(io.LimitReader(f, longest))
	if err != nil {
		return "", err
	}
	line, _, ok := strings.Cut(string(start), "\n")
	if !ok || line == "" {
		return "", fmt.Errorf("its checkpoint names no log: %w", ledger.ErrNotLedger)
	}
	return line, nil
}

// allowFresh refuses to begin a ledger that nobody will find again.
func (s *setup) allowFresh() error {
	if !inCI(s.env.Getenv) {
		return nil
	}
	return cli.Fail(cli.Usage, "run 'gateledger init' where the ledger can stay, once, and let jobs use that one",
		"this log would end with the job: there is no ledger at %s, and this is a CI job", s.at)
}

// inCI says whether this is a job of any CI, including those that have no
// adapter: they all set CI.
func inCI(getenv func(string) string) bool {
	return ci.Detect(getenv) != ci.Local || slices.Contains([]string{"true", "1"}, strings.ToLower(getenv("CI")))
}

func (s *setup) makeLogKey(context.Context) (err error) {
	if s.fresh {
		if s.origin, err = newOrigin(s.env.Rand); err != nil {
			return err
		}
		if s.logKey, err = s.ring.NewLogKey(s.origin, s.env.Rand); err != nil {
			return err
		}
	}
	return s.did(s.fresh, "log key", s.keyFile("log", ".key"))
}

func (s *setup) makeEventKey(context.Context) error {
	signer, err := s.ring.EventSigner(s.origin)
	switch {
	case err == nil:
		s.event = event.KeyID(signer.Verifier())
		return s.did(false, "event key", s.keyFile("event", ".pem"))
	case !errors.Is(err, keyring.ErrNoKey):
		return err
	}
	if s.event, err = s.ring.NewEventKey(s.origin, s.env.Rand); err != nil {
		return err
	}
	return s.did(true, "event key", s.keyFile("event", ".pem"))
}

func (s *setup) makeLedger(ctx context.Context) error {
	keys, err := proof.NewKeys(s.origin, []string{s.logKey})
	if err != nil {
		return err
	}
	signer, err := s.ring.LogSigner(s.origin)
	if err != nil {
		return err
	}
	get, made := ledger.Open, s.fresh
	if made {
		get = ledger.Create
	}
	if _, err := get(ctx, s.at, ledger.Options{Keys: keys, Signer: signer}); err != nil {
		return ledgerError(s.at, err)
	}
	return s.did(made, "ledger", s.at)
}

// resume goes by the policy that is there. It makes nothing that the policy
// names: what is missing then was lost, or is on another machine.
func (s *setup) resume(ctx context.Context, data []byte) error {
	p, err := policy.Parse(data)
	if err != nil {
		return cli.Fail(cli.Usage, "mend it, see 'gateledger policy lint'; init never overwrites a policy", "there is a policy already: read %s: %w", s.place.policyFile(), err)
	}
	s.origin, s.url = p.Ledger.Origin, p.Ledger.URL
	s.at = ledgerURL(s.place.root, s.place.common, s.url)
	if err := s.checkKeys(p); err != nil {
		return err
	}
	keys, err := proof.NewKeys(s.origin, p.Ledger.Keys)
	if err != nil {
		return err
	}
	if _, err := ledger.Open(ctx, s.at, ledger.Options{Keys: keys}); err != nil {
		return s.lost(err)
	}
	if err := s.did(false, "ledger", s.at); err != nil {
		return err
	}
	if err := s.did(false, "policy", s.place.policyFile()); err != nil {
		return err
	}
	fresh, err := s.template()
	if err != nil {
		return err
	}
	return s.pin(data, fresh)
}

// lost explains a ledger that a policy names and that is not there.
func (s *setup) lost(err error) error {
	if !errors.Is(err, ledger.ErrNotLedger) {
		return ledgerError(s.at, err)
	}
	if inCI(s.env.Getenv) {
		return s.allowFresh()
	}
	return cli.Fail(cli.Usage,
		"use the checkout where init was run, or bring the ledger here; to begin another log, take "+product.PolicyFile+" away first",
		"the policy names the log %s, and it is not at %s", s.origin, s.at)
}

// checkKeys finds the keys of the policy's log in the ring.
func (s *setup) checkKeys(p *policy.Policy) (err error) {
	file := s.place.policyFile()
	if s.logKey, err = s.ring.LogVerifierKey(s.origin); errors.Is(err, keyring.ErrNoKey) {
		return cli.Fail(cli.Usage, "read it, then trust it with 'gateledger trust'; init is for whoever starts a log",
			"%s is of a log that somebody else started: %w", file, err)
	}
	if err != nil {
		return err
	}
	if !slices.Contains(p.Ledger.Keys, s.logKey) {
		return cli.Fail(cli.Usage, "put back the policy that init wrote", "%s does not name your log key %s", file, s.logKey)
	}
	if err := s.did(false, "log key", s.keyFile("log", ".key")); err != nil {
		return err
	}
	signer, err := s.ring.EventSigner(s.origin)
	if err != nil {
		return err
	}
	s.event = event.KeyID(signer.Verifier())
	return s.did(false, "event key", s.keyFile("event", ".pem"))
}

// firstSigner is what the policy calls the event key: a developer's, because
// a key beside project code is good for a start and for nothing more.
const firstSigner = "dev"

// template is the policy as init writes it for this log.
func (s *setup) template() ([]byte, error) {
	return policy.Template(policy.Start{
		URL: s.url, Origin: s.origin, LogKeys: []string{s.logKey}, Signer: firstSigner, Key: s.event,
	})
}

// pin trusts the policy for this user if it is, to the byte, what init
// writes. Any other may be somebody else's, and is for the user to judge.
func (s *setup) pin(data, fresh []byte) error {
	pinned, ok, err := s.ring.Pinned(s.origin)
	if err != nil {
		return err
	}
	s.result.Next = "gateledger policy add NAME --ssh ~/.ssh/id_ed25519.pub"
	switch {
	case ok && bytes.Equal(pinned, data):
		s.result.Next = "gateledger doctor"
		return s.did(false, "trust", "you trust this policy already")
	case ok || !bytes.Equal(data, fresh):
		s.result.Next = "gateledger trust"
		return s.did(false, "trust", "the policy is not the one you trust: look at it with 'gateledger trust'")
	}
	if err := s.ring.Pin(s.origin, data); err != nil {
		return err
	}
	return s.did(true, "trust", "you trust this policy")
}

func (s *setup) keyFile(kind, suffix string) string {
	return filepath.Join(s.result.Keyring, kind, s.origin+suffix)
}

// originBytes is how much chance is in an origin: 16 characters of base32.
const originBytes = 10

// newOrigin draws the name of a log. It says nothing about anybody, since it
// stands in every receipt, and it is a DNS label.
func newOrigin(rand io.Reader) (string, error) {
	b := make([]byte, originBytes)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("draw an origin: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}

// writePolicy replaces the policy file whole, or not at all.
func writePolicy(file string, data []byte) error {
	dir, err := durable.Dir(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return durable.WriteFile(dir, filepath.Base(file), data)
}

func (r initResult) print(env *cli.Env) error {
	w, changed := env.Stdout, false
	for _, s := range r.Steps {
		word := "kept"
		if s.Made {
			word, changed = "made", true
		}
		fmt.Fprintf(w, "%s  %-9s  %s\n", word, s.What, cli.Clean(shown(env, s.Name)))
	}
	if !changed {
		fmt.Fprintln(w, "nothing to do: everything is there, nothing was changed")
	}
	_, err := fmt.Fprintf(w, "next: %s\n", r.Next)
	return err
}
