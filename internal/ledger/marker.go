// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gateledger/gateledger/internal/canon"
)

// markerPath is the file that tells a ledger from any other folder, and which
// version of the layout it has.
const markerPath = "gateledger-ledger"

const (
	markerFormat  = "gateledger-ledger"
	markerVersion = 1
	maxMarker     = 4 << 10
)

type marker struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Origin  string `json:"origin"`
}

// markerOf is the marker's one spelling for a log of this origin.
func markerOf(origin string) ([]byte, error) {
	data, err := canon.Marshal(marker{markerFormat, markerVersion, origin})
	return append(data, '\n'), err
}

// readMarker returns the origin that the marker names.
func readMarker(fsys fs.FS) (origin string, err error) {
	data, err := readFile(fsys, markerPath, maxMarker)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrTooLarge) {
		return "", ErrNotLedger
	}
	if err != nil {
		return "", err
	}
	var m marker
	if err := canon.DecodeOpen(data, &m); err != nil || m.Format != markerFormat {
		return "", fmt.Errorf("%s is not a marker of ours: %w", markerPath, ErrNotLedger)
	}
	if m.Version != markerVersion {
		return "", fmt.Errorf("%s says version %d, this program reads version %d: %w", markerPath, m.Version, markerVersion, ErrVersion)
	}
	if want, err := markerOf(m.Origin); err != nil || !bytes.Equal(data, want) {
		return "", fmt.Errorf("%s is damaged: %w", markerPath, ErrTampered)
	}
	return m.Origin, nil
}
