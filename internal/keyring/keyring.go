// SPDX-License-Identifier: Apache-2.0

// Package keyring is the user's own folder: the private keys that this
// machine signs with, the policies the user has chosen to trust, and the
// newest head seen of each ledger. Nothing of it is ever taken from a ledger,
// a bundle or a checkout.
//
//	log/ORIGIN.key      the log's key, in the form of golang.org/x/mod/sumdb/note
//	event/NAME.pem      an event key, PKCS #8
//	trust/ORIGIN.yml    the policy trusted for a ledger
//	head/ORIGIN         the newest checkpoint seen of a ledger
//	root/SHA256.json    a Sigstore trusted root that some policy names
//	cache/ORIGIN.git    what was fetched of a ledger elsewhere; may be deleted
package keyring

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gateledger/gateledger/internal/product"
)

// What can be wrong, told apart by errors.Is.
var (
	ErrNoKey       = errors.New("no such key here")
	ErrExists      = errors.New("there is one already, and it is never overwritten")
	ErrPermissions = errors.New("others could read or change it")
	ErrWrongKey    = errors.New("not the key it should be")
	ErrName        = errors.New("not a name for a file")
)

// A Ring is the user's folder. Its methods make the parts they need. The zero
// Ring has no folder and holds nothing.
type Ring struct {
	dir string
}

// Open returns the ring in dir. It reads nothing yet, and dir need not exist.
func Open(dir string) Ring { return Ring{dir: dir} }

// Dir returns where the user's configuration is: the product's folder in
// XDG_CONFIG_HOME, else in HOME/.config, and on Windows and macOS where those
// systems have it.
func Dir(getenv func(string) string) (string, error) {
	return dirOn(runtime.GOOS, getenv)
}

func dirOn(goos string, getenv func(string) string) (string, error) {
	variable, rest := "XDG_CONFIG_HOME", ""
	switch {
	case goos == "windows":
		variable = "AppData"
	case goos == "darwin" || goos == "ios":
		variable, rest = "HOME", "Library/Application Support"
	case getenv(variable) == "":
		variable, rest = "HOME", ".config"
	}
	base := getenv(variable)
	switch {
	case base == "":
		return "", fmt.Errorf("find the configuration folder: %s is not set", variable)
	case !filepath.IsAbs(base):
		return "", fmt.Errorf("find the configuration folder: %s is %q, which is not an absolute path", variable, base)
	}
	return filepath.Join(base, filepath.FromSlash(rest), product.Name), nil
}

// path returns the file of a kind for a name. The name becomes a file name,
// and may come from a policy nobody trusts yet, so it can lead nowhere else.
func (r Ring) path(kind, name, suffix string) (string, error) {
	if r.dir == "" {
		return "", errors.New("no configuration folder")
	}
	if !isName(name) {
		return "", fmt.Errorf("%.80q: %w: letters, digits, dot, dash and underscore, at most %d, the first a letter or digit", name, ErrName, maxName)
	}
	return filepath.Join(r.dir, kind, name+suffix), nil
}

const maxName = 100

func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return s != "" && len(s) <= maxName &&
		strings.Trim(s, letters+"._-") == "" &&
		strings.ContainsRune(letters, rune(s[0]))
}
