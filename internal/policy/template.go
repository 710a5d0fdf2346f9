// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/product"
)

// Start is what a new policy names.
type Start struct {
	URL     string // of the ledger
	Origin  string
	LogKeys []string // note verifier keys
	Signer  string   // name of the first machine
	Key     string   // its key id, sha256:…
}

// Template is the policy that init writes: the same bytes for the same Start.
// It is a whole, sound policy from the first moment, and it allows nothing
// into production: nobody is in it yet, which Ready says until people have
// been added with AddPrincipal.
func Template(s Start) ([]byte, error) {
	quoted := make([]string, len(s.LogKeys))
	for i, k := range s.LogKeys {
		quoted[i] = strconv.Quote(k)
	}
	text := strings.NewReplacer(
		"NAME", product.Name, "FILE", product.PolicyFile,
		"{url}", strconv.Quote(s.URL), "{origin}", strconv.Quote(s.Origin), "{keys}", strings.Join(quoted, ", "),
		"{signer}", s.Signer, "{key}", strconv.Quote(s.Key),
	).Replace(template)
	if _, err := Parse([]byte(text)); err != nil {
		return nil, fmt.Errorf("write a policy for %s: %w", s.URL, err)
	}
	return []byte(text), nil
}

const template = `# FILE says who may log, sign, vote and decide. It is read from the
# protected default branch, never from the code under test: a change to this
# file is a change to who may deploy. Check it with: NAME policy lint
version: 1

# The log, and the keys that may sign it. A log with another name or key is
# another log.
ledger:
  url: {url}
  origin: {origin}
  keys: [{keys}]

# Jobs and people can sign with certificates instead of keys. Then say whom to
# believe about those, by the SHA-256 of a Sigstore trusted_root.json, and who
# proves what time it is, for environments with dated: true.
# sigstore:
#   trusted-root: "sha256:..."
#   timestamp: "https://..."

# Machines: the keys that record builds, tests and decisions. tier fast means
# that times are the machines' own word. With sigstore above, a machine can be
# a workflow instead, whose runs need no secret:
#   build: {issuer: "https://token.actions.githubusercontent.com", repository-id: 1296269,
#           workflow: .github/workflows/build.yml, ref: refs/heads/main, triggers: [push]}
signers:
  {signer}: {key: {key}, tier: fast}

# People, not accounts. Add one with:
#   NAME policy add alice --ssh alice.pub --email alice@example.org --role lead
# A person needs a key to vote, and the addresses they commit under, so that
# nobody approves their own change. One person has one name here, whatever
# keys, addresses and accounts they have.
principals: {}

# Addresses that write or merge commits and are nobody's above, such as
# noreply@github.com. Without them a commit by somebody unknown stops the
# gate, because the stranger could be one of the approvers.
outsiders: []

environments:
  # Nothing is allowed here until two people have role lead.
  production:
    tier: fast
    require:
      - {role: lead, count: 2}      # different people, whatever roles they share
    exclude: [author, committer, co-author, triggerer]
    veto: {roles: [lead]}           # one deny stops it, until its author lifts it
    max-age: 24h                    # a vote counts this long
    evidence:
      - {event: test, result: passed, by: {signer}, max-age: 24h}
      - {event: sbom, by: {signer}}

# Who must approve the next version of this file. Once a gate has logged this
# one, a version that they have not approved is not in force, whoever wrote it
# to the branch: gates and verifiers go by the one before.
policy-change:
  require:
    - {role: lead, count: 2}
`
