// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// A role is what the fake child does. It finds its role in the file "role" of
// $HOME, and leaves there what it saw.
type role struct {
	Stdout, Stderr string
	Flood          int // bytes on standard output
	Chatter        int // lines on standard error
	Code           int
	Hang           bool
}

type seen struct {
	Args, Env []string
	Stdin     string
}

// TestMain plays the child when it is run as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"sign", "timestamp", "submit", "collect", "announce", "wake", "post", "notify", "serve", "witness", "witness-head", "posture", "anchor", "anchor-check", "registry", "when"}, os.Args[1]) {
		if len(os.Args) > 2 && os.Args[2] == "--session" {
			os.Exit(converse(os.Getenv("HOME")))
		}
		os.Exit(play(os.Getenv("HOME")))
	}
	os.Exit(m.Run())
}

func play(home string) int {
	var r role
	data, err := os.ReadFile(filepath.Join(home, "role"))
	if err != nil || json.Unmarshal(data, &r) != nil {
		return 99
	}
	in := new(bytes.Buffer)
	if _, err := in.ReadFrom(os.Stdin); err != nil {
		return 98
	}
	data, err = json.Marshal(seen{os.Args[1:], os.Environ(), in.String()})
	if err != nil || os.WriteFile(filepath.Join(home, "seen"), data, 0o600) != nil {
		return 97
	}
	os.Stderr.WriteString(r.Stderr)
	for range r.Chatter {
		os.Stderr.WriteString(strings.Repeat("blah ", 100) + "\n")
	}
	os.Stdout.WriteString(r.Stdout)
	for chunk := strings.Repeat("x", 1<<16); r.Flood > 0; r.Flood -= len(chunk) {
		if _, err := os.Stdout.WriteString(chunk); err != nil {
			return 3
		}
	}
	if r.Hang {
		time.Sleep(time.Hour)
	}
	return r.Code
}

