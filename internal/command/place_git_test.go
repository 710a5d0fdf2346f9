// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/cli"
)

func TestAnAddressHoldsNoSecret(t *testing.T) {
	for fact, url := range map[string]string{
		"user and password":         "git:http://bob:SEKRIT@127.0.0.1:1/x.git",
		"a token as the user":       "git:https://SEKRIT@git.example.org/x.git",
		"a password with a space":   "git:https://bob:SEK RIT@git.example.org/x",
		"a password over ssh":       "git:ssh://git:SEKRIT@git.example.org/x",
		"a password with an at":     "git:https://bob:SEK@RIT@git.example.org/x",
		"a token in the query":      "git:https://git.example.org/x?private_token=SEKRIT",
		"one behind the branch":     "git:origin?branch=log&token=SEKRIT",
		"a query that is no branch": "git:origin?SEKRIT",
	} {
		err := checkAddress(url)
		exit := (*cli.Exit)(nil)
		if !errors.As(err, &exit) || exit.Code != cli.Usage || strings.Contains(err.Error()+exit.Hint, "SEK") {
			t.Errorf("%s: %v", fact, err)
		}
	}
	for _, url := range []string{
		"git:origin", "git:origin?branch=audit/log", "git:https://git.example.org/acme/app.git", "git:ssh://git@git.example.org/acme/app",
		"git:git@git.example.org:acme/app.git", "git:/srv/log.git?branch=x", "git:file:///srv/log.git",
	} {
		if err := checkAddress(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}
