// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"

	"github.com/gateledger/gateledger/internal/anchor/anchortest"
	"github.com/gateledger/gateledger/internal/anchor/evm/loganchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/proof"
)

// A contract on a chain, asked over HTTP, is an anchor as all are.
func TestSuite(t *testing.T) {
	anchortest.Run(t, func(t *testing.T, l *anchortest.Log) anchortest.Service {
		c := newChain(t)
		contract := c.logAnchor()
		c.pay(&contract, loganchor.NewLogAnchor().PackSetSubmitter(sha256.Sum256([]byte(anchortest.Origin)), c.from))
		spec := c.spec(contract)
		vars := c.wallet()
		keys, err := proof.NewKeys(anchortest.Origin, []string{l.VerifierKey})
		if err != nil {
			t.Fatal(err)
		}
		return anchortest.Service{
			Kind: Kind(), Spec: spec, Unique: true, Handler: http.HandlerFunc(c.serve), Getenv: func(name string) string { return vars[name] },
			Taken: func() int {
				logs, err := c.sim.Client().FilterLogs(t.Context(), ethereum.FilterQuery{Addresses: []common.Address{contract}, Topics: [][]common.Hash{{anchoredTopic}}})
				if err != nil {
					t.Fatal(err)
				}
				return len(logs)
			},
			Check: func(r anchored.Receipt) error {
				p, err := anchored.Check(anchored.Trust{Keys: keys, Specs: []anchored.Spec{spec}, Now: time.Now()}, r)
				if err != nil || !p.Hearsay {
					return fmt.Errorf("%+v: %w", p, err)
				}
				at := spec
				at.URL = c.url
				s, err := Check(t.Context(), at, r, c.world(nil))
				if err == nil && (!s.Stands || !s.Final) {
					err = errors.New("it does not stand: " + s.Why)
				}
				return err
			},
		}
	})
}
