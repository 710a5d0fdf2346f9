// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// The limits of telling a webhook.
const (
	maxWebhook     = 16 << 10 // bytes of the file with its address, or with its secret
	maxUntold      = 3        // alerts in a row that it does not take; then the others are not tried
	webhookTimeout = 2 * time.Minute
)

// A webhook is told of alerts. A nil one is told nothing.
type webhook struct {
	address string // a secret
	secret  []byte
	post    func(context.Context, child.NotifyQuestion) error
}

// webhook reads where alerts go; nil: nowhere.
func (f *auditFlags) webhook(env *cli.Env) (*webhook, error) {
	return openWebhook(env, f.webhookFile, f.secretFile, true)
}

// openWebhook reads the address of a webhook, and the secret that signs what is
// posted. lookPath lets the program that posts be found in PATH. Without a file
// it is nil.
func openWebhook(env *cli.Env, addressFile, secretFile string, lookPath bool) (*webhook, error) {
	if addressFile == "" {
		return nil, nil
	}
	address, err := readLimited(addressFile, maxWebhook)
	if err != nil {
		return nil, err
	}
	h := &webhook{address: strings.TrimSpace(string(address))}
	if err := child.CheckWebhook(h.address); err != nil {
		return nil, cli.Fail(cli.Usage, "put one address into it, https://…", "--webhook-file %s: %w", addressFile, err)
	}
	if secretFile != "" {
		if h.secret, err = readLimited(secretFile, maxWebhook); err != nil {
			return nil, err
		}
		if h.secret = bytes.TrimSpace(h.secret); len(h.secret) == 0 {
			return nil, cli.Fail(cli.Usage, "", "--webhook-secret-file %s is empty", secretFile)
		}
	}
	path, err := child.Find(os.Executable, lookPath)
	if err != nil {
		return nil, cli.Fail(cli.Usage, child.Hint, "%w", err)
	}
	h.post = child.Remote{Program: path, Getenv: env.Getenv, Stderr: env.Stderr, Timeout: webhookTimeout}.Notify
	return h, nil
}

var errUntried = errors.New("not tried: the webhook did not take those before it")

// tell posts the line of each BOM with something new, and notes in it why it
// was not taken.
func (h *webhook) tell(ctx context.Context, all []watched) {
	if h == nil {
		return
	}
	failed := 0 // in a row
	for i := range all {
		w := &all[i]
		if len(w.New) == 0 {
			continue
		}
		if failed == maxUntold {
			w.untold = errUntried
			continue
		}
		if w.untold = h.post(ctx, child.NotifyQuestion{URL: h.address, Secret: h.secret, Body: w.line}); w.untold == nil {
			failed = 0
		} else {
			failed++
		}
	}
}
