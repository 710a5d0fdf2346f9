// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/event"
)

// How an emergency is let through.
//
// An environment's break-glass names fewer people than its require, or others.
// A request that asks for it says why, and with which ticket; that is part of
// its id, so no vote for it is one for a usual request, nor the other way
// round. For such a request the seats are those of break-glass, and evidence
// and freeze windows are waived, which the decision lists. All else holds:
// vetoes, who is excluded, expiry, that a request is used up once, and the
// policy it was made under. What it opens is a debt, see debt.go.

// A BreakGlass is who may let a request through in an emergency.
type BreakGlass struct {
	Seat
	Require      []string      // reason and ticket, or reason alone
	Ticket       string        // what a ticket looks like: RE2, anchored at both ends; empty: any
	SettleWithin time.Duration // how long the usual people have to approve it after the fact
}

// What a break-glass can require.
const (
	needsReason = "reason"
	needsTicket = "ticket"
)

// Ask checks what somebody says when they break the glass. Its errors are
// about the texts.
func (b *BreakGlass) Ask(reason, ticket string) (event.BreakGlass, error) {
	asked := event.BreakGlass{Reason: reason, Ticket: ticket}
	if b == nil {
		return asked, errors.New("the policy has no break-glass here")
	}
	if err := asked.Check(); err != nil {
		return asked, err
	}
	if ticket == "" && slices.Contains(b.Require, needsTicket) {
		return asked, errors.New("break-glass gives no ticket, and the policy asks for one")
	}
	if ticket == "" || b.Ticket == "" {
		return asked, nil
	}
	if like, err := regexp.Compile(`\A(?:` + b.Ticket + `)\z`); err != nil || !like.MatchString(ticket) {
		return asked, fmt.Errorf("break-glass ticket %q does not look as the policy asks: %s", ticket, b.Ticket)
	}
	return asked, nil
}

// breakGlass reads who may let a request through in an emergency.
func (d *decoder) breakGlass(n *yaml.Node, path string) *BreakGlass {
	b := &BreakGlass{}
	d.object(n, path, "break-glass", func(key string, v *yaml.Node, path string) {
		switch key {
		case "role":
			b.Role, _ = d.name(v, path)
		case "count":
			count, _ := d.number(v, path, countPattern, "a whole number from 1 to 100")
			b.Count = int(count)
		case "source":
			b.Source = d.words(v, path, "source", SeatSources(), laterSources)
		case "require":
			b.Require = d.words(v, path, "requirement", []string{needsReason, needsTicket}, nil)
			if v.Kind == yaml.SequenceNode && len(v.Content) > 0 && !slices.Contains(b.Require, needsReason) {
				d.fail(v, path, "a reason is always needed: [reason], or [reason, ticket]")
			}
		case "ticket":
			d.object(v, path, "pattern", func(_ string, v *yaml.Node, path string) {
				if text, ok := d.text(v, path); ok && d.expression(v, path, text) {
					b.Ticket = text
				}
			})
		case "settle-within":
			b.SettleWithin = d.duration(v, path)
		}
	})
	return b
}

// checkBreakGlass holds a break-glass against the rest of its environment. Its
// seat takes only votes that name the request, which no vote for another one
// does, and only from sources that are read for the usual seats anyway.
func (d *decoder) checkBreakGlass(path string, e Environment) {
	b := e.BreakGlass
	if b == nil {
		return
	}
	if e.Auto {
		d.failAt(path, "nobody has to approve here (auto: true), so there is nothing to break, and nobody who could settle it")
	}
	if b.Ticket != "" && !slices.Contains(b.Require, needsTicket) {
		d.failAt(path+".ticket", "says how a ticket looks, and require does not ask for one")
	}
	for i, source := range b.Source {
		at := path + ".source[" + strconv.Itoa(i) + "]"
		switch {
		case !bindsRequest(source):
			d.failAt(at, "a vote by %s names a commit, and would be there before anybody broke the glass; take sources that name the request", source)
		case source != SignedSource && !slices.Contains(e.Sources(), source):
			d.failAt(at, "no seat of require takes votes by %s, so nobody reads it", source)
		}
	}
	if b.Role != "" {
		d.roleCanBeSeen(path+".role", b.Role, b.Sources())
	}
}

