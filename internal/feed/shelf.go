// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gateledger/gateledger/internal/audit"
)

// A glance is what can be seen of a record without reading all of it: whether
// a wanted package may be in it, how new it is, and of which ecosystems it is.
type glance struct {
	wanted     bool
	date       time.Time
	ecosystems []string // with their releases
}

// A tally is what one worker saw.
type tally struct {
	found    []audit.Advisory
	count    map[string]int
	date     map[string]time.Time
	releases map[string]bool // ecosystems, with their releases
}

// shelf reads n records with a worker for each processor. Of most only the
// names are looked at: reading all of 4 000 records costs ten times as much.
func (l *library) shelf(n int, feeds map[string]*audit.Feed, read func(i int, to *buffer) (name string, err error)) error {
	workers := min(runtime.GOMAXPROCS(0), n/64+1)
	tallies := make([]tally, workers)
	var next, unpacked atomic.Int64
	group, ctx := errgroup.WithContext(l.ctx)
	for w := range workers {
		group.Go(func() error {
			b := &buffer{data: make([]byte, 0, 64<<10)}
			t := &tallies[w]
			t.count, t.date, t.releases = map[string]int{}, map[string]time.Time{}, map[string]bool{}
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				name, err := read(i, b)
				if err == nil && unpacked.Add(int64(len(b.data))) > MaxUnpacked {
					err = fmt.Errorf("the records have over %d bytes together", int64(MaxUnpacked))
				}
				if err == nil {
					err = l.record(b.data, name, feeds, t)
				}
				if err != nil {
					return fmt.Errorf("record %.80q: %w", name, err)
				}
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, t := range tallies {
		l.found = append(l.found, t.found...)
		for release := range t.releases {
			if f := feeds[audit.Base(release)]; f != nil {
				f.Releases[release] = true
			}
		}
		for ecosystem, f := range feeds {
			f.Records += t.count[ecosystem]
			if t.date[ecosystem].After(f.Date) {
				f.Date = t.date[ecosystem]
			}
		}
	}
	return nil
}

// record counts a record, and reads it if it could be about a wanted package.
func (l *library) record(data []byte, name string, feeds map[string]*audit.Feed, t *tally) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	g := look(data, l.names)
	from := ""
	counted := ""
	for _, release := range g.ecosystems {
		ecosystem := audit.Base(release)
		f := feeds[ecosystem]
		if f == nil {
			continue
		}
		t.releases[release] = true
		if ecosystem != counted { // records of a distribution name its releases side by side
			t.count[ecosystem]++
		}
		from, counted = f.Path, ecosystem
		if g.date.After(t.date[ecosystem]) {
			t.date[ecosystem] = g.date
		}
	}
	if !g.wanted {
		return nil
	}
	a, err := audit.ParseAdvisory(data)
	if err != nil {
		return err
	}
	if from != "" {
		a.Source = from
		t.found = append(t.found, a)
	}
	return nil
}

// look finds the names, ecosystems and dates of a record. A name that is
// written with escapes, and a record in which nothing is found, is one to read.
func look(data []byte, names map[string]bool) glance {
	var g glance
	any := false
	var fold [256]byte
	members(data, "name", func(value []byte, plain bool) {
		any = true
		g.wanted = g.wanted || !plain || names[string(foldBytes(fold[:0], value))]
	})
	members(data, "ecosystem", func(value []byte, _ bool) {
		for _, have := range g.ecosystems {
			if have == string(value) {
				return
			}
		}
		g.ecosystems = append(g.ecosystems, string(value))
	})
	for _, key := range []string{"modified", "published"} {
		members(data, key, func(value []byte, _ bool) {
			if at, err := time.Parse(time.RFC3339, string(value)); err == nil && at.After(g.date) {
				g.date = at.UTC()
			}
		})
	}
	if !any && !bytes.Contains(data, []byte(`"GIT"`)) {
		g.wanted = true // to see whether it is a record at all
	}
	return g
}

// members calls see for each text that is the value of a key. A quote inside a
// text is escaped, so that what looks like a key is one.
func members(data []byte, key string, see func(value []byte, plain bool)) {
	quoted := []byte(`"` + key + `"`)
	for {
		at := bytes.Index(data, quoted)
		if at < 0 {
			return
		}
		data = bytes.TrimLeft(data[at+len(quoted):], " \t\r\n")
		if len(data) == 0 || data[0] != ':' {
			continue
		}
		data = bytes.TrimLeft(data[1:], " \t\r\n")
		if len(data) == 0 || data[0] != '"' {
			continue
		}
		end := bytes.IndexByte(data[1:], '"')
		if end < 0 {
			return
		}
		value := data[1 : end+1]
		see(value, bytes.IndexByte(value, '\\') < 0)
		data = data[end+2:]
	}
}

// folded are the wanted names as foldBytes writes them.
func folded(wanted map[audit.Package]bool) map[string]bool {
	names := make(map[string]bool, len(wanted))
	for p := range wanted {
		names[string(foldBytes(nil, []byte(p.Name)))] = true
	}
	return names
}

// foldBytes makes all spellings equal that any ecosystem takes for one. It may
// make more equal: who is meant is settled once the record is read.
func foldBytes(to, name []byte) []byte {
	separated := false
	for _, c := range name {
		if c == '-' || c == '_' || c == '.' {
			if !separated {
				to = append(to, '-')
			}
			separated = true
			continue
		}
		separated = false
		if c >= 0x80 {
			return append(to[:0], strings.ToLower(string(name))...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}
