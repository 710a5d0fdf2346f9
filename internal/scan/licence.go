// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// maxLicence is how long a licence file may be, in bytes. The longest text we
// know has 36 000.
const maxLicence = 256 << 10

// licencesIn identifies the licence files directly in a folder. under is what
// the evidence names in place of the folder, if that is not in the tree.
func licencesIn(fsys fs.FS, dir, under string) []bom.Licence {
	if !fs.ValidPath(dir) {
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
		if id, ok := identify(string(text)); ok {
			where := under
			if where == "" {
				where = dir
			}
			out = append(out, bom.Licence{ID: id, File: printable(path.Join(where, e.Name()))})
		}
	}
	return out
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
	copyrightLine = regexp.MustCompile(`^(portions )?copyright\b.*(\d{4}|\(c\)|©|authors|yyyy|<year>|\[year\])|^(\(c\)|©) *(\d{4}|<year>)|^all rights reserved\.?$`)
	bullet        = regexp.MustCompile(`^([*#>+-]+|\(?[0-9a-z]{1,2}[.)])\s+`)
	comment       = regexp.MustCompile(`^(//|/\*|\*/|#+|>+|\*|;+)\s*`)
	notWord       = regexp.MustCompile(`[^a-z0-9]+`)
	titleLine     = regexp.MustCompile(`^((the )?(mit|isc|apache|bsd|new bsd|modified bsd|simplified bsd|zlib)( \d clause)?( new or revised| simplified)? ?(license|licence)( mit)?( version \d( \d)?)?|license|licence)$`)
)

// holders are the places where a licence names whoever holds the rights.
var holders = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\bprovided by .{1,120}? as is\b`), "provided by holder as is"},
	{regexp.MustCompile(`\bin no event shall .{1,160}? be liable\b`), "in no event shall holder be liable"},
	{regexp.MustCompile(`\bneither the names? of .{1,160}? may be used to endorse\b`), "neither name may be used to endorse"},
}

// essence returns the words of a licence text that make it that licence.
func essence(text string) string {
	text = strings.ToLower(strings.NewReplacer("\r", "", "https:", "http:", "HTTPS:", "http:").Replace(text))
	var words []string
	for line := range strings.Lines(text) {
		line = comment.ReplaceAllString(strings.TrimSpace(line), "")
		if copyrightLine.MatchString(line) {
			continue
		}
		line = bullet.ReplaceAllString(line, "")
		line = strings.TrimSpace(notWord.ReplaceAllString(line, " "))
		if line == "" || (len(words) < 3 && titleLine.MatchString(line)) {
			continue
		}
		words = append(words, line)
	}
	out := strings.Join(words, " ")
	for _, h := range holders {
		out = h.pattern.ReplaceAllString(out, h.with)
	}
	return out
}

// licenceTexts maps the first 8 bytes of the SHA-256 of a licence's essence to
// its SPDX identifier. TestLicenceTexts prints a line for each text that is
// missing; the texts are in testdata/licences.
var licenceTexts = map[string]string{}
