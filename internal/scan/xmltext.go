// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/pattern"
)

// xmlEncoding finds what an XML declaration says of the encoding.
var xmlEncoding = pattern.New(`^<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// xmlText returns a document as UTF-8. It goes by the byte order mark, else by
// the declaration. Bytes that are not what is declared become U+FFFD, as they
// do in Maven: they are mostly in names of people.
func xmlText(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if isUTF16(data) {
		if len(data)%2 != 0 {
			return nil, errors.New("UTF-16 of an odd number of bytes")
		}
		if data[0] == 0 {
			data = append([]byte("\xfe\xff"), data...)
		} else if data[1] == 0 {
			data = append([]byte("\xff\xfe"), data...)
		}
		data = fromUTF16(data)
	} else if m := xmlEncoding.FindStringSubmatch(string(data[:min(len(data), 256)])); m != nil {
		var err error
		if data, err = fromEncoding(data, strings.ToLower(m[1])); err != nil {
			return nil, err
		}
	}
	if line := conflict(data); line > 0 {
		return nil, fmt.Errorf("line %d: an unresolved merge conflict", line)
	}
	return bytes.ToValidUTF8(data, []byte("\ufffd")), nil
}

// fromEncoding decodes an encoding of one byte a character.
func fromEncoding(data []byte, name string) ([]byte, error) {
	var high func(b byte) rune
	switch name {
	case "utf-8", "utf8":
		return data, nil
	case "iso-8859-1", "iso8859-1", "iso8859_1", "iso_8859-1", "latin1", "latin-1":
		high = func(b byte) rune { return rune(b) }
	case "iso-8859-15", "latin-9":
		high = latin9
	case "windows-1252", "cp1252":
		high = windows1252
	case "us-ascii", "ascii":
		high = func(byte) rune { return utf8.RuneError }
	default:
		return nil, fmt.Errorf("encoding %q; have ISO-8859-1, ISO-8859-15, US-ASCII, UTF-8, UTF-16 and windows-1252", name)
	}
	out := make([]byte, 0, len(data)+len(data)/8)
	for _, b := range data {
		if b < utf8.RuneSelf {
			out = append(out, b)
		} else {
			out = utf8.AppendRune(out, high(b))
		}
	}
	return out, nil
}

// latin9 is ISO-8859-15, which has eight characters in place of others of
// ISO-8859-1.
func latin9(b byte) rune {
	switch b {
	case 0xa4:
		return '€'
	case 0xa6:
		return 'Š'
	case 0xa8:
		return 'š'
	case 0xb4:
		return 'Ž'
	case 0xb8:
		return 'ž'
	case 0xbc:
		return 'Œ'
	case 0xbd:
		return 'œ'
	case 0xbe:
		return 'Ÿ'
	}
	return rune(b)
}

// windows1252 has characters where ISO-8859-1 has control codes.
func windows1252(b byte) rune {
	if b < 0x80 || b > 0x9f {
		return rune(b)
	}
	return []rune("€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ")[b-0x80]
}
