// SPDX-License-Identifier: Apache-2.0

package policy

// ChangeEnvironment is the name by which a request asks for another policy.
// No environment of a policy may have it.
const ChangeEnvironment = "policy-change"

// Environment returns the rules for a name: those of an environment, or for
// ChangeEnvironment those of policy-change, where the policy has it.
func (p *Policy) Environment(name string) (Environment, bool) {
	if name == ChangeEnvironment {
		return p.change, len(p.change.Require) > 0
	}
	e, ok := p.Environments[name]
	return e, ok
}
