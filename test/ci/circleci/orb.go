// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// An orb is what orb.yml holds.
type orb struct {
	Commands map[string]command `yaml:"commands"`
	Jobs     map[string]command `yaml:"jobs"`
	raw      map[string]any
}

// A command is a list of steps with parameters; a job is one too.
type command struct {
	Description string               `yaml:"description"`
	Parameters  map[string]parameter `yaml:"parameters"`
	Steps       []map[string]any     `yaml:"steps"`
}

type parameter struct {
	Type        string   `yaml:"type"`
	Default     *string  `yaml:"default"`
	Enum        []string `yaml:"enum"`
	Description string   `yaml:"description"`
}

// A step is one run, ready.
type step struct {
	name, command string
	environment   []string
}

func readOrb(file string) (orb, error) {
	var o orb
	data, err := os.ReadFile(file)
	if err != nil {
		return o, err
	}
	if err := yaml.Unmarshal(data, &o); err != nil {
		return o, fmt.Errorf("read %s: %w", file, err)
	}
	if err := yaml.Unmarshal(data, &o.raw); err != nil {
		return o, fmt.Errorf("read %s: %w", file, err)
	}
	return o, nil
}

// check holds the orb, written into a configuration as CircleCI allows, and its
// examples against the schema. The schema looks closer at commands and jobs of a
// configuration than at an orb's, so they are held against that too.
func check(schema string, o orb) error {
	s, err := jsonschema.NewCompiler().Compile(schema)
	if err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	inline := map[string]any{}
	for _, part := range []string{"commands", "executors", "jobs"} {
		inline[part] = o.raw[part]
	}
	configs := map[string]any{
		"as an inline orb": map[string]any{"version": 2.1, "orbs": map[string]any{"gateledger": inline}, "workflows": map[string]any{"version": 2}},
		"as it stands": map[string]any{
			"version": 2.1, "commands": o.raw["commands"], "executors": o.raw["executors"], "jobs": o.raw["jobs"],
			"workflows": map[string]any{"version": 2},
		},
	}
	examples, _ := o.raw["examples"].(map[string]any)
	for name, e := range examples {
		example, _ := e.(map[string]any)
		configs["example "+name] = example["usage"]
	}
	for name, c := range configs {
		if err := s.Validate(c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	fmt.Printf("ok: %d configurations\n", len(configs))
	return nil
}

var reference = regexp.MustCompile(`<<\s*parameters\.([a-z-]+)\s*>>`)

// expand returns the steps of a command that run something.
func (o orb) expand(name string, args []string) ([]step, error) {
	c, ok := o.Commands[name]
	if !ok {
		return nil, fmt.Errorf("unknown command %q", name)
	}
	values, err := c.values(args)
	if err != nil {
		return nil, fmt.Errorf("command %s: %w", name, err)
	}
	var steps []step
	for _, raw := range c.Steps {
		body, ok := raw["run"].(map[string]any)
		if !ok {
			continue
		}
		s := step{name: fmt.Sprint(body["name"])}
		if s.command, err = put(fmt.Sprint(body["command"]), values); err != nil {
			return nil, err
		}
		environment, _ := body["environment"].(map[string]any)
		for variable, value := range environment {
			text, err := put(fmt.Sprint(value), values)
			if err != nil {
				return nil, err
			}
			s.environment = append(s.environment, variable+"="+text)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// values are the parameters as text, checked by their types.
func (c command) values(args []string) (map[string]string, error) {
	values := map[string]string{}
	for _, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if _, known := c.Parameters[name]; !ok || !known {
			return nil, fmt.Errorf("unexpected argument %q", a)
		}
		values[name] = value
	}
	for name, p := range c.Parameters {
		value, given := values[name]
		if !given && p.Default == nil {
			return nil, fmt.Errorf("missing parameter %s", name)
		}
		if !given {
			value = *p.Default
		}
		text, err := p.text(value)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		values[name] = text
	}
	return values, nil
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p parameter) text(value string) (string, error) {
	switch p.Type {
	case "boolean":
		switch value {
		case "true":
			return "1", nil
		case "false":
			return "0", nil
		}
		return "", fmt.Errorf("%q is no boolean", value)
	case "enum":
		if !slices.Contains(p.Enum, value) {
			return "", fmt.Errorf("%q is none of %q", value, p.Enum)
		}
	case "env_var_name":
		if !variable.MatchString(value) {
			return "", fmt.Errorf("%q is no name of a variable", value)
		}
	case "string":
	default:
		return "", fmt.Errorf("unknown type %q", p.Type)
	}
	return value, nil
}

// put puts values into text.
func put(text string, values map[string]string) (string, error) {
	var unknown error
	out := reference.ReplaceAllStringFunc(text, func(r string) string {
		name := reference.FindStringSubmatch(r)[1]
		value, ok := values[name]
		if !ok {
			unknown = fmt.Errorf("unknown parameter %s", name)
		}
		return value
	})
	return out, unknown
}

func (s step) run() error {
	f, err := os.CreateTemp("", "step-*.sh")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := io.WriteString(f, s.command); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	fmt.Println("====>> " + s.name)
	cmd := exec.Command("bash", "-eo", "pipefail", f.Name())
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), s.environment...)
	return cmd.Run()
}
