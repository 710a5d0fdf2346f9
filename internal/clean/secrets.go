// SPDX-License-Identifier: Apache-2.0

package clean

import "strings"

// Users is a text without the users and passwords of the addresses in it, which
// a package URL can hold (vcs_url, download_url, repository_url), escaped or not.
// A document that was written elsewhere may have some, and a report goes where
// more people read it.
func Users(text string) string {
	if !strings.Contains(text, "//") && !strings.Contains(text, "%2") && !strings.Contains(text, "%3") {
		return text // there is no address in it
	}
	var out strings.Builder
	for {
		start := authority(text)
		if start < 0 {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:start])
		text = text[start:]
		end, user, at := 0, -1, 0
		for end < len(text) && !strings.ContainsRune("/?#& \t\r\n\"'\\", rune(text[end])) && !foldPrefix(text[end:], "%2f") {
			switch {
			case text[end] == '@':
				user, at = end, 1
			case foldPrefix(text[end:], "%40"):
				user, at = end, len("%40")
			}
			end++
		}
		if user > 0 && text[:user] != "git" { // which nobody has to keep secret
			out.WriteString("…" + text[user:user+at])
			text = text[user+at:]
		}
	}
}

// authority is where the first authority of a URL begins in a text; -1: nowhere.
func authority(text string) int {
	for i := 0; i < len(text); i++ {
		rest, begins := text[i:], true
		for _, signs := range [][2]string{{":", "%3a"}, {"/", "%2f"}, {"/", "%2f"}} {
			switch {
			case strings.HasPrefix(rest, signs[0]):
				rest = rest[len(signs[0]):]
			case foldPrefix(rest, signs[1]):
				rest = rest[len(signs[1]):]
			default:
				begins = false
			}
			if !begins {
				break
			}
		}
		if begins && rest != "" {
			return len(text) - len(rest)
		}
	}
	return -1
}

// foldPrefix is strings.HasPrefix without case, for a prefix in lower case.
func foldPrefix(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.ToLower(text[:len(prefix)]) == prefix
}
