// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// maxText is how long a lockfile may be, in bytes, to be held in memory while
// it is taken apart. A longer one is looked over as a whole, let go, and read
// from its file once more, so that the text and what it says need not be there
// at the same time.
const maxText = 48 << 20

// again opens a file that was read whole, to read its text once more. It
// answers nil where the text may be held, or the file is not the same.
func (t *tree) again(p string, data []byte) *rereading {
	if limit := cmp.Or(t.held, maxText); len(data) <= limit {
		return nil
	}
	f, err := t.root.Open(p)
	if err != nil {
		return nil
	}
	at, ok := f.(io.ReaderAt)
	info, err := f.Stat()
	if !ok || err != nil || info.Size() < int64(len(data)) {
		_ = f.Close() // it was only read from
		return nil
	}
	// What plainText takes away stands at the beginning.
	return &rereading{SectionReader: io.NewSectionReader(at, info.Size()-int64(len(data)), int64(len(data))), file: f}
}

// A rereading is the text of a file that is read once more, from its beginning.
type rereading struct {
	*io.SectionReader
	file io.Closer
	ends []int64 // where lines end that were read, and not counted yet
	at   int64
}

func (r *rereading) Close() error {
	if r == nil {
		return nil
	}
	return r.file.Close()
}

// Read is for a decoder whose lines are to be counted.
func (r *rereading) Read(p []byte) (int, error) {
	n, err := r.SectionReader.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			r.ends = append(r.ends, r.at+int64(i))
		}
	}
	r.at += int64(n)
	return n, err
}

// lines is how many lines ended since it was asked before, up to an offset.
func (r *rereading) lines(offset int64) int {
	n := 0
	for n < len(r.ends) && r.ends[n] < offset {
		n++
	}
	r.ends = append(r.ends[:0], r.ends[n:]...)
	return n
}

// jsonDecoder walks through JSON that was read and looked over. The caller
// closes it, and holds the data no longer.
func (t *tree) jsonDecoder(p string, data []byte) *npmDecoder {
	d := &npmDecoder{limit: t.limits.Packages}
	if d.again = t.again(p, data); d.again != nil {
		d.dec = jsontext.NewDecoder(d.again)
	} else {
		d.data, d.dec = data, jsontext.NewDecoder(bytes.NewBuffer(data))
	}
	return d
}

// end fails unless nothing follows.
func (d *npmDecoder) end() error {
	if _, err := d.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the end of the JSON")
	}
	return nil
}

// located adds the line to an error about the JSON of a file.
func (t *tree) located(p string, err error) error {
	data, _ := t.read(p)
	return located(data, err)
}

// spans reads parts of a text that was looked over, in memory or again.
type spans struct {
	data  []byte
	again *rereading
	seed  maphash.Seed
	sums  []uint64
}

// newSpans takes the parts that will be asked for.
func newSpans(t *tree, p string, data []byte, list []tomlSpan) *spans {
	s := &spans{again: t.again(p, data), seed: maphash.MakeSeed()}
	if s.again == nil {
		s.data = data
		return s
	}
	for _, span := range list {
		s.sums = append(s.sums, maphash.Bytes(s.seed, data[span.from:span.to]))
	}
	return s
}

// part returns the i-th part.
func (s *spans) part(i int, span tomlSpan) ([]byte, error) {
	if s.again == nil {
		return s.data[span.from:span.to:span.to], nil
	}
	part := make([]byte, span.to-span.from)
	if _, err := s.again.ReadAt(part, int64(span.from)); err != nil && !errors.Is(err, io.EOF) {
		return nil, pathless(err)
	}
	if maphash.Bytes(s.seed, part) != s.sums[i] {
		return nil, fmt.Errorf("line %d: it changed while it was read", span.before+1)
	}
	return part, nil
}
