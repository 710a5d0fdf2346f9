// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

func withLog1(w *world) { w.logs = service(w.server.URL+"/log1", 1) }
func withLog2(w *world) { w.logs = service(w.server.URL+"/log2", 2) }

func TestSign(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*world)
		args []string
		want [3]int // timestamps, entries, bundles
	}{
		"timestamp only":                {func(*world) {}, nil, [3]int{1, 0, 0}},
		"timestamp and Rekor v2":        {withLog2, nil, [3]int{1, 1, 1}},
		"Rekor v2, not wanted":          {withLog2, []string{"--rekor=false"}, [3]int{1, 0, 0}},
		"Rekor v2, wanted":              {withLog2, []string{"--rekor"}, [3]int{1, 1, 1}},
		"timestamp and Rekor v1":        {withLog1, nil, [3]int{1, 1, 1}},
		"Rekor v1, which says the time": {func(w *world) { withLog1(w); w.stamps = nil }, nil, [3]int{0, 1, 1}},
		"Rekor v1, has it already":      {func(w *world) { withLog1(w); w.env["log1 has"] = "soon" }, nil, [3]int{1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.onGitHub()
			c.set(w)
			a := w.signed(w.sign(c.args...))
			bundles := 0
			if len(a.Bundle) > 0 {
				bundles = 1
			}
			if got := [3]int{len(a.Timestamps), len(a.Entries), bundles}; got != c.want {
				t.Errorf("timestamps, entries, bundles: %v, want %v", got, c.want)
			}
		})
	}
}

func TestSignAnswersCanonically(t *testing.T) {
	w := newWorld(t)
	w.onGitHub()
	withLog2(w)
	o := w.sign()
	a := w.signed(o)
	for _, text := range append(a.Entries, a.Bundle, canon.Raw(strings.TrimSuffix(o.stdout, "\n"))) {
		if same, err := canon.Transform(text); err != nil || !bytes.Equal(same, text) {
			t.Errorf("not canonical: %.100s (%v)", text, err)
		}
	}
	var b struct{ DSSEEnvelope struct{ Payload []byte } }
	if err := json.Unmarshal(a.Bundle, &b); err != nil || !bytes.Equal(b.DSSEEnvelope.Payload, statement(t)) {
		t.Errorf("the bundle holds another payload: %v", err)
	}
}

// TestSignRefusesQuestions asks before anybody else is asked.
func TestSignRefusesQuestions(t *testing.T) {
	good := string(base64.StdEncoding.EncodeToString(statement(t)))
	for name, c := range map[string]struct{ stdin, why string }{
		"nothing":             {" ", "standard input"},
		"no JSON":             {"hello", "standard input"},
		"unknown member":      {`{"payload":"` + good + `","key":"x"}`, "standard input"},
		"two objects":         {`{"payload":"` + good + `"}{"payload":"` + good + `"}`, "standard input"},
		"no payload":          {`{}`, "payload"},
		"payload no base64":   {`{"payload":"%"}`, "standard input"},
		"payload no JSON":     {`{"payload":"aGVsbG8="}`, "payload"},
		"payload not in form": {`{"payload":"` + base64.StdEncoding.EncodeToString(append(statement(t), ' ')) + `"}`, "canonical"},
		"too much":            {`{"payload":"` + strings.Repeat("a", child.MaxQuestion) + `"}`, "limit of 8388608"},
		"a secret, misspelt":  {`{"payload":"` + good + `","tokn":"` + token(nil) + `"}`, "standard input"},
		"a secret, broken":    {`{"token":"` + token(nil) + `,`, "standard input"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.onGitHub()
			w.stdin = c.stdin
			w.failed(w.sign(), cli.Usage, c.why)
			if len(w.asked) > 0 {
				t.Error("somebody was asked")
			}
		})
	}
}

