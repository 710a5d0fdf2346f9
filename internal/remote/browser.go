// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/cli"
)

// loginTime is how long a person may take to log in.
const loginTime = 2 * time.Minute

// callbackPath is what Sigstore's issuer lets command lines come back to, on
// any port of localhost.
const callbackPath = "/auth/callback"

// A login is one person's way through the browser: the authorization code flow
// of OpenID Connect Core 1.0 with PKCE (RFC 7636), coming back to a port of
// this machine (RFC 8252 section 7.3).
type login struct {
	issuer   provider
	client   string
	redirect string
	state    string // only the answer to our own question has it
	nonce    string // only a token made for this login has it
	verifier string // only we can turn the code into a token
}

// A provider is what an issuer says of itself (OpenID Connect Discovery 1.0).
type provider struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Challenges    []string `json:"code_challenge_methods_supported"`
}

// fromBrowser has a person log in with their browser.
func (t *tokens) fromBrowser(ctx context.Context) (string, error) {
	issuer, err := t.issuer()
	if err != nil {
		return "", err
	}
	p, err := t.discover(ctx, issuer)
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", cli.Fail(cli.Unknown, "", "wait for the browser: %w", err)
	}
	defer listener.Close()
	l := login{
		issuer: p, client: t.audience, state: rand.Text(), nonce: rand.Text(), verifier: rand.Text() + rand.Text(),
		redirect: fmt.Sprintf("http://localhost:%d%s", listener.Addr().(*net.TCPAddr).Port, callbackPath),
	}
	page := l.page()
	fmt.Fprintf(t.env.Stderr, "log in with your browser; if none opens, go to\n  %s\n", page)
	open(t.env.Getenv, page)
	code, err := l.wait(ctx, listener)
	if err != nil {
		return "", err
	}
	return t.exchange(ctx, l, code)
}

// discover asks the issuer where people log in.
func (t *tokens) discover(ctx context.Context, issuer string) (provider, error) {
	var p provider
	u, err := address("the issuer", issuer, false)
	if err != nil {
		return p, err
	}
	req, err := http.NewRequest(http.MethodGet, u.JoinPath(".well-known/openid-configuration").String(), nil)
	if err != nil {
		return p, fmt.Errorf("ask the issuer: %w", err)
	}
	if err := t.asker(ctx, "the issuer").json(req, &p); err != nil {
		return p, err
	}
	if p.Issuer != issuer {
		return p, cli.Fail(cli.Integrity, "", "the issuer %s says that it is %.200q", issuer, p.Issuer)
	}
	for what, raw := range map[string]string{"the issuer's login page": p.Authorization, "the issuer's token service": p.Token} {
		if _, err := address(what, raw, false); err != nil {
			return p, err
		}
	}
	if len(p.Challenges) > 0 && !slices.Contains(p.Challenges, "S256") {
		return p, cli.Fail(cli.Usage, "", "the issuer %s has no PKCE with S256, without which a code could be stolen", issuer)
	}
	return p, nil
}

// page is where the browser goes.
func (l login) page() string {
	u, err := url.Parse(l.issuer.Authorization)
	if err != nil {
		return "" // discover has read it
	}
	challenge := sha256.Sum256([]byte(l.verifier))
	q := u.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": l.client, "redirect_uri": l.redirect, "scope": "openid email",
		"state": l.state, "nonce": l.nonce,
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
	} {
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// open shows page in a browser, if it can. Its output is nobody's answer.
func open(getenv func(string) string, page string) {
	words := []string{"xdg-open"}
	switch {
	case getenv("BROWSER") != "":
		words = strings.Fields(getenv("BROWSER"))
	case runtime.GOOS == "darwin":
		words = []string{"open"}
	case runtime.GOOS == "windows":
		words = []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	if len(words) == 0 {
		return
	}
	cmd := exec.Command(words[0], append(words[1:], page)...)
	// A browser needs its desktop's variables, and none that lead to a token.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.Contains(v, "TOKEN") })
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }() // the page says how it went
	}
}

// A callback is how the browser came back.
type callback struct {
	code string
	err  error
}

// wait waits until the browser comes back with a code. Whoever comes without
// our state is sent away and changes nothing: any page can call a local port.
func (l login) wait(ctx context.Context, listener net.Listener) (string, error) {
	came := make(chan callback, 1)
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		MaxHeaderBytes:    16 << 10,
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.serve(w, r, came) }),
	}
	go func() { _ = server.Serve(listener) }() // ends with Close below
	defer server.Close()
	limit := time.NewTimer(loginTime)
	defer limit.Stop()
	select {
	case c := <-came:
		// The page is still on its way; Shutdown lets it arrive.
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		return c.code, c.err
	case <-limit.C:
		return "", cli.Fail(cli.Unknown, "", "log in with the browser: nobody did within %s", loginTime)
	case <-ctx.Done():
		return "", cli.Fail(cli.Unknown, "", "log in with the browser: %w", context.Cause(ctx))
	}
}

func (l login) serve(w http.ResponseWriter, r *http.Request, came chan<- callback) {
	q := r.URL.Query()
	if r.URL.Path != callbackPath || q.Get("state") != l.state {
		http.NotFound(w, r)
		return
	}
	c := callback{code: q.Get("code")}
	if c.code == "" {
		c.err = cli.Fail(cli.No, "", "log in with the browser: the issuer said no: %.100s", q.Get("error"))
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Connection", "close")
	if c.err != nil {
		fmt.Fprintln(w, "You are not logged in. You can close this page; the terminal says why.")
	} else {
		fmt.Fprintln(w, "You are logged in. You can close this page.")
	}
	select {
	case came <- c:
	default: // the first one counts
	}
}

// exchange turns the code into an identity token. It comes from the issuer
// itself, over TLS, which OpenID Connect Core 1.0 section 3.1.3.7 takes for its
// signature; that it is of this login and this issuer is checked here.
func (t *tokens) exchange(ctx context.Context, l login, code string) (string, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {l.redirect},
		"client_id": {l.client}, "code_verifier": {l.verifier},
	}
	req, err := http.NewRequest(http.MethodPost, l.issuer.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("ask the issuer's token service: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ask := t.asker(ctx, "the issuer's token service", code, l.verifier)
	ask.once = true // a code is good for one question
	var answer struct {
		Token string `json:"id_token"`
	}
	if err := ask.json(req, &answer); err != nil {
		return "", explainRefusal(err, "log in again")
	}
	if err := l.check(answer.Token); err != nil {
		return "", cli.Fail(cli.Integrity, "", "use the identity token of the issuer %s: %w", l.issuer.Issuer, err)
	}
	return answer.Token, nil
}

func (l login) check(token string) error {
	id, err := readIdentity(token, l.client)
	if err != nil {
		return err
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(id.raw, ".")[1])
	if err != nil {
		return errors.New("not a JWT") // readIdentity has read it
	}
	var claims struct {
		Nonce string `json:"nonce"`
	}
	if err := canon.DecodeOpen(payload, &claims); err != nil {
		return errors.New("its payload is not a JSON object")
	}
	switch {
	case claims.Nonce != l.nonce:
		return errors.New("it is of another login")
	case id.issuer != l.issuer.Issuer:
		return errors.New("it is of another issuer")
	}
	return nil
}
