// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/arrange"
)

// check holds the sections against each other. It runs even after errors, so
// it must take them as they came.
func (d *decoder) check() {
	d.logKeysAreOfTheLog()
	d.signersAreDistinct()
	d.principalsAreDistinct()
	d.checkForgeRoles()
	d.checkKeyless()
	d.checkChange()
	d.checkAnchors()
	signers := slices.Sorted(maps.Keys(d.p.Signers))
	for _, name := range slices.Sorted(maps.Keys(d.p.Environments)) {
		path := join("environments", name)
		e := d.p.Environments[name]
		e.Gate = d.knownSigners(path+".gate", e.Gate, e.Tier)
		if e.Gate == nil {
			e.Gate = d.gatesOf(e.Tier, signers)
		}
		if len(e.Gate) == 0 && len(signers) > 0 {
			d.failAt(path+".tier", "no signer is of tier %s, so nobody could make a request", e.Tier)
		}
		if len(signers) == 0 {
			d.failAt(path, "no signer could make a request: the policy has no signers")
		}
		if e.Veto == nil {
			e.Veto = rolesOf(e.Seats())
		}
		if e.Dated {
			d.rootFor(d.datedBy(path), "times")
		}
		d.checkAnchoring(path, e)
		for i := range e.Evidence {
			d.checkEvidence(path+".evidence["+strconv.Itoa(i)+"]", &e.Evidence[i], e.Tier)
		}
		d.checkRisk(path+".risk", &e)
		d.checkSeats(path, e)
		d.checkOnChain(path, e)
		d.checkBreakGlass(path+".break-glass", e)
		d.p.Environments[name] = e
	}
}

// gatesOf are the signers that are good enough for a tier.
func (d *decoder) gatesOf(tier Tier, signers []string) []string {
	return slices.DeleteFunc(slices.Clone(signers), func(name string) bool { return !d.p.Signers[name].covers(tier) })
}

// datedBy is the key by which the times of an environment must be proven.
func (d *decoder) datedBy(path string) string {
	if d.where[path+".dated"] == nil {
		return path + ".tier"
	}
	return path + ".dated"
}

// checkChange gives policy-change what an environment has by default: any
// signer may ask for another policy, because it is people who let it through.
func (d *decoder) checkChange() {
	e := &d.p.change
	if e.Veto == nil {
		e.Veto = rolesOf(e.Require)
	}
	if e.Gate = slices.Sorted(maps.Keys(d.p.Signers)); e.Name == "" {
		*e = Environment{}
	}
	if e.Dated {
		d.rootFor("policy-change.dated", "times")
	}
	d.checkChangeSeats()
}

func rolesOf(seats []Seat) []string {
	var roles []string
	for _, s := range seats {
		if !slices.Contains(roles, s.Role) {
			roles = append(roles, s.Role)
		}
	}
	return roles
}

func (d *decoder) checkEvidence(path string, e *Evidence, tier Tier) {
	e.By = d.knownSigners(path+".by", e.By, tier)
	if e.Environment == "" {
		return
	}
	if _, ok := d.p.Environments[e.Environment]; !ok {
		d.failAt(path+".environment", "unknown environment %q%s", e.Environment,
			have(e.Environment, slices.Sorted(maps.Keys(d.p.Environments))))
	}
}

func (d *decoder) knownSigners(path string, names []string, tier Tier) []string {
	for i, name := range names {
		at := path
		if _, listed := d.where[path+"["+strconv.Itoa(i)+"]"]; listed {
			at += "[" + strconv.Itoa(i) + "]"
		}
		s, ok := d.p.Signers[name]
		switch {
		case !ok:
			d.failAt(at, "unknown signer %q%s", name, have(name, slices.Sorted(maps.Keys(d.p.Signers))))
		case !s.covers(tier):
			d.failAt(at, "signer %s is of tier %s, and the environment of tier %s", name, s.Tier, tier)
		}
	}
	return names
}

func (d *decoder) logKeysAreOfTheLog() {
	origin := d.p.Ledger.Origin
	for i, text := range d.p.Ledger.Keys {
		if v, err := note.NewVerifier(text); err == nil && origin != "" && v.Name() != origin {
			d.failAt("ledger.keys["+strconv.Itoa(i)+"]", "the key is of the log %q, and the origin is %q", v.Name(), origin)
		}
	}
}

func (d *decoder) signersAreDistinct() {
	first := map[string]string{}
	for _, name := range d.inFileOrder("signers", slices.Collect(maps.Keys(d.p.Signers))) {
		d.once(first, d.p.Signers[name].Key, name, "signers."+name+".key", "the key")
	}
}

