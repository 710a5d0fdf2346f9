// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/vote"
)

var elsewhereCommit = strings.Repeat("a", 40)

func TestCertifiedEvidence(t *testing.T) {
	with := func(rule string) string {
		return "\n    auto: true\n    gate: [gate, cloudgate]\n    evidence:\n      - {" + rule + "}\n"
	}
	tests, boms := with("event: test, by: cloud"), with("event: sbom, by: [ci, cloud]")
	trigger := func(name string) editor { return as(func(id *keyless.Identity) { id.Trigger = name }) }
	ref := func(name string) editor { return as(func(id *keyless.Identity) { id.SourceRef = name }) }
	cloud := by("cloud")
	checkCertified(t, map[string]fact{
		"a test by the machine":                      {tests, usual(test(event.Passed, cloud)), Allowed, "test passed, by cloud for each artifact: #3"},
		"in the same workflow of another repository": {tests, usual(test(event.Passed, by("fork"))), Pending, `signed with a certificate that the policy does not name: "https://github.com/evil`},
		"on another ref":                             {tests, usual(test(event.Passed, cloud, ref("refs/heads/x"))), Pending, `ref is "refs/heads/x"`},
		"on a pull request of a stranger":            {tests, usual(test(event.Passed, cloud, trigger("pull_request_target"))), Pending, `trigger is "pull_request_target"`},
		"after another workflow":                     {tests, usual(test(event.Passed, cloud, trigger("workflow_run"))), Pending, `trigger is "workflow_run"`},
		"of another issuer":                          {tests, usual(test(event.Passed, cloud, as(func(id *keyless.Identity) { id.Issuer = google }))), Pending, "issuer is"},
		"in a run of another commit":                 {tests, usual(test(event.Passed, cloud, inRunOf(elsewhereCommit))), Pending, "it was signed in a run of commit aaaaaaaaaaaa, and the request is for c0ffee000000"},
		"in a run of no commit":                      {tests, usual(test(event.Passed, cloud, inRunOf(""))), Pending, "its certificate names no commit"},
		"by the other machine":                       {tests, usual(test(event.Passed, by("cloudgate"))), Pending, "signed by cloudgate, and cloud is asked"},
		"with a key that nobody asks for":            {tests, usual(test(event.Passed)), Pending, "signed by ci, and cloud is asked"},
		"tampered with":                              {tests, usual(test(event.Passed, cloud), breakLast), Pending, "nobody can tell who signed it: signature"},
		"by an authority nobody believes":            {tests, usual(test(event.Passed, cloud, certificateIs(keyless.ErrUntrusted))), Pending, "missing: test passed, by cloud"},
		"with a certificate that is none":            {tests, usual(test(event.Passed, cloud, certificateIs(keyless.ErrCertificate))), Pending, "missing: test passed, by cloud"},

		"without a root":                                            {tests, usual(test(event.Passed, cloud), withoutRoot), Pending, "unknown: #3 could matter: nobody can tell who signed it: no usable trusted root"},
		"without a root, and none is needed":                        {with("event: test, by: ci"), usual(test(event.Passed), test(event.Failed, cloud), withoutRoot), Allowed, "#3"},
		"without a token":                                           {tests, usual(test(event.Passed, cloud, undated)), Pending, "unknown: #3 could matter: nobody can tell who signed it: no proof of when"},
		"with the token of another event":                           {tests, usual(test(event.Passed, cloud, wrongToken)), Pending, "unknown: #3 could matter: nobody can tell who signed it: timestamp does not hold"},
		"with a token from after its end":                           {tests, usual(test(event.Passed, cloud, certificateIs(keyless.ErrExpired))), Pending, "unknown: #3 could matter"},
		"failed, and nobody can check it":                           {tests, usual(test(event.Passed, cloud), test(event.Failed, cloud, undated)), Pending, "unknown: #4 could matter"},
		"failed long ago, and nobody can tell":                      {tests, usual(test(event.Failed, cloud, undated), test(event.Passed, cloud)), Allowed, "#4"},
		"passed again, and nobody can check":                        {tests, usual(test(event.Passed, cloud), test(event.Passed, cloud, undated)), Allowed, "#3"},
		"failed, and then one nobody can check":                     {tests, usual(test(event.Failed, cloud), test(event.Passed, cloud, undated)), Pending, "unknown: #4 could matter"},
		"failed, by nobody":                                         {tests, usual(test(event.Passed, cloud), test(event.Failed, cloud, certificateIs(keyless.ErrUntrusted))), Allowed, "#3"},
		"an sbom that nobody can check beside":                      {boms, usual(sbom(), sbom(cloud, undated)), Allowed, "#3"},
		"an sbom by either machine":                                 {boms, usual(sbom(cloud)), Allowed, "#3"},
		"a test of the commit, and no build that anybody can check": {tests, []step{request("r1"), build(cloud, undated), test(event.Passed, cloud, about(theCommit()))}, Pending, "unknown: #1 could matter"},
		"a test of the commit, and a build in a run of another":     {tests, []step{request("r1"), build(cloud, inRunOf(elsewhereCommit)), test(event.Passed, cloud, about(theCommit()))}, Pending, "no build event ties the artifact to it"},
	})
}

