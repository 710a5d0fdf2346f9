// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/pattern"
)

// The limits of a policy file. A file is read by people; one that reaches a
// limit is an accident or an attack.
const (
	MaxSize         = 1 << 20
	maxDepth        = 16
	maxSigners      = 256
	maxPrincipals   = 4096
	maxRoles        = 256
	maxEnvironments = 64
	maxAnchors      = 64
	maxList         = 256 // entries of any list
	maxCount        = 100 // humans a seat may ask for
	maxText         = 16 << 10
	maxPattern      = 512 // bytes of a pattern
	maxWhen         = condition.MaxExpression
)

// A keyword is a key that a mapping may have.
type keyword struct {
	name     string
	required bool
}

// grammar lists the keys of each mapping of the file. docs/schema/policy.json
// says the same to editors; a test holds the two together.
var grammar = map[string][]keyword{
	"policy": {
		{name: "version", required: true},
		{name: "ledger", required: true},
		{name: "sigstore"},
		{name: "signers"},
		{name: "principals"},
		{name: "environments"},
		{name: "outsiders"},
		{name: "policy-change"},
		{name: "collect"},
		{name: "roles"},
		{name: "anchors"},
		{name: "registry"},
	},
	"ledger": {
		{name: "url"},
		{name: "origin", required: true},
		{name: "keys", required: true},
		{name: "hosting"},
		{name: "witnesses"},
	},
	"witnesses": {
		{name: "need", required: true},
		{name: "of", required: true},
	},
	"witness": {
		{name: "key", required: true},
		{name: "url", required: true},
		{name: "operator", required: true},
	},
	"anchor": {
		{name: "tsa"},
		{name: "rekor"},
		{name: "version"},
		{name: "evm"},
		{name: "chain"},
		{name: "contract"},
		{name: "confirmations"},
	},
	"deployment gate": {
		{name: "evm", required: true},
		{name: "chain", required: true},
		{name: "contract", required: true},
		{name: "confirmations"},
	},
	"registry": {
		{name: "evm", required: true},
		{name: "chain", required: true},
		{name: "contract", required: true},
		{name: "publishers"},
		{name: "reporters"},
		{name: "confirmations"},
	},
	"outage": {
		{name: "settle-within", required: true},
	},
	"sigstore": {
		{name: "trusted-root", required: true},
		{name: "timestamp"},
	},
	"signer": {
		{name: "key"},
		{name: "tier"},
		{name: "issuer"},
		{name: "identity"},
		{name: "repository-id"},
		{name: "workflow"},
		{name: "build-signer"},
		{name: "ref"},
		{name: "triggers"},
		{name: "runner"},
		{name: "environment"},
	},
	"pattern": {
		{name: "pattern", required: true},
	},
	"principal": {
		{name: "keys"},
		{name: "emails"},
		{name: "github"},
		{name: "gitlab"},
		{name: "evm"},
		{name: "roles"},
		{name: "keyless"},
	},
	"keyless": {
		{name: "identity", required: true},
		{name: "issuer", required: true},
	},
	"key": {
		{name: "ssh", required: true},
		{name: "from"},
		{name: "until"},
	},
	"account": {
		{name: "id", required: true},
		{name: "login"},
		{name: "host"},
	},
	"role": {
		{name: "teams"},
		{name: "groups"},
		{name: "permission"},
		{name: "codeowners"},
	},
	"environment": {
		{name: "tier"},
		{name: "require"},
		{name: "auto"},
		{name: "exclude"},
		{name: "agents"},
		{name: "veto"},
		{name: "max-age"},
		{name: "evidence"},
		{name: "gate"},
		{name: "dated"},
		{name: "freeze"},
		{name: "posture"},
		{name: "break-glass"},
		{name: "risk"},
		{name: "anchors"},
		{name: "outage"},
		{name: "max-head-age"},
		{name: "deployment-gate"},
		{name: "when"},
	},
	"posture": {
		{name: "strict", required: true},
		{name: "max-age"},
		{name: "accept"},
	},
	"freeze": {
		{name: "deny"},
		{name: "allow"},
		{name: "for", required: true},
		{name: "zone", required: true},
	},
	"break-glass": {
		{name: "role", required: true},
		{name: "count", required: true},
		{name: "require", required: true},
		{name: "settle-within", required: true},
		{name: "ticket"},
		{name: "source"},
	},
	"risk": {
		{name: "from", required: true},
		{name: "by", required: true},
		{name: "over", required: true},
		{name: "require", required: true},
		{name: "max-age"},
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
		{name: "deny"},
	},
	"deny": {
		{name: "kev"},
		{name: "severity"},
		{name: "epss"},
	},
	"policy-change": {
		{name: "require", required: true},
		{name: "max-age"},
		{name: "veto"},
		{name: "dated"},
	},
}

// The words that stand for themselves, and those of later versions.
var (
	exclusions   = []string{"author", "committer", "co-author", "pusher", "triggerer"}
	laterSources = []string{"github-review", "github-comment", "github-environment", "gitlab-approval", "gitlab-deployment"}
	runners      = []string{"github-hosted", "gitlab-hosted", "self-hosted"}
	results      = map[string]string{"test": "passed", "deployment": "healthy"}
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
	addressPattern  = pattern.New(`^https?://[!-~]{1,1000}$`)
	hostPattern     = pattern.New(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$`)
	triggerPattern  = pattern.New(`^[a-z][a-z0-9_]{0,63}$`)
	refPattern      = pattern.New(`^refs/[!-~]{1,1000}$`)
	depthPattern    = pattern.New(`^[1-9][0-9]{0,3}$`)
	idPattern       = pattern.New(`^[1-9][0-9]{0,17}$`)
)
