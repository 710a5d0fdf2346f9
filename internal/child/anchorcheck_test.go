// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
)

func TestAnchorCheck(t *testing.T) {
	want := AnchorCheckAnswer{Schema: AnchorCheckSchema, Stands: true, Final: true, Time: "2026-03-01T10:00:00Z", Heads: []AnchorHead{{10, make([]byte, 32)}}}
	r, home, _ := cast(t, role{Stdout: marshal(t, want)})
	question := AnchorCheckQuestion{
		Spec:    anchored.Spec{Kind: "evm", Name: "main", URL: "https://rpc.example", Chain: 1, Contract: "0x0000000000000000000000000000000000000001"},
		Receipt: anchored.Receipt{Schema: anchored.ReceiptSchema, Kind: "evm", Name: "main", Checkpoint: []byte("c"), Proof: canon.Raw(`{}`)},
	}
	got, err := r.AnchorCheck(t.Context(), question)
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"anchor-check"}) {
		t.Errorf("arguments %q", s.Args)
	}
	var asked AnchorCheckQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || !cmp.Equal(question, asked) {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
}

func TestAnOddAnswerAboutAReceiptIsNoYes(t *testing.T) {
	for name, answer := range map[string]AnchorCheckAnswer{
		"another version":           {Schema: "x", Stands: true, Final: true, Time: "2026-03-01T10:00:00Z"},
		"final, and does not stand": {Schema: AnchorCheckSchema, Final: true},
		"at no time":                {Schema: AnchorCheckSchema, Stands: true, Final: true},
	} {
		r, _, _ := cast(t, role{Stdout: marshal(t, answer)})
		if got, err := r.AnchorCheck(t.Context(), AnchorCheckQuestion{}); !errors.Is(err, ErrUnavailable) || got.Stands {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
