// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/kinds"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// cosign FOLDER has the head of a ledger cosigned by the witnesses of the policy.
// With ! all of them must say that they have seen another log.
func cosign(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] cosign FOLDER")
	}
	data, err := os.ReadFile(ts.MkAbs(".gateledger.yml"))
	ts.Check(err)
	rules, err := policy.Parse(data)
	ts.Check(err)
	keys, err := proof.NewKeys(rules.Ledger.Origin, rules.Ledger.Keys)
	ts.Check(err)
	l, err := ledger.Open(context.Background(), "dir:"+ts.MkAbs(args[0]), ledger.Options{Keys: keys})
	ts.Check(err)
	if len(rules.Ledger.Witnesses.Of) == 0 {
		ts.Fatalf("the policy names no witness")
	}
	for _, spec := range rules.Ledger.Witnesses.Of {
		err := cosignAt(l, spec)
		if neg != errors.Is(err, anchor.ErrForked) || !neg && err != nil {
			ts.Fatalf("%s: %v", spec.Name, err)
		}
	}
}

// cosignAt asks one witness, from where it is.
func cosignAt(l ledger.Ledger, spec anchored.Spec) error {
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	a, err := kinds.Open(spec, anchor.World{Base: base, Timeout: 10 * time.Second, Pause: time.Millisecond, Now: time.Now})
	if err != nil {
		return err
	}
	ctx := context.Background()
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	s := anchor.Submission{Checkpoint: head}
	for {
		_, err := a.Submit(ctx, s)
		behind := (*anchor.Behind)(nil)
		if !errors.As(err, &behind) {
			return err
		}
		s.Old = behind.Size
		if s.Since, err = l.Consistency(ctx, s.Old, head.Size); err != nil {
			return err
		}
	}
}