func TestCertifiedGate(t *testing.T) {
	asked := func(edits ...editor) []step {
		return []step{commitBy("otto@x.org"), build(), request("r1", append([]editor{by("cloudgate")}, edits...)...), approve("dave"), approve("alice"), approve("bob")}
	}
	other := request("r2", about(artifact("x")))
	excluding := strings.Replace(certifiedRules, "gate:", "exclude: [author]\n    gate:", 1)
	triggered := strings.Replace(certifiedRules, "gate:", "exclude: [triggerer]\n    gate:", 1)
	checkCertified(t, map[string]fact{
		"a request by a gate":                           {"", asked(), Allowed, "every rule"},
		"a request that nobody can check":               {"", asked(undated), Pending, "unknown: the request at #2 does not count: nobody can tell who signed it"},
		"a request by a machine that is no gate":        {"", asked(by("cloud")), Denied, "signed by cloud, which is no gate of production"},
		"a request by a fork":                           {"", asked(by("fork")), Denied, "that the policy does not name"},
		"used by another run":                           {"", quorum(consume(by("cloudgate"), inRun("run-2"))), Denied, "already used by run run-2"},
		"used, and nobody can tell by whom":             {"", quorum(consume(by("cloudgate"), inRun("run-2"), undated)), Pending, "unknown: #6 could matter"},
		"used, and again by nobody knows whom":          {"", quorum(consume(), consume(by("cloudgate"), inRun("run-2"), undated)), Allowed, "this run used it at #6"},
		"used by nobody knows whom, and again":          {"", quorum(consume(by("cloudgate"), inRun("run-2"), undated), consume()), Pending, "unknown: #6 could matter"},
		"deployed, and nobody can tell who allowed it":  {"", quorum(other, consume(of("r2"), about(artifact("x")), by("cloudgate"), undated), deploy(of("r2"), about(artifact("x")))), Pending, "unknown: #7 could matter"},
		"used by a fork":                                {"", quorum(consume(by("fork"), inRun("run-2"))), Allowed, "nobody has"},
		"overtaken, and nobody can tell by whom":        {"", quorum(other, consume(of("r2"), about(artifact("x"))), deploy(of("r2"), about(artifact("x")), by("cloud"), undated)), Pending, "unknown: #8 could matter"},
		"used and deployed, and nobody can tell":        {"", quorum(consume(), deploy(by("cloud"), undated)), Pending, "unknown: #7 could matter"},
		"a time of tomorrow that nobody can check":      {"", quorum(other, consume(by("cloudgate"), of("r2"), about(artifact("x")), made("2026-03-09T00:00:00Z"), undated)), Pending, "unknown: #7 could matter"},
		"an author whom nobody can check":               {excluding, quorum(commitBy("bob@x.org", by("cloud"), undated)), Pending, "unknown: #6 could matter"},
		"an author by the machine":                      {excluding, quorum(commitBy("bob@x.org", by("cloud"))), Pending, "bob is the author"},
		"an author in a run of another commit":          {excluding, quorum(commitBy("bob@x.org", by("cloud"), inRunOf(elsewhereCommit))), Allowed, "every rule"},
		"an author by a gate, in whichever run":         {excluding, quorum(commitBy("bob@x.org", by("cloudgate"))), Pending, "bob is the author"},
		"an author, and nobody is excluded":             {"", quorum(commitBy("bob@x.org", by("cloud"), undated)), Allowed, "every rule"},
		"a build that nobody can check beside another":  {excluding, quorum(build(by("cloud"), undated)), Allowed, "every rule"},
		"a triggerer whom nobody can check":             {triggered, quorum(build(by("cloud"), undated)), Pending, "unknown: #6 could matter"},
		"no build but one that nobody can check":        {excluding, []step{commitBy("otto@x.org"), build(by("cloud"), undated), request("r1")}, Pending, "unknown: #1 could matter"},
		"the address of a certificate is a principal's": {excluding, []step{commitBy("KIM@x.org"), build(), request("r1"), approve("dave"), approve("bob"), approve("kim")}, Pending, "kim is the author"},
	})
}

