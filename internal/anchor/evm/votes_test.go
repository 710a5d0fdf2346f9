// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm/deploymentgate"
	"github.com/gateledger/gateledger/internal/anchored"
)

// A polling is a DeploymentGate with people, on a chain.
type polling struct {
	*chain
	abi  *deploymentgate.DeploymentGate
	gate common.Address
	ask  deploymentgate.IDeploymentGateRequest
	q    VotesQuestion
}

// voter is somebody's key: ana, bob, cy, mallory.
func voter(name string) *ecdsa.PrivateKey {
	sum := sha256.Sum256([]byte(name))
	key, err := crypto.ToECDSA(sum[:])
	if err != nil {
		panic(err) // no name has such a hash
	}
	return key
}

func signerOf(name string) string {
	return hex.EncodeToString(crypto.PubkeyToAddress(voter(name).PublicKey).Bytes())
}

// newPolling opens a gate where two of ana, bob and cy approve, ana and cy may
// veto, and a request that is proposed.
func newPolling(t *testing.T) *polling {
	t.Helper()
	p := &polling{chain: newChain(t), abi: deploymentgate.NewDeploymentGate()}
	p.gate = p.pay(nil, append(common.FromHex(deploymentgate.DeploymentGateMetaData.Bin), p.abi.PackConstructor(p.from, new(big.Int))...)).ContractAddress
	p.pay(&p.gate, p.abi.PackGrantRole(crypto.Keccak256Hash([]byte("PROPOSER_ROLE")), p.from))
	p.policy("ana", "bob", "cy")
	p.ask = deploymentgate.IDeploymentGateRequest{
		Request: [32]byte{0xaa}, Environment: sha256.Sum256([]byte("production")), Artifact: [32]byte{0xbb}, Epoch: 1,
		Expires: big.NewInt(p.now().Add(time.Hour).Unix()), Excluded: new(big.Int),
	}
	copy(p.ask.Commit[:], common.FromHex(strings.Repeat("3b", 20)))
	p.q = VotesQuestion{
		Spec:    p.spec(p.gate),
		Request: hex.EncodeToString(p.ask.Request[:]), Since: p.now(), Environment: "production", Commit: strings.Repeat("3b", 20),
		Artifacts: []string{hex.EncodeToString(p.ask.Artifact[:])},
		People:    [][]string{{signerOf("ana")}, {signerOf("bob")}, {signerOf("cy")}},
	}
	return p
}

