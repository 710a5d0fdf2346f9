// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
)

// Texts can be edited, and GraphQL says by whom and when. The other API knows
// the second of a comment's last change, and nothing of a review's.

// An edit is by an account, 0 if that is gone.
type edit struct {
	by int64
	at time.Time
}

// What the names of texts begin with.
const (
	commentNode = "IC"
	reviewNode  = "PRR"
)

// node is the name of a text, another one at every server.
func (s *Server) node(kind string, id int64) string {
	_, port, _ := net.SplitHostPort(s.server.Listener.Addr().String())
	return fmt.Sprintf("%s_%s_%d", kind, port, id)
}

// Names reports whether a question names a text of this server.
func (s *Server) Names(question string) bool {
	first := strings.TrimSuffix(s.node("", 0), "0") // _PORT_
	return strings.Contains(question, commentNode+first) || strings.Contains(question, reviewNode+first)
}

// Edit changes the text of a comment, by its author.
func (s *Server) Edit(id int64, body string) { s.EditBy(id, 0, body) }

// EditBy changes the text of a comment, by an account that may; 0: its author's.
func (s *Server) EditBy(id, by int64, body string) {
	s.edited(id, func(c *comment) { s.rewrite(c, by, body) })
}

// EditAtOnce is EditBy within the second in which the comment was posted.
func (s *Server) EditAtOnce(id, by int64, body string) {
	s.edited(id, func(c *comment) {
		s.rewrite(c, by, body)
		c.updated = c.created
		c.edits[len(c.edits)-1].at = c.created
	})
}

func (s *Server) edited(id int64, change func(*comment)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, c := s.comment(id)
	if c == nil {
		panic(fmt.Sprintf("there is no comment %d", id))
	}
	change(c)
}

func (s *Server) rewrite(c *comment, by int64, body string) {
	if by == 0 {
		by = c.author
	}
	_, c.updated = s.next()
	c.body, c.edits = body, append(c.edits, edit{by, c.updated})
}

// EditReview changes the text of a review, by its author.
func (s *Server) EditReview(id int64, body string) { s.EditReviewBy(id, 0, body) }

// EditReviewBy changes the text of a review, by an account that may; 0: its
// author's.
func (s *Server) EditReviewBy(id, by int64, body string) {
	s.review(id, func(r *review) {
		if by == 0 {
			by = r.author
		}
		_, at := s.next()
		r.body, r.edits = body, append(r.edits, edit{by, at})
	})
}

// serveGraph answers what is asked in GraphQL.
func (s *Server) serveGraph(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		say(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	answer := forgetest.Answer(body, map[string]forgetest.Root{
		"viewer": func(map[string]any) any { return s.viewerNode(s.by(r)) },
		"node":   func(asked map[string]any) any { return s.nodeOf(asked["id"]) },
		"nodes": func(asked map[string]any) any {
			found := []any{}
			ids, _ := asked["ids"].([]any)
			for _, id := range ids {
				found = append(found, s.nodeOf(id))
			}
			if len(found) > 100 {
				return forgetest.Missing{Type: "ARGUMENT_LIMIT", Message: "You may not provide more than 100 node ids"}
			}
			return found
		},
	})
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-RateLimit-Resource", "graphql")
	_, _ = w.Write(answer)
}

// viewerNode is the account of a token, which is a user whatever else it is.
func (s *Server) viewerNode(id int64) any {
	u := s.users[id]
	if u == nil {
		return forgetest.Missing{Type: "FORBIDDEN", Message: "nobody"}
	}
	return map[string]any{"__typename": "User", "id": fmt.Sprint("U_", u.id), "login": u.login, "databaseId": u.id}
}

// actorNode is an account, null if it is gone. A bot's login has no brackets
// here.
func (s *Server) actorNode(id int64) any {
	u := s.users[id]
	if u == nil {
		return nil
	}
	return map[string]any{"__typename": u.kind, "id": fmt.Sprint("U_", u.id), "login": strings.TrimSuffix(u.login, "[bot]"), "databaseId": u.id}
}

// nodeOf is the text of a name.
func (s *Server) nodeOf(name any) any {
	for _, t := range s.threads() {
		for _, c := range *t.comments {
			if s.node(commentNode, c.id) == name {
				return s.textNode("IssueComment", commentNode, c.id, c.author, c.edits)
			}
		}
	}
	for _, p := range s.pulls {
		for _, v := range p.reviews {
			if s.node(reviewNode, v.id) == name {
				return s.textNode("PullRequestReview", reviewNode, v.id, v.author, v.edits)
			}
		}
	}
	return forgetest.Missing{Type: "NOT_FOUND", Message: fmt.Sprintf("Could not resolve to a node with the global id of '%v'", name)}
}

func (s *Server) textNode(of, kind string, id, author int64, edits []edit) any {
	node := map[string]any{
		"__typename": of, "id": s.node(kind, id), "fullDatabaseId": strconv.FormatInt(id, 10), "author": s.actorNode(author),
		"editor": nil, "lastEditedAt": nil, "includesCreatedEdit": len(edits) > 0,
	}
	if len(edits) > 0 {
		last := edits[len(edits)-1]
		node["editor"], node["lastEditedAt"] = s.actorNode(last.by), last.at.Format(stamp)
	}
	return node
}
