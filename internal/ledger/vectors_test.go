// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// The same leaves under the same key give the same files that another
// implementation of tlog-tiles has published, checkpoint by checkpoint.
func TestTesseraVectors(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const vectors = "../../testdata/vectors/tlog/tessera"
	o := ledgertest.OptionsOf(t,
		"PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg",
		"example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
	folder := t.TempDir()
	l := fillAt(t, folder, o)
	leaves := []string{"one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"}
	for i, leaf := range leaves {
		if _, err := l.Append(ctx, proof.Checkpoint{}, []ledger.Leaf{{Data: []byte(leaf)}}); err != nil {
			t.Fatal(err)
		}
		for ours, theirs := range map[string]string{
			"checkpoint":                              fmt.Sprintf("checkpoint.%d", i+1),
			fmt.Sprintf("tile/0/000.p/%d", i+1):       "",
			fmt.Sprintf("tile/entries/000.p/%d", i+1): "",
		} {
			if theirs == "" {
				theirs = ours
			}
			got, err := os.ReadFile(filepath.Join(folder, ours))
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(vectors, theirs))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not %s", ours, theirs)
			}
		}
	}
}
