// SPDX-License-Identifier: Apache-2.0

package jobfile

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

var objectID = pattern.New(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// GitLabIncludes returns what a .gitlab-ci.yml includes from elsewhere by a
// name that can be moved: components and other projects' files without a full
// commit id, and addresses without integrity. What is included is not read.
func GitLabIncludes(file []byte) ([]string, error) {
	docs, err := documents(file)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, doc := range docs {
		if !doc.isMap() {
			return nil, fmt.Errorf("%w: want a YAML mapping", ErrForm)
		}
		include, err := doc.get("include")
		if err != nil {
			return nil, err
		}
		items := include.list()
		if include.there() && !include.isList() {
			items = []node{include}
		}
		for _, item := range items {
			loose, err := looseInclude(item)
			if err != nil {
				return nil, err
			}
			if loose != "" {
				found = append(found, short(loose))
			}
		}
	}
	if len(found) > maxItems {
		return nil, fmt.Errorf("%w: %d includes, over the limit of %d", ErrForm, len(found), maxItems)
	}
	return found, nil
}

// looseInclude names an include that can be moved; empty: it can't.
func looseInclude(item node) (string, error) {
	if address, ok := item.text(); ok {
		if strings.HasPrefix(address, "http:") || strings.HasPrefix(address, "https:") {
			return address, nil
		}
		return "", nil // of this project
	}
	if !item.isMap() {
		return "an include that can't be told", nil
	}
	fields, err := fieldsOf(item, "local", "template", "remote", "integrity", "project", "ref", "component")
	if err != nil {
		return "", err
	}
	word := func(key string) string { text, _ := fields[key].text(); return text }
	switch {
	case fields["remote"].there():
		if strings.HasPrefix(word("integrity"), "sha256-") {
			return "", nil
		}
		return word("remote"), nil
	case fields["project"].there():
		if objectID.MatchString(word("ref")) {
			return "", nil
		}
		return "project " + word("project") + " at " + word("ref"), nil
	case fields["component"].there():
		_, version, _ := strings.Cut(word("component"), "@")
		if objectID.MatchString(version) {
			return "", nil
		}
		return word("component"), nil
	case fields["local"].there(), fields["template"].there():
		return "", nil
	}
	return "an include that can't be told", nil
}
