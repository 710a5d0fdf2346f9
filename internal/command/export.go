// SPDX-License-Identifier: Apache-2.0

package command

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/product"
)

// guide is what an export says of itself. It is talk: nothing is taken from
// it to verify anything.
const guide = `This file is a whole ledger: every entry, body, document and tile, and the
policy it was exported under. Check it offline with the gateledger binary:

    gateledger verify ledger   --ledger FILE --policy sha256:%[1]s
    gateledger verify artifact ARTIFACT --ledger FILE --policy sha256:%[1]s

Take the digest of the policy from whoever you trust, not from this page.
Without gateledger: the tree is C2SP tlog-tiles, its checkpoint a signed note
under %[2]s; entries are Rekor v2 hashedrekord over in-toto statements
in DSSE, stored under body/.
`

// Export is the verb that writes one file an auditor can check.
func Export(env *cli.Env) *cobra.Command {
	var f where
	var file string
	cmd := &cobra.Command{
		Use:   "export -o FILE",
		Short: "Write the whole ledger into one file that can be checked offline",
		Example: `  gateledger export -o audit.tar
  gateledger verify artifact dist/app --ledger audit.tar --policy sha256:77ab…`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runExport(cmd.Context(), env, f, file)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVarP(&file, "output", "o", "", "`FILE` to write (.tar)")
	must(cmd.MarkFlagRequired("output"))
	return cmd
}

// runExport audits first: a broken ledger is not passed on as a whole one.
func runExport(ctx context.Context, env *cli.Env, f where, file string) error {
	if filepath.Ext(file) != ".tar" {
		return cli.Fail(cli.Usage, "", "export to a file that ends in .tar, not %s", file)
	}
	v, err := openVerifier(ctx, env, f)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".export-*")
	if err != nil {
		return fmt.Errorf("export to %s: %w", file, err)
	}
	defer os.Remove(temp.Name())
	if err := v.writeExport(ctx, temp); err != nil {
		temp.Close()
		return fmt.Errorf("export to %s: %w", file, err)
	}
	if err := temp.Close(); err != nil {
		return fmt.Errorf("export to %s: %w", file, err)
	}
	if err := os.Rename(temp.Name(), file); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "wrote %s: %d entries up to %s\n", file, v.audited.Entries, checkpointOf(v.audited.Head).Root[:12])
	fmt.Fprintf(env.Stderr, "an auditor runs: gateledger verify ledger --ledger %s --policy sha256:%s\n", filepath.Base(file), v.policy.Digest)
	return nil
}

func (v *verifier) writeExport(ctx context.Context, to io.Writer) error {
	w := tar.NewWriter(to)
	if err := ledger.Export(ctx, v.ledger, w); err != nil {
		return err
	}
	for _, x := range []struct {
		name string
		data []byte
	}{
		{product.PolicyFile, v.policy.Source},
		{"AUDIT.md", fmt.Appendf(nil, guide, v.policy.Digest, v.policy.Ledger.Origin)},
	} {
		if err := w.WriteHeader(&tar.Header{Name: x.name, Mode: 0o644, Size: int64(len(x.data)), Format: tar.FormatUSTAR}); err != nil {
			return err
		}
		if _, err := w.Write(x.data); err != nil {
			return err
		}
	}
	return w.Close()
}
