// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/event"
)

// Votes that a contract on a chain holds. A person signs them with an account or
// a key of theirs, which the policy names whole; a snapshot names it by a number.

const (
	addressSize = 20
	maxSigner   = 256 // bytes
)

// signers reads one signer on a chain, or a list of them.
func (d *decoder) signers(n *yaml.Node, path string) []string {
	if n.Kind != yaml.SequenceNode {
		return []string{d.chainSigner(n, path)}
	}
	var all []string
	d.list(n, path, func(v *yaml.Node, path string) {
		all = append(all, d.chainSigner(v, path))
	})
	if len(n.Content) == 0 {
		d.fail(n, path, "is empty; leave it out instead")
	}
	return all
}

// chainSigner reads the address of an account or contract, with its checksum,
// or an ERC-7913 signer: the address of a verifier and a key.
func (d *decoder) chainSigner(n *yaml.Node, path string) string {
	text, ok := d.text(n, path)
	if !ok {
		return ""
	}
	if err := checkSigner(text); err != nil {
		d.fail(n, path, "%v", err)
		return ""
	}
	return strings.ToLower(text[2:])
}

func checkSigner(text string) error {
	digits, ok := strings.CutPrefix(text, "0x")
	raw, err := hex.DecodeString(digits)
	switch {
	case !ok || err != nil || len(raw) < addressSize || len(raw) > maxSigner:
		return fmt.Errorf("%.60q is no signer: an address, 0x and 40 hex digits, or an ERC-7913 verifier's address with the key behind it", text)
	case len(raw) == addressSize:
		return anchored.CheckAddress(text)
	case strings.Trim(digits[:2*addressSize], "0") == "":
		return fmt.Errorf("%.60q names no verifier", text)
	}
	return nil
}

// signersOnce refuses a signer that is somebody's already, by its number too.
func (d *decoder) signersOnce(owner map[string]string, who Principal, name, path string) {
	for i, s := range who.Signers {
		at := path + ".evm"
		if list := at + "[" + strconv.Itoa(i) + "]"; d.where[list] != nil {
			at = list
		}
		if s != "" {
			d.once(owner, strconv.FormatInt(event.ChainAccount(s), 10), name, at, "the signer")
		}
	}
}

// deploymentGate reads which contract holds votes for an environment.
func (d *decoder) deploymentGate(n *yaml.Node, path string) *anchored.Spec {
	s := &anchored.Spec{Kind: "evm", Name: "deployment-gate"}
	d.object(n, path, "deployment gate", func(key string, v *yaml.Node, path string) {
		switch key {
		case "evm":
			s.URL = d.address(v, path)
		case "chain":
			id, _ := d.number(v, path, idPattern, "the number of the chain")
			s.Chain = uint64(max(id, 0))
		case "contract":
			s.Contract = d.contract(v, path)
		case "confirmations":
			s.Confirmations = d.confirmations(v, path)
		}
	})
	return s
}

func (d *decoder) confirmations(n *yaml.Node, path string) uint64 {
	deep, _ := d.number(n, path, depthPattern, "a whole number from 1 to 9999")
	return uint64(max(deep, 0))
}

// checkOnChain asks for a contract where a seat takes votes from one, and for
// nothing where none does.
func (d *decoder) checkOnChain(path string, e Environment) {
	takes := slices.Contains(e.Sources(), event.ChainSource)
	switch {
	case takes && e.DeploymentGate == nil:
		d.failAt(path+".require", "a seat takes votes by %s, and no deployment-gate says which contract has them", event.ChainSource)
	case !takes && e.DeploymentGate != nil:
		d.failAt(path+".deployment-gate", "no seat takes votes by %s", event.ChainSource)
	}
}

// ownerOnChain names the principal whose signer a number stands for.
func (p *Policy) ownerOnChain(account int64) (name string, ok bool) {
	for name, who := range p.Principals {
		if slices.ContainsFunc(who.Signers, func(s string) bool { return event.ChainAccount(s) == account }) {
			return name, true // one at most: Parse refuses a number that two have
		}
	}
	return "", false
}

// ChainSigners are the signers of each principal that has one, in lower-case
// hex, sorted.
func (p *Policy) ChainSigners() [][]string {
	all := [][]string{}
	for _, name := range sortedNames(p.Principals) {
		if who := p.Principals[name]; len(who.Signers) > 0 {
			all = append(all, sorted(who.Signers))
		}
	}
	return all
}

// resolvedContract is a contract as a policy's digest has it: wherever it is
// asked, it is the same one.
type resolvedContract struct {
	Chain         uint64 `json:"chain"`
	Contract      string `json:"contract"`
	Confirmations uint64 `json:"confirmations"`
}

func resolvedGateOf(s *anchored.Spec) *resolvedContract {
	if s == nil {
		return nil
	}
	return &resolvedContract{s.Chain, s.Contract, s.Confirmations}
}
