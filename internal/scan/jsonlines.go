// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonLines returns the line of every member at a depth of a JSON document, by
// the names on the way to it with a zero byte between. It is for documents
// that were decoded already; of one that is broken it returns what it has.
func jsonLines(data []byte, depth int) map[string]int {
	lines := map[string]int{}
	dec := jsontext.NewDecoder(bytes.NewBuffer(data))
	var way []string
	line, counted := 1, int64(0)
	for {
		tok, err := dec.ReadToken()
		if err != nil {
			return lines
		}
		switch tok.Kind() {
		case '{':
			way = append(way, "")
		case '}':
			way = way[:len(way)-1]
			continue
		case '[':
			if skipRest(dec) != nil {
				return lines
			}
			continue
		}
		kind, n := dec.StackIndex(dec.StackDepth())
		if kind != '{' || n%2 == 0 || tok.Kind() != '"' || len(way) == 0 {
			continue
		}
		way[len(way)-1] = tok.String()
		if len(way) < depth {
			continue
		}
		offset := dec.InputOffset()
		line += bytes.Count(data[counted:offset], []byte("\n"))
		counted = offset
		lines[strings.Join(way, "\x00")] = line
		if dec.SkipValue() != nil {
			return lines
		}
	}
}

// skipRest reads to the end of the list that the decoder is in.
func skipRest(dec *jsontext.Decoder) error {
	for dec.PeekKind() != ']' {
		if err := dec.SkipValue(); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}
