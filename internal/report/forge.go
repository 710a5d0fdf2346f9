// SPDX-License-Identifier: Apache-2.0

package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// What a forge takes, at most. GitHub's limits, which are the smaller ones:
// https://docs.github.com/en/rest/checks/runs and
// https://docs.github.com/en/rest/commits/statuses.
const (
	CheckLimit       = 65535 // bytes of a check run's summary
	CommentLimit     = 65536 // bytes of a comment
	DescriptionLimit = 140   // characters of a status's description
	AnnotationLimit  = 50    // annotations of a check run
	titleLimit       = 200   // characters of a title
	messageLimit     = 1000  // characters of an annotation
	longestMarked    = 64    // bytes of an environment's name, as a policy has it
)

// The states of a Notice.
const (
	NoticePending = "pending" // it waits, or it is advice and nothing was used up
	NoticeAllowed = "allowed"
	NoticeDenied  = "denied"
	NoticeUnknown = "unknown" // it could not be found out

	// NoticeCancelled says that a gate was stopped while it waited: nothing was
	// decided, and nobody looks until a gate is run again.
	NoticeCancelled = "cancelled"
)

// A Notice is a decision as a forge is told of it: everything that a status, a
// check run or a comment shows, ready to be sent. Summary and Comment are
// Markdown in which nothing from outside does anything; the other texts are
// plain, and mention nobody.
type Notice struct {
	Environment string       `json:"environment"`
	Commit      string       `json:"commit"`      // that the request is for, in hex
	Request     string       `json:"request"`     // its id, in hex
	State       string       `json:"state"`       // one of the constants
	Title       string       `json:"title"`       // one line
	Description string       `json:"description"` // one line of DescriptionLimit characters
	Summary     string       `json:"summary"`     // of CheckLimit bytes
	Comment     string       `json:"comment"`     // of CommentLimit bytes; its first line is Marker
	Marker      string       `json:"marker"`      // a hidden line that says whose comment it is
	Issue       string       `json:"issue"`       // the title of an issue
	Details     string       `json:"details,omitempty"`
	Shown       string       `json:"shown,omitempty"` // address of where people approve, once that is known
	Annotations []Annotation `json:"annotations"`     // AnnotationLimit of them
}

// An Annotation is a remark about a line of a file.
type Annotation struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Level   string `json:"level"` // notice, warning or failure
	Title   string `json:"title"`
	Message string `json:"message"`
}

// NoticeOptions say how a Notice is made.
type NoticeOptions struct {
	Advice   bool   // nothing was used up: allowed is only advice, and never told as more
	Comments bool   // a comment "/approve REQUEST" is a vote there, that a seat takes
	Before   string // what such a line must begin with there; may be empty
	Details  string // address of the run's page; left out unless it is http or https

	// Changes is what is new since the last deployment; nil: not known.
	Changes *Changes

	// Cancelled says that the gate was stopped before there was an answer. A
	// denial stays one.
	Cancelled bool
}

// NewNotice says of a decision what a forge is told. What would be allowed and
// used nothing up is pending there: a status outlives the run that set it.
func NewNotice(d Decision, o NoticeOptions) Notice {
	n := Notice{
		Environment: d.Environment, Request: d.Decision.Request, State: noticeState(d, o),
		Marker: Marker(d.Environment), Details: detailsAddress(o.Details), Annotations: annotations(d),
	}
	if d.Request != nil {
		n.Commit = d.Request.Commit
	}
	_, word := verdict(d.Decision)
	said := say(d, d.page())
	if o.Advice && d.Verdict == policy.Allowed {
		word, said = "ADVICE", "it would be allowed; nothing was used up, so nothing may be deployed by this"
	}
	n.Title = flat(word+before(": ", said), titleLimit)
	n.Description = flat(describe(d, word, said), DescriptionLimit)
	if n.State == NoticeCancelled {
		n.Title, n.Description = cancelled, cancelled
	}
	n.Issue = flat("Deploy "+d.Environment+": "+issueWord(d, n.State), titleLimit)
	n.Summary = summaryOf(d, o, n.Details, CheckLimit)
	n.Comment = commentOf(d, o, n)
	return n
}

// noticeState is the state, which is no better than the verdict in any way.
func noticeState(d Decision, o NoticeOptions) string {
	switch m, _ := verdict(d.Decision); {
	case m == markNo:
		return NoticeDenied
	case o.Cancelled:
		return NoticeCancelled
	case m == markUnknown:
		return NoticeUnknown
	case m == markYes && !o.Advice:
		return NoticeAllowed
	}
	return NoticePending
}

// ShownAt is the notice with where people approve, if a forge may link there.
func (n Notice) ShownAt(address string) Notice {
	n.Shown = detailsAddress(address)
	return n
}

