// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
)

// How much garbage, in percent of what is live, may pile up. A lockfile of
// 200 000 packages is held in memory whole; collecting more often keeps that
// under 400 MiB and costs small trees nothing. When it is written, what it was
// read from is gone, and there is room, and so there is where SBOMs are compared
// or checked.
const (
	gcPercent      = 20
	gcWritePercent = 60
)

// writeDocument writes a document where it should go. The default form is
// streamed: it may be larger than everything that it was made of.
func writeDocument(ctx context.Context, env *cli.Env, name string, limit time.Duration, doc *bom.Document, form bom.Form) error {
	defer debug.SetGCPercent(debug.SetGCPercent(gcWritePercent))
	err := streamSBOM(env, name, func(w io.Writer) error {
		w = timely{ctx, w, limit}
		if form == (bom.Form{Spec: bom.SpecVersion}) {
			return doc.Stream(w)
		}
		data, err := doc.Write(form)
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	return credentialError(err)
}

// credentialError tells what to do about a credential in a lockfile.
func credentialError(err error) error {
	if errors.Is(err, bom.ErrCredential) {
		return cli.Fail(cli.Unknown, "take the credential out of the lockfile, and replace it: it was committed", "write the SBOM: %w", err)
	}
	return err
}

// streamSBOM lets write write to standard output, or to a file that is then
// replaced whole.
func streamSBOM(env *cli.Env, name string, write func(io.Writer) error) error {
	if name == "-" || name == "" {
		return write(env.Stdout)
	}
	var inner error
	kept := func(w io.Writer) error {
		inner = write(w)
		return inner
	}
	err := error(nil)
	if info, e := os.Lstat(name); e == nil && !info.Mode().IsRegular() {
		err = writeThrough(name, kept)
	} else {
		var folder durable.FS
		if folder, err = durable.Dir(filepath.Dir(name)); err == nil {
			err = durable.Stream(folder, filepath.Base(name), kept)
		}
	}
	if err == nil || isOurs(inner) {
		return inner
	}
	return cli.Fail(cli.Usage, "", "write %s: %w", name, err)
}

// isOurs reports whether an error is about the document and not about the
// place where it is written.
func isOurs(err error) bool {
	exit := (*cli.Exit)(nil)
	return errors.Is(err, bom.ErrCredential) || errors.As(err, &exit)
}

// writeThrough writes to a device or through a link, which are never replaced.
func writeThrough(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// sayIncomplete tells people which lockfiles are not in the SBOM whole, and
// counts them and those that lack components.
func sayIncomplete(env *cli.Env, sources []bom.Source) (incomplete, lost int) {
	for _, src := range sources {
		if src.State != bom.Complete {
			incomplete++
			fmt.Fprintf(env.Stderr, "%s: %s: %s\n", src.State, src.Path, strings.Join(src.Reasons, "; "))
		}
		if src.Lost {
			lost++
		}
	}
	return incomplete, lost
}

// refuseLost fails if components are missing and nobody said that they may.
func refuseLost(lost, all int, allowed bool) error {
	if lost == 0 || allowed {
		return nil
	}
	return cli.Fail(cli.Unknown, "mend it, leave it out with --exclude, or accept it with --allow-incomplete",
		"%d of %d lockfiles are missing, unreadable or not supported: their components are not in the SBOM", lost, all)
}
