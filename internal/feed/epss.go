// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/audit"
)

// EPSS reads the scores of the wanted CVEs from FIRST's CSV file, packed with
// gzip or not. A CVE that is not in it has no score.
func EPSS(name string, wanted map[string]bool) (map[string]float64, audit.Feed) {
	feed := audit.Feed{Name: "epss", Path: name}
	scores, date, rows, err := epss(name, wanted)
	if err != nil {
		feed.Problem = err.Error()
		return nil, feed
	}
	feed.Date, feed.Records = date, rows
	return scores, feed
}

func epss(name string, wanted map[string]bool) (map[string]float64, time.Time, int, error) {
	f, err := open(name)
	if err != nil {
		return nil, time.Time{}, 0, err
	}
	defer f.Close()
	r, err := unpacked(f)
	if err != nil {
		return nil, time.Time{}, 0, err
	}
	return ParseEPSS(r, wanted)
}

// maxLine bounds a line of the CSV file, in bytes; a real one has about 30.
const maxLine = 1 << 10

// ParseEPSS reads the CSV: a comment with the day of the scores, the names of
// the columns, and a row for each CVE.
func ParseEPSS(r io.Reader, wanted map[string]bool) (scores map[string]float64, date time.Time, rows int, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, maxLine), maxLine)
	fail := func(err error) (map[string]float64, time.Time, int, error) { return nil, time.Time{}, 0, err }
	if !lines.Scan() && lines.Err() == nil {
		return fail(errors.New("it is empty"))
	}
	if err := lines.Err(); err != nil {
		return fail(fmt.Errorf("it is no EPSS file: %w", err))
	}
	if date, err = scoreDate(lines.Text()); err != nil {
		return fail(err)
	}
	if !lines.Scan() || strings.TrimSpace(lines.Text()) != "cve,epss,percentile" {
		return fail(errors.New("its second line is not cve,epss,percentile"))
	}
	scores = map[string]float64{}
	for lines.Scan() {
		if rows++; rows > MaxRecords {
			return fail(fmt.Errorf("it has over %d rows", MaxRecords))
		}
		cve, score, err := row(lines.Bytes())
		if err != nil {
			return fail(fmt.Errorf("line %d: %w", rows+2, err))
		}
		if wanted[string(cve)] { // no copy is made to look it up
			scores[string(cve)] = max(score, scores[string(cve)])
		}
	}
	if err := lines.Err(); err != nil {
		return fail(err)
	}
	return scores, date, rows, nil
}

// scoreDate reads #model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z;
// the zone is also written +0000.
func scoreDate(line string) (time.Time, error) {
	_, text, ok := strings.Cut(line, "score_date:")
	if !ok || !strings.HasPrefix(line, "#") {
		return time.Time{}, errors.New("it is no EPSS file: its first line names no score_date")
	}
	text, _, _ = strings.Cut(strings.TrimSpace(text), ",")
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("its score_date %.40q is no time", text)
}

// row reads cve,epss,percentile.
func row(line []byte) (cve []byte, score float64, err error) {
	end := 0
	for end < len(line) && line[end] != ',' {
		end++
	}
	stop := end + 1
	for stop < len(line) && line[stop] != ',' {
		stop++
	}
	if end <= len("CVE-") || string(line[:4]) != "CVE-" || line[end-1] < '0' || line[end-1] > '9' || stop >= len(line) {
		return nil, 0, fmt.Errorf("%.60q is no row of cve,epss,percentile", line)
	}
	score, err = strconv.ParseFloat(string(line[end+1:stop]), 64)
	if err != nil || !(score >= 0 && score <= 1) {
		return nil, 0, fmt.Errorf("%.60q has no probability", line)
	}
	return line[:end], score, nil
}
