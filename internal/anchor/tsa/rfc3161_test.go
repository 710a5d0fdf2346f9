// SPDX-License-Identifier: Apache-2.0

package tsa

import (
	"crypto/rand"
	"testing"
)

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x30\x00"))
	f.Add([]byte("\x30\x05\x30\x03\x02\x01\x00"))
	f.Fuzz(func(t *testing.T, response []byte) {
		q, err := NewQuery([32]byte{}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := q.Read(response); err == nil {
			t.Error("a response that answers nothing was taken")
		}
	})
}
