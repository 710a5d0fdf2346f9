// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// check notes what is not as it should be.
func (p *project) check(ok bool, format string, args ...any) {
	p.rig.checks.Add(1)
	if !ok {
		p.wrong = append(p.wrong, fmt.Sprintf(format, args...))
	}
}

// ended: this is how the jobs of the run ended, job by job.
func (p *project) ended(r *result, want map[string]string) {
	for job, end := range want {
		p.check(r.job(job) == end, "job %s: %s, want %s", job, r.job(job), end)
		if end == "failure" {
			p.check(r.exit != 0, "act says that all went well, though %s failed", job)
		}
	}
}

// gives: the step gives this out. An empty value must be given out, too, or not
// at all.
func (p *project) gives(r *result, job, step, name, want string) {
	got, ok := r.output(job, step, name)
	p.check(got == want && (ok || want == ""), "%s/%s: output %s is %q (given: %v), want %q", job, step, name, got, ok, want)
}

// shows: the page of the job says all of these.
func (p *project) shows(r *result, job string, want ...string) {
	page := r.summary(job)
	for _, text := range want {
		p.check(strings.Contains(page, text), "summary of %s doesn't say %q:\n%s", job, text, page)
	}
}

// says: the steps of the job print all of these.
func (p *project) says(r *result, job string, want ...string) {
	for _, text := range want {
		p.check(strings.Contains(r.text(job), text), "%s doesn't say %q", job, text)
	}
}

// keepsQuiet: the steps of the job, and its page, say none of these.
func (p *project) keepsQuiet(r *result, job string, never ...string) {
	for _, text := range never {
		p.check(!strings.Contains(r.text(job)+r.summary(job), text), "%s says %q", job, text)
	}
}

// notes: there is an annotation of this level that says this.
func (p *project) notes(r *result, job, level, want string) {
	all := r.notes(job, level)
	for _, note := range all {
		if strings.Contains(note, want) {
			p.check(true, "")
			return
		}
	}
	p.check(false, "%s has no %s that says %q: %q", job, level, want, all)
}
