// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/product"
)

// JSON writes r as one object whose schema member says what it is and in which
// version. Members are never renamed or dropped within a version; readers
// ignore those they do not know. Outside text is kept whole, but characters
// that can't be seen are written as escapes, so that a terminal obeys none.
func JSON(w io.Writer, r Report) error {
	data, err := json.Marshal(r.document(), json.Deterministic(true), jsontext.EscapeForHTML(true), jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("write report as JSON: %w", err)
	}
	_, err = w.Write(append(escapeHidden(data), '\n'))
	return err
}

// schema names a kind of report.
func schema(kind string) string { return product.PredicateBase + kind + "/v1" }

// escapeHidden writes what takes no ink as \u escapes. Outside ASCII, such
// characters stand only inside strings.
func escapeHidden(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r < utf8.RuneSelf && r != 0x7f || !clean.Hidden(r):
			out = append(out, data[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		data = data[size:]
	}
	return out
}
