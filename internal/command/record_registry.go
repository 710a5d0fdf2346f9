// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
)

func sbomRecordFlags(cmd *cobra.Command, f *recordFlags) {
	cmd.Flags().BoolVar(&f.registry, "registry", false, "publish the SBOM's SHA-256 in the policy's registry too, once it is logged; "+child.Name+" opens the connection")
}

// publishable says before anything is logged why a digest could not be
// published.
func (r *recording) publishable() error {
	if !r.flags.registry {
		return nil
	}
	at, err := r.registry()
	if err != nil {
		return err
	}
	if len(at.Publishers) == 0 {
		return cli.Fail(cli.Usage, "add the account that pays to registry.publishers", "the policy believes no publisher")
	}
	for _, s := range r.subjects {
		if s.Digest["sha256"] == "" {
			return cli.Fail(cli.Usage, "", "%s has no SHA-256 to publish an SBOM under", s.Name)
		}
	}
	_, err = r.remote()
	return err
}

// publishDigests publishes the digest of the document that was logged, as the
// ledger has it, under each subject.
func (r *recording) publishDigests(ctx context.Context, d draft) error {
	if !r.flags.registry {
		return nil
	}
	remote, err := r.remote()
	if err != nil {
		return err
	}
	sum := ""
	if inline, ok := d.predicate.(canon.Raw); ok {
		sum = hexSum(inline)
	} else if len(d.blobs) == 1 {
		sum = hexSum(d.blobs[0])
	}
	at := r.policy.Registry
	for _, s := range r.subjects {
		place, err := remote.PublishDigest(ctx, child.RegistryQuestion{
			Spec: at.Spec, Publishers: at.Publishers, Reporters: []string{}, Documents: []child.RegistryDocument{}, Packages: []string{},
			Publish: &child.RegistryDocument{Kind: registrySBOM, Subject: s.Digest["sha256"], Digests: []string{sum}},
		})
		if err != nil {
			return unpublishedError(s.Name, err)
		}
		fmt.Fprintf(r.env.Stderr, "registry: sha256:%s stands under %s since %s, published by %s\n", sum, clean.Text(s.Name), clean.Text(place.Time), place.Publisher)
	}
	return nil
}

// unpublishedError says that the record stands. What the registry refuses it
// refuses for ever.
func unpublishedError(name string, err error) error {
	if errors.Is(err, child.ErrRefused) {
		return cli.Fail(cli.No, "an entry of a registry is written once: this artifact has another SBOM there", "the event is logged, and not published in the registry under %s: %w", name, err)
	}
	return cli.Fail(cli.Unknown, "run the same command again: what is logged or published is not logged or paid for twice", "the event is logged, and not published in the registry under %s: %w", name, err)
}
