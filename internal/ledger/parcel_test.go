// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/git"
)

// objectsOf lists files as git does.
func objectsOf(files map[string]int64) []git.Object {
	var objects []git.Object
	for _, name := range slices.Sorted(maps.Keys(files)) {
		objects = append(objects, git.Object{Path: name, Size: files[name]})
	}
	return objects
}

func TestPartsOfAParcel(t *testing.T) {
	t.Parallel()
	many := map[string]int64{}
	for i := range MaxParcelLeaves + 1 {
		many[fmt.Sprintf("%d/leaf", i)], many[fmt.Sprintf("%d/body", i)] = 1, 1
	}
	for name, c := range map[string]struct {
		files map[string]int64
		want  error
	}{
		"one leaf":            {map[string]int64{"0/leaf": 1, "0/body": 0}, nil},
		"the largest leaf":    {map[string]int64{"0/leaf": maxEntry, "0/body": MaxBody}, nil},
		"a larger leaf":       {map[string]int64{"0/leaf": maxEntry + 1, "0/body": 0}, ErrTooLarge},
		"a larger body":       {map[string]int64{"0/leaf": 1, "0/body": MaxBody + 1}, ErrTooLarge},
		"an empty leaf":       {map[string]int64{"0/leaf": 0, "0/body": 0}, ErrTooLarge},
		"a large document":    {map[string]int64{"0/leaf": 1, "0/body": 0, "0/blob/0": MaxParcel - 1}, nil},
		"a larger document":   {map[string]int64{"0/leaf": 1, "0/body": 0, "0/blob/0": MaxParcel}, ErrTooLarge},
		"many large ones":     {map[string]int64{"0/leaf": 1, "0/body": 0, "0/blob/0": MaxParcel / 2, "0/blob/1": MaxParcel / 2}, ErrTooLarge},
		"sizes that overflow": {map[string]int64{"0/leaf": 1, "0/body": 1<<63 - 1, "0/blob/0": 1<<63 - 1}, ErrTooLarge},
		"too many leaves":     {many, errParcel},
		"a hole":              {map[string]int64{"0/leaf": 1, "0/body": 0, "0/blob/1": 1}, errParcel},
		"a leading zero":      {map[string]int64{"0/leaf": 1, "0/body": 0, "0/blob/00": 1}, errParcel},
		"nothing":             {nil, errParcel},
	} {
		parts, err := findParts(objectsOf(c.files))
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || len(parts) != 1) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestParcelNames(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0a", 32)
	for name, want := range map[string]bool{
		hash: true, hash + "-" + hash[:16]: true, hash + "-": false, hash + "-" + hash[:15]: false, hash + "-" + hash[:16] + "-x": false,
		strings.ToUpper(hash): false, hash[:63]: false, hash + "0": false, "": false, hash + "/x": false,
	} {
		if wellNamed(name) != want {
			t.Errorf("%q: well named is %v", name, !want)
		}
	}
	a, b := numbered(0, 2), numbered(1, 3)
	if parcelName(a) == parcelName(b) || parcelName(a) == parcelName(a[:1]) || parcelName(a) == parcelName([]Leaf{a[1], a[0]}) {
		t.Error("two parcels have one name")
	}
}

// What is laid out as a parcel is found in it again.
func FuzzParcel(f *testing.F) {
	f.Add(3, 1, []byte("data"))
	f.Add(1, 0, []byte("x"))
	f.Fuzz(func(t *testing.T, leaves, blobs int, data []byte) {
		if leaves < 1 || leaves > 20 || blobs < 0 || blobs > 20 || len(data) == 0 || len(data) > 1000 {
			return
		}
		var all []Leaf
		for i := range leaves {
			l := Leaf{Data: append(bytes.Clone(data), byte(i)), Body: data}
			for range blobs {
				l.Blobs = append(l.Blobs, data)
			}
			all = append(all, l)
		}
		files, err := parcelFiles(all)
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[string]int64{}
		for name, data := range files {
			sizes[name] = int64(len(data))
		}
		parts, err := findParts(objectsOf(sizes))
		if err != nil || len(parts) != leaves || len(parts[0].blobs) != blobs {
			t.Fatalf("%d leaves with %d documents are read as %d, %v", leaves, blobs, len(parts), err)
		}
		for i, p := range parts {
			if !bytes.Equal(files[p.leaf.Path], all[i].Data) {
				t.Errorf("leaf %d is another", i)
			}
		}
	})
}
