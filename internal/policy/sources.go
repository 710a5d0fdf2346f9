// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/vote"
)

// SignedSource is the source of the votes in the ledger that are signed by who
// cast them.
const SignedSource = "signed"

// RequesterIsAuthor is the only value of Environment.Agents besides none: on
// whose request an agent wrote the change does not approve it.
const RequesterIsAuthor = "requester-is-author"

// SeatSources lists the words that a seat's source may hold: "signed", and
// every source that a gate can read.
func SeatSources() []string { return append([]string{SignedSource}, vote.SourceNames()...) }

// Sources are the ways in which people may vote for the seat: as the policy
// says, or signed.
func (s Seat) Sources() []string {
	if len(s.Source) == 0 {
		return []string{SignedSource}
	}
	return slices.Clone(s.Source)
}

// seatName tells a seat from all others: its role, and where another seat has
// the same role, how its people vote.
func (e Environment) seatName(s Seat) string {
	same := 0
	for _, o := range e.Require {
		if o.Role == s.Role {
			same++
		}
	}
	if same < 2 {
		return s.Role
	}
	return s.Role + " by " + strings.Join(sorted(s.Sources()), " or ")
}

func (s Seat) takes(source string) bool { return slices.Contains(s.Sources(), source) }

// Sources are those that a gate has to read, and put into the ledger as
// forge-votes, before it may allow anything: all that a seat names but signed,
// sorted.
func (e Environment) Sources() []string {
	var all []string
	for _, s := range e.Seats() {
		for _, source := range s.Source {
			if source != SignedSource {
				all = append(all, source)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// checkSeats holds an environment's seats against the sources they name and
// the roles that forges tell.
func (d *decoder) checkSeats(path string, e Environment) {
	pinned := len(e.Require) == 0
	for i, s := range e.Require {
		at := path + ".require[" + strconv.Itoa(i) + "]"
		pinned = pinned || !slices.ContainsFunc(s.Sources(), func(source string) bool { return !bindsRequest(source) })
		d.roleCanBeSeen(at+".role", s.Role, s.Sources())
	}
	if !pinned {
		d.failAt(path+".require", "votes that name a commit could fill every seat, and a commit can be built more than once; give one seat only sources that name the request: %s",
			strings.Join(slices.DeleteFunc(SeatSources(), func(s string) bool { return !bindsRequest(s) }), ", "))
	}
	for i, role := range e.Veto {
		if d.where[path+".veto.roles["+strconv.Itoa(i)+"]"] != nil {
			d.roleCanBeSeen(path+".veto.roles["+strconv.Itoa(i)+"]", role, e.Sources())
		}
	}
	if slices.ContainsFunc(e.Sources(), func(s string) bool { return fromProvider(s, "") }) {
		return
	}
	if i := slices.Index(e.Exclude, "pusher"); i >= 0 {
		d.failAt(path+".exclude["+strconv.Itoa(i)+"]", "only a forge knows who pushed, and no seat has a source that reads one")
	}
	if e.Agents != "" {
		d.failAt(path+".agents", "only a forge knows of agents, and no seat has a source that reads one")
	}
}

// roleCanBeSeen refuses a role that a forge tells where nobody asks that forge.
func (d *decoder) roleCanBeSeen(path, role string, sources []string) {
	for _, fact := range d.p.ForgeRoles[role].Facts() {
		if !slices.ContainsFunc(sources, func(s string) bool { return s != SignedSource && fromProvider(s, providerOf(fact)) }) {
			d.failAt(path, "role %s is held by whom a forge says (%s), and no source here reads that forge", role, fact)
			return
		}
	}
}

// checkForgeRoles refuses a role that the forge tells and a principal lists.
func (d *decoder) checkForgeRoles() {
	for name, who := range d.p.Principals {
		for i, role := range who.Roles {
			if _, told := d.p.ForgeRoles[role]; told {
				d.failAt("principals."+name+".roles["+strconv.Itoa(i)+"]", "role %s is held by whom a forge says (roles.%s); it takes another name to list people", role, role)
			}
		}
	}
}

// checkChangeSeats keeps policy-change to votes that anybody can check.
func (d *decoder) checkChangeSeats() {
	for i, s := range d.p.change.Require {
		at := "policy-change.require[" + strconv.Itoa(i) + "]"
		if len(d.p.change.Sources()) > 0 && !slices.Equal(s.Sources(), []string{SignedSource}) {
			d.failAt(at+".source", "only signed votes let another policy through")
		}
		if _, told := d.p.ForgeRoles[s.Role]; told {
			d.failAt(at+".role", "role %s is held by whom a forge says; another policy takes people whom the policy names", s.Role)
		}
	}
	for i, role := range d.p.change.Veto {
		at := "policy-change.veto.roles[" + strconv.Itoa(i) + "]"
		if _, told := d.p.ForgeRoles[role]; told && d.where[at] != nil {
			d.failAt(at, "role %s is held by whom a forge says; another policy takes people whom the policy names", role)
		}
	}
}

// resolvedSources are those of a seat that takes others than signed votes.
func (s Seat) resolvedSources() []string {
	if all := sorted(s.Sources()); !slices.Equal(all, []string{SignedSource}) {
		return all
	}
	return nil
}
