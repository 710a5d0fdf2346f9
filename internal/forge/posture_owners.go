// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/codeowners"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
)

// Who CODEOWNERS names, and whether there is such a one who may approve. Both
// forges pass over an owner who is not there or may not write, and then ask
// nobody for what only they own.

// An ownerFile is the CODEOWNERS file of the default branch.
type ownerFile struct {
	file *codeowners.File
	err  error // why there is none, or nobody can tell what it says

	// able says whether an owner, as a line writes it, may approve.
	able func(line int, owner string) tri
}

// readOwnerFile reads the file where a forge looks for it, in its order.
func readOwnerFile(syntax codeowners.Syntax, read func(place string) ([]byte, error)) (*ownerFile, string) {
	for _, place := range syntax.Places() {
		data, err := read(place)
		if errors.Is(err, errNoFile) {
			continue
		}
		if err != nil {
			return &ownerFile{err: err}, place
		}
		file, err := codeowners.Parse(data, syntax)
		return &ownerFile{file: file, err: err}, place
	}
	return &ownerFile{err: errNoFile}, ""
}

// owned says whether files have an owner who may approve them.
func (o *ownerFile) owned(names ...string) tri {
	switch {
	case errors.Is(o.err, errNoFile):
		return no("there is no CODEOWNERS file")
	case o.err != nil:
		return unknown(o.err)
	}
	answer := yes("CODEOWNERS gives %s owners", strings.Join(names, ", "))
	for _, name := range names {
		switch one := o.ownedOne(name); {
		case one.state == event.No:
			return one
		case one.state != answer.state:
			answer = one
		}
	}
	return answer
}

// ownedOne is owned for one file. Of several sections one that is asked is
// enough; an optional one is never asked.
func (o *ownerFile) ownedOne(name string) tri {
	var missing []string
	var doubt *tri
	for _, rule := range o.file.Of(name) {
		if rule.Need == 0 {
			continue
		}
		for _, owner := range rule.Owners {
			switch is := o.able(rule.Line, owner); is.state {
			case event.Yes:
				return is
			case event.No:
				missing = append(missing, is.why)
			default:
				doubt = &is
			}
		}
	}
	switch {
	case doubt != nil:
		return unknown(fmt.Errorf("whether anybody may approve %s as its owner: %s", name, doubt.why))
	case len(missing) > 0:
		return no("nobody may approve %s as its owner: %s", name, strings.Join(missing, "; "))
	}
	return no("CODEOWNERS gives %s no owner", name)
}

// exist says whether everybody whom the file names may approve.
func (o *ownerFile) exist() tri {
	switch {
	case errors.Is(o.err, errNoFile):
		return yes("there is no CODEOWNERS file, so it names nobody")
	case o.err != nil:
		return unknown(o.err)
	}
	var all, missing, hidden []string
	add := func(list *[]string, word string) {
		if !slices.Contains(*list, word) {
			*list = append(*list, word)
		}
	}
	for _, rule := range o.file.Rules() {
		for _, owner := range rule.Owners {
			add(&all, owner)
			switch is := o.able(rule.Line, owner); is.state { // of another line a forge may say something else
			case event.Yes:
			case event.No:
				add(&missing, is.why)
			default:
				add(&hidden, is.why)
			}
		}
	}
	switch {
	case len(missing) > 0:
		return no("of those in CODEOWNERS not there, or without permission, are %s", few(missing))
	case len(hidden) > 0:
		return unknown(fmt.Errorf("of those in CODEOWNERS not known are %s", few(hidden)))
	}
	return yes("all of %d owners in CODEOWNERS may approve", len(all))
}

// owners reads the file, and what GitHub itself says against it: it knows whom
// it passes over, and tells with a line and a column.
func (g *githubPosture) owners(ctx context.Context) *ownerFile {
	o, place := readOwnerFile(codeowners.GitHub, func(place string) ([]byte, error) { return g.file(ctx, place, codeowners.MaxSize) })
	if o.err != nil {
		return o
	}
	found, err := g.client.OwnerErrors(ctx, g.branch)
	bad := map[string]string{} // by line and owner
	for _, e := range found {
		switch {
		case e.Path != place:
			err = fmt.Errorf("GitHub speaks of %.80q, and not of %s", e.Path, place)
		case !strings.Contains(strings.ToLower(e.Kind), "owner"):
			o.err = fmt.Errorf("GitHub passes over line %d of %s: %s", e.Line, place, e.Kind)
			return o
		case !reads(o.file, e):
			err = fmt.Errorf("GitHub speaks of line %d of %s as %.80q, which reads otherwise", e.Line, place, e.Source)
		default:
			bad[fmt.Sprint(e.Line, " ", e.Owner())] = fmt.Sprintf("%s of line %d: %s", e.Owner(), e.Line, e.Kind)
		}
	}
	o.able = func(line int, owner string) tri {
		switch {
		case err != nil:
			return unknown(err)
		case bad[fmt.Sprint(line, " ", owner)] != "":
			return no("%s", bad[fmt.Sprint(line, " ", owner)])
		case bad[fmt.Sprint(line, " ")] != "":
			return unknown(fmt.Errorf("GitHub says that an owner of line %d is none, and not which", line))
		}
		return yes("GitHub knows %s as an owner", owner)
	}
	return o
}

