// SPDX-License-Identifier: Apache-2.0

package command

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
)

// A machine signs events with a key of its own.
type machine struct {
	key         *ecdsa.PrivateKey
	certificate []byte
}

func newMachine(t testing.TB, certified bool) machine {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := machine{key: key}
	if certified { // by itself, which nobody believes
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<32, 0)}
		if m.certificate, err = x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m machine) Sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, m.key, sum[:])
}

func (m machine) Verifier() event.Verifier {
	public, err := x509.MarshalPKIXPublicKey(&m.key.PublicKey)
	must(err)
	return event.Verifier{KeyDetails: "PKIX_ECDSA_P256_SHA_256", PublicKey: public, Certificate: m.certificate}
}

func thisRun() event.Context {
	return event.Context{Provider: "github", Host: "github.com", Repository: "acme/app", RepositoryID: "1296269", Run: "77", Attempt: "2", Commit: strings.Repeat("ab", 20)}
}

func artifact(name, bytes string) event.Subject {
	return event.Subject{Name: name, Digest: map[string]string{"sha256": fmt.Sprintf("%x", sha256.Sum256([]byte(bytes)))}}
}

// built is a build event of a run.
func built(t testing.TB, by machine, at event.Context, subjects ...event.Subject) *event.Event {
	t.Helper()
	payload, err := event.NewStatement(event.BuildType, subjects, event.BuildPredicate{
		BuildDefinition: event.BuildDefinition{BuildType: "x", ExternalParameters: map[string]string{}}, Context: at,
	})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := event.Sign(payload, by)
	if err != nil {
		t.Fatal(err)
	}
	e, err := opened(signed)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWhatThisRunHasBuilt(t *testing.T) {
	ci, other, stranger, cloud := newMachine(t, false), newMachine(t, false), newMachine(t, false), newMachine(t, true)
	p := &policy.Policy{Signers: map[string]policy.Signer{
		"ci":    {Key: event.KeyID(ci.Verifier())},
		"other": {Key: event.KeyID(other.Verifier())},
		"cloud": {Keyless: &keyless.Rule{}},
	}}
	p.Sigstore.TrustedRoot = "sha256:" + strings.Repeat("0", 64)
	in := func(edit func(*event.Context)) event.Context {
		at := thisRun()
		edit(&at)
		return at
	}
	first := in(func(c *event.Context) { c.Attempt = "1" })
	tampered := built(t, ci, thisRun(), artifact("app", "1"))
	tampered.Signed.Signature[8] ^= 1

	for name, c := range map[string]struct {
		events []*event.Event
		at     event.Context
		want   []event.Subject
		code   int
	}{
		"one":                  {[]*event.Event{built(t, ci, thisRun(), artifact("app", "1"))}, thisRun(), []event.Subject{artifact("app", "1")}, 0},
		"none":                 {nil, thisRun(), nil, 0},
		"of another run":       {[]*event.Event{built(t, ci, in(func(c *event.Context) { c.Run = "177" }), artifact("app", "1"))}, thisRun(), nil, 0},
		"of another host":      {[]*event.Event{built(t, ci, in(func(c *event.Context) { c.Host = "ghes.example.org" }), artifact("app", "1"))}, thisRun(), nil, 0},
		"of another forge":     {[]*event.Event{built(t, ci, in(func(c *event.Context) { c.Provider = "gitlab" }), artifact("app", "1"))}, thisRun(), nil, 0},
		"of another project":   {[]*event.Event{built(t, ci, in(func(c *event.Context) { c.RepositoryID = "1" }), artifact("app", "1"))}, thisRun(), nil, 0},
		"of the same name":     {[]*event.Event{built(t, ci, in(func(c *event.Context) { c.RepositoryID, c.Repository = "1", "acme/app" }), artifact("app", "1"))}, thisRun(), nil, 0},
		"by a stranger":        {[]*event.Event{built(t, stranger, thisRun(), artifact("app", "1"))}, thisRun(), nil, 0},
		"tampered with":        {[]*event.Event{tampered}, thisRun(), nil, 0},
		"two, sorted":          {[]*event.Event{built(t, ci, thisRun(), artifact("b", "2")), built(t, ci, thisRun(), artifact("a", "1"))}, thisRun(), []event.Subject{artifact("a", "1"), artifact("b", "2")}, 0},
		"several by one event": {[]*event.Event{built(t, ci, thisRun(), artifact("b", "2"), artifact("a", "1"))}, thisRun(), []event.Subject{artifact("a", "1"), artifact("b", "2")}, 0},
		"the same bytes twice": {[]*event.Event{built(t, ci, thisRun(), artifact("a", "1")), built(t, ci, thisRun(), artifact("b", "1"))}, thisRun(), []event.Subject{artifact("a", "1")}, 0},
		"built again":          {[]*event.Event{built(t, ci, first, artifact("a", "1")), built(t, ci, thisRun(), artifact("a", "2"))}, thisRun(), []event.Subject{artifact("a", "2")}, 0},
		"logged in another order": {[]*event.Event{built(t, ci, thisRun(), artifact("a", "2")), built(t, ci, first, artifact("a", "1"))}, thisRun(),
			[]event.Subject{artifact("a", "2")}, 0},
		"by another signer, later": {[]*event.Event{built(t, other, first, artifact("a", "1")), built(t, ci, thisRun(), artifact("a", "2"))}, thisRun(),
			sorted(artifact("a", "1"), artifact("a", "2")), 0},
		"of an attempt that has not begun": {[]*event.Event{built(t, ci, thisRun(), artifact("a", "1")), built(t, other, in(func(c *event.Context) { c.Attempt = "99" }), artifact("a", "2"))}, thisRun(),
			nil, cli.Integrity},
		"not built again": {[]*event.Event{built(t, ci, first, artifact("a", "1"))}, thisRun(), []event.Subject{artifact("a", "1")}, 0},
		"twice in one go": {[]*event.Event{built(t, ci, thisRun(), artifact("a", "1")), built(t, ci, thisRun(), artifact("a", "2"))}, thisRun(), sorted(artifact("a", "1"), artifact("a", "2")), 0},
		"on a laptop":     {[]*event.Event{built(t, ci, event.Context{Provider: "local"}, artifact("a", "1"))}, event.Context{Provider: "local"}, nil, 0},
		"nobody can tell who": {[]*event.Event{built(t, ci, thisRun(), artifact("a", "1")), built(t, cloud, thisRun(), artifact("b", "2"))}, thisRun(),
			nil, cli.Unknown},
		"nobody can tell who, of another run": {[]*event.Event{built(t, ci, thisRun(), artifact("a", "1")), built(t, cloud, in(func(c *event.Context) { c.Run = "78" }), artifact("b", "2"))}, thisRun(),
			[]event.Subject{artifact("a", "1")}, 0},
	} {
		g := &gate{workspace: &workspace{policy: p}, at: c.at}
		got, err := g.builtHere(c.events)
		exit := (*cli.Exit)(nil)
		if code := exitOf(err).Code; code != c.code || err != nil && !errors.As(err, &exit) {
			t.Errorf("%s: %v, want exit %d", name, err, c.code)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestGitLabJobsOfOneNameAreAllKept(t *testing.T) {
	ci := newMachine(t, false)
	p := &policy.Policy{Signers: map[string]policy.Signer{"ci": {Key: event.KeyID(ci.Verifier())}}}
	job := func(id string) event.Context {
		return event.Context{Provider: "gitlab", Host: "gitlab.example.org", Repository: "acme/app", RepositoryID: "42", Run: "7", Attempt: id}
	}
	g := &gate{workspace: &workspace{policy: p}, at: job("99")}
	got, err := g.builtHere([]*event.Event{built(t, ci, job("70"), artifact("app", "amd64")), built(t, ci, job("71"), artifact("app", "arm64"))})
	if err != nil || len(got) != 2 {
		t.Errorf("%v, %v: nothing says which of two jobs is the later one", got, err)
	}
}

func sorted(s ...event.Subject) []event.Subject {
	event.SortSubjects(s)
	return s
}
