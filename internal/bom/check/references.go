// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// references checks what the schema can't: that no two things go by one
// bom-ref, and that every reference leads to something.
func (k *checker) references(tree any) {
	document, _ := tree.(map[string]any)
	r := refs{checker: k, known: map[string]string{}}
	r.define("", document)
	if serial, ok := document["serialNumber"].(string); ok {
		version := "1"
		if v, given := document["version"]; given {
			version = fmt.Sprint(v)
		}
		r.self = "urn:cdx:" + strings.TrimPrefix(serial, "urn:uuid:") + "/" + version + "#"
	}
	r.dependencies(document["dependencies"])
	for i, c := range objects(document["compositions"]) {
		for _, member := range []string{"assemblies", "dependencies", "vulnerabilities"} {
			r.list(fmt.Sprintf("/compositions/%d/%s", i, member), c[member])
		}
	}
	for i, v := range objects(document["vulnerabilities"]) {
		for j, a := range objects(v["affects"]) {
			r.resolve(fmt.Sprintf("/vulnerabilities/%d/affects/%d/ref", i, j), a["ref"])
		}
	}
	for i, a := range objects(document["annotations"]) {
		r.list(fmt.Sprintf("/annotations/%d/subjects", i), a["subjects"])
	}
}

// refs are the references of one document.
type refs struct {
	*checker
	known map[string]string // bom-ref to where it stands
	self  string            // what a BOM-Link into this document begins with
}

// define collects every bom-ref, wherever it stands, in an order that does not
// depend on the run.
func (r *refs) define(at string, v any) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			r.define(fmt.Sprintf("%s/%d", at, i), item)
		}
	case map[string]any:
		if ref, ok := v["bom-ref"].(string); ok {
			before, taken := r.known[ref]
			say := r.find
			if strings.HasPrefix(at, "/formulation/") && strings.HasPrefix(before, "/formulation/") {
				say = r.doubt // the parts of a workflow describe one thing several times
			}
			if taken {
				say(RuleReference, at+"/bom-ref", "%q is the bom-ref of %s too", clip(ref), before)
			} else {
				r.known[ref] = at
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			switch v[name].(type) {
			case []any, map[string]any:
				r.define(at+"/"+name, v[name])
			}
		}
	}
}

func (r *refs) dependencies(list any) {
	listed := map[string]bool{}
	for i, d := range objects(list) {
		at := fmt.Sprintf("/dependencies/%d", i)
		r.resolve(at+"/ref", d["ref"])
		if ref, ok := d["ref"].(string); ok {
			if listed[ref] {
				r.find(RuleReference, at+"/ref", "%q has two lists of dependencies", clip(ref))
			}
			listed[ref] = true
		}
		r.list(at+"/dependsOn", d["dependsOn"])
		r.list(at+"/provides", d["provides"])
	}
}

// list checks a list of references: each resolves, and none stands twice.
func (r *refs) list(at string, list any) {
	items, _ := list.([]any)
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		r.resolve(fmt.Sprintf("%s/%d", at, i), item)
		if ref, ok := item.(string); ok {
			if seen[ref] {
				r.find(RuleReference, fmt.Sprintf("%s/%d", at, i), "%q stands here twice", clip(ref))
			}
			seen[ref] = true
		}
	}
}

// resolve checks one reference. A BOM-Link into another document is not ours
// to follow; one into this document must lead somewhere. What is no text, the
// schema speaks of.
func (r *refs) resolve(at string, v any) {
	ref, ok := v.(string)
	if !ok {
		return
	}
	if r.self != "" {
		ref = strings.TrimPrefix(ref, r.self)
	}
	if _, known := r.known[ref]; known || strings.HasPrefix(ref, "urn:cdx:") {
		return
	}
	r.find(RuleReference, at, "nothing has the bom-ref %q", clip(ref))
}

// objects returns the objects of a list; of anything else none.
func objects(v any) []map[string]any {
	list, _ := v.([]any)
	out := make([]map[string]any, len(list))
	for i, item := range list {
		out[i], _ = item.(map[string]any)
	}
	return out
}

// clip keeps a hostile reference from filling the answer.
func clip(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return s
}
