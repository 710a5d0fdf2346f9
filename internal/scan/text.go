// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep the JSON of a lockfile or manifest may be nested. Real
// ones are nested ten levels deep or less.
const maxDepth = 64

// plainText returns the text of a file as UTF-8 without a byte order mark, and
// names what makes a text file unreadable here: UTF-16, or the markers of an
// unresolved merge.
func plainText(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if isUTF16(data) {
		return nil, errors.New("the file is UTF-16; save it as UTF-8")
	}
	if line := conflict(data); line > 0 {
		return nil, fmt.Errorf("line %d: an unresolved merge conflict", line)
	}
	return data, nil
}

// isUTF16 recognises UTF-16 by its byte order mark, or by a zero beside the
// first character: every format read here begins with an ASCII one.
func isUTF16(data []byte) bool {
	if len(data) < 2 {
		return false
	}
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) ||
		(data[0] == 0) != (data[1] == 0)
}

// conflict returns the line of git's first conflict marker, 0 if there is none.
func conflict(data []byte) int {
	for _, marker := range []string{"<<<<<<< ", ">>>>>>> ", "||||||| "} {
		if bytes.HasPrefix(data, []byte(marker)) {
			return 1
		}
		if i := bytes.Index(data, []byte("\n"+marker)); i >= 0 {
			return 2 + bytes.Count(data[:i], []byte("\n"))
		}
	}
	return 0
}

// checkDepth refuses JSON that is nested more than maxDepth deep, before any
// decoder walks down into it.
func checkDepth(data []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("JSON nested more than %d deep", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// decodeJSON reads one JSON document that may have members we do not know. It
// refuses names that stand twice, broken UTF-8, trailing data and depth.
func decodeJSON(data []byte, v any) error {
	if err := checkDepth(data); err != nil {
		return err
	}
	return located(data, json.Unmarshal(data, v))
}

// located adds the line to a JSON error.
func located(data []byte, err error) error {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	offset := int64(-1)
	if errors.As(err, &syntax) {
		offset = syntax.ByteOffset
	} else if errors.As(err, &semantic) {
		offset = semantic.ByteOffset
	}
	if offset < 0 || offset > int64(len(data)) {
		return err
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:offset], []byte("\n")), err)
}
