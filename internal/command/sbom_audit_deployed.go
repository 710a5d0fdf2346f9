// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// watchedSBOMs are the newest recorded SBOMs of the targets, or if there are
// none of everything that is deployed. A subject without an SBOM is among them,
// and can't be read.
func watchedSBOMs(ctx context.Context, env *cli.Env, at where, targets []string) ([]watchedBOM, error) {
	w, err := openWorkspace(ctx, env, at, trustedPolicy, reading)
	if err != nil {
		return nil, err
	}
	_, events, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	var all []watchedBOM
	for _, target := range targets {
		all = append(all, watchedBOM{name: target, read: func() (*audit.BOM, error) {
			data, err := w.recordedOf(ctx, events, target)
			if err != nil {
				return nil, err
			}
			return readBOM(data, target)
		}})
	}
	if len(targets) > 0 {
		return all, nil
	}
	running, err := w.running(events)
	if err != nil {
		return nil, err
	}
	for _, d := range running {
		label := d.subject.Name + "@" + d.subject.Digests()[0].String()
		if i := slices.IndexFunc(all, func(b watchedBOM) bool { return b.name == label }); i >= 0 {
			all[i].where = append(all[i].where, d.environment)
			continue
		}
		if len(all) == maxWatched {
			return nil, cli.Fail(cli.Usage, "name those to watch", "over %d things are deployed", maxWatched)
		}
		all = append(all, watchedBOM{name: label, where: []string{d.environment}, read: func() (*audit.BOM, error) {
			data, err := w.sbomOf(ctx, w.newest(events, d.subject, "sbom"), label)
			if err != nil {
				return nil, err
			}
			return readBOM(data, label)
		}})
	}
	if len(all) == 0 {
		return nil, cli.Fail(cli.Usage, "record it with: gateledger record deployment; or name NAME@VERSION", "nothing is recorded as deployed")
	}
	return all, nil
}

// A placed subject is one that an environment runs.
type placed struct {
	environment string
	subject     event.Subject
}

// running lists what each environment runs: of each name, the newest bytes that
// were deployed and found healthy, and not rolled back since. A deployment
// whose signer nobody can tell could be the newest, so it is an error.
func (w *workspace) running(events []*event.Event) ([]placed, error) {
	var all []placed // oldest first
	for _, e := range events {
		if !e.Is("deployment") {
			continue
		}
		if _, _, err := w.policy.Signer(e, w.believes); policy.CouldNotTell(err) {
			return nil, cli.Fail(cli.Unknown, "", "find out who signed entry #%d, a deployment: %w", e.Index, err)
		} else if err != nil {
			continue
		}
		p, err := event.DecodePredicate[event.DeploymentPredicate](e)
		if err != nil {
			return nil, fmt.Errorf("read entry #%d, a deployment: %w", e.Index, err)
		}
		st, err := e.Statement()
		if err != nil {
			return nil, err
		}
		for _, s := range st.Subject {
			if len(s.Digests()) > 0 {
				all = deploy(all, placed{p.Environment, s}, p.Result)
			}
		}
	}
	return newestOfEachName(all), nil
}

// deploy notes one deployment. One that failed changes nothing.
func deploy(all []placed, d placed, result string) []placed {
	if result == event.Broken {
		return all
	}
	all = slices.DeleteFunc(all, func(o placed) bool { return o.environment == d.environment && sharesDigest(o.subject, d.subject) })
	if result == event.Healthy {
		all = append(all, d)
	}
	return all
}

// newestOfEachName keeps the last deployment of each name to each environment.
func newestOfEachName(all []placed) []placed {
	type key struct{ environment, name string }
	seen := map[key]bool{}
	var kept []placed
	for _, d := range slices.Backward(all) {
		k := key{d.environment, d.subject.Name}
		if !seen[k] {
			seen[k] = true
			kept = append(kept, d)
		}
	}
	slices.Reverse(kept)
	return kept
}
