// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
)

// Cut shortens Markdown to at most limit bytes. It cuts between two lines, so
// that no character, cell or link is torn, closes what is open there (code
// fences, folded parts, preformatted blocks, comments), and says at the end
// that something is missing, with a link to the whole where link is an https
// or http address. What is short enough comes back as it is. A limit that has
// no room for a line and the note gives as much of the note as fits, or
// nothing.
func Cut(markdown string, limit int, link string) string {
	if len(markdown) <= limit {
		return markdown
	}
	note := cutNote(link)
	if plain := cutNote(""); len(note) > limit {
		note = plain
	}
	if len(note) > limit {
		return ""
	}
	best, open := 0, blocks{}
	for at := 0; at < len(markdown); {
		end := at + strings.IndexByte(markdown[at:], '\n') + 1
		if end <= at || end > limit {
			break
		}
		open.line(markdown[at : end-1])
		if end+open.size()+1+len(note) <= limit {
			best = end
		}
		at = end
	}
	kept := blocks{}
	for line := range strings.Lines(markdown[:best]) {
		kept.line(strings.TrimSuffix(line, "\n"))
	}
	if best == 0 {
		return note
	}
	return markdown[:best] + kept.closing() + "\n" + note
}

// cutNote is the last line of what was cut.
func cutNote(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" ||
		clean.Text(link) != link || strings.ContainsAny(link, " <>()[]|\"'\\`") {
		return "_Cut here: it was too long for this page._\n"
	}
	return fmt.Sprintf("_Cut here: it was too long for this page. [The whole](%s)._\n", link)
}

// blocks are the parts of Markdown that are open at the end of a line.
type blocks struct {
	fence   string // the characters that close a code fence; empty: none is open
	details int
	pre     int
	comment bool
}

func (b *blocks) line(text string) {
	if b.comment {
		_, rest, found := strings.Cut(text, "-->")
		if !found {
			return
		}
		b.comment, text = false, rest
	}
	mark := fenceOf(text)
	if b.fence != "" {
		if strings.HasPrefix(mark, b.fence) && strings.TrimSpace(text) == mark {
			b.fence = ""
		}
		return
	}
	if mark != "" && b.pre == 0 {
		b.fence = mark
		return
	}
	b.details = max(0, b.details+strings.Count(text, "<details")-strings.Count(text, "</details"))
	b.pre = max(0, b.pre+strings.Count(text, "<pre")-strings.Count(text, "</pre"))
	b.comment = strings.LastIndex(text, "<!--") > strings.LastIndex(text, "-->")
}

// fenceOf is the run of characters with which a line opens or closes a code
// fence, or nothing.
func fenceOf(text string) string {
	text = strings.TrimLeft(text, " ")
	for _, c := range []string{"`", "~"} {
		if run := text[:len(text)-len(strings.TrimLeft(text, c))]; len(run) >= 3 {
			return run
		}
	}
	return ""
}

// size is the length of closing.
func (b *blocks) size() int {
	n := len("</code></pre>\n")*b.pre + len("\n</details>\n")*b.details
	if b.comment {
		n += len("-->\n")
	}
	if b.fence != "" {
		n += len(b.fence) + 1
	}
	return n
}

// closing closes what is open, the innermost first.
func (b *blocks) closing() string {
	var out strings.Builder
	if b.comment {
		out.WriteString("-->\n")
	}
	if b.fence != "" {
		out.WriteString(b.fence + "\n")
	}
	for range b.pre {
		out.WriteString("</code></pre>\n")
	}
	for range b.details {
		out.WriteString("\n</details>\n")
	}
	return out.String()
}