// Marker is the hidden line that a comment about an environment begins with.
// Two environments have two markers, whatever they are called.
func Marker(environment string) string {
	var b strings.Builder
	if len(environment) > longestMarked {
		sum := sha256.Sum256([]byte(environment))
		environment = "sha256:" + hex.EncodeToString(sum[:])
	}
	for i := range len(environment) {
		c := environment[i]
		if isAlnum(rune(c)) || strings.IndexByte("._/-", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return MarkerPrefix + b.String() + " -->"
}

// MarkerPrefix is what every Marker begins with.
const MarkerPrefix = "<!-- " + product.Name + ":"

// flat is outside text for a line that is no Markdown and mentions nobody.
func flat(s string, limit int) string {
	return clip(strings.ReplaceAll(clean.Field(s), "@", "(at)"), limit)
}

// describe is the verdict and its reason: what is missing says more than how
// many rules are met.
func describe(d Decision, word, said string) string {
	if m, _ := verdict(d.Decision); m == markWait && len(d.Missing) > 0 {
		said = "missing: " + whats(d.Missing)
	} else if word != "ADVICE" {
		said = d.Why
	}
	return word + before(": ", said)
}

// issueWord ends the title of an issue.
func issueWord(d Decision, state string) string {
	switch state {
	case NoticeAllowed, NoticeDenied, NoticeCancelled:
		return state
	case NoticeUnknown:
		return "could not find out"
	}
	people, things := 0, 0
	for _, m := range d.Missing {
		if isApproval(m) {
			people += max(1, m.Count)
		} else {
			things++
		}
	}
	if people == 0 {
		people = things
	}
	if people == 0 {
		return "nothing was used up"
	}
	return fmt.Sprintf("waiting for %d", people)
}

// detailsAddress is link, if a forge may link there.
func detailsAddress(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || len(link) > 1000 ||
		clean.Text(link) != link || strings.ContainsAny(link, " <>()[]|\"'\\`") {
		return ""
	}
	return link
}

const cancelled = "CANCELLED: the gate was stopped while it waited; nothing was decided"

const adviceOnly = "nothing was used up: this is advice, and no permission"

// summaryOf is the whole decision within limit bytes.
func summaryOf(d Decision, o NoticeOptions, link string, limit int) string {
	so := SummaryOptions{Limit: limit, Link: link}
	if o.Advice && d.Verdict == policy.Allowed {
		so.First = adviceOnly
	}
	if o.Cancelled && noticeState(d, o) == NoticeCancelled {
		so.First = cancelled
	}
	return Summary(d, so)
}

// commentOf is the decision for people who read it where they vote. What
// changes with every look at the ledger is left out, so that a comment that
// says nothing new stays as it is.
func commentOf(d Decision, o NoticeOptions, n Notice) string {
	top := n.Marker + "\n" + ask(d, o, n) + o.Changes.markdown()
	still := d
	still.Now = ""
	var b strings.Builder
	b.WriteString(top)
	for line := range strings.Lines(summaryOf(still, o, n.Details, CommentLimit-len(top))) {
		if !strings.HasPrefix(line, "- ledger: ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// ask is what is asked of who reads the comment, and the lines to paste. They
// are no lines of their own here, so that this comment is no vote.
func ask(d Decision, o NoticeOptions, n Notice) string {
	var b strings.Builder
	request := clip(d.Decision.Request, titleLimit)
	if (n.State == NoticePending || n.State == NoticeCancelled) && !o.Advice && d.WantsPeople() {
		paste := func(how, line string) { b.WriteString(how + "\n\n<pre><code>" + pre(line) + "</code></pre>\n\n") }
		own := "To approve, run this with your own key:"
		if o.Comments {
			paste("To approve, answer with this one line (to deny, with `/deny`, the same id and why):", o.Before+"/approve "+request)
			own = "Where a signed vote is asked for, run this with your own key:"
		}
		paste(own, product.Name+" approve "+request)
	}
	if owed := owedRequests(d); n.State == NoticePending && len(owed) > 0 {
		b.WriteString("What was let through in an emergency has to be approved after the fact, with your own key:\n\n<pre><code>" + pre(strings.Join(owed, "\n")) + "</code></pre>\n\n")
	}
	b.WriteString("Request " + code(request) + " for **" + prose(clip(d.Environment, titleLimit)) + "**")
	if n.Details != "" {
		b.WriteString(", as [this run](" + n.Details + ") has it")
	}
	return b.String() + ".\n\n"
}

// VoteComment is a signed vote as it stands in a comment: one line for people,
// and the block (vote.Armour), in which alone anything counts.
func VoteComment(choice, request, environment, block string) string {
	return "Signed vote: **" + prose(clip(choice, titleLimit)) + "** on request " + code(clip(request, titleLimit)) + " for " + prose(clip(environment, titleLimit)) +
		". What counts is the block and its signature, whoever pasted it.\n\n```\n" + block + "```\n"
}

// WantsPeople reports whether somebody's approval of just this request is missing.
func (d Decision) WantsPeople() bool {
	for _, m := range d.Missing {
		if isApproval(m) && m.Request == "" {
			return true
		}
	}
	return false
}

// owedRequests are the commands that settle what is owed.
func owedRequests(d Decision) []string {
	var out []string
	for _, m := range d.Missing {
		if m.Request != "" {
			out = append(out, product.Name+" approve "+clip(m.Request, titleLimit))
		}
	}
	return out
}

// annotations stand at the policy: it is what asks for what is not there. The
// last one says how many there was no room for.
func annotations(d Decision) []Annotation {
	out := []Annotation{}
	add := func(level, title, message string) {
		out = append(out, Annotation{product.PolicyFile, 1, level, flat(title, titleLimit), flat(message, messageLimit)})
	}
	for _, r := range d.Rules {
		switch r.State {
		case policy.Broken:
			add("failure", "no: "+r.Name, r.Why)
		case policy.Undecidable:
			add("warning", "unknown: "+r.Name, r.Why)
		case policy.Unmet:
			add("notice", "not yet: "+r.Name, r.Why)
		}
	}
	for _, u := range d.Unknown {
		add("warning", "could not find out", u)
	}
	if n := len(out); n > AnnotationLimit {
		out = out[:AnnotationLimit-1]
		add("warning", "there is more", fmt.Sprintf("%d more are in the summary", n-AnnotationLimit+1))
	}
	return out
}
