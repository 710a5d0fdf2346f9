// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/product"
)

// defaultLedger is the URL of the default place, see ledgerURL.
const defaultLedger = "dir:"

// defaultGitLedger is where a log goes that all runners share: the branch
// gateledger/log of the remote that everybody has.
const defaultGitLedger = "git:" + remote

// initOptions are the flags of init.
type initOptions struct {
	url    string
	github bool
	gitlab bool
	plan   string
	json   bool
}

// Init is the verb that makes a ledger, its keys and a policy.
func Init(env *cli.Env) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a ledger, its keys and a policy for this repository",
		Long: `Init makes a ledger under git's folder (where it dirties nothing), a log key and
an event key in your configuration folder, and a commented ` + product.PolicyFile + ` that
names them, and makes that policy the one you trust. Private keys never go into
the repository or the ledger. What is there already is kept: running init again
changes nothing, and finishes what an interrupted run left undone.

With --github or --gitlab the ledger is a branch of the remote ` + remote + `, which all
runners share. Init then makes one more key, for your jobs to sign with, and
writes two files: the one small job that logs what others signed, and a release
that builds, records, asks the gate and deploys. It prints what to type to store
the keys and to protect the branch, and what your plan cannot protect or
enforce; it does none of that itself. Plans:
` + indented(planLines()),
		Example: `  gateledger init
  gateledger init --ledger dir:/srv/ledgers/app
  gateledger init --github --plan github-team`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runInit(cmd.Context(), env, o)
		},
	}
	cmd.Flags().StringVar(&o.url, "ledger", "", "`URL` of the ledger to make; without it \""+defaultLedger+"\", the default place, or \""+defaultGitLedger+"\" for a host")
	cmd.Flags().BoolVar(&o.github, "github", false, "share the ledger through GitHub")
	cmd.Flags().BoolVar(&o.gitlab, "gitlab", false, "share the ledger through GitLab")
	cmd.Flags().StringVar(&o.plan, "plan", "", "hosting plan `NAME`, which says what can be protected")
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON object")
	return cmd
}

func runInit(ctx context.Context, env *cli.Env, o initOptions) error {
	h, err := chooseHost(o)
	if err != nil {
		return err
	}
	s, err := newSetup(ctx, env, cmp.Or(o.url, h.defaultLedger()))
	if err != nil {
		return err
	}
	s.host = h
	if err := s.run(ctx); err != nil {
		return err
	}
	if o.json {
		return printJSON(env.Stdout, s.result)
	}
	return s.result.print(env)
}

// A setup is one run of init.
//
// Its steps are in this order, and each keeps what is there: log key, event
// key, for a host the key of its jobs, ledger, policy, pin, and for a host the
// files of its jobs. So whatever the process dies after, the next run can go
// on: before the ledger there are only keys that nothing refers to;
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
	host   host
	fresh  bool // there is no ledger yet
	origin string
	logKey string // verifier key
	event  string // id of the event key
	jobs   string // id of the key that the host's jobs sign with; empty without one
	step   func(done string) error
	result initResult

	unnamed bool // the policy that is there does not name the jobs' key
}

// An initResult is what init did.
type initResult struct {
	Schema  string     `json:"schema"`
	Origin  string     `json:"origin"`
	Ledger  string     `json:"ledger"`
	Keyring string     `json:"keyring"`
	Steps   []initStep `json:"steps"`
	Next    string     `json:"next"`

	// What is left to do at the host, in this order; empty without one.
	Hosting     string    `json:"hosting,omitempty"` // the plan
	Protection  string    `json:"log_key_protection,omitempty"`
	Enforcement string    `json:"enforcement,omitempty"` // whom an answer of the gate stops on this plan
	Do          []hostAct `json:"do,omitempty"`
	Unprotected []string  `json:"unprotected,omitempty"` // what stays so on this plan
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
	if err != nil {
		return err
	}
	return s.settle(ctx)
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

func (r initResult) print(env *cli.Env) error {
	w, changed := env.Stdout, false
	for _, s := range r.Steps {
		word := "kept"
		if s.Made {
			word, changed = "made", true
		}
		fmt.Fprintf(w, "%s  %-9s  %s\n", word, s.What, clean.Text(shown(env, s.Name)))
	}
	if !changed {
		fmt.Fprintln(w, "nothing to do: everything is there, nothing was changed")
	}
	r.printHosting(w)
	_, err := fmt.Fprintf(w, "next: %s\n", r.Next)
	return err
}
