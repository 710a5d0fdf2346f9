// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"

	"golang.org/x/crypto/ssh"
)

// sshText is a key as it stands in a .pub file, without the comment.
func sshText(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}
