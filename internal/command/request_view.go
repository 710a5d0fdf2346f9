// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// commitsSince lists the commits between the one last deployed and the one
// asked for, as this checkout knows them; nil where it can't tell.
func (w *workspace) commitsSince(ctx context.Context, events []*event.Event, p event.RequestPredicate) []string {
	before := w.commitOf(events, p.Previous)
	if w.place.repo == nil || before == "" {
		return nil
	}
	log, err := w.place.repo.Log(ctx, before, p.Commit)
	if err != nil {
		return nil
	}
	lines := make([]string, len(log))
	for i, c := range log {
		lines[i] = fmt.Sprintf("%.12s %s (%s)", c.ID, c.Subject, c.Author.Name)
	}
	return lines
}

// commitOf is the commit that the newest request for a digest named.
func (w *workspace) commitOf(events []*event.Event, digest string) string {
	d, err := event.ParseDigest(digest)
	if err != nil {
		return ""
	}
	commit := ""
	for _, r := range w.requests(events) {
		for _, s := range r.predicate.Subjects {
			if s.Has(d) {
				commit = r.predicate.Commit
			}
		}
	}
	return commit
}

// sbomChange lists the components that came, went or changed version since
// the subject last deployed; nil where an SBOM is missing on either side.
func (w *workspace) sbomChange(ctx context.Context, events []*event.Event, p event.RequestPredicate) []string {
	d, err := event.ParseDigest(p.Previous)
	if err != nil || len(p.Subjects) == 0 {
		return nil
	}
	before := w.components(ctx, w.newest(events, event.Subject{Digest: map[string]string{d.Alg: d.Hex}}, "sbom"))
	after := w.components(ctx, w.newest(events, p.Subjects[0], "sbom"))
	if before == nil || after == nil {
		return nil
	}
	return bom.Changes(before, after)
}

// components are the purls of the SBOM that an event brings, its bytes
// checked against their digest.
func (w *workspace) components(ctx context.Context, e *event.Event) []string {
	if e == nil {
		return nil
	}
	d, err := event.Document(e)
	if err != nil {
		return nil
	}
	st, err := e.Statement()
	if err != nil {
		return nil
	}
	doc := []byte(st.Predicate)
	if st.PredicateType == event.ReferenceType {
		var sum [sha256.Size]byte
		if n, err := hex.Decode(sum[:], []byte(strings.ToLower(d.Hex))); err != nil || n != len(sum) {
			return nil
		}
		if doc, err = w.blob(ctx, sum); err != nil {
			return nil
		}
	}
	purls, err := bom.Purls(doc)
	if err != nil {
		return nil
	}
	return purls
}

// showPolicyChange prints what another policy would let whom do, beside the
// one in force. Nobody should vote on a digest alone.
func (w *workspace) showPolicyChange(ctx context.Context, to io.Writer, head proof.Checkpoint, events []*event.Event, p event.RequestPredicate) error {
	if len(p.Subjects) != 1 {
		return cli.Fail(cli.Integrity, "", "a change of policy is about one file, not %d", len(p.Subjects))
	}
	digest := p.Subjects[0].Digest["sha256"]
	text, err := w.documentOf(ctx, digest)
	if err != nil {
		return ledgerError(w.url, fmt.Errorf("read the policy asked for, sha256:%s: %w", digest, err))
	}
	next, err := policy.Parse(text)
	if err != nil || next.Digest != digest {
		return cli.Fail(cli.No, "deny it, and let it be mended", "the policy asked for, sha256:%s, can't be gone by: %w", digest, firstFinding(err))
	}
	fmt.Fprintln(to)
	showTrust(to, next, w.policy.Source)
	left, err := w.leftBehind(head, events, next)
	for _, d := range left {
		fmt.Fprintf(to, "! %s\n", clean.Text(staysOwed(d)))
	}
	return err
}