// cast returns a Remote whose child plays r, and the folder where it does.
func cast(t *testing.T, r role) (Remote, string, *bytes.Buffer) {
	t.Helper()
	home := t.TempDir()
	data, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(filepath.Join(home, "role"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	stderr := new(bytes.Buffer)
	getenv := func(name string) string {
		if name == "HOME" {
			return home
		}
		return "value of " + name
	}
	return Remote{Program: os.Args[0], Getenv: getenv, Stderr: stderr, Timeout: time.Minute}, home, stderr
}

func saw(t *testing.T, home string) seen {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(home, "seen"))
	var s seen
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func statement(t *testing.T) []byte {
	t.Helper()
	payload, err := event.NewStatement("https://example.org/x/v1", []event.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat("a", 64)}}}, map[string]any{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// answered is a right answer to a question to sign payload.
func answered(t *testing.T, payload []byte) SignAnswer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(event.PAE(event.PayloadType, payload))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return SignAnswer{Schema: SignSchema, Signature: signature, Certificate: cert, Timestamps: [][]byte{[]byte("token")},
		Entries: []canon.Raw{canon.Raw(`{"logIndex":"7"}`)}, Bundle: canon.Raw(`{"mediaType":"x"}`)}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	data, err := canon.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSign(t *testing.T) {
	payload := statement(t)
	want := answered(t, payload)
	r, home, stderr := cast(t, role{Stdout: marshal(t, want), Stderr: "note: the token file can be read by others\n"})
	signed, bundle, err := r.Sign(t.Context(), payload, Signing{Trust: Trust{"root.json", "config.json"}, Log: Always, Token: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(signed.Verifier.Certificate, want.Certificate) || !bytes.Equal(signed.Payload, payload) {
		t.Error("another certificate or payload")
	}
	if diff := cmp.Diff([]string{"token"}, texts(signed.Timestamps)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`{"logIndex":"7"}`}, texts(signed.Entries)); diff != "" {
		t.Error(diff)
	}
	if string(bundle) != `{"mediaType":"x"}` {
		t.Errorf("bundle %s", bundle)
	}
	if got := said(stderr); got != "note: the token file can be read by others\n" {
		t.Errorf("passed on %q", got)
	}
	s := saw(t, home)
	if diff := cmp.Diff([]string{"sign", "--trusted-root=root.json", "--signing-config=config.json", "--rekor", "--interactive=false"}, s.Args); diff != "" {
		t.Error(diff)
	}
	var q SignQuestion
	if err := canon.Decode([]byte(s.Stdin), &q); err != nil || !bytes.Equal(q.Payload, payload) || q.Token != "s3cret" {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
}

// said is what a child said. One that measures its coverage says that too.
func said(stderr *bytes.Buffer) string {
	return strings.TrimSuffix(stderr.String(), "warning: GOCOVERDIR not set, no coverage data emitted\n")
}

func texts(all [][]byte) (out []string) {
	for _, b := range all {
		out = append(out, string(b))
	}
	return out
}

func TestSignRefusesAnswersThatAreNotRight(t *testing.T) {
	payload := statement(t)
	other := answered(t, payload)
	for name, c := range map[string]struct {
		spoil func(*SignAnswer)
		want  error
	}{
		"signature of another key":  {func(a *SignAnswer) { a.Certificate = other.Certificate }, ErrUnverified},
		"signature turned":          {func(a *SignAnswer) { a.Signature[len(a.Signature)-1] ^= 1 }, ErrUnverified},
		"no signature":              {func(a *SignAnswer) { a.Signature = nil }, ErrUnverified},
		"no certificate":            {func(a *SignAnswer) { a.Certificate = nil }, ErrUnverified},
		"certificate cut":           {func(a *SignAnswer) { a.Certificate = a.Certificate[:40] }, ErrUnverified},
		"schema of another version": {func(a *SignAnswer) { a.Schema += "0" }, ErrUnavailable},
		"no schema":                 {func(a *SignAnswer) { a.Schema = "" }, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			a := answered(t, payload)
			c.spoil(&a)
			r, _, _ := cast(t, role{Stdout: marshal(t, a)})
			signed, bundle, err := r.Sign(t.Context(), payload, Signing{})
			if !errors.Is(err, c.want) || signed.Signature != nil || bundle != nil {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestSignRefusesWhatIsNoAnswer(t *testing.T) {
	payload := statement(t)
	right := marshal(t, answered(t, payload))
	for name, r := range map[string]role{
		"nothing":             {},
		"garbage":             {Stdout: "<html>"},
		"answer twice":        {Stdout: right + "\n" + right},
		"answer with more":    {Stdout: strings.Replace(right, "{", `{"verdict":"allowed",`, 1)},
		"answer and failure":  {Stdout: right, Code: 3},
		"answer cut":          {Stdout: right[:len(right)-2]},
		"more than we take":   {Flood: MaxAnswer + 1<<17},
		"code without words":  {Code: 77},
		"null":                {Stdout: "null"},
		"a list":              {Stdout: "[]"},
		"a name given twice":  {Stdout: strings.Replace(right, "{", `{"schema":"x",`, 1)},
		"answer after its id": {Stdout: "ok\n" + right},
	} {
		t.Run(name, func(t *testing.T) {
			remote, _, _ := cast(t, r)
			_, _, err := remote.Sign(t.Context(), payload, Signing{})
			if !errors.Is(err, ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable", err)
			}
		})
	}
}

func TestExitCodesBecomeErrors(t *testing.T) {
	for code, want := range map[int]error{1: ErrRefused, 2: ErrUsage, 3: ErrUnavailable, 4: ErrUnverified, 8: ErrUnavailable, 42: ErrUnavailable} {
		r, _, stderr := cast(t, role{Code: code, Stderr: "log in with your browser\ngateledger-remote: the identity was refused: \x1b[31mtoken expired\nhint: get a new one\n"})
		_, _, err := r.Timestamp(t.Context(), "https://tsa.example", "", []byte("m"))
		for _, e := range []error{ErrNoRemote, ErrRefused, ErrUsage, ErrUnavailable, ErrUnverified} {
			if errors.Is(err, e) != (e == want) {
				t.Errorf("exit %d: is %q: %t", code, e, errors.Is(err, e))
			}
		}
		own := (*Error)(nil)
		if !errors.As(err, &own) || own.Code != code || own.Message != `the identity was refused: \x1b[31mtoken expired` || own.Hint != "get a new one" {
			t.Errorf("exit %d: %+v", code, own)
		}
		if got := said(stderr); got != "log in with your browser\n" {
			t.Errorf("passed on %q", got)
		}
	}
}

func TestTimestamp(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	right := TimestampAnswer{Schema: TimestampSchema, Token: []byte("token"), Time: at, Verified: true}
	r, home, _ := cast(t, role{Stdout: marshal(t, right)})
	token, got, err := r.Timestamp(t.Context(), "https://tsa.example/api", "root.json", []byte("message"))
	if err != nil || string(token) != "token" || !got.Equal(at) {
		t.Fatalf("%q %s %v", token, got, err)
	}
	if diff := cmp.Diff([]string{"timestamp", "--url=https://tsa.example/api", "--trusted-root=root.json"}, saw(t, home).Args); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct {
		spoil func(*TimestampAnswer)
		want  error
	}{
		"not checked":    {func(a *TimestampAnswer) { a.Verified = false }, ErrUnverified},
		"no token":       {func(a *TimestampAnswer) { a.Token = nil }, ErrUnavailable},
		"no time":        {func(a *TimestampAnswer) { a.Time = time.Time{} }, ErrUnavailable},
		"another schema": {func(a *TimestampAnswer) { a.Schema = SignSchema }, ErrUnavailable},
	} {
		a := right
		c.spoil(&a)
		r, _, _ := cast(t, role{Stdout: marshal(t, a)})
		if _, _, err := r.Timestamp(t.Context(), "https://tsa.example", "root.json", []byte("m")); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestChildHasAnEnd(t *testing.T) {
	r, _, _ := cast(t, role{Hang: true})
	r.Timeout = 200 * time.Millisecond
	if _, _, err := r.Timestamp(t.Context(), "https://tsa.example", "", []byte("m")); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "within 200ms") {
		t.Errorf("hanging child: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, _, _ = cast(t, role{Hang: true})
	if _, _, err := r.Timestamp(ctx, "https://tsa.example", "", []byte("m")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestProgramThatCannotRun(t *testing.T) {
	r := Remote{Program: filepath.Join(t.TempDir(), "gone")}
	if _, _, err := r.Sign(t.Context(), statement(t), Signing{}); !errors.Is(err, ErrNoRemote) {
		t.Errorf("%v, want ErrNoRemote", err)
	}
}

func TestQuestionHasALimit(t *testing.T) {
	r, _, _ := cast(t, role{})
	if _, _, err := r.Timestamp(t.Context(), "https://tsa.example", "", make([]byte, MaxQuestion)); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "limit") {
		t.Errorf("%v", err)
	}
}

func TestTalkIsBounded(t *testing.T) {
	r, _, stderr := cast(t, role{Chatter: 2000, Stderr: "one line that " + strings.Repeat("goes on ", 10_000) + "\ngateledger-remote: last word\n", Code: 3})
	_, _, err := r.Timestamp(t.Context(), "https://tsa.example", "", []byte("m"))
	if stderr.Len() > maxTalk+maxLine || stderr.Len() < maxTalk/2 {
		t.Errorf("passed on %d bytes", stderr.Len())
	}
	if first, _, _ := strings.Cut(stderr.String(), "\n"); !strings.HasSuffix(first, "…") || len(first) > maxLine+8 {
		t.Errorf("first line of %d bytes", len(first))
	}
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "last word") {
		t.Error(err)
	}
}

// basics are in every child's environment.
var basics = []string{"PATH", "HOME", "HTTPS_PROXY", "SSL_CERT_FILE"}

func TestEnvironmentIsOnlyWhatIsNeeded(t *testing.T) {
	github := []string{"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}
	everyToken := append([]string{DefaultVariable, "MY_TOKEN", "DISPLAY"}, github...)
	for name, c := range map[string]struct {
		signing Signing
		has     []string
	}{
		"auto, nobody there":   {Signing{}, append([]string{DefaultVariable}, github...)},
		"auto, somebody there": {Signing{Interactive: true}, append([]string{DefaultVariable, "DISPLAY"}, github...)},
		"github only":          {Signing{OIDC: "github"}, github},
		"gitlab only":          {Signing{OIDC: "gitlab"}, []string{DefaultVariable}},
		"gitlab, own variable": {Signing{OIDC: "gitlab", Variable: "MY_TOKEN"}, []string{"MY_TOKEN"}},
		"token file":           {Signing{OIDC: "token", TokenFile: "f"}, nil},
		"browser":              {Signing{OIDC: "browser"}, []string{"DISPLAY"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, home, _ := cast(t, role{Code: 3})
			_, _, _ = r.Sign(t.Context(), statement(t), c.signing)
			var names []string
			for _, v := range saw(t, home).Env {
				n, _, _ := strings.Cut(v, "=")
				names = append(names, n)
			}
			for _, want := range append(c.has, basics...) {
				if !slices.Contains(names, want) {
					t.Errorf("%s is missing", want)
				}
			}
			for _, n := range everyToken {
				if slices.Contains(names, n) && !slices.Contains(c.has, n) {
					t.Errorf("%s is there", n)
				}
			}
			for _, n := range []string{"GATELEDGER_TRUSTED_ROOT", "GIT_DIR", "LD_PRELOAD", "GITHUB_TOKEN"} {
				if slices.Contains(names, n) {
					t.Errorf("%s is there", n)
				}
			}
		})
	}
}

func TestTimestampSeesNoToken(t *testing.T) {
	r, home, _ := cast(t, role{Code: 3})
	_, _, _ = r.Timestamp(t.Context(), "https://tsa.example", "", []byte("m"))
	for _, v := range saw(t, home).Env {
		if strings.Contains(v, "TOKEN") {
			t.Error(v)
		}
	}
}

func TestNoEnvironmentUnlessGiven(t *testing.T) {
	if env := (Remote{}).environment(nil); env == nil || len(env) > 0 {
		t.Errorf("%q", env)
	}
}

func TestArguments(t *testing.T) {
	for want, s := range map[string]Signing{
		"sign --interactive=false":                                                 {},
		"sign --rekor=false --oidc=github --interactive=false":                     {Log: Never, OIDC: "github"},
		"sign --oidc=gitlab --token-variable=MINE --interactive=true":              {OIDC: "gitlab", Variable: "MINE", Interactive: true},
		"sign --trusted-root=- --token-file=-x --interactive=false":                {Trust: Trust{Root: "-"}, TokenFile: "-x"},
		"sign --rekor --oidc=token --token-file=a --interactive=false":             {Log: Always, OIDC: "token", TokenFile: "a"},
		"sign --trusted-root=r --signing-config=c --oidc=auto --interactive=false": {Trust: Trust{"r", "c"}, OIDC: "auto", Token: "never here"},
	} {
		if got := strings.Join(s.arguments(), " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
