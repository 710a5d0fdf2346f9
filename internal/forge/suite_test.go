// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

// A scene is a forge as one source sees it. Every source has one in scenes,
// and the suite plays the same stories on each.
type scene interface {
	// cast leaves a vote by an account, and returns the forge's name for it.
	cast(by account, v ballot) string
	// amend changes what was left there to other text; retract takes it away.
	amend(id string, v ballot)
	retract(id string)
	rename(by account, login string)
	// fill leaves n things that are no votes.
	fill(n int)
	// breakDown makes the forge fail from the n-th request for votes on.
	breakDown(n int)
	query() Query
}

// A hasty scene is one where texts are changed so soon that their times do not
// tell, also by others than their author.
type hasty interface {
	scene
	amendAtOnce(id string, by account, v ballot)
	// doubt makes the forge say something odd when it is asked about changes.
	doubt(body string)
}

// scenes makes the scene of each source.
func scenes() map[string]func(*testing.T) scene {
	return map[string]func(*testing.T) scene{
		"github-comment":     func(t *testing.T) scene { return commentScene{newHub(t)} },
		"github-environment": func(t *testing.T) scene { return environmentScene{newHub(t)} },
		"github-review":      func(t *testing.T) scene { return reviewScene{newHub(t)} },
		"gitlab-note":        newNotesScene,
	}
}

// differs are the stories that end differently on a source.
var differs = map[string]string{
	"github-review/retracted":                         "583231 approve 00 dismissed",
	"github-review/retracted by a vote":               "583231 approve 00", // a review takes none back
	"github-review/edited to a veto":                  "583231 approve 00", // its text may change, what it is may not
	"github-review/edited to nothing":                 "583231 approve 00",
	"github-environment/retracted":                    "583231 approve 00", // nothing takes it back
	"github-environment/retracted by a vote":          "583231 approve 00",
	"github-environment/edited to a veto":             "583231 approve 00",
	"github-environment/edited to nothing":            "583231 approve 00",
	"github-environment/stale: about another request": "", // another environment's
}