// principalsAreDistinct refuses a policy in which one human could pass for
// two: by a key, an account or an address that two principals have.
func (d *decoder) principalsAreDistinct() {
	keys, emails, accounts, signers := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	for _, o := range d.p.Outsiders {
		emails[o] = "an outsider"
	}
	for _, name := range d.inFileOrder("principals", slices.Collect(maps.Keys(d.p.Principals))) {
		who, path := d.p.Principals[name], join("principals", name)
		for i, k := range who.Keys {
			if k.SSH == nil {
				continue
			}
			at := path + ".keys[" + strconv.Itoa(i) + "]"
			d.once(keys, string(k.SSH.Marshal()), name, at, "the key")
			if signer, ok := d.p.SignerOf(machineKeyID(k.SSH)); ok {
				d.failAt(at, "the key is the signer %s's: a machine does not vote", signer)
			}
		}
		for i, mail := range who.Emails {
			d.once(emails, mail, name, path+".emails["+strconv.Itoa(i)+"]", "the address")
		}
		d.accountsOnce(accounts, who.GitHub, name, path+".github")
		d.accountsOnce(accounts, who.GitLab, name, path+".gitlab")
		d.signersOnce(signers, who, name, path)
	}
}

func (d *decoder) accountsOnce(owner map[string]string, accounts []Account, name, path string) {
	for i, a := range accounts {
		at := path
		if list := path + "[" + strconv.Itoa(i) + "]"; d.where[list] != nil {
			at = list
		}
		if a.ID != 0 {
			d.once(owner, a.key(), name, at+".id", "the account")
		}
	}
}

// key is how an account is named and compared: host:id.
func (a Account) key() string { return accountAt(a.Host, a.ID) }

func accountAt(host string, id int64) string { return host + ":" + strconv.FormatInt(id, 10) }

// once fails if value is somebody's already. It remembers name as its owner.
func (d *decoder) once(owner map[string]string, value, name, path, thing string) {
	if value == "" {
		return
	}
	switch by, taken := owner[value]; {
	case !taken:
		owner[value] = name
	case by == name:
		d.failAt(path, "%s stands twice", thing)
	default:
		d.failAt(path, "%s is that of %s already", thing, by)
	}
}

// inFileOrder sorts names by where they stand under path, so that it is the
// second of two that is refused.
func (d *decoder) inFileOrder(path string, names []string) []string {
	arrange.By(names, func(a, b string) int {
		x, y := d.where[join(path, a)], d.where[join(path, b)]
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return x.Column - y.Column
	})
	return names
}

// findUnready collects the seats that the people of the policy cannot fill,
// and the vetoes that nobody could cast.
func (d *decoder) findUnready() {
	for _, name := range slices.Sorted(maps.Keys(d.p.Environments)) {
		d.findUnreadyIn(d.p.Environments[name], join("environments", name))
	}
	d.findUnreadyIn(d.p.change, ChangeEnvironment)
}

func (d *decoder) findUnreadyIn(e Environment, path string) {
	d.seatsCanBeFilled(e.Name, path+".require", e.Require)
	d.riskCanBeFilled(e, path+".risk.require")
	d.breakGlassCanBeFilled(e, path+".break-glass")
	for i, role := range e.Veto {
		if _, told := d.p.ForgeRoles[role]; told || len(d.p.voters(role, vetoSources(e)...)) > 0 {
			continue
		}
		if at := path + ".veto.roles[" + strconv.Itoa(i) + "]"; d.where[at] != nil {
			d.notReady(e.Name, at, "nobody with a key holds role %s, so nobody could deny%s", role, haveRoles(d.p, role))
		}
	}
}

func (d *decoder) notReady(environment, path, format string, args ...any) {
	d.p.unready = append(d.p.unready, unready{environment, d.errorAtPath(path, format, args...)})
}

func (d *decoder) seatsCanBeFilled(environment, path string, seats []Seat) {
	enough := true
	seats = slices.DeleteFunc(slices.Clone(seats), func(s Seat) bool { _, told := d.p.ForgeRoles[s.Role]; return told })
	for i, s := range seats {
		if who := d.p.voters(s.Role, s.Sources()...); len(who) < s.Count {
			enough = false
			d.notReady(environment, path+"["+strconv.Itoa(i)+"].role", "%s", tooFew(d.p, s, who))
		}
	}
	if !enough {
		return
	}
	filled, total := d.p.mostFilled(seats), 0
	for _, s := range seats {
		total += s.Count
	}
	if filled < total {
		d.notReady(environment, path, "asks for %d different people, and the policy's people can fill %d of the seats: one person fills one seat, whatever roles they hold", total, filled)
	}
}

func tooFew(p *Policy, s Seat, who []string) string {
	text := "role " + s.Role + " needs " + plural(s.Count, "person", "people") + " with a key, and "
	if len(s.Source) > 0 && !slices.Equal(s.Source, []string{SignedSource}) {
		text = "role " + s.Role + " needs " + plural(s.Count, "person", "people") + " who can vote by " + strings.Join(s.Source, " or ") + ", and "
	}
	switch len(who) {
	case 0:
		text += "nobody holds it" + haveRoles(p, s.Role)
	default:
		text += "only " + strings.Join(who, ", ") + " can fill it"
	}
	return text
}

func haveRoles(p *Policy, role string) string {
	roles := p.Roles()
	if len(roles) == 0 {
		return "; no principal holds a role yet"
	}
	return have(role, roles)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
