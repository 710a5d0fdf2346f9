// SPDX-License-Identifier: Apache-2.0

//go:build chain

package evm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
)

// Tests against real nodes: test/chain/nodes.sh runs them. Both nodes are held
// to the rules of the Osaka fork.

// A server is a real node, as a process of its own.
type server struct {
	t       *testing.T
	name    string
	command func(dir string, port int) []string
	dir     string
	port    int
	cmd     *exec.Cmd
	rpc     *rpc.Client
	*chain  // its key, and what deploys contracts
}

func anvilCommand(dir string, port int) []string {
	return []string{os.Getenv("GATELEDGER_ANVIL"), "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--silent", "--hardfork", "osaka",
		"--chain-id", "1337", "--state", filepath.Join(dir, "state.json"), "--slots-in-an-epoch", "1"}
}

func gethCommand(dir string, port int) []string {
	return []string{os.Getenv("GATELEDGER_GETH"), "--dev", "--datadir", dir, "--cache", "64", "--http", "--http.addr", "127.0.0.1", "--http.port", fmt.Sprint(port),
		"--authrpc.port", fmt.Sprint(freePort()), "--nodiscover", "--maxpeers", "0", "--port", "0", "--ipcdisable", "--verbosity", "1"}
}

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start runs a node with a key that has money.
func start(t *testing.T, name string) *server {
	t.Helper()
	key, err := crypto.HexToECDSA(strings.Repeat("41", 32))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, name: name, dir: t.TempDir(), port: freePort(), chain: &chain{t: t, key: key, from: crypto.PubkeyToAddress(key.PublicKey)}}
	s.command = anvilCommand
	if name == "geth" {
		s.command = gethCommand
		s.genesis()
	}
	t.Cleanup(s.stop)
	s.up()
	if name == "anvil" {
		s.do(nil, "anvil_setBalance", s.from, "0x56bc75e2d63100000")
	}
	return s
}

