// SPDX-License-Identifier: Apache-2.0

package admit_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

type machine struct{ key *ecdsa.PrivateKey }

func (m machine) Sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, m.key, sum[:])
}

func (m machine) Verifier() event.Verifier {
	der, err := x509.MarshalPKIXPublicKey(&m.key.PublicKey)
	if err != nil {
		panic(err)
	}
	return event.Verifier{KeyDetails: event.KeyDetails, PublicKey: der}
}

func newMachine() machine {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return machine{key}
}

// machines: ci, lab and gate stand in the policy, mallory does not.
var machines = sync.OnceValue(func() map[string]machine {
	all := map[string]machine{}
	for _, name := range []string{"ci", "lab", "gate", "mallory"} {
		all[name] = newMachine()
	}
	return all
})

// person is a key that depends on its name alone.
func person(name string) ssh.Signer {
	seed := sha256.Sum256([]byte(name))
	s, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		panic(err)
	}
	return s
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const origin = "q7d4"

// policyText: old ran out before the story, fresh begins after it; eve is
// nobody.
const policyText = `
version: 1
ledger: {origin: "q7d4", keys: ["LOGKEY"]}
signers:
  ci: {key: "CI"}
  lab: {key: "LAB"}
  gate: {key: "GATE"}
principals:
  ana: {keys: [{ssh: "ANA"}], roles: [security]}
  bob: {keys: [{ssh: "BOB"}], roles: [lead]}
  old: {keys: [{ssh: "OLD", until: 2026-03-01}], roles: [lead]}
  fresh: {keys: [{ssh: "FRESH", from: 2026-04-01}], roles: [lead]}
environments:
  production: {gate: [gate], require: [{role: security, count: 1}]}
`

func parse(t testing.TB, text string) *policy.Policy {
	t.Helper()
	_, logKey, err := note.GenerateKey(rand.Reader, origin)
	must(t, err)
	words := []string{"LOGKEY", logKey}
	for _, name := range []string{"ci", "lab", "gate"} {
		words = append(words, `"`+strings.ToUpper(name)+`"`, `"`+event.KeyID(machines()[name].Verifier())+`"`)
	}
	for _, name := range []string{"ana", "bob", "old", "fresh"} {
		line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(person(name).PublicKey())))
		words = append(words, `"`+strings.ToUpper(name)+`"`, `"`+line+`"`)
	}
	p, err := policy.Parse([]byte(strings.NewReplacer(words...).Replace(text)))
	must(t, err)
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An inbox is being filled by anybody.
type inbox struct {
	testing.TB
	policy  *policy.Policy
	parcels []admit.Parcel
	logged  []*event.Event
	limits  admit.Limits
	edit    func(*admit.Input)
	clock   time.Time
	made    int
}

func newInbox(t testing.TB) *inbox {
	return &inbox{TB: t, policy: parse(t, policyText), clock: start, edit: func(*admit.Input) {}}
}

func (b *inbox) tick() time.Time {
	b.clock = b.clock.Add(time.Minute)
	return b.clock
}

// leave adds a parcel.
func (b *inbox) leave(name string, events ...*event.Event) *inbox {
	size := 0
	for _, e := range events {
		if e != nil {
			size += len(e.Leaf) + len(e.Signed.Payload)
		}
	}
	b.parcels = append(b.parcels, admit.Parcel{Name: name, Events: events, Size: size})
	return b
}

func (b *inbox) input() admit.Input {
	known, voted := admit.Held(b.logged)
	in := admit.Input{
		Policy: b.policy, Parcels: slices.Clone(b.parcels), Known: known, Voted: voted,
		Now: start.Add(24 * time.Hour), Limits: b.limits,
	}
	b.edit(&in)
	return in
}

func (b *inbox) sort() admit.Plan {
	b.Helper()
	in := b.input()
	p := admit.Sort(in)
	partition(b, in, p)
	return p
}

