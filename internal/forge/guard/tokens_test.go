// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// signedIn is an app of the scene's repository.
func (s *scene) signedIn(key *rsa.PrivateKey) *App {
	s.forge.App(12345, &key.PublicKey)
	s.forge.At(s.now)
	return &App{
		ID: "12345", Key: key, Repository: "acme/app", RepositoryID: githubtest.RepositoryID, API: s.api,
		Now: func() time.Time { return s.now }, Base: http.DefaultTransport, Pause: time.Millisecond,
	}
}

func TestAnAppsTokens(t *testing.T) {
	s := play(t)
	app := s.signedIn(rsaKey(t, 2048))
	get := func() string {
		t.Helper()
		token, err := app.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := get()
	s.now = s.now.Add(54*time.Minute + 59*time.Second)
	if get() != first || s.forge.Minted() != 1 {
		t.Error("a token that holds was not kept")
	}
	s.now = s.now.Add(time.Second)
	s.forge.At(s.now)
	second := get()
	if second == first {
		t.Error("five minutes before its end a token was kept")
	}
	app.Refused()
	if get() == second || s.forge.Minted() != 3 {
		t.Error("a token that was refused was kept")
	}
	if n := len(s.Calls("apps/get-repo-installation")); n != 1 {
		t.Errorf("asked %d times for the installation", n)
	}
	for _, c := range s.Calls("apps/create-installation-access-token") {
		if !strings.Contains(string(c.Body), `"repository_ids":[1296269]`) {
			t.Errorf("asked for %s", c.Body)
		}
	}
}

func TestAnAppAnswersRuns(t *testing.T) {
	s := play(t)
	o := s.options()
	o.Tokens = s.signedIn(rsaKey(t, 2048))
	s.says = Answer{Approved, "yes"}
	g, err := New(o)
	if err != nil || g.Sweep(t.Context(), never) != nil {
		t.Fatal(err)
	}
	if s.said() != "9 production approved yes" || s.asked[0].Token != "ghs_minted-1" {
		t.Errorf("%q as %+v", s.said(), s.asked)
	}
}

func TestWhoIsNoApp(t *testing.T) {
	right := rsaKey(t, 2048)
	for name, spoil := range map[string]func(*scene, *App){
		"another key":        func(_ *scene, a *App) { a.Key = rsaKey(t, 2048) },
		"another id":         func(_ *scene, a *App) { a.ID = "12346" },
		"our clock is ahead": func(s *scene, _ *App) { s.forge.At(s.now.Add(-5 * time.Minute)) },
		"our clock is late":  func(s *scene, _ *App) { s.forge.At(s.now.Add(time.Hour)) },
		"no installation": func(s *scene, _ *App) {
			s.Fault(forgetest.Fault{Operation: "apps/get-repo-installation", Status: 404, Body: `{"message":"Not Found"}`})
		},
		"another installation": func(_ *scene, a *App) { a.Installation = 5 },
		"a token with another status": func(s *scene, _ *App) {
			s.Fault(forgetest.Fault{Operation: "apps/create-installation-access-token", Status: 200, Body: `{"token":"ghs_leaked","expires_at":"2030-01-01T00:00:00Z"}`})
		},
		"no token in it": func(s *scene, _ *App) {
			s.Fault(forgetest.Fault{Operation: "apps/create-installation-access-token", Status: 201, Body: `{"expires_at":"2030-01-01T00:00:00Z"}`})
		},
		"one that is over": func(s *scene, _ *App) {
			s.Fault(forgetest.Fault{Operation: "apps/create-installation-access-token", Status: 201, Body: `{"token":"ghs_x","expires_at":"2026-03-02T09:00:00Z"}`})
		},
		"one with an end of line": func(s *scene, _ *App) {
			s.Fault(forgetest.Fault{Operation: "apps/create-installation-access-token", Status: 201, Body: `{"token":"ghs_x\r\nA: b","expires_at":"2030-01-01T00:00:00Z"}`})
		},
		"no JSON": func(s *scene, _ *App) {
			s.Fault(forgetest.Fault{Operation: "apps/create-installation-access-token", Status: 201, Body: `<html>`})
		},
	} {
		s := play(t)
		app := s.signedIn(right)
		spoil(s, app)
		token, err := app.Token(t.Context())
		if err == nil || token != "" || strings.Contains(err.Error(), "eyJ") || strings.Contains(err.Error(), "ghs_") {
			t.Errorf("%s: %q %v", name, token, err)
		}
	}
}

func TestParseAppKey(t *testing.T) {
	key := rsaKey(t, 2048)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	good := pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	for name, c := range map[string]struct {
		data []byte
		ok   bool
	}{
		"PKCS #1":            {good, true},
		"PKCS #8":            {pemOf("PRIVATE KEY", pkcs8), true},
		"an end of line":     {slices.Concat(good, []byte("\n")), true},
		"garbage":            {[]byte("not a key at all, but secret"), false},
		"nothing":            {nil, false},
		"garbage in PEM":     {pemOf("RSA PRIVATE KEY", []byte("secret garbage")), false},
		"garbage after it":   {slices.Concat(good, []byte("secret garbage")), false},
		"two keys":           {slices.Concat(good, good), false},
		"of another kind":    {pemOf("PRIVATE KEY", other), false},
		"too short":          {pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey(t, 1024))), false},
		"only a public part": {pemOf("PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey)), false},
	} {
		got, err := ParseAppKey(c.data)
		if (err == nil) != c.ok || (got != nil) != c.ok || err != nil && (!errors.Is(err, ErrKey) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAppIsWhole(t *testing.T) {
	key := rsaKey(t, 2048)
	for _, a := range []*App{{}, {ID: "1"}, {ID: "1\n2", Key: key}, {Key: key}} {
		if a.Check() == nil {
			t.Errorf("%q passes", a.ID)
		}
	}
	if err := (&App{ID: "Iv23liABCDEF", Key: key}).Check(); err != nil {
		t.Error(err)
	}
}

func TestATokenInAFile(t *testing.T) {
	text := "ghs_one\n"
	f := FileToken{Read: func() ([]byte, error) { return []byte(text), nil }}
	for _, want := range []string{"ghs_one", "ghs_two"} {
		if got, err := f.Token(t.Context()); got != want || err != nil {
			t.Errorf("%q, want %q: %v", got, want, err)
		}
		text = "ghs_two"
		f.Refused()
	}
	for _, text = range []string{"", "\n", "two words", "two\nlines", "a\x00b", strings.Repeat("x", 1001)} {
		if got, err := f.Token(t.Context()); got != "" || !errors.Is(err, ErrToken) {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	gone := FileToken{Read: func() ([]byte, error) { return nil, errors.New("it is gone") }}
	if _, err := gone.Token(t.Context()); err == nil {
		t.Error("no error")
	}
}
