// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// Every byte of a bundle counts: whichever bit is flipped, the bundle is
// refused, but for what tolerances names.
func TestBundleRefusesEveryFlippedBit(t *testing.T) {
	for shape, s := range shapes(t) {
		b, l := loggedAs(t, s, 3, 1)
		data := marshal(t, b)
		tolerated := tolerances(t, data, s, l)
		used := map[string]bool{}
		for i := range data {
			for bit := range 8 {
				data[i] ^= 1 << bit
				if _, err := verify(data, l.keys); err == nil {
					used[tolerated[i]] = true
					if tolerated[i] == "" {
						t.Errorf("%s: bit %d of byte %d flipped, and accepted: …%s…", shape, bit, i, data[max(0, i-20):min(len(data), i+20)])
					}
				}
				data[i] ^= 1 << bit
			}
		}
		for _, name := range tolerated {
			if !used[name] {
				t.Errorf("%s: no flipped bit of the %s is accepted: it need not be tolerated", shape, name)
				used[name] = true
			}
		}
	}
}

// tolerances are the bytes of a bundle that Verify does not answer for, by
// name.
//
// The log id behind its first four bytes: proof.Keys knows a key by that hash
// alone; whose signature stands on the checkpoint is decided by the signature,
// and logId only helps to find it.
//
// Timestamps and other logs' entries: what they prove, package keyless says,
// which refuses them flipped.
func tolerances(t *testing.T, data []byte, s event.Signed, l *testLog) map[int]string {
	t.Helper()
	out := map[int]string{}
	tolerate := func(name, text string, skip int) {
		start := bytes.Index(data, []byte(text))
		if start < 0 {
			t.Fatalf("%s %s is not in the bundle", name, text)
		}
		for i := start + skip; i < start+len(text); i++ {
			out[i] = name
		}
	}
	b64 := base64.StdEncoding.EncodeToString
	tolerate("log id", b64(l.id), 5) // the first 30 bits are the hash and more
	for _, token := range s.Timestamps {
		tolerate("timestamp", b64(token), 0)
	}
	for _, e := range s.Entries {
		tolerate("other log's entry", string(e), 0)
	}
	return out
}

// The same for what the base64 says: a decoder that passes over bits would
// not show above.
func TestBundleRefusesEveryFlippedBitWithin(t *testing.T) {
	field := regexp.MustCompile(`"(payload|sig|rawBytes|canonicalizedBody|rootHash|keyId|signedTimestamp)":"([^"]*)"|"(hashes)":\["([^"]*)"|(—) ` + origin + ` ([^\\]*)\\n`)
	for shape, s := range shapes(t) {
		b, l := loggedAs(t, s, 3, 1)
		data := string(marshal(t, b))
		seen := map[string]bool{}
		for _, m := range field.FindAllStringSubmatchIndex(data, -1) {
			group := 2
			for m[group] < 0 {
				group += 4
			}
			name, start, end := data[m[group]:m[group+1]], m[group+2], m[group+3]
			seen[name] = true
			raw, err := base64.StdEncoding.DecodeString(data[start:end])
			check(t, err)
			for i := range raw {
				raw[i] ^= 1
				_, err := verify([]byte(data[:start]+base64.StdEncoding.EncodeToString(raw)+data[end:]), l.keys)
				if err == nil && name != "signedTimestamp" && (name != "keyId" || i < 4) {
					t.Errorf("%s: byte %d of %s flipped, and accepted", shape, i, name)
				}
				raw[i] ^= 1
			}
		}
		for _, name := range []string{"payload", "sig", "canonicalizedBody", "rootHash", "keyId", "hashes", "—"} {
			if !seen[name] {
				t.Errorf("%s: no %s in the bundle", shape, name)
			}
		}
		if seen["rawBytes"] != s.Verifier.Keyless() || seen["signedTimestamp"] != (len(s.Timestamps) > 0) {
			t.Errorf("%s: looked at %v", shape, seen)
		}
	}
}

// Others may sign the same checkpoint: C2SP signed-note has verifiers pass
// over lines by keys they do not know. A line that is broken is refused.
func TestBundleWithFurtherSignatures(t *testing.T) {
	b, l := logged(t, 3, 1)
	data := string(marshal(t, b))
	i := strings.Index(data, `\n"},"hashes"`)
	if i < 0 {
		t.Fatalf("no end of a checkpoint in %s", data)
	}
	with := func(line string) []byte { return []byte(data[:i] + `\n` + line + data[i:]) }
	_, err := verify(with(`— witness.example AAAAAAECAwQF`), l.keys)
	check(t, err)
	for _, line := range []string{`— witness.example`, `— witness.example AAAA`, `witness.example AAAAAAECAwQF`, `— ` + origin + ` !`} {
		if _, err := verify(with(line), l.keys); err == nil {
			t.Errorf("accepted: %s", line)
		}
	}
}
