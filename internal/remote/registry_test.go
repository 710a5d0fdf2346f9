// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// registryNode answers as a node of chain 1337 whose registry has document ab…
// of every subject, and says 0, 2, 0, 1 of every package.
func registryNode(t *testing.T) string {
	t.Helper()
	word := func(digits string) string { return strings.Repeat("0", 64-len(digits)) + digits }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			ID     json.RawMessage   `json:"id"`
			Method string            `json:"method"`
			Params []json.RawMessage `json:"params"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer := map[string]any{
			"eth_chainId": "0x539", "eth_getCode": "0x6001",
			"eth_getBlockByNumber": map[string]any{"number": "0x7", "hash": "0x" + strings.Repeat("bb", 32), "timestamp": "0x65000000"},
		}[q.Method]
		if q.Method == "eth_call" {
			var call struct {
				Input string `json:"input"`
			}
			json.Unmarshal(q.Params[0], &call)
			answer = "0x" + word("") + word("2") + word("") + word("1")
			if len(call.Input) == 2+8+3*64 { // entryOf has three arguments, tallyOf two
				answer = "0x" + strings.Repeat("ab", 32) + word("1") + word("") + word("65000000") + word("")
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": q.ID, "result": answer})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestRegistryVerb(t *testing.T) {
	const account = "0x52908400098527886E0F7030069857D2E4169EE7"
	node := registryNode(t)
	for name, c := range map[string]struct {
		edit func(*child.RegistryQuestion)
		code int
		says string
	}{
		"looked up":        {nil, cli.OK, `"affected":2,"fixed":1`},
		"it matches":       {nil, cli.OK, `"status":"match"`},
		"another digest":   {func(q *child.RegistryQuestion) { q.Documents[0].Digests[0] = strings.Repeat("cd", 32) }, cli.OK, `"status":"mismatch"`},
		"another chain":    {func(q *child.RegistryQuestion) { q.Spec.Chain = 1 }, cli.Usage, "chain 1337, want 1"},
		"no digest":        {func(q *child.RegistryQuestion) { q.Documents[0].Digests[0] = "x" }, cli.Usage, "no SHA-256"},
		"no node":          {func(q *child.RegistryQuestion) { q.Spec.URL = "http://127.0.0.1:1" }, cli.Unknown, ""},
		"nothing is final": {func(q *child.RegistryQuestion) { q.Spec.Confirmations = 100 }, cli.Unknown, "the chain has 8 blocks"},
		"nobody pays":      {func(q *child.RegistryQuestion) { q.Publish = &q.Documents[0] }, cli.Usage, "GATELEDGER_EVM_KEYSTORE"},
	} {
		q := child.RegistryQuestion{
			Spec:       anchored.Spec{Kind: "evm", Name: "registry", URL: node, Chain: 1337, Contract: account, Confirmations: 1},
			Publishers: []string{account}, Reporters: []string{account},
			Documents: []child.RegistryDocument{{Kind: "sbom", Subject: strings.Repeat("12", 32), Digests: []string{strings.Repeat("ab", 32)}}},
			Packages:  []string{strings.Repeat("34", 32)},
		}
		if c.edit != nil {
			c.edit(&q)
		}
		data, err := canon.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		out, talk := new(bytes.Buffer), new(bytes.Buffer)
		env := cli.System()
		env.Args, env.Stdin, env.Stdout, env.Stderr = []string{child.Name, "registry"}, bytes.NewReader(data), out, talk
		env.Getenv = func(string) string { return "" }
		code := cli.Run(t.Context(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
		stdout, stderr := out.String(), talk.String()
		if code != c.code || !strings.Contains(stdout+stderr, c.says) || code != cli.OK && stdout != "" {
			t.Errorf("%s: exit %d: %s%s", name, code, stdout, stderr)
		}
	}
}
