// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"
	"strings"
	"testing"
)

// A name is one of a receipt only if it is spelled as we spell it, so that no
// receipt has two.
func FuzzParseReceiptPath(f *testing.F) {
	f.Add(receiptPath(StoredReceipt{Size: 7, Data: []byte("x")}))
	f.Add("anchor/07/" + strings.Repeat("ab", 32) + ".json")
	f.Add("anchor/7/" + strings.Repeat("AB", 32) + ".json")
	f.Add("anchor/99999999999999999999/x.json")
	f.Add("anchor/7/../8/x.json")
	f.Fuzz(func(t *testing.T, name string) {
		got := parseReceiptPath(name)
		if got.name != name {
			t.Errorf("%q is called %q", name, got.name)
		}
		if want := fmt.Sprintf("%s/%d/%x.json", receiptFolder, got.size, got.sum); got.wrong == nil && want != name {
			t.Errorf("%q is read as %q", name, want)
		}
	})
}
