// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

func TestTokenSources(t *testing.T) {
	file := func(w *world) []string { return []string{"--token-file", w.write("token", []byte(token(nil)+"\n"))} }
	for name, c := range map[string]struct {
		set   func(w *world) []string
		asked int // how often GitHub was
	}{
		"GitHub job":          {func(w *world) []string { w.onGitHub(); return nil }, 1},
		"GitHub job, by name": {func(w *world) []string { w.onGitHub(); return []string{"--oidc=github"} }, 1},
		"GitLab job":          {func(w *world) []string { w.env["SIGSTORE_ID_TOKEN"] = token(nil); return nil }, 0},
		"GitLab job, own variable": {func(w *world) []string {
			w.env["MY"] = token(nil)
			return []string{"--token-variable=MY", "--oidc=gitlab"}
		}, 0},
		"file":                             {file, 0},
		"file goes before the job":         {func(w *world) []string { w.onGitHub(); return file(w) }, 0},
		"job, by name, although a file is": {func(w *world) []string { w.onGitHub(); return append(file(w), "--oidc=github") }, 1},
		"standard input": {func(w *world) []string {
			w.ask(child.SignQuestion{Payload: statement(w.t), Token: token(nil)})
			return nil
		}, 0},
		"for more than us": {func(w *world) []string {
			w.env["SIGSTORE_ID_TOKEN"] = token(map[string]any{"aud": []string{"a", "sigstore"}})
			return nil
		}, 0},
		"our clock says it has ended": {func(w *world) []string {
			w.now = time.Now().Add(30 * time.Minute)
			w.env["SIGSTORE_ID_TOKEN"] = token(map[string]any{"exp": time.Now().Add(time.Minute).Unix()})
			return nil
		}, 0},
		"GitLab goes before nobody's screen": {func(w *world) []string { w.env["SIGSTORE_ID_TOKEN"] = token(nil); return []string{"--interactive"} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.signed(w.sign(c.set(w)...))
			if n := w.count("github"); n != c.asked {
				t.Errorf("asked GitHub %d times", n)
			}
		})
	}
}

func TestTokensThatAreNotUsed(t *testing.T) {
	gitlab := func(raw string) func(*world) []string {
		return func(w *world) []string { w.env["SIGSTORE_ID_TOKEN"] = raw; return nil }
	}
	parts := strings.Split(token(nil), ".")
	enc := base64.RawURLEncoding.EncodeToString
	for name, c := range map[string]struct {
		set  func(w *world) []string
		code int
		why  string
	}{
		"nowhere":                    {func(*world) []string { return nil }, cli.Usage, "id-token: write"},
		"GitHub by name, no job":     {func(*world) []string { return []string{"--oidc=github"} }, cli.Usage, "id-token: write"},
		"half a GitHub job":          {func(w *world) []string { w.onGitHub(); delete(w.env, githubToken); return nil }, cli.Usage, "no identity token"},
		"GitLab by name, no job":     {func(*world) []string { return []string{"--oidc=gitlab"} }, cli.Usage, "SIGSTORE_ID_TOKEN is not set"},
		"token by name, none given":  {func(*world) []string { return []string{"--oidc=token"} }, cli.Usage, "--token-file"},
		"file that is not there":     {func(w *world) []string { return []string{"--token-file", w.dir + "/no"} }, cli.Usage, "there is no file"},
		"file that is empty":         {func(w *world) []string { return []string{"--token-file", w.write("t", []byte{})} }, cli.Usage, "not a signed JWT"},
		"for somebody else":          {gitlab(token(map[string]any{"aud": "https://cloud.example"})), cli.Usage, `want "sigstore"`},
		"for nobody":                 {gitlab(token(map[string]any{"aud": nil})), cli.Usage, `want "sigstore"`},
		"for a number":               {gitlab(token(map[string]any{"aud": 7})), cli.Usage, `want "sigstore"`},
		"not signed":                 {gitlab(parts[0] + "." + parts[1] + "."), cli.Usage, "not a signed JWT"},
		"two parts":                  {gitlab(parts[0] + "." + parts[1]), cli.Usage, "not a signed JWT"},
		"payload no base64":          {gitlab(parts[0] + ".%." + parts[2]), cli.Usage, "base64"},
		"payload no object":          {gitlab(parts[0] + "." + enc([]byte(`"x"`)) + "." + parts[2]), cli.Usage, "JSON object"},
		"audience given twice":       {gitlab(parts[0] + "." + enc([]byte(`{"aud":"x","aud":"sigstore"}`)) + "." + parts[2]), cli.Usage, "JSON object"},
		"too long":                   {gitlab(token(map[string]any{"x": strings.Repeat("y", maxToken)})), cli.Usage, "limit of 32768"},
		"it has ended":               {gitlab(token(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()})), cli.No, "get a new one"},
		"GitHub, for somebody else":  {func(w *world) []string { w.onGitHub(); return []string{"--audience=other"} }, cli.No, "the identity was refused"},
		"GitHub, wrong bearer":       {func(w *world) []string { w.onGitHub(); w.env[githubToken] = "another"; return nil }, cli.No, "id-token: write"},
		"GitHub without TLS":         {func(w *world) []string { w.onGitHub(); w.env[githubURL] = "http://192.0.2.1/t"; return nil }, cli.Usage, "https"},
		"GitHub's name is like ours": {func(w *world) []string { w.onGitHub(); w.env[githubURL] = "http://127.0.0.1.example/t"; return nil }, cli.Usage, "https"},
		"GitHub with a password":     {func(w *world) []string { w.onGitHub(); w.env[githubURL] = "https://u:" + bearer + "@h/t"; return nil }, cli.Usage, "password"},
		"GitHub, no address":         {func(w *world) []string { w.onGitHub(); w.env[githubURL] = "https://" + bearer + "\x7f/"; return nil }, cli.Usage, "not an address"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.failed(w.sign(c.set(w)...), c.code, c.why)
			if c.code == cli.Usage && w.count("ca") > 0 {
				t.Error("the certificate authority saw it")
			}
		})
	}
}

