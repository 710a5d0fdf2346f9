// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/ethclient/simulated"
	gethnode "github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm/loganchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/proof"
)

// chainID is what simulated nodes always have.
const chainID = 1337

// A chain is a node in this process, behind HTTP, with rules of the Osaka fork.
type chain struct {
	t    *testing.T
	sim  *simulated.Backend
	rpc  *rpc.Client
	url  string
	key  *ecdsa.PrivateKey
	from common.Address

	sealing sync.Mutex

	mu   sync.Mutex
	mine bool                                      // a block after each transaction
	lie  func(method string) (answer any, ok bool) // instead of the node's answer
	drop bool                                      // the answer to a transaction is lost
	seen map[string]int                            // questions by method

	filter func(method string, params []any) bool // whether the node answers
}

func newChain(t *testing.T) *chain {
	t.Helper()
	key, err := crypto.HexToECDSA(strings.Repeat("41", 32))
	if err != nil {
		t.Fatal(err)
	}
	c := &chain{t: t, key: key, from: crypto.PubkeyToAddress(key.PublicKey), mine: true, seen: map[string]int{}}
	rich := types.GenesisAlloc{c.from: {Balance: new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil)}}
	c.sim = simulated.NewBackend(rich, func(_ *gethnode.Config, e *ethconfig.Config) {
		rules := *params.AllDevChainProtocolChanges
		rules.AmsterdamTime, rules.BogotaTime = nil, nil
		e.Genesis.Config = &rules
	})
	t.Cleanup(func() { c.sim.Close() })
	inside := reflect.ValueOf(c.sim.Client()).FieldByName("Client").Interface().(*ethclient.Client) // whose name hides its method Client
	c.rpc = inside.Client()
	server := httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// serve hands a question on to the node.
func (c *chain) serve(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Params []any           `json:"params"`
	}
	data, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(data, &q) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	c.seen[q.Method]++
	lie, mine, drop, filter := c.lie, c.mine, c.drop, c.filter
	c.mu.Unlock()
	answer := map[string]any{"jsonrpc": "2.0", "id": q.ID}
	if lie != nil {
		if said, ok := lie(q.Method); ok {
			if raw, ok := said.(http.HandlerFunc); ok {
				raw(w, r)
				return
			}
			answer["result"] = said
			json.NewEncoder(w).Encode(answer)
			return
		}
	}
	var result json.RawMessage
	if filter != nil && !filter(q.Method, q.Params) {
		answer["error"] = map[string]any{"code": -32005, "message": "query exceeds max block range"}
	} else if err := c.rpc.CallContext(r.Context(), &result, q.Method, q.Params...); err != nil {
		said := map[string]any{"code": -32000, "message": err.Error()}
		if with, ok := err.(rpc.DataError); ok {
			said["code"], said["data"] = 3, with.ErrorData()
		}
		answer["error"] = said
	} else {
		answer["result"] = result
		if mine && q.Method == "eth_sendRawTransaction" {
			c.commit()
		}
		if drop && q.Method == "eth_sendRawTransaction" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
	}
	json.NewEncoder(w).Encode(answer)
}

func (c *chain) lies(f func(method string) (any, bool)) { c.set(func() { c.lie = f }) }

// commit makes a block of what waits. One is made at a time.
func (c *chain) commit() {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	c.sim.Commit()
}

// set changes how questions are answered from now on.
func (c *chain) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// world is what an anchor may touch, with these variables.
func (c *chain) world(variables map[string]string) anchor.World {
	return anchor.World{
		Base: http.DefaultTransport, Timeout: time.Minute, Pause: time.Millisecond,
		Now: time.Now, Random: rand.Reader, Getenv: func(name string) string { return variables[name] },
	}
}

// node is a client of the chain.
func (c *chain) node() *node {
	c.t.Helper()
	n, err := dial(c.t.Context(), c.url, "", c.world(nil))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(n.close)
	return n
}

// pay sends a transaction as somebody with money would, and returns its receipt.
func (c *chain) pay(to *common.Address, data []byte) *types.Receipt {
	c.t.Helper()
	return c.payAs(c.key, to, data, nil)
}

