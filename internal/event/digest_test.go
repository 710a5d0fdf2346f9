// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

func TestParseDigest(t *testing.T) {
	hex := func(n int) string { return strings.Repeat("0", n) }
	for fact, c := range map[string]struct{ in, err string }{
		"sha256":                             {"sha256:" + digestA, ""},
		"sha384":                             {"sha384:" + hex(96), ""},
		"sha512":                             {"sha512:" + hex(128), ""},
		"folder by Go's dirhash":             {"dirHash1:" + hex(64), ""},
		"git commit in SHA-1":                {"gitCommit:" + hex(40), ""},
		"git commit in SHA-256":              {"gitCommit:" + hex(64), ""},
		"git tree":                           {"gitTree:" + hex(40), ""},
		"nothing":                            {"", "no algorithm"},
		"hex alone":                          {digestA, "no algorithm"},
		"no hex":                             {"sha256:", "0 hex digits"},
		"one digit short":                    {"sha256:" + hex(63), "63 hex digits, want 64"},
		"one digit long":                     {"sha256:" + hex(65), "65 hex digits"},
		"git commit abbreviated":             {"gitCommit:" + hex(12), "want 40 64"},
		"upper case":                         {"sha256:" + strings.ToUpper(digestA), "lower-case"},
		"space inside":                       {"sha256: " + hex(63), "lower-case"},
		"not hex":                            {"sha256:" + strings.Repeat("z", 64), "lower-case"},
		"SHA-1 of a file":                    {"sha1:" + hex(40), "unknown digest algorithm"},
		"MD5":                                {"md5:" + hex(32), "unknown digest algorithm"},
		"algorithm in upper case":            {"SHA256:" + digestA, "unknown digest algorithm"},
		"typo lists what there is":           {"sha265:" + digestA, "dirHash1, gitBlob, gitCommit"},
		"base64 as in a subresource":         {"sha256-" + digestA, "no algorithm"},
		"Go checksum with its prefix":        {"h1:Khu2En+0gcYPZ2kuIihfswbzxv/mIHXgzPZ018Oty48=", "unknown digest algorithm"},
		"a long algorithm is not all quoted": {strings.Repeat("x", 9999) + ":00", "unknown digest algorithm"},
	} {
		t.Run(fact, func(t *testing.T) {
			d, err := event.ParseDigest(c.in)
			if c.err != "" {
				wantError(t, err, c.err)
				if !d.IsZero() {
					t.Errorf("an error and the digest %v", d)
				}
				if len(err.Error()) > 400 {
					t.Errorf("error of %d bytes", len(err.Error()))
				}
				return
			}
			check(t, err)
			if d.String() != c.in {
				t.Errorf("reads %q, writes %q", c.in, d)
			}
		})
	}
}

func TestDigestZero(t *testing.T) {
	var zero event.Digest
	if !zero.IsZero() || zero.String() != "" {
		t.Errorf("zero digest prints %q", zero)
	}
	if subjectA().Has(zero) || (event.Subject{Digest: map[string]string{"": ""}}).Has(zero) {
		t.Error("a subject has the zero digest")
	}
}

func TestSubjectHas(t *testing.T) {
	s := event.Subject{Digest: map[string]string{"sha256": digestA, "gitCommit": commitA, "md5": "00", "sha512": "short"}}
	for fact, c := range map[string]struct {
		d    event.Digest
		want bool
	}{
		"its sha256":                        {event.Digest{Alg: "sha256", Hex: digestA}, true},
		"its commit":                        {event.Digest{Alg: "gitCommit", Hex: commitA}, true},
		"another sha256":                    {event.Digest{Alg: "sha256", Hex: digestB}, false},
		"the right hex under another name":  {event.Digest{Alg: "dirHash1", Hex: digestA}, false},
		"an algorithm we do not accept":     {event.Digest{Alg: "md5", Hex: "00"}, false},
		"a malformed digest, even when set": {event.Digest{Alg: "sha512", Hex: "short"}, false},
	} {
		t.Run(fact, func(t *testing.T) {
			if got := s.Has(c.d); got != c.want {
				t.Errorf("Has(%v) = %v", c.d, got)
			}
		})
	}
	want := []event.Digest{{Alg: "gitCommit", Hex: commitA}, {Alg: "sha256", Hex: digestA}}
	if got := s.Digests(); !slices.Equal(got, want) {
		t.Errorf("Digests() = %v, want the accepted ones, sorted", got)
	}
}

func TestSortSubjects(t *testing.T) {
	sub := func(name, hex, uri string) event.Subject {
		return event.Subject{Name: name, URI: uri, Digest: map[string]string{"sha256": hex}}
	}
	want := []event.Subject{
		sub("", digestB, ""), sub("B", digestA, ""), sub("a", digestA, ""), sub("a", digestA, "u"), sub("a", digestB, ""),
	}
	// Every rotation and its reverse end in the one order.
	for i := range want {
		for _, reverse := range []bool{false, true} {
			got := append(slices.Clone(want[i:]), want[:i]...)
			if reverse {
				slices.Reverse(got)
			}
			event.SortSubjects(got)
			if !slices.EqualFunc(got, want, func(a, b event.Subject) bool {
				return a.Name == b.Name && a.URI == b.URI && a.Digest["sha256"] == b.Digest["sha256"]
			}) {
				t.Errorf("rotation %d, reversed %v: %v", i, reverse, got)
			}
		}
	}
}