func TestSignRefusesFlagsAndFiles(t *testing.T) {
	w := newWorld(t)
	w.onGitHub()
	rootFile, configFile := w.files()
	w.ask(child.SignQuestion{Payload: statement(t)})
	broken := w.write("broken.json", []byte("{"))
	large := w.write("large.json", bytes.Repeat([]byte(" "), maxFile+1))
	for why, args := range map[string][]string{
		"belong together":       {"--trusted-root", rootFile},
		"--signing-config belo": {"--signing-config", configFile},
		"no file " + w.dir:      {"--trusted-root", w.dir + "/gone", "--signing-config", configFile},
		"--trusted-root: read":  {"--trusted-root", broken, "--signing-config", configFile},
		"--signing-config: rea": {"--trusted-root", rootFile, "--signing-config", broken},
		"limit of 1048576":      {"--trusted-root", large, "--signing-config", configFile},
		"unknown --oidc":        {"--trusted-root", rootFile, "--signing-config", configFile, "--oidc", "gihtub"},
		"have auto, token, git": {"--trusted-root", rootFile, "--signing-config", configFile, "--oidc", "x"},
		"--timeout is 0s":       {"--trusted-root", rootFile, "--signing-config", configFile, "--timeout", "0s"},
		"--timeout is 11m":      {"--trusted-root", rootFile, "--signing-config", configFile, "--timeout", "11m"},
		"unknown command":       {"more"},
	} {
		w.failed(w.run(append([]string{"sign"}, args...)...), cli.Usage, why)
	}
	if len(w.asked) > 0 {
		t.Error("somebody was asked")
	}
}

func TestSignRefusesConfigurations(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*world)
		args []string
		why  string
	}{
		"nobody says the time":         {func(w *world) { w.stamps = nil }, nil, "nobody would say when"},
		"Rekor v2 doesn't":             {func(w *world) { withLog2(w); w.stamps = nil }, nil, "nobody would say when"},
		"Rekor v1 would, not wanted":   {func(w *world) { withLog1(w); w.stamps = nil }, []string{"--rekor=false"}, "nobody would say when"},
		"no log, but wanted":           {func(*world) {}, []string{"--rekor"}, "no transparency log"},
		"log of a version to come":     {func(w *world) { w.logs = service(w.server.URL, 3) }, nil, "no transparency log for now"},
		"timestamps only to come":      {func(w *world) { w.stamps[0].ValidityPeriodStart = time.Now().Add(time.Hour) }, nil, "no timestamp authority for now"},
		"authority only in the past":   {func(w *world) { w.now = time.Now().Add(-48 * time.Hour) }, nil, "no certificate authority for now"},
		"log without TLS":              {func(w *world) { w.logs = service("http://log.example", 2) }, nil, "https"},
		"timestamps with a password":   {func(w *world) { w.stamps = service("https://u:s3cret@tsa.example", 1) }, nil, "user name or password"},
		"timestamps at no web address": {func(w *world) { w.stamps = service("ftp://tsa.example", 1) }, nil, "want https"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.onGitHub()
			c.set(w)
			o := w.sign(c.args...)
			w.failed(o, cli.Usage, c.why)
			if strings.Contains(o.stderr, "s3cret") {
				t.Error("shows the password")
			}
		})
	}
}

// says answers with a status and text, whatever was asked.
func says(status int, text string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(status)
		_, _ = rw.Write([]byte(text))
	}
}

// hangs answers nothing until the client is gone.
func hangs(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then a server hears that its client is gone
	<-r.Context().Done()
}

// breaks hangs up in the middle of an answer.
func breaks(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Length", "1000")
	_, _ = rw.Write([]byte("{"))
	panic(http.ErrAbortHandler)
}

// floods does not stop.
func floods(rw http.ResponseWriter, r *http.Request) {
	rw.WriteHeader(http.StatusCreated)
	for r.Context().Err() == nil {
		if _, err := rw.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
			return
		}
	}
}

// trickles writes a byte now and then, for ever.
func trickles(rw http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := rw.Write([]byte(" ")); err != nil {
			return
		}
		rw.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
	}
}

