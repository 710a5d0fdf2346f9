// SPDX-License-Identifier: Apache-2.0

package bom

import "testing"

// FuzzPlainURL holds the short way to the long one.
func FuzzPlainURL(f *testing.F) {
	for _, seed := range []string{
		"https://h.example/a", "https://h.example/@s/a/-/a-1.0.0.tgz", "https://h.example", "https:///a", "https://h.example/a//b",
		"https://u@h.example/", "https://h.example/a?b", "https://h.example/%41", "https://h.example/../a", "HTTPS://h.example/a", "https://-/.",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		want, secrets := takeApart(raw)
		if isPlainURL(raw) && (want != raw || secrets != nil) {
			t.Fatalf("%q is called plain, and is %q %q", raw, want, secrets)
		}
		if got := cleanURL(raw); got != want {
			t.Fatalf("%q: %q, want %q", raw, got, want)
		}
	})
}
