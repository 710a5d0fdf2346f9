// SPDX-License-Identifier: Apache-2.0

package jobfile

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/product"
)

// GitHub reads a job of a GitHub Actions workflow file, by its key: the paths
// of its actions/upload-artifact steps, and its environment. A file with a job
// that calls another workflow is ErrNoJob: a run names the jobs of both alike.
func GitHub(file []byte, job string) (Job, error) {
	docs, err := documents(file)
	if err != nil {
		return Job{}, err
	}
	if len(docs) != 1 || !docs[0].isMap() {
		return Job{}, fmt.Errorf("%w: want one YAML mapping", ErrForm)
	}
	jobs, err := docs[0].get("jobs")
	if err != nil {
		return Job{}, err
	}
	if !jobs.isMap() {
		return Job{}, fmt.Errorf("%w: it has no jobs", ErrForm)
	}
	all, _, err := jobs.entries()
	if err != nil {
		return Job{}, err
	}
	for _, other := range all {
		uses, err := other.value.get("uses")
		if err != nil {
			return Job{}, err
		}
		if uses.there() {
			return Job{}, fmt.Errorf("%w: job %s calls another workflow, whose jobs may have the same names", ErrNoJob, short(other.key))
		}
	}
	declared, err := jobs.get(job)
	if err != nil {
		return Job{}, err
	}
	if job == "" || !declared.isMap() {
		return Job{}, fmt.Errorf("%w: %s", ErrNoJob, short(job))
	}
	j := Job{Name: job}
	if err := j.githubSteps(declared); err != nil {
		return Job{}, err
	}
	if err := j.githubEnvironment(declared); err != nil {
		return Job{}, err
	}
	return j.finish()
}

// githubSteps reads what the job's steps upload.
func (j *Job) githubSteps(declared node) error {
	steps, err := declared.get("steps")
	if err != nil {
		return err
	}
	for i, step := range steps.list() {
		fields, err := fieldsOf(step, "uses", "run", "if", "with")
		if err != nil {
			return err
		}
		uses, _ := fields["uses"].text()
		run, _ := fields["run"].text()
		if i == 0 {
			j.First = isOurs(run) || isOurAction(uses)
		}
		if !isUpload(uses) {
			continue
		}
		with, err := fields["with"].get("path")
		if err != nil {
			return err
		}
		paths, ok := with.text()
		switch {
		case !ok:
			j.unclear("step %d uploads an artifact: its path is no text", i+1)
		case fields["if"].there():
			j.unclear("artifact %s: it is uploaded on a condition only", short(strings.TrimSpace(paths)))
		default:
			for line := range strings.Lines(paths) {
				j.artifact(line)
			}
		}
	}
	return nil
}

// githubEnvironment reads a name, or a mapping with one.
func (j *Job) githubEnvironment(declared node) error {
	environment, err := declared.get("environment")
	if err != nil {
		return err
	}
	if environment.isMap() {
		if environment, err = environment.get("name"); err != nil {
			return err
		}
	}
	name, ok := environment.text()
	if !ok && environment.there() {
		j.unclear("environment: it is no text")
	}
	j.environment(name)
	return nil
}

// fieldsOf returns some values of a mapping.
func fieldsOf(n node, keys ...string) (map[string]node, error) {
	fields := map[string]node{}
	for _, key := range keys {
		value, err := n.get(key)
		if err != nil {
			return nil, err
		}
		fields[key] = value
	}
	return fields, nil
}

// isUpload reports the action that uploads an artifact.
func isUpload(uses string) bool {
	name, _, _ := strings.Cut(uses, "@")
	return strings.EqualFold(name, "actions/upload-artifact")
}

// isOurAction reports an action of this product, whoever publishes a copy.
func isOurAction(uses string) bool {
	name, _, _ := strings.Cut(strings.ToLower(uses), "@")
	parts := strings.Split(name, "/")
	return len(parts) >= 2 && parts[0] != "." && parts[1] == product.Name
}
