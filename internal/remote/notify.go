// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/product"
)

// notifyVerb is the verb that tells a webhook.
func notifyVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Post an alert to a webhook",
		Long: `Notify reads {"url", "secret"?: base64, "body": base64} from standard input, posts
the body as JSON, and writes {"status"} once the webhook answered with 200 to 299.
The address begins with https://, or is this machine's. It is tried three times,
redirects are not followed, and neither the address beyond its host nor what the
webhook says is shown.

` + child.DeliveryHeader + ` is the SHA-256 of the body, the same in every try;
` + child.SignatureHeader + `, with a secret, sha256= and its HMAC-SHA256.`,
		Example: `  gateledger-remote notify < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runNotify(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func runNotify(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.NotifyQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	if err := child.CheckWebhook(q.URL); err != nil {
		return cli.Fail(cli.Usage, "", "address of the webhook: %w", err)
	}
	if len(q.Body) == 0 || len(q.Body) > child.MaxNotification {
		return cli.Fail(cli.Usage, "", "a body of %d bytes; it must have 1 to %d", len(q.Body), child.MaxNotification)
	}
	req, err := http.NewRequest(http.MethodPost, q.URL, bytes.NewReader(q.Body))
	if err != nil {
		return cli.Fail(cli.Usage, "", "address of the webhook: not an address")
	}
	sum := sha256.Sum256(q.Body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", product.Name)
	req.Header.Set(child.DeliveryHeader, hex.EncodeToString(sum[:]))
	if len(q.Secret) > 0 {
		mac := hmac.New(sha256.New, q.Secret)
		mac.Write(q.Body)
		req.Header.Set(child.SignatureHeader, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	w.base = mute{w.base}
	ask := &asker{ctx: ctx, who: "the webhook", timeout: timeout, limit: maxAnswer, wire: w}
	resp, err := ask.RoundTrip(req)
	if err != nil {
		// A webhook that refuses has said nothing about a release.
		return cli.Fail(cli.Unknown, "look whether the webhook is still there and takes JSON", "%s", err.Error())
	}
	defer resp.Body.Close()
	return writeAnswer(env, child.NotifyAnswer{Schema: child.NotifySchema, Status: resp.StatusCode})
}

// mute drops what a service says: an answer may repeat the address, which is
// the secret of most webhooks.
type mute struct{ base http.RoundTripper }

func (m mute) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	err = resp.Body.Close()
	resp.Body, resp.ContentLength = http.NoBody, 0
	return resp, err
}