func TestCertifiedVotes(t *testing.T) {
	votes := func(more ...step) []step { return usual(append([]step{approve("dave")}, more...)...) }
	enough := func(more ...step) []step { return votes(append([]step{approve("bob"), approve("carol")}, more...)...) }
	checkCertified(t, map[string]fact{
		"two people with certificates":                {"", votes(approve("kim"), approve("lee")), Allowed, "vote kim approve: counted as lead"},
		"one with a certificate, one with a key":      {"", votes(approve("kim"), approve("bob")), Allowed, "every rule"},
		"the same person with both":                   {"", votes(approve("lee"), approve("lee", bySSH)), Pending, "superseded by the same person's vote #5"},
		"somebody who is nobody":                      {"", votes(approve("bob"), approve("moe")), Pending, "vote  approve: rejected: the certificate is nobody's in the policy"},
		"the same name at another issuer":             {"", votes(approve("bob"), approve("kim", as(func(id *keyless.Identity) { id.Issuer = actions }))), Pending, "nobody's in the policy"},
		"a name that is alike":                        {"", votes(approve("bob"), approve("kim", as(func(id *keyless.Identity) { id.Subject = "Kim@x.org" }))), Pending, "nobody's in the policy"},
		"a machine":                                   {"", votes(approve("bob"), approve("cloud")), Pending, "the certificate is nobody's in the policy"},
		"tampered with":                               {"", votes(approve("bob"), approve("kim"), breakLast), Pending, "vote  approve: rejected: nobody can tell whose it is: signature"},
		"an authority that nobody believes":           {"", votes(approve("bob"), approve("kim", certificateIs(keyless.ErrUntrusted))), Pending, "missing: 1 more approval by lead"},
		"too few, and one that nobody can check":      {"", votes(approve("bob"), approve("kim", undated)), Pending, "unknown: #5 could matter: nobody can tell whose it is"},
		"enough, and one more that nobody can check":  {"", enough(approve("kim", undated)), Allowed, "vote  approve: rejected: nobody can tell whose it is: no proof"},
		"enough, and no root":                         {"", enough(approve("kim"), withoutRoot), Allowed, "every rule"},
		"a veto":                                      {"", enough(deny("kim")), Denied, "denied by kim at #6"},
		"a veto that nobody can check":                {"", enough(deny("kim", undated)), Pending, "unknown: #6 could matter"},
		"a veto whose token is of another event":      {"", enough(deny("kim", wrongToken)), Pending, "unknown: #6 could matter"},
		"a veto whose token is from after its end":    {"", enough(deny("kim", certificateIs(keyless.ErrExpired))), Pending, "unknown: #6 could matter"},
		"a veto, and no root":                         {"", enough(deny("kim"), withoutRoot), Pending, "unknown: #6 could matter: nobody can tell whose it is: no usable trusted root"},
		"a veto by an authority that nobody believes": {"", enough(deny("kim", certificateIs(keyless.ErrUntrusted))), Allowed, "every rule"},
		"a veto by nobody":                            {"", enough(deny("moe")), Allowed, "every rule"},
		"a veto lifted":                               {"", enough(deny("kim"), revoke("kim")), Allowed, "vote kim deny: rejected: revoked by its author at #7"},
		"a veto lifted by a key":                      {"", enough(deny("lee"), revoke("lee", bySSH)), Allowed, "revoked by its author"},
		"a veto lifted, and nobody can tell":          {"", enough(deny("kim"), revoke("kim", undated)), Denied, "denied by kim"},
		"taken back, and nobody can tell by whom":     {"", votes(approve("bob"), approve("lee", bySSH), revoke("lee", undated)), Pending, "unknown: #6 could matter"},
		"a veto beats what nobody can tell":           {"", enough(deny("kim", undated), deny("bob")), Denied, "denied by bob"},
		"with nobody's signature":                     {"", votes(approve("bob"), unsigned("kim")), Pending, "no SSH signature, and no certificate signed it"},
	})
}

