// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/anchored"
)

// A Registry is an EvidenceRegistry on a chain, and whom the policy believes in
// it. No decision of a gate depends on it.
type Registry struct {
	Spec       anchored.Spec
	Publishers []string // accounts, EIP-55
	Reporters  []string
}

func (d *decoder) registry(n *yaml.Node, path string) *Registry {
	r := &Registry{Spec: anchored.Spec{Kind: "evm", Name: "registry"}}
	d.object(n, path, "registry", func(key string, v *yaml.Node, path string) {
		switch key {
		case "evm":
			r.Spec.URL = d.address(v, path)
		case "chain":
			id, _ := d.number(v, path, idPattern, "the number of the chain")
			r.Spec.Chain = uint64(max(id, 0))
		case "contract":
			r.Spec.Contract = d.contract(v, path)
		case "publishers":
			r.Publishers = d.believed(v, path)
		case "reporters":
			r.Reporters = d.believed(v, path)
		case "confirmations":
			r.Spec.Confirmations = d.confirmations(v, path)
		}
	})
	if n.Kind == yaml.MappingNode && d.where[path+".publishers"] == nil && d.where[path+".reporters"] == nil {
		d.fail(n, path, "believes nobody: name publishers, reporters or both")
	}
	return r
}

// believed reads a list of accounts, with their checksums.
func (d *decoder) believed(n *yaml.Node, path string) []string {
	all := d.texts(n, path, func(v *yaml.Node, path, text string) bool {
		err := anchored.CheckAddress(text)
		if err != nil {
			d.fail(v, path, "%v", err)
		}
		return err == nil
	})
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.fail(n, path, "is empty; leave it out instead")
	}
	return all
}
