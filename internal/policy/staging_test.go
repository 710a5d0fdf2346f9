// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// A machine that is no gate names, as what production runs, bytes that a
// request for staging was used up for. That must not leave bob's commit out of
// what the request brings.
func TestUseInStagingIsNoDeploymentToProduction(t *testing.T) {
	id := commitNamed
	rules := strings.Replace(certifiedRules, "gate:", "exclude: [author, co-author]\n    gate:", 1)
	const otto, bob = "otto@x.org", "bob@x.org"
	old, other := artifact("old"), artifact("other")
	checkCertified(t, map[string]fact{
		"used up in staging, by a gate": {rules, []step{
			ran(id("c1")),
			wrote(bob, "c2", on("c1")), wrote(otto, "c3", on("c2")),
			request("s", into("staging"), about(other), asking(func(p *event.RequestPredicate) { p.Commit = id("c2") })),
			consume(of("s"), into("staging"), about(other)),
			deploy(of("s"), about(old)), // by ci: production runs old, by the request for staging
			asks(id("c3"), "dave", "bob", "carol"),
		}, Pending, "bob is the author of a commit since"},
	})
}
