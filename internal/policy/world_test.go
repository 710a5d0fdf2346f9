// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// A machine signs events.
type machine struct {
	key *ecdsa.PrivateKey
	pub event.Verifier
}

func (m machine) Sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, m.key, sum[:])
}

func (m machine) Verifier() event.Verifier { return m.pub }

// machines are made once: ci and gate stand in the policy, stranger does not.
var machines = sync.OnceValue(func() map[string]machine {
	all := map[string]machine{}
	for _, name := range []string{"ci", "gate", "stranger"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			panic(err)
		}
		all[name] = machine{key, event.Verifier{KeyDetails: event.KeyDetails, PublicKey: der}}
	}
	return all
})

// sshSigner is a key that depends on its name alone.
func sshSigner(name string) ssh.Signer {
	seed := sha256.Sum256([]byte(name))
	s, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		panic(err)
	}
	return s
}

// The world of the tests: a policy, a ledger, and a request in it.
const (
	origin   = "q7d4example"
	commitID = "c0ffee0000000000000000000000000000000000"
	baseTime = "2026-03-01T10:00:00Z"
)

// rulesOfTests: one security and two leads; alice holds both roles. dave's
// second role is not asked for; erin has no key; frank's key begins later and
// gina's has ended; otto writes the code and is nobody's.
const rulesOfTests = `
    require: [{role: security, count: 1}, {role: lead, count: 2}]
    gate: gate
`

const peopleOfTests = `
  alice: {keys: [{ssh: "KEY(alice)"}, {ssh: "KEY(alice2)"}], roles: [security, lead], emails: [alice@x.org], github: [{id: 1, login: alice}, {id: 11, login: alice-admin}]}
  bob:   {keys: [{ssh: "KEY(bob)"}], roles: [lead], emails: [bob@x.org], gitlab: {id: 2}, github: {id: 22}, evm: ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"]}
  carol: {keys: [{ssh: "KEY(carol)"}], roles: [lead], emails: [carol@x.org], github: {id: 3}, evm: "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"}
  dave:  {keys: [{ssh: "KEY(dave)"}], roles: [security, guest], emails: [dave@x.org], github: {id: 4}}
  erin:  {roles: [lead], emails: [erin@x.org], github: {id: 5}}
  frank: {keys: [{ssh: "KEY(frank)", from: 2026-03-02}], roles: [lead]}
  gina:  {keys: [{ssh: "KEY(gina)", until: 2026-03-01}], roles: [lead, security]}
  guest: {keys: [{ssh: "KEY(guest)"}], roles: [guest]}
`

// policyOf writes a policy with one environment, production.
func policyOf(t testing.TB, rules string) *Policy {
	t.Helper()
	text := "version: 1\nledger: {origin: " + origin + ", keys: [\"" + logKey(t) + "\"]}\nsigners:\n"
	for _, name := range []string{"ci", "gate"} {
		text += fmt.Sprintf("  %s: {key: %q}\n", name, event.KeyID(machines()[name].pub))
	}
	text += "principals:" + peopleOfTests + "outsiders: [otto@x.org]\nenvironments:\n  staging: {auto: true, gate: gate}\n  production:" + rules
	for {
		before, rest, ok := strings.Cut(text, "KEY(")
		if !ok {
			break
		}
		name, after, _ := strings.Cut(rest, ")")
		text = before + sshText(sshSigner(name).PublicKey()) + after
	}
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func logKey(t testing.TB) string {
	t.Helper()
	return full(t).Ledger.Keys[0]
}

type world struct {
	testing.TB
	p       *Policy
	events  []*event.Event
	now     time.Time
	clock   time.Time // when the next event is made
	run     string
	asked   map[string]event.RequestPredicate // by the test's own name
	ids     map[string]string
	labels  map[string]signedVote
	subject event.Subject
	edit    func(*Input)

	root     *fakeRoot // of a world with certificates
	rootless bool      // and nobody has it
	nowAt    string    // what a timestamp authority says of now; empty: what the clock says
	last     *draft

	texts    map[string]string // of policies, by digest
	proposed map[string]string // digests, by the test's own name
	said     []Decision        // by gates
}

type signedVote struct{ statement, sshsig []byte }

func artifact(name string) event.Subject {
	sum := sha256.Sum256([]byte(name))
	return event.Subject{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}
}

// A step is something that happens in a world.
type step func(*world)

// newWorld is one in which nothing has happened. The gate asks two hours
// after the first event; each event is a minute after the one before.
func newWorld(t testing.TB, rules string) *world {
	start, err := time.Parse(time.RFC3339, baseTime)
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		TB: t, p: policyOf(t, rules), clock: start, now: start.Add(2 * time.Hour),
		asked: map[string]event.RequestPredicate{}, ids: map[string]string{}, labels: map[string]signedVote{},
		subject: artifact("app"), run: "run-1", edit: func(*Input) {},
	}
}