// genesis makes a chain by the rules of Osaka, for geth.
func (s *server) genesis() {
	s.t.Helper()
	out, err := exec.Command(os.Getenv("GATELEDGER_GETH"), "--dev", "dumpgenesis").Output()
	var g map[string]any
	if err == nil {
		err = json.Unmarshal(out, &g)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	delete(g["config"].(map[string]any), "bogotaTime")
	delete(g["config"].(map[string]any), "amsterdamTime")
	g["gasLimit"] = "0x3938700" // 60 million
	g["alloc"].(map[string]any)[strings.TrimPrefix(s.from.Hex(), "0x")] = map[string]any{"balance": "0x56bc75e2d63100000"}
	data, err := json.Marshal(g)
	file := filepath.Join(s.dir, "genesis.json")
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if out, err := exec.Command(os.Getenv("GATELEDGER_GETH"), "init", "--datadir", s.dir, file).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
}

// up starts the process, and waits until it answers.
func (s *server) up() {
	s.t.Helper()
	command := s.command(s.dir, s.port)
	s.cmd = exec.Command(command[0], command[1:]...)
	var talk bytes.Buffer
	s.cmd.Stderr = &talk
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.url = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	client, err := rpc.Dial(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	s.rpc = client
	for range 600 {
		var id string
		if client.Call(&id, "eth_chainId") == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("%s does not answer: %s", s.name, talk.String())
}

// stop ends the process as a person would.
func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait()
	s.cmd = nil
}

func (s *server) do(answer any, method string, args ...any) {
	s.t.Helper()
	var ignored any
	if answer == nil {
		answer = &ignored
	}
	if err := s.rpc.Call(answer, method, args...); err != nil {
		s.t.Fatalf("%s: %v", method, err)
	}
}

// transact sends a transaction, and returns the contract that it made.
func (s *server) transact(to *common.Address, data []byte) common.Address {
	s.t.Helper()
	var nonce, gas hexutil.Uint64
	s.do(&nonce, "eth_getTransactionCount", s.from, "latest")
	call := map[string]any{"from": s.from, "input": hexutil.Bytes(data)}
	if to != nil {
		call["to"] = to
	}
	s.do(&gas, "eth_estimateGas", call)
	tx, err := types.SignNewTx(s.key, types.LatestSignerForChainID(big.NewInt(chainID)), &types.DynamicFeeTx{
		ChainID: big.NewInt(chainID), Nonce: uint64(nonce), To: to, Data: data, Gas: uint64(gas), GasFeeCap: big.NewInt(10e9), GasTipCap: big.NewInt(1e9),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.do(nil, "eth_sendRawTransaction", hexutil.Bytes(raw))
	for range 1000 {
		var r *struct {
			Status  hexutil.Uint64  `json:"status"`
			Created *common.Address `json:"contractAddress"`
		}
		if err := s.rpc.Call(&r, "eth_getTransactionReceipt", tx.Hash()); err != nil || r == nil { // geth may still be indexing
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if r.Status != 1 {
			s.t.Fatal("a transaction failed")
		}
		if r.Created == nil {
			return common.Address{}
		}
		return *r.Created
	}
	s.t.Fatal("a transaction does not come")
	return common.Address{}
}

// anchorOf puts a LogAnchor on the chain.
func (s *server) anchorOf() anchored.Spec {
	s.t.Helper()
	created, submitter := logAnchorData(s.from, origin)
	at := s.transact(nil, created)
	s.transact(&at, submitter)
	return s.spec(at)
}

func bothNodes(t *testing.T, test func(t *testing.T, s *server)) {
	for _, name := range []string{"anvil", "geth"} {
		t.Run(name, func(t *testing.T) { test(t, start(t, name)) })
	}
}

func TestNodeTakesALog(t *testing.T) {
	bothNodes(t, func(t *testing.T, s *server) {
		spec := s.anchorOf()
		a := s.open(spec, nil)
		for _, fact := range []struct {
			name string
			s    anchor.Submission
			want error
		}{
			{"the first", submission(origin, 10, 1), nil},
			{"twice", submission(origin, 10, 1), nil},
			{"growth", submission(origin, 30, 1), nil},
			{"an older one that was anchored", submission(origin, 10, 1), nil},
			{"a rollback", submission(origin, 20, 1), anchor.ErrRefused},
			{"a fork", submission(origin, 30, 4), anchor.ErrForked},
			{"another log", submission("other", 31, 1), anchor.ErrRefused},
		} {
			r, err := a.Submit(t.Context(), fact.s)
			if !errors.Is(err, fact.want) {
				t.Errorf("%s: %v, want %v", fact.name, err, fact.want)
			}
			if fact.want != nil {
				continue
			}
			if st, err := Check(t.Context(), spec, r, s.world(nil)); err != nil || !st.Stands || !st.Final {
				t.Errorf("%s: the receipt does not stand: %+v, %v", fact.name, st, err)
			}
		}
		wrong := spec
		wrong.Chain = 1
		if _, err := s.open(wrong, nil).Submit(t.Context(), submission(origin, 40, 1)); !errors.Is(err, anchor.ErrSetup) || !strings.Contains(err.Error(), "chain 1337, want 1") {
			t.Errorf("wrong chain id: %v", err)
		}
		s.figures(a)
	})
}

// figures prints how long an anchor takes and what it costs, once a log has one.
func (s *server) figures(a *submitter) {
	s.t.Helper()
	var times []time.Duration
	var gas uint64
	a.last = 30
	for i := range uint64(50) {
		next := submission(origin, 1000+i, 1)
		next.Old, next.Since = a.last, prove(next.Checkpoint, a.last)
		began := time.Now()
		if _, err := a.contract.Submit(s.t.Context(), next); err != nil {
			s.t.Fatal(err)
		}
		times = append(times, time.Since(began))
		a.last = 1000 + i
		gas = max(gas, a.Cost().Gas)
	}
	slices.Sort(times)
	fmt.Printf("figure: %s: 50 anchors one after the other: p50 %s, p90 %s each, key from a keystore file included; at most %d gas each\n",
		s.name, times[25].Round(100*time.Microsecond), times[45].Round(100*time.Microsecond), gas)
}

func TestNodeRestarts(t *testing.T) {
	bothNodes(t, func(t *testing.T, s *server) {
		spec := s.anchorOf()
		first, err := s.open(spec, nil).Submit(t.Context(), submission(origin, 10, 1))
		if err != nil {
			t.Fatal(err)
		}
		s.stop()
		if _, err := s.open(spec, nil).Submit(t.Context(), submission(origin, 20, 1)); !errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("while it is down: %v", err)
		}
		if _, err := Check(t.Context(), spec, first, s.world(nil)); !errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("check while it is down: %v", err)
		}
		s.up()
		again, err := s.open(spec, map[string]string{"GATELEDGER_EVM_KEYSTORE": ""}).Submit(t.Context(), submission(origin, 10, 1))
		if err != nil || string(again.Proof) != string(first.Proof) {
			t.Errorf("after it: %v, %s, want %s", err, again.Proof, first.Proof)
		}
		if _, err := s.open(spec, nil).Submit(t.Context(), submission(origin, 20, 1)); err != nil {
			t.Errorf("growth after it: %v", err)
		}
	})
}

// A job is a process of its own that submits one checkpoint.
type job struct {
	Spec      anchored.Spec
	Variables map[string]string
	Size      uint64
}

func TestMain(m *testing.M) {
	if text := os.Getenv("GATELEDGER_CHAIN_JOB"); text != "" {
		os.Exit(runJob(text))
	}
	os.Exit(m.Run())
}

func runJob(text string) int {
	var j job
	if json.Unmarshal([]byte(text), &j) != nil {
		return 2
	}
	a, err := openContract(j.Spec, (&chain{}).world(j.Variables))
	if err == nil {
		_, err = (&submitter{contract: a}).Submit(context.Background(), submission(origin, j.Size, 1))
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, anchor.ErrRefused):
		return 1
	}
	fmt.Fprintln(os.Stderr, err)
	return 3
}

func TestNodeJobsAtOnce(t *testing.T) {
	bothNodes(t, func(t *testing.T, s *server) {
		spec := s.anchorOf()
		count := func() uint64 {
			var n hexutil.Uint64
			s.do(&n, "eth_getTransactionCount", s.from, "latest")
			return uint64(n)
		}
		before := count()
		run := func(sizes ...uint64) (codes []int) {
			codes = make([]int, len(sizes))
			var wait sync.WaitGroup
			for i, size := range sizes {
				text, _ := json.Marshal(job{spec, s.wallet(), size})
				wait.Go(func() {
					cmd := exec.Command(os.Args[0])
					cmd.Env = append(os.Environ(), "GATELEDGER_CHAIN_JOB="+string(text))
					var talk bytes.Buffer
					cmd.Stderr = &talk
					cmd.Run()
					if codes[i] = cmd.ProcessState.ExitCode(); codes[i] > 1 {
						t.Errorf("job of %d entries: exit %d: %s", size, codes[i], talk.String())
					}
				})
			}
			wait.Wait()
			return codes
		}
		if codes := run(10, 10, 10); !slices.Equal(codes, []int{0, 0, 0}) || count()-before != 1 {
			t.Errorf("one checkpoint by three jobs: exits %v, %d transactions", codes, count()-before)
		}
		if codes := run(20, 21); codes[1] != 0 {
			t.Errorf("two checkpoints by two jobs: exits %v", codes)
		}
		if size, _, err := s.open(spec, nil).head(t.Context(), s.node(), wantedFor(10).origin); err != nil || size != 21 {
			t.Errorf("the head has %d entries, %v", size, err)
		}
	})
}

func wantedFor(size uint64) wanted {
	want, _ := wantedOf(submission(origin, size, 1))
	return want
}

// Blocks are taken back after the checkpoint was seen in one. Its transaction is
// lost with them.
func TestAnvilReorganises(t *testing.T) {
	s := start(t, "anvil")
	spec := s.anchorOf()
	spec.Confirmations = 3
	var snapshot string
	s.do(&snapshot, "evm_snapshot")
	ctx, cancel := contextFor(t, time.Second)
	defer cancel()
	if _, err := s.open(spec, nil).Submit(ctx, submission(origin, 10, 1)); !errors.Is(err, anchor.ErrUnavailable) || !strings.Contains(err.Error(), "not final yet") {
		t.Fatalf("one block deep: %v", err)
	}
	var gone struct{ Hash, Number string }
	s.do(&gone, "eth_getBlockByNumber", "latest", false)
	lost := make(chan error, 1)
	a := s.open(spec, nil)
	var r anchored.Receipt
	go func() {
		var err error
		r, err = a.Submit(t.Context(), submission(origin, 10, 1))
		lost <- err
	}()
	time.Sleep(200 * time.Millisecond) // it waits for blocks, or has not begun: both must end well
	s.do(nil, "evm_revert", snapshot)
	s.do(nil, "anvil_mine", "0x1") // another block in its place
	for {
		select {
		case err := <-lost:
			if err != nil {
				t.Fatal(err)
			}
			p := proofOf(t, r)
			if p.BlockHash == gone.Hash || a.Cost() == nil {
				t.Errorf("it did not submit again: %+v, %+v", p, a.Cost())
			}
			stale := p
			stale.BlockHash = gone.Hash
			old := r
			old.Proof, _ = canon.Marshal(stale)
			if st, err := Check(t.Context(), spec, old, s.world(nil)); err != nil || st.Stands {
				t.Errorf("a receipt of the lost block: %+v, %v", st, err)
			}
			return
		case <-time.After(100 * time.Millisecond):
			s.do(nil, "anvil_mine", "0x1")
		}
	}
}

// The same with the node's own call for a reorganisation.
func TestAnvilReorg(t *testing.T) {
	s := start(t, "anvil")
	spec := s.anchorOf()
	r, err := s.open(spec, nil).Submit(t.Context(), submission(origin, 10, 1))
	if err != nil {
		t.Fatal(err)
	}
	s.do(nil, "anvil_reorg", 1, []any{})
	st, err := Check(t.Context(), spec, r, s.world(nil))
	if err != nil || st.Stands {
		t.Errorf("the receipt of a lost block: %+v, %v", st, err)
	}
	again, err := s.open(spec, nil).Submit(t.Context(), submission(origin, 10, 1))
	if err != nil || string(again.Proof) == string(r.Proof) {
		t.Errorf("submitted again: %v, %s", err, again.Proof)
	}
}

func TestAnvilCallsBlocksFinal(t *testing.T) {
	s := start(t, "anvil")
	spec := s.anchorOf()
	spec.Confirmations = 0
	done := make(chan error, 1)
	go func() {
		_, err := s.open(spec, nil).Submit(t.Context(), submission(origin, 10, 1))
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		case <-time.After(100 * time.Millisecond):
			s.do(nil, "anvil_mine", "0x1")
		}
	}
}

// What geth calls final moves once an epoch of 32 blocks.
func TestGethCallsBlocksFinal(t *testing.T) {
	s := start(t, "geth")
	spec := s.anchorOf()
	spec.Confirmations = 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	a := s.open(spec, nil)
	go func() {
		_, err := a.Submit(ctx, submission(origin, 10, 1))
		done <- err
	}()
	until(t, func() bool {
		size, _, err := a.head(t.Context(), s.node(), wantedFor(10).origin)
		return err == nil && size == 10
	})
	cancel()
	if err := <-done; !errors.Is(err, anchor.ErrUnavailable) {
		t.Fatal(err)
	}
	for range 64 {
		s.transact(&common.Address{1}, nil)
	}
	r, err := s.open(spec, map[string]string{"GATELEDGER_EVM_KEYSTORE": ""}).Submit(t.Context(), submission(origin, 10, 1))
	if err != nil || !proofOf(t, r).Finalized {
		t.Error(err)
	}
}

// A transaction waits since blocks are full or it pays too little; it is
// replaced by one with the same nonce, and only that is paid for.
func TestAnvilStuckNonce(t *testing.T) {
	s := start(t, "anvil")
	spec := s.anchorOf()
	var before, after hexutil.Uint64
	s.do(&before, "eth_getTransactionCount", s.from, "latest")
	s.do(nil, "evm_setAutomine", false)
	a := s.open(spec, map[string]string{"GATELEDGER_EVM_REPLACE_AFTER": "100ms"})
	done := make(chan error, 1)
	go func() {
		_, err := a.Submit(t.Context(), submission(origin, 10, 1))
		done <- err
	}()
	seen := map[string]bool{}
	until(t, func() bool {
		var pool struct {
			Pending map[common.Address]map[string]struct{ Hash string } `json:"pending"`
		}
		s.do(&pool, "txpool_content")
		for _, all := range pool.Pending {
			for _, tx := range all {
				seen[tx.Hash] = true
			}
			if len(all) > 1 {
				t.Errorf("%d transactions wait", len(all))
			}
		}
		return len(seen) >= 3 // two replacements
	})
	s.do(nil, "evm_mine")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.do(&after, "eth_getTransactionCount", s.from, "latest")
	if cost := a.Cost(); after-before != 1 || cost == nil || len(cost.Transactions) != 1 {
		t.Errorf("%d transactions, cost %+v", after-before, cost)
	}
}

// Somebody between answers garbage to one question after the other. There is no
// receipt by it, and no second transaction.
func TestNodeBehindALiar(t *testing.T) {
	bothNodes(t, func(t *testing.T, s *server) {
		spec := s.anchorOf()
		liar := &chain{t: t, rpc: s.rpc, seen: map[string]int{}}
		front := &http.Server{Handler: http.HandlerFunc(liar.serve)}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go front.Serve(l)
		t.Cleanup(func() { front.Close() })
		lied := spec
		lied.URL = "http://" + l.Addr().String()
		var before, after hexutil.Uint64
		s.do(&before, "eth_getTransactionCount", s.from, "latest")
		garbage := []any{nil, "0x", "0x01", 7, "zz", []any{}, map[string]any{}, "0x" + strings.Repeat("ff", 64)}
		for _, method := range []string{"eth_chainId", "eth_getCode", "eth_call", "eth_getLogs", "eth_getBlockByNumber"} {
			for _, answer := range garbage {
				liar.lies(func(m string) (any, bool) { return answer, m == method })
				ctx, cancel := contextFor(t, 2*time.Second)
				_, err := s.open(lied, map[string]string{"GATELEDGER_EVM_KEYSTORE": ""}).Submit(ctx, submission(origin, 10, 1))
				cancel()
				if err == nil {
					t.Errorf("%s answers %v: a receipt", method, answer)
				}
			}
		}
		liar.lies(nil)
		if _, err := s.open(lied, nil).Submit(t.Context(), submission(origin, 10, 1)); err != nil {
			t.Errorf("it stops lying: %v", err)
		}
		s.do(&after, "eth_getTransactionCount", s.from, "latest")
		if after-before != 1 {
			t.Errorf("%d transactions", after-before)
		}
	})
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
