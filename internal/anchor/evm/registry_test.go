// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm/evidenceregistry"
	"github.com/gateledger/gateledger/internal/anchored"
)

// A library is an EvidenceRegistry on a chain.
type library struct {
	*chain
	abi  *evidenceregistry.EvidenceRegistry
	at   common.Address
	spec anchored.Spec
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{chain: newChain(t), abi: evidenceregistry.NewEvidenceRegistry()}
	l.at = l.pay(nil, common.FromHex(evidenceregistry.EvidenceRegistryMetaData.Bin)).ContractAddress
	l.spec = l.chain.spec(l.at)
	return l
}

// sum is the SHA-256 of a text.
func sum(text string) [32]byte { return sha256.Sum256([]byte(text)) }

func hexOf(text string) string {
	s := sum(text)
	return hex.EncodeToString(s[:])
}

func document(subject string, digests ...string) Document {
	d := Document{Kind: "sbom", Subject: hexOf(subject)}
	for _, text := range digests {
		d.Digests = append(d.Digests, hexOf(text))
	}
	return d
}

func (l *library) publish(d Document) (Published, error) {
	return Publish(l.t.Context(), l.spec, []string{l.from.Hex()}, d, l.world(l.wallet()))
}

// told is what is looked up of documents, and of package "pkg", in short.
func (l *library) told(publisher, reporter string, documents ...Document) string {
	l.t.Helper()
	q := LookupQuestion{Spec: l.spec, Publishers: []string{publisher}, Reporters: []string{reporter}, Documents: documents, Packages: []string{hexOf("pkg")}}
	found, err := LookUp(l.t.Context(), q, l.world(nil))
	if err != nil {
		return "error: " + err.Error()
	}
	var said []string
	for _, e := range found.Entries {
		said = append(said, strings.TrimSpace(e.Status+" "+e.Reason))
	}
	for _, t := range found.Tallies {
		said = append(said, fmt.Sprint(t.Investigated, t.Affected, t.NotAffected, t.Fixed))
	}
	return strings.Join(said, ", ")
}

// stranger gives somebody money, and has them send something to the registry.
func (l *library) stranger(data []byte) string {
	l.t.Helper()
	key := voter("mallory")
	who := crypto.PubkeyToAddress(key.PublicKey)
	l.payAs(l.key, &who, nil, big.NewInt(1e18))
	l.payAs(key, &l.at, data, nil)
	return who.Hex()
}

func kindSBOM() (kind [32]byte) {
	copy(kind[:], "sbom")
	return kind
}

func TestPublish(t *testing.T) {
	l := newLibrary(t)
	first, err := l.publish(document("app", "bom"))
	if err != nil || first.Publisher != l.from.Hex() || first.Time.IsZero() || first.Cost == nil || len(first.Cost.Transactions) != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := l.publish(document("app", "bom"))
	if err != nil || again.Cost != nil || !again.Time.Equal(first.Time) || l.count("eth_sendRawTransaction") != 1 {
		t.Errorf("the same again: %+v, %v; %d transactions", again, err, l.count("eth_sendRawTransaction"))
	}
	if _, err := l.publish(document("app", "other")); !errors.Is(err, anchor.ErrRefused) || l.count("eth_sendRawTransaction") != 1 {
		t.Errorf("another document: %v", err)
	}
	l.pay(&l.at, l.abi.PackRevoke(kindSBOM(), sum("app"), 2, [32]byte{}))
	if _, err := l.publish(document("app", "bom")); !errors.Is(err, anchor.ErrRefused) || !strings.Contains(err.Error(), "took back") {
		t.Errorf("what was taken back: %v", err)
	}
}

// Nothing is paid for what nobody would believe, or what is no digest.
func TestPublishRefuses(t *testing.T) {
	l := newLibrary(t)
	for fact, c := range map[string]struct {
		publishers []string
		d          Document
		vars       map[string]string
		edit       func(*anchored.Spec)
		want       error
	}{
		"no publisher of the policy": {[]string{l.at.Hex()}, document("app", "bom"), l.wallet(), nil, anchor.ErrSetup},
		"no publisher":               {nil, document("app", "bom"), l.wallet(), nil, anchor.ErrSetup},
		"a publisher that is none":   {[]string{"x", l.from.Hex()}, document("app", "bom"), l.wallet(), nil, anchor.ErrSetup},
		"two digests":                {[]string{l.from.Hex()}, document("app", "bom", "other"), l.wallet(), nil, anchor.ErrSetup},
		"no digest":                  {[]string{l.from.Hex()}, document("app"), l.wallet(), nil, anchor.ErrSetup},
		"nothing":                    {[]string{l.from.Hex()}, Document{Kind: "sbom", Subject: hexOf("app"), Digests: []string{strings.Repeat("0", 64)}}, l.wallet(), nil, anchor.ErrSetup},
		"a long kind":                {[]string{l.from.Hex()}, Document{Kind: strings.Repeat("k", 33), Subject: hexOf("app"), Digests: []string{hexOf("bom")}}, l.wallet(), nil, anchor.ErrSetup},
		"nobody pays":                {[]string{l.from.Hex()}, document("app", "bom"), nil, nil, anchor.ErrSetup},
		"another chain":              {[]string{l.from.Hex()}, document("app", "bom"), l.wallet(), func(s *anchored.Spec) { s.Chain = 1 }, anchor.ErrSetup},
		"no contract there":          {[]string{l.from.Hex()}, document("app", "bom"), l.wallet(), func(s *anchored.Spec) { s.Contract = common.Address{1}.Hex() }, anchor.ErrSetup},
		"another contract":           {[]string{l.from.Hex()}, document("app", "bom"), l.wallet(), func(s *anchored.Spec) { s.Contract = l.logAnchor().Hex() }, anchor.ErrSetup},
		"no node":                    {[]string{l.from.Hex()}, document("app", "bom"), l.wallet(), func(s *anchored.Spec) { s.URL = "http://127.0.0.1:1" }, anchor.ErrUnavailable},
	} {
		spec := l.spec
		if c.edit != nil {
			c.edit(&spec)
		}
		if _, err := Publish(t.Context(), spec, c.publishers, c.d, l.world(c.vars)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", fact, err)
		}
	}
	if n := l.count("eth_sendRawTransaction"); n != 0 {
		t.Errorf("%d transactions", n)
	}
}

