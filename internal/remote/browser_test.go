// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/cli"
)

// TestMain plays a browser when it is run as one: it goes to a page, and on to
// where that sends it.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "browse" {
		resp, err := http.Get(os.Args[2])
		if err != nil {
			os.Exit(1)
		}
		fmt.Println("what a browser prints is nobody's answer")
		_, _ = io.Copy(os.Stdout, resp.Body)
		resp.Body.Close()
		return
	}
	os.Exit(m.Run())
}

func (w *world) browse(args ...string) outcome {
	w.env["BROWSER"] = os.Args[0] + " browse"
	return w.sign(append([]string{"--oidc=browser"}, args...)...)
}

func TestBrowser(t *testing.T) {
	for name, args := range map[string][]string{"by name": {"--oidc=browser"}, "auto, and somebody is there": {"--oidc=auto", "--interactive"}} {
		w := newWorld(t)
		o := w.browse(args...)
		w.signed(o)
		if !strings.Contains(o.stderr, w.server.URL+"/people/auth?") {
			t.Errorf("%s: no address to go to: %s", name, o.stderr)
		}
		q := w.login
		if q.Get("scope") != "openid email" || q.Get("client_id") != "sigstore" || q.Get("response_type") != "code" || len(q.Get("state")) < 20 || len(q.Get("nonce")) < 20 {
			t.Errorf("%s: asked %v", name, q)
		}
		if verifier := q.Get("code_verifier"); verifier != "" {
			t.Errorf("%s: the browser has the verifier %s", name, verifier)
		}
		back, err := url.Parse(q.Get("redirect_uri"))
		if err != nil || back.Hostname() != "localhost" || back.Path != callbackPath || back.Scheme != "http" {
			t.Errorf("%s: comes back to %s", name, back)
		}
	}
}

func TestBrowserIsNotOpenedForNobody(t *testing.T) {
	w := newWorld(t)
	w.env["BROWSER"] = os.Args[0] + " browse"
	w.failed(w.sign("--interactive=false"), cli.Usage, "no identity token")
	if w.count("people") > 0 {
		t.Error("somebody logged in")
	}
}

func TestBrowserLoginThatIsNotOurs(t *testing.T) {
	answers := func(claims map[string]any) func(w *world) {
		return func(w *world) {
			w.peopleOut = func([]byte) []byte {
				all := map[string]any{"iss": w.server.URL + "/people", "nonce": w.login.Get("nonce")}
				for name, value := range claims {
					all[name] = value
				}
				data, err := json.Marshal(map[string]any{"id_token": token(all)})
				w.check(err)
				return data
			}
		}
	}
	discovery := func(member string, value any) func(w *world) {
		return func(w *world) {
			issuer := w.server.URL + "/people"
			all := map[string]any{"issuer": issuer, "authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token", member: value}
			w.faults["people"] = []http.HandlerFunc{func(rw http.ResponseWriter, _ *http.Request) { reply(rw, 200, all) }, nil}
		}
	}
	for name, c := range map[string]struct {
		set  func(*world)
		code int
		why  string
	}{
		"token of another login":     {answers(map[string]any{"nonce": "another"}), cli.Integrity, "another login"},
		"token of no login":          {answers(map[string]any{"nonce": nil}), cli.Integrity, "another login"},
		"token of another issuer":    {answers(map[string]any{"iss": "https://other.example"}), cli.Integrity, "another issuer"},
		"token for another client":   {answers(map[string]any{"aud": "another"}), cli.Integrity, "audience"},
		"no token":                   {func(w *world) { w.peopleOut = func([]byte) []byte { return []byte(`{}`) } }, cli.Integrity, "not a signed JWT"},
		"no JSON":                    {func(w *world) { w.peopleOut = func([]byte) []byte { return []byte(`<html>`) } }, cli.Unknown, "not one JSON object"},
		"issuer is somebody else":    {discovery("issuer", "https://other.example"), cli.Integrity, "says that it is"},
		"login page without TLS":     {discovery("authorization_endpoint", "http://other.example"), cli.Usage, "https"},
		"token service without TLS":  {discovery("token_endpoint", "http://other.example"), cli.Usage, "https"},
		"login page of another kind": {discovery("authorization_endpoint", "javascript:alert(1)"), cli.Usage, "address"},
		"no PKCE":                    {discovery("code_challenge_methods_supported", []string{"plain"}), cli.Usage, "PKCE"},
		"issuer is not there":        {func(w *world) { w.faults["people"] = []http.HandlerFunc{says(404, "")} }, cli.Unknown, "404"},
		"code is refused": {func(w *world) {
			w.faults["people"] = []http.HandlerFunc{w.discover, w.authorize, says(400, `{"error":"invalid_grant"}`)}
		}, cli.No, "invalid_grant"},
		"token service breaks": {func(w *world) { w.faults["people"] = []http.HandlerFunc{w.discover, w.authorize, says(500, "")} }, cli.Unknown, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.set(w)
			o := w.browse()
			// The page to go to is no part of the error.
			if _, rest, ok := strings.Cut(o.stderr, "/people/auth"); ok {
				_, o.stderr, _ = strings.Cut(rest, "\n")
			}
			w.failed(o, c.code, c.why)
		})
	}
}

func TestCodeIsGivenOnce(t *testing.T) {
	w := newWorld(t)
	asked := 0
	w.faults["people"] = []http.HandlerFunc{w.discover, w.authorize, func(rw http.ResponseWriter, r *http.Request) { asked++; says(502, "")(rw, r) }}
	w.browse()
	if asked != 1 {
		t.Errorf("sent the code %d times", asked)
	}
}

func TestOnlyOurOwnCallbackCounts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := login{state: "ours"}
	type end struct {
		code string
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		code, err := l.wait(t.Context(), listener)
		ended <- end{code, err}
	}()
	base := "http://" + listener.Addr().String()
	for path, status := range map[string]int{
		"/":                               404,
		"/favicon.ico":                    404,
		callbackPath:                      404,
		callbackPath + "?code=x":          404,
		callbackPath + "?code=x&state=":   404,
		callbackPath + "?code=x&state=ou": 404,
		"/other?code=x&state=ours":        404,
	} {
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	select {
	case e := <-ended:
		t.Fatalf("ended by a stranger: %+v", e)
	default:
	}
	resp, err := http.Get(base + callbackPath + "?code=right&state=ours")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if e := <-ended; e.code != "right" || e.err != nil {
		t.Errorf("%+v", e)
	}
}

func TestPersonWhoSaysNo(t *testing.T) {
	w := newWorld(t)
	w.faults["people"] = []http.HandlerFunc{w.discover, func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		http.Redirect(rw, r, q.Get("redirect_uri")+"?"+url.Values{"error": {"access_denied"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	}}
	o := w.browse()
	if o.code != cli.No || !strings.Contains(o.stderr, "access_denied") {
		t.Errorf("exit %d: %s", o.code, o.stderr)
	}
}

func TestWaitingForSomebodyEnds(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if code, err := (login{state: "x"}).wait(ctx, listener); err == nil || code != "" {
		t.Errorf("%q %v", code, err)
	}
}