func (p *polling) now() time.Time {
	p.t.Helper()
	head, err := p.sim.Client().HeaderByNumber(p.t.Context(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return time.Unix(int64(head.Time), 0).UTC()
}

// policy gives the environment a new epoch; a name of several, with a plus
// between, is one person with several keys.
func (p *polling) policy(people ...string) {
	p.t.Helper()
	var all []deploymentgate.IDeploymentGatePerson
	for i, who := range people {
		person := deploymentgate.IDeploymentGatePerson{Roles: 1}
		if i != 1 {
			person.Roles = 3 // may veto
		}
		for name := range strings.SplitSeq(who, "+") {
			person.Signers = append(person.Signers, crypto.PubkeyToAddress(voter(name).PublicKey).Bytes())
		}
		all = append(all, person)
	}
	p.pay(&p.gate, p.abi.PackSetPolicy(sha256.Sum256([]byte("production")), deploymentgate.IDeploymentGatePolicy{
		Executor: p.from, Seats: [4]uint8{2}, VetoRoles: 2, MaxAge: big.NewInt(86400),
	}, all))
}

func (p *polling) propose() { p.t.Helper(); p.pay(&p.gate, p.abi.PackPropose(p.ask)) }

// vote is a signed vote on the request, for an hour less than it.
func (p *polling) vote(name string, decision uint8) deploymentgate.IDeploymentGateVote {
	p.t.Helper()
	until := new(big.Int).Sub(p.ask.Expires, big.NewInt(60))
	data, err := p.sim.Client().CallContract(p.t.Context(), ethereum.CallMsg{To: &p.gate, Data: p.abi.PackVoteDigest(p.ask, decision, until)}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	signature, err := crypto.Sign(data, voter(name))
	if err != nil {
		p.t.Fatal(err)
	}
	signature[64] += 27
	return deploymentgate.IDeploymentGateVote{Signer: crypto.PubkeyToAddress(voter(name).PublicKey).Bytes(), ValidUntil: until, Signature: signature}
}

func (p *polling) approve(names ...string) {
	p.t.Helper()
	var votes []deploymentgate.IDeploymentGateVote
	for _, name := range names {
		votes = append(votes, p.vote(name, 1))
	}
	p.pay(&p.gate, p.abi.PackApprove(p.ask, votes))
}

// told is what was read, in short: who, what, and whether it can count.
func (p *polling) told() string {
	p.t.Helper()
	v, err := ReadVotes(p.t.Context(), p.q, p.world(nil))
	if err != nil {
		return "error: " + err.Error()
	}
	if v.Time.IsZero() || v.Calls == 0 {
		p.t.Errorf("it does not say when: %+v", v)
	}
	var lines []string
	for _, c := range v.Cast {
		line := fmt.Sprintf("%s %s", map[string]string{signerOf("ana"): "ana", signerOf("bob"): "bob", signerOf("cy"): "cy"}[c.Signer], c.Decision)
		if c.Reject != "" {
			line += ": " + c.Reject
		}
		if c.Time.IsZero() || c.ID == "" {
			p.t.Errorf("a vote without a time or a name: %+v", c)
		}
		lines = append(lines, line)
	}
	if v.Strangers > 0 {
		lines = append(lines, fmt.Sprintf("%d strangers", v.Strangers))
	}
	return strings.Join(lines, "\n")
}

func TestReadVotes(t *testing.T) {
	for name, fact := range map[string]struct {
		act  func(p *polling)
		want string
	}{
		"nothing was asked": {func(*polling) {}, ""},
		"proposed only":     {func(p *polling) { p.propose() }, ""},
		"approved":          {func(p *polling) { p.propose(); p.approve("ana", "bob") }, "ana approve\nbob approve"},
		"executed": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			p.pay(&p.gate, p.abi.PackExecute(p.ask, [32]byte{1}))
		}, "ana approve\nbob approve"},
		"taken back": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			p.pay(&p.gate, p.abi.PackWithdraw(p.ask, p.vote("bob", 3)))
		}, "ana approve: it does not stand\nbob approve: it does not stand\nbob revoke"},
		"taken back, and approved by others": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			p.pay(&p.gate, p.abi.PackWithdraw(p.ask, p.vote("bob", 3)))
			p.approve("ana", "cy")
		}, "bob approve: it does not stand\nbob revoke\nana approve\ncy approve"},
		"vetoed": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			p.pay(&p.gate, p.abi.PackVeto(p.ask, p.vote("cy", 2)))
		}, "ana approve: the request was vetoed\nbob approve: the request was vetoed\ncy deny"},
		"cancelled": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			p.pay(&p.gate, p.abi.PackCancel(p.ask))
		}, "ana approve: the request was cancelled\nbob approve: the request was cancelled"},
		"expired": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			p.commit() // which waits until the pool knows what the last block took
			if err := p.sim.AdjustTime(2 * time.Hour); err != nil {
				t.Error(err)
			}
		}, "ana approve: expired\nbob approve: expired"},
		"another epoch": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			p.policy("ana", "bob", "cy")
		}, "ana approve: it is of epoch 1\nbob approve: it is of epoch 1"},
		"closed": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			p.pay(&p.gate, p.abi.PackClose(sha256.Sum256([]byte("production"))))
		}, "ana approve: it is of epoch 1\nbob approve: it is of epoch 1"},
		"another request":     {func(p *polling) { p.propose(); p.approve("ana", "bob"); p.q.Request = strings.Repeat("cd", 32) }, ""},
		"another artifact":    {func(p *polling) { p.ask.Artifact[0]++; p.propose(); p.approve("ana", "bob") }, "ana approve: the contract was asked for another artifact\nbob approve: the contract was asked for another artifact"},
		"another commit":      {func(p *polling) { p.ask.Commit[31]++; p.propose(); p.approve("ana", "bob") }, "ana approve: the contract was asked for another commit\nbob approve: the contract was asked for another commit"},
		"another environment": {func(p *polling) { p.propose(); p.approve("ana", "bob"); p.q.Environment = "staging" }, "ana approve: the contract was asked for another environment\nbob approve: the contract was asked for another environment"},
		"a stranger": {func(p *polling) {
			p.policy("ana", "mallory", "cy")
			p.ask.Epoch = 2
			p.propose()
			p.approve("ana", "mallory")
		}, "ana approve\n1 strangers"},
		"a second key that the policy does not know": {func(p *polling) {
			p.policy("ana+mallory", "bob", "cy")
			p.ask.Epoch = 2
			p.propose()
			p.approve("mallory", "bob")
		}, "ana approve: person 0 of the contract has other signers\nbob approve"},
		"one person's two keys": {func(p *polling) {
			p.policy("ana+ana2", "bob", "cy")
			p.q.People[0] = append(p.q.People[0], signerOf("ana2"))
			p.ask.Epoch = 2
			p.propose()
			p.approve("ana2", "bob")
		}, "ana approve\nbob approve"},
		"two people of the policy are one of the contract": {func(p *polling) {
			p.policy("ana+bob", "x", "cy")
			p.ask.Epoch = 2
			p.propose()
			p.approve("bob", "cy")
		}, "ana approve: person 0 of the contract has other signers\ncy approve"},
		"asked for twice": {func(p *polling) {
			p.propose()
			p.ask.Expires.Sub(p.ask.Expires, big.NewInt(1))
			p.propose()
			p.approve("ana", "cy")
		}, "ana approve\ncy approve"},
		"not deep enough": {func(p *polling) {
			p.q.Spec.Confirmations = 5
			p.propose()
			p.approve("ana", "bob")
		}, "ana approve: it stands in block\nbob approve: it stands in block"},
		"a veto that is not deep enough": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			for range 9 {
				p.commit()
			}
			p.q.Spec.Confirmations = 5
			p.pay(&p.gate, p.abi.PackVeto(p.ask, p.vote("cy", 2)))
		}, "ana approve: the request was vetoed\nbob approve: the request was vetoed\ncy deny"},
		"a chain that finalises, and its node is behind": {func(p *polling) {
			p.propose()
			p.q.Spec.Confirmations = 0
			p.lies(func(method string) (any, bool) {
				return map[string]any{"number": "0x5", "hash": common.Hash{1}, "timestamp": "0x65000000"}, method == "eth_getBlockByNumber"
			})
		}, "error: the node is behind"},
		"no contract": {func(p *polling) { p.q.Spec.Contract = common.Address{9}.Hex() }, "error: has no contract"},
		"no gate":     {func(p *polling) { p.q.Spec.Contract = p.logAnchor().Hex() }, "error: is no DeploymentGate"},
		"node down":   {func(p *polling) { p.q.Spec.URL = "http://127.0.0.1:1" }, "error: could not be asked"},
		"no answer": {func(p *polling) {
			p.propose()
			p.lies(func(method string) (any, bool) { return nil, method == "eth_getLogs" })
		}, "error: it answers with nothing"},
		"no events of people": {func(p *polling) {
			p.propose()
			p.approve("ana", "bob")
			seen := 0
			p.lies(func(method string) (any, bool) {
				if method == "eth_getLogs" {
					seen++
				}
				return []any{}, method == "eth_getLogs" && seen > 1
			})
		}, "error: it shows 0 policies"},
		"no Date": {func(p *polling) {
			p.lies(func(string) (any, bool) {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header()["Date"] = nil
					w.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":"0x539"}`))
				}), true
			})
		}, "error: "},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPolling(t)
			fact.act(p)
			got := strings.Split(p.told(), "\n")
			want := strings.Split(fact.want, "\n")
			if len(got) != len(want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			for i := range want {
				who, why, rejected := strings.Cut(want[i], ": ")
				gotWho, gotWhy, gotRejected := strings.Cut(got[i], ": ")
				if who != gotWho || rejected != gotRejected || !strings.Contains(gotWhy, why) {
					t.Errorf("got %q, want %q", got[i], want[i])
				}
			}
		})
	}
}

