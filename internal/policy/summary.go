// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// VerifierID names what makes decisions, as a VSA's verifier.
const VerifierID = product.PredicateBase + "gate/v1"

// ResourceURI names what a decision is about: host, repository id,
// environment and request, so that a decision can't be shown for another.
func ResourceURI(r event.RequestPredicate, request string) string {
	u := url.URL{
		Scheme:   product.Name,
		Host:     r.Host,
		Path:     "/" + url.PathEscape(r.RepositoryID) + "/" + url.PathEscape(r.Environment),
		RawQuery: url.Values{"request": {request}}.Encode(),
	}
	return u.String()
}

// Summary is a decision as a SLSA Verification Summary Attestation v1. It is
// a function of its arguments, so whoever evaluates again compares bytes.
// Pending decisions have none.
func Summary(in Input, r event.RequestPredicate, d Decision) (event.DecisionPredicate, error) {
	result := map[Verdict]string{Allowed: "PASSED", Denied: "FAILED"}[d.Verdict]
	if result == "" {
		return event.DecisionPredicate{}, fmt.Errorf("a %s decision is not recorded", d.Verdict)
	}
	full, err := canon.Marshal(d)
	if err != nil {
		return event.DecisionPredicate{}, fmt.Errorf("write decision: %w", err)
	}
	return event.DecisionPredicate{
		Verifier:           event.Builder{ID: VerifierID},
		TimeVerified:       d.Now,
		ResourceURI:        ResourceURI(r, d.Request),
		Policy:             event.Subject{Name: product.PolicyFile + "#" + d.Environment, Digest: map[string]string{"sha256": d.Policy}},
		InputAttestations:  inputs(in.Events, d.Inputs),
		VerificationResult: result,
		VerifiedLevels:     []string{},
		SLSAVersion:        "1.0",
		Decision:           full,
		Stamp:              in.Stamp,
	}, nil
}

// inputs names the statements that counted, by index and digest.
func inputs(events []*event.Event, indexes []uint64) []event.Subject {
	out := make([]event.Subject, 0, len(indexes))
	for _, i := range indexes {
		if i >= uint64(len(events)) {
			continue
		}
		sum := sha256.Sum256(events[i].Signed.Payload)
		out = append(out, event.Subject{
			Name:   fmt.Sprintf("entry %d", i),
			Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])},
		})
	}
	return out
}

// ParseDecision reads a decision as Summary wrote it.
func ParseDecision(data []byte) (Decision, error) {
	var d Decision
	if err := canon.Decode(data, &d); err != nil {
		return Decision{}, fmt.Errorf("read decision: %w", err)
	}
	return d, nil
}

// MayGate reports whether e is signed with the key of a signer whose requests,
// decisions and consumptions count in this environment. Of a certificate it
// knows nothing, and says no: GateOf tells.
func MayGate(p *Policy, rules Environment, e *event.Event) bool {
	name, ok := p.SignerOf(e.KeyID())
	return ok && !e.Signed.Verifier.Keyless() && slices.Contains(rules.Gate, name) && e.Verify() == nil
}
