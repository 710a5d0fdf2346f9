// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A link is a build event that ties an artifact of the request to its commit.
type link struct {
	entry
	by    string // signer
	actor *event.Identity
	at    event.Context
}

// linkToCommit finds, for each artifact, the build events which say that it
// was made of the request's commit. It is asked for where somebody is excluded
// for what they did to the commit; evidence about a commit rests on it too.
func (e *evaluation) linkToCommit() {
	r := Rule{Name: "each artifact was built from commit " + short(e.request.Commit), State: Met}
	var at, missing []string
	var mine []doubtful // that matter, if artifacts have to be tied at all
	for i, s := range e.request.Subjects {
		if e.request.Commit != "" && s.Digest["gitCommit"] == e.request.Commit {
			e.linked[i] = true
			continue
		}
		links, why := e.linksOf(i)
		e.linked[i] = len(links) > 0
		if !e.linked[i] || slices.Contains(e.env.Exclude, "triggerer") {
			mine = append(mine, e.unlinked[i]...)
		}
		if !e.linked[i] {
			missing = append(missing, nameOf(s)+": "+why)
			continue
		}
		for _, l := range links {
			at, r.By = append(at, fmt.Sprintf("#%d", l.Index)), append(r.By, l.by)
		}
		e.links = append(e.links, links...)
	}
	switch {
	case len(e.env.Exclude) == 0:
		return
	case e.request.Commit == "":
		r.Name, r.State, r.Why = "the request names a commit", Broken, "the request names no commit, so nobody can tell who wrote it; ask again from a checkout"
	case len(missing) > 0:
		r.State, r.Why = Unmet, strings.Join(missing, "; ")
		e.missing(Missing{What: "build from commit " + short(e.request.Commit) + ", by " + strings.Join(e.goodSigners(), " or "), Who: e.goodSigners()})
	default:
		slices.Sort(r.By)
		r.By, r.Why = slices.Compact(r.By), listed("entry ", at)
	}
	for _, l := range e.links {
		e.uses(l.entry)
	}
	for _, d := range mine {
		e.doubt(d.entry, d.refusal)
	}
	e.rule(r)
}

// linksOf returns every build event that ties a subject to the commit, and, if
// there is none, why the newest does not.
func (e *evaluation) linksOf(subject int) (links []link, why string) {
	s := e.request.Subjects[subject]
	why = "no build event is about it"
	for _, en := range e.journal.of("build") {
		if !en.about(s.Digests()) {
			continue
		}
		l, no := e.linkOf(en, s)
		if no == nil {
			links = append(links, l)
			continue
		}
		if no.doubt {
			e.unlinked[subject] = append(e.unlinked[subject], doubtful{en, no})
		}
		why = fmt.Sprintf("the build event #%d does not count: %s", en.Index, no.why)
	}
	return links, why
}

func (e *evaluation) linkOf(en entry, s event.Subject) (l link, no *refusal) {
	by, no := e.signed(en, nil)
	if no != nil {
		return l, no
	}
	if why := e.elsewhere(en, e.request.Commit); why != "" {
		return l, refuse("%s", why)
	}
	st, err := en.Statement()
	if err != nil || !anyShares(st.Subject, s) {
		return l, refuse("it is about other bytes")
	}
	p, err := event.DecodePredicate[event.BuildPredicate](en.Event)
	switch {
	case err != nil:
		return l, refuse("%v", err)
	case e.request.Commit == "" || !madeOf(p, e.request.Commit):
		return l, refuse("it was made of another commit")
	case p.Context.Dirty:
		return l, refuse("the checkout had changes that the commit does not hold")
	}
	return link{entry: en, by: by, actor: p.Context.Actor, at: p.Context}, nil
}

func madeOf(p event.BuildPredicate, commit string) bool {
	return slices.ContainsFunc(p.BuildDefinition.ResolvedDependencies, func(d event.Subject) bool {
		return d.Digest["gitCommit"] == commit
	})
}

// goodSigners are the machines whose word is good enough here.
func (e *evaluation) goodSigners() []string {
	return slices.DeleteFunc(sortedNames(e.p.Signers), func(name string) bool {
		return !e.p.Signers[name].covers(e.env.Tier)
	})
}

