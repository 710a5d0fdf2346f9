// SPDX-License-Identifier: Apache-2.0

package draft7

import "testing"

func TestDecimals(t *testing.T) {
	ordered := []string{"-1e400", "-10", "-9.5", "-1", "-5e-1", "-0.05", "-1e-999999999999999999999", "0", "1e-400", "0.05", "0.5", "0.50001", "1", "9.99", "1e1", "100", "12e1", "1e400", "1e99999999999999999999"}
	for i, x := range ordered {
		for j, y := range ordered {
			want := max(-1, min(1, i-j))
			if got := parseDecimal(x).compare(parseDecimal(y)); got != want {
				t.Errorf("%s and %s: %d, want %d", x, y, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"0", "-0"}, {"0.0", "0e9"}, {"1", "1.00"}, {"100", "1E+2"}, {"0.012", "12e-3"}, {"-5", "-0.5e1"}} {
		if x, y := parseDecimal(same[0]), parseDecimal(same[1]); x != y {
			t.Errorf("%s is %v, and %s is %v", same[0], x, same[1], y)
		}
	}
	for text, want := range map[string]bool{"0": true, "-0.0": true, "1": true, "1.0": true, "10e-1": true, "1.5e1": true, "1e999999999999": true, "0.5": false, "1e-1": false, "15e-1": false, "1e-999999999999": false} {
		if got := parseDecimal(text).isInteger(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestEqual(t *testing.T) {
	values := []string{`null`, `true`, `false`, `""`, `"a"`, `0`, `1`, `[]`, `[1]`, `[1,2]`, `[2,1]`, `["1"]`, `{}`, `{"a":1}`, `{"a":2}`, `{"b":1}`, `{"a":1,"b":2}`, `{"a":2,"b":1}`, `[[]]`, `[{}]`, `{"a":{}}`}
	for i, a := range values {
		for j, b := range values {
			x, errX := Decode([]byte(a))
			y, errY := Decode([]byte(b))
			if errX != nil || errY != nil {
				t.Fatal(errX, errY)
			}
			if got := equal(x, y); got != (i == j) {
				t.Errorf("%s and %s: %v", a, b, got)
			}
			if _, _, got := duplicates([]any{x, y}); got != (i == j) {
				t.Errorf("%s and %s in a list: %v", a, b, got)
			}
		}
	}
}
