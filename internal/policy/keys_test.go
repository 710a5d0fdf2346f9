// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// sshText is a key as it stands in a .pub file, without the comment.
func sshText(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// Which of the two stands first in the file makes no difference.
func TestALogKeyIsOfTheLog(t *testing.T) {
	const of = `version: 1
ledger: {%s}
`
	key := logKey(t)
	name, _, _ := strings.Cut(key, "+")
	for fact, ledger := range map[string]string{
		"origin first": `origin: other, keys: ["` + key + `"]`,
		"keys first":   `keys: ["` + key + `"], origin: other`,
	} {
		_, err := Parse(fmt.Appendf(nil, of, ledger))
		if err == nil || !strings.Contains(err.Error(), `the key is of the log "`+name+`", and the origin is "other"`) {
			t.Errorf("%s: %v", fact, err)
		}
	}
}
