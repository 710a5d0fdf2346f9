// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestARootIsKeptUnderItsDigest(t *testing.T) {
	r := newRing(t)
	digest, err := r.KeepRoot([]byte("{}"))
	if err != nil || digest != "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" {
		t.Fatalf("%s, %v", digest, err)
	}
	if data, ok, err := r.Root(digest); err != nil || !ok || string(data) != "{}" {
		t.Errorf("%s, %v, %v", data, ok, err)
	}
	if _, ok, err := r.Root("sha256:" + strings.Repeat("0", 64)); ok || err != nil {
		t.Errorf("one that is not there: %v, %v", ok, err)
	}
	for _, bad := range []string{"", "44136f", "sha256:../../etc/passwd", "sha256:"} {
		if _, ok, err := r.Root(bad); ok || err == nil {
			t.Errorf("digest %q: %v, %v", bad, ok, err)
		}
	}
	if _, err := r.KeepRoot(make([]byte, maxRoot+1)); err == nil {
		t.Error("a huge root was kept")
	}
}

func TestARootThatWasChangedIsNotGiven(t *testing.T) {
	r := newRing(t)
	digest, err := r.KeepRoot([]byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(r.dir, "root", strings.TrimPrefix(digest, "sha256:")+".json")
	if err := os.WriteFile(file, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, ok, err := r.Root(digest); !errors.Is(err, ErrWrongKey) || ok || data != nil {
		t.Errorf("%s, %v, %v", data, ok, err)
	}
}

func TestLogKeyFromAStream(t *testing.T) {
	private, _, err := note.GenerateKey(nil, "log.example")
	if err != nil {
		t.Fatal(err)
	}
	for fact, c := range map[string]struct {
		text   string
		origin string
		want   error
	}{
		"the key":                 {private, "log.example", nil},
		"the key and a newline":   {private + "\n", "log.example", nil},
		"nothing":                 {"", "log.example", ErrNoKey},
		"only space":              {" \n", "log.example", ErrNoKey},
		"the key of another log":  {private, "other.example", ErrWrongKey},
		"something else":          {"hunter2", "log.example", ErrWrongKey},
		"the key, cut off":        {private[:len(private)-4], "log.example", ErrWrongKey},
		"more than a key's worth": {strings.Repeat("A", maxKey+9), "log.example", ErrWrongKey},
	} {
		s, err := ReadLogKey(strings.NewReader(c.text), c.origin)
		if !errors.Is(err, c.want) || (err == nil) != (s != nil) {
			t.Errorf("%s: %v, want %v", fact, err, c.want)
		}
		if err != nil && c.text != "" && strings.Contains(err.Error(), strings.TrimSpace(c.text)) && len(strings.TrimSpace(c.text)) > 0 {
			t.Errorf("%s: the error shows the key", fact)
		}
	}
}

func TestLogKeyFileOthersCanReadIsRefused(t *testing.T) {
	private, _, err := note.GenerateKey(nil, "log.example")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(private), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLogKeyFile(file, "log.example"); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLogKeyFile(file, "log.example"); !errors.Is(err, ErrPermissions) {
		t.Errorf("%v", err)
	}
	if _, err := ReadLogKeyFile(private, "log.example"); !errors.Is(err, ErrWrongKey) || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("the key in place of a file: %v", err)
	}
	if _, err := ReadLogKeyFile(file+"x", "log.example"); !errors.Is(err, ErrNoKey) {
		t.Errorf("%v", err)
	}
}

func TestTheCacheIsTheUsersAlone(t *testing.T) {
	r := newRing(t)
	dir, err := r.Cache("log.example")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Dir(dir)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := r.Cache("../x"); !errors.Is(err, ErrName) {
		t.Errorf("%v", err)
	}
}
