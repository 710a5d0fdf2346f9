// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A provider signs the tokens of all its issuers with one key.
type provider struct {
	base, bearer string
	key          *rsa.PrivateKey

	mu     sync.Mutex
	logins map[string]login // by code
}

// A login is somebody who came back with a code, not yet a token.
type login struct {
	challenge, client, redirect, nonce string
	query                              url.Values
}

func newProvider(base, bearer string) (*provider, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	return &provider{base: base, bearer: bearer, key: key, logins: map[string]login{}}, err
}

const keyID = "test"

func (p *provider) routes() http.Handler {
	mux := http.NewServeMux()
	for name, claims := range kinds {
		issuer := p.base + "/" + name
		mux.HandleFunc("GET /"+name+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { p.discover(w, issuer) })
		mux.HandleFunc("GET /"+name+"/jwks", p.keys)
		mint := func(w http.ResponseWriter, r *http.Request) { p.mint(w, issuer, claims, r.URL.Query(), "") }
		if name != "github" {
			mux.HandleFunc("GET /"+name+"/mint", mint)
			continue
		}
		mux.HandleFunc("GET /github/token", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+p.bearer {
				http.Error(w, "wrong bearer "+r.Header.Get("Authorization"), http.StatusUnauthorized)
				return
			}
			mint(w, r)
		})
	}
	mux.HandleFunc("GET /people/auth", p.authorize)
	mux.HandleFunc("POST /people/token", p.exchange)
	return mux
}

func (p *provider) discover(w http.ResponseWriter, issuer string) {
	reply(w, map[string]any{
		"issuer": issuer, "jwks_uri": issuer + "/jwks",
		"authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code", "id_token"},
		"subject_types_supported": []string{"public"}, "code_challenge_methods_supported": []string{"S256"},
	})
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	reply(w, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "kid": keyID, "alg": "RS256", "use": "sig",
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// mint answers with a token.
func (p *provider) mint(w http.ResponseWriter, issuer string, claims kind, query url.Values, nonce string) {
	token, err := p.token(issuer, claims, query, nonce)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	reply(w, map[string]any{"value": token, "count": len(token)})
}

func (p *provider) token(issuer string, claims kind, query url.Values, nonce string) (string, error) {
	all := claims(func(name, or string) string {
		if query.Has(name) {
			return query.Get(name)
		}
		return or
	})
	if err := standard(all, issuer, query, time.Now()); err != nil {
		return "", err
	}
	if nonce != "" {
		all["nonce"] = nonce
	}
	payload, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	signed := encode([]byte(`{"alg":"RS256","kid":"`+keyID+`","typ":"JWT"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, digest[:])
	return signed + "." + encode(signature), err
}

// authorize is the page where a person would log in. It says yes, and sends
// the browser back; login_hint says who it was.
func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" {
		http.Error(w, "want response_type=code, a redirect_uri and code_challenge_method=S256", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.logins[code] = login{q.Get("code_challenge"), q.Get("client_id"), q.Get("redirect_uri"), q.Get("nonce"), url.Values{}}
	p.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// exchange gives a token for a code, once, to whoever asked for it.
func (p *provider) exchange(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	p.mu.Lock()
	l, ok := p.logins[code]
	delete(p.logins, code)
	p.mu.Unlock()
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || encode(verifier[:]) != l.challenge || r.PostFormValue("redirect_uri") != l.redirect || r.PostFormValue("client_id") != l.client {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	l.query.Set("audience", l.client)
	token, err := p.token(p.base+"/people", people, l.query, l.nonce)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply(w, map[string]any{"id_token": token, "access_token": rand.Text(), "token_type": "Bearer", "expires_in": 300})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client notices what is missing
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