// excludeAuthors finds out who made the commit and the build, and keeps them
// from approving. Somebody who cannot be told to be one of the principals, or
// to be none, could be any of them: then nothing is allowed.
func (e *evaluation) excludeAuthors() {
	if len(e.env.Exclude) == 0 && e.env.Agents == "" {
		e.rule(Rule{Name: "whoever made the change does not approve it", State: Skipped, Why: "the policy excludes nobody"})
		return
	}
	r := Rule{Name: "the " + andList(e.kept()) + " are known and do not approve", State: Met}
	if len(e.fresh) > 0 {
		r.Proof = Observed
	}
	var who, unknown []string
	state := Unmet
	for _, part := range e.parts() {
		if part.unknown != "" {
			unknown = append(unknown, part.unknown)
			if part.missing.What != "" {
				e.missing(part.missing)
			}
			if part.never {
				state = Undecidable
			}
			continue
		}
		for _, name := range part.people {
			e.exclude(name, "the "+part.what)
		}
		switch {
		case len(part.people) > 0:
			who = append(who, part.what+" "+strings.Join(part.people, " and "))
		case part.also != "":
			who = append(who, part.what+" "+part.also)
		default:
			who = append(who, part.what+" is an outsider")
		}
	}
	slices.Sort(who)
	if who = slices.Compact(who); len(who) == 0 {
		who = []string{"there are none"}
	}
	r.Why = strings.Join(who, ", ")
	if again := e.reruns(); again != "" {
		r.Why += "; " + again
	}
	if len(unknown) > 0 {
		r.State, r.Why = state, strings.Join(slices.Compact(unknown), "; ")
	}
	e.rule(r)
}

// kept are the parts that keep somebody from approving.
func (e *evaluation) kept() []string {
	if e.env.Agents == "" {
		return e.env.Exclude
	}
	return append(slices.Clone(e.env.Exclude), "people whom an agent wrote it for")
}

func (e *evaluation) exclude(name, what string) {
	switch before, ok := e.excluded[name]; {
	case !ok:
		e.excluded[name] = what
	case !slices.Contains(strings.Split(before, " and "), what):
		e.excluded[name] = before + " and " + what
	}
}

// A part is what somebody did to the change: as whom they are known, or why
// they are not.
type part struct {
	what    string // author, committer, co-author, triggerer
	people  []string
	also    string // the account, if it is no principal's
	unknown string
	never   bool // nobody will find out
	missing Missing
}

// parts are all that the policy excludes, as commit and build events tell it.
func (e *evaluation) parts() []part {
	var all []part
	if slices.ContainsFunc(e.env.Exclude, func(x string) bool { return x != "triggerer" && x != "pusher" }) {
		all = append(all, e.commitParts()...)
	}
	if slices.Contains(e.env.Exclude, "triggerer") {
		for _, l := range e.links {
			all = append(all, e.identify("triggerer", l.actor, l.entry, l.at))
		}
	}
	return append(all, e.forgeParts()...)
}

// commitParts are who made the commits that the request brings.
func (e *evaluation) commitParts() []part {
	var all []part
	h := e.brings()
	for _, id := range h.commits {
		t, suffix := e.tell(id), ""
		if id != e.request.Commit {
			suffix = " of a commit since " + short(h.since)
		}
		for _, d := range t.doubts {
			e.doubt(d.entry, d.refusal)
		}
		for _, m := range t.makers {
			e.uses(m.entry)
			all = append(all, e.makersOf(m, suffix)...)
		}
		if !t.known {
			missing := Missing{What: "commit " + short(id) + ", by " + strings.Join(e.goodSigners(), " or "), Who: e.goodSigners()}
			all = append(all, part{what: "author", unknown: t.why, missing: missing})
		}
	}
	if h.lost != "" {
		what := "a request whose commits since the last deployment are known"
		all = append(all, part{what: "author", unknown: h.lost, missing: Missing{What: what}, never: h.over})
	}
	if h.lost != "" || slices.ContainsFunc(all, func(p part) bool { return p.unknown != "" }) {
		e.doubtCommits()
	}
	return all
}

// doubtCommits notes every commit event that nobody can check, where knowing
// more might help.
func (e *evaluation) doubtCommits() {
	for _, t := range e.commits {
		for _, d := range t.doubts {
			e.doubt(d.entry, d.refusal)
		}
	}
}

