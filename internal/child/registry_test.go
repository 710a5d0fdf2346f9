// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
)

const (
	ana = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	bo  = "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"
)

func registryAsk() RegistryQuestion {
	return RegistryQuestion{
		Spec:       anchored.Spec{Kind: "evm", Name: "registry", URL: "https://rpc.example", Chain: 1, Contract: ana},
		Publishers: []string{ana, bo}, Reporters: []string{bo}, Documents: []RegistryDocument{{Kind: "sbom", Subject: "aa", Digests: []string{"bb"}}}, Packages: []string{"cc"},
	}
}

func registrySaid() RegistryAnswer {
	return RegistryAnswer{
		Schema: RegistrySchema, Block: 7, Tallies: []RegistryTally{{Reporter: bo, Affected: 1}},
		Entries: []RegistryEntry{{Publisher: ana, Status: RegistryMatch, Has: "bb"}, {Publisher: bo, Status: RegistryUnknown}},
	}
}

// The key that pays is seen by who publishes alone.
func keySeen(s seen) bool {
	return slices.ContainsFunc(s.Env, func(e string) bool { return strings.HasPrefix(e, "GATELEDGER_EVM_KEYSTORE=") })
}

func TestRegistryLookUp(t *testing.T) {
	r, home, _ := cast(t, role{Stdout: marshal(t, registrySaid())})
	got, err := r.LookUp(t.Context(), registryAsk())
	if err != nil || !cmp.Equal(got, registrySaid()) {
		t.Fatalf("%+v, %v", got, err)
	}
	s := saw(t, home)
	var asked RegistryQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || !cmp.Equal(asked, registryAsk()) || !slices.Equal(s.Args, []string{"registry"}) || keySeen(s) {
		t.Errorf("asked %s %s: %v", s.Args, s.Stdin, err)
	}
}

func TestRegistryLookUpBelievesNoOddAnswer(t *testing.T) {
	for name, edit := range map[string]func(*RegistryAnswer){
		"another version":     func(a *RegistryAnswer) { a.Schema = "x" },
		"an entry too few":    func(a *RegistryAnswer) { a.Entries = a.Entries[:1] },
		"no tally":            func(a *RegistryAnswer) { a.Tallies = nil },
		"an unknown word":     func(a *RegistryAnswer) { a.Entries[0].Status = "fine" },
		"no word":             func(a *RegistryAnswer) { a.Entries[0].Status = "" },
		"another publisher":   func(a *RegistryAnswer) { a.Entries[1].Publisher = ana },
		"another document":    func(a *RegistryAnswer) { a.Entries[1].Document = 1 },
		"another reporter":    func(a *RegistryAnswer) { a.Tallies[0].Reporter = ana },
		"another package":     func(a *RegistryAnswer) { a.Tallies[0].Package = -1 },
		"something published": func(a *RegistryAnswer) { a.Published = &RegistryPlace{Publisher: ana} },
	} {
		a := registrySaid()
		edit(&a)
		r, _, _ := cast(t, role{Stdout: marshal(t, a)})
		if got, err := r.LookUp(t.Context(), registryAsk()); !errors.Is(err, ErrUnavailable) || got.Schema != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestRegistryPublish(t *testing.T) {
	q := registryAsk()
	q.Publish = &q.Documents[0]
	for name, c := range map[string]struct {
		role role
		want error
	}{
		"published":       {role{Stdout: marshal(t, RegistryAnswer{Schema: RegistrySchema, Published: &RegistryPlace{Publisher: ana, Time: "2026-03-01T10:00:00Z"}})}, nil},
		"by a stranger":   {role{Stdout: marshal(t, RegistryAnswer{Schema: RegistrySchema, Published: &RegistryPlace{Publisher: "0x1"}})}, ErrUnavailable},
		"not published":   {role{Stdout: marshal(t, registrySaid())}, ErrUnavailable},
		"another version": {role{Stdout: marshal(t, RegistryAnswer{Schema: "x", Published: &RegistryPlace{Publisher: ana}})}, ErrUnavailable},
		"refused":         {role{Code: 1}, ErrRefused},
		"down":            {role{Code: 3}, ErrUnavailable},
	} {
		r, home, _ := cast(t, c.role)
		got, err := r.PublishDigest(t.Context(), q)
		if !errors.Is(err, c.want) || (err == nil) != (got.Publisher == ana) || !keySeen(saw(t, home)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
