// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/gateledger/gateledger/internal/anchor"
)

func TestCheckFindsTheChainAndTheContract(t *testing.T) {
	c := newChain(t)
	n := c.node()
	system := params.BeaconRootsAddress // code that is there from the first block
	if err := n.check(t.Context(), chainID, system); err != nil {
		t.Fatal(err)
	}
	for name, check := range map[string]func() error{
		"of chain 1337, want 1": func() error { return n.check(t.Context(), 1, system) },
		"has no contract":       func() error { return n.check(t.Context(), chainID, common.HexToAddress("0x0123")) },
	} {
		if err := check(); !errors.Is(err, errWrong) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDialRefusesWhatIsNoAddress(t *testing.T) {
	for _, at := range []string{"", "node", "ftp://a", "file:///etc/passwd", "/run/geth.ipc", "ws://a/", "http://"} {
		if _, err := dial(t.Context(), at, "", anchor.World{}); !errors.Is(err, anchor.ErrSetup) {
			t.Errorf("%q: %v", at, err)
		}
	}
}

// Whatever a node answers instead of an answer, it could not be asked.
func TestGarbageIsNoAnswer(t *testing.T) {
	raw := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	c := newChain(t)
	n := c.node()
	for name, said := range map[string]any{
		"no JSON":         raw(200, "<html>"),
		"nothing":         raw(200, ""),
		"half":            raw(200, `{"jsonrpc":"2.0","id":1,"resu`),
		"no result":       raw(200, `{"jsonrpc":"2.0"}`),
		"not found":       raw(404, "no"),
		"broken":          raw(500, "no"),
		"a redirect":      http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/else", http.StatusFound) }),
		"too much":        raw(200, `{"jsonrpc":"2.0","id":1,"result":"`+strings.Repeat("a", maxAnswer)+`"}`),
		"another type":    7,
		"an empty object": map[string]any{},
	} {
		c.lies(func(string) (any, bool) { return said, true })
		if _, err := n.blockAt(t.Context(), "latest"); !errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.lies(func(string) (any, bool) { return nil, true })
	if _, err := n.blockAt(t.Context(), "latest"); !errors.Is(err, errNone) {
		t.Errorf("null: %v", err)
	}
	if _, err := n.receiptOf(t.Context(), common.Hash{1}); !errors.Is(err, errNone) {
		t.Errorf("null receipt: %v", err)
	}
	c.lies(func(string) (any, bool) {
		return map[string]any{"transactionHash": common.Hash{2}, "blockHash": common.Hash{3}, "blockNumber": "0x1", "status": "0x1", "logs": []*types.Log{}}, true
	})
	if _, err := n.receiptOf(t.Context(), common.Hash{1}); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("receipt of another transaction: %v", err)
	}
}

// A node's address may hold a key, which no error repeats; nor does one carry
// what could move a person's terminal.
func TestErrorsNameTheHostOnly(t *testing.T) {
	c := newChain(t)
	n, err := dial(t.Context(), "http://127.0.0.1:1/v3/secret-key", "", c.world(nil))
	if err != nil {
		t.Fatal(err)
	}
	err = n.check(t.Context(), 1, common.Address{})
	if !errors.Is(err, anchor.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	c.lies(func(string) (any, bool) {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte(`{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"\u001b[2J` + strings.Repeat("x", 999) + `"}}`))
		}), true
	})
	answered := (*said)(nil)
	if err := c.node().check(t.Context(), 1, common.Address{}); !errors.As(err, &answered) || strings.Contains(err.Error(), "\x1b") || len(answered.text) > 210 {
		t.Error(err)
	}
}
