// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"fmt"
	"math/big"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/gateledger/gateledger/internal/anchor"
)

// A signer signs transactions of one account.
type signer interface {
	address() common.Address
	sign(ctx context.Context, tx *types.DynamicFeeTx) (*types.Transaction, error)
	close()
}

// openSigner opens the key that the environment names: a file, or an external
// signer, and not both.
func openSigner(ctx context.Context, w anchor.World) (signer, error) {
	file, outside := w.Getenv("GATELEDGER_EVM_KEYSTORE"), w.Getenv("GATELEDGER_EVM_SIGNER")
	switch {
	case file != "" && outside != "":
		return nil, fmt.Errorf("%w: GATELEDGER_EVM_KEYSTORE and GATELEDGER_EVM_SIGNER are both set: which key pays?", anchor.ErrSetup)
	case file != "":
		return openKeystore(w.Getenv, file)
	case outside != "":
		return openExternal(ctx, w, outside)
	}
	return nil, fmt.Errorf("%w: somebody has to pay for the transaction: name a key with GATELEDGER_EVM_KEYSTORE and GATELEDGER_EVM_PASSWORD_FILE, or a signer with GATELEDGER_EVM_SIGNER", anchor.ErrSetup)
}

// A keyFile is a key from a keystore file.
type keyFile struct{ key *ecdsa.PrivateKey }

func openKeystore(getenv func(string) string, file string) (signer, error) {
	sealed, err := readSecret("GATELEDGER_EVM_KEYSTORE", file)
	if err != nil {
		return nil, err
	}
	name := getenv("GATELEDGER_EVM_PASSWORD_FILE")
	if name == "" {
		return nil, fmt.Errorf("%w: GATELEDGER_EVM_PASSWORD_FILE names no file with the password of the key", anchor.ErrSetup)
	}
	password, err := readSecret("GATELEDGER_EVM_PASSWORD_FILE", name)
	if err != nil {
		return nil, err
	}
	opened, err := keystore.DecryptKey(sealed, string(password))
	if err != nil {
		return nil, fmt.Errorf("%w: GATELEDGER_EVM_KEYSTORE: file %s holds no key that this password opens", anchor.ErrSetup, file)
	}
	return &keyFile{opened.PrivateKey}, nil
}

func (k *keyFile) address() common.Address { return crypto.PubkeyToAddress(k.key.PublicKey) }

func (k *keyFile) sign(_ context.Context, tx *types.DynamicFeeTx) (*types.Transaction, error) {
	signed, err := types.SignNewTx(k.key, types.LatestSignerForChainID(tx.ChainID), tx)
	if err != nil {
		return nil, fmt.Errorf("sign transaction: %w", err)
	}
	return signed, nil
}

func (k *keyFile) close() {}

// An external is a signer of its own, such as clef: it shows a person what is
// to be signed, or has rules for that.
type external struct {
	rpc     *rpc.Client
	account common.Address
}

// externalTimeout is how long a person may take to say yes.
const externalTimeout = 2 * time.Minute

// openExternal gets to a signer on this machine.
func openExternal(ctx context.Context, w anchor.World, at string) (signer, error) {
	e := &external{}
	var err error
	if filepath.IsAbs(at) {
		e.rpc, err = rpc.DialIPC(ctx, at)
	} else {
		e.rpc, err = dialLoopback(ctx, w, at)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: GATELEDGER_EVM_SIGNER: %s", anchor.ErrSetup, cut(err.Error()))
	}
	if e.account, err = e.choose(ctx, w.Getenv("GATELEDGER_EVM_ACCOUNT")); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// dialLoopback reaches a signer over HTTP. Nothing but this machine is asked
// for signatures.
func dialLoopback(ctx context.Context, w anchor.World, at string) (*rpc.Client, error) {
	u, err := anchor.Address(at, false)
	if err != nil || u.Scheme != "http" {
		return nil, fmt.Errorf("want the path of a socket, or http:// on this machine")
	}
	w.Timeout = externalTimeout
	return rpc.DialOptions(ctx, u.String(), rpc.WithHTTPClient(&http.Client{
		Transport:     w.Ask(ctx, "the signer", 1<<20),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}))
}

// choose finds the account that signs: the one that is named, else the only
// one that there is.
func (e *external) choose(ctx context.Context, named string) (common.Address, error) {
	if named != "" {
		if !common.IsHexAddress(named) {
			return common.Address{}, fmt.Errorf("%w: GATELEDGER_EVM_ACCOUNT is %.60q, want an address", anchor.ErrSetup, named)
		}
		return common.HexToAddress(named), nil
	}
	ctx, cancel := context.WithTimeout(ctx, externalTimeout)
	defer cancel()
	var all []common.Address
	if err := e.rpc.CallContext(ctx, &all, "account_list"); err != nil {
		return common.Address{}, fmt.Errorf("ask the signer for its accounts: %w: %s", anchor.ErrUnavailable, cut(err.Error()))
	}
	if len(all) != 1 {
		return common.Address{}, fmt.Errorf("%w: the signer shows %d accounts; name one with GATELEDGER_EVM_ACCOUNT", anchor.ErrSetup, len(all))
	}
	return all[0], nil
}

func (e *external) address() common.Address { return e.account }

func (e *external) close() { e.rpc.Close() }

// sign has a transaction signed. What comes back must be that transaction, by
// that account: a signer may let its user change things, but not these.
func (e *external) sign(ctx context.Context, tx *types.DynamicFeeTx) (*types.Transaction, error) {
	ctx, cancel := context.WithTimeout(ctx, externalTimeout)
	defer cancel()
	asked := map[string]any{
		"from": e.account, "to": tx.To, "chainId": (*hexutil.Big)(tx.ChainID), "nonce": hexutil.Uint64(tx.Nonce), "gas": hexutil.Uint64(tx.Gas),
		"maxFeePerGas": (*hexutil.Big)(tx.GasFeeCap), "maxPriorityFeePerGas": (*hexutil.Big)(tx.GasTipCap),
		"value": (*hexutil.Big)(new(big.Int)), "input": hexutil.Bytes(tx.Data), "accessList": []any{},
	}
	var answer struct {
		Raw hexutil.Bytes `json:"raw"`
	}
	if err := e.rpc.CallContext(ctx, &answer, "account_signTransaction", asked); err != nil {
		return nil, fmt.Errorf("ask the signer: %w: %s", anchor.ErrUnavailable, cut(err.Error()))
	}
	signed := new(types.Transaction)
	if err := signed.UnmarshalBinary(answer.Raw); err != nil {
		return nil, fmt.Errorf("ask the signer: %w: its answer is no transaction", anchor.ErrUnverified)
	}
	from, err := types.Sender(types.LatestSignerForChainID(tx.ChainID), signed)
	var odd []string
	for what, same := range map[string]bool{
		"account":  err == nil && from == e.account,
		"chain":    signed.ChainId().Cmp(tx.ChainID) == 0,
		"nonce":    signed.Nonce() == tx.Nonce,
		"contract": signed.To() != nil && *signed.To() == *tx.To,
		"data":     bytes.Equal(signed.Data(), tx.Data),
		"value":    signed.Value().Sign() == 0,
		"fee":      signed.GasFeeCap().Cmp(tx.GasFeeCap) <= 0 && signed.Gas() <= tx.Gas,
	} {
		if !same {
			odd = append(odd, what)
		}
	}
	if len(odd) > 0 {
		return nil, fmt.Errorf("ask the signer: %w: it signed something else: another %s", anchor.ErrUnverified, strings.Join(odd, ", another "))
	}
	return signed, nil
}