func TestSignOnABadDay(t *testing.T) {
	away := http.RedirectHandler("https://elsewhere.example/", http.StatusTemporaryRedirect).ServeHTTP
	days := map[string]struct {
		fault http.HandlerFunc
		code  int
		why   string
		asked int
	}{
		"hangs":              {hangs, cli.Unknown, "no answer within 400ms", 1},
		"trickles":           {trickles, cli.Unknown, "no answer within 400ms", 1},
		"floods":             {floods, cli.Unknown, "limit", 1},
		"hangs up":           {breaks, cli.Unknown, "EOF", 1},
		"redirects":          {away, cli.Unknown, "redirects are not followed", 1},
		"not there":          {says(404, "no such page"), cli.Unknown, "404", 1},
		"overloaded":         {says(503, "later"), cli.Unknown, "503", tries},
		"too many questions": {says(429, ""), cli.Unknown, "429", tries},
		"refuses":            {says(400, "I don't like "+token(nil)), cli.No, "400", 1},
		"hotel's login page": {says(200, "<html>Please log in</html>"), cli.Unknown, "", 1},
		"says nothing":       {says(201, ""), cli.Unknown, "", 1},
		"empty object":       {says(201, "{}"), 0, "", 1},
	}
	for service, who := range map[string]string{"ca": "the certificate authority", "tsa": "the timestamp authority", "log1": "the transparency log", "log2": "the transparency log"} {
		for name, c := range days {
			t.Run(service+" "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.onGitHub()
				w.logs = w.log(service)
				w.faults[service] = []http.HandlerFunc{c.fault}
				o := w.sign("--timeout", "400ms")
				code := c.code
				if name == "empty object" {
					code = o.code // an empty log entry parses, and does not verify
					if code != cli.Unknown && code != cli.Integrity {
						t.Errorf("exit %d", code)
					}
				}
				w.failed(o, code, c.why)
				if !strings.Contains(o.stderr, who) && code != cli.Integrity {
					t.Errorf("doesn't say who: %s", o.stderr)
				}
				asked := c.asked
				if name == "hangs up" && !strings.HasPrefix(service, "log") {
					asked = tries // nothing is left behind there
				}
				if n := w.count(service); n != asked {
					t.Errorf("asked %d times, want %d", n, asked)
				}
			})
		}
	}
}

// log is the logs of a world in which service plays.
func (w *world) log(name string) []root.Service {
	if name == "log1" {
		return service(w.server.URL+"/log1", 1)
	}
	return service(w.server.URL+"/log2", 2)
}

func TestServiceThatFailsInside(t *testing.T) {
	for name, asked := range map[string]int{"ca": tries, "tsa": tries, "log1": 1, "log2": 1} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.onGitHub()
			w.logs = w.log(name)
			w.faults[name] = []http.HandlerFunc{says(500, "inside")}
			w.failed(w.sign(), cli.Unknown, "500")
			if n := w.count(name); n != asked {
				t.Errorf("asked %d times, want %d: what a log may have written is not written again", n, asked)
			}
		})
	}
}

func TestBusyServiceIsAskedAgain(t *testing.T) {
	for _, name := range []string{"ca", "tsa", "log1", "log2", "github"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.onGitHub()
			w.logs = w.log(name)
			w.faults[name] = []http.HandlerFunc{says(503, "later"), nil}
			w.signed(w.sign())
			if n := w.count(name); n != 2 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestServiceThatIsGone(t *testing.T) {
	const nobody = "http://127.0.0.1:1"
	for name, set := range map[string]func(*world){
		"the timestamp authority": func(w *world) { w.stamps = service(nobody, 1) },
		"the transparency log":    func(w *world) { w.logs = service(nobody, 2) },
		"the certificate authori": func(w *world) { w.server.URL = nobody },
		"GitHub's token service":  func(w *world) { w.env[githubURL] = nobody },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ask(child.SignQuestion{Payload: statement(t), Token: token(nil)})
			if strings.HasPrefix(name, "GitHub") {
				w.ask(child.SignQuestion{Payload: statement(t)})
				w.onGitHub()
			}
			set(w)
			w.failed(w.sign(), cli.Unknown, "ask "+name)
		})
	}
}

