// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"iter"
	"testing"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/ledger"
)

// Whoever can write beside a ledger takes neither all memory of its readers nor
// all of their time.
func TestReceiptsAreBounded(t *testing.T) {
	broken := errors.New("broken")
	large := make([]byte, ledger.MaxStoredReceipt)
	for name, c := range map[string]struct {
		data  []byte
		err   error
		files int
		from  uint64
		kept  int
		more  bool
	}{
		"a few":           {make([]byte, 9), nil, 7, 0, 7, false},
		"of before":       {make([]byte, 9), nil, 1000, 9, hintReceipts, false},
		"too many":        {make([]byte, 9), nil, anchored.MaxExamined + 1, 0, anchored.MaxExamined, true},
		"too large":       {large, nil, 10_000, 0, maxReceiptBytes / len(large), true},
		"what is none":    {nil, ledger.ErrStray, 1 << 20, 0, 0, true},
		"can't be read":   {nil, broken, 1, 0, 0, false},
		"none whatsoever": {nil, nil, 0, 0, 0, false},
	} {
		read := 0
		all := func(yield func(ledger.StoredReceipt, error) bool) {
			for ; read < c.files; read++ {
				if !yield(ledger.StoredReceipt{Data: c.data}, c.err) {
					return
				}
			}
		}
		kept, strays, more, err := readReceipts(iter.Seq2[ledger.StoredReceipt, error](all), c.from)
		if len(kept) != c.kept || more != c.more || errors.Is(err, broken) != (c.err == broken) || read > anchored.MaxExamined+1 {
			t.Errorf("%s: %d kept, %d strays, more %v, %v, after %d", name, len(kept), strays, more, err, read)
		}
	}
}
