// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git/gittest"
)

// A shore is a remote with one commit on the log, and a cache that has it.
type shore struct {
	*testing.T
	*gittest.Server
	b      *Bare
	r      Remote
	first  string // on logRef
	second string // after it, in the cache only
}

func newShore(t *testing.T, o gittest.Options) *shore {
	t.Helper()
	s := &shore{T: t, Server: gittest.Serve(t, o), b: newBare(t)}
	s.r.URL = s.URL
	if o.Authorization != "" {
		s.r.Settings = []Setting{{"http.extraHeader", "Authorization: " + o.Authorization}}
	}
	s.first = draft(t, s.b, map[string]string{"a": "1", "b/c": "2"})
	push(t, s.b, s.r, Update{Ref: logRef, New: s.first})
	s.second = draft(t, s.b, map[string]string{"a": "2"}, s.first)
	return s
}

// at is where a ref stands at the server, without asking over the network.
func (s *shore) at(ref string) string {
	s.Helper()
	return s.Git("for-each-ref", "--format=%(objectname)", ref)
}

func (s *shore) push(updates ...Update) error { return s.b.Push(s.Context(), s.r, updates...) }

// wants reports a push that ended otherwise than expected.
func (s *shore) wants(fact string, err, want error) {
	s.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		s.Errorf("%s: %v, want %v", fact, err, want)
	}
	for _, other := range []error{ErrMoved, ErrRefused, ErrRemote, ErrDamaged} {
		if other != want && errors.Is(err, other) {
			s.Errorf("%s: %v is %v too", fact, err, other)
		}
	}
}

func TestLeases(t *testing.T) {
	t.Parallel()
	for way, folder := range map[string]bool{"over HTTP": false, "in a folder": true} {
		s := newShore(t, gittest.Options{})
		if folder {
			s.r.URL = s.Dir
		}
		other := draft(t, s.b, map[string]string{"other": "x"})
		s.wants(way+": make a ref", s.push(Update{Ref: "refs/x/made", New: other}), nil)
		for _, c := range []struct {
			fact   string
			update Update
			want   error
		}{
			{"a ref is there that should not be", Update{Ref: logRef, New: s.second}, ErrMoved},
			{"a ref is elsewhere", Update{Ref: logRef, Old: other, New: s.second}, ErrMoved},
			{"a ref is not there that should be", Update{Ref: "refs/x/none", Old: other, New: s.second}, ErrMoved},
			{"to delete: not there", Update{Ref: "refs/x/none", Old: other}, ErrMoved},
			{"to delete: elsewhere", Update{Ref: logRef, Old: other}, ErrMoved},
			{"asked: it stands there", Update{logRef, s.first, s.first}, nil},
			{"asked: it does not", Update{logRef, other, other}, ErrMoved},
			{"asked: it is not there at all", Update{"refs/x/none", other, other}, ErrMoved},
			{"asked: it stands at what we never had", Update{logRef, strings.Repeat("5", 40), strings.Repeat("5", 40)}, ErrMoved},
			{"asked for nothing: right", Update{Ref: "refs/x/none"}, nil},
			{"asked for nothing: wrong", Update{Ref: logRef}, ErrMoved},
		} {
			s.wants(way+": "+c.fact, s.push(c.update), c.want)
		}
		if s.at(logRef) != s.first || s.at("refs/x") != other {
			t.Errorf("%s: something moved", way)
		}
		s.wants(way+": move", s.push(Update{logRef, s.first, s.second}), nil)
		s.wants(way+": back again, which is no fast forward", s.push(Update{logRef, s.second, s.first}), nil)
		s.wants(way+": delete", s.push(Update{Ref: "refs/x/made", Old: other}), nil)
		if s.at(logRef) != s.first || s.at("refs/x") != "" {
			t.Errorf("%s: not moved", way)
		}
	}
}

// Of updates that can't all be made none is.
func TestPushIsAtomic(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	parcel := draft(t, s.b, map[string]string{"p": "x"})
	push(t, s.b, s.r, Update{Ref: "refs/x/p", New: parcel})
	both := []Update{{logRef, s.first, s.second}, {Ref: "refs/x/p", Old: parcel}}
	s.wants("one lease is wrong", s.push(both[0], Update{Ref: "refs/x/p", Old: s.first}), ErrMoved)
	s.wants("one ref is gone", s.push(both[0], both[1], Update{Ref: "refs/x/q", Old: parcel}), ErrMoved)
	s.wants("one that only asks is wrong", s.push(both[0], Update{"refs/x/p", s.first, s.first}), ErrMoved)
	s.BeforePush(func() {
		s.BeforePush(nil)
		s.Git("update-ref", "refs/x/p", s.first)
	})
	s.wants("one is moved at the last moment", s.push(both...), ErrMoved)
	if s.at(logRef) != s.first || s.at("refs/x/p") != s.first {
		t.Error("half of it was made")
	}
	s.Git("update-ref", "refs/x/p", parcel)
	s.BeforePush(func() {
		s.BeforePush(nil)
		s.Git("update-ref", "-d", "refs/x/p")
	})
	s.wants("one is deleted at the last moment", s.push(both...), ErrMoved)
	if s.at(logRef) != s.first {
		t.Error("half of it was made")
	}
	s.Git("update-ref", "refs/x/p", parcel)
	s.wants("all together", s.push(append(both, Update{Ref: "refs/x/q", New: parcel})...), nil)
	if s.at(logRef) != s.second || s.at("refs/x/p") != "" || s.at("refs/x/q") != parcel {
		t.Error("not all of it was made")
	}
}

