// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gateledger/gateledger/internal/cli"
)

func TestLedgerURL(t *testing.T) {
	for name, c := range map[string]struct{ root, common, url, want string }{
		"the default in a checkout":         {"/r", "/r/.git", "dir:", "dir:/r/.git/gateledger"},
		"the default in a linked worktree":  {"/w", "/r/.git", "dir:", "dir:/r/.git/gateledger"},
		"the default outside of a checkout": {"/r", "", "dir:", "dir:/r/.gateledger"},
		"nothing is the default":            {"/r", "/r/.git", "", "dir:/r/.git/gateledger"},
		"a path from the root":              {"/r", "/r/.git", "dir:logs/app", "dir:/r/logs/app"},
		"a path upward from the root":       {"/r", "/r/.git", "dir:../logs", "dir:/logs"},
		"an absolute path":                  {"/r", "/r/.git", "dir:/srv/log", "dir:/srv/log"},
		"an export":                         {"/r", "/r/.git", "audit.tar", "tar:" + absolute("audit.tar")},
		"an export, said so":                {"/r", "/r/.git", "tar:audit.tar", "tar:" + absolute("audit.tar")},
		"a folder, without a scheme":        {"/r", "/r/.git", "/srv/log", "dir:/srv/log"},
		"another scheme":                    {"/r", "/r/.git", "git:origin", "git:origin"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ledgerURL(c.root, c.common, c.url); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestPathsAreShownShort(t *testing.T) {
	env := newHome(t)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Dir(here)
	for path, want := range map[string]string{
		filepath.Join(here, "a/b"):          "a/b",
		"dir:" + filepath.Join(here, "log"): "dir:log",
		filepath.Join(home, ".config/key"):  "~/.config/key",
		"/elsewhere/key":                    "/elsewhere/key",
		"you trust this policy":             "you trust this policy",
	} {
		if got := shown(env, path); got != want {
			t.Errorf("shown(%s) = %s, want %s", path, got, want)
		}
	}
	homeless := &cli.Env{Getenv: func(string) string { return "" }}
	if got := shown(homeless, "/elsewhere"); got != "/elsewhere" {
		t.Errorf("without a home: %s", got)
	}
}

func TestPlaceOutsideOfACheckoutHasNoSettings(t *testing.T) {
	env := newHome(t)
	p, err := findPlace(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	if p.repo != nil || p.common != "" || p.config(t.Context(), "user.name") != "" {
		t.Errorf("%+v", p)
	}
	if want, _ := os.Getwd(); p.root != want {
		t.Errorf("root %s, want %s", p.root, want)
	}
}
