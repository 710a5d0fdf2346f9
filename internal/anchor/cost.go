// SPDX-License-Identifier: Apache-2.0

package anchor

// A Cost is what somebody paid for a receipt: of a chain, the fees.
type Cost struct {
	Account      string   `json:"account"`      // who paid, EIP-55
	Transactions []string `json:"transactions"` // that were paid for
	Gas          uint64   `json:"gas"`          // units, of all of them
	Wei          string   `json:"wei"`          // in all, decimal: 10^18 are one unit of the chain's money
}

// A Paying is an Anchor that costs money.
type Paying interface {
	Anchor
	// Cost is what the last Submit paid, also one that failed; nil if nothing.
	Cost() *Cost
}
