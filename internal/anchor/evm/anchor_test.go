// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm/loganchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
)

const origin = "q7d4ledger"

func proofOf(t *testing.T, r anchored.Receipt) anchored.EVMProof {
	t.Helper()
	var p anchored.EVMProof
	if err := canon.Decode(r.Proof, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSubmitTakesACheckpointOnceAndChecks(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	a := c.open(spec, nil)
	first := submission(origin, 10, 1)
	r, err := a.Submit(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	p := proofOf(t, r)
	if r.Kind != "evm" || r.Name != "main" || string(r.Checkpoint) != string(first.Checkpoint.Raw) || p.Chain != chainID || p.Contract != spec.Contract || p.Block == 0 || !p.Finalized {
		t.Errorf("receipt %+v, proof %+v", r, p)
	}
	cost := a.Cost()
	if cost == nil || cost.Account != c.from.Hex() || len(cost.Transactions) != 1 || cost.Transactions[0] != p.Transaction || cost.Gas == 0 || cost.Wei == "0" {
		t.Errorf("cost %+v", cost)
	}
	again, err := c.open(spec, map[string]string{"GATELEDGER_EVM_KEYSTORE": ""}).Submit(t.Context(), first) // needs no key
	if err != nil || string(again.Proof) != string(r.Proof) {
		t.Errorf("again: %v, %s, want %s", err, again.Proof, r.Proof)
	}
	if c.count("eth_sendRawTransaction") != 1 {
		t.Errorf("%d transactions", c.count("eth_sendRawTransaction"))
	}
	s, err := Check(t.Context(), spec, r, c.world(nil))
	if err != nil || !s.Stands || !s.Final || s.Block != p.Block || s.Time.Format(time.RFC3339) != p.Time || len(s.Heads) != 1 || s.Heads[0] != (Head{10, first.Checkpoint.Root}) {
		t.Errorf("standing %+v, %v", s, err)
	}
}

func TestSubmitFollowsALogAndNeverGoesBack(t *testing.T) {
	c := newChain(t)
	a := c.open(c.spec(c.logAnchor()), nil)
	for _, fact := range []struct {
		name string
		s    anchor.Submission
		want error
	}{
		{"the first", submission(origin, 10, 1), nil},
		{"a larger one", submission(origin, 30, 1), nil},
		{"the newest again", submission(origin, 30, 1), nil},
		{"a fork that is larger", submission(origin, 40, 3), anchor.ErrForked},
		{"an older one that was anchored", submission(origin, 10, 1), nil},
		{"a fork at the newest size", submission(origin, 30, 4), anchor.ErrForked},
		{"a fork at an older size", submission(origin, 10, 4), anchor.ErrForked},
		{"a rollback", submission(origin, 20, 1), anchor.ErrRefused},
		{"an empty log", submission(origin, 0, 2), anchor.ErrRefused},
		{"a log that is too large", submission(origin, 1<<40, 2), anchor.ErrRefused},
		{"another log", submission("other", 31, 2), anchor.ErrRefused},
	} {
		if _, err := a.Submit(t.Context(), fact.s); !errors.Is(err, fact.want) {
			t.Errorf("%s: %v, want %v", fact.name, err, fact.want)
		}
	}
	if n := c.count("eth_sendRawTransaction"); n != 2 {
		t.Errorf("%d transactions, want 2", n)
	}
}

// Of a strict log the contract checks the proof itself.
func TestSubmitProvesToAStrictLog(t *testing.T) {
	c := newChain(t)
	create, submitter := logAnchorData(c.from, origin)
	at := c.pay(nil, create).ContractAddress
	c.pay(&at, submitter)
	c.pay(&at, loganchor.NewLogAnchor().PackSetStrict(sha256.Sum256([]byte(origin))))
	a := c.open(c.spec(at), nil)
	for _, size := range []uint64{1, 10, 11, 300} {
		if _, err := a.Submit(t.Context(), submission(origin, size, 1)); err != nil {
			t.Errorf("%d entries: %v", size, err)
		}
	}
	if _, err := a.Submit(t.Context(), submission(origin, 400, 2)); !errors.Is(err, anchor.ErrForked) {
		t.Errorf("a fork: %v", err)
	}
	if n := c.count("eth_sendRawTransaction"); n != 4 {
		t.Errorf("%d transactions", n)
	}
}

// A root that shares its first 27 bytes with the one in the contract's slot is
// told by the event.
func TestSubmitComparesTheWholeRoot(t *testing.T) {
	c := newChain(t)
	a := c.open(c.spec(c.logAnchor()), nil)
	s := submission(origin, 10, 1)
	if _, err := a.Submit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	s.Checkpoint.Root[31]++
	if _, err := a.Submit(t.Context(), s); !errors.Is(err, anchor.ErrForked) {
		t.Error(err)
	}
}

func TestSubmitRefusesTheWrongNodeContractAccount(t *testing.T) {
	c := newChain(t)
	good := c.spec(c.logAnchor())
	stranger, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*anchored.Spec)) anchored.Spec { s := good; change(&s); return s }
	for name, fact := range map[string]struct {
		spec anchored.Spec
		vars map[string]string
		want error
		text string
	}{
		"another chain":     {with(func(s *anchored.Spec) { s.Chain = 1 }), nil, anchor.ErrSetup, "node of chain 1337, want 1"},
		"no contract":       {with(func(s *anchored.Spec) { s.Contract = common.HexToAddress("0x99").Hex() }), nil, anchor.ErrSetup, "has no contract"},
		"no node":           {with(func(s *anchored.Spec) { s.URL = "http://127.0.0.1:1" }), nil, anchor.ErrUnavailable, ""},
		"a stranger's key":  {good, walletOf(t, stranger), anchor.ErrRefused, "lets this account submit nothing"},
		"no key":            {good, map[string]string{"GATELEDGER_EVM_KEYSTORE": ""}, anchor.ErrSetup, "somebody has to pay"},
		"no password":       {good, map[string]string{"GATELEDGER_EVM_PASSWORD_FILE": ""}, anchor.ErrSetup, "names no file"},
		"no such file":      {good, map[string]string{"GATELEDGER_EVM_KEYSTORE": "/none"}, anchor.ErrSetup, "no file /none"},
		"a key and signer":  {good, map[string]string{"GATELEDGER_EVM_SIGNER": "/s"}, anchor.ErrSetup, "which key pays"},
		"a fee limit":       {good, map[string]string{"GATELEDGER_EVM_MAX_FEE": "0.0000001"}, anchor.ErrUnavailable, "the limits allow"},
		"a spend limit":     {good, map[string]string{"GATELEDGER_EVM_MAX_SPEND": "0.000000001"}, anchor.ErrUnavailable, "the limits allow"},
		"nobody's contract": {with(func(s *anchored.Spec) { s.Contract = "0x0000F90827F1C53a10cb7A02335B175320002935" }), nil, anchor.ErrSetup, "no LogAnchor"},
	} {
		_, err := c.open(fact.spec, fact.vars).Submit(t.Context(), submission(origin, 10, 1))
		if !errors.Is(err, fact.want) || !strings.Contains(err.Error(), fact.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := c.count("eth_sendRawTransaction"); n != 0 {
		t.Errorf("%d transactions", n)
	}
}

func TestOpenRefusesWhatIsNotUnderstood(t *testing.T) {
	good := anchored.Spec{Kind: "evm", URL: "https://rpc.example", Chain: 1, Contract: "0x0000000000000000000000000000000000000001"}
	world := func(vars map[string]string) anchor.World {
		return anchor.World{Getenv: func(name string) string { return vars[name] }}
	}
	if _, err := open(good, world(nil)); err != nil {
		t.Fatal(err)
	}
	for name, fact := range map[string]struct {
		change func(*anchored.Spec)
		vars   map[string]string
	}{
		"no chain":            {change: func(s *anchored.Spec) { s.Chain = 0 }},
		"no contract":         {change: func(s *anchored.Spec) { s.Contract = "" }},
		"plain http":          {change: func(s *anchored.Spec) { s.URL = "http://rpc.example" }},
		"a password":          {change: func(s *anchored.Spec) { s.URL = "https://a:b@rpc.example" }},
		"a fee in words":      {vars: map[string]string{"GATELEDGER_EVM_MAX_FEE": "much"}},
		"a negative fee":      {vars: map[string]string{"GATELEDGER_EVM_MAX_FEE": "-1"}},
		"no fee":              {vars: map[string]string{"GATELEDGER_EVM_MAX_FEE": "0"}},
		"too fine":            {vars: map[string]string{"GATELEDGER_EVM_MAX_FEE": "1.0000000001"}},
		"an exponent":         {vars: map[string]string{"GATELEDGER_EVM_MAX_SPEND": "1e18"}},
		"a point alone":       {vars: map[string]string{"GATELEDGER_EVM_MAX_SPEND": "."}},
		"two points":          {vars: map[string]string{"GATELEDGER_EVM_MAX_SPEND": "1.2.3"}},
		"no duration":         {vars: map[string]string{"GATELEDGER_EVM_REPLACE_AFTER": "45"}},
		"time goes backwards": {vars: map[string]string{"GATELEDGER_EVM_REPLACE_AFTER": "-1s"}},
		"no token":            {vars: map[string]string{"GATELEDGER_EVM_TOKEN_FILE": "/none"}},
	} {
		spec := good
		if fact.change != nil {
			fact.change(&spec)
		}
		if _, err := open(spec, world(fact.vars)); !errors.Is(err, anchor.ErrSetup) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLimitsReadDecimals(t *testing.T) {
	for text, want := range map[string]string{"100": "100000000000", "0.5": "500000000", "1.000000001": "1000000001", "": "7000000000"} {
		got, err := amount(func(string) string { return text }, "X", "7", 9)
		if err != nil || got.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
	if got := gwei(big.NewInt(1_234_567_890)); got != "1.235" {
		t.Error(got)
	}
}

// Several jobs with one account, of one log: each checkpoint is paid for at most
// once, and each job ends with a receipt or with a plain no.
func TestJobsAtOnce(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	before, _ := c.sim.Client().NonceAt(t.Context(), c.from, nil)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			a := c.open(spec, nil)
			if _, err := a.Submit(t.Context(), submission(origin, 10, 1)); err != nil {
				t.Errorf("the same checkpoint: %v", err)
			}
		})
	}
	wait.Wait()
	after, _ := c.sim.Client().NonceAt(t.Context(), c.from, nil)
	if after-before != 1 {
		t.Errorf("%d transactions were paid for", after-before)
	}
	for size := range uint64(4) {
		wait.Go(func() {
			_, err := c.open(spec, nil).Submit(t.Context(), submission(origin, 20+size, 1))
			if err != nil && !errors.Is(err, anchor.ErrRefused) {
				t.Errorf("%d entries: %v", 20+size, err)
			}
		})
	}
	wait.Wait()
	if _, err := c.open(spec, nil).Submit(t.Context(), submission(origin, 23, 1)); err != nil {
		t.Error(err)
	}
}

// A transaction that pays too little waits, and is replaced by one that pays
// more, with the same nonce.
func TestATransactionThatIsStuckIsReplaced(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	c.set(func() { c.mine = false })
	done := make(chan error, 1)
	a := c.open(spec, map[string]string{"GATELEDGER_EVM_REPLACE_AFTER": "50ms"})
	go func() {
		_, err := a.Submit(t.Context(), submission(origin, 10, 1))
		done <- err
	}()
	until(t, func() bool { return c.count("eth_sendRawTransaction") >= 3 })
	c.commit()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if cost := a.Cost(); cost == nil || len(cost.Transactions) != 1 {
		t.Errorf("cost %+v: of one of them", cost)
	}
}

// A job that ended while its transaction waited is gone on from by the next one,
// even though that offers the same.
func TestTheNextJobGoesOn(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	c.set(func() { c.mine = false })
	if err := c.begin(spec, func() bool { return c.count("eth_sendRawTransaction") > 0 }); !errors.Is(err, anchor.ErrUnavailable) {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := c.open(spec, nil).Submit(t.Context(), submission(origin, 10, 1))
		done <- err
	}()
	until(t, func() bool { return c.count("eth_sendRawTransaction") >= 2 })
	before, _ := c.sim.Client().NonceAt(t.Context(), c.from, nil)
	c.commit()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if after, _ := c.sim.Client().NonceAt(t.Context(), c.from, nil); after != before+1 {
		t.Errorf("%d transactions", after-before)
	}
}

// The answer to the transaction is lost; the checkpoint is found all the same.
func TestALostAnswerIsNoSecondTransaction(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	c.set(func() { c.drop = true })
	if _, err := c.open(spec, nil).Submit(t.Context(), submission(origin, 10, 1)); err != nil {
		t.Fatal(err)
	}
	nonce, _ := c.sim.Client().NonceAt(t.Context(), c.from, nil)
	if nonce != 3 { // contract, submitter, checkpoint
		t.Errorf("%d transactions", nonce)
	}
}

func TestABlockThatIsNotFinalIsNoReceiptYet(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	spec.Confirmations = 0
	err := c.begin(spec, c.settles())
	if !errors.Is(err, anchor.ErrUnavailable) || !strings.Contains(err.Error(), "not final yet") {
		t.Fatal(err)
	}
	for range 70 {
		c.commit()
	}
	r, err := c.open(spec, map[string]string{"GATELEDGER_EVM_KEYSTORE": ""}).Submit(t.Context(), submission(origin, 10, 1))
	if err != nil || !proofOf(t, r).Finalized {
		t.Errorf("%v, %+v", err, r)
	}
}

// A reorganisation takes the block away after the transaction was seen; the
// checkpoint is submitted again.
func TestAReorganisedChainIsSubmittedToAgain(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	spec.Confirmations = 3
	parent, err := c.sim.Client().HeaderByNumber(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.begin(spec, c.settles()); !errors.Is(err, anchor.ErrUnavailable) {
		t.Fatal(err)
	}
	gone, _ := c.sim.Client().HeaderByNumber(t.Context(), nil)
	if err := c.sim.Fork(parent.Hash()); err != nil {
		t.Fatal(err)
	}
	c.commit()
	c.commit()
	done := make(chan error, 1)
	var got anchored.Receipt
	go func() {
		r, err := c.open(spec, nil).Submit(t.Context(), submission(origin, 10, 1))
		got = r
		done <- err
	}()
	for mining := true; mining; {
		select {
		case err = <-done:
			mining = false
		case <-time.After(30 * time.Millisecond):
			c.commit()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if p := proofOf(t, got); p.BlockHash == gone.Hash().Hex() {
		t.Errorf("the receipt names the block that is gone: %+v", p)
	}
	stale := got
	p := proofOf(t, got)
	p.Block, p.BlockHash = gone.Number.Uint64(), gone.Hash().Hex()
	stale.Proof, _ = canon.Marshal(p)
	s, err := Check(t.Context(), spec, stale, c.world(nil))
	if err != nil || s.Stands || s.Why == "" {
		t.Errorf("a receipt of the block that is gone: %+v, %v", s, err)
	}
}

func TestCheckBelievesNoReceipt(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	first := submission(origin, 10, 1)
	r, err := c.open(spec, nil).Submit(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	fails := c.pay(&common.Address{1}, nil).TxHash.Hex()
	alter := func(change func(*anchored.EVMProof)) anchored.Receipt {
		p, altered := proofOf(t, r), r
		change(&p)
		altered.Proof, _ = canon.Marshal(p)
		return altered
	}
	for name, fact := range map[string]struct {
		r   anchored.Receipt
		s   anchor.Submission
		why string
	}{
		"another checkpoint": {r, submission(origin, 11, 1), "did not make the contract take"},
		"another root":       {r, submission(origin, 10, 2), "did not make the contract take"},
		"another log":        {r, submission("other", 10, 1), "did not make the contract take"},
		"an empty log":       {r, submission(origin, 0, 1), "of a size"},
		"no transaction":     {alter(func(p *anchored.EVMProof) { p.Transaction = common.Hash{7}.Hex() }), first, "in no block"},
		"other transaction":  {alter(func(p *anchored.EVMProof) { p.Transaction = fails }), first, "another one than it says"},
		"no hash":            {alter(func(p *anchored.EVMProof) { p.Transaction = "0x12" }), first, "no hash"},
		"another block":      {alter(func(p *anchored.EVMProof) { p.Block++ }), first, "another one than it says"},
		"another block hash": {alter(func(p *anchored.EVMProof) { p.BlockHash = common.Hash{7}.Hex() }), first, "another one than it says"},
		"another contract":   {alter(func(p *anchored.EVMProof) { p.Contract = common.Address{7}.Hex() }), first, "the policy names"},
		"another chain":      {alter(func(p *anchored.EVMProof) { p.Chain = 1 }), first, "the policy names"},
		"no checkpoint":      {r, anchor.Submission{}, "checkpoint is not understood"},
		"another kind":       {anchored.Receipt{Kind: "tsa", Proof: r.Proof}, first, "no receipt of a chain"},
		"no proof":           {anchored.Receipt{Kind: "evm", Proof: canon.Raw("[]")}, first, "not understood"},
	} {
		s, err := Check(t.Context(), spec, checkpointed(fact.r, fact.s), c.world(nil))
		if err != nil || s.Stands || s.Final || !strings.Contains(s.Why, fact.why) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// Whatever a node lies, there is no receipt, and never two transactions.
func TestANodeThatLies(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	abi := loganchor.NewLogAnchor()
	first := submission(origin, 10, 1)
	want, _ := wantedOf(first)
	head, err := abi.GetABI().Methods["head"].Outputs.Pack(uint64(10), [27]byte(want.root[:27]))
	if err != nil {
		t.Fatal(err)
	}
	log := func(change func(map[string]any)) []any {
		l := map[string]any{
			"address": spec.Contract, "topics": []common.Hash{anchoredTopic, want.origin, sizeTopic(10)}, "data": want.root.Hex(),
			"blockNumber": "0x1", "blockHash": common.Hash{1}, "transactionHash": common.Hash{2}, "transactionIndex": "0x0", "logIndex": "0x0", "removed": false,
		}
		change(l)
		return []any{l}
	}
	two := append(log(func(map[string]any) {}), log(func(map[string]any) {})...)
	for name, fact := range map[string]struct {
		logs any
		want error
	}{
		"a block that is not there":   {log(func(map[string]any) {}), anchor.ErrUnavailable},
		"no event":                    {[]any{}, anchor.ErrUnavailable},
		"null":                        {nil, anchor.ErrUnavailable},
		"two events":                  {two, anchor.ErrUnavailable},
		"an event of another":         {log(func(l map[string]any) { l["address"] = common.Address{9} }), anchor.ErrUnavailable},
		"an event of another log":     {log(func(l map[string]any) { l["topics"] = []common.Hash{anchoredTopic, {9}, sizeTopic(10)} }), anchor.ErrUnavailable},
		"an event without topics":     {log(func(l map[string]any) { l["topics"] = []common.Hash{} }), anchor.ErrUnavailable},
		"an event that was taken out": {log(func(l map[string]any) { l["removed"] = true }), anchor.ErrUnavailable},
		"an event with more data":     {log(func(l map[string]any) { l["data"] = "0x" + strings.Repeat("01", 64) }), anchor.ErrUnavailable},
		"another root":                {log(func(l map[string]any) { l["data"] = common.Hash{9}.Hex() }), anchor.ErrForked},
		"a block of later":            {log(func(l map[string]any) { l["blockNumber"] = "0xffff" }), anchor.ErrUnavailable},
		"not even a list":             {"0x", anchor.ErrUnavailable},
		"a list of null":              {[]any{nil}, anchor.ErrUnavailable},
	} {
		c.lies(func(method string) (any, bool) {
			switch method {
			case "eth_call":
				return "0x" + common.Bytes2Hex(head), true
			case "eth_getLogs":
				return fact.logs, true
			}
			return nil, false
		})
		if r, err := c.open(spec, nil).Submit(t.Context(), first); !errors.Is(err, fact.want) {
			t.Errorf("%s: %v, %s", name, err, r.Proof)
		}
	}
	c.lies(func(method string) (any, bool) { return "0x01", method == "eth_call" })
	if _, err := c.open(spec, nil).Submit(t.Context(), first); !errors.Is(err, anchor.ErrSetup) {
		t.Errorf("a head that is none: %v", err)
	}
	if n := c.count("eth_sendRawTransaction"); n != 0 {
		t.Errorf("%d transactions", n)
	}
}

// Providers bound the range of one question.
func TestEventsAreLookedForInSmallerRanges(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	first := submission(origin, 10, 1)
	if _, err := c.open(spec, nil).Submit(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for range 1100 {
		c.commit()
	}
	short := func(method string, params []any) bool {
		if method != "eth_getLogs" {
			return true
		}
		data, _ := json.Marshal(params[0])
		var f struct{ FromBlock, ToBlock string }
		json.Unmarshal(data, &f)
		from, _ := new(big.Int).SetString(strings.TrimPrefix(f.FromBlock, "0x"), 16)
		to, _ := new(big.Int).SetString(strings.TrimPrefix(f.ToBlock, "0x"), 16)
		return to.Int64()-from.Int64() < 1000
	}
	c.set(func() { c.filter = short })
	if _, err := c.open(spec, map[string]string{"GATELEDGER_EVM_KEYSTORE": ""}).Submit(t.Context(), first); err != nil {
		t.Error(err)
	}
}

func TestTheTokenGoesToTheNodeOnly(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	var got string
	c.lies(func(string) (any, bool) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization"); w.WriteHeader(403) }), true
	})
	file := c.wallet()["GATELEDGER_EVM_PASSWORD_FILE"]
	_, err := c.open(spec, map[string]string{"GATELEDGER_EVM_TOKEN_FILE": file}).Submit(t.Context(), submission(origin, 10, 1))
	if got != "Bearer open sesame" || err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("%q, %v", got, err)
	}
}