// TestWordsOfOthers plays what changes texts behind their times' backs, and a
// forge that can't say whether somebody did: nothing counts then.
func TestWordsOfOthers(t *testing.T) {
	approve, deny, revoke := ballot{choice: vote.Approve}, ballot{choice: vote.Deny}, ballot{choice: vote.Revoke}
	talk := ballot{choice: vote.Approve, garbled: true}
	odd := func(body string) func(hasty) {
		return func(s hasty) { s.cast(ana, approve); s.doubt(body) }
	}
	node := func(author string) string {
		return `{"__typename":"IssueComment","fullDatabaseId":"301","author":{"__typename":"User","databaseId":` + author + `},"editor":null,"lastEditedAt":null,"includesCreatedEdit":false}`
	}
	for name, c := range map[string]struct {
		play func(hasty)
		want string // empty: could not find out
	}{
		"edited within the second":                {func(s hasty) { s.amendAtOnce(s.cast(ana, talk), ana, approve) }, "583231 approve 00 edited"},
		"edited within the second by another":     {func(s hasty) { s.amendAtOnce(s.cast(ana, talk), mallory, approve) }, "583231 approve 00 edited"},
		"by an account that is gone":              {func(s hasty) { s.amendAtOnce(s.cast(ana, talk), account{5, ""}, approve) }, "583231 approve 00 edited"},
		"another takes an approval back":          {func(s hasty) { s.cast(ana, approve); s.amendAtOnce(s.cast(ana, talk), mallory, revoke) }, "583231 approve 00 taken\n583231 revoke 00 edited"},
		"another takes a veto back":               {func(s hasty) { s.cast(ana, deny); s.amendAtOnce(s.cast(ana, talk), mallory, revoke) }, "583231 deny 00\n583231 revoke 00 edited"},
		"another's veto is one":                   {func(s hasty) { s.amendAtOnce(s.cast(ana, approve), mallory, deny) }, "583231 deny 00"},
		"an edit that changes nothing is an edit": {func(s hasty) { s.amendAtOnce(s.cast(ana, approve), mallory, approve) }, "583231 approve 00 edited"},
		"another one was edited":                  {func(s hasty) { s.amendAtOnce(s.cast(mallory, talk), ana, approve); s.cast(ana, approve) }, "666 approve 00 edited\n583231 approve 00"},
		"the forge says what it said before":      {odd(`{"data":{"nodes":[` + node("583231") + `]}}`), "583231 approve 00"},
		"the forge says a different author":       {odd(`{"data":{"nodes":[` + node("666") + `]}}`), ""},
		"a part of the answer":                    {odd(`{"data":{"nodes":[` + node("583231") + `]},"errors":[{"type":"NOT_FOUND","message":"and another one"}]}`), ""},
		"no answer about it":                      {odd(`{"data":{"nodes":[null]},"errors":[{"type":"NOT_FOUND","path":["nodes",0],"message":"Could not resolve"}]}`), ""},
		"null in its place":                       {odd(`{"data":{"nodes":[null]}}`), ""},
		"an answer to nothing":                    {odd(`{"data":{"nodes":[]}}`), ""},
	} {
		played := 0
		for source, make := range scenes() {
			s, ok := make(t).(hasty)
			if !ok {
				continue
			}
			played++
			t.Run(source+"/"+name, func(t *testing.T) {
				c.play(s)
				found, err := Read(t.Context(), source, s.query())
				if c.want == "" {
					if !errors.Is(err, ErrUnavailable) || found.Snapshot != nil {
						t.Errorf("%v, %+v", err, found)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := told(t, found); got != c.want {
					t.Errorf("saw\n%s\nwant\n%s", got, c.want)
				}
			})
		}
		if played == 0 {
			t.Errorf("%s is played on no source", name)
		}
	}
}

type account struct {
	id    int64
	login string
}

// A ballot is what somebody says; garbled says that its signed form was cut.
type ballot struct {
	choice  vote.Choice
	request byte
	garbled bool
}

var (
	ana     = account{583231, "ana"}
	mallory = account{666, "mallory"}
	bot     = account{77, "project_6_bot_1f2e"}
)

const commit = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"

// armoured is a ballot signed by the account's key.
func armoured(t testing.TB, by account, v ballot) string {
	t.Helper()
	statement, err := vote.NewStatement(vote.Predicate{
		Request: strings.Repeat(fmt.Sprintf("%02x", v.request), 32), Choice: v.choice, Ledger: "q7d4x2m9",
		Environment: "production", Commit: commit, Issued: "2026-03-02T09:00:00Z",
		Subjects: []event.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat("a", 64)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	block, err := vote.Armour(statement, signed(t, by, statement))
	if err != nil {
		t.Fatal(err)
	}
	if v.garbled {
		return block[:len(block)/2]
	}
	return block
}

func signed(t testing.TB, by account, statement []byte) []byte {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, fmt.Sprint(by.id))
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := vote.SignedData("gateledger-vote", vote.SHA512, statement)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.Sign(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	return vote.ArmorSSHSIG(&vote.Signature{Key: key.PublicKey(), Namespace: "gateledger-vote", HashAlgorithm: vote.SHA512, Blob: sig})
}

// told is the sightings in short: who, what, about which request.
func told(t *testing.T, f Found) string {
	t.Helper()
	var lines []string
	for _, s := range f.Sightings {
		choice, request := s.Choice, s.Request
		if s.Block != "" {
			found, problems := vote.FindArmoured(s.Block)
			if len(found) != 1 || len(problems) != 0 || found[0].String() != s.Block {
				t.Fatalf("a block that is none: %q", s.Block)
			}
			choice, request = found[0].Predicate.Choice, found[0].Predicate.Request
		}
		line := fmt.Sprintf("%d %s %.2s", s.Account.ID, choice, request)
		if s.Edited {
			line += " edited"
		}
		if s.Account.Bot {
			line += " bot"
		}
		if s.Source == "" || s.Place == "" || s.ID == "" || s.Account.Host == "" || s.Posted.IsZero() {
			t.Errorf("a sighting that does not say where: %+v", s)
		}
		lines = append(lines, line)
	}
	if f.Snapshot == nil {
		return strings.Join(lines, "\n")
	}
	for _, v := range f.Snapshot.Votes {
		lines = append(lines, toldVote(t, v))
	}
	return strings.Join(lines, "\n")
}

// toldVote is one vote of a snapshot in short.
func toldVote(t *testing.T, v event.ForgeVote) string {
	t.Helper()
	bound := v.Request
	if bound == "" && v.Commit != commit {
		bound = v.Commit
	}
	line := fmt.Sprintf("%d %s %.2s", v.Account.ID, v.Decision, bound+"00")
	word, _, _ := strings.Cut(v.Reject, " ")
	if line = strings.TrimSpace(line + " " + word); v.Account.Kind == event.AccountBot {
		line += " bot"
	}
	return line
}

// TestSources plays every story on every source.
func TestSources(t *testing.T) {
	approve, deny := ballot{choice: vote.Approve}, ballot{choice: vote.Deny}
	for name, c := range map[string]struct {
		play func(scene)
		want string
	}{
		"nobody says anything": {func(scene) {}, ""},
		"talk":                 {func(s scene) { s.fill(3) }, ""},
		"one vote":             {func(s scene) { s.cast(ana, approve) }, "583231 approve 00"},
		"duplicate": {func(s scene) { s.cast(ana, approve); s.cast(ana, approve) },
			"583231 approve 00\n583231 approve 00"},
		"retracted": {func(s scene) { s.retract(s.cast(ana, approve)) }, ""},
		"retracted by a vote": {func(s scene) { s.cast(ana, approve); s.cast(ana, ballot{choice: vote.Revoke}) },
			"583231 approve 00\n583231 revoke 00"},
		"edited to a veto":             {func(s scene) { s.amend(s.cast(ana, approve), deny) }, "583231 deny 00 edited"},
		"edited to nothing":            {func(s scene) { s.amend(s.cast(ana, approve), ballot{choice: vote.Approve, garbled: true}) }, ""},
		"stale: about another request": {func(s scene) { s.cast(ana, ballot{choice: vote.Approve, request: 0xee}) }, "583231 approve ee"},
		"stranger":                     {func(s scene) { s.cast(mallory, deny) }, "666 deny 00"},
		"bot":                          {func(s scene) { s.cast(bot, approve) }, "77 approve 00 bot"},
		"renamed account":              {func(s scene) { s.cast(ana, approve); s.rename(ana, "anna"); s.cast(mallory, deny) }, "583231 approve 00\n666 deny 00"},
		"a login that was taken over":  {func(s scene) { s.rename(ana, "anna"); s.cast(account{99, "ana"}, approve) }, "99 approve 00"},
		"second page":                  {func(s scene) { s.fill(100); s.cast(ana, deny) }, "583231 deny 00"},
		"a thousand":                   {func(s scene) { s.fill(1000); s.cast(ana, deny) }, "583231 deny 00"},
	} {
		for source, make := range scenes() {
			t.Run(source+"/"+name, func(t *testing.T) {
				s := make(t)
				c.play(s)
				found, err := Read(t.Context(), source, s.query())
				if err != nil {
					t.Fatal(err)
				}
				want, ok := differs[source+"/"+name]
				if !ok {
					want = c.want
				}
				if got := told(t, found); got != want {
					t.Errorf("saw\n%s\nwant\n%s", got, want)
				}
				if len(found.Read) == 0 {
					t.Error("it does not say where it looked")
				}
			})
		}
	}
}

// A forge that fails halfway has shown nothing.
func TestPartialFailureIsFailure(t *testing.T) {
	for source, make := range scenes() {
		for n := range 3 {
			s := make(t)
			s.cast(ana, ballot{choice: vote.Approve})
			s.fill(250)
			s.cast(ana, ballot{choice: vote.Deny})
			s.breakDown(n)
			found, err := Read(t.Context(), source, s.query())
			if !errors.Is(err, ErrUnavailable) || len(found.Sightings) != 0 {
				t.Errorf("%s, from request %d on: %d sightings, %v", source, n, len(found.Sightings), err)
			}
		}
	}
}

// No source believes that nothing answered.
func TestSilenceIsFailure(t *testing.T) {
	for source, make := range scenes() {
		q := make(t).query()
		q.Base = nobody{}
		if _, err := Read(t.Context(), source, q); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", source, err)
		}
		q.Getenv = func(string) string { return "" }
		if _, err := Read(t.Context(), source, q); !errors.Is(err, ErrSetup) {
			t.Errorf("%s, told nothing: %v", source, err)
		}
	}
}

type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody is there")
}

// The table here and the one that policies are read by name the same sources,
// and each has its scene.
func TestTablesAgree(t *testing.T) {
	here := map[string]bool{}
	for _, s := range sources() {
		here[s.name] = true
		if _, ok := vote.SourceNamed(s.name); !ok {
			t.Errorf("no policy can name %s", s.name)
		}
		if scenes()[s.name] == nil && gitlabScenes()[s.name] == nil && s.name != event.ChainSource { // its scene is a chain, in package evm
			t.Errorf("the suite has no scene for %s", s.name)
		}
	}
	for _, name := range vote.SourceNames() {
		if !here[name] {
			t.Errorf("nothing reads %s", name)
		}
	}
	_, err := Read(t.Context(), "gitlab-nots", Query{})
	if !errors.Is(err, ErrSetup) || !strings.Contains(err.Error(), "did you mean gitlab-note?") {
		t.Error(err)
	}
}

// short is how long tests wait before another try.
const short = time.Millisecond