// Whatever somebody left at a ref can be moved to another one, also what is
// not a commit and what has a history that was not fetched.
func TestAnythingCanBeMoved(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	s.push(Update{logRef, s.first, s.second})
	b := newBare(t)
	blob := s.object("blob", "x")
	tag := s.object("tag", "object "+s.second+"\ntype commit\ntag x\ntagger a <a@b> 1 +0000\n\nx\n")
	merge := s.Git("commit-tree", "-m", "x", "-p", s.first, "-p", draftAt(s, s.second), s.first+"^{tree}")
	left := map[string]string{
		"blob": blob, "tree": s.Git("rev-parse", s.first+"^{tree}"), "tag": tag, "commit": s.second, "merge": merge,
		"tag-of-tag": s.object("tag", "object "+tag+"\ntype tag\ntag y\ntagger a <a@b> 1 +0000\n\nx\n"),
		"link":       s.hostile("refs/x/link", s.entry("120000", "f", blob)),
	}
	for name, id := range left {
		s.Git("update-ref", "refs/gateledger/pending/"+name, id)
	}
	var updates []Update
	for ref, id := range fetch(t, b, s.r, "refs/gateledger/pending/*") {
		updates = append(updates, Update{Ref: ref, Old: id}, Update{Ref: strings.Replace(ref, "pending", "quarantine", 1), New: id})
	}
	push(t, b, s.r, updates...)
	for name, id := range left {
		if at := s.at("refs/gateledger/quarantine/" + name); at != id || s.at("refs/gateledger/pending/"+name) != "" {
			t.Errorf("%s is at %q", name, at)
		}
	}
	// A ref can be moved away from what we never had.
	fresh := newBare(t)
	push(t, fresh, s.r, Update{logRef, s.second, draft(t, fresh, map[string]string{"new": "x"})})
	chain := draft(t, fresh, map[string]string{"new": "y"}, fetch(t, fresh, s.r, logRef)[logRef])
	for range 5 {
		chain = draft(t, fresh, map[string]string{"new": chain}, chain)
	}
	push(t, fresh, s.r, Update{Ref: "refs/x/chain", New: chain})
}

// A remote that answers with garbage is to blame for it, not the cache, which
// remembers what it saw there.
func TestGarbageIsNotDamage(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	b := newBare(t)
	if err := b.Keep(t.Context(), "head", fetch(t, b, s.r, logRef)[logRef]); err != nil {
		t.Fatal(err)
	}
	push(t, s.b, s.r, Update{logRef, s.first, s.second})
	for fact, garble := range map[string]func([]byte) []byte{
		"cut off":       func(a []byte) []byte { return a[:len(a)-30] },
		"a flipped bit": func(a []byte) []byte { a[len(a)-40] ^= 1; return a },
		"lies": func(a []byte) []byte {
			return []byte("0015acknowledgments\n0021ERR fatal: bad object HEAD\n\n\n0000")
		},
	} {
		s.Garble(garble)
		_, err := b.Fetch(t.Context(), s.r, logRef)
		s.wants(fact, err, ErrRemote)
	}
	s.Garble(nil)
	fetch(t, b, s.r, logRef)
}

