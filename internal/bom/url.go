// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// minSecret is how long a credential must be before its bytes are searched for
// in the output. Shorter ones would be found in ordinary words.
const minSecret = 8

// ScrubURL returns a URL without user, query and fragment, and what was taken
// out that is a credential. A URL that cannot be parsed comes back empty.
func ScrubURL(raw string) (clean string, secrets []string) {
	if isPlainURL(raw) {
		return strings.Clone(raw), nil // else it would keep all of the file that it was cut from
	}
	return takeApart(raw)
}

// cleanURL is the clean part of ScrubURL, perhaps raw itself.
func cleanURL(raw string) string {
	if isPlainURL(raw) {
		return raw
	}
	clean, _ := takeApart(raw)
	return clean
}

func takeApart(raw string) (clean string, secrets []string) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || strings.ContainsAny(u.Host, "@ ") {
		return "", nil
	}
	if u.User != nil {
		secrets = append(secrets, userSecrets(u.User)...)
	}
	for key, values := range u.Query() {
		if credentialKey.MatchString(key) {
			secrets = append(secrets, values...)
		}
	}
	slices.Sort(secrets)
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return scrubText(u.String()), secrets // a path can hold a URL too
}

// isPlainURL reports whether an address is one of a host and a path in which
// nothing can stand but names: what all but a few of a lockfile's are, so that
// they need not be taken apart.
func isPlainURL(raw string) bool {
	rest, ok := strings.CutPrefix(raw, "https://")
	host, path, slash := strings.Cut(rest, "/")
	if !ok || !slash || host == "" || !allIn(host, hostCharacters) || !allIn(path, pathCharacters) {
		return false
	}
	return !strings.Contains(path, "//")
}

const (
	hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
	pathCharacters = hostCharacters + "/_~+@"
)

// allIn reports whether a text has no other characters than some.
func allIn(s, characters string) bool { return strings.Trim(s, characters) == "" }

// credentialKey matches the names of query parameters that carry one.
var credentialKey = pattern.New(`(?i)token|key|secret|sig|auth|pass|pwd|cred|session`)

// userSecrets tells the credential in a user part: the password, or a token
// that stands where the user name should.
func userSecrets(u *url.Userinfo) []string {
	if password, has := u.Password(); has {
		return []string{password, url.QueryEscape(password)}
	}
	return []string{u.Username()}
}

// userinfo finds the user part of every URL in a text, whether or not the rest
// of it is one.
var userinfo = pattern.New(`://[^/?#\s"'<>\\]*@`)

// scrubText takes users and passwords out of every URL in a text. It is for
// what people wrote freely: a deprecation notice, a licence field.
func scrubText(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	return userinfo.ReplaceAllString(s, "://")
}

// leak returns what credential stands in the output, if any does: a URL with a
// user, plain or inside a package URL, or a secret that was seen in the input.
func leak(out []byte, secrets []string) (what string, found bool) {
	if hasUser(out, "://", "/", "@") || hasUser(out, "%2F%2F", "%2F", "%40") {
		return "a URL with a user", true
	}
	for _, s := range secrets {
		if len(s) >= minSecret && bytes.Contains(out, []byte(s)) {
			return "a password or token", true
		}
	}
	return "", false
}

// hasUser reports whether an authority, which begins after start and ends with
// end or with the string it stands in, holds an at sign.
func hasUser(out []byte, start, end, at string) bool {
	for {
		i := bytes.Index(out, []byte(start))
		if i < 0 {
			return false
		}
		out = out[i+len(start):]
		authority := out
		if j := bytes.IndexAny(authority, "\"?# \\<>'"); j >= 0 {
			authority = authority[:j]
		}
		authority, _, _ = bytes.Cut(authority, []byte(end))
		if bytes.Contains(authority, []byte(at)) {
			return true
		}
	}
}
