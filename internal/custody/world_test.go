// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// A world is a ledger that is being written, with everyone who writes to it.
type world struct {
	t       testing.TB
	policy  *policy.Policy
	signers map[string]machine
	people  map[string]ssh.Signer
	events  []*event.Event
	blobs   map[[32]byte][]byte
	clock   time.Time

	sigstore *sigstore      // nil: nobody has a trusted root
	stamps   bool           // everything is stamped by the timestamp authority
	began    *policy.Policy // set: the verifier trusts this one, and follows the chain from it

	says condition.Outcome // what the gate's evaluator says of every condition
}

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

// newWorld has the signers ci and gate, and mallory whom no policy names; ana
// of security, bob and cy who lead, and eve whom nobody knows.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		t: t, signers: map[string]machine{}, people: map[string]ssh.Signer{}, blobs: map[[32]byte][]byte{},
		clock: start,
	}
	for _, name := range []string{"ci", "gate", "mallory"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		w.must(err)
		w.signers[name] = machine{key}
	}
	for _, name := range []string{"ana", "bob", "cy", "eve"} {
		seed := sha256.Sum256([]byte(name))
		signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
		w.must(err)
		w.people[name] = signer
	}
	w.policy = w.parse(policyText)
	return w
}

const policyText = `
version: 1
ledger: {origin: "q7d4", keys: ["LOGKEY"]}
signers:
  ci: {key: "CI"}
  gate: {key: "GATE"}
principals:
  ana: {keys: [{ssh: "ANA"}], roles: [security]}
  bob: {keys: [{ssh: "BOB"}], roles: [lead]}
  cy: {keys: [{ssh: "CY"}], roles: [lead]}
environments:
  production:
    gate: [gate]
    require: [{role: security, count: 1}, {role: lead, count: 1}]
    max-age: 24h
  staging:
    gate: [gate]
    auto: true
`

func (w *world) parse(text string) *policy.Policy {
	w.t.Helper()
	_, logKey, err := note.GenerateKey(rand.Reader, "q7d4")
	w.must(err)
	words := []string{"LOGKEY", logKey}
	for _, name := range []string{"ci", "gate"} {
		words = append(words, strings.ToUpper(name), event.KeyID(w.signers[name].Verifier()))
	}
	for _, name := range []string{"ana", "bob", "cy"} {
		words = append(words, `"`+strings.ToUpper(name)+`"`, `"`+sshLine(w.people[name].PublicKey())+`"`)
	}
	p, err := policy.Parse([]byte(strings.NewReplacer(words...).Replace(text)))
	w.must(err)
	return p
}

