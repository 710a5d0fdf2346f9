// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/posture"
	"github.com/gateledger/gateledger/internal/vote"
)

const schemaFile = "../../docs/schema/policy.json"

func schemaDefs(t *testing.T) map[string]map[string]any {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs map[string]map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Defs
}

// The schema has every finding that a posture may accept, and no others.
func TestSchemaHasTheFindings(t *testing.T) {
	properties := schemaDefs(t)["posture"]["properties"].(map[string]any)
	var got []string
	for _, name := range properties["accept"].(map[string]any)["items"].(map[string]any)["enum"].([]any) {
		got = append(got, name.(string))
	}
	if diff := cmp.Diff(posture.Names(), got); diff != "" {
		t.Errorf("(-posture +schema):\n%s", diff)
	}
}

// The schema has the mappings and keys of the grammar, and no others.
func TestSchemaHasTheGrammar(t *testing.T) {
	defs := schemaDefs(t)
	for shape, keys := range grammar {
		def := defs[shape]
		if def == nil || def["additionalProperties"] != false {
			t.Errorf("%s: not a closed mapping of the schema", shape)
			continue
		}
		var want, required []string
		for _, k := range keys {
			want = append(want, k.name)
			if k.required {
				required = append(required, k.name)
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, sortedNames(def["properties"].(map[string]any))); diff != "" {
			t.Errorf("%s: keys (-grammar +schema):\n%s", shape, diff)
		}
		if diff := cmp.Diff(required, texts(def["required"])); diff != "" {
			t.Errorf("%s: required (-grammar +schema):\n%s", shape, diff)
		}
	}
	for shape, def := range defs {
		if _, ok := grammar[shape]; !ok && def["type"] == "object" {
			t.Errorf("the schema has a mapping %s, and the grammar has not", shape)
		}
	}
}

func texts(list any) []string {
	var out []string
	all, _ := list.([]any)
	for _, v := range all {
		out = append(out, v.(string))
	}
	return out
}

// The schema's patterns, words and limits are the decoder's.
func TestSchemaHasTheWords(t *testing.T) {
	defs := schemaDefs(t)
	at := func(path ...string) any {
		var v any = defs[path[0]]
		for _, p := range path[1:] {
			v = v.(map[string]any)[p]
		}
		return v
	}
	for where, test := range map[string]struct {
		got  any
		want pattern.Pattern
	}{
		"name":     {at("name", "pattern"), namePattern},
		"email":    {at("email", "pattern"), emailPattern},
		"duration": {at("duration", "pattern"), durationPattern},
		"date":     {at("date", "pattern"), datePattern},
		"key id":   {at("signer", "properties", "key", "pattern"), keyIDPattern},
		"address":  {at("address", "pattern"), addressPattern},
		"root":     {at("sigstore", "properties", "trusted-root", "pattern"), keyIDPattern},
		"trigger":  {at("signer", "properties", "triggers", "items", "pattern"), triggerPattern},
		"host":     {at("account", "properties", "host", "pattern"), hostPattern},
		"team":     {at("role", "properties", "teams", "items", "pattern"), teamPattern},
		"group":    {at("role", "properties", "groups", "items", "pattern"), groupPattern},
		"origin":   {at("ledger", "properties", "origin", "pattern"), originPattern},
	} {
		if test.got != test.want.Regexp().String() {
			t.Errorf("%s: schema %v, decoder %s", where, test.got, test.want.Regexp())
		}
	}
	if got := texts(at("environment", "properties", "exclude", "items", "enum")); !slices.Equal(got, exclusions) {
		t.Errorf("exclusions: schema %v, decoder %v", got, exclusions)
	}
	later := func(word string) bool { return slices.Contains(laterSources, word) }
	for where, test := range map[string]struct{ got, want []string }{
		"collect": {texts(at("policy", "properties", "collect", "items", "enum")), vote.SourceNames()},
		"source":  {texts(at("seat", "properties", "source", "items", "enum")), SeatSources()},
	} { // the schema may know a source that this version does not read yet
		for _, word := range test.want {
			if !slices.Contains(test.got, word) {
				t.Errorf("%s: the schema has no %s", where, word)
			}
		}
		for _, word := range test.got {
			if !slices.Contains(test.want, word) && !later(word) {
				t.Errorf("%s: the schema has %s, and the decoder has not", where, word)
			}
		}
	}
	if got := texts(at("role", "properties", "permission", "enum")); !slices.Equal(got, levels()) {
		t.Errorf("permissions: schema %v, decoder %v", got, levels())
	}
	if got := texts(at("signer", "properties", "runner", "enum")); !slices.Equal(got, runners) {
		t.Errorf("runners: schema %v, decoder %v", got, runners)
	}
	if got := texts(at("evidence", "properties", "event", "enum")); !slices.Equal(got, recordable()) {
		t.Errorf("events: schema %v, decoder %v", got, recordable())
	}
	for name, limit := range map[string]int{"signers": maxSigners, "principals": maxPrincipals, "environments": maxEnvironments} {
		if got := at("policy", "properties", name, "maxProperties"); got != float64(limit) {
			t.Errorf("%s: schema %v, decoder %d", name, got, limit)
		}
	}
	if got := at("pattern", "properties", "pattern", "maxLength"); got != float64(maxPattern) {
		t.Errorf("pattern: schema %v, decoder %d", got, maxPattern)
	}
	if got := at("seat", "properties", "count", "maximum"); got != float64(maxCount) {
		t.Errorf("count: schema %v, decoder %d", got, maxCount)
	}
}

// asJSON reads YAML as an editor does that checks it against the schema.
func asJSON(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = asJSON(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		l := []any{}
		for _, c := range n.Content {
			l = append(l, asJSON(t, c))
		}
		return l
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return json.Number(n.Value)
	case "!!bool":
		return n.Value == "true"
	case "!!null":
		return nil
	}
	return n.Value
}

// beyond are the err fixtures that a schema cannot refuse: they break a rule
// between two places of the file, or between the file and the world.
var beyond = regexp.MustCompile(`^(alias|anchor|tag|tab|merge|not-yaml|two-documents|not-utf8|nul|hidden|bare|bidi|empty$|only-comment|number-as-name|duplicate-|` +
	`.*-under-two-people|key-twice|outsider-is|signer-key-twice|signer-votes|no-signers|ssh-|date-|evidence-by-unknown|` +
	`deny-of-test|deny-twice|all-by-commit|risk-by|break-glass-(unread|ticket-unasked|ticket-any|twice|auto)|evidence-test-failed|evidence-result-of|evidence-environment-of|evidence-deployment-|duration-huge|count-(hex|octal|underscore|fraction)|github-id-octal|` +
	`freeze-(cron|zone|twice|long)|when-control|role-seats-twice|gate-unknown|ledger-(key-|password)|own-tag|` +
	`role-(listed-|unseen|veto-unseen)|exclude-pusher-unseen|agents-unseen|policy-change-role-told|` +
	`keyless-(no-root|unsound|ref-short|pattern-(all|broken)|same-|machine-votes)|sigstore-password|dated-no-root|environment-policy-change|` +
	`witnesses-too-few|witness-key-(twice|two-names|hash)|witness-url-password|anchor-(evm-address-|named-|same-|no-root)|tier-anchored|anchors-(unknown|not-unique|of-fast)|max-head-age-|registry-(publisher-lower|password)|on-chain-(signer-(of-two|no-verifier|lower)|gate-unused$|no-gate|pusher))`)

func TestSchemaAgreesWithTheDecoder(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	check := func(file string, data []byte) error {
		var doc yaml.Node
		if err := yaml.Unmarshal(data, &doc); err != nil || len(doc.Content) == 0 {
			t.Fatalf("%s: %v", file, err)
		}
		return schema.Validate(asJSON(t, doc.Content[0]))
	}
	for file, data := range fixtures(t, "ok/*.yml") {
		if err := check(file, data); err != nil {
			t.Errorf("%s: read, and the schema refuses it: %v", file, err)
		}
	}
	for file, data := range fixtures(t, "err/*.yml") {
		name := strings.TrimSuffix(filepath.Base(file), ".yml")
		if !beyond.MatchString(name) && check(file, data) == nil {
			t.Errorf("%s: refused, and the schema allows it", file)
		}
	}
}
