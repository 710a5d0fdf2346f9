// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/product"
)

// A build is what a binary knows of its own making.
type build struct {
	Schema   string `json:"schema"`
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitzero"` // the checkout had changes that the commit does not hold
	Go       string `json:"go"`
	Platform string `json:"platform"`
	How      string `json:"how"`
}

// Version is the verb that says which build this is.
func Version(env *cli.Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Say which build this is and how it was made",
		Example: "  gateledger version\n  gateledger version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(env.Stdout, thisBuild())
			}
			return thisBuild().print(env.Stdout)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (b build) print(w io.Writer) error {
	commit := cmp.Or(b.Commit, "unknown")
	if b.Modified {
		commit += ", with changes"
	}
	_, err := fmt.Fprintf(w, "%s %s\ncommit %s\n%s %s\n%s\n", product.Name, b.Version, commit, b.Go, b.Platform, b.How)
	return err
}

func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describe(info)
}

// describe reads what the go command wrote into the binary.
func describe(info *debug.BuildInfo) build {
	b := build{
		Schema:   product.PredicateBase + "version/v1",
		Version:  cmp.Or(product.Version, info.Main.Version, "(devel)"),
		Go:       cmp.Or(info.GoVersion, runtime.Version()),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		How:      "built from a source tree without version control",
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
			b.How = "built from a checkout"
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	if info.Main.Sum != "" {
		b.How = "installed with go install from the module " + info.Main.Path + " " + info.Main.Sum
	}
	return b
}
