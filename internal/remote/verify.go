// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/gateledger/gateledger/internal/cli"
)

// verifyBundle checks all that the services answered against the trusted root,
// as any stock verifier will: the certificate's chain, every timestamp, every
// log entry, and where the root has certificate logs, the promise of one.
func verifyBundle(b *protobundle.Bundle, trusted *root.TrustedRoot) error {
	verifier, err := verify.NewVerifier(trusted, thresholds(b, trusted)...)
	if err != nil {
		return fmt.Errorf("verify the signature: %w", err)
	}
	stock, err := bundle.NewBundle(b)
	if err == nil {
		// Whose identity it is, the policy will ask; what it is about, our
		// caller knows.
		_, err = verifier.Verify(stock, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithoutIdentitiesUnsafe()))
	}
	for _, entry := range b.VerificationMaterial.TlogEntries {
		if err == nil {
			err = checkEntry(entry)
		}
	}
	if err != nil {
		return cli.Fail(cli.Integrity, "check that the signing configuration and the trusted root belong together", "what the services answered does not verify: %w", err)
	}
	return nil
}

func thresholds(b *protobundle.Bundle, trusted *root.TrustedRoot) []verify.VerifierOption {
	var all []verify.VerifierOption
	m := b.VerificationMaterial
	if n := len(m.GetTimestampVerificationData().GetRfc3161Timestamps()); n > 0 {
		all = append(all, verify.WithSignedTimestamps(n))
	} else {
		all = append(all, verify.WithIntegratedTimestamps(1))
	}
	if n := len(m.TlogEntries); n > 0 {
		all = append(all, verify.WithTransparencyLog(n))
	}
	if len(trusted.CTLogs()) > 0 {
		all = append(all, verify.WithSignedCertificateTimestamps(1))
	}
	return all
}

// checkEntry checks what stock verifiers pass over in an entry of Rekor v2:
// that its version is one, and that the size and root it repeats are those
// that the log signed.
func checkEntry(e *protorekor.TransparencyLogEntry) error {
	if e.GetKindVersion().GetVersion() == "0.0.1" && e.GetInclusionPromise() != nil {
		return nil // Rekor v1: stock verifiers compare it all
	}
	if kind := e.GetKindVersion(); kind.GetKind() != "hashedrekord" || kind.GetVersion() != "0.0.2" {
		return fmt.Errorf("log entry is %.40q %.40q, want hashedrekord 0.0.2", kind.GetKind(), kind.GetVersion())
	}
	proof := e.GetInclusionProof()
	lines := strings.Split(proof.GetCheckpoint().GetEnvelope(), "\n")
	if len(lines) < 4 {
		return errors.New("log entry has no checkpoint")
	}
	hash, err := base64.StdEncoding.DecodeString(lines[2])
	switch {
	case err != nil:
		return errors.New("log entry has a checkpoint without a root hash")
	case lines[1] != strconv.FormatInt(proof.GetTreeSize(), 10), !bytes.Equal(hash, proof.GetRootHash()):
		return errors.New("log entry repeats another tree size or root hash than its checkpoint signs")
	case e.GetLogIndex() != proof.GetLogIndex():
		return errors.New("log entry gives two indexes")
	}
	return nil
}
