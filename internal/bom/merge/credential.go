// SPDX-License-Identifier: Apache-2.0

package merge

import "bytes"

// hasUser reports whether an address in a text has a user in it, plain or
// inside a package URL, where its signs are escaped. git and hg are no secret:
// they are what everybody is called there.
func hasUser(text []byte) bool {
	for i := 0; i < len(text); i++ {
		next := bytes.IndexAny(text[i:], "/%")
		if next < 0 {
			return false
		}
		i += next
		size := prefix(text[i:], "//", "%2f%2f")
		if size == 0 || !endsWithColon(text[:i]) {
			continue
		}
		if user, ok := userOf(text[i+size:]); ok && user != "git" && user != "hg" {
			return true
		}
	}
	return false
}

// userOf returns what stands before an at sign, if text begins with that.
func userOf(text []byte) (string, bool) {
	end := untilSign(text)
	if size := prefix(text[end:], "%3a"); size > 0 {
		end += size
		end += untilSign(text[end:])
	}
	return string(text[:end]), prefix(text[end:], "@", "%40") > 0
}

// untilSign is how long what can stand in a user or password is.
func untilSign(text []byte) int {
	if i := bytes.IndexAny(text, "/?# \t\n\f\r\"'<>\\@%"); i >= 0 {
		return i
	}
	return len(text)
}

// prefix returns the length of the first of these that text begins with, in
// upper or lower case; 0: none.
func prefix(text []byte, any ...string) int {
	for _, p := range any {
		if len(text) >= len(p) && bytes.EqualFold(text[:len(p)], []byte(p)) {
			return len(p)
		}
	}
	return 0
}

func endsWithColon(text []byte) bool {
	return bytes.HasSuffix(text, []byte(":")) || len(text) >= 3 && prefix(text[len(text)-3:], "%3a") > 0
}
