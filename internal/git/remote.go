// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// ways are the settings that say how to get in at a remote.
const ways = `^(http\..*|credential\..*|core\.sshcommand|ssh\.variant)$`

// tuning are settings of http that are none of a cache's business: they name
// files that another program reads, or change what is transferred.
var tuning = pattern.New(`^http\.(.*\.)?(cookiefile|savecookies|postbuffer|maxrequests|minsessions|receivepack|uploadpack|getanyfile)$`)

// Remote returns where a named remote of the checkout is, and those settings
// of the checkout's, the user's and the system's configuration that say how
// to get in: http.<url>.extraheader, credential.*, core.sshcommand, http
// proxies and certificate authorities. A name that has a colon or slash is
// an address already. It is fs.ErrNotExist when there is no such remote.
func (r *Repo) Remote(ctx context.Context, name string) (Remote, error) {
	var remote Remote
	var err error
	if strings.ContainsAny(name, `:/\`) {
		if err := checkAddress(name); err != nil {
			return Remote{}, err
		}
		remote.URL = name
	} else if remote, err = r.addresses(ctx, name); err != nil {
		return Remote{}, err
	}
	remote.URL, remote.PushURL = r.absolute(remote.URL), r.absolute(remote.PushURL)
	out, err := r.git(ctx, "config", "--includes", "-z", "--get-regexp", ways)
	if exitCode(err) == 1 {
		return remote, nil
	}
	if err != nil {
		return Remote{}, fmt.Errorf("read how to get to remote %s: %w", clean(Redact(name), 80), err)
	}
	for entry := range strings.SplitSeq(string(out), "\x00") {
		key, value, has := strings.Cut(entry, "\n")
		if key == "" || tuning.MatchString(strings.ToLower(key)) {
			continue
		}
		if !has { // a key without "=" is true
			value = "true"
		}
		remote.Settings = append(remote.Settings, Setting{key, value})
	}
	return remote, nil
}

// addresses asks git where a remote is, after its own rewriting
// (url.*.insteadOf and pushInsteadOf). Of several it takes the first, as a
// fetch does.
func (r *Repo) addresses(ctx context.Context, name string) (Remote, error) {
	if err := checkRev(name); err != nil {
		return Remote{}, err
	}
	var remote Remote
	for to, args := range map[*string][]string{
		&remote.URL:     {"remote", "get-url", "--", name},
		&remote.PushURL: {"remote", "get-url", "--push", "--", name},
	} {
		out, err := r.git(ctx, args...)
		if exitCode(err) == 2 {
			return Remote{}, fmt.Errorf("git remote %s: %w", name, fs.ErrNotExist)
		}
		if err != nil {
			return Remote{}, err
		}
		*to, _, _ = strings.Cut(string(out), "\n")
		if err := checkAddress(*to); err != nil {
			return Remote{}, fmt.Errorf("git remote %s: %w", name, err)
		}
	}
	return remote, nil
}

// absolute makes a folder's address one that means the same elsewhere.
func (r *Repo) absolute(address string) string {
	if address == "" || !isLocal(address) || strings.Contains(address, "://") || filepath.IsAbs(address) {
		return address
	}
	return filepath.Join(r.TopLevel, filepath.FromSlash(address))
}
