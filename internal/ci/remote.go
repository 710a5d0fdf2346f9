// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"net/url"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A remote is a repository by its address, for hosts that have no id of it.
type remote struct{ host, path string }

// id is the same for every address of the repository, and can't be taken for
// a number that a forge gave out. A repository that moves gets another one.
func (r remote) id() string {
	if r.path == "" {
		return ""
	}
	return "url:" + r.host + "/" + r.path
}

// remote reads the address of a repository on a host, in any of git's ways to
// write one. It never repeats the address, which may hold a password.
func (v *variables) remote(name, hint string) remote {
	value := v.getenv(name)
	if value == "" {
		v.problem("%s is not set (%s)", name, hint)
		return remote{}
	}
	if v.optional(name) == "" { // it has said why
		return remote{}
	}
	r, ok := parseRemote(value)
	if !ok {
		v.problem("%s is no address of a repository on a host", name)
		return remote{}
	}
	return r
}

// parseRemote reads https://, http://, ssh:// and git:// addresses, and
// user@host:path. User, password, standard port, and .git at the end are left
// out, for they differ between addresses of one repository.
func parseRemote(address string) (remote, bool) {
	var r remote
	if !strings.Contains(address, "://") {
		host, rest, ok := strings.Cut(address, ":")
		if _, after, user := strings.Cut(host, "@"); user {
			host = after
		}
		if !ok || len(host) < 2 || strings.HasPrefix(rest, ":") { // a drive, or a transport's name
			return remote{}, false
		}
		r = remote{host, rest}
	} else {
		u, err := url.Parse(address)
		if err != nil || strings.Contains(u.RawPath, "%") || u.RawQuery != "" || u.Fragment != "" {
			return remote{}, false
		}
		standard, known := map[string]string{"https": ":443", "http": ":80", "ssh": ":22", "git": ":9418"}[u.Scheme]
		if !known {
			return remote{}, false
		}
		r = remote{strings.TrimSuffix(u.Host, standard), u.Path}
	}
	r.host = strings.ToLower(r.host)
	r.path = strings.TrimSuffix(strings.Trim(r.path, "/"), ".git")
	return r, r.sound()
}

// RepositoryAt is the host and the path of the repository at an address of git's,
// as jobs have them; not ok where that is no address of a host.
func RepositoryAt(address string) (host, path string, ok bool) {
	r, ok := parseRemote(address)
	return r.host, r.path, ok
}

// hostPort is a name or address with or without a port.
var hostPort = pattern.New(`^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)

// sound reports a host and path that can be told from anything else, a
// password in the wrong place for one.
func (r remote) sound() bool {
	return hostPort.MatchString(r.host) && r.path != "" && path.Clean("/"+r.path) == "/"+r.path &&
		!strings.ContainsAny(r.path, ` \?#%@`) && printable(r.path)
}

// page is an http address that ends in a slash, without user or query.
func (v *variables) page(name string) string {
	value := v.word(name)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" || !strings.HasSuffix(value, "/") {
		return v.problem("%s is no https URL of a page that ends in a slash", name)
	}
	return value
}
