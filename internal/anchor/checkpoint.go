// SPDX-License-Identifier: Apache-2.0

package anchor

import (
	"bytes"
	"fmt"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

// Text is what a log's key signs of a checkpoint: its three lines, each with
// its line feed. It fails with ErrSetup where c was not signed.
func Text(c proof.Checkpoint) ([]byte, error) {
	end := bytes.Index(c.Raw, []byte("\n\n"))
	if end < 0 || bytes.Count(c.Raw[:end+1], []byte("\n")) != 3 {
		return nil, fmt.Errorf("anchor a checkpoint: %w: it is not a signed note of three lines", ErrSetup)
	}
	return c.Raw[:end+1], nil
}

// Receipt is the receipt of an anchor for a checkpoint, with a proof of the
// anchor's kind. It fails with ErrUnavailable where the proof is larger than
// any receipt may be.
func Receipt(spec anchored.Spec, c proof.Checkpoint, its any) (anchored.Receipt, error) {
	raw, err := canon.Marshal(its)
	if err != nil {
		return anchored.Receipt{}, fmt.Errorf("write receipt: %w", err)
	}
	r := anchored.Receipt{Schema: anchored.ReceiptSchema, Kind: spec.Kind, Name: spec.Name, Checkpoint: c.Raw, Proof: raw}
	data, err := r.Bytes()
	if err != nil {
		return anchored.Receipt{}, fmt.Errorf("write receipt: %w", err)
	}
	if len(data) > anchored.MaxReceipt {
		return anchored.Receipt{}, fmt.Errorf("write receipt: %w: %d bytes, over the limit of %d", ErrUnavailable, len(data), anchored.MaxReceipt)
	}
	return r, nil
}