// partition holds that each parcel has one fate.
func partition(t testing.TB, in admit.Input, p admit.Plan) {
	t.Helper()
	seen := map[int]int{}
	for _, list := range [][]int{p.Take, p.Done, p.Defer} {
		for _, i := range list {
			seen[i]++
		}
	}
	for _, r := range p.Refuse {
		seen[r.Parcel]++
		if r.Name != in.Parcels[r.Parcel].Name || r.Why == "" || r.Reason == "" {
			t.Errorf("refusal %+v of parcel %q", r, in.Parcels[r.Parcel].Name)
		}
	}
	for i := range in.Parcels {
		if seen[i] != 1 {
			t.Errorf("parcel %d (%s) has %d fates in %+v", i, in.Parcels[i].Name, seen[i], p)
		}
	}
	if len(seen) > len(in.Parcels) {
		t.Errorf("fates of parcels that are not there: %v", seen)
	}
}

// fates says of each parcel, by name, what became of it.
func (b *inbox) fates() string {
	b.Helper()
	return b.words(b.sort())
}

func (b *inbox) words(p admit.Plan) string {
	var out []string
	say := func(word string, list []int) {
		for _, i := range list {
			out = append(out, word+" "+b.parcels[i].Name)
		}
	}
	say("take", p.Take)
	say("done", p.Done)
	for _, r := range p.Refuse {
		out = append(out, fmt.Sprintf("refuse %s: %s", r.Name, r.Reason))
	}
	say("defer", p.Defer)
	return strings.Join(out, "\n")
}

func open(t testing.TB, s event.Signed) *event.Event {
	t.Helper()
	leaf, err := s.Leaf()
	must(t, err)
	body, err := s.Body()
	must(t, err)
	e, err := event.Open(0, leaf, body)
	must(t, err)
	return e
}

func sign(t testing.TB, m machine, payload []byte) *event.Event {
	t.Helper()
	s, err := event.Sign(payload, m)
	must(t, err)
	return open(t, s)
}

func file(name string) []event.Subject {
	sum := sha256.Sum256([]byte(name))
	return []event.Subject{{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}}
}

func statement(t testing.TB, predicateType string, predicate any) []byte {
	t.Helper()
	payload, err := event.NewStatement(predicateType, file("app"), predicate)
	must(t, err)
	return payload
}

// test is a test event of its own: no two are the same.
func (b *inbox) test(by string) *event.Event {
	b.Helper()
	return b.testAt(by, b.tick().Format(time.RFC3339))
}

func (b *inbox) testAt(by, at string) *event.Event {
	b.Helper()
	b.made++
	return sign(b, machines()[by], statement(b, event.TestType, event.TestPredicate{
		Result: event.Passed, Configuration: []event.Subject{}, URL: fmt.Sprintf("https://example.org/%d", b.made),
		Context: event.Context{Provider: "local", Time: at},
	}))
}

// ballot is what somebody is about to sign, on a request that nobody made.
func (b *inbox) ballot(choice vote.Choice) vote.Predicate {
	b.made++
	id := sha256.Sum256(fmt.Append(nil, "request ", b.made))
	return vote.Predicate{
		Request: hex.EncodeToString(id[:]), Choice: choice, Ledger: origin, Environment: "production",
		Subjects: file("app"), Issued: b.tick().Format(time.RFC3339),
	}
}

func (b *inbox) vote(who string, choice vote.Choice) *event.Event {
	b.Helper()
	return sign(b, machines()["mallory"], b.wrapped(who, b.ballot(choice)))
}

// wrapped is the payload of a vote.
func (b *inbox) wrapped(who string, p vote.Predicate) []byte {
	b.Helper()
	text, err := vote.NewStatement(p)
	must(b, err)
	payload, err := vote.Wrap(text, armored(b, who, text))
	must(b, err)
	return payload
}

func armored(t testing.TB, who string, text []byte) []byte {
	t.Helper()
	data, err := vote.SignedData(product.VoteNamespace, vote.SHA512, text)
	must(t, err)
	blob, err := person(who).Sign(rand.Reader, data)
	must(t, err)
	return vote.ArmorSSHSIG(&vote.Signature{
		Key: person(who).PublicKey(), Namespace: product.VoteNamespace, HashAlgorithm: vote.SHA512, Blob: blob,
	})
}
