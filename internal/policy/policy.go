// SPDX-License-Identifier: Apache-2.0

// Package policy says who may log, sign, vote and decide, and decides. It is
// pure: Evaluate is a function of policy, request, ledger and time, so that
// anyone can run a decision again from the ledger alone.
package policy

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/freeze"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/typo"
)

// A Policy is a .gateledger.yml that was read whole and found sound. Whether
// there are people enough to fill an environment's seats is a question of its
// own, because they join one at a time: Ready answers it.
type Policy struct {
	Digest       string // hex SHA-256 of the file's bytes: what a verifier pins
	Source       []byte // the file's bytes
	Ledger       Ledger
	Sigstore     Sigstore
	Signers      map[string]Signer
	Principals   map[string]Principal
	ForgeRoles   map[string]Role // roles whose holders a forge tells, by name
	Environments map[string]Environment
	Outsiders    []string // e-mail addresses known to be no principal's; "*" is everyone else

	Anchors  map[string]anchored.Spec // what is no witness, by name
	Registry *Registry                // of digests and advisories, and who is believed; nil: none

	// Collect names the sources of votes that a gate must have read before it
	// may allow anything, of vote.SourceNames.
	Collect []string

	PolicyChange []Seat // who must approve the next policy; Environment(ChangeEnvironment) has all its rules

	change  Environment // policy-change as an environment; without seats: there is none
	unready []unready
}

// Ledger names the log and the keys that may sign its checkpoints.
type Ledger struct {
	URL    string // empty: whoever uses the policy says where the ledger is
	Origin string
	Keys   []string // note verifier keys, origin+hash+base64

	// Hosting is the plan that the log's repository is hosted on, which
	// limits who can be kept from rewriting it. The command layer checks it.
	Hosting string

	Witnesses Witnesses // who cosigns its checkpoints; zero: nobody
}

// Sigstore says whom to believe about certificates and times.
type Sigstore struct {
	TrustedRoot string // "sha256:" and the hex SHA-256 of the trusted_root.json; empty: nobody
	Timestamp   string // where writers get RFC 3161 tokens; empty: nowhere
}

// A Signer is a machine: by a key, or by the certificates that a rule matches.
type Signer struct {
	Key     string        // "sha256:" and the hex SHA-256 of the PKIX public key; empty for a keyless one
	Keyless *keyless.Rule // nil for one with a key
	Tier    Tier          // what the signer is good enough for

	Untiered bool // keyless, and the policy says no tier: good enough for each. A key may have lain beside project code, so it needs to be said of one
}

// covers says whether what the signer signs is good enough for a tier.
func (s Signer) covers(t Tier) bool { return s.Untiered || s.Tier.covers(t) }

// A Principal is a human, not an account.
type Principal struct {
	Keys    []Key
	Keyless *keyless.Rule // issuer and one exact identity; nil: votes with keys only
	Emails  []string      // lower case
	GitHub  []Account
	GitLab  []Account
	Signers []string // on a chain: an account's address, or an ERC-7913 verifier and its key; lower-case hex
	Roles   []string
}

// An Account is a numeric id at a host; the login is shown, never compared.
type Account struct {
	ID    int64
	Login string
	Host  string // as the policy says, or the provider's own
}

// A Key is an SSH public key and when it counts: from From on, and before
// Until. A zero time is no bound.
type Key struct {
	SSH         ssh.PublicKey
	From, Until time.Time
}

// Tier is how strong an environment's evidence must be.
type Tier string

// The tiers.
const (
	Fast     Tier = "fast"     // the makers' own clocks, printed as self-asserted
	Anchored Tier = "anchored" // proven times, and a ledger of which nobody can show two
)

// covers says whether something good enough for t is good enough for need.
func (t Tier) covers(need Tier) bool {
	return t == need || t == Anchored && need == Fast
}

