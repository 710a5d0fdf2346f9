// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

const (
	actions = "https://token.actions.githubusercontent.com"
	google  = "https://accounts.google.com"
)

// The certificates of the tests say who somebody is, and here it is written:
// cloud is a machine of the policy and so is cloudgate, fork runs the same
// workflow in another repository; kim and lee are people of the policy, moe is
// not. Whom a certificate is of, no authority says but this table.
var personas = map[string]keyless.Identity{
	"cloud":     {Issuer: actions, Subject: "https://github.com/acme/app/.github/workflows/ci.yml@refs/heads/main", RepositoryID: "7", SourceRef: "refs/heads/main", Trigger: "push", SourceDigest: commitID},
	"cloudgate": {Issuer: actions, Subject: "https://github.com/acme/app/.github/workflows/gate.yml@refs/heads/main", RepositoryID: "7", SourceRef: "refs/heads/main", Trigger: "schedule", SourceDigest: strings.Repeat("9", 40)},
	"fork":      {Issuer: actions, Subject: "https://github.com/evil/app/.github/workflows/ci.yml@refs/heads/main", RepositoryID: "8", SourceRef: "refs/heads/main", Trigger: "push", SourceDigest: commitID},
	"kim":       {Issuer: google, Subject: "kim@x.org"},
	"lee":       {Issuer: google, Subject: "lee@x.org"},
	"moe":       {Issuer: google, Subject: "moe@x.org"},
}

// certificates are made once: a key each, and a certificate that it signed
// itself.
var certificates = sync.OnceValue(func() map[string]machine {
	all := map[string]machine{}
	for name := range personas {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}}
		cert, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
		if err != nil {
			panic(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			panic(err)
		}
		all[name] = machine{key, event.Verifier{KeyDetails: event.KeyDetails, PublicKey: der, Certificate: cert}}
	}
	return all
})

// A fakeRoot is a trusted root that knows the certificates of a world, and
// believes a token which says of what it is.
type fakeRoot struct {
	ids map[string]keyless.Identity // by signature
	bad map[string]error            // by signature: what is wrong with the certificate
}

var _ identifier = fakeRoot{}

func (r fakeRoot) Identify(s event.Signed) (keyless.Identity, error) {
	if err := r.bad[string(s.Signature)]; err != nil {
		return keyless.Identity{}, err
	}
	if err := s.Verify(); err != nil {
		return keyless.Identity{}, err
	}
	at, err := r.Time(s)
	if err != nil {
		return keyless.Identity{}, err
	}
	id, ok := r.ids[string(s.Signature)]
	if !ok {
		return id, keyless.ErrUntrusted
	}
	id.Time = at
	return id, nil
}

func (r fakeRoot) Time(s event.Signed) (time.Time, error) {
	if len(s.Timestamps) == 0 {
		return time.Time{}, keyless.ErrUndated
	}
	return r.Stamped(s.Timestamps[0], s.Signature)
}

func (fakeRoot) Stamped(token, message []byte) (time.Time, error) {
	text, of, _ := strings.Cut(string(token), " of ")
	if at, err := time.Parse(time.RFC3339, text); err == nil && of == fingerprint(message) {
		return at, nil
	}
	return time.Time{}, keyless.ErrTimestamp
}

// token is what a timestamp authority would give for a message.
func token(at string, message []byte) []byte { return []byte(at + " of " + fingerprint(message)) }

func fingerprint(message []byte) string {
	sum := sha256.Sum256(message)
	return hex.EncodeToString(sum[:])
}

// certifiedRules: the rules of the tests, and certificates count too.
const certifiedRules = `
    require: [{role: security, count: 1}, {role: lead, count: 2}]
    gate: [gate, cloudgate]
`

