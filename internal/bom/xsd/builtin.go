// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/pattern"
)

// builtinTypes are the types that every schema has
// (https://www.w3.org/TR/xmlschema-2/, version 1.0), as far as they are needed.
func builtinTypes() map[name]typed {
	types := map[name]typed{}
	add := func(local string, w white, lexical func(string) bool) {
		types[name{schemaSpace, local}] = typed{simple: &simple{white: w, lexical: lexical, longest: -1}}
	}
	add("string", preserve, nil)
	add("normalizedString", replace, nil)
	add("token", collapse, nil)
	add("anyURI", collapse, isURI)
	add("boolean", collapse, isBoolean)
	add("decimal", collapse, isDecimal)
	add("integer", collapse, isInteger)
	add("nonNegativeInteger", collapse, func(s string) bool { return isInteger(s) && compareDecimals(s, "0") >= 0 })
	add("positiveInteger", collapse, func(s string) bool { return isInteger(s) && compareDecimals(s, "0") > 0 })
	add("date", collapse, isDate)
	add("dateTime", collapse, isDateTime)
	return types
}

func isBoolean(s string) bool { return s == "true" || s == "false" || s == "1" || s == "0" }

func isInteger(s string) bool { return isDecimal(s) && !strings.Contains(s, ".") }

// isDecimal reports whether s is a number: digits, with a sign before or a
// point in them.
func isDecimal(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	return whole+fraction != "" && areDigits(whole) && areDigits(fraction)
}

func areDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// compareDecimals compares two decimal numbers of any length.
func compareDecimals(x, y string) int {
	xs, xWhole, xFraction := decimalParts(x)
	ys, yWhole, yFraction := decimalParts(y)
	if xs != ys {
		return cmp.Compare(xs, ys)
	}
	return xs * cmp.Or(cmp.Compare(len(xWhole), len(yWhole)), strings.Compare(xWhole, yWhole), strings.Compare(xFraction, yFraction))
}

// decimalParts returns the sign of a number, which is 0 for zero, and its
// digits before and after the point, without those that say nothing.
func decimalParts(s string) (sign int, whole, fraction string) {
	sign = 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	whole, fraction, _ = strings.Cut(s, ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" && fraction == "" {
		sign = 0
	}
	return sign, whole, fraction
}

// isDate reports whether s is a day: 2026-03-02, with or without a zone.
func isDate(s string) bool {
	day, ok := withoutZone(s)
	return ok && isDay(day)
}

// isDateTime reports whether s is a moment: 2026-03-02T09:00:00.5Z, with or
// without a zone.
func isDateTime(s string) bool {
	moment, ok := withoutZone(s)
	if !ok {
		return false
	}
	day, clock, ok := strings.Cut(moment, "T")
	if !ok || !isDay(day) {
		return false
	}
	clock, fraction, pointed := strings.Cut(clock, ".")
	if pointed && (fraction == "" || !areDigits(fraction)) {
		return false
	}
	if clock == "24:00:00" && strings.Trim(fraction, "0") == "" {
		return true // the end of the day
	}
	_, err := time.Parse("15:04:05", clock)
	return err == nil && len(clock) == len("15:04:05")
}

// withoutZone cuts the time zone off: Z, or at most 14 hours before or behind.
func withoutZone(s string) (string, bool) {
	if before, ok := strings.CutSuffix(s, "Z"); ok {
		return before, true
	}
	const zone = len("+01:00")
	if len(s) < zone || s[len(s)-3] != ':' || s[len(s)-zone] != '+' && s[len(s)-zone] != '-' {
		return s, true
	}
	rest, hours, minutes := s[:len(s)-zone], s[len(s)-5:len(s)-3], s[len(s)-2:]
	ok := areDigits(hours+minutes) && (hours < "14" && minutes < "60" || hours == "14" && minutes == "00")
	return rest, ok
}

// isDay reports whether s is a day of the calendar, in a year of four or more
// digits.
func isDay(s string) bool {
	s = strings.TrimPrefix(s, "-")
	cut := len(s) - len("-01-02")
	if cut < 4 || s[cut] != '-' || s[cut+3] != '-' {
		return false
	}
	year, month, day := s[:cut], s[cut+1:cut+3], s[cut+4:]
	if !areDigits(year+month+day) || strings.Trim(year, "0") == "" || len(year) > 4 && year[0] == '0' {
		return false
	}
	return month >= "01" && month <= "12" && day >= "01" && day <= lastDay(year, month)
}

func lastDay(year, month string) string {
	switch month {
	case "04", "06", "09", "11":
		return "30"
	case "02":
		if n, _ := strconv.Atoi(year[len(year)-4:]); n%4 == 0 && (n%100 != 0 || n%400 == 0) {
			return "29"
		}
		return "28"
	}
	return "31"
}

// isURI reports whether s is a reference to a resource, which may have any
// characters in it: only what makes it fall apart is wrong.
func isURI(s string) bool {
	before, fragment, _ := strings.Cut(s, "#")
	if strings.Contains(fragment, "#") || !escaped(s) || !bracketed(before) {
		return false
	}
	scheme, rest, ok := strings.Cut(before, ":")
	if !ok || strings.ContainsAny(scheme, "/?") {
		return s != "//" // relative
	}
	return isScheme(scheme) && rest != "" && (rest != "//" || len(before) < len(s))
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(s[i]))) {
			return false
		}
	}
	return s != ""
}

var address = pattern.New(`^[^\[\]]*\[[0-9A-Fa-f:.]+\](?::[0-9]*)?$`)

// bracketed reports whether square brackets stand only around the address of a
// host, and behind a question mark.
func bracketed(s string) bool {
	s, _, _ = strings.Cut(s, "?")
	if !strings.ContainsAny(s, "[]") {
		return true
	}
	before, rest, _ := strings.Cut(s, "//")
	host, path, _ := strings.Cut(rest, "/")
	return !strings.ContainsAny(before+path, "[]") && address.MatchString(host)
}

// escaped reports whether every percent sign begins an escape.
func escaped(s string) bool {
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return true
		}
		if s = s[i+1:]; len(s) < 2 || !isHex(s[0]) || !isHex(s[1]) {
			return false
		}
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
