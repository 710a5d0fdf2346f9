// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// releaseVersion is the release that the actions of released pin.
const releaseVersion = "v1.2.3"

// asset is the name of a program as a file of a release.
func asset(program string) string { return program + "_linux_" + runtime.GOARCH }

// releaseFolder is where the git host has the files of a release of the
// actions. Each case has a repository of its own for them.
func (p *project) releaseFolder() string {
	return filepath.Join(p.rig.repositories(), "gateledger", p.name, "releases/download", releaseVersion)
}

// released publishes our programs as a release, and returns the actions as that
// release has them: with checksums.txt, and no sources.
func (p *project) released(ctx context.Context) (suite string, err error) {
	suite = filepath.Join(p.rig.work, "suite-"+p.name)
	if _, err := command(ctx, p.rig.work, os.Environ(), "cp", "-R", p.rig.suite, suite); err != nil {
		return "", err
	}
	if err := os.MkdirAll(p.releaseFolder(), 0o755); err != nil {
		return "", err
	}
	var sums strings.Builder
	for _, name := range []string{"gateledger", "gateledger-sbom", "gateledger-record", "gateledger-gate", "gateledger-verify", "gateledger-remote"} {
		program, err := os.ReadFile(filepath.Join(p.rig.bin, name))
		if err != nil {
			return "", err
		}
		file := asset(name)
		if err := os.WriteFile(filepath.Join(p.releaseFolder(), file), program, 0o644); err != nil {
			return "", err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(program), file)
	}
	env := fmt.Sprintf("VERSION=%s\nREPOSITORY=%s/gateledger/%s\nGO=go1.0\n", releaseVersion, p.rig.host, p.name)
	for name, text := range map[string]string{"checksums.txt": sums.String(), "release.env": env} {
		if err := os.WriteFile(filepath.Join(suite, "actions", name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return suite, nil
}

// altered adds a byte to a file, as whoever took over a release or a runner
// would do.
func altered(file string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString("\n"); err != nil {
		return err
	}
	return f.Close()
}
