// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/sign"
	"github.com/gateledger/gateledger/internal/vote"
)

// An insider holds the log key and an event key that the policy names, so
// that whatever they like is logged. What they have not got is the voters' SSH
// keys.
type insider struct {
	*project
	ledger   ledger.Ledger
	carrier  event.Signer // a signer of the policy
	stranger event.Signer // of no policy
	request  string
	asked    event.RequestPredicate
	voters   map[string]ssh.Signer
}

// newInsider starts where ana has approved the only request, and one more
// approval is missing.
func newInsider(t *testing.T) *insider {
	p := newProject(t)
	x := &insider{project: p, voters: map[string]ssh.Signer{}}
	for _, name := range []string{"ana", "bo", "dana", "eve"} {
		x.voters[name] = p.sshKey(name)
	}
	for _, name := range []string{"ana", "bo", "dana"} {
		p.must("policy", "add", name, "--ssh", name+".pub", "--email", name+"@example.org", "--role", "lead")
	}
	p.git("add", ".gateledger.yml")
	p.git("commit", "--quiet", "--message", "policy")
	p.write("tests.xml", passing)
	p.write("sbom.json", bom(1))
	p.must("record", "build", "--subject", "dist/app")
	p.must("record", "test", "--subject", "dist/app", "tests.xml")
	p.must("record", "sbom", "--subject", "dist/app", "sbom.json")
	x.gate(cli.Pending)
	asked, _ := last[event.RequestPredicate](p)
	id, err := event.RequestID(asked)
	x.check(err)
	x.request, x.asked = id, asked
	p.must("approve", id, "--ssh", "ana", "--yes")
	x.open()
	return x
}

func (p *project) sshKey(name string) ssh.Signer {
	p.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		p.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, name)
	if err != nil {
		p.Fatal(err)
	}
	p.write(name+".pub", string(ssh.MarshalAuthorizedKey(s.PublicKey())))
	if err := os.WriteFile(filepath.Join(p.dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
		p.Fatal(err)
	}
	return s
}

// open takes the keys out of the ring, and the ledger with them.
func (x *insider) open() {
	x.Helper()
	data, err := os.ReadFile(filepath.Join(x.dir, ".gateledger.yml"))
	x.check(err)
	rules, err := policy.Parse(data)
	x.check(err)
	keys, err := proof.NewKeys(rules.Ledger.Origin, rules.Ledger.Keys)
	x.check(err)
	ring := keyring.Open(filepath.Join(x.home, ".config", "gateledger"))
	signer, err := ring.LogSigner(rules.Ledger.Origin)
	x.check(err)
	x.carrier, err = ring.EventSigner(rules.Ledger.Origin)
	x.check(err)
	x.stranger = x.newKey()
	x.ledger, err = ledger.Open(x.Context(), "dir:"+filepath.Join(x.dir, ".git", "gateledger"), ledger.Options{Keys: keys, Signer: signer})
	x.check(err)
}

func (x *insider) newKey() event.Signer {
	x.Helper()
	data, err := sign.GenerateKey(rand.Reader)
	x.check(err)
	s, err := sign.ParseKey(data, nil)
	x.check(err)
	return s
}