func (c *chain) payAs(key *ecdsa.PrivateKey, to *common.Address, data []byte, value *big.Int) *types.Receipt {
	c.t.Helper()
	ctx, client := c.t.Context(), c.sim.Client()
	from := crypto.PubkeyToAddress(key.PublicKey)
	nonce, err := client.PendingNonceAt(ctx, from)
	if err != nil {
		c.t.Fatal(err)
	}
	gas, err := client.EstimateGas(ctx, ethereum.CallMsg{From: from, To: to, Data: data, Value: value})
	if err != nil {
		c.t.Fatalf("estimate: %v", err)
	}
	tx, err := types.SignNewTx(key, types.LatestSignerForChainID(big.NewInt(chainID)), &types.DynamicFeeTx{
		ChainID: big.NewInt(chainID), Nonce: nonce, To: to, Data: data, Value: value, Gas: gas, GasFeeCap: big.NewInt(100e9), GasTipCap: big.NewInt(1e9),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := client.SendTransaction(ctx, tx); err != nil {
		c.t.Fatal(err)
	}
	c.commit()
	receipt, err := client.TransactionReceipt(ctx, tx.Hash())
	if err != nil || receipt.Status != 1 {
		c.t.Fatalf("receipt: %v, %+v", err, receipt)
	}
	return receipt
}

// logAnchorData makes a LogAnchor, and lets owner submit one log to it.
func logAnchorData(owner common.Address, origin string) (create, submitter []byte) {
	abi := loganchor.NewLogAnchor()
	return append(common.FromHex(loganchor.LogAnchorMetaData.Bin), abi.PackConstructor(owner)...), abi.PackSetSubmitter(sha256.Sum256([]byte(origin)), owner)
}

// logAnchor puts a LogAnchor on the chain, to which key may submit one log.
func (c *chain) logAnchor() common.Address { return c.logAnchorFor(origin) }

func (c *chain) logAnchorFor(origin string) common.Address {
	c.t.Helper()
	create, submitter := logAnchorData(c.from, origin)
	created := c.pay(nil, create).ContractAddress
	c.pay(&created, submitter)
	return created
}

// wallet is a keystore file with the key, and the variables that name it.
func (c *chain) wallet() map[string]string { return walletOf(c.t, c.key) }

func walletOf(t *testing.T, key *ecdsa.PrivateKey) map[string]string {
	t.Helper()
	sealed, err := keystore.EncryptKey(&keystore.Key{Address: crypto.PubkeyToAddress(key.PublicKey), PrivateKey: key}, "open sesame", keystore.LightScryptN, keystore.LightScryptP)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	vars := map[string]string{
		"GATELEDGER_EVM_KEYSTORE":      filepath.Join(dir, "key.json"),
		"GATELEDGER_EVM_PASSWORD_FILE": filepath.Join(dir, "password"),
	}
	for name, data := range map[string][]byte{"GATELEDGER_EVM_KEYSTORE": sealed, "GATELEDGER_EVM_PASSWORD_FILE": []byte("open sesame\n")} {
		if err := os.WriteFile(vars[name], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return vars
}

// spec is the anchor as a policy names it. A simulated chain calls a block final
// only after an epoch, so its own block is enough.
func (c *chain) spec(contract common.Address) anchored.Spec {
	return anchored.Spec{Kind: "evm", Name: "main", URL: c.url, Chain: chainID, Contract: contract.Hex(), Confirmations: 1}
}

// open opens the anchor with these variables beside the wallet's.
func (c *chain) open(spec anchored.Spec, more map[string]string) *submitter {
	c.t.Helper()
	vars := c.wallet()
	maps.Copy(vars, more)
	opened, err := openContract(spec, c.world(vars))
	if err != nil {
		c.t.Fatal(err)
	}
	return &submitter{contract: opened}
}

// A leaves is a log in memory. Two of different variants are forks.
type leaves []tlog.Hash

func (l leaves) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, i := range indexes {
		all = append(all, l[i])
	}
	return all, nil
}

// logOf is a log of a variant.
func logOf(size uint64, variant byte) leaves {
	var l leaves
	for i := range size {
		more, err := tlog.StoredHashes(int64(i), []byte{variant, byte(i), byte(i >> 8)}, l)
		if err != nil {
			panic(err) // it is all in memory
		}
		l = append(l, more...)
	}
	return l
}

const maxLeaves = 2000 // of logs that are really there

// submission is a checkpoint of a log of a variant.
func submission(origin string, size uint64, variant byte) anchor.Submission {
	c := proof.Checkpoint{Origin: origin, Size: size, Root: tlog.Hash(bytes.Repeat([]byte{variant}, 32))}
	if 0 < size && size < maxLeaves {
		c.Root, _ = tlog.TreeHash(int64(size), logOf(size, variant))
	}
	c.Raw = fmt.Appendf(nil, "%s\n%d\n%s\n\n— %s c2ln\n", origin, size, c.Root, origin)
	return anchor.Submission{Checkpoint: c}
}

// A submitter is a contract, with somebody before it who proves what it asks for.
type submitter struct {
	*contract
	last uint64 // that it took
}

func (s *submitter) Submit(ctx context.Context, sub anchor.Submission) (anchored.Receipt, error) {
	size := sub.Checkpoint.Size
	for old := s.last; ; {
		if 0 < old && old < size && size < maxLeaves {
			sub.Old, sub.Since = old, prove(sub.Checkpoint, old)
		}
		r, err := s.contract.Submit(ctx, sub)
		behind := (*anchor.Behind)(nil)
		if err == nil {
			s.last = size
		}
		if !errors.As(err, &behind) || behind.Size >= size || behind.Size == sub.Old {
			return r, err
		}
		old = behind.Size
	}
}

// prove proves that a checkpoint follows, by the log of whichever variant it is.
func prove(c proof.Checkpoint, old uint64) proof.Proof {
	for variant := range byte(10) {
		l := logOf(c.Size, variant)
		if root, err := tlog.TreeHash(int64(c.Size), l); err == nil && root == c.Root {
			p, _ := tlog.ProveTree(int64(c.Size), int64(old), l)
			return proof.Proof(p)
		}
	}
	return nil
}

// checkpointed is a receipt with another checkpoint.
func checkpointed(r anchored.Receipt, s anchor.Submission) anchored.Receipt {
	r.Checkpoint = s.Checkpoint.Raw
	return r
}

// count is how often a question was asked.
func (c *chain) count(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[method]
}

// until waits for what other goroutines do.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not come")
}

// begin submits a checkpoint, and has the job end once something is so.
func (c *chain) begin(spec anchored.Spec, end func() bool) error {
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := c.open(spec, nil).Submit(ctx, submission(origin, 10, 1))
		done <- err
	}()
	until(c.t, end)
	cancel()
	return <-done
}

// settles tells when a submission waits for its block to be final: after the
// transaction it asks for blocks, again and again.
func (c *chain) settles() func() bool {
	asked := -1
	return func() bool {
		blocks := c.count("eth_getBlockByNumber")
		if asked < 0 && c.count("eth_sendRawTransaction") > 0 {
			asked = blocks
		}
		return asked >= 0 && blocks > asked+4
	}
}
