// SPDX-License-Identifier: Apache-2.0

package event

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
)

// NoPrevious stands in a request for the digest last deployed, where there is
// none.
const NoPrevious = "none"

// RequestID is the name that votes are bound to: the hex SHA-256 of
// "gateledger-request-v1\0" and the request's canonical form (RFC 8785).
// Nothing is left out, so requests that differ at all have two names.
func RequestID(p RequestPredicate) (string, error) {
	data, err := canon.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("request: %w", err)
	}
	h := sha256.New()
	h.Write([]byte(product.RequestDomain))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Check refuses a request whose parts are missing, or not in their one form.
// NewStatement and DecodePredicate call it.
func (p RequestPredicate) Check() error {
	switch {
	case p.Ledger == "":
		return errors.New("no ledger")
	case p.Environment == "":
		return errors.New("no environment")
	case !isSHA256(p.Checkpoint.Root):
		return fmt.Errorf("checkpoint root %.80q is not a hex SHA-256", p.Checkpoint.Root)
	case !isSHA256(p.Policy):
		return fmt.Errorf("policy %.80q is not a hex SHA-256", p.Policy)
	}
	if p.Commit != "" {
		if err := checkObject(p.Commit); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	if p.Previous != NoPrevious {
		if _, err := ParseDigest(p.Previous); err != nil {
			return fmt.Errorf("previous: %w", err)
		}
	}
	if p.BreakGlass != nil {
		if err := p.BreakGlass.Check(); err != nil {
			return err
		}
	}
	if err := checkRequested(p.Subjects); err != nil {
		return err
	}
	if err := checkDocuments(p.Documents); err != nil {
		return err
	}
	if err := p.Run.check(); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return checkPeriod(p.Created, p.Expires)
}

// maxRunText is how many bytes each part of an AskingRun may have.
const maxRunText = 500

// check refuses a run that is not named, or of which something is too long. No
// run at all is fine: nobody will run it again.
func (r AskingRun) check() error {
	if r == (AskingRun{}) {
		return nil
	}
	if r.Provider == "" || r.ID == "" || r.Attempt == "" {
		return errors.New("provider, id and attempt name it, and one is missing")
	}
	for _, s := range []string{r.Provider, r.ID, r.Attempt, r.Job, r.Runner} {
		if len(s) > maxRunText {
			return fmt.Errorf("%.40q… has %d bytes, over the limit of %d", s, len(s), maxRunText)
		}
	}
	return nil
}

// checkRequested wants subjects by name and one accepted digest only, sorted.
// Of two digests nobody who votes could tell whether they are of the same
// bytes: evidence would be found by one of them, and the other be deployed.
func checkRequested(subjects []Subject) error {
	if len(subjects) == 0 {
		return errors.New("no subject")
	}
	for i, s := range subjects {
		if s.URI != "" || s.MediaType != "" || s.DownloadLocation != "" || len(s.Annotations) != 0 {
			return fmt.Errorf("subject %.80q has more than a name and digests", s.Name)
		}
		if err := s.check(); err != nil {
			return fmt.Errorf("subject %.80q: %w", s.Name, err)
		}
		if len(s.Digests()) != len(s.Digest) {
			return fmt.Errorf("subject %.80q has a digest under an algorithm we do not accept", s.Name)
		}
		if len(s.Digest) > 1 {
			return fmt.Errorf("subject %.80q has %d digests, want one", s.Name, len(s.Digest))
		}
		if i > 0 && compareSubjects(subjects[i-1], s) >= 0 {
			return fmt.Errorf("subjects are not sorted, or one is there twice: %.80q", s.Name)
		}
	}
	return nil
}

func checkDocuments(documents []string) error {
	if documents == nil {
		return errors.New("documents is null, want a list")
	}
	for i, d := range documents {
		if _, err := ParseDigest(d); err != nil {
			return fmt.Errorf("documents: %w", err)
		}
		if i > 0 && documents[i-1] >= d {
			return fmt.Errorf("documents are not sorted, or one is there twice: %s", d)
		}
	}
	return nil
}

// checkPeriod wants times that have one spelling: RFC 3339 in UTC, written Z.
func checkPeriod(created, expires string) error {
	var times [2]time.Time
	for i, s := range []string{created, expires} {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return fmt.Errorf("time: %w", err)
		}
		if t.UTC().Format(time.RFC3339Nano) != s {
			return fmt.Errorf("time %s is not RFC 3339 in UTC", s)
		}
		times[i] = t
	}
	if !times[0].Before(times[1]) {
		return fmt.Errorf("expires %s, which is not after it was created, %s", expires, created)
	}
	return nil
}