// unsigned logs what somebody would sign, signed by a machine's key.
func unsigned(who string) step {
	return func(w *world) {
		v := w.sign(w.draft("stranger", []editor{withKey(who)}), vote.Approve)
		w.logVote("stranger", signedVote{statement: v.statement})
	}
}

// A policy without certificates takes them for strangers', and asks nobody.
func TestCertificatesWithoutAPolicyForThem(t *testing.T) {
	w := newWorld(t, strings.Replace(rulesOfTests, "gate: gate", "gate: gate\n    exclude: [author]\n    evidence: [{event: test, by: ci}]", 1))
	w.root = &fakeRoot{map[string]keyless.Identity{}, map[string]error{}}
	w.edit = func(in *Input) { in.identify = nil }
	w.play(quorum(test(event.Passed))...)
	before := w.evaluate()
	w.play(commitBy("bob@x.org", by("cloud")), build(by("cloud")), test(event.Failed, by("cloud")), consume(by("cloud"), inRun("run-9")), deny("kim"), approve("kim"))
	after := w.evaluate()
	if before.Verdict != Allowed || after.Verdict != Allowed || !slices.Equal(before.Inputs, after.Inputs) {
		t.Errorf("before: %s after: %s", tell(before), tell(after))
	}
}

// A certificate for a pinned key is not the key: only who holds the trusted
// root can tell whose it is.
func TestCertificateForAPinnedKey(t *testing.T) {
	w := newCertified(t, "\n    auto: true\n    gate: [gate, cloudgate]\n    evidence: [{event: test, by: [ci, cloud]}]\n").play(usual(test(event.Passed))...)
	last := w.events[len(w.events)-1]
	last.Signed.Verifier.Certificate = certificates()["moe"].pub.Certificate
	if d := w.evaluate(); d.Verdict != Pending {
		t.Error(tell(d))
	}
	if name, _, err := w.p.Signer(last, nil); name != "" || err == nil {
		t.Errorf("signed by %q, %v", name, err)
	}
	if MayGate(w.p, w.p.Environments["production"], last) {
		t.Error("it may gate")
	}
}

