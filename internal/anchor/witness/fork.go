// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
)

// ForkSchema names the form of a file of evidence.
const ForkSchema = product.PredicateBase + "fork/v1"

// maxForks is how much evidence is kept of one log: it is signed by the log, and
// two checkpoints prove all that more of them could.
const maxForks = 16

// A Fork is evidence against a log: two checkpoints of one size, both with its
// signature, that have different roots.
type Fork struct {
	Schema string `json:"schema"`
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Held   string `json:"held"`  // the signed note that was cosigned
	Shown  string `json:"shown"` // the signed note that came later
	Seen   string `json:"seen"`  // when, RFC 3339
}

// forkPath is the file of the evidence that shown is.
func forkPath(shown proof.Checkpoint) string {
	return fmt.Sprintf("%s%d-%s.json", forksOf(shown.Origin), shown.Size, hex.EncodeToString(shown.Root[:8]))
}

// forksOf begins the names of all evidence against a log.
func forksOf(origin string) string { return "fork-" + OriginHash(origin)[:16] + "-" }

// forks are the files of evidence against a log.
func (s *store) forks(origin string) ([]string, error) {
	entries, err := s.fsys.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, forksOf(origin)) && strings.HasSuffix(name, ".json") {
			names = append(names, name)
		}
	}
	return names, nil
}

// keep writes evidence, once, and says where. It is empty where there is enough
// already.
func (s *store) keep(held, shown proof.Checkpoint, at time.Time) (string, error) {
	name := forkPath(shown)
	if _, err := fs.Stat(s.fsys, name); err == nil {
		return name, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	names, err := s.forks(shown.Origin)
	if err != nil || len(names) >= maxForks {
		return "", err
	}
	data, err := canon.Marshal(Fork{
		Schema: ForkSchema, Origin: shown.Origin, Size: shown.Size,
		Held: string(held.Raw), Shown: string(shown.Raw), Seen: at.UTC().Format(time.RFC3339),
	})
	if err != nil {
		return "", fmt.Errorf("write evidence: %w", err)
	}
	return name, durable.WriteFile(s.fsys, name, append(data, '\n'))
}
