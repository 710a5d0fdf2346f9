// SPDX-License-Identifier: Apache-2.0

package event

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A Digest names bytes: an algorithm of the in-toto digest set and lower-case
// hex. The zero Digest names nothing.
type Digest struct {
	Alg string // sha256, sha512, gitCommit, dirHash1
	Hex string
}

// algorithms are those of the in-toto digest set that are strong enough to
// stand for bytes, with the lengths of their hex. Git's object ids are the one
// place where SHA-1 is taken, because git knows a commit by nothing else.
var algorithms = map[string][]int{
	"sha256":    {64},
	"sha384":    {96},
	"sha512":    {128},
	"dirHash1":  {64},
	"gitCommit": {40, 64},
	"gitTree":   {40, 64},
	"gitBlob":   {40, 64},
	"gitTag":    {40, 64},
}

// ParseDigest reads "sha256:HEX" and its like. The hex is lower-case and as
// long as the algorithm says.
func ParseDigest(s string) (Digest, error) {
	alg, hex, ok := strings.Cut(s, ":")
	if !ok {
		return Digest{}, fmt.Errorf("digest %.80q has no algorithm, as in sha256:HEX", s)
	}
	d := Digest{Alg: alg, Hex: hex}
	if err := d.check(); err != nil {
		return Digest{}, err
	}
	return d, nil
}

func (d Digest) check() error {
	lengths, ok := algorithms[d.Alg]
	if !ok {
		return fmt.Errorf("unknown digest algorithm %.40q; have %s", d.Alg, strings.Join(slices.Sorted(maps.Keys(algorithms)), ", "))
	}
	if !slices.Contains(lengths, len(d.Hex)) {
		return fmt.Errorf("%s digest has %d hex digits, want %s", d.Alg, len(d.Hex), strings.Trim(fmt.Sprint(lengths), "[]"))
	}
	if !isHex(d.Hex) {
		return fmt.Errorf("%s digest %q is not lower-case hex", d.Alg, d.Hex)
	}
	return nil
}

func isSHA256(hex string) bool { return Digest{Alg: "sha256", Hex: hex}.check() == nil }

// checkObject wants a full git object id.
func checkObject(id string) error { return Digest{Alg: "gitCommit", Hex: id}.check() }

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}

// String returns "algorithm:hex", or nothing for the zero Digest.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Alg + ":" + d.Hex
}

// IsZero reports whether d names nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// Digests returns the subject's digests under algorithms we accept, sorted by
// algorithm. Others are passed over, as the in-toto digest set asks: they
// prove nothing to us.
func (s Subject) Digests() []Digest {
	out := make([]Digest, 0, len(s.Digest))
	for _, alg := range slices.Sorted(maps.Keys(s.Digest)) {
		if d := (Digest{Alg: alg, Hex: s.Digest[alg]}); d.check() == nil {
			out = append(out, d)
		}
	}
	return out
}

// Has reports whether d is one of the subject's digests. The zero Digest is
// nobody's.
func (s Subject) Has(d Digest) bool {
	return d.check() == nil && s.Digest[d.Alg] == d.Hex
}

// SortSubjects puts subjects in the one order that does not depend on how
// they were found: by name, then by digests, then by URI.
func SortSubjects(subjects []Subject) {
	arrange.Stably(subjects, compareSubjects)
}

func compareSubjects(a, b Subject) int {
	return cmp.Or(
		strings.Compare(a.Name, b.Name),
		slices.CompareFunc(a.Digests(), b.Digests(), func(x, y Digest) int {
			return cmp.Or(strings.Compare(x.Alg, y.Alg), strings.Compare(x.Hex, y.Hex))
		}),
		strings.Compare(a.URI, b.URI),
	)
}

// check refuses a subject that names no bytes, or names them in a form that
// could be mistaken for another.
func (s Subject) check() error {
	for _, alg := range slices.Sorted(maps.Keys(s.Digest)) {
		if algorithms[alg] == nil {
			continue
		}
		if err := (Digest{Alg: alg, Hex: s.Digest[alg]}).check(); err != nil {
			return err
		}
	}
	if len(s.Digests()) == 0 {
		return fmt.Errorf("no digest under an algorithm we accept; want one of %s", strings.Join(slices.Sorted(maps.Keys(algorithms)), ", "))
	}
	return nil
}
