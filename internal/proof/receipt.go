// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// receiptHeader is the first line of a C2SP tlog-proof.
const receiptHeader = "c2sp.org/tlog-proof@v1"

// maxReceipt bounds a receipt: its checkpoint, and MaxProof lines of 45 bytes.
const maxReceipt = maxCheckpoint + 8<<10

// Marshal returns the receipt as C2SP tlog-proof@v1 text, to be kept in a
// file that ends in .tlog-proof. Duplicate is not part of it.
func (r Receipt) Marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nindex %d\n", receiptHeader, r.Index)
	for _, h := range r.Proof {
		b.WriteString(h.String())
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.Write(r.Checkpoint.Raw)
	return b.Bytes()
}

// ParseReceipt reads C2SP tlog-proof@v1 text and checks the checkpoint in it
// as ParseCheckpoint does; Verify checks it against a leaf. Text that Marshal
// would spell otherwise is ErrMalformed, and so is an extra line: it carries
// data that nothing authenticates.
func ParseReceipt(data []byte, keys Keys) (Receipt, error) {
	if len(data) > maxReceipt {
		return Receipt{}, fmt.Errorf("receipt of %d bytes, at most %d: %w", len(data), maxReceipt, ErrMalformed)
	}
	head, checkpoint, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		return Receipt{}, fmt.Errorf("receipt without a checkpoint: %w", ErrMalformed)
	}
	r, err := parseReceiptHead(string(head))
	if err != nil {
		return Receipt{}, err
	}
	r.Checkpoint, err = ParseCheckpoint(checkpoint, keys)
	if err != nil {
		return Receipt{}, fmt.Errorf("receipt: %w", err)
	}
	if r.Index >= r.Checkpoint.Size {
		return Receipt{}, fmt.Errorf("receipt for leaf %d of a tree of %d: %w", r.Index, r.Checkpoint.Size, ErrMalformed)
	}
	return r, nil
}

// parseReceiptHead reads the lines above the checkpoint.
func parseReceiptHead(head string) (Receipt, error) {
	lines := strings.Split(head, "\n")
	if lines[0] != receiptHeader || len(lines) < 2 {
		return Receipt{}, fmt.Errorf("receipt does not start with %q: %w", receiptHeader, ErrMalformed)
	}
	decimal, ok := strings.CutPrefix(lines[1], "index ")
	if !ok {
		return Receipt{}, fmt.Errorf("receipt line 2 is not its index: %w", ErrMalformed)
	}
	index, err := parseDecimal(decimal)
	if err != nil {
		return Receipt{}, fmt.Errorf("receipt index: %w", err)
	}
	hashes := lines[2:]
	if len(hashes) > MaxProof {
		return Receipt{}, fmt.Errorf("receipt with %d hashes, at most %d: %w", len(hashes), MaxProof, ErrMalformed)
	}
	r := Receipt{Index: index}
	for i, line := range hashes {
		h, err := parseHash(line)
		if err != nil {
			return Receipt{}, fmt.Errorf("receipt line %d: %w", i+3, err)
		}
		r.Proof = append(r.Proof, h)
	}
	return r, nil
}

// Verify checks that leafData stands at r.Index in the log of keys. It trusts
// nothing in r but the signed checkpoint, which it opens again: Checkpoint's
// other fields must say the same.
func (r Receipt) Verify(leafData []byte, keys Keys) error {
	c, err := ParseCheckpoint(r.Checkpoint.Raw, keys)
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	if c.Origin != r.Checkpoint.Origin || c.Size != r.Checkpoint.Size || c.Root != r.Checkpoint.Root {
		return fmt.Errorf("receipt: its checkpoint's fields are not what was signed: %w", ErrProof)
	}
	return Inclusion(r.Proof, tlog.RecordHash(leafData), r.Index, c.Size, c.Root)
}
