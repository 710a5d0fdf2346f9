// SPDX-License-Identifier: Apache-2.0

package policy

import "github.com/gateledger/gateledger/internal/pattern"

// The limits of a policy file. A file is read by people; one that reaches a
// limit is an accident or an attack.
const (
	MaxSize         = 1 << 20
	maxDepth        = 16
	maxSigners      = 256
	maxPrincipals   = 4096
	maxEnvironments = 64
	maxList         = 256 // entries of any list
	maxCount        = 100 // humans a seat may ask for
	maxText         = 16 << 10
)

// A keyword is a key that a mapping may have. A keyword with later set is
// known, and refused with that text: to leave it out of the decision silently
// would allow what its author wanted stopped.
type keyword struct {
	name     string
	required bool
	later    string
}

// grammar lists the keys of each mapping of the file. docs/schema/policy.json
// says the same to editors; a test holds the two together.
var grammar = map[string][]keyword{
	"policy": {
		{name: "version", required: true},
		{name: "ledger", required: true},
		{name: "signers"},
		{name: "principals"},
		{name: "environments"},
		{name: "outsiders"},
		{name: "policy-change"},
		{name: "roles", later: "roles by teams, permission or codeowners are not in this version; list roles under each principal"},
	},
	"ledger": {
		{name: "url"},
		{name: "origin", required: true},
		{name: "keys", required: true},
		{name: "witnesses", later: "witnesses are not in this version"},
	},
	"signer": {
		{name: "key", required: true},
		{name: "tier"},
		{name: "issuer", later: keylessSigner},
		{name: "identity", later: keylessSigner},
		{name: "repository-id", later: keylessSigner},
		{name: "workflow", later: keylessSigner},
		{name: "ref", later: keylessSigner},
		{name: "triggers", later: keylessSigner},
	},
	"principal": {
		{name: "keys"},
		{name: "emails"},
		{name: "github"},
		{name: "gitlab"},
		{name: "roles"},
		{name: "keyless", later: "keyless principals are not in this version; give the person an ssh key under keys"},
	},
	"key": {
		{name: "ssh", required: true},
		{name: "from"},
		{name: "until"},
	},
	"account": {
		{name: "id", required: true},
		{name: "login"},
	},
	"environment": {
		{name: "tier"},
		{name: "require"},
		{name: "auto"},
		{name: "exclude"},
		{name: "veto"},
		{name: "max-age"},
		{name: "evidence"},
		{name: "gate"},
		{name: "freeze", later: "freeze windows are not in this version"},
		{name: "break-glass", later: "break-glass is not in this version"},
		{name: "when", later: "conditions (when) are not in this version"},
	},
	"seat": {
		{name: "role", required: true},
		{name: "count", required: true},
		{name: "source"},
	},
	"veto": {
		{name: "roles", required: true},
	},
	"evidence": {
		{name: "event", required: true},
		{name: "by", required: true},
		{name: "result"},
		{name: "environment"},
		{name: "max-age"},
	},
	"policy-change": {
		{name: "require", required: true},
	},
}

const keylessSigner = `keyless signers are not in this version; give the signer a key: "sha256:…"`

// The words that stand for themselves, and those of later versions.
var (
	exclusions      = []string{"author", "committer", "co-author", "triggerer"}
	laterExclusions = []string{"pusher"}
	sources         = []string{"signed"}
	laterSources    = []string{"github-review", "github-comment", "gitlab-approval", "gitlab-comment", "environment-review", "contract"}
	results         = map[string]string{"test": "passed", "deployment": "healthy"}
)

// What the texts of the file look like.
var (
	namePattern     = pattern.New(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	keyIDPattern    = pattern.New(`^sha256:[0-9a-f]{64}$`)
	originPattern   = pattern.New(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$`)
	emailPattern    = pattern.New(`^[!-?A-~]{1,64}@[!-?A-~]{1,190}$`)
	durationPattern = pattern.New(`^[1-9][0-9]{0,5}[mhd]$`)
	datePattern     = pattern.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?$`)
	countPattern    = pattern.New(`^([1-9][0-9]?|100)$`)
	idPattern       = pattern.New(`^[1-9][0-9]{0,17}$`)
)
