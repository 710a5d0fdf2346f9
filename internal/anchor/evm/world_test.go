// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/ethclient/simulated"
	gethnode "github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/gateledger/gateledger/internal/anchor"
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

	mu   sync.Mutex
	mine bool                                      // a block after each transaction
	lie  func(method string) (answer any, ok bool) // instead of the node's answer
	seen map[string]int                            // questions by method
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
	lie, mine := c.lie, c.mine
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
	if err := c.rpc.CallContext(r.Context(), &result, q.Method, q.Params...); err != nil {
		said := map[string]any{"code": -32000, "message": err.Error()}
		if with, ok := err.(rpc.DataError); ok {
			said["code"], said["data"] = 3, with.ErrorData()
		}
		answer["error"] = said
	} else {
		answer["result"] = result
		if mine && q.Method == "eth_sendRawTransaction" {
			c.sim.Commit()
		}
	}
	json.NewEncoder(w).Encode(answer)
}

func (c *chain) lies(f func(method string) (any, bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lie = f
}

// world is what an anchor may touch, with these variables.
func (c *chain) world(variables map[string]string) anchor.World {
	return anchor.World{
		Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond,
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
