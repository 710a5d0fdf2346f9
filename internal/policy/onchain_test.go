// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// Leads vote in a contract, where bob has two signers and carol has one.
const (
	chainRules = `
    require: [{role: security, count: 1}, {role: lead, count: 2, source: [signed, evm]}]
    gate: gate
    deployment-gate: {evm: "https://rpc.example", chain: 1, contract: "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"}
`
	chainVetoRules = chainRules + `    veto: {roles: [lead]}
`
	bobSigner   = "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
	bobsOther   = "fb6916095ca1df60bb79ce92ce3ea74c37c5d359"
	carolSigner = "dbf03b407c01e7cd3cbea99509d93f8dddc8c6fb"
)

func inContract(all ...vote1) step { return snap(event.ChainSource, all) }

func TestVotesOfAContract(t *testing.T) {
	bob, other, carol := event.ChainAccount(bobSigner), event.ChainAccount(bobsOther), event.ChainAccount(carolSigner)
	first := asked(approve("dave"))
	with := func(more ...step) []step { return append(first[:len(first):len(first)], more...) }
	check(t, map[string]fact{
		"two leads":                       {chainRules, with(inContract(yes(bob), yes(carol))), Allowed, "every rule is met"},
		"one in it, and one signed":       {chainRules, with(inContract(yes(bob)), approve("carol")), Allowed, "every rule is met"},
		"one person's two signers":        {chainRules, with(inContract(yes(bob), yes(other))), Pending, "bob counts once"},
		"a vote twice":                    {chainRules, with(inContract(yes(bob), castAs("again", bob, event.ForgeApprove))), Pending, "bob counts once"},
		"in it, and signed":               {chainRules, with(inContract(yes(bob)), approve("bob")), Pending, "bob counts once"},
		"taken back":                      {chainRules, with(inContract(yes(bob), yes(carol), back(carol))), Pending, "the same account said revoke after it"},
		"rejected where it was read":      {chainRules, with(inContract(yes(bob), yes(carol, rejected("it is of epoch 1 of the contract's policy")))), Pending, "of epoch 1"},
		"a stranger":                      {chainRules, with(inContract(yes(bob), yes(event.ChainAccount("00")))), Pending, "has no role"},
		"another request":                 {chainRules, with(request("r2", asking(func(p *event.RequestPredicate) { p.Host, p.Commit = "github.com", otherCommit })), inContract(yes(bob), yes(carol, forRequest("r2")))), Pending, "not for this one"},
		"expired":                         {chainRules, with(at("2026-03-02T11:00:00Z"), inContract(yes(bob), yes(carol))), Pending, "expired"},
		"before the request":              {chainRules, with(inContract(yes(bob), yes(carol, when("2026-03-01T09:00:00Z")))), Pending, "before the request was made"},
		"without a time":                  {chainRules, with(inContract(yes(bob), yes(carol, when("")))), Pending, "does not say when"},
		"a veto":                          {chainVetoRules, with(inContract(yes(bob), nay(carol))), Denied, "carol"},
		"a veto that is gone":             {chainVetoRules, with(inContract(nay(carol)), inContract(yes(bob), yes(carol, when("2026-03-01T10:30:00Z")))), Denied, "carol"},
		"nobody asked a node":             {chainRules, with(approve("bob"), approve("carol")), Pending, "could not find out what evm says"},
		"the reading is old":              {chainRules, with(snap(event.ChainSource, votes(yes(bob), yes(carol)), readAt("2026-03-01T11:50:00Z"))), Pending, "a reading counts for"},
		"a forge's account by a chain":    {chainRules, with(inContract(yes(22), yes(carol))), Pending, "github.com:22 has no role"},
		"no gate's word":                  {chainRules, with(snapBy("ci", event.ChainSource, "r1", votes(yes(bob), yes(carol)))), Pending, "could not find out what evm says"},
		"security may not vote there":     {strings.Replace(chainRules, "lead, count: 2, source", "guest, count: 1, source", 1), with(inContract(yes(bob))), Pending, "bob has no role that is asked for"},
		"a chain's signer by a forge":     {strings.Replace(chainRules, "[signed, evm]", "[signed, evm, github-comment]", 1), with(inContract(yes(carol)), comments(yes(bob))), Pending, "has no role"},
		"the same person by both sources": {strings.Replace(chainRules, "[signed, evm]", "[signed, evm, github-comment]", 1), with(inContract(yes(bob)), comments(yes(22))), Pending, "bob counts once"},
	})
}

// Where the node is asked changes nothing; which contract, and whose signers,
// do.
func TestDigestNamesTheContract(t *testing.T) {
	digest := func(rules string) string {
		d, err := policyOf(t, rules).EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if digest(chainRules) != digest(strings.Replace(chainRules, "rpc.example", "other.example", 1)) {
		t.Error("another node of the chain changes the digest")
	}
	seen := map[string]string{}
	for _, rules := range []string{
		chainRules, rulesOfTests, chainVetoRules, strings.Replace(chainRules, "chain: 1", "chain: 5", 1),
		strings.Replace(chainRules, "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", 1),
		strings.Replace(chainRules, "chain: 1", "chain: 1, confirmations: 3", 1),
	} {
		d := digest(rules)
		if seen[d] != "" {
			t.Errorf("%s and %s have one digest", rules, seen[d])
		}
		seen[d] = rules
	}
}

func TestChainSigners(t *testing.T) {
	got := policyOf(t, chainRules).ChainSigners()
	if len(got) != 2 || strings.Join(got[0], " ") != bobSigner+" "+bobsOther || strings.Join(got[1], " ") != carolSigner {
		t.Error(got)
	}
}
