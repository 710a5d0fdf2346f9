// SPDX-License-Identifier: Apache-2.0

package command

import (
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/report"
)

// verifyTold is what `verify WHAT` tells its host. Only a decision has a
// verdict: that a chain of custody holds allows nothing.
func verifyTold(what string, json bool) *told {
	t := &told{verb: "verify " + what, names: []string{"checkpoint"}, json: json, judges: what == "decision"}
	if what == "bundle" {
		t.names = []string{"bundle", "log-index"}
	}
	return t
}

// chain settles what is told of a chain of custody. Whether it counts is
// settled by how the verb ends, too.
func (t *told) chain(v *verifier, c custody.Chain) {
	c.Trusted, c.PolicySource = v.pinned, v.source
	t.allowed = c.Verdict == custody.Holds && c.Trusted
	t.report = report.Chain{Chain: c}
	t.set("checkpoint", checkpointLine(c.Head))
}

func (t *told) ledger(v *verifier, strangers int) {
	r := v.audited
	t.report = report.LedgerCheck{
		Origin: r.Head.Origin, Entries: r.Entries, Bodies: r.Bodies, Blobs: r.Blobs, Tiles: r.Tiles,
		Head: checkpointOf(r.Head), Strangers: strangers, Trusted: v.pinned,
	}
	t.set("checkpoint", checkpointLine(checkpointOf(r.Head)))
}

func (t *told) bundle(w *workspace, file string, lines ...string) {
	t.report = report.BundleCheck{File: file, Lines: lines, Trusted: w.pinned}
	t.set("bundle", file)
}