func (x *insider) check(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// log appends any payload, signed by a machine: event.Sign would refuse some.
func (x *insider) log(payload []byte, by event.Signer) {
	x.Helper()
	signature, err := by.Sign(event.PAE(event.PayloadType, payload))
	x.check(err)
	signed := event.Signed{Payload: payload, Signature: signature, Verifier: by.Verifier()}
	leaf, err := signed.Leaf()
	x.check(err)
	_, err = x.ledger.Append(x.Context(), proof.Checkpoint{}, []ledger.Leaf{{ID: signed.ID(), Data: leaf, Body: payload}})
	x.check(err)
}

// say appends a statement about the request's artifacts.
func (x *insider) say(kind string, predicate any, by event.Signer) {
	x.Helper()
	k, err := event.KindNamed(kind)
	x.check(err)
	payload, err := event.NewStatement(k.PredicateType, x.asked.Subjects, predicate)
	x.check(err)
	x.log(payload, by)
}

// signVote is name's signature, for any namespace, over any bytes.
func (x *insider) signVote(name, namespace string, statement []byte) []byte {
	x.Helper()
	data, err := vote.SignedData(namespace, "sha512", statement)
	x.check(err)
	blob, err := x.voters[name].Sign(rand.Reader, data)
	x.check(err)
	return vote.ArmorSSHSIG(&vote.Signature{Key: x.voters[name].PublicKey(), Namespace: namespace, HashAlgorithm: "sha512", Blob: blob})
}

// ballot is a vote's statement: an approval, changed by the attack.
func (x *insider) ballot(change func(*vote.Predicate)) []byte {
	x.Helper()
	p := vote.About(x.request, x.asked)
	p.Choice, p.Issued = vote.Approve, x.asked.Created
	if change != nil {
		change(&p)
	}
	statement, err := vote.NewStatement(p)
	x.check(err)
	return statement
}

// cast logs a vote that vote.Wrap would refuse to write.
func (x *insider) cast(statement, armored []byte, about string, by event.Signer) {
	x.Helper()
	predicate, err := canon.Marshal(event.VotePredicate{Statement: statement, SSHSIG: string(armored)})
	x.check(err)
	payload, err := event.NewStatement(event.VoteType, []event.Subject{{Name: "request", Digest: map[string]string{"sha256": about}}}, canon.Raw(predicate))
	x.check(err)
	x.log(payload, by)
}

// gate asks for the answer, without using it up.
func (x *insider) gate(want int, args ...string) answer {
	x.Helper()
	a := x.run(append([]string{"gate", "--subject", "dist/app"}, args...)...)
	if a.code != want {
		x.Fatalf("gate %v: exit %d, want %d\n%s%s", args, a.code, want, a.stdout, a.stderr)
	}
	return a
}

// No attack of somebody who may log what they like makes up for a signature
// that they have not got, and none keeps the people from going on.
func TestInsiderCannotVoteForOthers(t *testing.T) {
	x := newInsider(t)
	other := strings.Repeat("ab", 32)
	by := func(name string, change func(*vote.Predicate)) func() {
		return func() {
			s := x.ballot(change)
			x.cast(s, x.signVote(name, product.VoteNamespace, s), x.request, x.carrier)
		}
	}
	anas := x.voteOf("ana")
	for _, attack := range []struct {
		fact string
		do   func()
	}{
		{"bo's vote for another ledger", by("bo", func(p *vote.Predicate) { p.Ledger = "another" })},
		{"bo's vote for another environment", by("bo", func(p *vote.Predicate) { p.Environment = "staging" })},
		{"bo's vote for another artifact", by("bo", func(p *vote.Predicate) {
			p.Subjects = []event.Subject{{Name: "dist/app", Digest: map[string]string{"sha256": other}}}
		})},
		{"bo's vote for another commit", by("bo", func(p *vote.Predicate) { p.Commit = strings.Repeat("0", 40) })},
		{"bo's vote for another request, in an envelope about this one", by("bo", func(p *vote.Predicate) { p.Request = other })},
		{"a vote by nobody", by("eve", nil)},
		{"the author's own vote", by("dana", nil)},
		{"bo's signature for a file", func() {
			s := x.ballot(nil)
			x.cast(s, x.signVote("bo", "file", s), x.request, x.carrier)
		}},
		{"bo's signature under other words", func() {
			was := x.ballot(func(p *vote.Predicate) { p.Choice = vote.Deny })
			x.cast(x.ballot(nil), x.signVote("bo", product.VoteNamespace, was), x.request, x.carrier)
		}},
		{"a statement that says the choice twice", func() {
			s := bytes.Replace(x.ballot(nil), []byte(`"choice":"approve"`), []byte(`"choice":"deny","choice":"approve"`), 1)
			x.cast(s, x.signVote("bo", product.VoteNamespace, s), x.request, x.carrier)
		}},
		{"a statement with something behind it", func() {
			s := append(x.ballot(nil), "{}"...)
			x.cast(s, x.signVote("bo", product.VoteNamespace, s), x.request, x.carrier)
		}},
		{"ana's vote again, by another machine", func() { x.cast(anas.Statement, []byte(anas.SSHSIG), x.request, x.stranger) }},
		{"ana's vote again, under another signature", func() {
			x.cast(anas.Statement, x.signVote("ana", product.VoteNamespace, anas.Statement), x.request, x.carrier)
		}},
		{"a payload that is no statement", func() { x.log([]byte(`{"_type":"https://in-toto.io/Statement/v1"}`), x.carrier) }},
		{"a payload that is no JSON", func() { x.log([]byte("{"), x.carrier) }},
	} {
		attack.do()
		if a := x.gate(cli.Pending, "--consume=false"); !strings.Contains(a.stdout, "1 of 2") {
			t.Errorf("%s: not one vote\n%s", attack.fact, a.stdout)
		}
	}
	by("bo", nil)() // logged just as the attacks were, and really bo's
	x.gate(cli.OK)
	x.must("verify", "artifact", "dist/app")
	x.must("verify", "ledger")
}

// voteOf is the last vote in the ledger, which name has just cast.
func (x *insider) voteOf(name string) event.VotePredicate {
	x.Helper()
	v, e := last[event.VotePredicate](x.project)
	b, err := vote.Open(e)
	x.check(err)
	if !bytes.Equal(b.Key.Marshal(), x.voters[name].PublicKey().Marshal()) {
		x.Fatalf("the last vote is not %s's", name)
	}
	return v
}

// A vote that was taken back stays so, whoever logs it again.
func TestRevokedVoteCannotBeReplayed(t *testing.T) {
	x := newInsider(t)
	anas := x.voteOf("ana")
	x.must("approve", x.request, "--ssh", "ana", "--yes", "--revoke")
	x.must("approve", x.request, "--ssh", "bo", "--yes")
	x.cast(anas.Statement, []byte(anas.SSHSIG), x.request, x.stranger)
	x.cast(anas.Statement, x.signVote("ana", product.VoteNamespace, anas.Statement), x.request, x.carrier)
	if a := x.gate(cli.Pending, "--consume=false"); !strings.Contains(a.stdout, "1 of 2") || !strings.Contains(a.stdout, "logged again") {
		t.Errorf("%s", a.stdout)
	}
	x.must("verify", "ledger")
}

// What a key of no policy says allows nothing, uses nothing up, and is
// evidence of nothing.
func TestStrangersEventsCountForNothing(t *testing.T) {
	x := newInsider(t)
	at := x.asked.Created
	x.say("consumption", event.ConsumptionPredicate{Request: x.request, Environment: "production", Run: "local-evil", Time: at}, x.stranger)
	x.say("deployment", event.DeploymentPredicate{Environment: "production", Result: event.Healthy, Request: x.request}, x.stranger)
	x.gate(cli.Pending, "--consume=false")
	if a := x.run("verify", "decision", "--for", "dist/app", "--environment", "production"); a.code != cli.No {
		t.Errorf("a forged consumption: exit %d\n%s%s", a.code, a.stdout, a.stderr)
	}
	x.must("approve", x.request, "--ssh", "bo", "--yes")
	x.gate(cli.OK, "--run", "1")
	decision, allowed := x.newest("decision")
	x.say("decision", decision, x.stranger) // the true one, by somebody else
	if a := x.gate(cli.No, "--run", "2"); !strings.Contains(a.stdout, "already used by run local-1") {
		t.Errorf("%s", a.stdout)
	}
	x.must("verify", "decision", "--for", "dist/app", "--environment", "production")
	if a := x.must("verify", "ledger"); !strings.Contains(a.stdout, "note: 3 entries are signed by keys that the policy does not name") {
		t.Errorf("after #%d: %s", allowed.Index, a.stdout)
	}
}

// newest is the last event of a kind.
func (x *insider) newest(kind string) (canon.Raw, *event.Event) {
	x.Helper()
	all, _ := x.logged()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Is(kind) {
			s, err := all[i].Statement()
			x.check(err)
			return canon.Raw(s.Predicate), all[i]
		}
	}
	x.Fatalf("no %s is logged", kind)
	return nil, nil
}

