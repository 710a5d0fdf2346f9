// SPDX-License-Identifier: Apache-2.0

package freeze

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/typo"
)

// Database is the release of the IANA Time Zone Database that is built in.
// Governments change their clocks: a decision about a day after such a change
// can come out another way with another release.
const Database = "2025c"

//go:embed zoneinfo/zoneinfo.zip.gz
var zoneinfo string

// opened is the database once a zone was asked for: most policies have none. A
// variable that is made by a function would keep the database in programs that
// can't ask.
var opened struct {
	once  sync.Once
	files *zip.Reader
	err   error
}

// zones opens the database. It is packed as a whole, since the files in it are
// not.
func zones() (*zip.Reader, error) {
	opened.once.Do(func() { opened.files, opened.err = unpack() })
	return opened.files, opened.err
}

func unpack() (*zip.Reader, error) {
	packed, err := gzip.NewReader(strings.NewReader(zoneinfo))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(packed)
	if err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(data), int64(len(data)))
}

// A Zone is a time zone of the built-in database. The zero Zone is UTC.
type Zone struct {
	name string
	loc  *time.Location
}

// FindZone returns the zone of that name in the IANA Time Zone Database:
// Europe/Berlin. Names are told apart by case, and "Local" is none.
func FindZone(name string) (Zone, error) {
	files, err := zones()
	if err != nil {
		return Zone{}, fmt.Errorf("read the time zones: %w", err)
	}
	var names []string
	for _, f := range files.File {
		if names = append(names, f.Name); f.Name != name || strings.HasSuffix(name, "/") {
			continue
		}
		loc, err := load(f)
		if err != nil {
			return Zone{}, fmt.Errorf("read the time zone %s: %w", name, err)
		}
		return Zone{name, loc}, nil
	}
	if near := typo.Nearest(name, names); near != "" {
		return Zone{}, fmt.Errorf("unknown time zone %.80q; did you mean %q?", name, near)
	}
	return Zone{}, fmt.Errorf("unknown time zone %.80q; name one of the IANA Time Zone Database, such as Europe/Berlin or UTC", name)
}

func load(f *zip.File) (*time.Location, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(f.Name, data)
}

// String is the zone's name.
func (z Zone) String() string {
	if z.loc == nil {
		return "UTC"
	}
	return z.name
}

// In is t as the zone's clocks show it.
func (z Zone) In(t time.Time) time.Time {
	if z.loc == nil {
		return t.UTC()
	}
	return t.In(z.loc)
}

// reach is further than any zone's clocks are from UTC.
const reach = 26 * time.Hour

// A period is a time in which the zone's clocks do not change. A zero end is
// none.
type period struct {
	start, end time.Time
	ahead      time.Duration // of UTC
}

// periods are those that could show a local day.
func (z Zone) periods(of time.Time) []period {
	var all []period
	for t := of.Add(-reach); t.Before(of.Add(day + reach)); {
		local := z.In(t)
		_, ahead := local.Zone()
		start, end := local.ZoneBounds()
		all = append(all, period{start, end, time.Duration(ahead) * time.Second})
		if end.IsZero() {
			break
		}
		t = end
	}
	return all
}

// instants are when clocks show wall, whose fields are read as they stand, in
// UTC: once, twice, or never. Then jump is when the clocks went past it.
func instants(all []period, wall time.Time) (at []time.Time, jump time.Time) {
	for i, p := range all {
		moment := wall.Add(-p.ahead)
		ended := !p.end.IsZero() && !moment.Before(p.end)
		if !moment.Before(p.start) && !ended { // a zero start is before everything
			at = append(at, moment)
		}
		if ended && i+1 < len(all) && wall.Add(-all[i+1].ahead).Before(p.end) {
			jump = p.end.UTC()
		}
	}
	return at, jump
}
