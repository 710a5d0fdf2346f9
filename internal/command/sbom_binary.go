// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/scan"
)

// isFile reports whether a path is a file and not a folder.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// executable is the inventory of one executable. The document is about that
// file, by its digest, unless another subject is named.
func executable(ctx context.Context, env *cli.Env, name string, f sbomFlags) (bom.Inventory, error) {
	now, err := buildTime(env.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return bom.Inventory{}, err
	}
	file, err := os.Open(name)
	if err != nil {
		return bom.Inventory{}, cli.Fail(cli.Usage, "", "%w", err)
	}
	defer file.Close()
	source, err := scan.Binary(filepath.Base(name), file)
	if errors.Is(err, scan.ErrNotGo) {
		return bom.Inventory{}, cli.Fail(cli.Usage, "give a folder with lockfiles, or an executable that Go built", "read %s: %w", name, err)
	}
	if err != nil {
		return bom.Inventory{}, cli.Fail(cli.Unknown, "", "read %s: %w", name, err)
	}
	inv := bom.Inventory{Time: now, Tool: sbomTool(thisBuild().Version), Built: true, Sources: []bom.Source{source}}
	if err := f.credits.give(&inv); err != nil {
		return bom.Inventory{}, err
	}
	if f.subject != "" {
		inv.Subject, err = sbomSubject(ctx, f.subject, ".")
	} else {
		// Named without its folder, which differs from machine to machine.
		inv.Subject, err = sbomSubject(ctx, name, filepath.Dir(name))
	}
	return inv, err
}
