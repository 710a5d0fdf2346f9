// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
)

// untrusted is the kind of what a job of a fork reports: it has no key, and
// nobody vouches for what it says.
const untrusted = "untrusted-report"

// maxReport is the largest untrusted report that is kept, in bytes.
const maxReport = 4 << 20

const untrustedLong = `A job of a fork has no key, and what it says of its tests anybody could say. A
trusted job that gets its report as an artifact can log it as that: for people
to read, never as evidence. No rule of a policy can ask for it, and one commit
has at most one.`

const untrustedExample = `  gateledger record untrusted-report --subject git:1f3a… --source mallory/app report.xml`

func untrustedFlags(cmd *cobra.Command, f *recordFlags) {
	cmd.Flags().StringVar(&f.from, "source", "", "`NAME` of the fork or system it came from")
	must(cmd.MarkFlagRequired("source"))
}

func draftUntrusted(ctx context.Context, r *recording) (draft, error) {
	if len(r.subjects) != 1 || r.subjects[0].Digest["gitCommit"] == "" {
		return draft{}, cli.Fail(cli.Usage, "gateledger record untrusted-report --subject git:SHA --source FORK REPORT", "an untrusted report is about one commit")
	}
	commit := r.subjects[0].Digest["gitCommit"]
	if err := r.firstAbout(ctx, commit); err != nil {
		return draft{}, err
	}
	data, err := readLimited(r.args[0], maxReport)
	if err != nil {
		return draft{}, err
	}
	sum := sha256.Sum256(data)
	d, err := r.drafted(event.UntrustedReportPredicate{
		Source: clean.Field(r.flags.from), Commit: commit, Media: mediaOf(r.args[0]),
		Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(data)), Context: r.at,
	})
	d.blobs = [][]byte{data}
	return d, err
}

// firstAbout refuses a second report about a commit: whoever can open a pull
// request could else fill the log.
func (r *recording) firstAbout(ctx context.Context, commit string) error {
	_, events, err := r.read(ctx)
	if err != nil {
		return err
	}
	for _, e := range events {
		if !e.Mentions(commit) || !e.Is(untrusted) || !r.bySigner(e) {
			continue
		}
		p, err := event.DecodePredicate[event.UntrustedReportPredicate](e)
		if err == nil && p.Commit == commit {
			return cli.Fail(cli.No, "", "an untrusted report about commit %.12s is logged already, as #%d; a commit has at most one", commit, e.Index)
		}
	}
	return nil
}

// mediaOf is what a report's name says it is.
func mediaOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		return "application/json"
	case ".xml":
		return "application/xml"
	}
	return "application/octet-stream"
}
