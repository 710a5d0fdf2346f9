// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom"
	bomcheck "github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/report"
	"github.com/gateledger/gateledger/internal/scan"
	"github.com/gateledger/gateledger/internal/subject"
)

type checkFlags struct {
	out     output
	subject string
	exclude []string
}

func sbomCheck(env *cli.Env) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check BOM [PATH]",
		Short: "Say whether an SBOM is true",
		Long: `Check looks at a CycloneDX document of any tool as it is: the official schema of
its version (1.4 to 1.7, of JSON or of XML), references that are unique and lead
somewhere, package URLs, and digests that have the length they must have. It
writes nothing, so a signed document stays what was signed.

With --subject it must be the SBOM of that artifact. With PATH, every component
of every lockfile below PATH must be in it, with the digests that the lockfile
has; and the digests must be those of what lies on this machine: modules in Go's
module cache, what node_modules and npm's cache recorded, vendor/modules.txt.

The exit code is 1 for a document that is not true, 4 for bytes that are not
those it names, and 3 if a lockfile could not be read or PATH has none, so that
nobody knows.`,
		Example: `  gateledger sbom check sbom.cdx.json
  gateledger sbom check sbom.cdx.json .
  gateledger sbom check sbom.cdx.json --subject sha256:6d0d…
  gateledger sbom check vendor.cdx.json ./service --json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCheck(cmd.Context(), env, args[0], strings.Join(args[1:], ""), f)
		},
	}
	f.out.flags(cmd)
	cmd.Flags().StringVar(&f.subject, "subject", "", "what it must be the SBOM of: `DIGEST` as sha256:HEX, a file or NAME@sha256:HEX")
	cmd.Flags().StringArrayVar(&f.exclude, "exclude", []string{"testdata"}, "leave out files and folders below PATH that match `GLOB`; repeatable, replaces the default")
	return cmd
}

func runCheck(ctx context.Context, env *cli.Env, name, dir string, f checkFlags) error {
	defer debug.SetGCPercent(debug.SetGCPercent(gcWritePercent))
	data, err := readSBOM(env, name)
	if err != nil {
		return err
	}
	var o bomcheck.Options
	if f.subject != "" {
		if o.Subject, err = wantedDigest(ctx, f.subject); err != nil {
			return err
		}
	}
	if dir != "" {
		closeAll, err := compareWith(ctx, env, dir, f.exclude, &o)
		if err != nil {
			return err
		}
		defer closeAll()
	}
	r := bomcheck.Document(data, o)
	if err := f.out.write(env, report.SBOMCheck{Result: r, Name: name}); err != nil {
		return err
	}
	switch {
	case r.Tampered():
		return cli.Fail(cli.Integrity, "find out whether the document, the lockfile or the cache was changed", "%s: bytes are not those that it names", name)
	case len(r.Findings) > 0:
		return cli.Fail(cli.No, "", "%s is not true, findings: %d", name, len(r.Findings)+r.More)
	case o.Tree != nil && len(o.Tree.Sources) == 0:
		return cli.Fail(cli.Unknown, "give the folder that holds the lockfiles", "there is no lockfile below %s: nothing could be compared with %s", dir, name)
	case len(r.Unreadable) > 0:
		return cli.Fail(cli.Unknown, "mend the lockfile, or leave it out with --exclude", "%d lockfiles below %s could not be compared with %s", len(r.Unreadable), dir, name)
	}
	return nil
}

// wantedDigest reads sha256:HEX, or anything else that names a subject.
func wantedDigest(ctx context.Context, arg string) (map[string]string, error) {
	if alg, hex, ok := strings.Cut(arg, ":"); ok && alg == "sha256" {
		arg = "subject@" + alg + ":" + hex
	}
	s, err := subject.Resolve(ctx, arg, ".")
	if err != nil {
		return nil, cli.Fail(cli.Usage, "give sha256:HEX, a file or NAME@sha256:HEX", "name the subject: %w", err)
	}
	return s.Digest, nil
}

// compareWith sets up the comparison with a tree and what is beside it.
func compareWith(ctx context.Context, env *cli.Env, dir string, exclude []string, o *bomcheck.Options) (closeAll func(), err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "give the folder that holds the lockfiles", "open %s: %w", dir, err)
	}
	defer root.Close()
	cache := moduleCache(env.Getenv)
	result, err := scan.Scan(ctx, scan.Dir(root), scanOptions(sbomFlags{exclude: exclude}, cache, nil))
	switch {
	case errors.Is(err, scan.ErrNothing):
		result.Inventory = bom.Inventory{}
	case err != nil:
		return nil, cli.Fail(cli.Unknown, "", "scan %s: %w", dir, err)
	}
	local, err := newLocalCaches(env.Getenv, root, cache)
	if err != nil {
		return nil, cli.Fail(cli.Unknown, "", "look at what lies below %s: %w", dir, err)
	}
	result.Inventory.Sources = append(result.Inventory.Sources, local.vendor...)
	o.Tree, o.Local = &result.Inventory, local.look
	return local.close, nil
}
