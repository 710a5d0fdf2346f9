// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	check(t, err)
	return data
}

func TestParseRoot(t *testing.T) {
	w := newWorld(t)
	data := marshal(t, w.doc(t))
	r, err := ParseRoot(data)
	check(t, err)
	sum := sha256.Sum256(data)
	if r.Digest != "sha256:"+hex.EncodeToString(sum[:]) {
		t.Errorf("digest %s", r.Digest)
	}
	if len(r.authorities) != 1 || len(r.stampers) != 1 || len(r.logs) != 2 || len(r.certLogs) != 1 {
		t.Errorf("read %+v", r)
	}
	spaced, err := ParseRoot(append(data, '\n'))
	check(t, err)
	if spaced.Digest == r.Digest {
		t.Error("a root with a line more has the same digest")
	}
}

func TestParseRootAccepts(t *testing.T) {
	w := newWorld(t)
	data := string(marshal(t, w.doc(t)))
	for fact, doc := range map[string]string{
		"version 0.1 as it is written":    strings.Replace(data, rootTypes[0], rootTypes[2], 1),
		"version 0.1 in the newer form":   strings.Replace(data, rootTypes[0], rootTypes[1], 1),
		"names nobody":                    `{"mediaType":"` + rootTypes[0] + `"}`,
		"members we do not know":          strings.Replace(data, `"baseUrl"`, `"operator":"acme.example","checkpointKeyId":{"keyId":"AAAAAA=="},"baseUrl"`, 1),
		"lists that are null":             strings.Replace(data, `"ctlogs"`, `"x":null,"ctlogs"`, 1),
		"an authority without a window":   strings.Replace(data, `"validFor":{"start":"2026-01-31T12:00:00Z"}}],"ctlogs"`, `"validFor":{}}],"ctlogs"`, 1),
		"an end in fractions of a second": strings.Replace(data, `{"start":"2026-01-31T12:00:00Z"}`, `{"start":"2026-01-31T12:00:00Z","end":"2027-01-31T12:00:00.999Z"}`, 1),
		"a kind of log key of the future": strings.ReplaceAll(data, "PKIX_ED25519", "PKIX_ML_DSA_44"),
	} {
		if _, err := ParseRoot([]byte(doc)); err != nil {
			t.Errorf("%s: %v", fact, err)
		}
	}
	for _, name := range []string{"public-good", "staging", "staging-dsse", "short-tsa", "static-ct", "tsa-ended", "tsa-ends"} {
		if _, err := ParseRoot(readFile(t, "roots/"+name+".json")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseRootRefuses(t *testing.T) {
	w := newWorld(t)
	data := string(marshal(t, w.doc(t)))
	change := func(old, new string) string {
		if !strings.Contains(data, old) {
			t.Fatalf("%q is not in the root", old)
		}
		return strings.Replace(data, old, new, 1)
	}
	edited := func(edit func(*rootDoc)) string {
		d := w.doc(t)
		edit(d)
		return string(marshal(t, d))
	}
	ca := base64.StdEncoding.EncodeToString(w.ca.cert.Raw)
	for fact, c := range map[string]struct{ doc, why string }{
		"nothing":                {"", ""},
		"no JSON":                {"root", ""},
		"null":                   {"null", "mediaType"},
		"an array":               {"[]", ""},
		"cut off":                {data[:len(data)-1], ""},
		"data after it":          {data + "{}", ""},
		"broken UTF-8":           {change("https://fulcio", "\xff"), "UTF-8"},
		"over the limit":         {data + strings.Repeat(" ", maxRoot), "over the limit of 1048576"},
		"nested without end":     {strings.Repeat("[", 200), "deeper"},
		"no media type":          {change(rootTypes[0], ""), "mediaType"},
		"version 0.3":            {change("v0.2", "v0.3"), "mediaType"},
		"a bundle":               {`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`, "mediaType"},
		"a member twice":         {change(`"tlogs"`, `"tlogs":[],"tlogs"`), "duplicate"},
		"a key twice":            {change(`"rawBytes"`, `"rawBytes":"","rawBytes"`), "duplicate"},
		"sixty-five logs":        {edited(func(d *rootDoc) { d.Logs = slices.Repeat(d.Logs[:1], 65) }), "tlogs: 65 of them, over the limit of 64"},
		"sixty-five authorities": {edited(func(d *rootDoc) { d.Authorities = slices.Repeat(d.Authorities, 65) }), "over the limit of 64"},
		"a chain of nine": {edited(func(d *rootDoc) {
			d.Stampers[0].Chain.Certificates = slices.Repeat(d.Stampers[0].Chain.Certificates[:1], 9)
		}), "timestampAuthorities[0]: certChain of 9"},
		"a chain of none":               {edited(func(d *rootDoc) { d.Authorities[0].Chain.Certificates = nil }), "certChain of 0"},
		"a certificate that is no DER":  {change(ca, "AAAA"), "certificateAuthorities[0]: certificate 0"},
		"data after a certificate":      {change(ca, base64.StdEncoding.EncodeToString(append(w.ca.cert.Raw[:len(w.ca.cert.Raw):len(w.ca.cert.Raw)], 0))), "trailing data"},
		"a certificate for URLs":        {change(ca, "-_-_"), "base64"},
		"a certificate in lines":        {change(ca, ca[:64]+`\n`+ca[64:]), "lines"},
		"a certificate as array":        {change(`"`+ca+`"`, "[1,2]"), ""},
		"SHA-1 trees":                   {change("SHA2_256", "SHA1"), "hashAlgorithm"},
		"no hash":                       {change(`"hashAlgorithm":"SHA2_256",`, ""), "hashAlgorithm"},
		"a log id of five bytes":        {edited(func(d *rootDoc) { d.Logs[0].ID.KeyID = d.Logs[0].ID.KeyID[:5] }), "logId has 5 bytes"},
		"no log id":                     {edited(func(d *rootDoc) { d.Logs[0].ID.KeyID = nil }), "logId"},
		"a log without a beginning":     {edited(func(d *rootDoc) { d.Logs[0].Key.Valid.Start = time.Time{} }), "validFor.start"},
		"a window that ends before":     {edited(func(d *rootDoc) { d.Logs[0].Key.Valid.End = base.Add(-31 * day) }), "before it starts"},
		"an authority that ends before": {edited(func(d *rootDoc) { d.Authorities[0].Valid.End = base.Add(-31 * day) }), "before it starts"},
		"a date without time":           {change("2026-01-31T12:00:00Z", "2026-01-31"), ""},
		"a date on no day":              {change("2026-01-31T12:00:00Z", "2026-02-30T12:00:00Z"), ""},
		"a key that is no DER":          {edited(func(d *rootDoc) { d.Logs[0].Key.Raw = []byte("x") }), "publicKey"},
		"a key of another kind":         {edited(func(d *rootDoc) { d.Logs[0].Key.Kind = "PKIX_ED25519" }), "no PKIX_ED25519"},
		"a key of another curve":        {edited(func(d *rootDoc) { d.Logs[0].Key.Kind = "PKIX_ECDSA_P384_SHA_384" }), "no PKIX_ECDSA_P384_SHA_384"},
		"a base URL that is none":       {change("https://"+rekor1Host, "https://%zz"), "baseUrl"},
		"the start missing, published":  {string(readFile(t, "roots/tlog-without-start.json")), "validFor.start"},
	} {
		t.Run(fact, func(t *testing.T) {
			r, err := ParseRoot([]byte(c.doc))
			if !errors.Is(err, ErrRoot) || !strings.Contains(err.Error(), c.why) || r != nil {
				t.Errorf("%v, want %s", err, c.why)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	w := newWorld(t)
	now := base
	in := func(d time.Duration) time.Time { return now.Add(d) }
	short := authorityCert("short")
	short.NotAfter = in(5 * day)
	shortCA := issue(t, w.caRoot, short, keyOf(t, "short"))
	for fact, c := range map[string]struct {
		edit func(*rootDoc)
		want []string
	}{
		"all is well":                   {func(*rootDoc) {}, nil},
		"a log key ends in 29 days":     {func(d *rootDoc) { d.Logs[0].Key.Valid.End = in(29 * day) }, []string{"transparency log https://rekor.acme.example ends 2026-03-31T12:00:00Z"}},
		"a log key ends in 31 days":     {func(d *rootDoc) { d.Logs[0].Key.Valid.End = in(31 * day) }, nil},
		"a window ends today":           {func(d *rootDoc) { d.Stampers[0].Valid.End = now }, []string{"timestamp authority https://tsa.acme.example ends 2026-03-02T12:00:00Z"}},
		"a certificate ends soon":       {func(d *rootDoc) { d.Authorities[0] = authorityOf("ca", shortCA, w.caRoot) }, []string{"certificate authority ca ends 2026-03-07T12:00:00Z"}},
		"an ended one with a successor": {func(d *rootDoc) { old := d.Logs[0]; old.Key.Valid.End = in(-day); d.Logs = append(d.Logs, old) }, nil},
		"ended, and no successor": {func(d *rootDoc) { d.CertLogs[0].Key.Valid.End = in(-day) }, []string{
			"trusted root: no certificate transparency log in it is valid at 2026-03-02T12:00:00Z",
			"certificate transparency log https://ct.acme.example ended 2026-03-01T12:00:00Z",
		}},
		"not yet valid": {func(d *rootDoc) { d.Authorities[0].Valid.Start = in(day) }, []string{
			"trusted root: no certificate authority in it is valid at 2026-03-02T12:00:00Z",
		}},
		"no authority": {func(d *rootDoc) { d.Authorities = nil }, []string{"trusted root: it names no certificate authority, so it verifies no certificates"}},
		"no clock":     {func(d *rootDoc) { d.Stampers, d.Logs = nil, nil }, []string{"trusted root: it names neither a timestamp authority nor a log, so it proves no times"}},
	} {
		if got := w.root(t, c.edit).Warnings(now); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", fact, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	if got := (*Root)(nil).Warnings(now); len(got) != 1 {
		t.Errorf("no root: %q", got)
	}
	old, err := ParseRoot(readFile(t, "roots/short-tsa.json"))
	check(t, err)
	if got := old.Warnings(base); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "no timestamp authority in it is valid") }) {
		t.Errorf("a root whose timestamp authority ended: %q", got)
	}
}

func TestEnds(t *testing.T) {
	w := newWorld(t)
	in := func(d time.Duration) time.Time { return base.Add(d) }
	for fact, c := range map[string]struct {
		edit   func(*rootDoc)
		before time.Duration
		want   []string
	}{
		"all is well":                   {func(*rootDoc) {}, 30 * day, nil},
		"within what was asked":         {func(d *rootDoc) { d.Logs[0].Key.Valid.End = in(60 * day) }, 90 * day, []string{"transparency log https://rekor.acme.example ends 2026-05-01T12:00:00Z"}},
		"later than that":               {func(d *rootDoc) { d.Logs[0].Key.Valid.End = in(60 * day) }, 30 * day, nil},
		"an ended one with a successor": {func(d *rootDoc) { old := d.Logs[0]; old.Key.Valid.End = in(-day); d.Logs = append(d.Logs, old) }, 30 * day, nil},
		"ended, and no successor":       {func(d *rootDoc) { d.CertLogs[0].Key.Valid.End = in(-day) }, 30 * day, []string{"no certificate transparency log in it is valid any more"}},
		"what was never there":          {func(d *rootDoc) { d.Authorities, d.Stampers, d.Logs = nil, nil, nil }, 30 * day, nil},
	} {
		if got := w.root(t, c.edit).Ends(base, c.before); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", fact, got, c.want)
		}
	}
	if got := (*Root)(nil).Ends(base, day); len(got) > 0 {
		t.Errorf("no root: %q", got)
	}
}

// A root whose chain starts with an issuer has no signer of its own.
func TestSignerOfAuthority(t *testing.T) {
	w := newWorld(t)
	r := w.root(t, func(d *rootDoc) { d.Stampers = append(d.Stampers, authorityOf("issuer", w.tsaRoot)) })
	if got := r.stampers[0].signer(); got == nil || !got.Equal(w.tsa.cert) {
		t.Error("the named signer is not found")
	}
	if r.stampers[1].signer() != nil {
		t.Error("an issuer signs tokens")
	}
}

func FuzzParseRoot(f *testing.F) {
	w := newWorld(f)
	f.Add(marshal(f, w.doc(f)))
	f.Add(readFile(f, "roots/public-good.json"))
	f.Add([]byte(fmt.Sprintf(`{"mediaType":%q,"tlogs":[{}],"ctlogs":null}`, rootTypes[0])))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRoot(data)
		if err != nil {
			if r != nil || !errors.Is(err, ErrRoot) {
				t.Errorf("%v, %v", r, err)
			}
			return
		}
		for _, a := range append(r.authorities, r.stampers...) {
			if len(a.chain) == 0 || slices.Contains(a.chain, (*x509.Certificate)(nil)) {
				t.Error("an authority without certificates")
			}
		}
		for _, l := range append(r.logs, r.certLogs...) {
			if l.valid.start.IsZero() || len(l.id) != sha256.Size {
				t.Error("a log without beginning or id")
			}
		}
		r.Warnings(base)
	})
}
