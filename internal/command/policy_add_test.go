// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/policy"
)

// anaKey is a public key that nobody holds.
const anaKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIELcHGuOj0Np8pR1/c3OMfIFXKuZrJdlHWrbzzTY5k8S ana"

func TestPublicKeyIsFoundFromWhatPeopleGive(t *testing.T) {
	env := newHome(t)
	home := env.Getenv("HOME")
	for file, text := range map[string]string{
		"id.pub": anaKey + "\n", "id": "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n",
		"my key.pub": anaKey + "\n", filepath.Join(home, "home.pub"): anaKey + "\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, arg := range map[string]string{
		"the key itself":             anaKey,
		"the key as git has it":      "key::" + anaKey,
		"a .pub file":                "id.pub",
		"the private key beside one": "id",
		"a name with a space":        "my key.pub",
		"a file at home":             "~/home.pub",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := publicKeyText(env, arg)
			if err != nil || strings.TrimSpace(got) != anaKey {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestPublicKeyThatCannotBeRead(t *testing.T) {
	env := newHome(t)
	for file, text := range map[string]string{
		"lonely": "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n", "large": strings.Repeat("x", maxPublicKey+1),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ arg, want string }{
		"no such file":                   {"nowhere", "no such file"},
		"a folder":                       {".", "no regular file"},
		"a large file":                   {"large", "no regular file of at most 65536 bytes"},
		"a private key with none beside": {"lonely", "read the public half"},
		"nothing":                        {"", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := publicKeyText(env, c.arg)
			exit := (*cli.Exit)(nil)
			if !errors.As(err, &exit) || exit.Code != cli.Usage || exit.Hint == "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestRoleIsGuessedOnlyWhereThereIsOne(t *testing.T) {
	seats := func(roles ...string) *policy.Policy {
		p := &policy.Policy{Environments: map[string]policy.Environment{}}
		for i, r := range roles {
			p.Environments[fmt.Sprint(i)] = policy.Environment{Require: []policy.Seat{{Role: r, Count: 1}}}
		}
		return p
	}
	for name, c := range map[string]struct {
		policy *policy.Policy
		want   string
	}{
		"one role":        {seats("lead"), "lead"},
		"one role, twice": {seats("lead", "lead"), "lead"},
		"two roles":       {seats("lead", "security"), ""},
		"none":            {seats(), ""},
	} {
		got, err := onlyRole(c.policy)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// startPolicy sets up a log and adds people with role lead.
func startPolicy(t *testing.T, env *cli.Env) *setup {
	t.Helper()
	s := mustSetup(t, env)
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAddingTwiceChangesNothing(t *testing.T) {
	env := newHome(t)
	s := startPolicy(t, env)
	f := additionFlags{ssh: []string{anaKey}, emails: []string{"ana@example.org"}}
	for range 2 {
		if err := addPrincipal(t.Context(), env, s.place.policyFile(), "ana", f); err != nil {
			t.Fatal(err)
		}
	}
	out := env.Stdout.(*bytes.Buffer).String()
	if strings.Count(out, "added ana with role lead") != 1 || !strings.Contains(out, "ana is in .gateledger.yml already, exactly so") {
		t.Errorf("%s", out)
	}
	checkSetUp(t, s)
}

func TestTrustShowsEveryRuleThatCounts(t *testing.T) {
	env := newHome(t)
	s := startPolicy(t, env)
	f := additionFlags{ssh: []string{anaKey}, emails: []string{"ana@example.org"}, github: 583231, gitlab: 42}
	if err := addPrincipal(t.Context(), env, s.place.policyFile(), "ana", f); err != nil {
		t.Fatal(err)
	}
	p := checkSetUp(t, s)
	text := strings.Join(trustLines(p), "\n")
	for _, want := range []string{
		"sha256:" + p.Digest, s.origin, s.logKey, s.event, "tier fast",
		"ana: roles lead, ana@example.org, github id 583231, gitlab id 42", "ssh-ed25519 SHA256:",
		"production: needs 2 of role lead", "not by author, committer", "needs a test by dev passed", "needs a sbom by dev",
		"lead may veto", "a vote counts 24h0m0s", "environment  policy-change: needs 2 of role lead",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q in\n%s", want, text)
		}
	}
}

func TestTrustMarksWhatIsNewAndGone(t *testing.T) {
	env := newHome(t)
	s := startPolicy(t, env)
	before, err := os.ReadFile(s.place.policyFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := addPrincipal(t.Context(), env, s.place.policyFile(), "ana", additionFlags{ssh: []string{anaKey}}); err != nil {
		t.Fatal(err)
	}
	p := checkSetUp(t, s)
	var out bytes.Buffer
	showTrust(&out, p, before)
	for _, want := range []string{"\n+ person       ana: ", "\n+ policy       sha256:" + p.Digest, "\n- policy       sha256:", "\n  log          "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	out.Reset()
	showTrust(&out, p, []byte("not a policy"))
	if strings.Contains(out.String(), "\n  ") || !strings.Contains(out.String(), "\n+ log ") {
		t.Errorf("against one that can't be read, not all is new:\n%s", &out)
	}
}
