// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/gateledger/gateledger/internal/anchor/evm/deploymentgate"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/event"
)

// A gateNode is a node with a DeploymentGate that has one request, which the
// people of bits approved. How the contract itself behaves, package evm tests
// on a chain.
type gateNode struct {
	t    *testing.T
	abi  abi.ABI
	url  string
	bits int64
	dead bool
}

const (
	gateAddress = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
	anaSigner   = "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
	boSigner    = "dbf03b407c01e7cd3cbea99509d93f8dddc8c6fb"
)

func newGateNode(t *testing.T) *gateNode {
	n := &gateNode{t: t, abi: deploymentgate.NewDeploymentGate().GetABI(), bits: 3}
	server := httptest.NewServer(http.HandlerFunc(n.serve))
	t.Cleanup(server.Close)
	n.url = server.URL
	return n
}

func (n *gateNode) serve(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID     json.RawMessage   `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || n.dead {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": q.ID, "result": n.answer(q.Method, fmt.Sprintf("%s", q.Params))})
}

func (n *gateNode) answer(method, params string) any {
	outputs := func(name string, values ...any) string {
		data, err := n.abi.Methods[name].Outputs.Pack(values...)
		if err != nil {
			n.t.Error(err)
		}
		return hexutil.Encode(data)
	}
	switch method {
	case "eth_chainId":
		return "0x1"
	case "eth_getCode":
		return "0x6001"
	case "eth_getBlockByNumber":
		return map[string]any{"number": "0x9", "hash": common.Hash{9}, "timestamp": hexutil.EncodeUint64(uint64(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Unix()))}
	case "eth_call":
		if strings.Contains(params, hexutil.Encode(n.abi.Methods["stateOf"].ID)) {
			return outputs("stateOf", uint8(2), common.Address{1}, big.NewInt(1<<39), big.NewInt(n.bits), new(big.Int))
		}
		return outputs("policyOf", true, uint32(1), deploymentgate.IDeploymentGatePolicy{MaxAge: big.NewInt(1)})
	case "eth_getLogs":
		if strings.Contains(params, n.abi.Events["PolicySet"].ID.Hex()) {
			return n.logs("PolicySet", []common.Hash{sha256.Sum256([]byte("production")), common.BigToHash(big.NewInt(1))},
				deploymentgate.IDeploymentGatePolicy{MaxAge: big.NewInt(1)}, n.people())
		}
		asked, id := n.asked()
		request, environment := common.Hash(asked.Request), common.Hash(asked.Environment)
		return append(
			n.logs("Proposed", []common.Hash{id, request, environment}, common.Address{1}, asked),
			n.logs("Approved", []common.Hash{id, request, environment}, big.NewInt(n.bits), big.NewInt(1<<39))...)
	}
	return nil
}

func (n *gateNode) people() []deploymentgate.IDeploymentGatePerson {
	var all []deploymentgate.IDeploymentGatePerson
	for _, s := range []string{anaSigner, boSigner, strings.Repeat("99", 20)} {
		all = append(all, deploymentgate.IDeploymentGatePerson{Roles: 1, Signers: [][]byte{common.FromHex(s)}})
	}
	return all
}

func (n *gateNode) asked() (deploymentgate.IDeploymentGateRequest, common.Hash) {
	r := deploymentgate.IDeploymentGateRequest{
		Request: common.HexToHash(strings.Repeat("aa", 32)), Environment: sha256.Sum256([]byte("production")), Artifact: common.HexToHash(strings.Repeat("bb", 32)),
		Epoch: 1, Expires: big.NewInt(1 << 39), Excluded: new(big.Int),
	}
	copy(r.Commit[:], common.FromHex(commit))
	kind := crypto.Keccak256([]byte("Request(bytes32 request,bytes32 environment,bytes32 artifact,bytes32 commit,uint32 epoch,uint40 expires,uint24 excluded)"))
	return r, crypto.Keccak256Hash(kind, deploymentgate.NewDeploymentGate().PackIdOf(r)[4:])
}

func (n *gateNode) logs(name string, topics []common.Hash, values ...any) []any {
	e := n.abi.Events[name]
	data, err := e.Inputs.NonIndexed().Pack(values...)
	if err != nil {
		n.t.Error(err)
	}
	return []any{map[string]any{
		"address": gateAddress, "topics": append([]common.Hash{e.ID}, topics...), "data": hexutil.Encode(data), "blockNumber": "0x9", "blockHash": common.Hash{9},
		"transactionHash": common.Hash{8}, "transactionIndex": "0x0", "logIndex": "0x0", "removed": false,
	}}
}

func (n *gateNode) query() Query {
	return Query{
		Commit: commit, Request: strings.Repeat("aa", 32), Environment: "production", Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: short,
		Getenv: func(string) string { return "" },
		Chain: &Chain{
			Spec:  anchored.Spec{Kind: "evm", URL: n.url, Chain: 1, Contract: gateAddress, Confirmations: 1},
			Since: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Artifacts: []string{strings.Repeat("bb", 32)},
			Signers: [][]string{{anaSigner}, {boSigner}}, Host: "github.com", RepositoryID: "7",
		},
	}
}

func TestChainVotes(t *testing.T) {
	n := newGateNode(t)
	n.bits = 7
	found, err := Read(t.Context(), event.ChainSource, n.query())
	if err != nil {
		t.Fatal(err)
	}
	p := found.Snapshot
	if p.Source != "evm" || p.Host != "github.com" || p.RepositoryID != "7" || p.Commit != commit || p.Strangers != 1 || len(p.Votes) != 2 || p.Read.Calls == 0 {
		t.Errorf("%+v", p)
	}
	for i, signer := range []string{anaSigner, boSigner} {
		v := p.Votes[i]
		if v.Account.ID != event.ChainAccount(signer) || v.Account.Login != "0x"+signer || v.Decision != event.ForgeApprove || v.Request != p.Request || v.Time != "2026-03-02T09:00:00Z" || v.Reject != "" {
			t.Errorf("%+v", v)
		}
	}
	if p.Votes[0].ID == p.Votes[1].ID {
		t.Error("two votes have one name")
	}
}

func TestChainVotesThatCannotBeRead(t *testing.T) {
	for name, fact := range map[string]struct {
		edit func(*gateNode, *Query)
		want error
	}{
		"no contract":     {func(_ *gateNode, q *Query) { q.Chain = nil }, ErrSetup},
		"another chain":   {func(_ *gateNode, q *Query) { q.Chain.Spec.Chain = 5 }, ErrSetup},
		"no subject":      {func(_ *gateNode, q *Query) { q.Chain.Artifacts = nil }, ErrSetup},
		"the node is bad": {func(n *gateNode, _ *Query) { n.dead = true }, ErrUnavailable},
		"nobody is there": {func(_ *gateNode, q *Query) { q.Base = nobody{} }, ErrUnavailable},
		"plain http":      {func(_ *gateNode, q *Query) { q.Chain.Spec.URL = "http://rpc.example" }, ErrSetup},
		"no repository":   {func(_ *gateNode, q *Query) { q.Chain.RepositoryID = "" }, ErrUnavailable},
	} {
		n := newGateNode(t)
		q := n.query()
		fact.edit(n, &q)
		if found, err := Read(t.Context(), event.ChainSource, q); !errors.Is(err, fact.want) || found.Snapshot != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	found, err := Read(t.Context(), event.ChainSource, Query{Commit: commit})
	if err != nil || found.Snapshot != nil || len(found.Read) == 0 {
		t.Errorf("without a request: %+v, %v", found, err)
	}
}

func TestChainAccountsFitJSON(t *testing.T) {
	seen := map[int64]bool{}
	for i := range 1000 {
		id := event.ChainAccount(hex.EncodeToString([]byte{byte(i), byte(i >> 8)}))
		if id < 1<<52 || id >= 1<<53 || seen[id] {
			t.Errorf("%d: %d", i, id)
		}
		seen[id] = true
	}
}
