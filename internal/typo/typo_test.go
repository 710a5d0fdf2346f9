// SPDX-License-Identifier: Apache-2.0

package typo

import "testing"

func TestNearest(t *testing.T) {
	have := []string{"gate", "verify", "record", "request"}
	for word, want := range map[string]string{
		"gaet": "gate", "Verfiy": "verify", "recrod": "record", "requst": "request", "Request": "request",
		"zebra": "", "": "", "g": "", "x": "",
	} {
		if got := Nearest(word, have); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"same", "same", 0}, {"ab", "ba", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
