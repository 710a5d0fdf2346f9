// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"context"
	"errors"
	"math/big"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/gateledger/gateledger/internal/anchor"
)

// A clef is an external signer, as clef is one, that a person can make do other
// things.
type clef struct {
	c        *chain
	accounts []common.Address
	alter    func(*types.DynamicFeeTx)
	refuse   bool
	garbage  []byte
}

// Account is clef's name space of methods, as the rpc package finds them.
type Account struct{ c *clef }

// List is account_list.
func (a Account) List(context.Context) []common.Address { return a.c.accounts }

// SignArgs is what clef is asked to sign.
type SignArgs struct {
	From    common.Address  `json:"from"`
	To      *common.Address `json:"to"`
	ChainID *hexutil.Big    `json:"chainId"`
	Nonce   hexutil.Uint64  `json:"nonce"`
	Gas     hexutil.Uint64  `json:"gas"`
	Fee     *hexutil.Big    `json:"maxFeePerGas"`
	Tip     *hexutil.Big    `json:"maxPriorityFeePerGas"`
	Value   *hexutil.Big    `json:"value"`
	Input   hexutil.Bytes   `json:"input"`
}

// SignTransaction is account_signTransaction.
func (a Account) SignTransaction(_ context.Context, args SignArgs) (map[string]any, error) {
	if a.c.refuse {
		return nil, errors.New("request denied")
	}
	if a.c.garbage != nil {
		return map[string]any{"raw": hexutil.Bytes(a.c.garbage)}, nil
	}
	tx := &types.DynamicFeeTx{
		ChainID: args.ChainID.ToInt(), Nonce: uint64(args.Nonce), Gas: uint64(args.Gas), GasFeeCap: args.Fee.ToInt(), GasTipCap: args.Tip.ToInt(),
		To: args.To, Value: args.Value.ToInt(), Data: args.Input,
	}
	if a.c.alter != nil {
		a.c.alter(tx)
	}
	key := a.c.c.key
	signed, err := types.SignNewTx(key, types.LatestSignerForChainID(tx.ChainID), tx)
	if err != nil {
		return nil, err
	}
	raw, err := signed.MarshalBinary()
	return map[string]any{"raw": hexutil.Bytes(raw), "tx": signed}, err
}

// startClef serves over HTTP, and over a socket.
func startClef(t *testing.T, c *clef) (url, socket string) {
	t.Helper()
	server := rpc.NewServer()
	t.Cleanup(server.Stop)
	if err := server.RegisterName("account", Account{c}); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	socket = filepath.Join(t.TempDir(), "clef.ipc")
	listener, ipc, err := rpc.StartIPCEndpoint(socket, []rpc.API{{Namespace: "account", Service: Account{c}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close(); ipc.Stop() })
	return web.URL, socket
}

func TestAnExternalSignerPays(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	url, socket := startClef(t, &clef{c: c, accounts: []common.Address{c.from}})
	for i, at := range []string{url, socket} {
		a := c.open(spec, map[string]string{"GATELEDGER_EVM_KEYSTORE": "", "GATELEDGER_EVM_SIGNER": at})
		if _, err := a.Submit(t.Context(), submission(origin, uint64(10+i), 1)); err != nil || a.Cost() == nil {
			t.Errorf("%s: %v", at, err)
		}
	}
}

func TestAnExternalSignerSignsNothingElse(t *testing.T) {
	c := newChain(t)
	spec := c.spec(c.logAnchor())
	for name, fact := range map[string]struct {
		clef    clef
		account string
		want    error
		text    string
	}{
		"another nonce":    {clef{alter: func(tx *types.DynamicFeeTx) { tx.Nonce++ }}, "", anchor.ErrUnverified, "another nonce"},
		"another contract": {clef{alter: func(tx *types.DynamicFeeTx) { tx.To = &common.Address{7} }}, "", anchor.ErrUnverified, "another contract"},
		"no contract":      {clef{alter: func(tx *types.DynamicFeeTx) { tx.To = nil }}, "", anchor.ErrUnverified, "another contract"},
		"another chain":    {clef{alter: func(tx *types.DynamicFeeTx) { tx.ChainID = big.NewInt(1) }}, "", anchor.ErrUnverified, "another"},
		"other data":       {clef{alter: func(tx *types.DynamicFeeTx) { tx.Data = nil }}, "", anchor.ErrUnverified, "another data"},
		"money":            {clef{alter: func(tx *types.DynamicFeeTx) { tx.Value = big.NewInt(1) }}, "", anchor.ErrUnverified, "another value"},
		"a higher fee":     {clef{alter: func(tx *types.DynamicFeeTx) { tx.GasFeeCap = new(big.Int).Lsh(tx.GasFeeCap, 1) }}, "", anchor.ErrUnverified, "another fee"},
		"another account":  {clef{}, common.Address{9}.Hex(), anchor.ErrRefused, "lets this account submit nothing"},
		"no answer":        {clef{refuse: true}, "", anchor.ErrUnavailable, "request denied"},
		"garbage":          {clef{garbage: []byte{1, 2}}, "", anchor.ErrUnverified, "no transaction"},
		"no account":       {clef{accounts: []common.Address{}}, "", anchor.ErrSetup, "shows 0 accounts"},
		"two accounts":     {clef{accounts: []common.Address{{1}, {2}}}, "", anchor.ErrSetup, "shows 2 accounts"},
		"no address":       {clef{}, "me", anchor.ErrSetup, "want an address"},
	} {
		fact.clef.c = c
		if fact.clef.accounts == nil {
			fact.clef.accounts = []common.Address{c.from}
		}
		url, _ := startClef(t, &fact.clef)
		vars := map[string]string{"GATELEDGER_EVM_KEYSTORE": "", "GATELEDGER_EVM_SIGNER": url, "GATELEDGER_EVM_ACCOUNT": fact.account}
		_, err := c.open(spec, vars).Submit(t.Context(), submission(origin, 10, 1))
		if !errors.Is(err, fact.want) || !strings.Contains(err.Error(), fact.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := c.count("eth_sendRawTransaction"); n != 0 {
		t.Errorf("%d transactions", n)
	}
}

// Whose the account is, is seen by the signature.
func TestAnExternalSignerSignsByItsAccount(t *testing.T) {
	c := newChain(t)
	other, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	lying := &chain{t: t, key: other}
	url, _ := startClef(t, &clef{c: lying, accounts: []common.Address{c.from}})
	vars := map[string]string{"GATELEDGER_EVM_KEYSTORE": "", "GATELEDGER_EVM_SIGNER": url}
	_, err = c.open(c.spec(c.logAnchor()), vars).Submit(t.Context(), submission(origin, 10, 1))
	if !errors.Is(err, anchor.ErrUnverified) || !strings.Contains(err.Error(), "another account") {
		t.Error(err)
	}
}

func TestSignersAreOnThisMachine(t *testing.T) {
	w := anchor.World{Timeout: time.Second, Getenv: func(string) string { return "" }}
	for _, at := range []string{"http://192.0.2.1:8550", "https://127.0.0.1:8550", "clef.ipc", "ws://127.0.0.1:8550", "http://a:b@127.0.0.1:8550"} {
		if _, err := openExternal(t.Context(), w, at); !errors.Is(err, anchor.ErrSetup) {
			t.Errorf("%s: %v", at, err)
		}
	}
}
