// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// comments are those of an issue or pull request, each with a name in GraphQL
// that says where it is.
func (s shape) comments(r *http.Request) said {
	a := s.as("/issues/{n}/comments", "")(r)
	list, _ := a.v.([]any)
	for _, one := range list {
		if c, ok := one.(object); ok {
			c["node_id"] = fmt.Sprintf("IC %s/issues/comments/%v", s.repository(r), c["id"])
		}
	}
	return a
}

// query answers the two questions that are asked by GraphQL.
func (s shape) query(r *http.Request) said {
	var in struct {
		Variables struct {
			IDs []string `json:"ids"`
		} `json:"variables"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return said{v: object{"message": err.Error()}, status: http.StatusBadRequest}
	}
	if in.Variables.IDs == nil {
		return s.viewer(r)
	}
	nodes, errs := []any{}, []any{}
	var a said
	for i, id := range in.Variables.IDs {
		path, ok := strings.CutPrefix(id, "IC ")
		if ok {
			a = s.ask(r, path, nil, nil)
		}
		if c, isComment := a.v.(object); ok && isComment && a.status == http.StatusOK {
			nodes = append(nodes, editsOf(c))
			continue
		}
		if ok && a.status != http.StatusNotFound {
			return a
		}
		nodes = append(nodes, nil)
		errs = append(errs, object{"type": "NOT_FOUND", "path": []any{"nodes", i}, "message": "Gitea does not tell"})
	}
	answer := object{"data": object{"nodes": nodes}}
	if len(errs) > 0 {
		answer["errors"] = errs
	}
	return said{v: answer, status: http.StatusOK, date: a.date}
}

// editsOf is what GitHub's GraphQL says of who changed a comment. Who did,
// Gitea keeps to itself.
func editsOf(c object) object {
	by, _ := c["user"].(object)
	node := object{
		"__typename": "IssueComment", "fullDatabaseId": fmt.Sprint(c["id"]), "author": object{"__typename": "User", "databaseId": by["id"]},
		"editor": nil, "lastEditedAt": nil, "includesCreatedEdit": false,
	}
	if c["updated_at"] != c["created_at"] {
		node["lastEditedAt"], node["includesCreatedEdit"] = c["updated_at"], true
	}
	return node
}

// viewer says whose the token is.
func (s shape) viewer(r *http.Request) said {
	a := s.ask(r, "/user", nil, nil)
	if user, ok := a.v.(object); ok && a.status == http.StatusOK {
		a.v = object{"data": object{"viewer": object{"login": user["login"], "databaseId": user["id"]}}}
	}
	return a
}
