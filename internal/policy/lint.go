// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/arrange"
)

// From when on an age in a policy is long enough to be asked about.
const (
	longVote     = 7 * 24 * time.Hour
	longChange   = 30 * 24 * time.Hour // of policy-change
	longEvidence = 30 * 24 * time.Hour
)

// A Warning is something that a sound policy allows and its author may not
// have meant. The gate does not look at it.
type Warning struct {
	*Error
	Code string // what it is about, the same in every version: "one-human"
}

// Warnings says what of a sound policy its author may not have meant, in the
// file's order. What keeps an environment closed is no warning: see Lint.
func (p *Policy) Warnings() []Warning {
	root, err := document(p.Source)
	if err != nil {
		return nil // Parse read these bytes before
	}
	l := &linter{d: reread(root), p: p}
	for _, name := range slices.Sorted(maps.Keys(p.Environments)) {
		l.environment(p.Environments[name], join("environments", name))
	}
	if change, ok := p.Environment(ChangeEnvironment); ok {
		l.people(change, ChangeEnvironment)
		l.age(ChangeEnvironment+".max-age", change.MaxAge, longChange)
	}
	arrange.Stably(l.found, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return l.found
}

// Where says where a key stands in the policy's file, for a finding of
// somebody else: the line and column of its value, or of what it should stand
// in.
func (p *Policy) Where(key, format string, args ...any) *Error {
	root, err := document(p.Source)
	if err != nil {
		return &Error{Line: 1, Column: 1, Key: key, Text: fmt.Sprintf(format, args...)}
	}
	return reread(root).errorAtPath(key, format, args...)
}

// reread walks a document that Parse has read, to know again what stands where.
func reread(root *yaml.Node) *decoder {
	d := &decoder{where: map[string]*yaml.Node{"": root}, p: &Policy{
		Signers: map[string]Signer{}, Principals: map[string]Principal{}, Environments: map[string]Environment{},
	}}
	d.policy(root)
	return d
}

// A linter is one run of Warnings.
type linter struct {
	d     *decoder
	p     *Policy
	found []Warning
}

func (l *linter) warn(code, path, format string, args ...any) {
	l.found = append(l.found, Warning{l.d.errorAtPath(path, format, args...), code})
}

func (l *linter) environment(e Environment, path string) {
	if e.Tier == Fast && !e.Dated && isProduction(e.Name) {
		l.warn("self-asserted-times", path+".tier", "tier fast believes the clocks of those who sign; dated: true has times proven")
	}
	l.anchors(e, path)
	if e.Risk != nil && e.Risk.MaxAge == 0 {
		l.warn("scan-of-any-age", path+".risk.max-age", "left out: a scan of any age counts, and new vulnerabilities are found every day")
	}
	if len(e.Evidence) == 0 {
		l.warn("no-evidence", path+".evidence", "asks for no evidence: bytes that nobody tested or scanned can be let in")
	}
	if e.Auto {
		if l.d.where[path+".veto"] == nil {
			l.warn("no-veto", path+".veto", "nobody could stop a deployment: nobody has to approve, and nobody may deny")
		}
		return
	}
	if l.d.where[path+".veto"] == nil {
		l.warn("no-veto", path+".veto", "left out: only who may approve (%s) may deny", strings.Join(rolesOf(e.Require), ", "))
	}
	if !slices.Contains(e.Exclude, "author") {
		l.warn("own-approval", path+".exclude", "the author of a commit is not excluded, and may approve it")
	}
	l.people(e, path)
	l.forges(e, path)
	l.age(path+".max-age", e.MaxAge, longVote)
	for i, v := range e.Evidence {
		at := path + ".evidence[" + strconv.Itoa(i) + "]"
		if l.age(at+".max-age", v.MaxAge, longEvidence); v.Event == "scan" && v.MaxAge == 0 {
			l.warn("scan-of-any-age", at+".max-age", "left out: a scan of any age counts, and new vulnerabilities are found every day")
		}
	}
}

// anchors says where an anchored environment rests on little.
func (l *linter) anchors(e Environment, path string) {
	if e.Tier != Anchored {
		return
	}
	l.age(path+".outage.settle-within", e.settleWithin(), longVote)
	unique := 0
	for _, s := range l.p.specs(e.Anchors) {
		if u, _ := s.Proves(); u && s.Kind != anchored.Witness {
			unique++
		}
	}
	if need := l.p.Ledger.Witnesses.Need; unique == 0 && need == 1 {
		l.warn("one-witness", "ledger.witnesses.need", "that nobody can show two logs rests on one operator's word")
	}
}

// isProduction goes by the name, which is all there is to go by.
func isProduction(name string) bool {
	first := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_.", r) })
	return slices.ContainsFunc(first, func(part string) bool {
		return part == "production" || part == "prod" || part == "live"
	})
}

func (l *linter) age(path string, got, long time.Duration) {
	if got > long {
		l.warn("long-max-age", path, "%s is long: what was true then may not be now; %s is usual at most", days(got), days(long))
	}
}

func days(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	return strconv.Itoa(int(d/time.Hour)) + "h"
}

// forges says what of an environment rests on what a forge may not tell. What it
// does not tell is "could not find out", and opens nothing.
func (l *linter) forges(e Environment, path string) {
	for i, s := range e.Require {
		if teams := l.p.ForgeRoles[s.Role].Teams; len(teams) > 0 {
			l.warn("hidden-team", path+".require["+strconv.Itoa(i)+"].role",
				"role %s is held by whom a forge says (%s), and a job's own token may not see who that is: then no approval of theirs is found out; people whom the policy names with SSH keys need no token for it", s.Role, strings.Join(teams, ", "))
		}
	}
	if len(e.Exclude) == 0 {
		return
	}
	for _, provider := range []string{"github", "gitlab"} {
		if !slices.ContainsFunc(e.Sources(), func(source string) bool { return strings.HasPrefix(source, provider+"-") }) {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(l.p.Principals)) {
			who := l.p.Principals[name]
			accounts := map[string][]Account{"github": who.GitHub, "gitlab": who.GitLab}[provider]
			if key := "principals." + name + ".emails"; len(who.Emails) > 0 && len(accounts) == 0 && !l.told(key) {
				l.warn("author-by-address", key, "%s is known by address only, and %s says by account who had a hand in a change: then nobody can tell who that is, which stops the gate; add %s: {id: …}", name, provider, provider)
			}
		}
	}
}

// told says whether something was said of a key before.
func (l *linter) told(key string) bool {
	return slices.ContainsFunc(l.found, func(w Warning) bool { return w.Key == key })
}

// people says where an environment rests on too few. A seat that nobody can
// fill is an error already.
func (l *linter) people(e Environment, path string) {
	everyone := map[string]bool{}
	for _, s := range e.Require {
		who := l.p.voters(s.Role, s.Sources()...)
		if len(who) < s.Count {
			return // too few, which Lint says, or people that the file does not name
		}
		for _, name := range who {
			everyone[name] = true
		}
	}
	if len(everyone) == 1 {
		name := slices.Collect(maps.Keys(everyone))[0]
		l.warn("one-human", path+".require", "rests on one human: only %s can approve, with whatever key or account of theirs somebody gets hold of", name)
		return
	}
	for i, s := range e.Require {
		if who := l.p.voters(s.Role, s.Sources()...); len(who) == s.Count {
			l.warn("lone-seat", path+".require["+strconv.Itoa(i)+"].role",
				"nobody but %s can fill the role %s, which needs %s: nobody can stand in for them", strings.Join(who, ", "), s.Role, plural(s.Count, "person", "people"))
		}
	}
}
