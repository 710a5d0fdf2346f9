// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
)

// Stream writes the document to w: the bytes that Marshal returns, without
// holding them in memory. They are made twice. The first time, nothing is
// written: the serial number at the document's beginning is over all of it,
// and with ErrCredential not one byte may have gone out.
func (d *Document) Stream(w io.Writer) error {
	digest := sha256.New()
	check := leaks{to: digest, secrets: d.inventory.Secrets}
	if err := d.encode(&check, blank); err != nil {
		return fmt.Errorf("encode the SBOM: %w", err)
	}
	if check.found != "" {
		return fmt.Errorf("%w: %s", ErrCredential, check.found)
	}
	if err := d.encode(w, serialOf([sha256.Size]byte(digest.Sum(nil)))); err != nil {
		return fmt.Errorf("write the SBOM: %w", err)
	}
	return nil
}

// encode writes the document with a serial number.
//
// The parts are encoded one by one because cyclonedx-go's own encoder copies
// the whole document first, which a lockfile of 200 000 packages cannot afford.
func (d *Document) encode(to io.Writer, serial string) error {
	w := newWriter(to)
	w.text(head + serial + `","version":1,"metadata":`)
	w.value(d.metadata())
	w.text(`,"components":[`)
	for i := range d.components {
		w.item(i, d.components[i].component())
	}
	w.text(`],"dependencies":[`)
	w.item(0, d.root.dependency())
	for i := range d.components {
		w.item(i+1, d.components[i].dependency())
	}
	w.text(`],"compositions":[`)
	for i, s := range d.sources {
		w.composition(i, d.compositionHead(s), s.refs)
	}
	w.text("]}\n")
	return w.flush()
}

// A writer encodes one value after the other, hands them on in pieces that end
// where a value ends, and keeps the first error.
type writer struct {
	to   io.Writer
	out  bytes.Buffer
	json *json.Encoder // to out
	err  error
}

// pieceSize is how many bytes are handed on at once, about.
const pieceSize = 64 << 10

func newWriter(to io.Writer) *writer {
	w := &writer{to: to}
	w.out.Grow(pieceSize + pieceSize/4)
	w.json = json.NewEncoder(&w.out)
	w.json.SetEscapeHTML(false)
	return w
}

func (w *writer) text(s string) { w.out.WriteString(s) }

// value writes v as compact JSON in which <, > and & stand for themselves.
func (w *writer) value(v any) {
	if w.encode(v); w.out.Len() >= pieceSize {
		_ = w.flush()
	}
}

func (w *writer) encode(v any) {
	if w.err != nil {
		return
	}
	if w.err = w.json.Encode(v); w.err == nil {
		w.out.Truncate(w.out.Len() - 1) // Encode ends with a newline
	}
}

// flush hands on what is encoded, and returns the first error of all.
func (w *writer) flush() error {
	if w.err == nil {
		_, w.err = w.to.Write(w.out.Bytes())
	}
	w.out.Reset()
	return w.err
}

// item writes the i-th element of an array.
func (w *writer) item(i int, v any) {
	if i > 0 {
		w.text(",")
	}
	w.value(v)
}

// composition writes the i-th composition with its dependencies, of which
// there may be more than anything else holds.
func (w *writer) composition(i int, c any, dependencies []string) {
	if i > 0 {
		w.text(",")
	}
	w.encode(c)
	if len(dependencies) == 0 || w.err != nil {
		return
	}
	w.out.Truncate(w.out.Len() - 1) // the object goes on
	w.text(`,"dependencies":[`)
	for i, ref := range dependencies {
		w.item(i, ref)
	}
	w.text("]}")
}

// leaks passes on what is written to it, and looks for credentials in it. Each
// piece must end where a JSON value ends, because none is in two values.
type leaks struct {
	to      io.Writer
	secrets []string
	found   string
}

func (l *leaks) Write(p []byte) (int, error) {
	if l.found == "" {
		l.found, _ = leak(p, l.secrets)
	}
	return l.to.Write(p)
}
