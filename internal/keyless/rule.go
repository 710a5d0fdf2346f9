// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Limits of a pattern: it is written in a policy, and used on every event.
const (
	maxPattern = 512    // bytes
	maxProgram = 10_000 // characters and operators, its repetitions written out
)

// A Text is what a text of a certificate must be: exactly Is, or matched from
// its first to its last character by Pattern. Letters in upper and lower case
// differ. The zero Text asks for nothing.
type Text struct {
	Is      string
	Pattern string // RE2, anchored at both ends
}

// Check says whether a Text can match anything: one of its parts at most, and
// a valid pattern within limits.
func (t Text) Check() error {
	if t.Is != "" && t.Pattern != "" {
		return errors.New("both a text and a pattern, want one of them")
	}
	_, err := t.compile()
	return err
}

// compile returns the pattern anchored at both ends. That it is valid by
// itself comes first, so that no bracket of its own can end the anchored one.
func (t Text) compile() (*regexp.Regexp, error) {
	if len(t.Pattern) > maxPattern {
		return nil, fmt.Errorf("pattern of %d bytes, over the limit of %d", len(t.Pattern), maxPattern)
	}
	parsed, err := syntax.Parse(t.Pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	if n := program(parsed); n > maxProgram {
		return nil, fmt.Errorf("pattern %.60q: its repetitions written out are over the limit of %d", t.Pattern, maxProgram)
	}
	return regexp.Compile(`\A(?:` + t.Pattern + `)\z`)
}

// program estimates the size of a pattern's program.
func program(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += program(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return min(n, maxProgram+1)
}

// any reports whether t asks for nothing.
func (t Text) any() bool { return t == Text{} }

// match says why a text is not what t asks for.
func (t Text) match(field, found string) error {
	switch {
	case t.any():
		return nil
	case found == "":
		return fmt.Errorf("the certificate has no %s, want %s", field, t)
	case t.Pattern == "":
		return same(field, found, t.Is)
	}
	re, err := t.compile()
	if err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	if t.Is != "" || !re.MatchString(found) {
		return fmt.Errorf("%s is %q, want %s", field, found, t)
	}
	return nil
}

// String writes a Text as a message has it.
func (t Text) String() string {
	if t.Pattern != "" {
		return fmt.Sprintf("pattern %q", t.Pattern)
	}
	return fmt.Sprintf("%q", t.Is)
}

// same says why found is not the text wanted. Wanting nothing is met by
// anything, and an empty field meets nothing that is wanted.
func same(field, found, want string) error {
	switch {
	case want == "" || found == want:
		return nil
	case found == "":
		return fmt.Errorf("the certificate has no %s, want %q", field, want)
	}
	return fmt.Errorf("%s is %q, want %q", field, found, want)
}

// A Rule says whose certificates count. An empty part asks for nothing;
// Issuer is always needed, and so is one part that names the signer.
type Rule struct {
	Issuer       string
	Subject      Text
	RepositoryID string
	Workflow     Text     // path in the repository, of the build config; PATH@SHA pins its digest too
	BuildSigner  Text     // URI of the (reusable) workflow that ran; with @SHA its digest
	Ref          Text     // of the source
	Triggers     []string // one of them
	Runner       string   // github-hosted, self-hosted
	Environment  string
}

// Check says what is wrong with a rule: no issuer, or one that is no https
// URL (http is for loopback hosts), neither subject nor repository id, a
// pattern that is invalid or over a limit, a workflow that is no path, or what
// stands after an @ and is no full commit hash.
func (r Rule) Check() error {
	if err := checkIssuer(r.Issuer); err != nil {
		return err
	}
	if err := r.named(); err != nil {
		return err
	}
	for _, t := range []struct {
		field string
		text  Text
	}{{"identity", r.Subject}, {"workflow", r.Workflow}, {"build-signer", r.BuildSigner}, {"ref", r.Ref}} {
		if err := t.text.Check(); err != nil {
			return fmt.Errorf("%s: %w", t.field, err)
		}
	}
	path, _, pinned := cutSHA(r.Workflow.Is)
	if pinned && path == "" || strings.HasPrefix(path, "/") || strings.Contains(path, "://") || !pinned && strings.Contains(path, "@") {
		return fmt.Errorf("workflow %q is not a path in the repository, alone or with @ and a full commit hash", r.Workflow.Is)
	}
	if is := r.BuildSigner.Is; is != "" && (!strings.HasPrefix(is, "https://") || !strings.Contains(is, "@")) {
		return fmt.Errorf("build-signer %q is not an https URL with @ and a ref or a full commit hash", is)
	}
	if slices.Contains(r.Triggers, "") {
		return errors.New("triggers: one of them is empty")
	}
	return nil
}

// named says whether the rule says who signs, and not only where.
func (r Rule) named() error {
	if r.Issuer == "" {
		return errors.New("issuer: none, so that anybody's word would count")
	}
	if r.Subject.any() && r.RepositoryID == "" {
		return errors.New("neither identity nor repository-id: everybody of the issuer would match")
	}
	return nil
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	switch {
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("issuer %q is not an https URL", issuer)
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("issuer %q is not an https URL (http is for loopback hosts)", issuer)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Match says in one line why an identity does not count, or nil: which field,
// what was found, and what was wanted.
func (r Rule) Match(id Identity) error {
	if err := r.named(); err != nil {
		return err
	}
	for _, f := range []struct{ field, found, want string }{
		{"issuer", id.Issuer, r.Issuer},
		{"repository id", id.RepositoryID, r.RepositoryID},
		{"runner environment", id.RunnerEnvironment, r.Runner},
		{"deployment environment", id.Environment, r.Environment},
	} {
		if err := same(f.field, f.found, f.want); err != nil {
			return err
		}
	}
	if err := r.matchTrigger(id.Trigger); err != nil {
		return err
	}
	if err := r.Ref.match("ref", id.SourceRef); err != nil {
		return err
	}
	if err := r.matchWorkflow(id); err != nil {
		return err
	}
	if err := r.matchBuildSigner(id); err != nil {
		return err
	}
	return r.Subject.match("identity", id.Subject)
}

func (r Rule) matchTrigger(trigger string) error {
	switch {
	case len(r.Triggers) == 0:
		return nil
	case trigger == "":
		return fmt.Errorf("the certificate has no trigger, want one of %q", r.Triggers)
	case slices.Contains(r.Triggers, trigger):
		return nil
	}
	return fmt.Errorf("trigger is %q, want one of %q", trigger, r.Triggers)
}

// matchWorkflow compares the path of the build config in its repository, and
// its digest where the rule pins one.
func (r Rule) matchWorkflow(id Identity) error {
	if r.Workflow.any() {
		return nil
	}
	want, sha, pinned := r.Workflow, "", false
	if want.Pattern == "" {
		want.Is, sha, pinned = cutSHA(r.Workflow.Is)
	}
	path, err := workflowPath(id)
	if err != nil {
		return err
	}
	if err := want.match("workflow", path); err != nil {
		return err
	}
	if pinned {
		return same("workflow digest", id.BuildConfigDigest, sha)
	}
	return nil
}

// workflowPath returns the path of the build config relative to the source
// repository. GitLab writes two slashes before it.
//
// Where it ends, the ref of the source says, which stands after an @. Where
// that is another ref, the last @ ends it: a path without an @ is then the
// true one, whatever is in the ref.
func workflowPath(id Identity) (string, error) {
	if id.BuildConfigURI == "" || id.SourceURI == "" {
		return "", nil
	}
	path, ok := strings.CutPrefix(id.BuildConfigURI, id.SourceURI+"/")
	if !ok {
		return "", fmt.Errorf("workflow is %q, which is not in the repository %q", id.BuildConfigURI, id.SourceURI)
	}
	path = strings.TrimPrefix(path, "/")
	if before, ok := strings.CutSuffix(path, "@"+id.SourceRef); ok && id.SourceRef != "" {
		return before, nil
	}
	return beforeRef(path), nil
}

func beforeRef(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return s[:i]
	}
	return s
}

// matchBuildSigner compares the URI of the workflow that ran, with its ref;
// or, where the rule pins a digest, without the ref, and that digest.
func (r Rule) matchBuildSigner(id Identity) error {
	uri, sha, pinned := cutSHA(r.BuildSigner.Is)
	if !pinned || r.BuildSigner.Pattern != "" {
		return r.BuildSigner.match("build signer", id.BuildSignerURI)
	}
	if err := same("build signer", beforeRef(id.BuildSignerURI), uri); err != nil {
		return err
	}
	return same("build signer digest", id.BuildSignerDigest, sha)
}

// cutSHA splits a text at its last @, if a full commit hash follows: 40 or 64
// lower-case hex digits.
func cutSHA(s string) (before, sha string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 || len(s)-i-1 != 40 && len(s)-i-1 != 64 || strings.Trim(s[i+1:], "0123456789abcdef") != "" {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
