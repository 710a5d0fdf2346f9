// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
)

func fixture(t testing.TB, name string) (*Policy, string) {
	t.Helper()
	data := fixtures(t, "ok/"+name+".yml")["testdata/ok/"+name+".yml"]
	p, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return p, string(data)
}

func namesOf(specs []anchored.Spec) (names []string) {
	for _, s := range specs {
		names = append(names, s.Kind+" "+s.Name)
	}
	return names
}

func TestParseTakesAnchors(t *testing.T) {
	p, _ := fixture(t, "anchored")
	e := p.Environments["production"]
	if e.Tier != Anchored || !e.Dated || e.MaxHeadAge != time.Hour || e.Outage.SettleWithin != 24*time.Hour {
		t.Errorf("environment %+v", e)
	}
	w := p.Ledger.Witnesses
	if w.Need != 2 || len(w.Of) != 3 || w.Of[1].Name != "w2.example/w" || w.Of[1].Operator != "umbrella" || w.Of[1].URL != "https://w2.example/" {
		t.Errorf("witnesses %+v", w)
	}
	want := anchored.Spec{Kind: "evm", Name: "main", URL: "https://rpc.example", Chain: 1, Contract: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}
	if p.Anchors["main"] != want || p.Anchors["old"].Version != 1 || p.Anchors["stamp"].Kind != "tsa" {
		t.Errorf("anchors %+v", p.Anchors)
	}
}

// An environment is anchored where it says, and else by all that prove enough.
func TestAnchorsFor(t *testing.T) {
	_, text := fixture(t, "anchored")
	for name, c := range map[string]struct {
		from, to string
		want     string
		every    bool
	}{
		"the ones it names":        {"", "", "witness w1.example/w, witness w2.example/w, witness w3.example/w, evm main", true},
		"or what proves something": {"    anchors: [witnesses, main]\n", "", "witness w1.example/w, witness w2.example/w, witness w3.example/w, evm main, rekor old, tsa stamp", false},
		"no witness":               {"[witnesses, main]\n    outage: {settle-within: 24h}\n    max-head-age: 1h", "[public, main]", "evm main, rekor public", true},
	} {
		p, err := Parse([]byte(strings.Replace(text, c.from, c.to, 1)))
		if (err != nil) != (c.want == "") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if got := strings.Join(namesOf(p.AnchorsFor("production")), ", "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		need := p.AnchorNeed("production")
		if !need.Unique || !need.Dated || need.Witnesses != 2 || need.Every != c.every {
			t.Errorf("%s: need %+v", name, need)
		}
	}
	p := full(t)
	if got := p.AnchorsFor("production"); got != nil || p.AnchorNeed("production").Unique {
		t.Errorf("an environment of tier fast is anchored by %v", got)
	}
}

// What is needed is in the digest; where it is asked for, and of whom else, is
// not.
func TestAnchorsInTheDigest(t *testing.T) {
	_, text := fixture(t, "anchored")
	digest := func(text string) string {
		t.Helper()
		p, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for change, edit := range map[string]struct {
		from, to string
		same     bool
	}{
		"how many witnesses":         {"need: 2", "need: 1", false},
		"who runs one":               {"operator: umbrella", "operator: initech", false},
		"where one is asked":         {"https://w2.example/", "https://w2.example/new/", true},
		"a contract":                 {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", false},
		"a chain":                    {"chain: 1", "chain: 5", false},
		"how deep a block must be":   {"chain: 1", "chain: 1, confirmations: 64", false},
		"a node":                     {"https://rpc.example", "https://rpc2.example", true},
		"which are asked":            {"[witnesses, main]", "[witnesses]", false},
		"the order of those":         {"[witnesses, main]", "[main, witnesses]", true},
		"an anchor that isn't asked": {"https://rekor1.example", "https://rekor3.example", true},
		"how long an outage may be":  {"settle-within: 24h", "settle-within: 23h", false},
		"another way to write it":    {"settle-within: 24h", "settle-within: 1d", true},
		"whether it goes on at all":  {"    outage: {settle-within: 24h}\n", "", false},
		"how old a head may be":      {"max-head-age: 1h", "max-head-age: 2h", false},
		"any that prove enough":      {"    anchors: [witnesses, main]\n", "", false},
		"the tier":                   {"tier: anchored\n    anchors: [witnesses, main]\n    outage: {settle-within: 24h}\n    max-head-age: 1h", "dated: true", false},
	} {
		if !strings.Contains(text, edit.from) {
			t.Fatalf("%s: no %q", change, edit.from)
		}
		if got := digest(text) == digest(strings.Replace(text, edit.from, edit.to, 1)); got != edit.same {
			t.Errorf("%s: the digest stays %v, want %v", change, got, edit.same)
		}
	}
}

// Anchors that an environment does not ask for do not change its digest.
func TestAnchorsElsewhereAreNotInTheDigest(t *testing.T) {
	_, text := fixture(t, "anchored")
	before, _, _ := strings.Cut(text, "    tier: anchored")
	with := before
	i, j := strings.Index(before, "  witnesses:"), strings.Index(before, "sigstore:")
	k, l := strings.Index(before, "anchors:"), strings.Index(before, "signers:")
	without := before[:i] + before[j:k] + before[l:]
	var digests []string
	for _, text := range []string{with, without} {
		p, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, d)
	}
	if digests[0] != digests[1] {
		t.Errorf("digests %v", digests)
	}
}

// A certificate that the policy names is good for every tier, unless the
// policy says a lower one; of a key the policy has to say it.
func TestTiersOfSigners(t *testing.T) {
	for name, c := range map[string]struct {
		s    Signer
		tier Tier
		want bool
	}{
		"a key for fast":                  {Signer{Tier: Fast}, Fast, true},
		"a key for anchored":              {Signer{Tier: Fast}, Anchored, false},
		"a key of which it is said":       {Signer{Tier: Anchored}, Anchored, true},
		"and for fast":                    {Signer{Tier: Anchored}, Fast, true},
		"a certificate":                   {Signer{Tier: Fast, Untiered: true}, Anchored, true},
		"a certificate for fast alone":    {Signer{Tier: Fast}, Anchored, false},
		"the zero signer covers no tier":  {Signer{}, Anchored, false},
		"and not the lower one by itself": {Signer{}, Fast, false},
	} {
		if got := c.s.covers(c.tier); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	p, _ := fixture(t, "anchored-keyless")
	if got := p.Environments["production"].Gate; !slices.Equal(got, []string{"ci"}) {
		t.Errorf("gate %v", got)
	}
}

func TestAnchorWarnings(t *testing.T) {
	for name, want := range map[string][]string{"anchored": nil, "anchored-smallest": {"one-witness"}, "anchored-by-chain": nil} {
		p, _ := fixture(t, name)
		var got []string
		for _, w := range p.Warnings() {
			if w.Code == "one-witness" || strings.Contains(w.Key, "outage") {
				got = append(got, w.Code)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	_, text := fixture(t, "anchored")
	p, err := Parse([]byte(strings.Replace(text, "settle-within: 24h", "settle-within: 30d", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(p.Warnings(), func(w Warning) bool { return w.Key == "environments.production.outage.settle-within" }) {
		t.Error("nothing is said of an outage of a month")
	}
}
