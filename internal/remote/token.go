// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// An identity is an identity token, with what it says of itself. Nobody here
// checks its signature: the certificate authority does. It prints as nothing,
// so that no error or log can repeat it.
type identity struct {
	raw      string
	issuer   string
	audience []string
	expires  time.Time // zero: it does not say
}

// String hides the token.
func (identity) String() string { return "[identity token]" }

// GoString hides the token.
func (identity) GoString() string { return "[identity token]" }

const maxToken = 32 << 10 // bytes

// readIdentity reads a token (RFC 7519). It refuses one for another audience:
// sent to the certificate authority, that would be a credential for somebody
// else's service in the wrong hands.
func readIdentity(raw, audience string) (identity, error) {
	raw = strings.TrimSpace(raw)
	if len(raw) > maxToken {
		return identity{}, fmt.Errorf("identity token of %d bytes, over the limit of %d", len(raw), maxToken)
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || slices.Contains(parts, "") {
		return identity{}, errors.New("identity token is not a signed JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return identity{}, errors.New("identity token is not a signed JWT: its payload is not base64")
	}
	var claims struct {
		Issuer   string    `json:"iss"`
		Audience canon.Raw `json:"aud"`
		Expires  float64   `json:"exp"`
	}
	if err := canon.DecodeOpen(payload, &claims); err != nil {
		return identity{}, errors.New("identity token is not a signed JWT: its payload is not a JSON object with iss, aud and exp")
	}
	id := identity{raw: raw, issuer: claims.Issuer, audience: audiences(claims.Audience)}
	if claims.Expires > 0 && claims.Expires < 1<<40 {
		id.expires = time.Unix(int64(claims.Expires), 0).UTC()
	}
	if !slices.Contains(id.audience, audience) {
		return identity{}, fmt.Errorf("identity token is for audience %.100q, want %q", id.audience, audience)
	}
	return id, nil
}

// audiences reads the claim aud: one text, or a list of them.
func audiences(raw canon.Raw) []string {
	var one string
	if canon.Decode(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if canon.Decode(raw, &many) == nil {
		return many
	}
	return nil
}

// A source is one way to get an identity token.
type source struct {
	name  string
	there func(*tokens) bool // whether auto takes it
	get   func(*tokens, context.Context) (string, error)
}

// sources is every way, in the order in which auto tries them.
func sources() []source {
	return []source{
		{"token", (*tokens).given, (*tokens).fromFile},
		{"github", (*tokens).onGitHub, (*tokens).fromGitHub},
		{"gitlab", (*tokens).onGitLab, (*tokens).fromVariable},
		{"browser", (*tokens).attended, (*tokens).fromBrowser},
	}
}

// oidcNames is what --oidc takes.
func oidcNames() string {
	names := []string{"auto"}
	for _, s := range sources() {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

// tokens is where identity tokens come from.
type tokens struct {
	env         *cli.Env
	wire        wire
	timeout     time.Duration
	audience    string
	how         string // a source's name, or auto
	file        string // with a token
	input       string // a token from standard input
	variable    string // with a token
	interactive bool
	issuer      func() (string, error) // whom the browser is sent to
}

// identity gets a token and reads it.
func (t *tokens) identity(ctx context.Context) (identity, error) {
	from, err := t.source()
	if err != nil {
		return identity{}, err
	}
	raw, err := from.get(t, ctx)
	if err != nil {
		return identity{}, err
	}
	id, err := readIdentity(raw, t.audience)
	if err != nil {
		return identity{}, cli.Fail(cli.Usage, "the token must be made for this use: audience "+t.audience, "use the token from %s: %w", from.name, err)
	}
	return id, nil
}

func (t *tokens) source() (source, error) {
	for _, s := range sources() {
		if s.name == t.how || t.how == "auto" && s.there(t) {
			return s, nil
		}
	}
	if t.how != "auto" {
		return source{}, cli.Fail(cli.Usage, "", "unknown --oidc %q; have %s", t.how, oidcNames())
	}
	return source{}, cli.Fail(cli.Usage,
		"on GitHub give the job 'permissions: id-token: write'; on GitLab give it 'id_tokens: SIGSTORE_ID_TOKEN: {aud: sigstore}'; elsewhere use --token-file, or --oidc browser",
		"no identity token: neither a file, nor GitHub's or GitLab's variables, nor somebody with a browser")
}

func (t *tokens) given() bool { return t.file != "" || t.input != "" }

// fromFile takes the token that was given, in a file or on standard input.
func (t *tokens) fromFile(context.Context) (string, error) {
	if t.input != "" {
		return t.input, nil
	}
	if t.file == "" {
		return "", cli.Fail(cli.Usage, "name one with --token-file", "no token was given")
	}
	data, err := readFile("token-file", t.file)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(t.file); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		fmt.Fprintf(t.env.Stderr, "note: %s can be read by others; chmod 600 keeps the token yours\n", t.file)
	}
	return string(data), nil
}

func (t *tokens) onGitLab() bool { return t.env.Getenv(t.name()) != "" }

func (t *tokens) name() string { return cmp.Or(t.variable, child.DefaultVariable) }

// fromVariable takes the token that GitLab put into the environment, by the
// job's id_tokens.
func (t *tokens) fromVariable(context.Context) (string, error) {
	if raw := t.env.Getenv(t.name()); raw != "" {
		return raw, nil
	}
	return "", cli.Fail(cli.Usage, fmt.Sprintf("give the job 'id_tokens: %s: {aud: %s}'", t.name(), t.audience), "the variable %s is not set", t.name())
}

func (t *tokens) attended() bool { return t.interactive }
