// SPDX-License-Identifier: Apache-2.0

package draft7

import (
	"cmp"
	"encoding/json"
	"hash/maphash"
	"strconv"
	"strings"
)

// A decimal is a number of any size: 0.DIGITS times ten to the power of point.
type decimal struct {
	sign   int    // 0 for zero
	digits string // without zeros at either end
	point  int
}

// maxExponent keeps the arithmetic of exponents in range. Numbers beyond it are
// as large, or as small, as one on it.
const maxExponent = 1 << 40

// parseDecimal reads a number as JSON writes it.
func parseDecimal(s string) decimal {
	d := decimal{sign: 1}
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		d.sign, s = -1, rest
	}
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	power := 0
	if exponent != "" {
		n, _ := strconv.ParseInt(exponent, 10, 64) // out of range: the nearest that there is
		power = int(min(max(n, -maxExponent), maxExponent))
	}
	d.point = len(whole) + power
	all := whole + fraction
	d.digits = strings.TrimLeft(all, "0")
	d.point -= len(all) - len(d.digits)
	d.digits = strings.TrimRight(d.digits, "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

func (d decimal) isInteger() bool { return len(d.digits) <= d.point || d.sign == 0 }

func (d decimal) compare(e decimal) int {
	if d.sign != e.sign || d.sign == 0 {
		return cmp.Compare(d.sign, e.sign)
	}
	return d.sign * cmp.Or(cmp.Compare(d.point, e.point), strings.Compare(d.digits, e.digits))
}

// duplicates returns two items of a list that are equal, if there are any.
func duplicates(list []any) (first, second int, found bool) {
	if len(list) < 2 {
		return 0, 0, false
	}
	seed := maphash.MakeSeed() // nobody can choose items that look alike
	seen := make(map[uint64][]int, len(list))
	for i, v := range list {
		h := digest(seed, v)
		for _, j := range seen[h] {
			if equal(list[j], v) {
				return j, i, true
			}
		}
		seen[h] = append(seen[h], i)
	}
	return 0, 0, false
}

// digest is the same for values that are equal.
func digest(seed maphash.Seed, v any) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	write := func(n uint64) { maphash.WriteComparable(&h, n) }
	switch v := v.(type) {
	case string:
		_ = h.WriteByte('s')
		_, _ = h.WriteString(v)
	case json.Number:
		maphash.WriteComparable(&h, parseDecimal(string(v)))
	case bool:
		maphash.WriteComparable(&h, v)
	case []any:
		_ = h.WriteByte('l')
		for _, item := range v {
			write(digest(seed, item))
		}
	case map[string]any:
		_ = h.WriteByte('o')
		sum := uint64(0) // in whatever order they come
		for name, member := range v {
			var one maphash.Hash
			one.SetSeed(seed)
			_, _ = one.WriteString(name)
			maphash.WriteComparable(&one, digest(seed, member))
			sum += one.Sum64()
		}
		write(sum)
	}
	return h.Sum64()
}

func equal(x, y any) bool {
	switch x := x.(type) {
	case json.Number:
		number, ok := y.(json.Number)
		return ok && parseDecimal(string(x)) == parseDecimal(string(number))
	case []any:
		list, ok := y.([]any)
		if !ok || len(x) != len(list) {
			return false
		}
		for i := range x {
			if !equal(x[i], list[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		members, ok := y.(map[string]any)
		if !ok || len(x) != len(members) {
			return false
		}
		for name := range x {
			other, is := members[name]
			if !is || !equal(x[name], other) {
				return false
			}
		}
		return true
	}
	return isPlain(y) && x == y
}
