// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
)

// ReceiptSchema names the form of a receipt.
const ReceiptSchema = product.PredicateBase + "anchor-receipt/v1"

// MaxReceipt bounds a receipt, in bytes.
const MaxReceipt = 256 << 10

// A Receipt is what an anchor gave for a checkpoint. Nothing in it is believed
// before Check.
type Receipt struct {
	Schema     string    `json:"schema"`
	Kind       string    `json:"kind"`
	Name       string    `json:"name"`       // of the Spec
	Checkpoint []byte    `json:"checkpoint"` // the signed note as the log's key signed it, without cosignatures
	Proof      canon.Raw `json:"proof"`      // of the kind: one of the Proof types, as canonical JSON
}

// A WitnessProof is one cosignature (C2SP tlog-cosignature): a whole signature
// line of a signed note, without its line feed.
type WitnessProof struct {
	Cosignature string `json:"cosignature"`
}

// A TSAProof is an RFC 3161 response, DER, over SHA-256 of the checkpoint's text:
// the three lines that the log signs.
type TSAProof struct {
	Token []byte `json:"token"`
}

// A RekorProof is an entry of a Sigstore transparency log, hashedrekord over
// SHA-256 of the checkpoint's text: protobuf JSON of a TransparencyLogEntry,
// canonical. Whose signature it carries does not matter: the entry shows that
// the text was there.
type RekorProof struct {
	Entry canon.Raw `json:"entry"`
}

// An EVMProof says where on a chain the checkpoint was taken. It is checked by
// asking a node; by itself it is hearsay.
type EVMProof struct {
	Chain       uint64 `json:"chain"`
	Contract    string `json:"contract"`
	Transaction string `json:"transaction"` // hash, 0x and 64 hex digits
	Block       uint64 `json:"block"`
	BlockHash   string `json:"blockHash"`
	Time        string `json:"time"`      // of the block, RFC 3339
	Finalized   bool   `json:"finalized"` // the node called the block finalized
}

// ParseReceipt reads a receipt: no key unknown or twice, and of a kind that
// there is.
func ParseReceipt(data []byte) (Receipt, error) {
	if len(data) > MaxReceipt {
		return Receipt{}, fmt.Errorf("read receipt of %d bytes, over the limit of %d", len(data), MaxReceipt)
	}
	var r Receipt
	if err := canon.Decode(data, &r); err != nil {
		return Receipt{}, fmt.Errorf("read receipt: %w", err)
	}
	if r.Schema != ReceiptSchema {
		return Receipt{}, fmt.Errorf("read receipt: schema %.80q, want %s", r.Schema, ReceiptSchema)
	}
	if _, err := KindNamed(r.Kind); err != nil {
		return Receipt{}, fmt.Errorf("read receipt: %w", err)
	}
	return r, nil
}

// Bytes is the receipt as canonical JSON.
func (r Receipt) Bytes() ([]byte, error) {
	r.Schema = ReceiptSchema
	return canon.Marshal(r)
}