func TestLookUpDocuments(t *testing.T) {
	l := newLibrary(t)
	me := l.from.Hex()
	mallory := l.stranger(l.abi.PackPublish(kindSBOM(), sum("app"), sum("bom")))
	if got := l.told(me, me, document("app", "bom")); got != "unknown, 0 0 0 0" {
		t.Errorf("what a stranger published: %s", got)
	}
	if got := l.told(mallory, me, document("app", "bom")); got != "match, 0 0 0 0" {
		t.Errorf("where the stranger is believed: %s", got)
	}
	if _, err := l.publish(document("app", "bom")); err != nil {
		t.Fatal(err)
	}
	if got := l.told(me, me, document("app", "bom"), document("app", "canonical", "bom"), document("app", "other"), document("lib", "bom")); got != "match, match, mismatch, unknown, 0 0 0 0" {
		t.Errorf("published: %s", got)
	}
	l.pay(&l.at, l.abi.PackRevoke(kindSBOM(), sum("app"), 3, [32]byte{}))
	if got := l.told(me, me, document("app", "bom"), document("app", "other")); got != "revoked compromised, unknown, 0 0 0 0" {
		t.Errorf("taken back: %s", got)
	}
	l.spec.Confirmations = 2
	if got := l.told(me, me, document("app", "bom")); got != "match, 0 0 0 0" {
		t.Errorf("before the revocation is deep enough: %s", got)
	}
	l.spec.Confirmations = 1000
	if got := l.told(me, me, document("app", "bom")); !strings.HasPrefix(got, "error: ") {
		t.Errorf("nothing is deep enough: %s", got)
	}
}

func TestLookUpReporters(t *testing.T) {
	l := newLibrary(t)
	me := l.from.Hex()
	say := func(advisory string, status, justification uint8) {
		l.pay(&l.at, l.abi.PackAdvise(sum("pkg"), sum(advisory), status, justification, [32]byte{}))
	}
	l.stranger(l.abi.PackAdvise(sum("pkg"), sum("CVE-1"), 2, 0, [32]byte{}))
	if got := l.told(me, me); got != "0 0 0 0" {
		t.Errorf("what a stranger says: %s", got)
	}
	for _, c := range []struct {
		advisory              string
		status, justification uint8
		want                  string
	}{
		{"CVE-1", 1, 0, "1 0 0 0"}, {"CVE-1", 2, 0, "0 1 0 0"}, {"CVE-2", 2, 0, "0 2 0 0"}, {"CVE-1", 3, 1, "0 1 1 0"}, {"CVE-2", 4, 0, "0 0 1 1"},
	} {
		say(c.advisory, c.status, c.justification)
		if got := l.told(me, me); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// What a node does not say is no answer.
func TestLookUpFails(t *testing.T) {
	l := newLibrary(t)
	me := l.from.Hex()
	answer := func(method string, said any) func(string) (any, bool) {
		return func(m string) (any, bool) { return said, m == method }
	}
	for fact, lie := range map[string]func(string) (any, bool){
		"down":               answer("eth_call", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })),
		"nothing":            answer("eth_call", "0x"),
		"too short":          answer("eth_call", "0x00"),
		"garbage":            answer("eth_call", "0x"+strings.Repeat("ff", 160)),
		"no JSON":            answer("eth_call", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) })),
		"another chain":      answer("eth_chainId", "0x1"),
		"no code":            answer("eth_getCode", "0x"),
		"no block":           answer("eth_getBlockByNumber", nil),
		"a document of none": answer("eth_call", "0x"+strings.Repeat("00", 31)+"01"+strings.Repeat("00", 128)),
	} {
		l.lies(lie)
		if got := l.told(me, me, document("app", "bom")); !strings.HasPrefix(got, "error: ") {
			t.Errorf("%s: %s", fact, got)
		}
	}
	l.lies(nil)
	if got := l.told("x", me, document("app", "bom")); !strings.Contains(got, "no address") {
		t.Error(got)
	}
	if got := l.told(me, me, Document{Kind: "sbom", Subject: "x"}); !strings.Contains(got, "no SHA-256") {
		t.Error(got)
	}
	l.spec.Confirmations = 0
	if got := l.told(me, me, document("app", "bom")); !strings.HasPrefix(got, "error: ") {
		t.Errorf("a node that is behind, or of a chain of which nothing is final: %s", got)
	}
	many := LookupQuestion{Spec: l.spec, Reporters: []string{me}, Packages: make([]string, maxLookups+1)}
	if _, err := LookUp(t.Context(), many, l.world(nil)); err == nil || !strings.Contains(err.Error(), "over the limit of 20000") {
		t.Errorf("too much: %v", err)
	}
}
