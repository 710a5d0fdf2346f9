// SPDX-License-Identifier: Apache-2.0

package draft7

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// formatOf returns what a format asks for. Of idn-email, whose rules forbid
// what real documents have, nothing is asked.
func formatOf(name string) (valid func(string) bool, known bool) {
	switch name {
	case "date":
		return isDate, true
	case "date-time":
		return isDateTime, true
	case "idn-email":
		return nil, true
	case "iri-reference":
		return isReference, true
	case "uri":
		return isAddress, true
	}
	return nil, false
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// isDateTime reports whether s is a moment as RFC 3339 writes it.
func isDateTime(s string) bool {
	const day = len(time.DateOnly)
	if len(s) <= day || s[day]|0x20 != 't' || !isDate(s[:day]) {
		return false
	}
	clock, zone, ok := cutClock(s[day+1:])
	if !ok {
		return false
	}
	behind, ok := zoneOf(zone)
	if !ok {
		return false
	}
	if seconds, leap := strings.CutSuffix(clock, ":60"); leap {
		// Only at the end of a day of UTC.
		at, err := time.Parse("15:04", seconds)
		at = at.Add(-behind)
		return err == nil && len(seconds) == 5 && at.Hour() == 23 && at.Minute() == 59
	}
	_, err := time.Parse(time.TimeOnly, clock)
	return err == nil && len(clock) == len(time.TimeOnly)
}

// cutClock returns 09:00:00 of 09:00:00.123Z, and the zone.
func cutClock(s string) (clock, zone string, ok bool) {
	const size = len(time.TimeOnly)
	if len(s) <= size {
		return "", "", false
	}
	clock, zone = s[:size], s[size:]
	if fraction, pointed := strings.CutPrefix(zone, "."); pointed {
		zone = strings.TrimLeft(fraction, "0123456789")
		ok = len(zone) < len(fraction)
		return clock, zone, ok
	}
	return clock, zone, true
}

// zoneOf is how far a zone is ahead of UTC.
func zoneOf(s string) (time.Duration, bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != len("+01:00") || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	at, err := time.Parse("15:04", s[1:])
	ahead := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	if s[0] == '-' {
		ahead = -ahead
	}
	return ahead, err == nil
}

// isReference reports whether s is an address, or what can be put behind one.
func isReference(s string) bool {
	_, ok := parseAddress(s)
	return ok && !strings.Contains(s, `\`)
}

func isAddress(s string) bool {
	u, ok := parseAddress(s)
	return ok && u.IsAbs()
}

func parseAddress(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, false
	}
	if host := u.Hostname(); strings.Contains(host, ":") {
		address, err := netip.ParseAddr(host)
		return u, err == nil && address.Zone() == "" && strings.Contains(u.Host, "[") && strings.Contains(u.Host, "]")
	}
	return u, true
}
