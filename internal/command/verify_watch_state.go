// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/product"
)

// The severities of an alert, and what exit code each is.
const (
	integritySeverity = "integrity" // 4
	findingSeverity   = "finding"   // 1
	unknownSeverity   = "unknown"   // 3
)

// A ledgerAlert is something that is wrong with a ledger.
type ledgerAlert struct {
	Schema   string   `json:"schema"`
	Time     string   `json:"time"` // when it was found first
	Kind     string   `json:"kind"`
	Severity string   `json:"severity"`
	Key      string   `json:"key"` // the same thing has the same key
	Ledger   string   `json:"ledger"`
	Origin   string   `json:"origin"`
	Size     uint64   `json:"size"` // of the head that was seen last
	Message  string   `json:"message"`
	Evidence []string `json:"evidence,omitempty"` // signed checkpoints that cannot both be

	Once bool `json:"once,omitzero"` // of one entry: it is not found again in the next round
	Told bool `json:"told"`          // in the state: somebody has heard it
}

const (
	alertSchema       = product.PredicateBase + "ledger-alert/v1"
	ledgerStateSchema = product.PredicateBase + "ledger-watch/v1"
)

// maxStanding is how many alerts are remembered.
const maxStanding = 10_000

// A ledgerState is what one round leaves for the next.
type ledgerState struct {
	Schema  string `json:"schema"`
	Origin  string `json:"origin"`
	Given   string `json:"given"`   // digest of the policy that this user trusts
	Policy  string `json:"policy"`  // digest of the one in force
	Head    string `json:"head"`    // the signed note of the newest head that was found right
	Audited string `json:"audited"` // when everything was audited last

	Failures int                    `json:"failures"` // rounds in a row that could not find out
	Alerts   map[string]ledgerAlert `json:"alerts"`   // by key, those that stand
	Used     map[string]uint64      `json:"used"`     // by environment, the entries up to its newest consumption
	Waiting  map[string]unanchored  `json:"waiting"`  // by environment, what is not anchored yet
	Apart    map[string]int         `json:"apart"`    // by peer, rounds in a row in which it was shown more than this reader
}

// An unanchored says since when so many entries lack an anchor.
type unanchored struct {
	Size  uint64 `json:"size"`
	Since string `json:"since"`
}

func readLedgerState(file string) (ledgerState, error) {
	var s ledgerState
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	data, err := readLimited(file, maxState)
	if err != nil {
		return s, err
	}
	if err := canon.Decode(data, &s); err != nil || s.Schema != ledgerStateSchema {
		return s, cli.Fail(cli.Usage, "take it away to begin anew: everything is audited and told then", "%s is no memory of an earlier round: %w", file, errors.Join(err, errors.New("its schema is "+strconv.Quote(s.Schema))))
	}
	return s, nil
}

// settle tells what is new, and remembers it with the rest. Where not everything
// could be found out, what stood before stands.
func (m *monitor) settle(ctx context.Context, next ledgerState, found []ledgerAlert, now time.Time, whole bool) error {
	standing := map[string]ledgerAlert{}
	for key, a := range m.state.Alerts {
		if !whole || a.Once || a.Kind == "fork" { // a key that signed two histories has done so for good
			standing[key] = a
		}
	}
	for _, a := range found {
		a.Schema, a.Time, a.Origin = alertSchema, stamp(now), next.Origin
		if before, known := m.state.Alerts[a.Key]; known {
			a.Time, a.Told = before.Time, before.Told
		}
		standing[a.Key] = a
	}
	m.untold = nil
	for _, key := range slices.Sorted(maps.Keys(standing)) {
		a := standing[key]
		m.weigh(a)
		if !a.Told {
			if err := m.tell(ctx, &a); err != nil {
				return err
			}
		}
		if standing[key] = a; a.Told && a.Once || len(standing) > maxStanding {
			delete(standing, key)
		}
	}
	for key, a := range m.state.Alerts {
		if _, stands := standing[key]; !stands && a.Told {
			fmt.Fprintf(m.env.Stderr, "note: over: %s\n", clean.Text(a.Message))
		}
	}
	next.Schema, next.Alerts = ledgerStateSchema, standing
	data, err := canon.Marshal(next)
	if err != nil {
		return fmt.Errorf("remember the round: %w", err)
	}
	if err := replaceFile(m.flags.state, append(data, '\n')); err != nil {
		return err
	}
	m.state = next
	if m.flags.metricsFile == "" {
		return nil
	}
	return replaceFile(m.flags.metricsFile, m.metrics(now))
}

// weigh keeps the worst that was found in this run.
func (m *monitor) weigh(a ledgerAlert) {
	code := cli.OK
	switch {
	case a.Severity == integritySeverity:
		code = cli.Integrity
	case a.Severity == findingSeverity && !a.Told:
		code = cli.No
	}
	if code > m.worst {
		m.worst, m.why = code, errors.New(a.Message)
	}
}

// tell writes an alert, and posts it. One that no webhook took is not told.
func (m *monitor) tell(ctx context.Context, a *ledgerAlert) error {
	a.Told = true
	line, err := canon.Marshal(a)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if _, err := m.env.Stdout.Write(append(line, '\n')); err != nil {
		return err
	}
	if m.hook == nil {
		return nil
	}
	if m.untold != nil {
		a.Told = false // the webhook did not take the one before
		return nil
	}
	if err := m.hook.post(ctx, child.NotifyQuestion{URL: m.hook.address, Secret: m.hook.secret, Body: line}); err != nil {
		m.untold, a.Told = err, false
		fmt.Fprintf(m.env.Stderr, "note: %s\n", firstLine(err))
	}
	return nil
}

// alertKinds are all of them, for metrics and documentation.
func alertKinds() []string {
	return []string{"behind", "expiring", "fork", "log-key", "not-anchored", "rollback", "tampered", "unknown-signer", "unreachable"}
}

// metrics is the round in Prometheus' text form.
func (m *monitor) metrics(now time.Time) []byte {
	var b bytes.Buffer
	one := func(name, help, labels string, value int64) {
		if help != "" {
			fmt.Fprintf(&b, "# HELP %s_ledger_%s %s\n# TYPE %s_ledger_%s gauge\n", product.Name, name, help, product.Name, name)
		}
		fmt.Fprintf(&b, "%s_ledger_%s%s %d\n", product.Name, name, labels, value)
	}
	origin := `origin="` + labelValue(m.state.Origin) + `"`
	one("last_round_timestamp_seconds", "When the ledger was looked at last.", "{"+origin+"}", now.Unix())
	one("entries", "Entries of the head that was found right last.", "{"+origin+"}", int64(m.size()))
	one("failed_rounds", "Rounds in a row that could not find out everything.", "{"+origin+"}", int64(m.state.Failures))
	count, untold := map[string]int64{}, int64(0)
	for _, a := range m.state.Alerts {
		count[a.Kind]++
		if !a.Told {
			untold++
		}
	}
	one("untold_alerts", "Alerts that no webhook took.", "{"+origin+"}", untold)
	help := "Alerts that stand, by kind."
	for _, kind := range alertKinds() {
		one("alerts", help, "{"+origin+`,kind="`+kind+`"}`, count[kind])
		help = ""
	}
	return b.Bytes()
}

// alertOf is an alert about an integrity error.
func alertOf(kind string, err error, evidence ...string) ledgerAlert {
	return ledgerAlert{Kind: kind, Key: cmp.Or(kind, "tampered"), Severity: integritySeverity, Message: firstLine(err), Evidence: evidence}
}
