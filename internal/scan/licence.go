// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
)

// maxLicence is how long a licence file may be, in bytes. The longest text we
// know has 36 000.
const maxLicence = 256 << 10

// licencesIn identifies the licence files directly in a folder. under is what
// the evidence names in place of the folder, if that is not in the tree.
func (t *tree) licencesIn(fsys fs.FS, dir, under string) []bom.Licence {
	if !validPath(dir) {
		return nil
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil
	}
	var out []bom.Licence
	for _, e := range entries {
		if !e.Type().IsRegular() || !isLicenceFile(e.Name()) {
			continue
		}
		text, err := readFile(fsys, path.Join(dir, e.Name()), maxLicence)
		if err != nil {
			continue
		}
		if id, ok := t.identify(text); ok {
			where := under
			if where == "" {
				where = dir
			}
			out = append(out, bom.Licence{ID: id, File: printable(path.Join(where, e.Name()))})
		}
	}
	return out
}

// identify is the function of that name for a text that may have been seen
// before: most modules have one of a few files, byte for byte.
func (t *tree) identify(text []byte) (string, bool) {
	sum := sha256.Sum256(text)
	id, seen := t.texts[sum]
	if !seen {
		id, _ = identify(string(text))
		t.texts[sum] = id
	}
	return id, id != ""
}

// isLicenceFile recognises LICENSE, LICENCE.md, COPYING, LICENSE-APACHE-2.0.txt
// and the like.
func isLicenceFile(name string) bool {
	name = strings.ToUpper(name)
	for _, stem := range []string{"LICENSE", "LICENCE", "COPYING", "UNLICENSE"} {
		rest, ok := strings.CutPrefix(name, stem)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], ".-_")) {
			return !strings.HasSuffix(name, ".GO")
		}
	}
	return false
}

// identify returns the SPDX identifier of a licence text. It compares the
// whole text, word by word, with the licences in the table, and lets differ
// only what the SPDX matching guidelines let differ: case, white space,
// punctuation, bullets, the title, copyright lines and the names of holders.
// A text with one word more or less is not identified, rather than guessed.
//
// Why a table of our own: google/licensecheck takes a second of CPU to compile
// its patterns before it looks at the first file.
func identify(text string) (string, bool) {
	sum := sha256.Sum256([]byte(essence(text)))
	id, ok := licenceTexts[hex.EncodeToString(sum[:8])]
	return id, ok
}

var (
	copyrightLine = pattern.New(`^(portions )?copyright\b.*(\d{4}|\(c\)|©|authors|yyyy|<year>|\[year\])|^(\(c\)|©) *(\d{4}|<year>)|^all rights reserved\.?$`)
	bullet        = pattern.New(`^([*#>+-]+|\(?[0-9a-z]{1,2}[.)])\s+`)
	comment       = pattern.New(`^(//|/\*|\*/|#+|>+|\*|;+)\s*`)
	titleLine     = pattern.New(`^((the )?(mit|isc|apache|bsd|new bsd|modified bsd|simplified bsd|zlib)( \d clause)?( new or revised| simplified)? ?(license|licence)( mit)?( version \d( \d)?)?|license|licence)$`)
)

// holders are the places where a licence names whoever holds the rights: what
// stands between two phrases, if it is not longer than most.
var holders = []struct {
	after, before string
	most          int
}{
	{"provided by ", " as is", 120},
	{" as is and ", " disclaims all warranties", 80},
	{"in no event shall ", " be liable", 160},
	{"neither the name", " may be used to endorse", 160},
}

// withoutNames replaces every such name by one word.
func withoutNames(text string) string {
	for _, h := range holders {
		var b strings.Builder
		for {
			before, rest, found := strings.Cut(text, h.after)
			b.WriteString(before)
			if !found {
				break
			}
			b.WriteString(h.after)
			if i := strings.Index(rest[:min(len(rest), h.most+len(h.before))], h.before); i >= 0 {
				b.WriteString("holder")
				rest = rest[i:]
			}
			text = rest
		}
		text = b.String()
	}
	return text
}

// essence returns the words of a licence text that make it that licence.
func essence(text string) string {
	text = strings.ToLower(strings.NewReplacer("\r", "", "https:", "http:", "HTTPS:", "http:").Replace(text))
	var words []string
	paragraph := true // the next line begins one
	for line := range strings.Lines(text) {
		line = comment.ReplaceAllString(strings.TrimSpace(line), "")
		begins := paragraph
		paragraph = line == ""
		if copyrightLine.MatchString(line) || begins && strings.HasPrefix(line, "copyright ") {
			paragraph = true // one copyright line follows another
			continue
		}
		line = bullet.ReplaceAllString(line, "")
		line = strings.Join(strings.FieldsFunc(line, isNotWord), " ")
		if line == "" || (len(words) < 3 && titleLine.MatchString(line)) {
			continue
		}
		words = append(words, line)
	}
	return withoutNames(strings.Join(words, " "))
}

func isNotWord(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }

// licenceTexts maps the first 8 bytes of the SHA-256 of a licence's essence to
// its SPDX identifier. TestLicenceTexts prints a line for each text that is
// missing; the texts are in testdata/licences.
var licenceTexts = map[string]string{
	"bca4b5b0345f276a": "0BSD",
	"2d3a56efeeb46168": "Apache-2.0",
	"8e6721298ad09b06": "Apache-2.0",
	"b228b1088b761f92": "Apache-2.0",
	"f6793054f404c2f8": "BSD-2-Clause",
	"64d173d992567b7b": "BSD-3-Clause",
	"e087fccd86c2f7ce": "BSL-1.0",
	"9d112ef603d3207d": "BlueOak-1.0.0",
	"8a20adffc7304b14": "CC0-1.0",
	"33382aeb1401db76": "EPL-2.0",
	"a5fe0f305119d254": "ISC",
	"e74d14734754397a": "MIT",
	"480edf5c8f3fe51a": "MIT-0",
	"8dce888cb942d93c": "MPL-2.0",
	"8d9a78931e1a60f9": "Unlicense",
	"9ddc78a5797b5008": "Zlib",
}