// usual is how the story begins: a commit by otto, a build of it, a request.
func usual(more ...step) []step {
	return append([]step{commitBy("otto@x.org"), build(), request("r1")}, more...)
}

func (w *world) play(steps ...step) *world {
	w.Helper()
	for _, s := range steps {
		s(w)
	}
	return w
}

func (w *world) evaluate() Decision {
	w.Helper()
	in := Input{
		Policy: w.p, Request: w.ids["r1"], Events: w.events, Now: w.now, Run: w.run,
		Head: event.Checkpoint{Size: uint64(len(w.events)), Root: strings.Repeat("0", 64)},
	}
	if w.root != nil && !w.rootless {
		in.identify = *w.root
		in.Stamp = token(cmp.Or(w.nowAt, utc(w.now)), NowMessage(in.Request, in.Head))
	}
	w.edit(&in)
	d, err := Evaluate(in)
	if err != nil {
		w.Fatal(err)
	}
	return d
}

func (w *world) stamp() string {
	s := w.clock.Format(time.RFC3339)
	w.clock = w.clock.Add(time.Minute)
	return s
}

// log puts an event into the ledger, signed by a machine.
func (w *world) log(by, predicateType string, subjects []event.Subject, predicate any) {
	w.Helper()
	payload, err := event.NewStatement(predicateType, subjects, predicate)
	if err != nil {
		w.Fatal(err)
	}
	var signed event.Signed
	if _, ok := personas[by]; ok {
		signed = w.certify(by, w.last, payload)
	} else if signed, err = event.Sign(payload, machines()[by]); err != nil {
		w.Fatal(err)
	}
	w.stampedBy(&signed, w.last)
	leaf, err := signed.Leaf()
	if err != nil {
		w.Fatal(err)
	}
	e, err := event.Open(uint64(len(w.events)), leaf, payload)
	if err != nil {
		w.Fatal(err)
	}
	e.Signed.Timestamps = signed.Timestamps
	w.events, w.last = append(w.events, e), nil
}

// breakLast breaks the signature of the last event.
func breakLast(w *world) {
	s := &w.events[len(w.events)-1].Signed
	s.Signature = bytes.Clone(s.Signature)
	s.Signature[len(s.Signature)-1] ^= 1
}

// An editor changes an event before it is signed.
type editor func(*draft)

type draft struct {
	by        string // machine
	subjects  []event.Subject
	context   event.Context
	sources   []event.Subject
	result    string
	env       string
	of        string // request
	run       string
	key       string // ssh
	namespace string
	label     string
	ssh       bool // with a key, not a certificate

	onRequest []func(*event.RequestPredicate)
	onCommit  []func(*event.CommitPredicate)
	onVote    []func(*vote.Predicate)

	at         string // the clock's time
	token      string // of the timestamp authority: empty is at
	broken     error  // what is wrong with the certificate
	onIdentity []func(*keyless.Identity)
}

func apply[T any](v *T, changes []func(*T)) {
	for _, change := range changes {
		change(v)
	}
}

func (w *world) draft(by string, edits []editor) *draft {
	d := &draft{
		by: by, subjects: []event.Subject{w.subject}, env: "production", of: "r1", run: "run-1", namespace: product.VoteNamespace,
		context: event.Context{Provider: "local", Actor: &event.Identity{Email: "otto@x.org"}, Time: w.stamp()},
		sources: []event.Subject{{Digest: map[string]string{"gitCommit": commitID}}},
	}
	d.at = d.context.Time
	for _, edit := range edits {
		edit(d)
	}
	w.last = d
	return d
}