// An Environment is what must be true before something is deployed there.
type Environment struct {
	Name     string
	Tier     Tier
	Auto     bool // nobody has to approve; Require is empty
	Require  []Seat
	Exclude  []string // author, committer, co-author, pusher, triggerer
	Agents   string   // RequesterIsAuthor, or empty
	Veto     []string // roles
	MaxAge   time.Duration
	Evidence []Evidence
	Gate     []string // signers whose requests, decisions and consumptions count
	Freeze   []freeze.Window
	Posture  *Posture // nil: the settings around it are not asked for
	Dated    bool     // times of requests, votes, evidence and decisions must be proven

	BreakGlass *BreakGlass // nil: there is none
	Risk       *Risk       // nil: no scan asks for more people
	When       string      // expression in CEL that must hold for every artifact; empty: there is none

	DeploymentGate *anchored.Spec // the contract that has votes of source evm; nil: none has

	// Of tier anchored.
	Anchors    []string      // names of anchors, each of which must have taken a checkpoint; none: any that prove enough
	Outage     *Outage       // nil: the gate waits while anchors are down
	MaxHeadAge time.Duration // how old a head may be for a verifier, by its witnesses; zero: any age
}

// A Seat asks for Count distinct humans of Role.
type Seat struct {
	Role   string
	Count  int
	Source []string // of SeatSources; none: signed. Sources tells
}

// Evidence asks for an event about every subject of the request.
type Evidence struct {
	Event       string
	Result      string // passed for a test, healthy for a deployment, else empty
	Environment string // of a deployment
	By          []string
	MaxAge      time.Duration // zero: any age
	Deny        Deny          // of a scan: what it may not have found
}

// What PrincipalOf says of a key that speaks for nobody.
var (
	ErrStranger   = errors.New("the key is nobody's in the policy")
	ErrKeyOutside = errors.New("the key does not count at this time")
)

// PrincipalOf says whose key it is, by its wire bytes. A key that nobody holds
// is ErrStranger; a key that does not count at that time is ErrKeyOutside,
// with the name.
func (p *Policy) PrincipalOf(key ssh.PublicKey, at time.Time) (name string, why error) {
	wire := key.Marshal()
	for _, name := range slices.Sorted(maps.Keys(p.Principals)) {
		for _, k := range p.Principals[name].Keys {
			if bytes.Equal(k.SSH.Marshal(), wire) {
				return name, k.counts(at)
			}
		}
	}
	return "", ErrStranger
}

func (k Key) counts(at time.Time) error {
	if at.Before(k.From) {
		return fmt.Errorf("%w: it counts from %s", ErrKeyOutside, k.From.Format(time.RFC3339))
	}
	if !k.Until.IsZero() && !at.Before(k.Until) {
		return fmt.Errorf("%w: it counted until %s", ErrKeyOutside, k.Until.Format(time.RFC3339))
	}
	return nil
}

// SignerOf names the machine whose event key has this id ("sha256:" and hex).
func (p *Policy) SignerOf(keyID string) (name string, ok bool) {
	for name, s := range p.Signers {
		if s.Key == keyID && keyID != "" { // one name at most: Parse refuses a key named twice
			return name, true
		}
	}
	return "", false
}

// Roles lists every role that somebody holds, or whose holders a forge tells,
// sorted.
func (p *Policy) Roles() []string {
	seen := map[string]bool{}
	for role := range p.ForgeRoles {
		seen[role] = true
	}
	for _, who := range p.Principals {
		for _, role := range who.Roles {
			seen[role] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// Ready says why nothing can ever be allowed into an environment, or why no
// policy can follow this one (ChangeEnvironment): it is not in the policy, or the people of the policy cannot fill its seats. Each cause
// is an *Error that says where it stands in the file.
func (p *Policy) Ready(environment string) error {
	if _, ok := p.Environment(environment); !ok && environment == ChangeEnvironment {
		return errors.New("the policy has no policy-change: nobody could approve another one")
	} else if !ok {
		return fmt.Errorf("unknown environment %q%s", environment,
			have(environment, slices.Sorted(maps.Keys(p.Environments))))
	}
	return p.unreadyWhere(func(u unready) bool { return u.environment == environment })
}

// Lint is Ready for every environment and for policy-change together.
func (p *Policy) Lint() error {
	return p.unreadyWhere(func(unready) bool { return true })
}

func (p *Policy) unreadyWhere(match func(unready) bool) error {
	var all Errors
	for _, u := range p.unready {
		if match(u) {
			all = append(all, u.err)
		}
	}
	return all.orNil()
}

// unready is a seat that nobody can fill yet.
type unready struct {
	environment string
	err         *Error
}

// have ends a message about an unknown name: with the nearest known one, and
// all of them.
func have(name string, known []string) string {
	if len(known) == 0 {
		return "; there is none"
	}
	list := "; have " + strings.Join(known, ", ")
	if near := typo.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?%s", near, strings.Replace(list, ";", "", 1))
	}
	return list
}