// Whatever a node shows that is not as the contract would have it, nothing is
// read.
func TestReadVotesBelievesNoOddEvents(t *testing.T) {
	p := newPolling(t)
	p.propose()
	p.approve("ana", "bob")
	logs, err := p.sim.Client().FilterLogs(t.Context(), ethereum.FilterQuery{Addresses: []common.Address{p.gate}})
	if err != nil {
		t.Fatal(err)
	}
	var ours []types.Log
	for _, l := range logs {
		if len(l.Topics) > 2 && l.Topics[2] == common.Hash(p.ask.Request) {
			ours = append(ours, l)
		}
	}
	if len(ours) != 2 {
		t.Fatalf("%d events", len(ours))
	}
	other := ours[0]
	other.Topics = append([]common.Hash{}, other.Topics...)
	other.Topics[1] = common.Hash{7}
	short := ours[0]
	short.Data = short.Data[:32]
	for name, shown := range map[string][]types.Log{
		"no proposal":              {ours[1]},
		"the proposal of another":  {other},
		"half a proposal":          {short},
		"an event of another gate": {{Address: common.Address{1}, Topics: ours[0].Topics, Data: ours[0].Data, BlockNumber: 1}},
		"an event of later":        {{Address: p.gate, Topics: ours[0].Topics, Data: ours[0].Data, BlockNumber: 99999}},
	} {
		p.lies(func(method string) (any, bool) { return shown, method == "eth_getLogs" })
		if _, err := ReadVotes(t.Context(), p.q, p.world(nil)); !errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadVotes(t.Context(), VotesQuestion{Spec: p.q.Spec}, p.world(nil)); !errors.Is(err, anchor.ErrSetup) {
		t.Errorf("no question: %v", err)
	}
	if _, err := ReadVotes(t.Context(), VotesQuestion{Spec: anchored.Spec{URL: "x"}, Request: p.q.Request, Artifacts: p.q.Artifacts}, p.world(nil)); !errors.Is(err, anchor.ErrSetup) {
		t.Errorf("no contract: %v", err)
	}
}