func TestRefusedPushes(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{DenyDeletes: true, DenyForce: true})
	stranger := draft(t, s.b, map[string]string{"other": "x"})
	move := Update{logRef, s.first, s.second}
	s.RefusePushes(2)
	for range 2 {
		err := s.push(move)
		s.wants("a hook declines", err, ErrRefused)
		if err == nil || !strings.Contains(err.Error(), "the rule of this repository says no") {
			t.Errorf("the remote's words are lost: %v", err)
		}
	}
	s.wants("deletes are denied", s.push(Update{Ref: logRef, Old: s.first}), ErrRefused)
	s.wants("force is denied", s.push(Update{logRef, s.first, stranger}), ErrRefused)
	s.wants("a name in the way", s.push(Update{Ref: logRef + "/below", New: stranger}), ErrRefused)
	s.ReadOnly(true)
	s.wants("the remote can only be read", s.push(move), ErrRefused)
	s.wants("asked where nobody may push", s.push(Update{logRef, s.first, s.first}), ErrRefused)
	s.ReadOnly(false)
	s.Git("config", "receive.advertiseAtomic", "false")
	s.wants("the remote can't do all or nothing", s.push(move), ErrRefused)
	s.Git("config", "--unset", "receive.advertiseAtomic")
	if s.at(logRef) != s.first {
		t.Error("something was made")
	}
	s.wants("after all", s.push(move), nil)
}

func TestUnreachableRemotes(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	move := Update{logRef, s.first, s.second}
	all := func(fact string) {
		t.Helper()
		s.wants("push, "+fact, s.push(move), ErrRemote)
		s.wants("ask, "+fact, s.push(Update{logRef, s.first, s.first}), ErrRemote)
		_, err := s.b.Fetch(t.Context(), s.r, logRef)
		s.wants("fetch, "+fact, err, ErrRemote)
		_, err = s.b.List(t.Context(), s.r, logRef)
		s.wants("list, "+fact, err, ErrRemote)
	}
	s.Down(true)
	all("down")
	s.Down(false)
	for _, code := range []int{404, 429, 500, 503} {
		s.Status(code)
		all(fmt.Sprint("status ", code))
	}
	s.Status(0)
	s.wants("afterwards", s.push(move), nil)
	for _, url := range []string{
		"http://127.0.0.1:1/none.git", "file:///no/such/folder", "/no/such/folder", "ssh://127.0.0.1:1/none.git",
		"ext::sh -c touch% /tmp/sprung", "git://127.0.0.1:1/x", "http://[bad", "nowhere",
	} {
		s.r.URL = url
		all(url)
	}
	for _, url := range []string{"", "-oProxyCommand=x", "--upload-pack=x", "http://x/\ny"} {
		if _, err := s.b.Fetch(t.Context(), Remote{URL: url}, logRef); err == nil {
			t.Errorf("address %q was taken", url)
		}
	}
}

// A push whose answer is lost is ErrRemote, and may have been made. To send it
// again is fine.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for fact, lose := range map[string]func(*gittest.Server){
		"in the middle":         func(s *gittest.Server) { s.DropAnswer(1) },
		"before the first byte": func(s *gittest.Server) { s.LoseConnection(1) },
	} {
		s := newShore(t, gittest.Options{})
		lose(s.Server)
		s.wants("the answer is lost "+fact, s.push(Update{logRef, s.first, s.second}), ErrRemote)
		if s.at(logRef) != s.second {
			t.Errorf("%s: the server did not do it", fact)
		}
		s.wants("again, after "+fact, s.push(Update{logRef, s.first, s.second}), nil)
		s.wants("asked, after "+fact, s.push(Update{logRef, s.second, s.second}), nil)
		s.wants("asked for what was, after "+fact, s.push(Update{logRef, s.first, s.first}), ErrMoved)
	}
}

func TestUpdatesThatSayNothing(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	for fact, updates := range map[string][]Update{
		"no ref":               {{"main", s.first, s.second}},
		"an odd ref":           {{"refs/heads/a..b", s.first, s.second}},
		"a pattern":            {{"refs/heads/*", s.first, s.second}},
		"an option":            {{"--all", s.first, s.second}},
		"a short id":           {{logRef, s.first[:12], s.second}},
		"a name for an id":     {{logRef, s.first, "HEAD"}},
		"zeros":                {{logRef, strings.Repeat("0", 40), s.second}},
		"an id of sha256":      {{logRef, s.first, strings.Repeat("1", 64)}},
		"a ref twice":          {{logRef, s.first, s.second}, {Ref: logRef, Old: s.first}},
		"nothing, with others": {{logRef, s.first, s.second}, {Ref: "refs/x/y"}},
		"what is not here":     {{logRef, s.first, strings.Repeat("1", 40)}},
		"too many":             make([]Update, MaxUpdates+1),
	} {
		if err := s.push(updates...); err == nil || errors.Is(err, ErrRemote) {
			t.Errorf("%s: %v", fact, err)
		}
	}
	s.wants("none", s.push(), nil)
	if s.at(logRef) != s.first {
		t.Error("something moved")
	}
}

