// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package scan

import (
	"io/fs"
	"os"
)

// folders is the shorter way that only Linux has.
type folders struct{}

func openFolders(*os.Root) *folders { return nil }

func (*folders) open(string) (fs.File, error)      { return nil, errFar }
func (*folders) list(string) ([]fs.DirEntry, bool) { return nil, false }
func (*folders) lstat(string) (fs.FileInfo, error) { return nil, errFar }