// makersOf are those whom one commit event names, as far as they are excluded.
func (e *evaluation) makersOf(m maker, suffix string) []part {
	var all []part
	for _, who := range []struct {
		what string
		ids  []event.Identity
	}{{"author", []event.Identity{m.Author}}, {"committer", []event.Identity{m.Committer}}, {"co-author", m.CoAuthors}} {
		if !slices.Contains(e.env.Exclude, who.what) {
			continue
		}
		for i := range who.ids {
			all = append(all, e.identify(who.what+suffix, &who.ids[i], m.entry, m.Context))
		}
	}
	return all
}

// identify maps an account or address to the principals it is of.
func (e *evaluation) identify(what string, id *event.Identity, en entry, at event.Context) part {
	p := part{what: what}
	if id == nil {
		p.unknown = fmt.Sprintf("entry #%d does not name the %s", en.Index, what)
		p.missing = Missing{What: "the " + what + " in a new event in place of #" + strconv.FormatUint(en.Index, 10)}
		return p
	}
	e.excludeAccount(what, *id, at)
	for _, name := range sortedNames(e.p.Principals) {
		if isOf(e.p.Principals[name], *id, at) {
			p.people = append(p.people, name)
		}
	}
	if len(p.people) > 0 || e.outsider(*id) {
		return p
	}
	known := displayName(*id)
	p.unknown = fmt.Sprintf("the %s %s is no principal's", what, known)
	p.missing = Missing{What: "the policy to say who " + known + " is: under a principal, or in outsiders"}
	return p
}

// excludeAccount keeps the account that an identity names from approving, also
// where it is no principal's.
func (e *evaluation) excludeAccount(what string, id event.Identity, at event.Context) {
	if m := noReply.FindStringSubmatch(foldEmail(id.Email)); m != nil {
		e.exclude("github.com:"+m[1], "the "+what)
	}
	if id.ID != "" && at.Host != "" {
		e.exclude(at.Host+":"+id.ID, "the "+what)
	}
}

// noReply is how GitHub writes an account as an address.
var noReply = pattern.New(`^([1-9][0-9]{0,17})\+[^@]+@users\.noreply\.github\.com$`)

// isOf says whether an identity is a principal's: by account number at the
// provider, or by address, which a certificate may name too. Either is enough, because it only ever excludes.
func isOf(who Principal, id event.Identity, at event.Context) bool {
	email := foldEmail(id.Email)
	if m := noReply.FindStringSubmatch(email); m != nil && hasAccount(who.GitHub, m[1], "github.com", "github.com") {
		return true
	}
	switch {
	case at.Provider == "github" && hasAccount(who.GitHub, id.ID, at.Host, "github.com"):
		return true
	case at.Provider == "gitlab" && hasAccount(who.GitLab, id.ID, at.Host, "gitlab.com"):
		return true
	}
	certified := who.Keyless != nil && foldEmail(who.Keyless.Subject.Is) == email
	return email != "" && (certified || slices.Contains(who.Emails, email))
}

// hasAccount says whether one of the accounts has the number at the host. One
// that the policy puts at the provider's own host may be at any: it did not
// have to say, and this only ever excludes.
func hasAccount(accounts []Account, id, host, own string) bool {
	return slices.ContainsFunc(accounts, func(a Account) bool {
		return a.ID != 0 && strconv.FormatInt(a.ID, 10) == id && (a.Host == host || a.Host == own || host == "")
	})
}

func (e *evaluation) outsider(id event.Identity) bool {
	if slices.Contains(e.p.Outsiders, "*") {
		return true
	}
	return id.Email != "" && slices.Contains(e.p.Outsiders, foldEmail(id.Email))
}

func displayName(id event.Identity) string {
	switch {
	case id.Email != "":
		return strconv.Quote(id.Email)
	case id.ID != "":
		return "account " + strconv.Quote(id.ID) + " (" + strconv.Quote(id.Login) + ")"
	}
	return strconv.Quote(id.Login + id.Name)
}

func nameOf(s event.Subject) string {
	if s.Name != "" {
		return s.Name
	}
	for _, d := range s.Digests() {
		return d.Alg + ":" + short(d.Hex)
	}
	return "an artifact"
}

func andList(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func listed(prefix string, words []string) string {
	if len(words) == 0 {
		return "the artifact is the commit"
	}
	return prefix + strings.Join(words, ", ")
}
