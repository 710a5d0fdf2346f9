// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
)

// An audited is what is to be audited.
type audited struct {
	bom  *audit.BOM
	data []byte
	file string // that it is in, with slashes; empty: none
}

// auditTarget reads what is to be audited.
func auditTarget(ctx context.Context, env *cli.Env, f auditFlags, target string) (audited, error) {
	info, err := os.Stat(target)
	switch {
	case err == nil && f.ledgerSBOMs != nil && strings.Contains(target, "@") && !strings.ContainsAny(target, `/\`):
		return audited{}, cli.Fail(cli.Usage, "write ./"+target+" for the one that lies here", "%s could be in the ledger, and something here has that name", target)
	case err == nil && info.IsDir():
		data, err := listTree(ctx, env, target, f)
		return auditedBOM(data, target, "", err)
	case err == nil:
		data, err := readWhole(target)
		if err == nil && isXML(data) {
			fmt.Fprintf(env.Stderr, "note: %s is XML: what cyclonedx-go does not know of it is not looked at\n", target)
		}
		return auditedBOM(data, target, filepath.ToSlash(target), err)
	case strings.Contains(target, "@") && f.ledgerSBOMs == nil:
		return audited{}, cli.Fail(cli.Usage, "gateledger sbom audit reads ledgers", "%s is no file, and this program reads no ledger", target)
	case strings.Contains(target, "@"):
		data, err := f.ledgerSBOMs.newest(ctx, env, f.where, target)
		return auditedBOM(data, target, "", err)
	}
	return audited{}, cli.Fail(cli.Usage, "give a BOM file, a folder with lockfiles, or NAME@VERSION of the ledger", "open %s: %w", target, err)
}

func auditedBOM(data []byte, target, file string, err error) (audited, error) {
	if err != nil {
		return audited{}, err
	}
	b, err := readBOM(data, target)
	return audited{b, data, file}, err
}

// readBOMFile reads a BOM, and says whether it is XML.
func readBOMFile(name string) (b *audit.BOM, xml bool, err error) {
	data, err := readWhole(name)
	if err != nil {
		return nil, false, err
	}
	b, err = readBOM(data, name)
	return b, err == nil && isXML(data), err
}

// readWhole reads a file of the size that a document may have. Where the size is
// known no room is made for more.
func readWhole(name string) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && info.Size() <= raw.MaxBytes {
		if data, err := os.ReadFile(name); err == nil && len(data) <= raw.MaxBytes {
			return data, nil
		}
	}
	return readLimited(name, raw.MaxBytes)
}

func isXML(data []byte) bool {
	text, _, err := raw.Text(data)
	return err == nil && raw.IsXML(text)
}

// readBOM reads a BOM in JSON or XML.
func readBOM(data []byte, name string) (*audit.BOM, error) {
	b, err := parseBOM(data)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "make one with: gateledger sbom", "read %s: %w", name, err)
	}
	return b, nil
}

// parseBOM reads a BOM in JSON, or in XML as far as cyclonedx-go knows it.
func parseBOM(data []byte) (*audit.BOM, error) {
	text, _, err := raw.Text(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", audit.ErrBOM, err)
	}
	if !raw.IsXML(text) {
		return audit.ReadBOM(text)
	}
	d, err := raw.Read(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", audit.ErrBOM, err)
	}
	return audit.ReadBOM(d.JSON)
}

// listTree makes the SBOM of a folder. A lockfile that could not be read is a
// gap of it.
func listTree(ctx context.Context, env *cli.Env, dir string, f auditFlags) ([]byte, error) {
	m := newMeter(env)
	defer m.stop()
	inv, _, err := inventory(ctx, env, dir, sbomFlags{exclude: f.exclude}, m.now)
	if err != nil {
		return nil, err
	}
	doc, err := bom.New(inv)
	if err != nil {
		return nil, fmt.Errorf("merge the lockfiles: %w", err)
	}
	data, err := doc.Marshal()
	return data, credentialError(err)
}

// recordedSBOM returns the newest SBOM that a signer recorded about a digest,
// or whose subject has a name and version.
func recordedSBOM(ctx context.Context, env *cli.Env, at where, target string) ([]byte, error) {
	w, err := openWorkspace(ctx, env, at, trustedPolicy, reading)
	if err != nil {
		return nil, err
	}
	_, events, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	return w.recordedOf(ctx, events, target)
}

// recordedOf is recordedSBOM of events that were read.
func (w *workspace) recordedOf(ctx context.Context, events []*event.Event, target string) ([]byte, error) {
	name, version := target[:strings.LastIndex(target, "@")], target[strings.LastIndex(target, "@")+1:]
	d, err := event.ParseDigest(version)
	if err == nil {
		return w.sbomOf(ctx, w.newest(events, event.Subject{Digest: map[string]string{d.Alg: d.Hex}}, "sbom"), target)
	}
	for _, e := range slices.Backward(events) {
		if !e.Is("sbom") || !w.bySigner(e) {
			continue
		}
		data, err := w.sbomOf(ctx, e, target)
		if err != nil {
			return nil, fmt.Errorf("read the SBOM of event #%d, newer than any of %s: %w", e.Index, target, err)
		}
		if b, err := parseBOM(data); err == nil && b.Subject.Version == version && subjectNamed(b.Subject, name) {
			return data, nil
		}
	}
	return nil, noSBOM(target)
}

func noSBOM(target string) error {
	return cli.Fail(cli.Usage, "record one with: gateledger record sbom; or name the subject's digest: NAME@sha256:HEX", "no signer of the policy recorded an SBOM of %s", target)
}

// subjectNamed says whether people would call a subject by this name.
func subjectNamed(c audit.Component, name string) bool {
	bare, _, _ := strings.Cut(c.PURL, "@")
	return name != "" && (c.Name == name || bare == name)
}

// sbomOf is the document that an event brings, its bytes checked against their
// digest.
func (w *workspace) sbomOf(ctx context.Context, e *event.Event, target string) ([]byte, error) {
	if e == nil {
		return nil, noSBOM(target)
	}
	st, err := e.Statement()
	if err != nil {
		return nil, err
	}
	if st.PredicateType != event.ReferenceType {
		return st.Predicate, nil
	}
	d, err := event.Document(e)
	if err != nil {
		return nil, err
	}
	var sum [sha256.Size]byte
	if n, err := hex.Decode(sum[:], []byte(strings.ToLower(d.Hex))); err != nil || n != len(sum) {
		return nil, fmt.Errorf("event #%d: %w", e.Index, errors.New("its document has no SHA-256"))
	}
	data, err := w.blob(ctx, sum)
	if err != nil {
		return nil, ledgerError(w.url, err)
	}
	return data, nil
}

// An earlier is what --baseline named: an SBOM, or an audit of one.
type earlier struct {
	bom   *audit.BOM
	audit *audit.Baseline
	name  string
}

func (f *auditFlags) before() (earlier, error) {
	if f.baseline == "" {
		return earlier{}, nil
	}
	e := earlier{name: filepath.ToSlash(f.baseline)}
	data, err := readLimited(f.baseline, audit.MaxBaseline)
	if err != nil {
		return e, err
	}
	if e.bom, err = parseBOM(data); err == nil {
		return e, nil
	}
	notBOM := err
	e.bom = nil
	if e.audit, err = audit.ReadBaseline(data, e.name); err != nil {
		return e, cli.Fail(cli.Usage, "give an older BOM, or what --format json wrote", "%w; %w", err, notBOM)
	}
	return e, nil
}

// baseline is what was found before. An older SBOM is audited with today's
// feeds, and with nothing that lifts a finding.
func (e earlier) baseline(in audit.Input) *audit.Baseline {
	if e.bom == nil {
		return e.audit
	}
	in.BOM, in.VEX, in.Waivers, in.Baseline = e.bom, nil, nil, nil
	return audit.NewBaseline(audit.Audit(in), e.name)
}
