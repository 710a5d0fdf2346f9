// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/pattern"
)

// cveName is how CVE numbers are written. One that is written otherwise would be
// found by nobody.
var cveName = pattern.New(`^CVE-[0-9]{4}-[0-9]{4,}$`)

// KEV reads CISA's catalogue in JSON.
func KEV(name string) (map[string]audit.Exploited, audit.Feed) {
	feed := audit.Feed{Name: "kev", Path: name}
	all, date, err := kev(name)
	if err != nil {
		feed.Problem = err.Error()
		return nil, feed
	}
	feed.Date, feed.Records = date, len(all)
	return all, feed
}

func kev(name string) (map[string]audit.Exploited, time.Time, error) {
	f, err := open(name)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	r, err := unpacked(f)
	if err != nil {
		return nil, time.Time{}, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, time.Time{}, err
	}
	return ParseKEV(data)
}

// ParseKEV reads the catalogue. One that holds fewer entries than it says was
// cut short.
func ParseKEV(data []byte) (map[string]audit.Exploited, time.Time, error) {
	var d struct {
		Released string `json:"dateReleased"`
		Count    int    `json:"count"`
		List     []struct {
			CVE        string `json:"cveID"`
			Added      string `json:"dateAdded"`
			Due        string `json:"dueDate"`
			Ransomware string `json:"knownRansomwareCampaignUse"`
		} `json:"vulnerabilities"`
	}
	if err := canon.DecodeOpen(data, &d); err != nil {
		return nil, time.Time{}, err
	}
	if d.List == nil {
		return nil, time.Time{}, errors.New("it is no KEV catalogue: it has no list of vulnerabilities")
	}
	if d.Count != len(d.List) {
		return nil, time.Time{}, fmt.Errorf("it says it has %d entries, and has %d", d.Count, len(d.List))
	}
	date, err := time.Parse(time.RFC3339, d.Released)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("its dateReleased %.40q is no time", d.Released)
	}
	all := make(map[string]audit.Exploited, len(d.List))
	for i, v := range d.List {
		if !cveName.MatchString(v.CVE) {
			return nil, time.Time{}, fmt.Errorf("entry %d has the cveID %.40q", i+1, v.CVE)
		}
		all[v.CVE] = audit.Exploited{CVE: v.CVE, Added: v.Added, Due: v.Due, Ransomware: v.Ransomware == "Known"}
	}
	return all, date.UTC(), nil
}
