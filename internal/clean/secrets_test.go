// SPDX-License-Identifier: Apache-2.0

package clean_test

import (
	"testing"

	"github.com/gateledger/gateledger/internal/clean"
)

func TestUsers(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "pkg:npm/a@1.0.0": "pkg:npm/a@1.0.0", "a: b@c": "a: b@c", "https://": "https://",
		"https://h.example/a@1":                                              "https://h.example/a@1",
		"https://bot:open-sesame@h.example/a":                                "https://…@h.example/a",
		"pkg:npm/a@1?vcs_url=git%2Bhttps://ghp_x@h.example/a.git":            "pkg:npm/a@1?vcs_url=git%2Bhttps://…@h.example/a.git",
		"pkg:npm/a@1?vcs_url=git%2Bhttps:%2F%2Fu:p%40h.example%2Fa.git%4001": "pkg:npm/a@1?vcs_url=git%2Bhttps:%2F%2F…%40h.example%2Fa.git%4001",
		"pkg:npm/a@1?download_url=HTTPS%3a%2f%2fu%3ap%40h%2Fa":               "pkg:npm/a@1?download_url=HTTPS%3a%2f%2f…%40h%2Fa",
		"git+https://h.example/a.git@deadbeef":                               "git+https://h.example/a.git@deadbeef",
		"git+ssh://git@h.example/a.git":                                      "git+ssh://git@h.example/a.git",
		"two https://a:b@c/ and https://d:e@f":                               "two https://…@c/ and https://…@f",
		"https://a@b:c@d/e":                                                  "https://…@d/e",
		"https://a\"b@c":                                                     "https://a\"b@c",
	} {
		if got := clean.Users(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func FuzzUsers(f *testing.F) {
	f.Add("https://u:p@h/")
	f.Add("%3A%2f/%40@")
	f.Fuzz(func(t *testing.T, text string) {
		if once := clean.Users(text); clean.Users(once) != once {
			t.Errorf("%q: %q, then %q", text, once, clean.Users(once))
		}
	})
}