// breakGlassCanBeFilled collects a break-glass for which there are too few.
func (d *decoder) breakGlassCanBeFilled(e Environment, path string) {
	if e.BreakGlass == nil {
		return
	}
	s := e.BreakGlass.Seat
	if _, told := d.p.ForgeRoles[s.Role]; told {
		return
	}
	if who := d.p.voters(s.Role, s.Sources()...); len(who) < s.Count {
		d.notReady(e.Name, path+".role", "%s", tooFew(d.p, s, who))
	}
}

// approvers are the roles of everybody whose approval can count, in an
// emergency or not.
func (e Environment) approvers() []string {
	roles := rolesOf(e.Seats())
	if e.BreakGlass != nil {
		roles = append(roles, e.BreakGlass.Role)
	}
	return roles
}

// resolvedGlass is a break-glass as the digest of an environment has it. Of an
// environment without, the digest is what it was before there was any.
type resolvedGlass struct {
	Role         string   `json:"role"`
	Count        int      `json:"count"`
	Source       []string `json:"source"`
	Require      []string `json:"require"`
	Ticket       string   `json:"ticket"`
	SettleWithin int64    `json:"settle_within"` // seconds
}

func (b *BreakGlass) resolved() *resolvedGlass {
	if b == nil {
		return nil
	}
	return &resolvedGlass{b.Role, b.Count, sorted(b.Sources()), sorted(b.Require), b.Ticket, int64(b.SettleWithin / time.Second)}
}

// glassIsBroken puts the seats of break-glass in the place of the usual ones,
// where the request asks for that and the policy lets it.
func (e *evaluation) glassIsBroken() {
	asked := e.request.BreakGlass
	if asked == nil {
		return
	}
	e.d.BreakGlass = asked
	r := Rule{Name: "the policy lets the glass be broken here", State: Met, Why: glassLine(*asked)}
	glass := e.env.BreakGlass
	if _, err := glass.Ask(asked.Reason, asked.Ticket); err != nil {
		r.State, r.Why = Broken, err.Error()
	} else {
		e.reads = e.env.Sources() // a veto can be in any of them
		e.env.Require = []Seat{glass.Seat}
	}
	e.rule(r)
}

// sources are those that have to be read before anything is allowed.
func (e *evaluation) sources() []string {
	if e.reads != nil {
		return e.reads
	}
	return e.env.Sources()
}

// glassLine is why somebody breaks the glass, quoted, because they wrote it.
func glassLine(b event.BreakGlass) string {
	line := fmt.Sprintf("break-glass, for the reason %q", b.Reason)
	if b.Ticket != "" {
		line += ", ticket " + strconv.Quote(b.Ticket)
	}
	return line
}

// waivable asks a rule that an emergency does without. Then it is listed as
// skipped, with what it would have said, and nothing of it counts.
func (e *evaluation) waivable(ask func()) {
	if e.request.BreakGlass == nil {
		ask()
		return
	}
	rules, missing := len(e.d.Rules), slices.Clone(e.d.Missing)
	doubts, inputs := maps.Clone(e.doubts), maps.Clone(e.inputs)
	ask()
	for i := rules; i < len(e.d.Rules); i++ {
		r := &e.d.Rules[i]
		if r.State == Met {
			r.Why = "waived by break-glass, and met: " + r.Why
		} else {
			r.Why = "waived by break-glass, and not met: " + r.Why
		}
		r.State, r.By = Skipped, nil
		e.d.Waived = append(e.d.Waived, r.Name)
	}
	e.d.Missing, e.doubts, e.inputs = missing, doubts, inputs
}
