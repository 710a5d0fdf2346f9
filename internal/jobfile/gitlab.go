// SPDX-License-Identifier: Apache-2.0

package jobfile

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// parallel is what GitLab adds to the name of one of several copies of a job.
var parallel = pattern.New(`^(.+?)(?: [0-9]+/[0-9]+|: \[.*\])$`)

// isReserved reports a top-level key that is no job
// (https://docs.gitlab.com/ci/jobs/#job-names).
func isReserved(key string) bool {
	switch key {
	case "image", "services", "stages", "types", "before_script", "after_script", "variables", "cache", "include", "default", "workflow", "spec":
		return true
	}
	return strings.HasPrefix(key, ".")
}

// GitLab reads a job of a GitLab CI/CD configuration file, by its name: its
// artifacts:paths and its environment. Anchors and merge keys of the file are
// followed; extends, include, !reference and default are not, so that a key
// beside paths that comes from there (exclude, when) is not seen.
func GitLab(file []byte, job string) (Job, error) {
	docs, err := documents(file)
	if err != nil {
		return Job{}, err
	}
	if len(docs) == 0 || !docs[len(docs)-1].isMap() {
		return Job{}, fmt.Errorf("%w: want a YAML mapping", ErrForm)
	}
	top := docs[len(docs)-1]
	declared, err := top.get(job)
	if err != nil {
		return Job{}, err
	}
	if !declared.isMap() {
		if m := parallel.FindStringSubmatch(job); m != nil {
			if declared, err = top.get(m[1]); err != nil {
				return Job{}, err
			}
			job = m[1]
		}
	}
	if !declared.isMap() || isReserved(job) {
		return Job{}, fmt.Errorf("%w: %s, in this file", ErrNoJob, short(job))
	}
	fields, err := fieldsOf(declared, "artifacts", "environment", "extends", "before_script", "script")
	if err != nil {
		return Job{}, err
	}
	defaults, err := top.get("default")
	if err != nil {
		return Job{}, err
	}
	j := Job{Name: job}
	if err := j.gitlabArtifacts(fields, defaults); err != nil {
		return Job{}, err
	}
	if err := j.gitlabEnvironment(fields); err != nil {
		return Job{}, err
	}
	if j.First, err = gitlabFirst(fields, defaults, top); err != nil {
		return Job{}, err
	}
	return j.finish()
}

// gitlabArtifacts reads artifacts:paths. The job's own list replaces any that
// it would have from elsewhere, but the other keys beside it are merged.
func (j *Job) gitlabArtifacts(fields map[string]node, defaults node) error {
	inherited, err := defaults.get("artifacts")
	if err != nil {
		return err
	}
	artifacts, err := fieldsOf(fields["artifacts"], "paths", "exclude", "when")
	if err != nil {
		return err
	}
	paths := artifacts["paths"]
	switch when, _ := artifacts["when"].text(); {
	case !paths.there() && fields["extends"].there():
		j.unclear("artifacts: the job extends another, which is not read")
	case !fields["artifacts"].there() && inherited.there():
		j.unclear("artifacts: the job has those of default, which are not read")
	case !paths.there():
	case !paths.isList():
		j.unclear("artifacts: paths is no list")
	case artifacts["exclude"].there():
		j.unclear("artifacts: exclude takes something away")
	case artifacts["when"].there() && when != "on_success" && when != "always":
		j.unclear("artifacts: they are uploaded on a condition only")
	default:
		for _, item := range paths.list() {
			name, ok := item.text()
			if !ok {
				j.unclear("artifacts: a path is no text")
			}
			j.artifact(name)
		}
	}
	return nil
}

// gitlabEnvironment reads a name, or a mapping with one and the action start.
func (j *Job) gitlabEnvironment(fields map[string]node) error {
	environment := fields["environment"]
	if !environment.there() {
		if fields["extends"].there() {
			j.unclear("environment: the job extends another, which is not read")
		}
		return nil
	}
	if environment.isMap() {
		parts, err := fieldsOf(environment, "name", "action")
		if err != nil {
			return err
		}
		if action, ok := parts["action"].text(); parts["action"].there() && (!ok || action != "start") {
			j.unclear("environment: its action is not start")
			return nil
		}
		if environment = parts["name"]; !environment.there() && fields["extends"].there() {
			j.unclear("environment: the job extends another, which is not read")
			return nil
		}
	}
	name, ok := environment.text()
	if !ok {
		j.unclear("environment: it is no text")
	}
	j.environment(name)
	return nil
}

// gitlabFirst reports a script that begins with this product, where nothing
// can come before it.
func gitlabFirst(fields map[string]node, defaults, top node) (bool, error) {
	for _, from := range []struct {
		where node
		key   string
	}{{defaults, "before_script"}, {top, "before_script"}, {top, "include"}} {
		if before, err := from.where.get(from.key); err != nil || before.there() {
			return false, err
		}
	}
	if fields["before_script"].there() || fields["extends"].there() {
		return false, nil
	}
	script := fields["script"]
	if items := script.list(); len(items) > 0 {
		script = items[0]
	}
	line, _ := script.text()
	return isOurs(line), nil
}
