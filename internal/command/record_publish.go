// SPDX-License-Identifier: Apache-2.0

package command

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
)

// recordTold is what `record` tells its host.
func recordTold(f recordFlags) *told {
	return &told{verb: "record", names: []string{"bundle", "log-index", "checkpoint"}, json: f.json}
}

// tell settles what the host is told of an event that was logged, or that was
// left for whoever holds the log key: then there is no receipt.
func (r *recording) tell(s event.Signed, receipt *proof.Receipt) {
	t, id := r.told, s.ID()
	out := report.Recording{
		Kind: r.recorder.kind.Name, Event: "sha256:" + hex.EncodeToString(id[:]), Pending: receipt == nil,
		Subjects: r.subjects, Signer: r.nameOf(s), Ledger: r.policy.Ledger.Origin, Notes: r.notes, Because: t.because,
	}
	t.verb = "record " + out.Kind
	t.page, t.link = logPage(r.at, r.url), ci.Run(r.at)
	if out.Kind == "sbom" && len(r.args) == 1 {
		t.names = append(t.names, "sbom", "sbom-sha256")
		t.set("sbom", r.args[0])
		t.set("sbom-sha256", fileSum(r.args[0]))
	}
	if receipt != nil {
		out.Index, out.Duplicate, out.Bundle = receipt.Index, receipt.Duplicate, r.flags.bundle
		out.Checkpoint = checkpointOf(receipt.Checkpoint)
		t.set("bundle", r.flags.bundle)
		t.set("log-index", fmt.Sprint(receipt.Index))
		t.set("checkpoint", checkpointLine(out.Checkpoint))
	}
	t.report = out
}

// fileSum is the SHA-256 of a file that was read before, empty where it is
// gone.
func fileSum(name string) string {
	data, err := readLimited(name, maxBOM)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
