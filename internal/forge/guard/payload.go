// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A Hint is what a webhook says of a run that waits. It is where to look, and
// no more.
type Hint struct {
	Run         int64
	Environment string
	Commit      string // of the deployment; empty: it does not say
	Change      int64  // the number of a merge request that waits, on GitLab, in the place of the others
}

// What can be wrong with a delivery.
var (
	ErrSignature = errors.New("the signature does not fit")
	ErrElsewhere = errors.New("it is about another repository")
	ErrPayload   = errors.New("it is no request that is expected here")
)

// Signed says whether body was signed with secret, as GitHub says in
// X-Hub-Signature-256. It takes as long for a wrong signature as for a right
// one, and a secret that is empty signs nothing.
func Signed(secret, body []byte, signature string) error {
	hexed, ok := strings.CutPrefix(signature, "sha256=")
	sum, err := hex.DecodeString(hexed)
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	if len(secret) == 0 || !ok || err != nil || !hmac.Equal(mac.Sum(nil), sum) {
		return ErrSignature
	}
	return nil
}

// payload is what we read of the event deployment_protection_rule
// (https://docs.github.com/webhooks/webhook-events-and-payloads#deployment_protection_rule).
type payload struct {
	Action      string `json:"action"`
	Environment string `json:"environment"`
	Callback    string `json:"deployment_callback_url"`
	Deployment  *struct {
		SHA         string `json:"sha"`
		Environment string `json:"environment"`
	} `json:"deployment"`
	Repository struct {
		ID int64 `json:"id"`
	} `json:"repository"`
}

var (
	environmentPattern = pattern.New(`^[^\x00-\x1f\x7f]{1,255}$`)
	shaPattern         = pattern.New(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	callbackPattern    = pattern.New(`^/actions/runs/([1-9][0-9]{0,17})/deployment_protection_rule$`)
)

// ReadPayload reads the body of a delivery about a repository. Of the callback's
// address only the run's number is taken, and only if the address is the one
// that the API and the repository would have.
func ReadPayload(body []byte, api, repository string, id int64) (Hint, error) {
	var p payload
	if err := canon.DecodeOpen(body, &p); err != nil {
		return Hint{}, fmt.Errorf("%w: not the JSON that is expected", ErrPayload)
	}
	if p.Repository.ID != id || id <= 0 {
		return Hint{}, ErrElsewhere
	}
	if p.Action != "requested" {
		return Hint{}, fmt.Errorf("%w: its action is %.40q", ErrPayload, p.Action)
	}
	if !environmentPattern.MatchString(p.Environment) {
		return Hint{}, fmt.Errorf("%w: environment %.40q", ErrPayload, p.Environment)
	}
	h := Hint{Environment: p.Environment}
	if p.Deployment != nil {
		h.Commit = p.Deployment.SHA
		if !shaPattern.MatchString(h.Commit) || p.Deployment.Environment != "" && p.Deployment.Environment != p.Environment {
			return Hint{}, fmt.Errorf("%w: its deployment is of something else", ErrPayload)
		}
	}
	rest, ok := cutPrefixFold(p.Callback, strings.TrimSuffix(api, "/")+"/repos/"+repository)
	found := callbackPattern.FindStringSubmatch(rest)
	if !ok || found == nil {
		return Hint{}, fmt.Errorf("%w: its callback is not at the API that is configured", ErrPayload)
	}
	run, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		return Hint{}, fmt.Errorf("%w: run %.40q", ErrPayload, found[1])
	}
	h.Run = run
	return h, nil
}

// cutPrefixFold is strings.CutPrefix where case does not matter, as it does not
// in hosts and repositories' names.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}
