// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// guards holds what stands before the GitHub of each story, by its folder.
var guards sync.Map

// A guarded is a GitHub that is held to its description.
type guarded struct {
	mu    sync.Mutex
	wrong []string
	forge *githubtest.Server
	*forgetest.Validator
}

func (*guarded) Helper() {}

func (g *guarded) Errorf(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrong = append(g.wrong, fmt.Sprintf(format, args...))
}

// patience is how long a story waits for what must happen.
const patience = 60 * time.Second

// guard plays a GitHub whose environments have a custom protection rule, held
// to GitHub's own description. Say 'github start' first:
//
//	guard start               puts the description before it; sets $API
//	guard run ID              another run of the commit that is checked out
//	guard waits RUN ENV       a run waits for an environment
//	guard cancel RUN          it waits no more
//	guard answered N          waits until N answers came, and writes all to the file answers
//	guard fails STATUS N      the next N answers get a status instead
//	guard calm OPERATION      nothing was asked of an operation
//	guard again OPERATION N   waits until an operation was called N times more
//	guard logged FILE TEXT    waits until a file holds a text
//	guard app FILE            an app signs in with the new key in FILE
//	guard deliver RUN ENV ID [WHAT]   delivers to $HOOK, signed with the file secret; WHAT: unsigned, foreign, other
//	guard listening FILE      waits until a server says in FILE where it listens: $HOOK
func guard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: guard start|run|waits|…")
	}
	switch verb := args[0] + " " + strconv.Itoa(len(args)-1); verb {
	case "start 0":
		startGuard(ts)
		return
	case "logged 2":
		until(ts, args[2], func() bool {
			data, _ := os.ReadFile(ts.MkAbs(args[1]))
			return strings.Contains(string(data), args[2])
		})
		return
	case "listening 1":
		listening(ts, args[1])
		return
	}
	found, ok := guards.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("say 'guard start' first")
	}
	g := found.(*guarded)
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		ts.Check(err)
		return n
	}
	switch verb := args[0] + " " + strconv.Itoa(len(args)-1); verb {
	case "run 1":
		g.forge.Run(number(args[1]), githubPeople["dana"], "push", ts.Getenv("GITHUB_SHA"))
	case "waits 2":
		g.forge.Wait(number(args[1]), args[2], false)
	case "cancel 1":
		g.forge.Cancel(number(args[1]))
	case "answered 1":
		g.answered(ts, int(number(args[1])))
	case "fails 2":
		g.Fault(forgetest.Fault{Operation: "actions/review-custom-gates-for-run", Times: int(number(args[2])), Status: int(number(args[1])), Body: "{}"})
	case "calm 1":
		if n := len(g.Calls(args[1])); n != 0 {
			ts.Fatalf("%s was called %d times", args[1], n)
		}
	case "again 2":
		from := len(g.Calls(args[1]))
		until(ts, args[1], func() bool { return len(g.Calls(args[1])) >= from+int(number(args[2])) })
	case "app 1":
		g.app(ts, args[1])
	case "deliver 3":
		deliver(ts, args[1], args[2], args[3], "")
	case "deliver 4":
		deliver(ts, args[1], args[2], args[3], args[4])
	default:
		ts.Fatalf("guard %s?", strings.Join(args, " "))
	}
}

func startGuard(ts *testscript.TestScript) {
	found, ok := githubs.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("say 'github start' first")
	}
	g := &guarded{forge: found.(*githubtest.Server)}
	g.Validator = forgetest.Validate(g, g.forge)
	server := httptest.NewServer(g)
	g.forge.At(time.Now()) // the program that speaks with it has the real time
	guards.Store(ts.Getenv("WORK"), g)
	ts.Defer(func() {
		server.Close()
		g.mu.Lock()
		defer g.mu.Unlock()
		if len(g.wrong) > 0 {
			ts.Fatalf("not as GitHub describes it:\n%s", strings.Join(g.wrong, "\n"))
		}
	})
	ts.Setenv("API", server.URL+"/api/v3")
	ts.Setenv("GITHUB_API_URL", server.URL+"/api/v3")
	ts.Setenv("GITHUB_SERVER_URL", server.URL)
	ts.Setenv("GITHUB_HOST", strings.TrimPrefix(server.URL, "http://"))
	ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(githubtest.Token+"\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("secret"), []byte("a secret of the webhook\n"), 0o600))
}

// until waits for something that must happen.
func until(ts *testscript.TestScript, what string, happened func() bool) {
	for end := time.Now().Add(patience); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			logs, _ := filepath.Glob(ts.MkAbs("*.log"))
			for _, file := range logs {
				data, _ := os.ReadFile(file)
				ts.Logf("%s:\n%s", filepath.Base(file), data)
			}
			ts.Fatalf("%s: it did not happen", what)
		}
	}
}

func (g *guarded) answered(ts *testscript.TestScript, n int) {
	until(ts, fmt.Sprintf("%d answers", n), func() bool { return len(g.forge.Answers()) >= n })
	var b strings.Builder
	for _, a := range g.forge.Answers() {
		fmt.Fprintf(&b, "%d %s %s: %s\n", a.Run, a.Environment, orReport(a.State), strings.ReplaceAll(a.Comment, "\n", " "))
	}
	ts.Check(os.WriteFile(ts.MkAbs("answers"), []byte(b.String()), 0o644))
	if got := len(g.forge.Answers()); got != n {
		ts.Fatalf("%d answers, want %d:\n%s", got, n, b.String())
	}
}

func orReport(state string) string {
	if state == "" {
		return "report"
	}
	return state
}

func (g *guarded) app(ts *testscript.TestScript, file string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	data := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	ts.Check(os.WriteFile(ts.MkAbs(file), data, 0o600))
	g.forge.App(12345, &key.PublicKey)
}

// deliver posts what GitHub would, and writes the answer's status to the file
// delivered.
func deliver(ts *testscript.TestScript, run, environment, id, what string) {
	api, repository := ts.Getenv("API"), githubtest.RepositoryID
	switch what {
	case "foreign":
		api = "https://example.com"
	case "other":
		repository++
	}
	body := fmt.Sprintf(`{"action":"requested","environment":%q,"event":"push","deployment_callback_url":"%s/repos/acme/app/actions/runs/%s/deployment_protection_rule",`+
		`"deployment":{"sha":%q,"environment":%q},"pull_requests":[],"repository":{"id":%d}}`,
		environment, api, run, ts.Getenv("GITHUB_SHA"), environment, repository)
	req, err := http.NewRequest(http.MethodPost, "http://"+ts.Getenv("HOOK")+"/github", strings.NewReader(body))
	ts.Check(err)
	mac := hmac.New(sha256.New, []byte("a secret of the webhook"))
	mac.Write([]byte(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", "deployment_protection_rule")
	req.Header.Set("X-GitHub-Delivery", id)
	if what != "unsigned" {
		req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	resp.Body.Close()
	ts.Check(os.WriteFile(ts.MkAbs("delivered"), []byte(resp.Status+"\n"), 0o644))
}

var listens = regexp.MustCompile(`"listen":"([0-9.]+:[0-9]+)"`)

func listening(ts *testscript.TestScript, file string) {
	until(ts, "listen", func() bool {
		data, _ := os.ReadFile(ts.MkAbs(file))
		found := listens.FindStringSubmatch(string(data))
		if found != nil {
			ts.Setenv("HOOK", found[1])
		}
		return found != nil
	})
}
