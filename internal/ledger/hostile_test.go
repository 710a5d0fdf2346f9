// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// tarHeader is the header of one file, made by hand: archive/tar writes no
// lies.
func tarHeader(name string, kind byte, size int) []byte {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x0000000000000\x00", size))
	copy(b[148:], "        ")
	b[156] = kind
	copy(b[257:], "ustar\x0000")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// padded is a file as it stands in a tar.
func padded(header, data []byte) []byte {
	return append(append(header, data...), make([]byte, (512-len(data)%512)%512)...)
}

func paxRecord(key, value string) string {
	n := len(key) + len(value) + 3
	for len(fmt.Sprint(n))+len(key)+len(value)+3 != n {
		n = len(fmt.Sprint(n)) + len(key) + len(value) + 3
	}
	return fmt.Sprintf("%d %s=%s\n", n, key, value)
}

// A sparse file can say that it is of any size.
func TestASparseFileIsNoExport(t *testing.T) {
	pax := paxRecord("GNU.sparse.major", "1") + paxRecord("GNU.sparse.minor", "0") +
		paxRecord("GNU.sparse.name", idsPath) + paxRecord("GNU.sparse.realsize", fmt.Sprint(1<<40))
	var b bytes.Buffer
	b.Write(padded(tarHeader("x", 'x', len(pax)), []byte(pax)))
	b.Write(padded(tarHeader("y", '0', 512), []byte("0\n")))
	b.Write(make([]byte, 1024))
	path := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := indexTar(path); !errors.Is(err, ErrTampered) {
		t.Errorf("indexTar: %v", err)
	}
}

// A cache that is far larger than the log costs no more than the log.
func TestAHugeCacheOfIDsIsNotRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "cache"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, idsPath))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := shortID{1}
	if _, err := f.Write(want[:]); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	list, err := readIDs(os.DirFS(dir), 1)
	runtime.ReadMemStats(&after)
	if err != nil || len(list) != 1 || list[0] != want {
		t.Errorf("readIDs = %v, %v", list, err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("one id costs %d bytes", n)
	}
}
