// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/event"
)

// How long a vote counts where the policy does not say.
const (
	defaultMaxAge = 24 * time.Hour
	changeMaxAge  = 7 * 24 * time.Hour // of policy-change: nobody deploys by it, and people are away
)

func (d *decoder) environment(name string, n *yaml.Node, path string) Environment {
	e := Environment{Name: name, Tier: Fast, MaxAge: defaultMaxAge}
	d.object(n, path, "environment", func(key string, v *yaml.Node, path string) {
		switch key {
		case "tier":
			e.Tier = d.tier(v, path)
		case "auto":
			e.Auto = d.onlyTrue(v, path)
		case "require":
			e.Require = d.seats(v, path)
		case "exclude":
			e.Exclude = d.words(v, path, "exclusion", exclusions, nil)
		case "agents":
			e.Agents = d.agents(v, path)
		case "veto":
			e.Veto = d.veto(v, path)
		case "max-age":
			e.MaxAge = d.duration(v, path)
		case "evidence":
			d.list(v, path, func(v *yaml.Node, path string) {
				e.Evidence = append(e.Evidence, d.evidence(v, path))
			})
		case "gate":
			e.Gate = d.names(v, path)
			if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
				d.fail(v, path, "is empty: nobody could make a request")
			}
		case "dated":
			e.Dated = d.onlyTrue(v, path)
		case "posture":
			e.Posture = d.posture(v, path)
		case "freeze":
			e.Freeze = d.freeze(v, path)
		case "break-glass":
			e.BreakGlass = d.breakGlass(v, path)
		case "deployment-gate":
			e.DeploymentGate = d.deploymentGate(v, path)
		case "risk":
			e.Risk = d.risk(v, path)
		case "anchors":
			e.Anchors = d.nameList(v, path)
			if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
				d.fail(v, path, "is empty; leave it out to take whatever proves uniqueness and a time")
			}
		case "outage":
			e.Outage = d.outage(v, path)
		case "max-head-age":
			e.MaxHeadAge = d.duration(v, path)
		case "when":
			e.When = d.when(v, path)
		}
	})
	if name == ChangeEnvironment {
		d.fail(n, path, "is how a request asks for another policy; give the environment another name")
	}
	d.approvers(n, path, e)
	e.Dated = e.Dated || e.Tier == Anchored
	return e
}

// policyChange reads who must approve the next policy, as an environment of
// its own.
func (d *decoder) policyChange(n *yaml.Node, path string) Environment {
	e := Environment{Name: ChangeEnvironment, Tier: Fast, MaxAge: changeMaxAge}
	d.object(n, path, "policy-change", func(key string, v *yaml.Node, path string) {
		switch key {
		case "require":
			e.Require = d.seats(v, path)
			if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
				d.fail(v, path, "is empty: nobody would have to approve the next policy")
			}
		case "max-age":
			e.MaxAge = d.duration(v, path)
		case "veto":
			e.Veto = d.veto(v, path)
		case "dated":
			e.Dated = d.onlyTrue(v, path)
		}
	})
	return e
}

// approvers refuses an environment that opens by itself unless it says so.
func (d *decoder) approvers(n *yaml.Node, path string, e Environment) {
	switch {
	case n.Kind != yaml.MappingNode:
	case e.Auto && len(e.Require) > 0:
		d.fail(n, path, "has auto: true, and require asks for approvals; take one of them out")
	case !e.Auto && len(e.Require) == 0:
		d.fail(n, path, "nobody has to approve; add require, or auto: true to say that it is meant")
	}
}

// onlyTrue reads the word true. false is refused: a key that changes nothing
// hides that it is not there.
func (d *decoder) onlyTrue(n *yaml.Node, path string) bool {
	if n.ShortTag() != "!!bool" || n.Value != "true" {
		d.fail(n, path, "must be true or left out, not %s", what(n))
		return false
	}
	return true
}

func (d *decoder) agents(n *yaml.Node, path string) string {
	text, ok := d.text(n, path)
	if ok && text != RequesterIsAuthor {
		d.fail(n, path, "must be %s or left out, not %s", RequesterIsAuthor, what(n))
		return ""
	}
	return text
}

func (d *decoder) veto(n *yaml.Node, path string) []string {
	var roles []string
	d.object(n, path, "veto", func(_ string, v *yaml.Node, path string) {
		roles = d.nameList(v, path)
		if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
			d.fail(v, path, "is empty; leave veto out to let every role of require deny")
		}
	})
	return roles
}

func (d *decoder) evidence(n *yaml.Node, path string) Evidence {
	var e Evidence
	d.object(n, path, "evidence", func(key string, v *yaml.Node, path string) {
		switch key {
		case "event":
			e.Event, _ = d.name(v, path)
		case "result":
			e.Result, _ = d.text(v, path)
		case "environment":
			e.Environment, _ = d.name(v, path)
		case "by":
			e.By = d.names(v, path)
			if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
				d.fail(v, path, "is empty: nobody could supply it")
			}
		case "max-age":
			e.MaxAge = d.duration(v, path)
		case "deny":
			e.Deny = d.deny(v, path)
		}
	})
	if e.Event != "" {
		d.evidenceFits(n, path, &e)
	}
	return e
}

// evidenceFits checks what an evidence rule may ask of its kind of event. A
// test that is only asked for must have passed, a deployment be healthy: no
// rule is met by evidence of the opposite.
func (d *decoder) evidenceFits(n *yaml.Node, path string, e *Evidence) {
	kinds := recordable()
	if !slices.Contains(kinds, e.Event) {
		d.failAt(path+".event", "%q is not an event that a rule can ask for%s", e.Event, have(e.Event, kinds))
		return
	}
	want := results[e.Event]
	switch {
	case e.Result == "":
		e.Result = want
	case want == "":
		d.failAt(path+".result", "event %s has no result", e.Event)
	case e.Result != want:
		d.failAt(path+".result", "must be %s for event %s, not %q", want, e.Event, e.Result)
	}
	switch {
	case e.Event == "deployment" && e.Environment == "":
		d.fail(n, path+".environment", "is missing: a deployment to where?")
	case e.Event != "deployment" && e.Environment != "":
		d.failAt(path+".environment", "only a deployment has an environment, not event %s", e.Event)
	}
	if e.Event != "scan" && e.Deny != (Deny{}) {
		d.failAt(path+".deny", "only a scan has findings to deny, not event %s", e.Event)
	}
}

// recordable names the kinds of event that can be evidence.
func recordable() []string {
	var names []string
	for _, k := range event.Kinds() {
		if k.Recordable {
			names = append(names, k.Name)
		}
	}
	return names
}
