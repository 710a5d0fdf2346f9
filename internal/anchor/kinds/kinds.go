// SPDX-License-Identifier: Apache-2.0

// Package kinds is the table of the anchors that can be asked.
package kinds

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm"
	"github.com/gateledger/gateledger/internal/anchor/rekor"
	"github.com/gateledger/gateledger/internal/anchor/tsa"
	"github.com/gateledger/gateledger/internal/anchor/witness"
	"github.com/gateledger/gateledger/internal/anchored"
)

// All lists every kind, sorted by name. Each is its folder's Kind.
func All() []anchor.Kind {
	return []anchor.Kind{
		evm.Kind(),
		rekor.Kind(),
		tsa.Kind(),
		witness.Kind(),
	}
}

// Open makes the anchor that spec names ready. It fails with anchor.ErrSetup,
// and where the kind is none.
func Open(spec anchored.Spec, w anchor.World) (anchor.Anchor, error) {
	for _, k := range All() {
		if k.Name != spec.Kind {
			continue
		}
		a, err := k.Open(spec, w)
		if err != nil {
			return nil, fmt.Errorf("open anchor %s: %w", spec.Name, err)
		}
		return a, nil
	}
	if _, err := anchored.KindNamed(spec.Kind); err != nil {
		return nil, fmt.Errorf("open anchor %s: %w: %w", spec.Name, anchor.ErrSetup, err)
	}
	return nil, fmt.Errorf("open anchor %s: %w: %s is not in this version", spec.Name, anchor.ErrSetup, spec.Kind)
}
