// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/merge"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/cli"
)

type mergeFlags struct{ output, spec, subject string }

func sbomMerge(env *cli.Env) *cobra.Command {
	var f mergeFlags
	cmd := &cobra.Command{
		Use:   "merge BOM...",
		Short: "Make one SBOM of several, of any tools",
		Long: `Merge joins CycloneDX documents, ours and those of syft, trivy or cdxgen, into
one. Components of one package URL and origin become one, which says in a
property what documents it is from; those whose digests contradict each other
stay apart. Of two statements of how complete something is, the weaker counts.

The order in which documents are given makes no difference. What the result has
no place for is said on standard error, and the documents are not touched. A
result that would hold a credential is not written. The documents may have 1 GiB
together, and the result 256 MiB.`,
		Example: `  gateledger sbom merge sbom.cdx.json syft-image.cdx.json -o all.cdx.json
  gateledger sbom merge *.cdx.json --subject ghcr.io/acme/shop@sha256:6d0d…`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runMerge(cmd.Context(), env, args, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "-", "write to `FILE`; - is standard output")
	flags.StringVar(&f.spec, "spec", bom.SpecVersion, "`VERSION` of CycloneDX: 1.6, 1.7")
	flags.StringVar(&f.subject, "subject", "", "the artifact this is the SBOM of: `FILE`, folder or NAME@sha256:HEX; default: what all documents are about")
	return cmd
}

func runMerge(ctx context.Context, env *cli.Env, names []string, f mergeFlags) error {
	if f.spec != "1.6" && f.spec != "1.7" {
		return cli.Fail(cli.Usage, "", "unknown CycloneDX version %q; have 1.6, 1.7", f.spec)
	}
	o := merge.Options{Spec: f.spec, Tool: sbomTool(thisBuild().Version)}
	var err error
	if o.Time, err = buildTime(env.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	if f.subject != "" {
		subject, err := sbomSubject(ctx, f.subject, ".")
		if err != nil {
			return err
		}
		o.Subject = &subject
	}
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	var documents []*raw.Document
	size := 0
	for _, name := range names {
		d, err := openSBOM(env, name)
		if err != nil {
			return err
		}
		if size += len(d.JSON); size > merge.MaxBytes {
			return cli.Fail(cli.Unknown, "merge fewer documents into one", "up to %s the documents have more bytes than the limit of %d", name, merge.MaxBytes)
		}
		documents = append(documents, d)
	}
	r, err := merge.Documents(documents, o)
	if errors.Is(err, bom.ErrCredential) {
		return cli.Fail(cli.Unknown, "take the credential out of the document that holds it, and replace it", "write the merged SBOM: %w", err)
	}
	if errors.Is(err, merge.ErrTooLarge) {
		return cli.Fail(cli.Unknown, "merge fewer documents into one", "%w", err)
	}
	if err != nil {
		return cli.Fail(cli.Unknown, "'gateledger sbom check' says what is wrong with each document", "%w", err)
	}
	if err := streamSBOM(env, f.output, r.Stream); err != nil {
		return err
	}
	for _, c := range r.Conflicts {
		fmt.Fprintf(env.Stderr, "conflict: %s has other bytes in another document; both are kept\n", c)
	}
	sayDropped(env, r.Dropped)
	fmt.Fprintf(env.Stderr, "merged %d documents: %d components, %d records joined with another\n", len(documents), r.Components, r.Merged)
	return nil
}

// maxDropped keeps a document full of faults from filling the terminal.
const maxDropped = 20

func sayDropped(env *cli.Env, dropped []string) {
	for i, d := range dropped {
		if i == maxDropped {
			fmt.Fprintf(env.Stderr, "dropped: and %d more\n", len(dropped)-i)
			return
		}
		fmt.Fprintf(env.Stderr, "dropped: %s\n", d)
	}
}