// TestSignRefusesAnswersThatDoNotVerify has services that answer in the right
// form.
func TestSignRefusesAnswersThatDoNotVerify(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(data []byte) []byte {
			out := bytes.Clone(data)
			if at < 0 {
				at += len(out)
			}
			out[at] ^= 1
			return out
		}
	}
	other := newWorld(t)
	for name, set := range map[string]func(*world){
		"certificate of another root":    func(w *world) { w.caCert, w.caKey = other.caCert, other.caKey; w.caRoot = other.tsaRoot },
		"certificate's signature turned": func(w *world) { w.caOut = flip(-1) },
		"certificate of another key":     func(w *world) { w.caOut = func([]byte) []byte { return other.tsaCert.Raw } },
		"certificate that is none":       func(w *world) { w.caOut = func([]byte) []byte { return []byte("x") } },
		"timestamp of another authority": func(w *world) { w.tsaKey, w.tsaRoot = other.tsaKey, other.tsaRoot },
		"timestamp's signature turned":   func(w *world) { w.tsaOut = flip(-1) },
		"Rekor v2: body of another":      func(w *world) { w.logOut = edited("e30=", "canonicalizedBody") },
		"Rekor v2: another root hash":    func(w *world) { w.logOut = edited(strings.Repeat("A", 43)+"=", "inclusionProof", "rootHash") },
		"Rekor v2: another tree size":    func(w *world) { w.logOut = edited("99", "inclusionProof", "treeSize") },
		"Rekor v2: another kind":         func(w *world) { w.logOut = edited("dsse", "kindVersion", "kind") },
		"Rekor v2: another version":      func(w *world) { w.logOut = edited("0.0.1", "kindVersion", "version") },
		"Rekor v2: no checkpoint":        func(w *world) { w.logOut = edited("", "inclusionProof", "checkpoint", "envelope") },
		"Rekor v2: another index":        func(w *world) { w.logOut = edited("5", "logIndex") },
		"Rekor v2: another log":          func(w *world) { w.logOut = edited("AAAA", "logId", "keyId") },
		"Rekor v2: checkpoint by somebody": func(w *world) {
			w.logOut = edited(other.checkpoint(make([]byte, 32)), "inclusionProof", "checkpoint", "envelope")
		},
		"certificate logs, but no promise":  func(w *world) { w.ctLogs = map[string]*root.TransparencyLog{"00": w.aLog()} },
		"Rekor v2: proof without its entry": func(w *world) { w.logOut = edited(nil, "inclusionProof") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.onGitHub()
			withLog2(w)
			set(w)
			w.failed(w.sign(), cli.Integrity, "")
		})
	}
}

// aLog is some certificate log.
func (w *world) aLog() *root.TransparencyLog {
	return &root.TransparencyLog{BaseURL: "https://ct.example", ID: []byte{0}, ValidityPeriodStart: time.Now().Add(-time.Hour), HashFunc: 5, PublicKey: w.tsaKey.Public(), SignatureHashFunc: 5}
}

func TestRekorV1AnswersThatDoNotVerify(t *testing.T) {
	for name, from := range map[string]string{"integrated at another time": `"integratedTime":1`, "at another index": `"logIndex":0`} {
		w := newWorld(t)
		w.onGitHub()
		withLog1(w)
		w.logOut = func(data []byte) []byte {
			if !bytes.Contains(data, []byte(from)) {
				t.Fatalf("%s: no %s in %s", name, from, data)
			}
			return bytes.ReplaceAll(data, []byte(from), []byte(strings.Replace(from, ":", ":3", 1)))
		}
		if o := w.sign(); o.code != cli.Integrity && o.code != cli.Unknown || o.stdout != "" {
			t.Errorf("%s: exit %d %s", name, o.code, o.stderr)
		}
	}
}

// TestEntryThatArrivedTwice has somebody between us and the log who sends
// everything twice.
func TestEntryThatArrivedTwice(t *testing.T) {
	has := says(409, `{"code":6,"message":"an equivalent entry already exists"}`)
	w := newWorld(t)
	w.onGitHub()
	withLog2(w)
	w.faults["log2"] = []http.HandlerFunc{has, nil}
	w.signed(w.sign())
	if certified, logged, stamped := w.count("ca"), w.count("log2"), w.count("tsa"); certified != 1 || logged != 2 || stamped != 2 {
		t.Errorf("asked for %d certificates, %d entries, %d timestamps", certified, logged, stamped)
	}
	w.faults["log2"] = []http.HandlerFunc{has}
	w.failed(w.sign(), cli.Unknown, "409")
	if logged := w.count("log2"); logged != 4 {
		t.Errorf("asked %d times", logged)
	}
}

func TestNothingIsPrintedIfTheFilesDoNotBelongTogether(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	w.onGitHub()
	_, configFile := w.files()
	rootFile, _ := other.files()
	w.ask(child.SignQuestion{Payload: statement(t)})
	w.failed(w.run("sign", "--trusted-root", rootFile, "--signing-config", configFile), cli.Integrity, "belong together")
}

func TestSignLeavesNoFile(t *testing.T) {
	w := newWorld(t)
	w.onGitHub()
	w.env["HOME"] = t.TempDir()
	w.signed(w.sign())
	if left, err := os.ReadDir(w.env["HOME"]); err != nil || len(left) > 0 {
		t.Errorf("left %v %v", left, err)
	}
}
