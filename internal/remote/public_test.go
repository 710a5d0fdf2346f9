// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gateledger/gateledger/internal/cli"
)

// A repository is a TUF repository with one key for everything.
type repository struct {
	t      *testing.T
	key    ed25519.PrivateKey
	server *httptest.Server
	first  []byte // its first root

	mu     sync.Mutex
	files  map[string][]byte
	fault  http.HandlerFunc
	status int // of what is not there
}

func newRepository(t *testing.T, targets map[string][]byte) *repository {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := &repository{t: t, key: key, files: map[string][]byte{}, status: http.StatusNotFound}
	r.publish(1, time.Now().Add(time.Hour), targets)
	r.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		data, ok := r.files[strings.TrimPrefix(req.URL.Path, "/")]
		fault, status := r.fault, r.status
		r.mu.Unlock()
		switch {
		case fault != nil:
			fault(rw, req)
		case ok:
			_, _ = rw.Write(data)
		default:
			rw.WriteHeader(status)
		}
	}))
	t.Cleanup(r.server.Close)
	return r
}

func (r *repository) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// publish puts one more version of everything up.
func (r *repository) publish(version int64, expires time.Time, targets map[string][]byte) {
	r.t.Helper()
	key, err := metadata.KeyFromPublicKey(r.key.Public())
	r.check(err)
	root := metadata.Root(expires)
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		r.check(root.Signed.AddKey(key, role))
	}
	all := metadata.Targets(expires)
	for name, data := range targets {
		file, err := metadata.TargetFile().FromBytes(name, data, "sha256")
		r.check(err)
		all.Signed.Targets[name] = file
		r.files[fmt.Sprintf("targets/%x.%s", sha256.Sum256(data), name)] = data
	}
	snapshot, now := metadata.Snapshot(expires), metadata.Timestamp(expires)
	all.Signed.Version, snapshot.Signed.Version, now.Signed.Version = version, version, version
	snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(version)
	now.Signed.Meta["snapshot.json"] = metadata.MetaFile(version)
	if r.first == nil {
		r.first = sealed(r, root)
	}
	r.files[fmt.Sprintf("%d.targets.json", version)] = sealed(r, all)
	r.files[fmt.Sprintf("%d.snapshot.json", version)] = sealed(r, snapshot)
	r.files["timestamp.json"] = sealed(r, now)
}

func sealed[T metadata.Roles](r *repository, m *metadata.Metadata[T]) []byte {
	r.t.Helper()
	signer, err := signature.LoadSigner(r.key, crypto.Hash(0))
	r.check(err)
	_, err = m.Sign(signer)
	r.check(err)
	data, err := m.ToBytes(false)
	r.check(err)
	return data
}

// fetch runs the verb on the repository.
func (w *world) fetch(r *repository, args ...string) outcome {
	w.t.Helper()
	first := w.write("root.json", r.first)
	return w.run(append([]string{"trusted-root", "fetch", "-o", filepath.Join(w.dir, "fetched.json"), "--mirror", r.server.URL, "--mirror-root", first}, args...)...)
}

// sigstore is the targets of a repository of w.
func (w *world) sigstore() map[string][]byte {
	w.t.Helper()
	rootFile, configFile := w.files()
	targets := map[string][]byte{}
	for name, file := range map[string]string{rootTarget: rootFile, configTarget: configFile} {
		data, err := os.ReadFile(file)
		w.check(err)
		targets[name] = data
	}
	return targets
}

func TestFetch(t *testing.T) {
	w := newWorld(t)
	targets := w.sigstore()
	r := newRepository(t, targets)
	o := w.fetch(r, "--signing-config", filepath.Join(w.dir, "config.json"))
	if want := fmt.Sprintf("sha256:%x\n", sha256.Sum256(targets[rootTarget])); o.code != cli.OK || o.stdout != want {
		t.Fatalf("exit %d, said %q, want %q: %s", o.code, o.stdout, want, o.stderr)
	}
	for file, name := range map[string]string{"fetched.json": rootTarget, "config.json": configTarget} {
		if got, err := os.ReadFile(filepath.Join(w.dir, file)); err != nil || string(got) != string(targets[name]) {
			t.Errorf("%s is not %s: %v", file, name, err)
		}
	}
}

