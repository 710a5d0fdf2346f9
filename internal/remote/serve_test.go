// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
	"github.com/gateledger/gateledger/internal/forge/guard"
)

// asking is a parent with this input, and what it is told.
func asking(input string) (*parent, *bytes.Buffer) {
	out := new(bytes.Buffer)
	env := cli.System()
	env.Stdin, env.Stdout = strings.NewReader(input), out
	return newParent(env), out
}

func waitingRun() guard.Question {
	return guard.Question{Host: "github.com", Repository: "acme/app", RepositoryID: 7, Run: github.Run{ID: 9, Attempt: 1, Head: deployed}, Environment: "production", Token: "t", Provider: "github"}
}

// Only the answer to just this question is one.
func TestThePipe(t *testing.T) {
	for name, c := range map[string]struct {
		input string
		state string
		fails string
	}{
		"approved":              {`{"id":1,"state":"approved","comment":"c"}` + "\n", guard.Approved, ""},
		"no state":              {`{"id":1}` + "\n", guard.Waiting, ""},
		"of another question":   {`{"id":2,"state":"approved"}` + "\n", "", "an answer to another question"},
		"it could not find out": {`{"id":1,"state":"approved","failed":true}` + "\n", "", "could not find out"},
		"the end":               {"", "", "nobody answers"},
		"no JSON":               {"approved\n", "", "nobody answers"},
		"more than is known":    {`{"id":1,"state":"approved","sure":true}` + "\n", "", "nobody answers"},
		"a name twice":          {`{"id":1,"state":"","state":"approved"}` + "\n", "", "nobody answers"},
		"cut short":             {`{"id":1,"state":"appr`, "", "nobody answers"},
		"too long a line":       {`{"id":1,"comment":"` + strings.Repeat("x", child.MaxServeLine) + `"}` + "\n", "", "nobody answers"},
	} {
		t.Run(name, func(t *testing.T) {
			p, out := asking(c.input)
			ended := make(chan struct{})
			go p.read(func() { close(ended) })
			a, err := p.judge(t.Context(), waitingRun())
			<-ended
			if a.State != c.state || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%+v, %v", a, err)
			}
			var line child.ServeLine
			if err := canon.Decode(bytes.TrimSpace(out.Bytes()), &line); err != nil || line.Ask == nil || line.Ask.ID != 1 || line.Ask.Run != 9 || line.Ask.Commit != deployed || line.Schema != child.ServeSchema || line.Ask.Provider != "github" {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// Who sends two answers to one question is not listened to.
func TestThePipeTakesOneAnswer(t *testing.T) {
	p, _ := asking(strings.Repeat(`{"id":1,"state":"approved"}`+"\n", 3))
	ended := false
	p.read(func() { ended = true })
	if !ended || len(p.answers) != 1 {
		t.Errorf("%v, %d answers", ended, len(p.answers))
	}
}

func TestThePipeIsGivenUp(t *testing.T) {
	in, keep := io.Pipe()
	defer keep.Close()
	env := cli.System()
	env.Stdin, env.Stdout = in, io.Discard
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a, err := newParent(env).judge(ctx, waitingRun()); !errors.Is(err, context.Canceled) || a.State != "" {
		t.Errorf("%+v, %v", a, err)
	}
	env.Stdout = broken{}
	p := newParent(env)
	if a, err := p.judge(t.Context(), waitingRun()); err == nil || a.State != "" || p.broken == nil {
		t.Errorf("%+v, %v, %v", a, err, p.broken)
	}
	p, _ = asking("")
	long := waitingRun()
	long.Environment = strings.Repeat("x", child.MaxServeLine)
	if _, err := p.judge(t.Context(), long); err == nil {
		t.Error("a line over the limit was written")
	}
}

// broken is an output that nobody reads.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAServersConfiguration(t *testing.T) {
	for name, input := range map[string]string{"nothing": "", "no JSON": "x\n", "an unknown name": `{"api":"x","every":1,"log-key":"y"}` + "\n", "a list": "[]\n"} {
		p, _ := asking(input)
		if _, err := p.config(); exitCode(err) != cli.Usage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func exitCode(err error) int {
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) {
		return exit.Code
	}
	return 0
}

// certificateFor writes a certificate of this machine and its key.
func certificateFor(t *testing.T, dir string) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gate"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key, pool
}

// TestListening says where a server listens, and where it does not.
func TestListening(t *testing.T) {
	dir := t.TempDir()
	certificate, key, pool := certificateFor(t, dir)
	secret, short := filepath.Join(dir, "secret"), filepath.Join(dir, "short")
	for file, text := range map[string]string{secret: "a secret of sixteen bytes\n", short: "too short\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := guard.Options{RepositoryID: 7, Log: func(string, string, ...string) {}}
	for name, c := range map[string]struct {
		config child.ServeConfig
		code   int
		tls    bool
	}{
		"nowhere":                    {child.ServeConfig{}, 0, false},
		"this machine":               {child.ServeConfig{Listen: "127.0.0.1:0", SecretFile: secret}, 0, false},
		"its name":                   {child.ServeConfig{Listen: "localhost:0"}, 0, false},
		"with TLS":                   {child.ServeConfig{Listen: "127.0.0.1:0", Certificate: certificate, Key: key}, 0, true},
		"for GitLab":                 {child.ServeConfig{Listen: "127.0.0.1:0", SecretFile: secret, Project: 6, StatusCheck: 12}, 0, false},
		"everywhere, behind a proxy": {child.ServeConfig{Listen: "0.0.0.0:0", Proxied: true}, 0, false},
		"everywhere, with TLS":       {child.ServeConfig{Listen: "0.0.0.0:0", Certificate: certificate, Key: key}, 0, false},
		"everywhere":                 {child.ServeConfig{Listen: "0.0.0.0:0"}, cli.Usage, false},
		"no host":                    {child.ServeConfig{Listen: ":0"}, cli.Usage, false},
		"no port":                    {child.ServeConfig{Listen: "127.0.0.1"}, cli.Usage, false},
		"a name of somewhere":        {child.ServeConfig{Listen: "gate.example.com:443"}, cli.Usage, false},
		"half of TLS":                {child.ServeConfig{Listen: "127.0.0.1:0", Certificate: certificate}, cli.Usage, false},
		"the other half":             {child.ServeConfig{Listen: "127.0.0.1:0", Key: key}, cli.Usage, false},
		"a key for a certificate":    {child.ServeConfig{Listen: "127.0.0.1:0", Certificate: key, Key: certificate}, cli.Usage, false},
		"a secret that is too short": {child.ServeConfig{Listen: "127.0.0.1:0", SecretFile: short}, cli.Usage, false},
		"no such secret":             {child.ServeConfig{Listen: "127.0.0.1:0", SecretFile: filepath.Join(dir, "none")}, cli.Usage, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := listening(t.Context(), o, c.config)
			if exitCode(err) != c.code || (err != nil) != (c.code != 0) {
				t.Fatalf("%v", err)
			}
			if err != nil {
				if strings.Contains(err.Error(), "too short\n") || strings.Contains(err.Error(), "PRIVATE") {
					t.Errorf("it tells a secret: %v", err)
				}
				return
			}
			defer l.shut()
			if l.address == "" {
				if l.hints() != nil {
					t.Error("it listens nowhere, and hears something")
				}
				return
			}
			_, port, err := net.SplitHostPort(l.address)
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
			scheme := "http"
			if c.config.Certificate != "" {
				scheme = "https"
			}
			resp, err := client.Get(scheme + "://127.0.0.1:" + port + "/healthz")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != 200 || string(body) != "ok\n" || (resp.TLS != nil) != (scheme == "https") {
				t.Errorf("%d %q, %v", resp.StatusCode, body, err)
			}
			if !c.tls {
				return
			}
			old := &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
			if conn, err := (&tls.Dialer{Config: old}).DialContext(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
				conn.Close()
				t.Error("it speaks TLS 1.1")
			}
			if _, err := http.Get("http://127.0.0.1:" + port + "/github"); err == nil {
				resp, _ := http.Get("http://127.0.0.1:" + port + "/github")
				if resp != nil && resp.StatusCode != http.StatusBadRequest {
					t.Errorf("it answers %d without TLS", resp.StatusCode)
				}
			}
		})
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := listening(t.Context(), o, child.ServeConfig{Listen: taken.Addr().String()}); exitCode(err) != cli.Usage {
		t.Errorf("a place that is taken: %v", err)
	}
}

func TestOwnMachine(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.8.9.1:80": true, "[::1]:80": true, "localhost:80": true, "localhost": false, "0.0.0.0:80": false, ":80": false,
		"[::]:80": false, "localhost.example.com:80": false, "10.0.0.1:80": false, "": false,
	} {
		if ownMachine(address) != want {
			t.Errorf("%q: %v", address, !want)
		}
	}
}

// serving runs the whole verb until its input ends. Answer makes the line that
// answers a question.
func serving(t *testing.T, c child.ServeConfig, answer func(child.ServeAsk) string) (code int, lines []child.ServeLine, talk string) {
	t.Helper()
	in, feed := io.Pipe()
	read, out := io.Pipe()
	said := new(bytes.Buffer)
	env := cli.System()
	env.Args, env.Stdin, env.Stdout, env.Stderr = []string{child.Name, "serve"}, in, out, said
	env.Getenv = func(string) string { return "" }
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(context.Background(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
		out.Close()
	}()
	first, err := canon.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = feed.Write(append(first, '\n')) }()
	d := json.NewDecoder(read)
	for {
		var line child.ServeLine
		if err := d.Decode(&line); err != nil {
			break
		}
		lines = append(lines, line)
		if line.Ask != nil {
			if text := answer(*line.Ask); text != "" {
				_, _ = io.WriteString(feed, text+"\n")
			} else {
				feed.Close()
			}
		}
		if line.Log != nil && (line.Log.Message == "passed" || line.Log.Message == "failed") {
			feed.Close()
		}
	}
	feed.Close()
	return <-done, lines, said.String()
}

// The whole child: it reads back, asks, passes on, and ends with its input.
func TestServeForGitLab(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(gitlabtest.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		answer string
		want   string
	}{
		"approved": {`{"id":1,"state":"approved"}`, "7 12 3b18 passed"},
		"rejected": {`{"id":1,"state":"rejected"}`, "7 12 3b18 failed"},
		"gone":     {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := gitlabtest.New()
			defer s.Close()
			commit := "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
			s.Check(12)
			s.MergeRequest(6, 7, commit)
			s.Pipeline(6, 9, commit, "push", 42, "ana")
			code, lines, talk := serving(t, child.ServeConfig{API: s.API, Project: 6, StatusCheck: 12, Environment: "merge", TokenFile: token, Every: 60}, func(q child.ServeAsk) string {
				if q.Provider != "gitlab" || q.MergeRequest != 7 || q.Run != 9 || q.Commit != commit || q.RepositoryID != 6 || q.Token != gitlabtest.Token {
					t.Errorf("%+v", q)
				}
				return c.answer
			})
			if got := strings.Join(s.Said(), "; "); code != cli.OK || got != c.want || strings.Contains(talk, gitlabtest.Token) {
				t.Errorf("%d, said %q, %s", code, got, talk)
			}
			if len(lines) == 0 || lines[0].Log == nil || lines[0].Log.Message != "ready" {
				t.Errorf("%+v", lines)
			}
		})
	}
}

// TestServeRefuses are configurations that nothing is asked with.
func TestServeRefuses(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]child.ServeConfig{
		"never":                   {API: "https://gitlab.com/api/v4", Project: 6, StatusCheck: 12, TokenFile: none},
		"a day and more":          {API: "https://gitlab.com/api/v4", Project: 6, StatusCheck: 12, TokenFile: none, Every: 86401},
		"GitLab without a file":   {API: "https://gitlab.com/api/v4", Project: 6, StatusCheck: 12, AppID: "1", AppKeyFile: none, Every: 1},
		"GitLab without a check":  {API: "https://gitlab.com/api/v4", Project: 6, TokenFile: none, Every: 1},
		"GitLab without TLS":      {API: "http://gitlab.example.com/api/v4", Project: 6, StatusCheck: 12, TokenFile: none, Every: 1},
		"nobody":                  {API: "https://api.github.com", Repository: "acme/app", RepositoryID: 7, Every: 1},
		"a token and an app":      {API: "https://api.github.com", Repository: "acme/app", RepositoryID: 7, TokenFile: none, AppID: "1", AppKeyFile: none, Every: 1},
		"an app without a number": {API: "https://api.github.com", Repository: "acme/app", AppID: "1", AppKeyFile: none, Every: 1},
		"no repository":           {API: "https://api.github.com", Repository: "acme", RepositoryID: 7, TokenFile: none, Every: 1},
	} {
		code, lines, _ := serving(t, c, func(child.ServeAsk) string { return "" })
		if code != cli.Usage || len(lines) != 0 {
			t.Errorf("%s: %d, %+v", name, code, lines)
		}
	}
}
