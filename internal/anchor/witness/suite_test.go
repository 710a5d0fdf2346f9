// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchor/anchortest"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/proof"
)

// A witness of ours, asked by our client over HTTP, and believed by what judges
// receipts, is an anchor as all are.
func TestSuite(t *testing.T) {
	anchortest.Run(t, func(t *testing.T, l *anchortest.Log) anchortest.Service {
		key := newKey(t)
		w, err := Open(t.TempDir(), Options{Key: key, Logs: []string{l.VerifierKey}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Close() })
		keys, err := proof.NewKeys(anchortest.Origin, []string{l.VerifierKey})
		if err != nil {
			t.Fatal(err)
		}
		spec := anchored.Spec{Kind: "witness", Name: key.Name(), Key: key.String(), Operator: "acme"}
		var mu sync.Mutex
		sizes := map[uint64]bool{}
		return anchortest.Service{
			Kind: Kind(), Spec: spec, Unique: true,
			Handler: http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				w.Handler().ServeHTTP(rw, req)
				if s := w.logs[anchortest.Origin].last; s.line != "" {
					sizes[s.head.Size] = true
				}
			}),
			Taken: func() int { mu.Lock(); defer mu.Unlock(); return len(sizes) },
			Check: func(r anchored.Receipt) error {
				_, err := anchored.Check(anchored.Trust{Keys: keys, Specs: []anchored.Spec{spec}, Now: time.Now()}, r)
				return err
			},
		}
	})
}
