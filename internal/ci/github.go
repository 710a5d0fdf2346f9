// SPDX-License-Identifier: Apache-2.0

package ci

import "github.com/gateledger/gateledger/internal/event"

// github reads the default variables of GitHub Actions.
//
// BUG(ci): when somebody else re-runs a run, GITHUB_TRIGGERING_ACTOR is that
// person, whose numeric id no variable holds. A Context has room for one
// actor, and that is the one who set off the run first. Such a run says so in
// its trigger.
func github(v *variables) event.Context {
	c := event.Context{
		Host:         v.host("GITHUB_SERVER_URL"),
		Repository:   v.word("GITHUB_REPOSITORY"),
		RepositoryID: v.number("GITHUB_REPOSITORY_ID"),
		Run:          v.number("GITHUB_RUN_ID"),
		Attempt:      v.number("GITHUB_RUN_ATTEMPT"),
		Workflow:     v.word("GITHUB_WORKFLOW_REF"),
		Trigger:      v.word("GITHUB_EVENT_NAME"),
		Actor:        &event.Identity{ID: v.number("GITHUB_ACTOR_ID"), Login: v.word("GITHUB_ACTOR")},
		Commit:       v.commit("GITHUB_SHA"),
		Ref:          v.word("GITHUB_REF"),
	}
	if by := v.word("GITHUB_TRIGGERING_ACTOR"); by != c.Actor.Login {
		c.Trigger += " (run again by " + by + ")"
	}
	return c
}

func githubRun(c event.Context) string {
	return "https://" + c.Host + "/" + c.Repository + "/actions/runs/" + c.Run + "/attempts/" + c.Attempt
}

func githubWorkflow(c event.Context) string { return "https://" + c.Host + "/" + c.Workflow }