func sshLine(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func (w *world) must(err error) {
	w.t.Helper()
	must(w.t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start is when the story begins.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// tick is a minute later, as events spell time.
func (w *world) tick() string {
	w.clock = w.clock.Add(time.Minute)
	return w.clock.Format(time.RFC3339)
}

// log appends an event and returns its index.
func (w *world) log(signer, kind string, subjects []event.Subject, predicate any) uint64 {
	w.t.Helper()
	k, err := event.KindNamed(kind)
	w.must(err)
	return w.logAs(signer, k.PredicateType, subjects, predicate)
}

func (w *world) logAs(signer, predicateType string, subjects []event.Subject, predicate any) uint64 {
	w.t.Helper()
	payload, err := event.NewStatement(predicateType, subjects, predicate)
	w.must(err)
	return w.logPayload(signer, payload)
}

func (w *world) logPayload(signer string, payload []byte) uint64 {
	w.t.Helper()
	signed, err := event.Sign(payload, w.signers[signer])
	w.must(err)
	if w.stamps {
		signed.Timestamps = [][]byte{w.sigstore.stamp(signed.Signature, w.clock)}
	}
	return w.put(signed)
}

func (w *world) put(signed event.Signed) uint64 {
	w.t.Helper()
	leaf, err := signed.Leaf()
	w.must(err)
	body, err := signed.Body()
	w.must(err)
	index := uint64(len(w.events))
	e, err := event.Open(index, leaf, body)
	w.must(err)
	w.events = append(w.events, e)
	return index
}

// head is the log as it stands.
func (w *world) head() event.Checkpoint {
	w.t.Helper()
	var hashes []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for i, e := range w.events {
		more, err := tlog.StoredHashes(int64(i), e.Leaf, read)
		w.must(err)
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(int64(len(w.events)), read)
	w.must(err)
	return event.Checkpoint{Size: uint64(len(w.events)), Root: hex.EncodeToString(root[:])}
}

var (
	appSum    = sha256.Sum256([]byte("the app's bytes"))
	otherSum  = sha256.Sum256([]byte("other bytes"))
	commitSHA = strings.Repeat("0d1e2f", 6) + "abcd"
)

func app() []event.Subject { return file("dist/app", appSum) }
func code() []event.Subject {
	return []event.Subject{{Name: "commit", Digest: map[string]string{"gitCommit": commitSHA}}}
}

func file(name string, sum [32]byte) []event.Subject {
	return []event.Subject{{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}}
}

func digestOf(sum [32]byte) event.Digest {
	return event.Digest{Alg: "sha256", Hex: hex.EncodeToString(sum[:])}
}

func (w *world) context() event.Context {
	return event.Context{Provider: "local", Commit: commitSHA, Run: "100", Time: w.tick()}
}

func (w *world) commit() uint64 {
	return w.log("ci", "commit", code(), event.CommitPredicate{
		Commit: commitSHA, Tree: strings.Repeat("ab", 20), Parents: []string{},
		Author: event.Identity{Name: "Ana"}, Committer: event.Identity{Name: "Ana"}, Subject: "Fix it", Context: w.context(),
	})
}

func (w *world) build(signer string, subjects []event.Subject) uint64 {
	return w.log(signer, "build", subjects, event.BuildPredicate{
		BuildDefinition: event.BuildDefinition{BuildType: "https://example.org/go", ExternalParameters: map[string]string{}},
		RunDetails:      event.RunDetails{Builder: event.Builder{ID: "https://example.org/ci"}}, Context: w.context(),
	})
}

func (w *world) sbom(document string) uint64 {
	sum := sha256.Sum256([]byte(document))
	w.blobs[sum] = []byte(document)
	return w.logAs("ci", event.ReferenceType, app(), event.ReferencePredicate{
		Attester: event.Builder{ID: "https://example.org/ci"},
		References: []event.Subject{{
			Name: "sbom", MediaType: event.CycloneDXMedia, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])},
		}},
		Context: w.context(),
	})
}

func (w *world) test(subjects []event.Subject) uint64 {
	return w.log("ci", "test", subjects, event.TestPredicate{
		Result: event.Passed, Configuration: []event.Subject{}, Counts: event.Counts{Passed: 3}, Context: w.context(),
	})
}

func (w *world) requestFor(environment string) event.RequestPredicate {
	w.t.Helper()
	digest, err := w.policy.EnvironmentDigest(environment)
	w.must(err)
	created := w.tick()
	return event.RequestPredicate{
		Ledger: "q7d4", Checkpoint: w.head(), Host: "local", RepositoryID: "r1", Environment: environment,
		Subjects: app(), Commit: commitSHA, Policy: digest, Documents: []string{}, Previous: event.NoPrevious,
		Created: created, Expires: w.clock.Add(24 * time.Hour).Format(time.RFC3339),
	}
}

// ask logs a request and returns its id.
func (w *world) ask(environment string) string {
	w.t.Helper()
	return w.askAs("gate", w.requestFor(environment))
}

func (w *world) askAs(signer string, p event.RequestPredicate) string {
	w.t.Helper()
	w.log(signer, "request", p.Subjects, p)
	id, err := event.RequestID(p)
	w.must(err)
	return id
}

func (w *world) asked(id string) event.RequestPredicate {
	w.t.Helper()
	for _, e := range w.events {
		p, err := event.DecodePredicate[event.RequestPredicate](e)
		if err != nil || e.Kind() != "request" {
			continue
		}
		if got, err := event.RequestID(p); err == nil && got == id {
			return p
		}
	}
	w.t.Fatalf("no request %s", id)
	return event.RequestPredicate{}
}

func (w *world) vote(person, id string, choice vote.Choice) uint64 {
	w.t.Helper()
	p := vote.About(id, w.asked(id))
	p.Choice, p.Issued = choice, w.tick()
	return w.voteAs(person, p)
}

func (w *world) voteAs(person string, p vote.Predicate) uint64 {
	w.t.Helper()
	statement, err := vote.NewStatement(p)
	w.must(err)
	data, err := vote.SignedData(product.VoteNamespace, vote.SHA512, statement)
	w.must(err)
	key := w.people[person]
	blob, err := key.Sign(rand.Reader, data)
	w.must(err)
	armored := vote.ArmorSSHSIG(&vote.Signature{
		Key: key.PublicKey(), Namespace: product.VoteNamespace, HashAlgorithm: vote.SHA512, Blob: blob,
	})
	payload, err := vote.Wrap(statement, armored)
	w.must(err)
	return w.logPayload("mallory", payload) // whoever carries a vote proves nothing
}

// decision evaluates now and returns what a gate would log.
func (w *world) decision(id, run string) (event.DecisionPredicate, policy.Decision) {
	w.t.Helper()
	w.tick()
	in := policy.Input{Policy: w.policy, Request: id, Events: w.events, Head: w.head(), Now: w.clock, Run: run}
	if w.sigstore != nil {
		in.Root = w.sigstore.root
	}
	if w.stamps {
		in.Stamp = w.sigstore.stamp(policy.NowMessage(id, in.Head), w.clock)
	}
	in.Conditions = answersTo(policy.Questions(in), w.says)
	d, err := policy.Evaluate(in)
	w.must(err)
	p, err := policy.Summary(in, w.asked(id), d)
	w.must(err)
	p.Stamp = in.Stamp
	return p, d
}

// gate decides and logs the answer as a gate does, and returns the decision's
// index.
func (w *world) gate(id, run string) uint64 {
	w.t.Helper()
	p, d := w.decision(id, run)
	index := w.log("gate", "decision", w.asked(id).Subjects, p)
	if d.Verdict == policy.Allowed {
		w.consume(id, run)
	}
	return index
}

func (w *world) consume(id, run string) uint64 {
	r := w.asked(id)
	return w.log("gate", "consumption", r.Subjects, event.ConsumptionPredicate{
		Request: id, Environment: r.Environment, Run: run, Time: w.tick(),
	})
}

func (w *world) deploy(environment, result, id string) uint64 {
	return w.log("ci", "deployment", app(), event.DeploymentPredicate{
		Environment: environment, Result: result, Request: id, Context: w.context(),
	})
}

// evidence logs all that comes before a request.
func (w *world) evidence() {
	w.commit()
	w.build("ci", app())
	w.sbom(`{"bomFormat":"CycloneDX"}`)
	w.test(app())
}

// allowed logs the story up to an allowed decision for production.
func (w *world) allowed() string {
	w.evidence()
	id := w.ask("production")
	w.vote("ana", id, vote.Approve)
	w.vote("bob", id, vote.Approve)
	w.gate(id, "7")
	return id
}

func (w *world) input() custody.Input {
	in := custody.Input{
		Policy: w.policy, Events: slices.Clone(w.events), Head: w.head(), Digest: digestOf(appSum), Name: "dist/app",
		Blob: func(sum [32]byte) ([]byte, error) {
			if data, ok := w.blobs[sum]; ok {
				return data, nil
			}
			return nil, errors.New("missing")
		},
	}
	if w.sigstore != nil {
		in.Root = w.sigstore.find
	}
	if w.began != nil {
		w.follow(&in)
	}
	return in
}

func (w *world) trace() custody.Chain {
	w.t.Helper()
	c, err := custody.Trace(w.input())
	w.must(err)
	return c
}

// story is a chain's steps in short: kind, index, state.
func story(c custody.Chain) string {
	var out []string
	for _, s := range c.Steps {
		out = append(out, fmt.Sprintf("%s #%d %s", s.Kind, s.Index, s.State))
	}
	return strings.Join(out, "\n")
}

func found(c custody.Chain) string {
	var out []string
	for _, f := range c.Findings {
		out = append(out, f.Severity.String()+": "+f.What)
	}
	return strings.Join(out, "\n")
}

func stepAt(t testing.TB, c custody.Chain, index uint64) custody.Step {
	t.Helper()
	for _, s := range c.Steps {
		if s.Index == index {
			return s
		}
	}
	t.Fatalf("no step #%d in:\n%s", index, story(c))
	return custody.Step{}
}

func standing(t testing.TB, c custody.Chain, environment string) custody.Standing {
	t.Helper()
	all := map[string]custody.Standing{}
	for _, s := range c.Environments {
		all[s.Environment] = s
	}
	s, ok := all[environment]
	if !ok {
		t.Fatalf("no %s among %v", environment, slices.Sorted(maps.Keys(all)))
	}
	return s
}