// An event that lies signed in the spool is used again only if it says what
// is to be said now, by this key.
func TestTamperedSpoolIsNotLogged(t *testing.T) {
	x := newInsider(t)
	before, _ := x.logged()
	spool := filepath.Join(x.home, ".config", "gateledger", "spool", x.asked.Ledger)
	x.check(os.MkdirAll(spool, 0o700))
	x.check(os.WriteFile(filepath.Join(spool, strings.Repeat("a", 64)+".json"), []byte(`{"payload":"e30=","signature":"","public_key":""}`), 0o600))
	x.check(os.Symlink(filepath.Join(x.home, "nowhere"), filepath.Join(spool, strings.Repeat("b", 64)+".json")))
	x.must("record", "build", "--subject", "sbom.json")
	after, _ := x.logged()
	if len(after) != len(before)+1 || after[len(before)].KeyID() != event.KeyID(x.carrier.Verifier()) {
		t.Errorf("%d events, had %d", len(after), len(before))
	}
}

// The cache of ids is worth nothing to an attacker: with it wiped, wrong or of
// another log, what is logged twice is one vote still.
func TestTamperedCacheOfIDs(t *testing.T) {
	x := newInsider(t)
	cache := filepath.Join(x.dir, ".git", "gateledger", "cache", "ids")
	for _, change := range []func([]byte) []byte{
		func([]byte) []byte { return nil },
		func(b []byte) []byte { return bytes.Repeat([]byte{7}, len(b)) },
		func(b []byte) []byte { return append(b, b...) },
	} {
		good, err := os.ReadFile(cache)
		x.check(err)
		x.check(os.WriteFile(cache, change(good), 0o644))
		before, _ := x.logged()
		x.must("record", "build", "--subject", "sbom.json")
		after, _ := x.logged()
		if len(after) != len(before)+1 {
			t.Errorf("%d events, had %d", len(after), len(before))
		}
		x.gate(cli.Pending, "--consume=false")
		x.must("verify", "ledger")
	}
}