func by(machine string) editor        { return func(d *draft) { d.by = machine } }
func about(s ...event.Subject) editor { return func(d *draft) { d.subjects = s } }
func into(environment string) editor  { return func(d *draft) { d.env = environment } }
func of(request string) editor        { return func(d *draft) { d.of = request } }
func inRun(run string) editor         { return func(d *draft) { d.run = run } }
func ended(result string) editor      { return func(d *draft) { d.result = result } }
func actor(id *event.Identity) editor { return func(d *draft) { d.context.Actor = id } }
func provider(name string) editor     { return func(d *draft) { d.context.Provider = name } }
func made(at string) editor           { return func(d *draft) { d.context.Time = at } }
func dirty(d *draft)                  { d.context.Dirty = true }
func ofCommit(id string) editor       { return func(d *draft) { d.sources[0].Digest["gitCommit"] = id } }
func asking(f func(*event.RequestPredicate)) editor {
	return func(d *draft) { d.onRequest = append(d.onRequest, f) }
}

func commitOf(f func(*event.CommitPredicate)) editor {
	return func(d *draft) { d.onCommit = append(d.onCommit, f) }
}

func theCommit() event.Subject {
	return event.Subject{Name: "git", Digest: map[string]string{"gitCommit": commitID}}
}

func commitBy(email string, edits ...editor) step {
	return func(w *world) {
		d := w.draft("ci", edits)
		p := event.CommitPredicate{
			Commit: commitID, Tree: commitID, Parents: []string{}, Context: d.context,
			Author: event.Identity{Email: email}, Committer: event.Identity{Email: "otto@x.org"},
		}
		apply(&p, d.onCommit)
		w.log(d.by, event.CommitType, []event.Subject{theCommit()}, p)
	}
}

func build(edits ...editor) step {
	return func(w *world) {
		d := w.draft("ci", edits)
		w.log(d.by, event.BuildType, d.subjects, event.BuildPredicate{
			BuildDefinition: event.BuildDefinition{BuildType: "x", ExternalParameters: map[string]string{}, ResolvedDependencies: d.sources},
			RunDetails:      event.RunDetails{Builder: event.Builder{ID: "x"}}, Context: d.context,
		})
	}
}

func test(result string, edits ...editor) step {
	return func(w *world) {
		d := w.draft("ci", edits)
		w.log(d.by, event.TestType, d.subjects, event.TestPredicate{Result: result, Configuration: []event.Subject{}, Context: d.context})
	}
}

func sbom(edits ...editor) step {
	return func(w *world) {
		d := w.draft("ci", edits)
		w.log(d.by, event.CycloneDXType, d.subjects, map[string]any{
			"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": map[string]any{"timestamp": d.context.Time},
		})
	}
}

func request(name string, edits ...editor) step {
	return func(w *world) {
		d := w.draft("gate", edits)
		digest, err := w.p.EnvironmentDigest("production")
		if err != nil {
			w.Fatal(err)
		}
		p := event.RequestPredicate{
			Ledger: origin, Checkpoint: event.Checkpoint{Size: uint64(len(w.events)), Root: strings.Repeat("0", 64)},
			Host: "local", RepositoryID: "7", Environment: d.env, Subjects: d.subjects, Commit: commitID,
			Policy: digest, Documents: []string{}, Previous: event.NoPrevious,
			Created: d.context.Time, Expires: w.clock.Add(72 * time.Hour).Format(time.RFC3339),
		}
		apply(&p, d.onRequest)
		w.log(d.by, event.RequestType, p.Subjects, p)
		w.asked[name] = p
		if w.ids[name], err = event.RequestID(p); err != nil {
			w.Fatal(err)
		}
	}
}

func consume(edits ...editor) step {
	return func(w *world) {
		d := w.draft("gate", edits)
		w.log(d.by, event.ConsumptionType, d.subjects, event.ConsumptionPredicate{
			Request: w.ids[d.of], Environment: d.env, Run: d.run, Time: d.context.Time,
		})
	}
}

func deploy(edits ...editor) step {
	return func(w *world) {
		d := w.draft("ci", append([]editor{ended(event.Healthy)}, edits...))
		w.log(d.by, event.DeploymentType, d.subjects, event.DeploymentPredicate{
			Environment: d.env, Result: d.result, Request: w.ids[d.of], Context: d.context,
		})
	}
}

