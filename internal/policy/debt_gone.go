// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/event"
)

// What a break-glass leaves behind in an environment that the policy has no more.
//
// Somebody who renames an environment, or takes it out, would shake its debts off,
// since no gate asks for it again. So a debt whose environment is gone holds back
// the usual requests for every environment of its repository. Its seats are gone
// with it: those who approve the next policy settle it, who agreed to its end and
// could have changed its rules as well. Where nobody is named for that, it is settled under the old name only, once
// the policy has that again. What ends it for good is a usual deployment anywhere
// in the repository that a gate of now allowed because it had found it settled.

// settling are the rules of an environment by which its debts are settled, and
// whether the policy has it no more.
func (e *evaluation) settling(name string) (env Environment, gone bool) {
	if env, ok := e.p.Environment(name); ok {
		return env, false
	}
	env, _ = e.p.Environment(ChangeEnvironment)
	env.Name, env.Gate = name, e.p.gatesAnywhere()
	return env, true
}

// gatesAnywhere are the signers who are gates of an environment. Which were gates
// of one that is gone nobody says; where some environment takes not everybody for
// a gate, those that do say nothing.
func (p *Policy) gatesAnywhere() (chosen []string) {
	for _, env := range p.Environments {
		if len(env.Gate) < len(p.Signers) {
			chosen = append(chosen, env.Gate...)
		}
	}
	if len(chosen) == 0 {
		return sortedNames(p.Signers)
	}
	slices.Sort(chosen)
	return slices.Compact(chosen)
}

// debtsLeftBehind are the debts of the repository of the request at hand whose
// environments are gone.
func (e *evaluation) debtsLeftBehind() []Debt {
	var all []Debt
	seen := map[glassPlace]bool{placeOf(e.request): true}
	for _, g := range e.glasses() {
		at := placeOf(g.p)
		if seen[at] || at.host != e.request.Host || at.repository != e.request.RepositoryID {
			continue
		}
		seen[at] = true
		if env, gone := e.settling(at.environment); gone {
			all = append(all, e.aside("", g.en, g.p, env).debts(false)...)
		}
	}
	return all
}

// askedElsewhere is the entry by which a usual request for any environment of the
// repository was used up, after a debt was made, by a gate of now that had found
// the debt settled. A change of policy, for which any signer may ask, is none.
func (e *evaluation) askedElsewhere(debt string, since uint64, glasses []glassRequest) (index uint64, ok bool) {
	gates := e.p.gatesAnywhere()
	for _, en := range slices.Backward(e.journal.of("consumption")) {
		if en.Index <= since {
			return 0, false
		}
		c, err := event.DecodePredicate[event.ConsumptionPredicate](en.Event)
		if err != nil || en.Index == 0 || slices.ContainsFunc(glasses, func(g glassRequest) bool { return g.id == c.Request }) {
			continue
		}
		env, ok := e.p.Environment(c.Environment)
		if !ok || env.Name == ChangeEnvironment {
			continue
		}
		env.Gate = slices.DeleteFunc(slices.Clone(env.Gate), func(name string) bool { return !slices.Contains(gates, name) })
		at := e.request
		at.Environment = env.Name
		d, ok := e.aside("", e.asked, at, env).allowedBefore(en, c.Request)
		if ok && slices.ContainsFunc(d.Debts, func(x Debt) bool { return x.Request == debt && x.Settled }) {
			return en.Index, true
		}
	}
	return 0, false
}

// nobodySettles says what has to be in the policy before anybody can.
func (d *Debt) nobodySettles() {
	d.Settled = false
	d.Missing = []Missing{{What: fmt.Sprintf("environment %s in the policy again, or a policy-change that names who settles it", d.Environment), Who: []string{}}}
}
