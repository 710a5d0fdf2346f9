// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"

	"github.com/gateledger/gateledger/internal/bom"
)

// An unreadFormat is a lockfile that this version knows by name and does not
// read. It is named in the document, so that nobody takes what is missing for
// what is not there.
type unreadFormat struct {
	file, what string
}

func unreadFormats() []unreadFormat {
	return []unreadFormat{
		{"Package.resolved", "Swift package lockfile"},
		{"Podfile.lock", "CocoaPods lockfile"},
		{"mix.lock", "Mix lockfile"},
		{"pubspec.lock", "Dart lockfile"},
	}
}

func unreadNames() []string {
	var names []string
	for _, f := range unreadFormats() {
		names = append(names, f.file)
	}
	return names
}

func findUnread(_ *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		formats := unreadFormats()
		i := slices.IndexFunc(formats, func(f unreadFormat) bool { return f.file == path.Base(p) })
		sources = append(sources, bom.Source{
			Path: printable(p), Ecosystem: "unread", Lost: true,
			Reasons: []string{"not supported yet: " + formats[i].what},
		})
	}
	return sources
}