func TestSigner(t *testing.T) {
	w := newCertified(t, certifiedRules)
	for name, want := range map[string]struct {
		by    string
		edits []editor
		name  string
		err   error
		tells bool
	}{
		"a key":                       {by: "ci", name: "ci", tells: true},
		"a stranger's key":            {by: "stranger", err: ErrStranger, tells: true},
		"a certificate":               {by: "cloud", name: "cloud", tells: true},
		"a stranger's certificate":    {by: "fork", err: ErrStranger, tells: true},
		"a person's certificate":      {by: "kim", err: ErrStranger, tells: true},
		"a certificate without token": {by: "cloud", edits: []editor{undated}, err: keyless.ErrUndated},
		"a certificate past its end":  {by: "cloud", edits: []editor{certificateIs(keyless.ErrExpired)}, err: keyless.ErrExpired},
		"nobody's certificate":        {by: "cloud", edits: []editor{certificateIs(keyless.ErrUntrusted)}, err: keyless.ErrUntrusted, tells: true},
	} {
		w.play(test(event.Passed, append([]editor{by(want.by)}, want.edits...)...))
		e := w.events[len(w.events)-1]
		names, id, err := w.p.signersBy(e, *w.root)
		if got := strings.Join(names, " "); got != want.name || !errors.Is(err, want.err) || (err == nil) != (want.err == nil) || CouldNotTell(err) == want.tells && err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, certified := personas[want.by]; certified && err == nil && id.Subject != personas[want.by].Subject {
			t.Errorf("%s: signed as %+v", name, id)
		}
	}
	w.play(test(event.Passed), breakLast)
	if _, _, err := w.p.Signer(w.events[len(w.events)-1], nil); !errors.Is(err, event.ErrSignature) {
		t.Errorf("a broken signature: %v", err)
	}
}

// Another root than the policy's is no root.
func TestOnlyThePolicysRootIsBelieved(t *testing.T) {
	w := newCertified(t, certifiedRules).play(test(event.Passed, by("cloud")))
	for name, root := range map[string]*keyless.Root{"none": nil, "another": {Digest: "sha256:" + strings.Repeat("4", 64)}} {
		if _, _, err := w.p.Signer(w.events[0], root); !errors.Is(err, keyless.ErrRoot) || !CouldNotTell(err) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.p.GateOf(w.p.Environments["production"], w.events[0], root); !errors.Is(err, keyless.ErrRoot) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := w.p.Voter(w.events[0], root); !errors.Is(err, keyless.ErrRoot) {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := policyOf(t, rulesOfTests)
	if _, _, err := plain.Signer(w.events[0], nil); !errors.Is(err, ErrStranger) {
		t.Errorf("a policy without certificates: %v", err)
	}
	if _, _, err := plain.Voter(w.events[0], nil); !errors.Is(err, ErrStranger) {
		t.Errorf("a policy whose people have keys: %v", err)
	}
}

func TestGateOf(t *testing.T) {
	w := newCertified(t, certifiedRules).play(request("r1"), request("r2", by("ci")), request("r3", by("stranger")), request("r4", by("cloudgate")), request("r5", by("cloud")))
	for i, want := range []error{nil, ErrNoGate, ErrStranger, nil, ErrNoGate} {
		_, err := w.p.gateBy(w.p.Environments["production"], w.events[i], *w.root)
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("entry #%d: %v, want %v", i, err, want)
		}
	}
}

func TestVoter(t *testing.T) {
	w := newCertified(t, certifiedRules).play(request("r1"), approve("kim"), approve("moe"), approve("cloud"), approve("bob"), approve("kim", undated))
	for i, want := range []struct {
		name string
		err  error
	}{{"", ErrStranger}, {"kim", nil}, {"", ErrStranger}, {"", ErrStranger}, {"", ErrStranger}, {"", keyless.ErrUndated}} {
		name, id, err := w.p.voterBy(w.events[i], *w.root)
		if name != want.name || !errors.Is(err, want.err) || (err == nil) != (want.err == nil) || err == nil && id.Subject != "kim@x.org" {
			t.Errorf("entry #%d: %q, %v", i, name, err)
		}
	}
}

// The real root, of which the tests know that it believes nobody, is asked.
func TestARootThatBelievesNobody(t *testing.T) {
	w := newCertified(t, datedRules).play(quorum(approve("kim"), deny("kim"))...)
	w.edit = func(in *Input) { in.identify, in.Root = nil, &keyless.Root{Digest: w.p.Sigstore.TrustedRoot} }
	d := w.evaluate()
	if d.Verdict != Pending || len(d.Unknown) != 3 {
		t.Error(tell(d))
	}
}
