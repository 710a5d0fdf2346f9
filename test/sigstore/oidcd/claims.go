// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A kind is one issuer: the claims of its tokens, from what a request asks for.
type kind func(ask func(name, or string) string) map[string]any

// kinds is every issuer, by its path.
var kinds = map[string]kind{"github": github, "gitlab": gitlab, "people": people}

const commit = "0123456789abcdef0123456789abcdef01234567"

// github is what
// https://docs.github.com/en/actions/reference/security/oidc says of a job.
func github(ask func(name, or string) string) map[string]any {
	repository, ref, sha := ask("repository", "acme/app"), ask("ref", "refs/heads/main"), ask("sha", commit)
	owner, _, _ := strings.Cut(repository, "/")
	workflow := repository + "/" + ask("workflow_path", ".github/workflows/build.yml") + "@" + ref
	subject := "repo:" + repository + ":ref:" + ref
	environment := ask("environment", "")
	if environment != "" {
		subject = "repo:" + repository + ":environment:" + environment
	}
	kind := "branch"
	if strings.HasPrefix(ref, "refs/tags/") {
		kind = "tag"
	}
	claims := map[string]any{
		"sub": ask("sub", subject), "ref": ref, "ref_type": kind, "sha": sha,
		"repository": repository, "repository_id": ask("repository_id", "1296269"),
		"repository_owner": owner, "repository_owner_id": ask("repository_owner_id", "583231"),
		"repository_visibility": ask("repository_visibility", "private"),
		"workflow":              ask("workflow", "build"),
		"workflow_ref":          ask("workflow_ref", workflow), "workflow_sha": ask("workflow_sha", sha),
		"job_workflow_ref": ask("job_workflow_ref", workflow), "job_workflow_sha": ask("job_workflow_sha", sha),
		"event_name": ask("event_name", "push"), "runner_environment": ask("runner_environment", "github-hosted"),
		"run_id": ask("run_id", "100"), "run_number": ask("run_number", "7"), "run_attempt": ask("run_attempt", "1"),
		"actor": ask("actor", "alice"), "actor_id": ask("actor_id", "3"),
	}
	if environment != "" {
		claims["environment"] = environment
	}
	return claims
}

// gitlab is what https://docs.gitlab.com/ci/secrets/id_token_authentication/
// says of a job.
func gitlab(ask func(name, or string) string) map[string]any {
	project, ref, sha := ask("project_path", "acme/app"), ask("ref", "main"), ask("sha", commit)
	kind := ask("ref_type", "branch")
	long := "refs/heads/" + ref
	if kind == "tag" {
		long = "refs/tags/" + ref
	}
	namespace, _, _ := strings.Cut(project, "/")
	return map[string]any{
		"sub":          ask("sub", "project_path:"+project+":ref_type:"+kind+":ref:"+ref),
		"project_path": project, "project_id": ask("project_id", "4242"),
		"namespace_path": namespace, "namespace_id": ask("namespace_id", "77"),
		"ref": ref, "ref_type": kind, "ref_path": long, "sha": sha,
		"ci_config_ref_uri": ask("ci_config_ref_uri", "gitlab.com/"+project+"//.gitlab-ci.yml@"+long),
		"ci_config_sha":     ask("ci_config_sha", sha),
		"pipeline_id":       ask("pipeline_id", "900"), "pipeline_source": ask("pipeline_source", "push"),
		"job_id": ask("job_id", "901"), "runner_id": 1, "runner_environment": ask("runner_environment", "gitlab-hosted"),
		"project_visibility": ask("project_visibility", "private"),
		"user_login":         ask("user_login", "alice"), "user_id": ask("user_id", "3"), "user_email": ask("user_email", "alice@acme.example"),
	}
}

// people is a person who logged in.
func people(ask func(name, or string) string) map[string]any {
	email := ask("email", "bob@acme.example")
	return map[string]any{"sub": ask("sub", "person:"+email), "email": email, "email_verified": ask("email_verified", "true") == "true"}
}

// standard adds what every token says.
func standard(claims map[string]any, issuer string, query url.Values, now time.Time) error {
	ttl, err := strconv.Atoi(cmp.Or(query.Get("ttl"), "300"))
	if err != nil {
		return err
	}
	claims["iss"] = cmp.Or(query.Get("iss"), issuer)
	claims["aud"] = cmp.Or(query.Get("aud"), query.Get("audience"), "sigstore")
	claims["iat"], claims["nbf"] = now.Unix(), now.Add(-5*time.Second).Unix()
	if ttl < 0 {
		claims["iat"], claims["nbf"] = now.Unix()-3600, now.Unix()-3600
	}
	claims["exp"] = now.Add(time.Duration(ttl) * time.Second).Unix()
	claims["jti"] = strconv.FormatInt(now.UnixNano(), 36)
	return nil
}
