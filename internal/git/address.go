// SPDX-License-Identifier: Apache-2.0

package git

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// A Setting is one line of git configuration. It reaches git by environment,
// so that a credential in it stands in no list of processes.
type Setting struct{ Key, Value string }

// A Remote is a repository elsewhere, and how git gets in. Where there are
// Settings, they are all there is: the user's and the system's configuration
// is not read besides, for it is in them already.
type Remote struct {
	URL      string    // to fetch from
	PushURL  string    // to push to; empty: URL
	Settings []Setting // credentials and the like, as the checkout's configuration has them
}

// An access is how one call of git gets to a remote.
type access struct {
	name     string // of the remote in the settings: nobody else's
	settings []Setting
	env      []string
	secrets  []string
}

// access prepares a call to the remote's address to fetch from or push to.
// No user or password is left in the address, which git shows to the whole
// machine as an argument of its transport program.
func (r Remote) access(push bool) (access, error) {
	address := r.URL
	if push && r.PushURL != "" {
		address = r.PushURL
	}
	if err := checkAddress(address); err != nil {
		return access{}, err
	}
	local := isLocal(address)
	if local && !strings.Contains(address, "://") {
		abs, err := filepath.Abs(address)
		if err != nil {
			return access{}, err
		}
		address = abs
	}
	a := access{name: "r" + strings.ToLower(rand.Text())}
	if len(r.Settings) > 0 && !local {
		a.env = []string{"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1"}
	}
	a.settings = append(a.settings, r.Settings...)
	address = a.takeUser(address)
	// The longest rewriting rule wins: this one, which changes nothing.
	a.settings = append(a.settings,
		Setting{"url." + address + ".insteadOf", address},
		Setting{"url." + address + ".pushInsteadOf", address},
		Setting{"remote." + a.name + ".url", address},
		Setting{"remote." + a.name + ".pushurl", address},
	)
	for _, s := range r.Settings {
		if secret := secretIn(s); secret != "" {
			a.secrets = append(a.secrets, secret)
		}
	}
	return a, nil
}

// takeUser moves the user and password of an http address into settings.
func (a *access) takeUser(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil || u.Scheme != "http" && u.Scheme != "https" {
		return address
	}
	user, password := u.User.Username(), ""
	password, both := u.User.Password()
	u.User = nil
	bare := u.String()
	switch {
	case a.authorized(): // a header says who we are already
	case both:
		token := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
		a.settings = append(a.settings, Setting{"http." + bare + ".extraHeader", "Authorization: Basic " + token})
		a.secrets = append(a.secrets, token)
	default: // a credential program may know the password
		a.settings = append(a.settings, Setting{"credential." + u.Scheme + "://" + u.Host + ".username", user})
	}
	if both {
		a.secrets = append(a.secrets, password, url.QueryEscape(password), url.PathEscape(password))
	}
	return bare
}

func (a *access) authorized() bool {
	for _, s := range a.settings {
		if isHeader(s.Key) && len(s.Value) > 14 && strings.EqualFold(s.Value[:14], "authorization:") {
			return true
		}
	}
	return false
}

// secretIn returns what of a setting must not be shown, or nothing.
func secretIn(s Setting) string {
	if !isHeader(s.Key) {
		return ""
	}
	_, value, _ := strings.Cut(s.Value, ":")
	value = strings.TrimSpace(value)
	if scheme, token, ok := strings.Cut(value, " "); ok && scheme != "" {
		value = strings.TrimSpace(token)
	}
	return value
}

func isHeader(key string) bool {
	key = strings.ToLower(key)
	return strings.HasPrefix(key, "http.") && strings.HasSuffix(key, ".extraheader")
}

// checkAddress refuses what git could take for an option or for more than one
// word.
func checkAddress(address string) error {
	switch {
	case address == "":
		return errors.New("the git remote has no address")
	case address[0] == '-', len(address) > 2048, strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errors.New("the git remote's address is none")
	}
	return nil
}

// isLocal reports an address that names a folder of this machine, as git tells
// it from host:path (git-clone(1)).
func isLocal(address string) bool {
	if scheme, _, ok := strings.Cut(address, "://"); ok {
		return scheme == "file"
	}
	before, _, ok := strings.Cut(address, ":")
	return !ok || strings.ContainsAny(before, `/\`) || filepath.VolumeName(address) != ""
}

// checkRef refuses what git-check-ref-format(1) refuses, and names outside of
// refs/. A * may stand at the end of a pattern.
func checkRef(ref string, pattern bool) error {
	name := ref
	if pattern {
		name = strings.TrimSuffix(name, "*")
		if strings.HasSuffix(name, "/") && name != ref {
			name += "x"
		}
	}
	bad := !strings.HasPrefix(name, "refs/") || len(name) > 1024 || strings.Contains(name, "..") || strings.Contains(name, "@{")
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") || strings.HasSuffix(part, ".")
	}
	bad = bad || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\"`, r) })
	if bad {
		return errors.New(quote(ref) + " is no full name of a git ref")
	}
	return nil
}

// quote shows a name that somebody else chose.
func quote(name string) string { return `"` + clean(name, 80) + `"` }