func TestGitHubOnABadDay(t *testing.T) {
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		code  int
		why   string
	}{
		"hangs":                {hangs, cli.Unknown, "no answer within"},
		"floods":               {floods, cli.Unknown, "limit of 131072"},
		"hangs up":             {breaks, cli.Unknown, "EOF"},
		"fails inside":         {says(500, "inside"), cli.Unknown, "500"},
		"no token in it":       {says(200, `{"count":0}`), cli.Unknown, "holds no token"},
		"no JSON":              {says(200, "<html>"), cli.Unknown, "not one JSON object"},
		"two answers":          {says(200, `{"value":"`+token(nil)+`"}{"value":"`+token(nil)+`"}`), cli.Unknown, "not one JSON object"},
		"two tokens":           {says(200, `{"value":"`+token(nil)+`","value":"`+token(nil)+`"}`), cli.Unknown, "not one JSON object"},
		"something as a token": {says(200, `{"value":"hello"}`), cli.Usage, "not a signed JWT"},
		"repeats the bearer":   {says(403, "you sent "+bearer+" and I have "+token(nil)), cli.No, "[secret]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.onGitHub()
			w.faults["github"] = []http.HandlerFunc{c.fault}
			w.failed(w.sign("--timeout=400ms"), c.code, c.why)
		})
	}
}

func TestBearerStaysWhereItBelongs(t *testing.T) {
	var heard []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		heard = append(heard, fmt.Sprint(r.URL, r.Header))
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{elsewhere.URL, "/people/auth"} {
			w := newWorld(t)
			w.onGitHub()
			w.faults["github"] = []http.HandlerFunc{http.RedirectHandler(to, status).ServeHTTP}
			w.failed(w.sign(), cli.Unknown, "redirects are not followed")
			if w.count("people") > 0 {
				t.Errorf("%d: followed on the same host", status)
			}
		}
	}
	if len(heard) > 0 {
		t.Errorf("followed: %s", heard)
	}
}

func TestGitHubIsAskedForOurAudience(t *testing.T) {
	w := newWorld(t)
	w.onGitHub()
	w.env[githubURL] += "&audience=theirs"
	w.signed(w.sign())
	q := w.asked["github"][0].URL.Query()
	if q.Get("api-version") != "2.0" || len(q["audience"]) != 1 || q.Get("audience") != "sigstore" {
		t.Errorf("asked %v", q)
	}
}

func TestTokenFileThatOthersCanRead(t *testing.T) {
	w := newWorld(t)
	file := w.write("token", []byte(token(nil)))
	if o := w.sign("--token-file", file); o.stderr != "" {
		t.Errorf("0600: %s", o.stderr)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	o := w.sign("--token-file", file)
	w.signed(o)
	if !strings.Contains(o.stderr, "can be read by others") {
		t.Errorf("0644: %s", o.stderr)
	}
}

func TestIdentityPrintsAsNothing(t *testing.T) {
	id, err := readIdentity(token(nil), "sigstore")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q"} {
		if text := fmt.Sprintf(format, id); strings.Contains(text, "eyJ") {
			t.Errorf("%s: %s", format, text)
		}
		if text := fmt.Sprintf(format, &id); strings.Contains(text, "eyJ") {
			t.Errorf("&%s: %s", format, text)
		}
	}
}

func FuzzReadIdentity(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", "..", token(nil), token(map[string]any{"aud": []string{"x"}, "exp": 1e300}), token(map[string]any{"exp": -1, "aud": map[string]any{}})} {
		f.Add(seed, "sigstore")
	}
	f.Fuzz(func(t *testing.T, raw, audience string) {
		id, err := readIdentity(raw, audience)
		if err != nil {
			if strings.Contains(err.Error(), "eyJ") && !strings.Contains(audience, "eyJ") && !strings.Contains(fmt.Sprint(id.audience), "eyJ") {
				t.Errorf("shows the token: %v", err)
			}
			return
		}
		if strings.Count(id.raw, ".") != 2 || id.expires.Year() > 40_000 {
			t.Errorf("%+v", id)
		}
	})
}
