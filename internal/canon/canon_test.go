// SPDX-License-Identifier: Apache-2.0

package canon_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
)

const vectors = "../../testdata/vectors/jcs/"

func TestPublishedVectors(t *testing.T) {
	for _, name := range []string{"arrays", "french", "structures", "unicode", "values", "weird"} {
		t.Run(name, func(t *testing.T) {
			in, err := os.ReadFile(vectors + "input/" + name + ".json")
			check(t, err)
			want, err := os.ReadFile(vectors + "output/" + name + ".json")
			check(t, err)
			got, err := canon.Transform(in)
			check(t, err)
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			again, err := canon.Transform(got)
			check(t, err)
			if !bytes.Equal(again, got) {
				t.Errorf("canonical form of the canonical form is\n%s", again)
			}
		})
	}
}

// What can be read in two ways is no document.
var refused = map[string]struct{ in, err string }{
	"nothing":                   {"", ""},
	"two documents":             {"{} {}", ""},
	"trailing comma":            {`[1,]`, ""},
	"comment":                   {"{} // x", ""},
	"a name twice":              {`{"a":1,"a":1}`, "duplicate"},
	"a name twice, escaped":     {`{"a":1,"\u0061":2}`, "duplicate"},
	"a name twice, far down":    {`[{"x":{"a":1,"a":2}}]`, "duplicate"},
	"broken UTF-8":              {"\"\xc3\"", "UTF-8"},
	"overlong UTF-8":            {"\"\xc0\xaf\"", "UTF-8"},
	"half a surrogate pair":     {`"\ud800"`, ""},
	"a byte-order mark":         {"\ufeff{}", ""},
	"a control character":       {"\"\x01\"", ""},
	"a number with a zero":      {"01", ""},
	"a number with a plus":      {"+1", ""},
	"infinity":                  {"1e999", ""},
	"NaN":                       {"NaN", ""},
	"129 levels":                {strings.Repeat("[", 129) + strings.Repeat("]", 129), "deeper than the limit of 128"},
	"129 levels, cut":           {strings.Repeat(`{"a":`, 129), "deeper than the limit of 128"},
	"2^53+1":                    {"9007199254740993", "2^53"},
	"-2^53-1":                   {`{"n":-9007199254740993}`, "2^53"},
	"an integer past 64 bits":   {"123456789012345678901234567890", "2^53"},
	"2^60":                      {"1152921504606846976", "2^53"}, // written …847000
	"1e21 without exponent":     {"1000000000000000000000", "2^53"},
	"such an integer in a list": {"[1,2,18446744073709551615]", "2^53"},
}

func TestTransformRefuses(t *testing.T) {
	for fact, c := range refused {
		t.Run(fact, func(t *testing.T) {
			got, err := canon.Transform([]byte(c.in))
			if err == nil {
				t.Fatalf("accepted as %s", got)
			}
			if !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %q, want %q in it", err, c.err)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for fact, c := range refused {
		if c.err == "2^53" || fact == "infinity" {
			continue // the type that is decoded into says what it can hold
		}
		t.Run(fact, func(t *testing.T) {
			var v any
			if err := canon.Decode([]byte(c.in), &v); err == nil {
				t.Errorf("Decode gives %v", v)
			}
			if err := canon.DecodeOpen([]byte(c.in), &v); err == nil {
				t.Errorf("DecodeOpen gives %v", v)
			}
		})
	}
}

func TestTransformAccepts(t *testing.T) {
	for in, want := range map[string]string{
		" { } ":                       "{}",
		"9007199254740992":            "9007199254740992",
		"-9007199254740992":           "-9007199254740992",
		"1.0":                         "1",
		"-0":                          "0",
		"8e19":                        "80000000000000000000",
		"80000000000000000000":        "80000000000000000000",
		"100000000000000000000000e-3": "100000000000000000000",
		"1e21":                        "1e+21",
		"1e3":                         "1000",
		`"9007199254740993"`:          `"9007199254740993"`,
		`"[[[\"[{"`:                   `"[[[\"[{"`,
		`"\\"`:                        `"\\"`,
		`{"b":1,"a":2}`:               `{"a":2,"b":1}`,
		`"\u20ac\/"`:                  `"€/"`,
		"{\"\ufb33\":1,\"😂\":2}":      "{\"😂\":2,\"\ufb33\":1}", // by UTF-16, not by code point
		strings.Repeat("[", 128) + strings.Repeat("]", 128): strings.Repeat("[", 128) + strings.Repeat("]", 128),
	} {
		got, err := canon.Transform([]byte(in))
		check(t, err)
		if string(got) != want {
			t.Errorf("Transform(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestTransformKeepsItsInput(t *testing.T) {
	in := []byte(`{"b":1,"a":2}`)
	_, err := canon.Transform(in)
	check(t, err)
	if string(in) != `{"b":1,"a":2}` {
		t.Errorf("input became %s", in)
	}
}

func TestDecodeUnknownMembers(t *testing.T) {
	var v struct {
		A int `json:"a"`
	}
	if err := canon.Decode([]byte(`{"a":1,"b":2}`), &v); err == nil {
		t.Error("Decode takes an unknown member")
	}
	if err := canon.Decode([]byte(`{"A":1}`), &v); err == nil {
		t.Error("Decode takes a member in another case")
	}
	check(t, canon.DecodeOpen([]byte(`{"a":1,"b":2}`), &v))
	if v.A != 1 {
		t.Errorf("a is %d", v.A)
	}
}

func TestMarshalAndDigest(t *testing.T) {
	v := map[string]any{"z": []byte("hi"), "a": 1}
	got, err := canon.Marshal(v)
	check(t, err)
	if want := `{"a":1,"z":"aGk="}`; string(got) != want {
		t.Errorf("Marshal = %s, want %s", got, want)
	}
	sum := sha256.Sum256(got)
	digest, err := canon.Digest(v)
	check(t, err)
	if want := hex.EncodeToString(sum[:]); digest != want {
		t.Errorf("Digest = %s, want %s", digest, want)
	}
	if _, err := canon.Digest(func() {}); err == nil {
		t.Error("a function has a digest")
	}
	if _, err := canon.Marshal(uint64(1) << 60); err != nil {
		t.Logf("2^60 is exact, but past 2^53: %v", err)
	} else {
		t.Error("an integer past 2^53 is written")
	}
}

// What is accepted has one form, and it stays that way.
func FuzzTransform(f *testing.F) {
	for _, c := range refused {
		f.Add([]byte(c.in))
	}
	f.Add([]byte("8e19"))
	f.Add([]byte(`{"a":[1,2.5,-0,1e-7],"b":"\u0000\"\\","":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := canon.Transform(data)
		if err != nil {
			return
		}
		twice, err := canon.Transform(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%v: once\n%s\ntwice\n%s", err, once, twice)
		}
		var v any
		if err := canon.Decode(once, &v); err != nil {
			t.Fatalf("canonical, but not decoded: %v", err)
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
