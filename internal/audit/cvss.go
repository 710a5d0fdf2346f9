// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// ErrVector says that a text is no CVSS vector.
var ErrVector = errors.New("no CVSS vector")

// maxVector bounds a vector, in bytes. The longest with every metric of
// version 4 has about 200.
const maxVector = 512

// CVSS computes the score of a vector of version 2.0, 3.0, 3.1 or 4.0, and
// the severity it stands for. Of version 2 and 3 it is the base score; of
// version 4 threat and environmental metrics count as the specification says.
func CVSS(vector string) (Score, Severity, error) {
	score, severity, err := cvss(vector)
	if err != nil {
		return 0, Unrated, fmt.Errorf("%w: %w", ErrVector, err)
	}
	return score, severity, nil
}

func cvss(vector string) (Score, Severity, error) {
	if len(vector) > maxVector {
		return 0, Unrated, fmt.Errorf("it is over %d bytes", maxVector)
	}
	version, rest, _ := strings.Cut(vector, "/")
	switch version {
	case "CVSS:4.0":
		m, err := metrics(rest, metrics4())
		if err != nil {
			return 0, Unrated, err
		}
		score, err := m.score4()
		return score, score.severity(), err
	case "CVSS:3.0", "CVSS:3.1":
		m, err := metrics(rest, metrics3())
		if err != nil {
			return 0, Unrated, err
		}
		score := m.score3(version == "CVSS:3.1")
		return score, score.severity(), nil
	}
	m, err := metrics(strings.Trim(vector, "()"), metrics2())
	if err != nil {
		return 0, Unrated, err
	}
	score := m.score2()
	return score, min(score.severity(), High), nil // version 2 knows no critical
}

// A vector is the value of each metric.
type vector map[string]string

// A metric is what a version's specification allows: its values, and whether
// it must be there.
type metric struct {
	values   string // separated by spaces
	required bool
}

// metrics reads name:value pairs. Each is known, has a value it can have, and
// stands once.
func metrics(text string, known map[string]metric) (vector, error) {
	v := vector{}
	for pair := range strings.SplitSeq(text, "/") {
		name, value, ok := strings.Cut(pair, ":")
		m, is := known[name]
		if !ok || !is || !word1(m.values, value) {
			return nil, fmt.Errorf("%.40q is no metric of its version", pair)
		}
		if _, twice := v[name]; twice {
			return nil, fmt.Errorf("metric %s stands twice", name)
		}
		v[name] = value
	}
	for name, m := range known {
		if m.required && v[name] == "" {
			return nil, fmt.Errorf("metric %s is missing", name)
		}
	}
	return v, nil
}

// word1 says whether a list of words holds one.
func word1(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

func metrics2() map[string]metric {
	return map[string]metric{
		"AV": {"L A N", true}, "AC": {"H M L", true}, "Au": {"M S N", true},
		"C": {"N P C", true}, "I": {"N P C", true}, "A": {"N P C", true},
		"E": {"U POC F H ND", false}, "RL": {"OF TF W U ND", false}, "RC": {"UC UR C ND", false},
		"CDP": {"N L LM MH H ND", false}, "TD": {"N L M H ND", false},
		"CR": {"L M H ND", false}, "IR": {"L M H ND", false}, "AR": {"L M H ND", false},
	}
}

// score2 is the base equation of https://www.first.org/cvss/v2/guide, 3.2.1.
func (v vector) score2() Score {
	impacts := map[string]float64{"N": 0, "P": 0.275, "C": 0.660}
	impact := 10.41 * (1 - (1-impacts[v["C"]])*(1-impacts[v["I"]])*(1-impacts[v["A"]]))
	if impact == 0 {
		return 0
	}
	exploitability := 20 *
		map[string]float64{"L": 0.395, "A": 0.646, "N": 1}[v["AV"]] *
		map[string]float64{"H": 0.35, "M": 0.61, "L": 0.71}[v["AC"]] *
		map[string]float64{"M": 0.45, "S": 0.56, "N": 0.704}[v["Au"]]
	return Score(math.Round((0.6*impact + 0.4*exploitability - 1.5) * 1.176 * 10))
}

func metrics3() map[string]metric {
	m := map[string]metric{
		"AV": {"N A L P", true}, "AC": {"L H", true}, "PR": {"N L H", true}, "UI": {"N R", true}, "S": {"U C", true},
		"C": {"H L N", true}, "I": {"H L N", true}, "A": {"H L N", true},
		"E": {"X H F P U", false}, "RL": {"X U W T O", false}, "RC": {"X C R U", false},
		"CR": {"X H M L", false}, "IR": {"X H M L", false}, "AR": {"X H M L", false},
	}
	for _, name := range []string{"AV", "AC", "PR", "UI", "S", "C", "I", "A"} {
		m["M"+name] = metric{"X " + m[name].values, false}
	}
	return m
}

// score3 is the base equation of https://www.first.org/cvss/v3.1/specification-document, 7.1.
func (v vector) score3(minor1 bool) Score {
	impacts := map[string]float64{"H": 0.56, "L": 0.22, "N": 0}
	base := 1 - (1-impacts[v["C"]])*(1-impacts[v["I"]])*(1-impacts[v["A"]])
	privileges := map[string]float64{"N": 0.85, "L": 0.62, "H": 0.27}
	impact := 6.42 * base
	changed := v["S"] == "C"
	if changed {
		privileges = map[string]float64{"N": 0.85, "L": 0.68, "H": 0.5}
		impact = 7.52*(base-0.029) - 3.25*math.Pow(base-0.02, 15)
	}
	if impact <= 0 {
		return 0
	}
	exploitability := 8.22 *
		map[string]float64{"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}[v["AV"]] *
		map[string]float64{"L": 0.77, "H": 0.44}[v["AC"]] *
		privileges[v["PR"]] *
		map[string]float64{"N": 0.85, "R": 0.62}[v["UI"]]
	sum := impact + exploitability
	if changed {
		sum *= 1.08
	}
	return roundUp(min(sum, 10), minor1)
}

// roundUp is the smallest tenth that is not below x. Version 3.1 rounds to
// five digits before, so that what a computer adds to 4.0 stays 4.0.
func roundUp(x float64, minor1 bool) Score {
	if !minor1 {
		return Score(math.Ceil(x * 10))
	}
	whole := int(math.Round(x * 100000))
	if whole%10000 == 0 {
		return Score(whole / 10000)
	}
	return Score(whole/10000 + 1)
}
