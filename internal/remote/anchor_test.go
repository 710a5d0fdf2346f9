// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"encoding/hex"
	"net/http"
	"slices"
	"testing"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/anchortest"
	"github.com/gateledger/gateledger/internal/anchor/kinds"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// Every kind of anchor can be asked, and sees just the variables that the
// program in front of us passes on.
func TestAnchorKindsAgree(t *testing.T) {
	var names []string
	for _, k := range kinds.All() {
		names = append(names, k.Name)
		if !slices.Equal(k.Variables, child.AnchorVariables(k.Name)) {
			t.Errorf("%s: variables %q there, %q here", k.Name, child.AnchorVariables(k.Name), k.Variables)
		}
	}
	var want []string
	for _, k := range anchored.Kinds() {
		want = append(want, k.Name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("kinds %q, want %q", names, want)
	}
}

// anchorQuestion asks for a log of three leaves to be dated by the world's
// timestamp authority.
func (w *world) anchorQuestion() child.AnchorQuestion {
	l := anchortest.NewLog(w.t)
	return child.AnchorQuestion{
		Spec:       anchored.Spec{Kind: "tsa", Name: "stamp", URL: w.server.URL + "/tsa"},
		Checkpoint: l.Grow(w.t, 3).Raw, Keys: []string{l.VerifierKey}, Since: [][]byte{},
	}
}

func (w *world) anchor(q child.AnchorQuestion) outcome {
	w.t.Helper()
	w.ask(q)
	return w.run("anchor", "--timeout", "5s")
}

func TestAnchorVerb(t *testing.T) {
	w := newWorld(t)
	q := w.anchorQuestion()
	o := w.anchor(q)
	if o.code != cli.OK {
		t.Fatalf("exit %d: %s", o.code, o.stderr)
	}
	var a child.AnchorAnswer
	w.check(canon.Decode([]byte(o.stdout), &a))
	r, err := anchored.ParseReceipt(a.Receipt)
	if err != nil || a.Schema != child.AnchorSchema || r.Kind != "tsa" || r.Name != "stamp" || string(r.Checkpoint) != string(q.Checkpoint) || a.Behind != nil || a.Cost != nil {
		t.Errorf("%s: %v", o.stdout, err)
	}
}

func TestAnchorVerbFails(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(*child.AnchorQuestion)
		fault http.HandlerFunc
		code  int
		why   string
	}{
		"an unknown kind":         {func(q *child.AnchorQuestion) { q.Spec.Kind = "tso" }, nil, cli.Usage, "did you mean tsa?"},
		"nobody's key":            {func(q *child.AnchorQuestion) { q.Keys = nil }, nil, cli.Usage, "must have a key"},
		"no key":                  {func(q *child.AnchorQuestion) { q.Keys = []string{"x"} }, nil, cli.Usage, "keys"},
		"a stranger's checkpoint": {func(q *child.AnchorQuestion) { q.Keys = []string{anchortest.NewLog(t).VerifierKey} }, nil, cli.Usage, "checkpoint"},
		"no checkpoint":           {func(q *child.AnchorQuestion) { q.Checkpoint = []byte("x") }, nil, cli.Usage, "checkpoint"},
		"a long proof":            {func(q *child.AnchorQuestion) { q.Since = make([][]byte, 50) }, nil, cli.Usage, "at most 49"},
		"a short hash":            {func(q *child.AnchorQuestion) { q.Since = [][]byte{{1}} }, nil, cli.Usage, "a hash of 1 bytes"},
		"no root":                 {func(q *child.AnchorQuestion) { q.Root = []byte("x") }, nil, cli.Usage, "root"},
		"a password":              {func(q *child.AnchorQuestion) { q.Spec.URL = "https://me:" + bearer + "@tsa.example" }, nil, cli.Usage, "a user name or password"},
		"it says no":              {nil, says(403, "pay first"), cli.No, "403 Forbidden: pay first"},
		"it is busy":              {nil, says(503, ""), cli.Unknown, "timestamp authority stamp at 127.0.0.1"},
		"it is moved":             {nil, http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP, cli.Unknown, "redirects are not followed"},
		"it gives a web page":     {nil, says(200, "<html>"), cli.Unknown, "no timestamp response"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			q := w.anchorQuestion()
			if c.edit != nil {
				c.edit(&q)
			}
			if c.fault != nil {
				w.faults["tsa"] = []http.HandlerFunc{c.fault}
			}
			w.failed(w.anchor(q), c.code, c.why)
		})
	}
}

// What an anchor sees of a trusted root are the ids of its logs.
func TestAnchorWorldHasTheLogsOfTheRoot(t *testing.T) {
	w := newWorld(t)
	rootFile, _ := w.files()
	data, err := readFile("root", rootFile)
	w.check(err)
	env := &cli.Env{Getenv: func(string) string { return "secret" }}
	got, err := anchorWorld(env, wire{}, 0, child.AnchorQuestion{Spec: anchored.Spec{Kind: "rekor"}, Root: data})
	w.check(err)
	var ids []string
	for _, id := range got.LogIDs {
		ids = append(ids, hex.EncodeToString(id))
	}
	if len(ids) != 2 || !slices.Contains(ids, hex.EncodeToString(w.v1ID())) {
		t.Errorf("ids %q", ids)
	}
	if got.Getenv("GATELEDGER_EVM_KEYSTORE") != "" || got.Getenv("HOME") != "" {
		t.Error("it sees the environment")
	}
}

func TestAnchorExits(t *testing.T) {
	for err, want := range map[error]int{
		anchor.ErrForked: cli.Integrity, anchor.ErrUnverified: cli.Integrity, anchor.ErrSetup: cli.Usage, anchor.ErrRefused: cli.No,
		anchor.ErrUnavailable: cli.Unknown, http.ErrBodyNotAllowed: cli.Unknown,
	} {
		if exit, ok := anchorExit(err).(*cli.Exit); !ok || exit.Code != want {
			t.Errorf("%v: %v, want exit %d", err, exit, want)
		}
	}
}
