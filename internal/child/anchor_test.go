// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
)

func stampQuestion() AnchorQuestion {
	return AnchorQuestion{
		Spec: anchored.Spec{Kind: "tsa", Name: "stamp", URL: "https://tsa.example"}, Checkpoint: []byte("log.example\n3\nAAAA\n\n— log.example x\n"),
		Keys: []string{"log.example+00000000+AQ=="}, Old: 2, Since: [][]byte{{1, 2}},
	}
}

func stampReceipt(t *testing.T) canon.Raw {
	t.Helper()
	data, err := anchored.Receipt{Kind: "tsa", Name: "stamp", Checkpoint: stampQuestion().Checkpoint, Proof: canon.Raw(`{}`)}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnchor(t *testing.T) {
	cost := &AnchorCost{Account: "0x1", Transactions: []string{"0x2"}, Gas: 31000, Wei: "7"}
	r, home, _ := cast(t, role{Stdout: marshal(t, AnchorAnswer{Schema: AnchorSchema, Receipt: stampReceipt(t), Cost: cost})})
	got, paid, err := r.Anchor(t.Context(), stampQuestion())
	if err != nil || got.Kind != "tsa" || !cmp.Equal(paid, cost) {
		t.Fatalf("%+v, %+v, %v", got, paid, err)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"anchor"}) {
		t.Errorf("arguments %q", s.Args)
	}
	var asked AnchorQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || !cmp.Equal(stampQuestion(), asked) {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
	if slices.ContainsFunc(s.Env, func(e string) bool { return strings.HasPrefix(e, "GATELEDGER_EVM") }) {
		t.Errorf("the key of another kind of anchor is in the environment: %q", s.Env)
	}
}

// Answers that are not the receipt that was asked for are none, and sizes are
// told apart from failures.
func TestAnchorBelievesNoOddAnswer(t *testing.T) {
	nine := uint64(9)
	receipt := func(edit func(*anchored.Receipt)) canon.Raw {
		r, err := anchored.ParseReceipt(stampReceipt(t))
		if err != nil {
			t.Fatal(err)
		}
		edit(&r)
		data, err := r.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	answer := func(r canon.Raw) role {
		return role{Stdout: marshal(t, AnchorAnswer{Schema: AnchorSchema, Receipt: r})}
	}
	for name, c := range map[string]struct {
		role role
		want error
	}{
		"another schema":     {role{Stdout: marshal(t, AnchorAnswer{Schema: PostSchema, Receipt: stampReceipt(t)})}, ErrUnavailable},
		"nothing":            {role{}, ErrUnavailable},
		"neither":            {answer(nil), ErrUnavailable},
		"both":               {role{Stdout: marshal(t, AnchorAnswer{Schema: AnchorSchema, Receipt: stampReceipt(t), Behind: &nine})}, ErrUnavailable},
		"no receipt":         {answer(canon.Raw(`{"x":1}`)), ErrUnavailable},
		"another anchor":     {answer(receipt(func(r *anchored.Receipt) { r.Name = "other" })), ErrUnverified},
		"another kind":       {answer(receipt(func(r *anchored.Receipt) { r.Kind = "rekor" })), ErrUnverified},
		"another checkpoint": {answer(receipt(func(r *anchored.Receipt) { r.Checkpoint = []byte("x") })), ErrUnverified},
		"said no":            {role{Code: 1}, ErrRefused},
		"not set up":         {role{Code: 2}, ErrUsage},
		"down":               {role{Code: 3}, ErrUnavailable},
		"lies":               {role{Code: 4}, ErrUnverified},
		"an answer and no 0": {role{Stdout: marshal(t, AnchorAnswer{Schema: AnchorSchema, Receipt: stampReceipt(t)}), Code: 3}, ErrUnavailable},
	} {
		r, _, _ := cast(t, c.role)
		if got, _, err := r.Anchor(t.Context(), stampQuestion()); !errors.Is(err, c.want) || got.Kind != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	r, _, _ := cast(t, role{Stdout: marshal(t, AnchorAnswer{Schema: AnchorSchema, Behind: &nine})})
	behind := (*Behind)(nil)
	if _, _, err := r.Anchor(t.Context(), stampQuestion()); !errors.As(err, &behind) || behind.Size != 9 {
		t.Errorf("behind: %v", err)
	}
}
