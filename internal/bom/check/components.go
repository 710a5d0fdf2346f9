// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/product"
)

// components checks package URLs and digests of every component.
func (k *checker) components(d *raw.Document) {
	if d.Root != nil {
		k.component(d.Root)
	}
	for i := range d.Components {
		k.component(&d.Components[i])
	}
}

func (k *checker) component(c *raw.Component) {
	k.purl(c)
	said := map[string]string{}
	for _, h := range c.Hashes {
		k.hash(c, "", h)
		content := strings.ToLower(h.Content)
		if before, twice := said[h.Alg]; twice && before != content {
			k.find(RuleHash, clip(c.Title()), "has two digests %s: one thing has one, and whoever looks for either finds it", clip(h.Alg))
		}
		said[h.Alg] = content
	}
	for _, r := range c.References {
		for _, h := range r.Hashes {
			k.hash(c, " of "+clip(r.URL), h)
		}
	}
}

// purl checks the form of a package URL, and doubts one whose version is not
// the component's: a scanner reads the one, a person the other. Epochs and a
// leading v are spelled in either way, and some types have versions of their
// own.
func (k *checker) purl(c *raw.Component) {
	if c.PURL == "" {
		return
	}
	p, err := packageurl.FromString(c.PURL)
	if err != nil {
		k.find(RulePURL, clip(c.Title()), "%q is no package URL: %v", clip(c.PURL), err)
		return
	}
	if slices.Contains([]string{"deb", "rpm", "alpm", "apk", "oci", "docker"}, p.Type) || p.Version == "" || c.Version == "" {
		return
	}
	if !strings.EqualFold(strings.TrimPrefix(p.Version, "v"), strings.TrimPrefix(c.Version, "v")) {
		k.doubt(RulePURL, clip(c.Title()), "the package URL says version %q, the component %q", clip(p.Version), clip(c.Version))
	}
}

// hexLength is how many hex digits a digest of an algorithm has.
var hexLength = map[string]int{
	"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128,
	"SHA3-256": 64, "SHA3-384": 96, "SHA3-512": 128,
	"BLAKE2b-256": 64, "BLAKE2b-384": 96, "BLAKE2b-512": 128,
	"Streebog-256": 64, "Streebog-512": 128,
}

func (k *checker) hash(c *raw.Component, of string, h raw.Hash) {
	if n := hexLength[h.Alg]; n > 0 && len(h.Content) != n {
		k.find(RuleHash, clip(c.Title()), "%s%s has %d characters, want %d", h.Alg, of, len(h.Content), n)
	}
}

// subject checks that the document is about an artifact. One digest that
// differs is enough to say no; of those named one at least must be there.
func (k *checker) subject(d *raw.Document, want map[string]string) {
	if len(want) == 0 {
		return
	}
	k.Checked = append(k.Checked, "the subject's digest")
	if d.Root == nil {
		k.find(RuleSubject, "/metadata", "the document does not say what it is about")
		return
	}
	have := digests(d.Root)
	matched := false
	for _, alg := range slices.Sorted(maps.Keys(want)) {
		values := have[algorithm(alg)]
		switch {
		case slices.Contains(values, strings.ToLower(want[alg])):
			matched = true
		case len(values) > 0:
			k.find(RuleSubject, clip(d.Root.Title()), "%s is %s, want %s", alg, clip(strings.Join(values, ", ")), want[alg])
			return
		}
	}
	if !matched {
		k.find(RuleSubject, clip(d.Root.Title()), "the document has no digest of its subject that could be compared with %s", said(want))
	}
}

func said(digest map[string]string) string {
	var out []string
	for _, alg := range slices.Sorted(maps.Keys(digest)) {
		out = append(out, alg+":"+digest[alg])
	}
	return strings.Join(out, ", ")
}

// algorithm is CycloneDX's name for an in-toto digest algorithm.
func algorithm(name string) string {
	if alg, ok := map[string]string{"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}[strings.ToLower(name)]; ok {
		return alg
	}
	return name
}

// digests are the digests of a component by algorithm, hex in lower case, those
// that are no file digests under our own names, and those of the files that it
// is distributed as.
func digests(c *raw.Component) map[string][]string {
	out := map[string][]string{}
	for _, r := range c.References {
		for _, h := range r.Hashes {
			if what := ofFile(h.Alg, r.Type, r.URL); what != "" {
				out[what] = append(out[what], strings.ToLower(h.Content))
			}
		}
	}
	for _, h := range c.Hashes {
		out[h.Alg] = append(out[h.Alg], strings.ToLower(h.Content))
	}
	for _, p := range c.Properties {
		if alg, ok := strings.CutPrefix(p.Name, product.Name+":hash:"); ok {
			out[alg] = append(out[alg], p.Value)
		}
	}
	return out
}

// ofFile names a digest of a file that something is distributed as. The same
// file on another host is the same. It is empty for any other reference.
func ofFile(alg, kind, address string) string {
	if kind != "distribution" {
		return ""
	}
	address, _, _ = strings.Cut(address, "?")
	address, _, _ = strings.Cut(address, "#")
	return alg + " of " + address[strings.LastIndexByte(address, '/')+1:]
}

// local compares the digests of components with what lies on this machine.
func (k *checker) local(d *raw.Document, look func(*raw.Component) []Local) {
	compared, seen := 0, 0
	for i := range d.Components {
		c := &d.Components[i]
		have := digests(c)
		for _, l := range look(c) {
			seen++
			values := have[l.Alg]
			if len(values) == 0 {
				continue
			}
			compared++
			if !slices.Contains(values, l.Value) {
				k.find(RuleDigest, clip(c.Title()), "%s is %s in the document, and %s in %s", l.Alg, clip(strings.Join(values, ", ")), clip(l.Value), l.Where)
			}
		}
	}
	k.Checked = append(k.Checked, fmt.Sprintf("%d of %d digests that are on this machine", compared, seen))
}
