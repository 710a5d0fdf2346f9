// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"strings"
	"testing"
)

func TestImagesAreRead(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0123456789abcdef", 4)
	facts := map[string]string{
		"alpine":                                "pkg:docker/alpine@latest none",
		"alpine:3.20":                           "pkg:docker/alpine@3.20 tag",
		"library/alpine:3.20":                   "pkg:docker/alpine@3.20 tag",
		"acme/tool":                             "pkg:docker/acme/tool@latest none",
		"ghcr.io/acme/sub/tool:1":               "pkg:docker/acme/sub/tool@1?repository_url=ghcr.io tag",
		"localhost/tool":                        "pkg:docker/tool@latest?repository_url=localhost none",
		"h.example:5000/tool:1.0_x-y":           "pkg:docker/tool@1.0_x-y?repository_url=h.example:5000 tag",
		"alpine:3.20" + digest:                  "pkg:docker/alpine" + digest + " digest",
		"alpine" + digest:                       "pkg:docker/alpine" + digest + " digest",
		"":                                      "not one",
		"Alpine":                                "not one",
		"Acme/tool":                             "not one",
		"alpine:":                               "not one",
		"alpine@sha256:12":                      "not one",
		"https://h.example/x":                   "not one",
		"user:pass@h.example/x":                 "not one",
		"../up":                                 "not one",
		"a b":                                   "not one",
		"a/" + strings.Repeat("b/", 2000) + "c": "not one",
	}
	for text, want := range facts {
		c, ok := imageComponent(text)
		got := "not one"
		if ok {
			got = c.PURL + " "
			for _, p := range c.Properties {
				if strings.HasSuffix(p.Name, ":pin") {
					got += p.Value
				}
			}
		}
		if got != want {
			t.Errorf("%.80s: %s, want %s", text, got, want)
		}
	}
}

func TestVariablesOfADockerfile(t *testing.T) {
	r := &dockerReader{args: map[string]string{"A": "1", "B": "x:2", "EMPTY": ""}}
	facts := map[string]string{
		"plain":                "plain",
		"a:$A":                 "a:1",
		"a:${A}-$B":            "a:1-x:2",
		"${NONE:-ubuntu}:${A}": "ubuntu:1",
		"${EMPTY:-d}":          "d",
		"${A:+b}":              "b",
		"${EMPTY:+b}x":         "x",
		"$NONE":                "$NONE",
		"${NONE}":              "${NONE}",
		"${A":                  "${A",
		"$":                    "$",
		"a$1":                  "a$1",
		"${NONE:-$A}":          "${NONE:-$A}",
		"${A#x}":               "${A#x}",
	}
	for text, want := range facts {
		if got, _ := r.expand(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	r.args["A"] = strings.Repeat("x", 4000)
	if got, ok := r.expand(strings.Repeat("$A", 1000)); len(got) > 2*maxExpanded || ok {
		t.Errorf("%d bytes", len(got))
	}
}
