// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/gateledger/gateledger/internal/product"
)

// NotifySchema names the answer to 'notify', so that one of another version is
// not taken for ours.
const NotifySchema = product.PredicateBase + "remote-notify/v1"

// The headers of a notification besides the usual. The delivery is the SHA-256
// of the body in hex, the same in every try; the signature is "sha256=" and the
// HMAC-SHA256 of the body in hex, and there is none without a secret.
const (
	DeliveryHeader  = "X-Gateledger-Delivery"
	SignatureHeader = "X-Gateledger-Signature-256"
)

// MaxNotification is how long the body of a notification may be, in bytes.
const MaxNotification = 4 << 20

// A NotifyQuestion is what 'notify' reads. The address goes this way too,
// because most webhooks are secret by their address alone.
type NotifyQuestion struct {
	URL    string `json:"url"`
	Secret []byte `json:"secret,omitempty"` // signs the body; empty: nothing does
	Body   []byte `json:"body"`             // JSON, sent as it is
}

// A NotifyAnswer is what 'notify' writes once the webhook took the body.
type NotifyAnswer struct {
	Schema string `json:"schema"`
	Status int    `json:"status"` // of HTTP, 200 to 299
}

// CheckWebhook says whether an address may be notified: https, or this machine.
// Its errors do not repeat the address.
func CheckWebhook(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return errors.New("not an address with a host")
	case u.User != nil:
		return errors.New("it holds a user name or password")
	case u.Fragment != "":
		return errors.New("it holds a fragment (#…)")
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("it must begin with https://")
}

// loopback says whether host is this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Notify posts a body to a webhook. No error means that it was taken.
func (r Remote) Notify(ctx context.Context, q NotifyQuestion) error {
	if len(q.Body) > MaxNotification {
		return fmt.Errorf("notify the webhook: %w: a body of %d bytes, over the limit of %d", ErrUsage, len(q.Body), MaxNotification)
	}
	var answer NotifyAnswer
	if err := r.call(ctx, []string{"notify"}, nil, q, &answer); err != nil {
		return fmt.Errorf("notify the webhook: %w", err)
	}
	if answer.Schema != NotifySchema || answer.Status/100 != 2 {
		return fmt.Errorf("notify the webhook: %w: schema %.80q and status %d", errOdd, answer.Schema, answer.Status)
	}
	return nil
}