// Sixteen writers at once: each lease holds for one of them, the others hear
// that it moved, and after enough tries all have had their turn.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	shared := s.b
	var all sync.WaitGroup
	var moved atomic.Int32
	const writers = 6
	for i := range writers {
		b := shared
		if i%2 == 1 { // half of them are processes of their own
			b = openBare(t, shared.dir)
		}
		all.Go(func() {
			for range 200 {
				refs, err := b.Fetch(context.Background(), s.r, logRef)
				if err != nil {
					t.Errorf("fetch: %v", err)
					return
				}
				old := refs[logRef]
				id, err := b.Commit(context.Background(), Draft{Base: old, Parents: []string{old}, When: time.Unix(1, 0),
					Put: map[string][]byte{fmt.Sprint("writer/", i): []byte("x")}})
				if err != nil {
					t.Errorf("commit: %v", err)
					return
				}
				err = b.Push(context.Background(), s.r, Update{logRef, old, id})
				if err == nil {
					return
				}
				if !errors.Is(err, ErrMoved) {
					t.Errorf("push: %v", err)
					return
				}
				moved.Add(1)
			}
			t.Error("starved")
		})
	}
	all.Wait()
	got := files(t, s.b, fetch(t, s.b, s.r, logRef)[logRef])
	if len(got) != 2+writers {
		t.Errorf("%d files, want those of all writers: %v", len(got), got)
	}
	t.Logf("%d leases were lost", moved.Load())
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	const user, password = "robot", "s3cr3t/p@ss"
	token := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	s := newShore(t, gittest.Options{Authorization: "Basic " + token})
	withUser := strings.Replace(s.URL, "://", "://robot:s3cr3t%2Fp%40ss@", 1)
	for fact, r := range map[string]Remote{
		"a header":                   {URL: s.URL, Settings: []Setting{{"http." + s.URL + ".extraheader", "Authorization: Basic " + token}}},
		"user and password":          {URL: withUser},
		"both":                       {URL: withUser, Settings: []Setting{{"http.extraHeader", "Authorization: Basic " + token}}},
		"another address to fetch":   {URL: "http://127.0.0.1:1/none.git", PushURL: withUser},
		"a header reset before":      {URL: s.URL, Settings: []Setting{{"http.extraHeader", "Authorization: Basic wrong"}, {"http.extraHeader", ""}, {"http.extraHeader", "Authorization: Basic " + token}}},
		"an address to be rewritten": {URL: s.URL, Settings: []Setting{{"url.http://127.0.0.1:1/.insteadOf", "http://"}, {"http.extraHeader", "Authorization: Basic " + token}}},
	} {
		if err := s.b.Push(t.Context(), r, Update{logRef, s.first, s.first}); err != nil {
			t.Errorf("%s: %v", fact, err)
		}
	}
	seen, argv := 0, ""
	s.BeforePush(func() {
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, line := range lines {
			data, _ := os.ReadFile(line)
			if argv += string(data); strings.Contains(string(data), s.URL) {
				seen++
			}
		}
	})
	for i, r := range []Remote{{URL: s.URL, Settings: s.r.Settings}, {URL: withUser}} {
		push(t, s.b, r, Update{Ref: fmt.Sprint("refs/x/", i), New: s.first})
	}
	if runtime.GOOS == "linux" && seen == 0 || strings.Contains(argv, "p@ss") || strings.Contains(argv, "p%40ss") || strings.Contains(argv, token) {
		t.Errorf("the list of processes, with %d of git, shows a secret", seen)
	}
	s.BeforePush(nil)
	wrong := base64.StdEncoding.EncodeToString([]byte(user + ":" + "wr0ngpass"))
	for fact, r := range map[string]Remote{
		"none":              {URL: s.URL},
		"a wrong header":    {URL: s.URL, Settings: []Setting{{"http.extraHeader", "Authorization: Basic " + wrong}}},
		"a wrong password":  {URL: strings.Replace(s.URL, "://", "://robot:wr0ngpass@", 1)},
		"only a user":       {URL: strings.Replace(s.URL, "://", "://wr0ngpass@", 1)},
		"an unused header":  {URL: s.URL, Settings: []Setting{{"http.https://elsewhere.example/.extraHeader", "Authorization: Basic " + wrong}}},
		"a header and down": {URL: "http://127.0.0.1:1/x.git", Settings: []Setting{{"http.extraHeader", "Authorization: Basic " + wrong}}},
	} {
		errs := []error{s.b.Push(t.Context(), r, Update{logRef, s.first, s.second})}
		_, err := s.b.Fetch(t.Context(), r, logRef)
		errs = append(errs, err)
		_, err = s.b.List(t.Context(), r, logRef)
		for _, err := range append(errs, err) {
			s.wants(fact, err, ErrRemote)
			if text := fmt.Sprint(err); fact != "only a user" && strings.Contains(text, "wr0ngpass") || strings.Contains(text, wrong) {
				t.Errorf("%s: the error shows the secret: %v", fact, err)
			}
		}
	}
}