// reads says whether a file has the line that GitHub has something against. If not,
// the two are not about the same file, and nobody can tell whom GitHub passes over.
func reads(file *codeowners.File, e github.OwnerError) bool {
	return slices.ContainsFunc(file.Rules(), func(r codeowners.Rule) bool {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(e.Source), r.Pattern))
		return r.Line == e.Line && strings.HasPrefix(strings.TrimSpace(e.Source), r.Pattern) &&
			len(words) >= len(r.Owners) && slices.Equal(words[:len(r.Owners)], r.Owners) &&
			(e.Owner() == "" || slices.Contains(r.Owners, e.Owner()))
	})
}

// maxNamed is how many owners of a file GitLab is asked about.
const maxNamed = 50

// A gitlabNames is what the names in a CODEOWNERS file stand for.
type gitlabNames struct {
	client  *gitlab.Client
	project int64
	place   gitlab.Place
	err     error // why it is not known where the project stands
	known   map[string]tri
}

// owners reads the file. GitLab does not say whom it passes over, so each name
// is asked about: one call for whose it is, and one or two for what they may.
func (g *gitlabPosture) owners(ctx context.Context) *ownerFile {
	o, _ := readOwnerFile(codeowners.GitLab, func(place string) ([]byte, error) { return g.file(ctx, place, codeowners.MaxSize) })
	if o.err != nil {
		return o
	}
	names := &gitlabNames{client: g.client, project: g.project.ID, known: map[string]tri{}}
	names.place, names.err = g.client.Place(ctx, g.project.ID)
	o.able = func(_ int, owner string) tri {
		key := strings.ToLower(owner)
		if got, ok := names.known[key]; ok {
			return got
		}
		if len(names.known) >= maxNamed {
			return unknown(fmt.Errorf("CODEOWNERS names over %d owners, and %s was not asked about", maxNamed, owner))
		}
		names.known[key] = names.able(ctx, owner)
		return names.known[key]
	}
	return o
}

func (n *gitlabNames) able(ctx context.Context, owner string) tri {
	name := strings.TrimPrefix(owner, "@")
	switch {
	case codeowners.IsTeam(owner):
		return n.group(ctx, name)
	case !codeowners.IsUser(owner):
		return unknown(fmt.Errorf("GitLab does not say whose the address %s is", owner))
	}
	account, err := n.client.AccountNamed(ctx, name)
	switch {
	case err != nil:
		return unknown(err)
	case account == 0:
		return n.group(ctx, name)
	}
	levels, err := n.client.ProjectMembers(ctx, n.project, []int64{account})
	switch {
	case err != nil:
		return unknown(err)
	case levels[account] < gitlab.Developer:
		return no("%s may not approve: no developer of the project", owner)
	}
	return yes("%s is a developer of the project", owner)
}

// group is whether somebody in a group may approve. GitLab takes only a group
// above the project or one that was invited to it or to one above; of these the
// last are not known.
func (n *gitlabNames) group(ctx context.Context, group string) tri {
	switch {
	case n.err != nil:
		return unknown(n.err)
	case !n.place.Has(group):
		return unknown(fmt.Errorf("@%s is no account, and no group above the project or invited to it; GitLab passes over it, unless it was invited to a group above", group))
	}
	members, err := n.client.GroupPeople(ctx, group)
	if err != nil {
		return unknown(err)
	}
	levels, err := n.client.ProjectMembers(ctx, n.project, members)
	if err != nil {
		return unknown(err)
	}
	for _, id := range members {
		if levels[id] >= gitlab.Developer {
			return yes("@%s has developers of the project", group)
		}
	}
	return no("nobody in @%s may approve: it has no developer of the project as a member of its own", group)
}