func TestFetchOnABadDay(t *testing.T) {
	other := newRepository(t, nil)
	spoil := func(name string, with []byte) func(*world, *repository) {
		return func(_ *world, r *repository) { r.files[name] = with }
	}
	broken := func(h http.HandlerFunc) func(*world, *repository) {
		return func(_ *world, r *repository) { r.fault = h }
	}
	for name, c := range map[string]struct {
		set  func(*world, *repository)
		code int
		why  string
	}{
		"gone":                {func(_ *world, r *repository) { r.server.Close() }, cli.Unknown, "ask the TUF repository"},
		"fails inside":        {broken(says(500, "")), cli.Unknown, "500"},
		"hangs":               {broken(hangs), cli.Unknown, "no answer within"},
		"floods":              {broken(floods), cli.Unknown, "limit"},
		"redirects":           {broken(http.RedirectHandler("/", http.StatusFound).ServeHTTP), cli.Unknown, "redirects"},
		"holds nothing":       {func(_ *world, r *repository) { clear(r.files) }, cli.Unknown, "404"},
		"forbids everything":  {func(_ *world, r *repository) { clear(r.files); r.status = 403 }, cli.Unknown, "403"},
		"of another key":      {func(_ *world, r *repository) { r.files = other.files }, cli.Integrity, "does not verify"},
		"timestamp is a page": {spoil("timestamp.json", []byte("<html>")), cli.Integrity, "does not verify"},
		"snapshot of another": {spoil("1.snapshot.json", other.files["1.snapshot.json"]), cli.Integrity, "does not verify"},
		"expired":             {func(_ *world, r *repository) { r.publish(1, time.Now().Add(-time.Minute), nil) }, cli.Integrity, "expired"},
		"has no trusted root": {func(_ *world, r *repository) { r.publish(1, time.Now().Add(time.Hour), nil) }, cli.Integrity, rootTarget},
		"trusted root is a text": {func(_ *world, r *repository) {
			r.publish(1, time.Now().Add(time.Hour), map[string][]byte{rootTarget: []byte("hello")})
		}, cli.Integrity, "read trusted_root.json"},
		"other bytes than promised":  {func(w *world, r *repository) { spoilTargets(r) }, cli.Integrity, "does not verify"},
		"target is longer than said": {func(w *world, r *repository) { spoilTargets(r, strings.Repeat(" ", 99)) }, cli.Integrity, "does not verify"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := newRepository(t, w.sigstore())
			c.set(w, r)
			w.failed(w.fetch(r, "--timeout=400ms"), c.code, c.why)
			if _, err := os.Stat(filepath.Join(w.dir, "fetched.json")); !os.IsNotExist(err) {
				t.Error("a file was written")
			}
		})
	}
}

// spoilTargets changes the files that the repository promises.
func spoilTargets(r *repository, more ...string) {
	for name, data := range r.files {
		if strings.HasPrefix(name, "targets/") {
			r.files[name] = []byte(strings.ToUpper(string(data)) + strings.Join(more, ""))
		}
	}
}

// TestFetchNoticesAnOlderState has a repository that goes back.
func TestFetchNoticesAnOlderState(t *testing.T) {
	w := newWorld(t)
	w.env["HOME"] = t.TempDir()
	r := newRepository(t, w.sigstore())
	before := r.files["timestamp.json"]
	r.publish(2, time.Now().Add(time.Hour), w.sigstore())
	if o := w.fetch(r); o.code != cli.OK {
		t.Fatal(o)
	}
	if _, err := os.Stat(filepath.Join(w.env["HOME"], ".cache", "gateledger", "tuf")); err != nil {
		t.Error(err)
	}
	r.files["timestamp.json"] = before
	w.failed(w.fetch(r), cli.Integrity, "does not verify")
}

func TestFetchRefusesFlags(t *testing.T) {
	w := newWorld(t)
	file := w.write("root.json", []byte("{}"))
	for why, args := range map[string][]string{
		"required flag":      {"fetch"},
		"belong together":    {"fetch", "-o", "x", "--mirror", "https://tuf.example"},
		"--mirror and --mir": {"fetch", "-o", "x", "--mirror-root", file},
		"no file":            {"fetch", "-o", "x", "--mirror", "https://tuf.example", "--mirror-root", w.dir + "/no"},
		"user name":          {"fetch", "-o", "x", "--mirror", "https://u@tuf.example", "--mirror-root", file},
		"unknown command":    {"fetsh"},
	} {
		w.failed(w.run(append([]string{"trusted-root"}, args...)...), cli.Usage, why)
	}
}

func TestCacheFolder(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"/c/gateledger/tuf":        {"XDG_CACHE_HOME": "/c", "HOME": "/h"},
		"/h/.cache/gateledger/tuf": {"HOME": "/h"},
		"":                         {"XDG_CACHE_HOME": "relative"},
	} {
		if got := cacheFolder(func(name string) string { return env[name] }); got != want {
			t.Errorf("%v: %q, want %q", env, got, want)
		}
	}
}
