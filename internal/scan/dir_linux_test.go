// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"encoding/binary"
	"io/fs"
	"syscall"
	"testing"
)

// dirent is one struct linux_dirent64 (getdents64(2)).
func dirent(kind byte, name string) []byte {
	size := (19 + len(name) + 1 + 7) / 8 * 8
	out := make([]byte, size)
	binary.NativeEndian.PutUint16(out[16:], uint16(size))
	out[18] = kind
	copy(out[19:], name)
	return out
}

func TestDirentries(t *testing.T) {
	data := append(append(dirent(syscall.DT_DIR, "."), dirent(syscall.DT_LNK, "link")...), dirent(syscall.DT_REG, "a file")...)
	entries, ok := direntries(nil, data)
	if !ok || len(entries) != 2 || entries[0].Name() != "link" || entries[0].Type() != fs.ModeSymlink || entries[1].Name() != "a file" || !entries[1].Type().IsRegular() {
		t.Errorf("%v, %v", entries, ok)
	}
	if _, ok := direntries(nil, dirent(syscall.DT_UNKNOWN, "x")); ok {
		t.Error("a type that is not told was taken for one")
	}
	if _, err := entries[0].Info(); err == nil {
		t.Error("an entry knows more than it was told")
	}
}

func FuzzDirentries(f *testing.F) {
	f.Add(dirent(syscall.DT_REG, "go.mod"))
	f.Add(dirent(syscall.DT_REG, "go.mod")[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, ok := direntries(nil, data)
		for _, e := range entries {
			if ok && (e.Name() == "." || e.Name() == "..") {
				t.Errorf("the folder itself is listed")
			}
		}
	})
}