// decide logs a decision as a gate would, with its time.
func decide(at string) step {
	return func(w *world) {
		d := w.evaluate()
		d.Now, d.Verdict = at, Denied
		s, err := Summary(Input{Events: w.events}, w.asked["r1"], d)
		if err != nil {
			w.Fatal(err)
		}
		w.log("gate", event.DecisionType, []event.Subject{w.subject}, s)
	}
}

func approve(who string, edits ...editor) step { return castBy(who, vote.Approve, edits) }
func deny(who string, edits ...editor) step    { return castBy(who, vote.Deny, edits) }
func revoke(who string, edits ...editor) step  { return castBy(who, vote.Revoke, edits) }

func withKey(name string) editor { return func(d *draft) { d.key = name } }

func inNamespace(name string) editor        { return func(d *draft) { d.namespace = name } }
func label(name string) editor              { return func(d *draft) { d.label = name } }
func saying(f func(*vote.Predicate)) editor { return func(d *draft) { d.onVote = append(d.onVote, f) } }

// castBy casts a vote. The stranger's machine logs it: who logs a vote does
// not matter.
func castBy(who string, choice vote.Choice, edits []editor) step {
	return func(w *world) {
		d := w.draft("stranger", append([]editor{withKey(who)}, edits...))
		v := w.sign(d, choice)
		if _, ok := personas[d.key]; ok && !d.ssh {
			d.by, v.sshsig = d.key, nil // the certificate is the voter's own
		}
		w.logVote(d.by, v)
		w.labels[d.label] = v
	}
}

func (w *world) sign(d *draft, choice vote.Choice) signedVote {
	w.Helper()
	p := vote.About(w.ids[d.of], w.asked[d.of])
	p.Choice, p.Issued = choice, d.context.Time
	apply(&p, d.onVote)
	statement, err := vote.NewStatement(p)
	if err != nil {
		w.Fatal(err)
	}
	data, err := vote.SignedData(d.namespace, "sha512", statement)
	if err != nil {
		w.Fatal(err)
	}
	key := sshSigner(d.key)
	blob, err := key.Sign(rand.Reader, data)
	if err != nil {
		w.Fatal(err)
	}
	return signedVote{statement, vote.ArmorSSHSIG(&vote.Signature{Key: key.PublicKey(), Namespace: d.namespace, HashAlgorithm: "sha512", Blob: blob})}
}

// logVote logs a vote without asking whether it holds.
func (w *world) logVote(by string, v signedVote) {
	w.Helper()
	p, err := vote.ParseStatement(v.statement)
	if err != nil {
		w.Fatal(err)
	}
	subject := []event.Subject{{Name: "request", Digest: map[string]string{"sha256": p.Request}}}
	w.log(by, event.VoteType, subject, event.VotePredicate{Statement: v.statement, SSHSIG: string(v.sshsig)})
}

// withheld makes a vote and does not log it: somebody keeps it.
func withheld(who string, choice vote.Choice, name string) step {
	return func(w *world) {
		w.labels[name] = w.sign(w.draft("stranger", []editor{withKey(who)}), choice)
	}
}

// again logs a vote that was made before, in an envelope of another machine.
func again(name string) step {
	return func(w *world) {
		w.last = nil
		w.logVote("ci", w.labels[name])
	}
}

// forged puts alice's name on a statement she did not sign.
func forged(who string, choice vote.Choice) step {
	return func(w *world) {
		d := w.draft("stranger", []editor{withKey(who)})
		v := w.sign(d, choice)
		d.onVote = append(d.onVote, func(p *vote.Predicate) { p.Reason = "forged" })
		v.statement = w.sign(d, choice).statement
		w.logVote("stranger", v)
	}
}

// at sets the time at which the gate asks.
func at(s string) step {
	return func(w *world) {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			w.Fatal(err)
		}
		w.now = t
	}
}

func asRun(run string) step { return func(w *world) { w.run = run } }

// policyBecomes puts another policy in force.
func policyBecomes(rules string) step { return func(w *world) { w.p = policyOf(w, rules) } }
