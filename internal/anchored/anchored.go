// SPDX-License-Identifier: Apache-2.0

// Package anchored says what it is worth that somebody else has seen a
// checkpoint of the ledger: it reads the receipts of anchors and judges them by
// what a policy names. It is pure; package anchor is who asks the anchors.
//
// An anchor is handed a checkpoint and gives a receipt. One receipt covers every
// entry before it.
package anchored

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/typo"
)

// Witness is the kind of a C2SP tlog-witness, of which several count together.
const Witness = "witness"

// A Kind is one kind of anchor.
type Kind struct {
	Name   string
	Unique bool // it saw that this log only ever grew: nobody can show two
	Dated  bool // it says when
	Doc    string
}

// Kinds lists every kind of anchor, sorted by name. A kind that is neither
// unique nor dated proves that a checkpoint exists, and no more.
func Kinds() []Kind {
	return []Kind{
		{"evm", true, true, "a contract on an Ethereum chain, which takes only a checkpoint that is larger than the last"},
		{"rekor", false, false, "a Sigstore transparency log; version 1 says when, version 2 does not"},
		{"tsa", false, true, "an RFC 3161 timestamp authority"},
		{"witness", true, true, "a C2SP tlog-witness, which cosigns a checkpoint that follows from the last one it saw"},
	}
}

// KindNamed finds a kind. Its error names those that there are.
func KindNamed(name string) (Kind, error) {
	names := []string{}
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	slices.Sort(names)
	why := ""
	if near := typo.Nearest(name, names); near != "" {
		why = fmt.Sprintf("; did you mean %s?", near)
	}
	return Kind{}, fmt.Errorf("unknown anchor %q; have %s%s", name, strings.Join(names, ", "), why)
}

// A Spec is one anchor, as a policy names it. What is not of its kind is empty.
type Spec struct {
	Kind string `json:"kind"`
	Name string `json:"name"` // that a policy gives it; of a witness the name of its key
	URL  string `json:"url,omitempty"`

	Key      string `json:"key,omitempty"`      // witness: its verifier key, NAME+HASH+BASE64 of C2SP tlog-cosignature
	Operator string `json:"operator,omitempty"` // witness: who runs it; those of one operator count once

	Version int `json:"version,omitempty"` // rekor: 1 or 2

	Chain    uint64 `json:"chain,omitempty"`    // evm: chain id
	Contract string `json:"contract,omitempty"` // evm: address of a LogAnchor, EIP-55

	// Confirmations is how many blocks deep it must stand, its own counted, on a
	// chain whose nodes call no block finalized; 0: in the finalized part (evm).
	Confirmations uint64 `json:"confirmations,omitempty"`
}

// Proves says what a receipt of this anchor can be worth at best: Rekor says
// when in its version 1 alone.
func (s Spec) Proves() (unique, dated bool) {
	k, err := KindNamed(s.Kind)
	if err != nil {
		return false, false
	}
	return k.Unique, k.Dated || s.Kind == "rekor" && s.Version == 1
}
