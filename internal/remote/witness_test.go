// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/kinds"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/proof"
)

// A witnessed is a log of one leaf, and a configuration of its witness.
type witnessed struct {
	config child.WitnessConfig
	key    proof.CosignerKey
	signer note.Signer
}

func newWitnessed(t *testing.T) *witnessed {
	t.Helper()
	key, err := proof.NewCosignerKey("witness.example/w1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, "log.example")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "w1.key")
	if err := os.WriteFile(file, []byte(key.Private()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &witnessed{key: key, signer: signer, config: child.WitnessConfig{
		KeyFile: file, State: filepath.Join(dir, "state"), Logs: []string{vkey}, Listen: "127.0.0.1:0",
		Rate: 50, Connections: 4, Metrics: filepath.Join(dir, "witness.prom"),
	}}
}

// checkpoint is signed over a tree whose only leaf is text.
func (w *witnessed) checkpoint(t *testing.T, text string) proof.Checkpoint {
	t.Helper()
	c, err := proof.SignCheckpoint("log.example", 1, tlog.RecordHash([]byte(text)), w.signer)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A running is the verb at work.
type running struct {
	in   *io.PipeWriter
	logs chan string
	end  chan outcome
	url  string
}

// start runs the verb, and returns once it listens or has ended.
func (w *witnessed) start(t *testing.T) *running {
	t.Helper()
	in, to := io.Pipe()
	from, out := io.Pipe()
	r := &running{in: to, logs: make(chan string, 100), end: make(chan outcome, 1)}
	var stderr bytes.Buffer
	go func() {
		env := &cli.Env{Args: []string{child.Name, "witness"}, Getenv: func(string) string { return "" }, Stdin: in, Stdout: out, Stderr: &stderr, Now: time.Now}
		code := cli.Run(context.Background(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, network()) })
		_ = out.Close()
		r.end <- outcome{code, "", stderr.String()}
	}()
	go func() {
		defer close(r.logs)
		for lines := bufio.NewScanner(from); lines.Scan(); {
			r.logs <- lines.Text()
		}
	}()
	data, err := canon.Marshal(w.config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := to.Write(append(data, '\n')); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = to.Close() })
	for line := range r.logs {
		var l child.ServeLine
		if err := canon.Decode([]byte(line), &l); err != nil || l.Log == nil || l.Schema != child.ServeSchema {
			t.Fatalf("%s: %v", line, err)
		}
		if l.Log.Message == "ready" {
			r.url = "http://" + l.Log.Attributes[1]
			return r
		}
	}
	return r
}

// stop ends its input, and returns how it ended and what it had logged.
func (r *running) stop() (outcome, string) {
	_ = r.in.Close()
	var logs []string
	for line := range r.logs {
		logs = append(logs, line)
	}
	return <-r.end, strings.Join(logs, "\n")
}

func (w *witnessed) submit(t *testing.T, url string, c proof.Checkpoint, old uint64) error {
	t.Helper()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	a, err := kinds.Open(anchored.Spec{Kind: "witness", Name: "w1", URL: url, Key: w.key.String()}, anchor.World{Base: base, Timeout: 10 * time.Second, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Submit(t.Context(), anchor.Submission{Checkpoint: c, Old: old})
	return err
}

func TestWitnessServesAndEnds(t *testing.T) {
	w := newWitnessed(t)
	for range 2 { // and again, on the state that it left
		r := w.start(t)
		err := w.submit(t, r.url, w.checkpoint(t, "a"), 0)
		if behind := (*anchor.Behind)(nil); err != nil && !asBehind(err, &behind) {
			t.Fatal(err)
		}
		if err := w.submit(t, r.url, w.checkpoint(t, "a"), 1); err != nil {
			t.Error(err)
		}
		got, logs := r.stop()
		if got.code != 0 || !strings.Contains(logs, `"stopped"`) {
			t.Errorf("%+v\n%s", got, logs)
		}
	}
	data, err := os.ReadFile(w.config.Metrics)
	if err != nil || !strings.Contains(string(data), `gateledger_witness_size{origin="log.example"} 1`) {
		t.Errorf("metrics: %s, %v", data, err)
	}
}

func asBehind(err error, to **anchor.Behind) bool {
	b, ok := err.(*anchor.Behind) //nolint:errorlint // just this
	*to = b
	return ok
}

// A log that was caught with two histories is told at once, and at the end.
func TestWitnessTellsOfAFork(t *testing.T) {
	w := newWitnessed(t)
	r := w.start(t)
	if err := w.submit(t, r.url, w.checkpoint(t, "a"), 0); err != nil {
		t.Fatal(err)
	}
	if err := w.submit(t, r.url, w.checkpoint(t, "b"), 1); err == nil {
		t.Fatal("it cosigned both")
	}
	got, logs := r.stop()
	if got.code != cli.Integrity || !strings.Contains(got.stderr, "two histories of a log were shown: log.example") || !strings.Contains(logs, "FORK") {
		t.Errorf("%+v\n%s", got, logs)
	}
	names, err := filepath.Glob(filepath.Join(w.config.State, "fork-*.json"))
	if err != nil || len(names) != 1 {
		t.Errorf("evidence: %v, %v", names, err)
	}
}

func TestWitnessRefusesToStart(t *testing.T) {
	other := newWitnessed(t)
	for fact, c := range map[string]struct {
		change func(*witnessed)
		code   int
		text   string
	}{
		"reachable without TLS": {func(w *witnessed) { w.config.Listen = "0.0.0.0:0" }, cli.Usage, "can be reached from elsewhere, without TLS"},
		"half of TLS":           {func(w *witnessed) { w.config.Certificate = w.config.KeyFile }, cli.Usage, "both a certificate and its key"},
		"no certificate":        {func(w *witnessed) { w.config.Certificate, w.config.Key = w.config.KeyFile, w.config.KeyFile }, cli.Usage, "no certificate in PEM"},
		"no address":            {func(w *witnessed) { w.config.Listen = "127.0.0.1:x" }, cli.Usage, "listen"},
		"no key":                {func(w *witnessed) { w.config.KeyFile += "x" }, cli.Usage, "no such key here"},
		"a key for all to read": {func(w *witnessed) { _ = os.Chmod(w.config.KeyFile, 0o644) }, cli.Usage, "others could read"},
		"a log's key":           {func(w *witnessed) { _ = os.WriteFile(w.config.KeyFile, []byte("PRIVATE+KEY+x+00000000+AQ=="), 0o600) }, cli.Usage, "no Ed25519 key"},
		"no logs":               {func(w *witnessed) { w.config.Logs = nil }, cli.Usage, "0 keys of logs"},
		"no connections":        {func(w *witnessed) { w.config.Connections = 0 }, cli.Usage, "connections"},
		"its state is gone": {func(w *witnessed) {
			w.start(t).stop()
			w.config.State += "2"
		}, cli.Integrity, "the state that this witness left is not there"},
		"it was begun since it was looked for": {func(w *witnessed) {
			_ = os.Symlink("gone", w.config.KeyFile+".begun") // no file yet, and one that can't be made
		}, cli.Integrity, "was begun elsewhere"},
		"another's state": {func(w *witnessed) {
			w.config.State = other.config.State
			other.start(t).stop()
		}, cli.Integrity, "not the state that this witness left"},
	} {
		w := newWitnessed(t)
		c.change(w)
		r := w.start(t)
		if r.url != "" {
			t.Errorf("%s: it listens", fact)
		}
		if got, _ := r.stop(); got.code != c.code || !strings.Contains(got.stderr, c.text) || strings.Contains(got.stderr, "PRIVATE") {
			t.Errorf("%s: %+v", fact, got)
		}
	}
}

// Two processes never have one state.
func TestWitnessHasItsStateAlone(t *testing.T) {
	w := newWitnessed(t)
	one := w.start(t)
	two := w.start(t)
	if got, _ := two.stop(); got.code != cli.Usage || !strings.Contains(got.stderr, "another process works with it") {
		t.Errorf("the second: %+v", got)
	}
	if got, _ := one.stop(); got.code != 0 {
		t.Errorf("the first: %+v", got)
	}
}

// More connections than are allowed wait, and are served once one is given
// free.
func TestConnectionsAreLimited(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limit(inner, 2)
	accepted := make(chan net.Conn, 10)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	var clients []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	first, second := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Fatal("a third was accepted")
	default:
	}
	_ = first.Close()
	_ = first.Close() // gives one slot free, and no more
	third := <-accepted
	select {
	case <-accepted:
		t.Fatal("a fourth was accepted")
	default:
	}
	_ = l.Close()
	<-ended
	for _, c := range slices.Concat(clients, []net.Conn{second, third}) {
		_ = c.Close()
	}
}

func TestOriginHashIsOfTheSpecification(t *testing.T) {
	w := newWitnessed(t)
	r := w.start(t)
	if err := w.submit(t, r.url, w.checkpoint(t, "a"), 0); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(fmt.Sprintf("%s/%x/checkpoint", r.url, sha256.Sum256([]byte("log.example"))))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || !bytes.HasPrefix(data, w.checkpoint(t, "a").Raw) {
		t.Errorf("%d %s, %v", resp.StatusCode, data, err)
	}
	r.stop()
}

// headOf runs witness-head.
func headOf(t *testing.T, q child.WitnessHeadQuestion) (outcome, []byte) {
	t.Helper()
	stdin, err := canon.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	env := &cli.Env{Args: []string{child.Name, "witness-head"}, Getenv: func(string) string { return "" }, Stdin: bytes.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
	code := cli.Run(t.Context(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
	var a child.WitnessHeadAnswer
	if code == cli.OK {
		if err := canon.Decode(stdout.Bytes(), &a); err != nil || a.Schema != child.WitnessHeadSchema {
			t.Errorf("%s: %v", &stdout, err)
		}
	}
	return outcome{code, stdout.String(), stderr.String()}, a.Checkpoint
}

func TestWitnessHead(t *testing.T) {
	w := newWitnessed(t)
	r := w.start(t)
	spec := anchored.Spec{Kind: "witness", Name: "w1", URL: r.url, Key: w.key.String()}
	if got, raw := headOf(t, child.WitnessHeadQuestion{Spec: spec, Origin: "log.example"}); got.code != cli.OK || raw != nil {
		t.Errorf("before anything was cosigned: %+v, %q", got, raw)
	}
	if err := w.submit(t, r.url, w.checkpoint(t, "a"), 0); err != nil {
		t.Fatal(err)
	}
	got, raw := headOf(t, child.WitnessHeadQuestion{Spec: spec, Origin: "log.example"})
	if _, err := note.Open(raw, note.VerifierList(w.key.Cosigner)); got.code != cli.OK || err != nil || !bytes.HasPrefix(raw, w.checkpoint(t, "a").Raw) {
		t.Errorf("%+v: %q, %v", got, raw, err)
	}
	r.stop()
	if got, _ := headOf(t, child.WitnessHeadQuestion{Spec: spec, Origin: "log.example"}); got.code != cli.Unknown {
		t.Errorf("nobody is there: %+v", got)
	}
	if got, _ := headOf(t, child.WitnessHeadQuestion{Spec: spec}); got.code != cli.Usage {
		t.Errorf("of no log: %+v", got)
	}
	spec.URL = "ftp://w1.example"
	if got, _ := headOf(t, child.WitnessHeadQuestion{Spec: spec, Origin: "log.example"}); got.code != cli.Usage {
		t.Errorf("at no address: %+v", got)
	}
}
