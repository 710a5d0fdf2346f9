// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// alerts are as many BOMs, each with something new but those named quiet.
func alerts(n int, quiet ...int) []watched {
	all := make([]watched, n)
	for i := range all {
		all[i].line = []byte{byte('a' + i)}
		if !slices.Contains(quiet, i) {
			all[i].New = []alert{{ID: "CVE-1"}}
		}
	}
	return all
}

// hooked returns a webhook that fails for some lines, and what it heard.
func hooked(fails string) (*webhook, *strings.Builder) {
	var heard strings.Builder
	return &webhook{address: "https://hooks.example/x", secret: []byte("k"), post: func(_ context.Context, q child.NotifyQuestion) error {
		if q.URL != "https://hooks.example/x" || string(q.Secret) != "k" {
			return errors.New("asked wrongly")
		}
		heard.Write(q.Body)
		if strings.Contains(fails, string(q.Body)) {
			return child.ErrUnavailable
		}
		return nil
	}}, &heard
}

func TestAWebhookIsToldOfWhatIsNew(t *testing.T) {
	for _, c := range []struct {
		alerts []watched
		fails  string
		heard  string
		untold string
	}{
		{alerts(3), "", "abc", ""},
		{alerts(4, 0, 2), "", "bd", ""},
		{alerts(2, 0, 1), "", "", ""},
		{alerts(4), "b", "abcd", "b"},
		{alerts(6), "abcdef", "abc", "abcdef"},    // it is gone
		{alerts(7), "abdefg", "abcdef", "abdefg"}, // one of them heard
	} {
		h, heard := hooked(c.fails)
		h.tell(t.Context(), c.alerts)
		untold := ""
		for i := range c.alerts {
			if c.alerts[i].untold != nil {
				untold += string(c.alerts[i].line)
			}
		}
		if heard.String() != c.heard || untold != c.untold {
			t.Errorf("%q fail: heard %q, untold %q, want %q and %q", c.fails, heard, untold, c.heard, c.untold)
		}
	}
	all := alerts(2)
	(*webhook)(nil).tell(t.Context(), all)
	if all[0].untold != nil {
		t.Error("without a webhook nothing is untold")
	}
}

// What was not told is new again, and no answer is better than that.
func TestWhatIsUntoldIsNotRemembered(t *testing.T) {
	dir := t.TempDir()
	f := auditFlags{state: dir + "/state.json"}
	all := alerts(3, 2)
	for i, name := range []string{"told", "untold", "quiet"} {
		all[i].BOM, all[i].report = name, audit.Report{Serial: "new"}
	}
	all[1].untold = child.ErrUnavailable
	last := memory{BOMs: map[string]audit.Report{"untold": {Serial: "old"}}}
	if err := f.remember(all, last, zeroNow()); err != nil {
		t.Fatal(err)
	}
	next, err := readMemory(f.state)
	if err != nil || next.BOMs["told"].Serial != "new" || next.BOMs["untold"].Serial != "old" || next.BOMs["quiet"].Serial != "new" {
		t.Errorf("%+v, %v", next, err)
	}
	for want, all := range map[int][]watched{cli.Unknown: all, cli.No: alerts(1)} {
		exit := (*cli.Exit)(nil)
		if err := watchExit(all); !errors.As(err, &exit) || exit.Code != want {
			t.Errorf("%v, want exit %d", err, want)
		}
	}
}
