// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// chainNode answers as a node of chain 1337 with one transaction in block 7.
func chainNode(t *testing.T, contract string, origin string, size uint64, root tlog.Hash) string {
	t.Helper()
	sum := sha256.Sum256([]byte(origin))
	hash := func(b string) string { return "0x" + strings.Repeat(b, 32) }
	event := map[string]any{
		"address": contract, "data": "0x" + hex.EncodeToString(root[:]), "blockNumber": "0x7", "blockHash": hash("bb"), "transactionHash": hash("aa"),
		"transactionIndex": "0x0", "logIndex": "0x0", "removed": false,
		// keccak256("Anchored(bytes32,uint64,bytes32)")
		"topics": []string{"0xbea4d11b910aad40d2df2a90d97a3329219b6389f85777c99daad7eb5fafd439", "0x" + hex.EncodeToString(sum[:]), fmt.Sprintf("0x%064x", size)},
	}
	answers := map[string]any{
		"eth_getLogs": []any{event},
		"eth_chainId": "0x539", "eth_getCode": "0x6001",
		"eth_getBlockByNumber": map[string]any{"number": "0x7", "hash": hash("bb"), "timestamp": "0x65000000"},
		"eth_getTransactionReceipt": map[string]any{
			"transactionHash": hash("aa"), "blockHash": hash("bb"), "blockNumber": "0x7", "status": "0x1", "gasUsed": "0x1",
			"logs": []any{event},
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": q.ID, "result": answers[q.Method]})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAnchorCheckVerb(t *testing.T) {
	const contract = "0x52908400098527886E0F7030069857D2E4169EE7"
	root := tlog.Hash{1, 2, 3}
	node := chainNode(t, contract, "log", 10, root)
	hash := func(b string) string { return "0x" + strings.Repeat(b, 32) }
	for _, c := range []struct {
		name string
		edit func(*child.AnchorCheckQuestion, *anchored.EVMProof)
		code int
		says string
	}{
		{"right", nil, cli.OK, `"final":true,"heads":[{"root":"AQID`},
		{"another transaction", func(_ *child.AnchorCheckQuestion, p *anchored.EVMProof) { p.Transaction = hash("cc") }, cli.Unknown, "another transaction"},
		{"another block", func(_ *child.AnchorCheckQuestion, p *anchored.EVMProof) { p.Block = 8 }, cli.OK, `"stands":false`},
		{"another checkpoint", func(q *child.AnchorCheckQuestion, _ *anchored.EVMProof) {
			q.Receipt.Checkpoint = fmt.Appendf(nil, "log\n11\n%s\n\n— log c2ln\n", root)
		}, cli.OK, `"stands":false`},
		{"another chain", func(q *child.AnchorCheckQuestion, p *anchored.EVMProof) { q.Spec.Chain, p.Chain = 1, 1 }, cli.Usage, "chain 1337, want 1"},
		{"no node", func(q *child.AnchorCheckQuestion, _ *anchored.EVMProof) { q.Spec.URL = "http://127.0.0.1:1" }, cli.Unknown, ""},
		{"another kind", func(q *child.AnchorCheckQuestion, _ *anchored.EVMProof) { q.Spec.Kind = "tsa" }, cli.Usage, "only receipts of chains"},
	} {
		q := child.AnchorCheckQuestion{
			Spec: anchored.Spec{Kind: "evm", Name: "main", URL: node, Chain: 1337, Contract: contract},
			Receipt: anchored.Receipt{
				Schema: anchored.ReceiptSchema, Kind: "evm", Name: "main",
				Checkpoint: fmt.Appendf(nil, "log\n10\n%s\n\n— log c2ln\n", root),
			},
		}
		p := anchored.EVMProof{Chain: 1337, Contract: contract, Transaction: hash("aa"), Block: 7, BlockHash: hash("bb"), Time: "2023-09-12T00:00:00Z", Finalized: true}
		if c.edit != nil {
			c.edit(&q, &p)
		}
		proof, err := canon.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		q.Receipt.Proof = proof
		data, err := canon.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		out, talk := new(bytes.Buffer), new(bytes.Buffer)
		env := cli.System()
		env.Args, env.Stdin, env.Stdout, env.Stderr = []string{child.Name, "anchor-check"}, bytes.NewReader(data), out, talk
		env.Getenv = func(string) string { return "" }
		code := cli.Run(t.Context(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
		stdout, stderr := out.String(), talk.String()
		if code != c.code || !strings.Contains(stdout+stderr, c.says) || code != cli.OK && stdout != "" {
			t.Errorf("%s: exit %d: %s%s", c.name, code, stdout, stderr)
		}
	}
}
