// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// Limits on outputs. GitLab takes 20 variables in a file of under 5 KiB on a
// plan it knows nothing else of; GitHub takes 1 MiB of outputs from a job.
const (
	maxOutputs = 20
	maxOutput  = 4 << 10 // of one value, in bytes
	maxDotenv  = 5<<10 - 1
)

// outputName is kebab-case.
var outputName = pattern.New(`^[a-z][a-z0-9]{0,30}(-[a-z0-9]{1,30}){0,4}$`)

// checkOutputs refuses what some host would read as something else.
func checkOutputs(outputs [][2]string) error {
	if len(outputs) > maxOutputs {
		return fmt.Errorf("%d outputs, over the limit of %d", len(outputs), maxOutputs)
	}
	seen := map[string]bool{}
	for _, o := range outputs {
		name, value := o[0], o[1]
		switch {
		case !outputName.MatchString(name):
			return fmt.Errorf("output %.80q: the name is not in lower case with single dashes", name)
		case seen[name]:
			return fmt.Errorf("output %s is there twice", name)
		case len(value) > maxOutput:
			return fmt.Errorf("output %s has %d bytes, over the limit of %d", name, len(value), maxOutput)
		}
		seen[name] = true
		for line := range strings.SplitSeq(value, "\n") {
			if clean.Text(line) != line {
				return fmt.Errorf("output %s holds characters that can't be seen: %.80q", name, value)
			}
		}
	}
	return nil
}

// heredocs are outputs as a runner of GitHub Actions reads them from a file
// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings):
// each between two lines of a delimiter that nobody could know before, and
// that the value does not hold.
func heredocs(outputs [][2]string, random io.Reader) (string, error) {
	if err := checkOutputs(outputs); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, o := range outputs {
		end, err := delimiter(o[1], random)
		if err != nil {
			return "", fmt.Errorf("output %s: %w", o[0], err)
		}
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", o[0], end, o[1], end)
	}
	return b.String(), nil
}

// delimiter draws one that value does not hold.
func delimiter(value string, random io.Reader) (string, error) {
	for range 4 {
		token, err := draw(random)
		if err != nil {
			return "", err
		}
		if !strings.Contains(value, token) {
			return token, nil
		}
	}
	return "", errors.New("every delimiter that was drawn stands in the value")
}

// draw is a word that nobody could know before.
func draw(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw a delimiter: %w", err)
	}
	return product.Name + "_" + hex.EncodeToString(b[:]), nil
}

// variable is an output's name in an environment.
func variable(name string) string {
	return strings.ToUpper(product.Name + "_" + strings.ReplaceAll(name, "-", "_"))
}

// dotenv are outputs as GitLab reads them
// (https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv):
// NAME=value to the end of the line, without quoting, white space at both ends
// dropped, and what follows a $ replaced when the variable is used. A value
// that this, or what other programs make of quotes, backslashes and # in such
// a file, would change is refused.
func dotenv(outputs [][2]string) (string, error) {
	var b strings.Builder
	for _, o := range outputs {
		if strings.ContainsAny(o[1], "\n$`\"'\\#") || strings.TrimSpace(o[1]) != o[1] {
			return "", fmt.Errorf("output %s can't stand in %s, where a line break, one of $ ` \" ' \\ # and a space at an end would change it: %.80q", o[0], OutputsDotenv, o[1])
		}
		fmt.Fprintf(&b, "%s=%s\n", variable(o[0]), o[1])
	}
	if b.Len() > maxDotenv {
		return "", fmt.Errorf("%s would have %d bytes, over GitLab's limit of %d", OutputsDotenv, b.Len(), maxDotenv)
	}
	return b.String(), nil
}

// shell are outputs as a POSIX shell reads them. Between single quotes only a
// single quote means anything.
func shell(outputs [][2]string) string {
	var b strings.Builder
	for _, o := range outputs {
		fmt.Fprintf(&b, "export %s='%s'\n", variable(o[0]), strings.ReplaceAll(o[1], "'", `'\''`))
	}
	return b.String()
}

// outputsJSON are outputs as one object of strings.
func outputsJSON(outputs [][2]string) (string, error) {
	object := map[string]string{}
	for _, o := range outputs {
		object[o[0]] = o[1]
	}
	data, err := json.MarshalIndent(object, "", "  ")
	return string(data) + "\n", err
}

// outputFiles are the outputs in every form of a report: name and text.
func outputFiles(outputs [][2]string) ([][2]string, error) {
	if err := checkOutputs(outputs); err != nil {
		return nil, err
	}
	env, err := dotenv(outputs)
	if err != nil {
		return nil, err
	}
	object, err := outputsJSON(outputs)
	return [][2]string{{OutputsJSON, object}, {OutputsShell, shell(outputs)}, {OutputsDotenv, env}}, err
}
