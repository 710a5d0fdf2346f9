// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"errors"
	"strings"
	"testing"
)

func TestParseWitnessKey(t *testing.T) {
	const good = "w1.example/w+5b05d167+BAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
	for name, c := range map[string]struct{ text, wrong string }{
		"a key":                 {good, ""},
		"a wrong hash":          {strings.Replace(good, "+5b", "+5c", 1), "its hash is"},
		"a key of a log":        {"w1.example+b275a995+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "signs a log's own checkpoints"},
		"ML-DSA-44":             {"w1.example+97cbe7a9+BgEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "ML-DSA-44"},
		"nothing":               {"", "no name"},
		"base64 that is broken": {good + "?", "base64"},
	} {
		k, err := ParseWitnessKey(c.text)
		if c.wrong == "" && (err != nil || k.Name() != "w1.example/w") {
			t.Errorf("%s: %v, %v", name, k, err)
		}
		if c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
	}
	if _, err := ParseWitnessKey("w1.example+97cbe7a9+BgEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"); !errors.Is(err, ErrPostQuantum) {
		t.Errorf("%v is not ErrPostQuantum", err)
	}
}

// The addresses that EIP-55 gives as examples.
func TestCheckAddress(t *testing.T) {
	for _, a := range []string{
		"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
		"0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
		"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	} {
		if err := CheckAddress(a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	for a, want := range map[string]string{
		"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed":  "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, which has",
		"0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED":  "is wrong",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee":  "is wrong",
		"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed":    "not an address",
		"0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed":  "not an address",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed0": "not an address",
		"": "not an address",
	} {
		if err := CheckAddress(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", a, err, want)
		}
	}
}
