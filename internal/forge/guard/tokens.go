// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/pattern"
)

// Tokens are where the token for the next calls comes from.
type Tokens interface {
	// Token returns a token. Its errors hold no secret.
	Token(ctx context.Context) (string, error)
	// Refused says that the forge did not take the token.
	Refused()
}

var tokenPattern = pattern.New(`^[!-~]{1,1000}$`)

// ErrToken says that what was found is no token.
var ErrToken = errors.New("it holds no token: one line of printable characters")

// A FileToken reads a token from a file at each use, so that somebody else may
// put a fresh one there.
type FileToken struct {
	Read func() ([]byte, error)
}

// Token reads the file.
func (f FileToken) Token(context.Context) (string, error) {
	data, err := f.Read()
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := string(bytes.TrimSpace(data))
	if !tokenPattern.MatchString(token) {
		return "", fmt.Errorf("read the token: %w", ErrToken)
	}
	return token, nil
}

// Refused does nothing: the file is read again anyway.
func (FileToken) Refused() {}

// An App gets tokens of its installation in the repository. A token is used
// until five minutes before its end.
type App struct {
	ID           string // or client id
	Key          *rsa.PrivateKey
	Repository   string // OWNER/NAME
	RepositoryID int64
	Installation int64 // 0: the repository's is looked up
	API          string
	Now          func() time.Time

	Base           http.RoundTripper
	Timeout, Pause time.Duration

	mu    sync.Mutex
	token string
	until time.Time
}

var (
	_ Tokens = FileToken{}
	_ Tokens = (*App)(nil)
)

// The times of an app's tokens. GitHub takes a JWT for ten minutes, and allows
// for a clock that is a minute ahead.
const (
	jwtBefore = time.Minute
	jwtFor    = 8 * time.Minute
	spare     = 5 * time.Minute
)

// ErrKey says that what was found is no private key of an app.
var ErrKey = errors.New("it holds no RSA private key in PEM, as GitHub makes them for apps")

// ParseAppKey reads the private key of an app: PKCS #1 or PKCS #8 in PEM. Its
// errors repeat nothing of it.
func ParseAppKey(data []byte) (*rsa.PrivateKey, error) {
	block, rest := pem.Decode(data)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, ErrKey
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return sized(key)
	}
	found, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := found.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, ErrKey
	}
	return sized(key)
}

func sized(key *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	if key.N.BitLen() < 2048 {
		return nil, fmt.Errorf("%w: it has %d bits, want 2048 or more", ErrKey, key.N.BitLen())
	}
	return key, nil
}

var idPattern = pattern.New(`^[A-Za-z0-9.]{1,64}$`)

// Check says what an app lacks.
func (a *App) Check() error {
	if !idPattern.MatchString(a.ID) {
		return fmt.Errorf("%.80q is no id of an app", a.ID)
	}
	if a.Key == nil {
		return ErrKey
	}
	return nil
}

// jwt is what the app signs in with (RFC 7519, RS256).
func (a *App) jwt(now time.Time) (string, error) {
	claims, err := canon.Marshal(map[string]any{"iat": now.Add(-jwtBefore).Unix(), "exp": now.Add(jwtFor).Unix(), "iss": a.ID})
	if err != nil {
		return "", err
	}
	part := base64.RawURLEncoding.EncodeToString
	text := part([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, a.Key, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("sign as the app")
	}
	return text + "." + part(sig), nil
}

// Token returns the token at hand, or gets one.
func (a *App) Token(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.Now()
	if a.token != "" && now.Before(a.until.Add(-spare)) {
		return a.token, nil
	}
	token, until, err := a.mint(ctx, now)
	if err != nil {
		return "", fmt.Errorf("get a token of the app: %w", err)
	}
	a.token, a.until = token, until
	return token, nil
}

// Refused forgets the token.
func (a *App) Refused() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token = ""
}

func (a *App) mint(ctx context.Context, now time.Time) (token string, until time.Time, err error) {
	jwt, err := a.jwt(now)
	if err != nil {
		return "", time.Time{}, err
	}
	if a.Installation == 0 {
		c, err := github.New(github.Options{
			API: a.API, Repository: a.Repository, ID: a.RepositoryID, Token: jwt, Base: a.Base, Timeout: a.Timeout, Pause: a.Pause,
		})
		if err != nil {
			return "", time.Time{}, err
		}
		if a.Installation, err = c.Installation(ctx); err != nil {
			return "", time.Time{}, err
		}
	}
	// For this repository only, with all that the app may do there.
	answer, err := caller{a.API, a.Base, a.Timeout, asGitHub}.send(ctx, fmt.Sprintf("/app/installations/%d/access_tokens", a.Installation), jwt,
		map[string]any{"repository_ids": []int64{a.RepositoryID}}, http.StatusCreated)
	if err != nil {
		return "", time.Time{}, err
	}
	var out struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires_at"`
	}
	if err := canon.DecodeOpen(answer, &out); err != nil || !tokenPattern.MatchString(out.Token) || !out.Expires.After(now) {
		return "", time.Time{}, errors.New("the forge's answer is no token that holds")
	}
	return out.Token, out.Expires, nil
}
