// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/report"
)

// sbomPublishing is publishing for `sbom`.
type sbomPublishing struct {
	publishing
	base string
}

func (p *sbomPublishing) flags(cmd *cobra.Command) {
	p.publishing.flags(cmd)
	cmd.Flags().StringVar(&p.base, "base", "", "with --publish: SBOM `FILE` of where this will go to; the summary says what changed since")
}

// A boms is what `sbom` tells its host.
type boms struct {
	*told
	base *raw.Document
}

// run runs `sbom` and tells the host what came of it. Its standard output is
// the document, which nobody but the host's reader may change.
func (p sbomPublishing) run(ctx context.Context, env *cli.Env, verb func(*cli.Env, *boms) error) error {
	b := &boms{told: &told{verb: "sbom", names: []string{"sbom", "sbom-sha256", "components"}, raw: true}}
	return p.publishing.run(ctx, env, b.told, func(env *cli.Env) error {
		if err := b.compare(p); err != nil {
			return err
		}
		return verb(env, b)
	})
}

func (b *boms) compare(p sbomPublishing) error {
	if p.base == "" {
		return nil
	}
	if !p.asked() {
		return cli.Fail(cli.Usage, "add --publish, or see 'gateledger sbom diff'", "--base without --publish: the summary is where it is compared")
	}
	data, err := readLimited(p.base, raw.MaxBytes)
	if err != nil {
		return err
	}
	if b.base, err = raw.Read(data); err != nil {
		return cli.Fail(cli.Usage, "", "read base %s: %w", p.base, err)
	}
	return nil
}

// made settles what the host is told of a document that was written to path;
// what is no file is told of by the document alone. It does nothing where
// nothing is published.
func (b *boms) made(p sbomPublishing, path string, doc *bom.Document) error {
	if !p.asked() {
		return nil
	}
	data, file, err := writtenTo(path, doc)
	if err != nil {
		return err
	}
	read, err := raw.Read(data)
	if err != nil {
		return fmt.Errorf("read the SBOM that was written: %w", err)
	}
	out := report.NewSBOM(read, b.base)
	for _, s := range doc.Sources() {
		if s.Lost {
			out.Lost = append(out.Lost, fmt.Sprintf("%s: %s", s.Path, strings.Join(s.Reasons, "; ")))
		}
	}
	b.set("components", fmt.Sprint(len(read.Components)))
	if file {
		sum := sha256.Sum256(data)
		out.File, out.Digest = path, "sha256:"+hex.EncodeToString(sum[:])
		b.set("sbom", path)
		b.set("sbom-sha256", hex.EncodeToString(sum[:]))
	}
	b.report = out
	return nil
}

// inventory is made, for what is written as several documents.
func (b *boms) inventory(p sbomPublishing, inv bom.Inventory) error {
	if !p.asked() {
		return nil
	}
	doc, err := bom.New(inv)
	if err != nil {
		return fmt.Errorf("merge the lockfiles: %w", err)
	}
	return b.made(p, "", doc)
}

// writtenTo is the document as it stands in a file, or as it would.
func writtenTo(path string, doc *bom.Document) (data []byte, file bool, err error) {
	if info, err := os.Stat(path); path != "" && path != "-" && err == nil && info.Mode().IsRegular() {
		data, err := readLimited(path, raw.MaxBytes)
		return data, true, err
	}
	data, err = doc.Marshal()
	return data, false, err
}