// certifiedPolicy is policyOf with a trusted root, keyless machines, and kim
// and lee, who are leads and have no key.
func certifiedPolicy(t testing.TB, rules string) *Policy {
	t.Helper()
	text := string(policyOf(t, rulesOfTests).Source)
	head, _, _ := strings.Cut(text, "environments:")
	head = strings.Replace(head, "signers:\n", fmt.Sprintf("sigstore: {trusted-root: \"sha256:%s\"}\nsigners:\n"+
		"  cloud: {issuer: %q, repository-id: 7, ref: refs/heads/main, triggers: [push]}\n"+
		"  cloudgate: {issuer: %q, identity: {pattern: \"https://github.com/acme/app/[a-z./]+@refs/heads/main\"}, triggers: [schedule]}\n",
		strings.Repeat("3", 64), actions, actions), 1)
	head = strings.Replace(head, "principals:\n", fmt.Sprintf("principals:\n  kim: {keyless: {identity: kim@x.org, issuer: %q}, roles: [lead]}\n"+
		"  lee: {keyless: {identity: lee@x.org, issuer: %q}, keys: [{ssh: %q}], roles: [lead]}\n",
		google, google, sshText(sshSigner("lee").PublicKey())), 1)
	original := "environments:\n  staging: {auto: true, gate: gate}\n  production:" + rules
	p, err := Parse([]byte(head + original))
	if err != nil {
		t.Fatalf("%v\n%s", err, head+original)
	}
	return p
}

// newCertified is newWorld with certificates.
func newCertified(t testing.TB, rules string) *world {
	w := newWorld(t, rulesOfTests)
	w.p = certifiedPolicy(t, rules)
	w.root = &fakeRoot{map[string]keyless.Identity{}, map[string]error{}}
	return w
}

func checkCertified(t *testing.T, facts map[string]fact) {
	t.Helper()
	for name, f := range facts {
		t.Run(name, func(t *testing.T) {
			if f.rules == "" {
				f.rules = certifiedRules
			}
			d := newCertified(t, f.rules).play(f.story...).evaluate()
			if told := tell(d); d.Verdict != f.want || !strings.Contains(told, f.says) {
				t.Errorf("%s, want %s with %q in\n%s", d.Verdict, f.want, f.says, told)
			}
			sound(t, d)
		})
	}
}

// as changes what the certificate of an event says.
func as(change func(*keyless.Identity)) editor {
	return func(d *draft) { d.onIdentity = append(d.onIdentity, change) }
}

func inRunOf(commit string) editor {
	return as(func(id *keyless.Identity) { id.SourceDigest = commit })
}

// undated leaves the token out, as if somebody had dropped it.
func undated(d *draft) { d.token = "none" }

// stampedAt has the timestamp authority say another time than the clock.
func stampedAt(at string) editor { return func(d *draft) { d.token = at } }

// wrongToken puts the token of another event beside it.
func wrongToken(d *draft) { d.token = "other" }

// certificateIs makes the certificate one that the root refuses.
func certificateIs(err error) editor { return func(d *draft) { d.broken = err } }

// bySSH votes with a key, where the person could with a certificate.
func bySSH(d *draft) { d.ssh = true }

// againDated is again, with a token.
func againDated(name string) step {
	return func(w *world) {
		w.draft("ci", nil)
		w.logVote("ci", w.labels[name])
	}
}

func withoutRoot(w *world) { w.rootless = true }

// nowStamped sets what the timestamp authority says of now.
func nowStamped(at string) step { return func(w *world) { w.nowAt = at } }

// certify signs with a certificate, and tells the root whose it is.
func (w *world) certify(name string, d *draft, payload []byte) event.Signed {
	w.Helper()
	m := certificates()[name]
	sig, err := m.Sign(event.PAE(event.PayloadType, payload))
	if err != nil {
		w.Fatal(err)
	}
	s := event.Signed{Payload: payload, Signature: sig, Verifier: m.pub}
	id := personas[name]
	if d != nil {
		apply(&id, d.onIdentity)
		if d.broken != nil {
			w.root.bad[string(sig)] = d.broken
		}
	}
	w.root.ids[string(sig)] = id
	return s
}

// stampedBy puts a token beside what was signed, where the world has them.
func (w *world) stampedBy(s *event.Signed, d *draft) {
	if w.root == nil || d == nil {
		return
	}
	at, message := d.at, s.Signature
	switch d.token {
	case "none":
		return
	case "other":
		message = []byte("something else")
	case "":
	default:
		at = d.token
	}
	s.Timestamps = [][]byte{token(at, message)}
}
