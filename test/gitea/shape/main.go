// SPDX-License-Identifier: Apache-2.0

// Shape shows a Gitea as a GitHub: shape GITEA prints the address of an API
// like GitHub's, on loopback, and serves it until it is ended. By it what reads
// and tells GitHub is tried on a real forge. Where the two differ:
//
//	GitHub                        Gitea 1.26
//	/api/v3, per_page             /api/v1, limit, of which the server has a maximum of its own
//	Link names the next page      reviews have X-Total-Count; a timeline says only how long its page is
//	commits/SHA/pulls             the one that was merged as it; so all are looked through
//	CHANGES_REQUESTED, COMMENTED  REQUEST_CHANGES, COMMENT; and who was asked is among the reviews
//	DISMISSED                     the state stays, and "dismissed" is true; of a review that was followed
//	                              by another of the same author too, and no event tells of that
//	issue events                  a timeline, which does not say what a review was
//	a commit that is not there    404, not 422
//	the tree of a commit          the commit again; so it is reckoned from what is in it
//	the state of a status         "status", not "state"
//	issues by a label             of a label that there is not: all; made with labels by number, not name
//	accounts have a type          they have none: all are shown as users
//	who owns it may "admin"       "owner"
//	POST /api/graphql             none: whose the token is is GET /user; whether comments were edited is
//	                              answered out of Gitea's times of them, which know the second of the last
//	                              change and not who made it. So an edit within the second in which a comment
//	                              was posted shows at GitHub, and not here: nothing that Gitea's API has tells
//	                              of it. Of a review's text it tells nothing that an edit is sure to change:
//	                              it is shown as not there, and a reading that hangs on it has no answer.
//	runs, environments, checks    none: 404
//
// And what no shape can hide: Gitea takes no review of what is merged, lets
// nobody but administrators dismiss one, and dismisses by itself some time after
// a push. It is no GitHub, and says nothing about GitHub's own behaviour.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "shape:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("one argument, please: the address of a Gitea")
	}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Printf("http://%s/api/v3\n", at.Addr())
	return (&http.Server{Handler: newShape(args[0]), ReadHeaderTimeout: time.Minute}).Serve(at)
}

type object = map[string]any

// A shape answers as GitHub does with what a Gitea says.
type shape struct{ gitea string }

// A said is an answer. More says that it is a page after which others come.
type said struct {
	v      any
	status int
	date   string
	total  int // of the list, as far as Gitea says; 0: it does not
	more   bool
}

func newShape(gitea string) http.Handler {
	s := shape{strings.TrimSuffix(gitea, "/") + "/api/v1"}
	mux := http.NewServeMux()
	for route, answer := range map[string]func(*http.Request) said{
		"GET ":                                s.as("", ""),
		"GET /commits/{sha}":                  s.commit,
		"GET /commits/{sha}/pulls":            s.pullsOf,
		"GET /pulls/{n}":                      s.as("/pulls/{n}", ""),
		"GET /pulls/{n}/commits":              s.commits,
		"GET /pulls/{n}/reviews":              s.reviews,
		"GET /issues/{n}/comments":            s.comments,
		"GET /issues/{n}/events":              s.events,
		"GET /collaborators/{who}/permission": s.as("/collaborators/{who}/permission", ""),
		"POST /issues/{n}/comments":           s.as("/issues/{n}/comments", ""),
		"PATCH /issues/comments/{id}":         s.as("/issues/comments/{id}", ""),
		"GET /issues":                         s.issues,
		"POST /issues":                        s.newIssue,
		"PATCH /issues/{n}":                   s.as("/issues/{n}", ""), // which leaves its labels
		"POST /statuses/{sha}":                s.as("/statuses/{sha}", "status"),
	} {
		method, path, _ := strings.Cut(route, " ")
		mux.HandleFunc(method+" /api/v3/repos/{owner}/{name}"+path, func(w http.ResponseWriter, r *http.Request) { answer(r).write(w) })
	}
	mux.HandleFunc("POST /api/graphql", func(w http.ResponseWriter, r *http.Request) { s.query(r).write(w) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		said{v: object{"message": "Not Found"}, status: http.StatusNotFound}.write(w)
	})
	return mux
}

func (a said) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if a.date != "" {
		w.Header().Set("Date", a.date)
	}
	if a.more {
		w.Header().Set("Link", `<?page=next>; rel="next"`)
	}
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(typed(a.v))
}

// as asks Gitea the same under a path of its own. State is what it calls the
// answer's state.
func (s shape) as(path, state string) func(*http.Request) said {
	return func(r *http.Request) said {
		to := path
		for _, name := range []string{"n", "sha", "id", "who"} {
			to = strings.ReplaceAll(to, "{"+name+"}", url.PathEscape(r.PathValue(name)))
		}
		a := s.ask(r, s.repository(r)+to, asked(r), r.Body)
		if one, ok := a.v.(object); ok && state != "" && one["state"] == nil {
			one["state"] = one[state]
		}
		return a
	}
}

// asked is the page that was asked for, in Gitea's words.
func asked(r *http.Request) url.Values {
	q := url.Values{}
	if page := r.URL.Query().Get("page"); page != "" {
		q.Set("page", page)
		q.Set("limit", cmp.Or(r.URL.Query().Get("per_page"), "30"))
	}
	return q
}

func (s shape) repository(r *http.Request) string {
	return "/repos/" + url.PathEscape(r.PathValue("owner")) + "/" + url.PathEscape(r.PathValue("name"))
}

// ask asks Gitea, by the same method and with the token of whoever asks us.
func (s shape) ask(r *http.Request, path string, query url.Values, body io.Reader) said {
	odd := func(err error) said { return said{v: object{"message": err.Error()}, status: http.StatusBadGateway} }
	method := r.Method
	if body == nil {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(r.Context(), method, s.gitea+path+"?"+query.Encode(), body)
	if err != nil {
		return odd(err)
	}
	req.Header.Set("Authorization", r.Header.Get("Authorization"))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return odd(err)
	}
	defer resp.Body.Close()
	a := said{status: resp.StatusCode, date: resp.Header.Get("Date")}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return odd(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&a.v); err != nil {
		return odd(err)
	}
	list, _ := a.v.([]any)
	a.total, _ = strconv.Atoi(resp.Header.Get("X-Total-Count"))
	page, _ := strconv.Atoi(query.Get("page"))
	a.more = len(list) > 0 && len(list) < a.total && max(page, 1)*len(list) < a.total
	return a
}

// maxPages is how many pages are looked through.
const maxPages = 200

// every reads a list of the repository to its end, whatever is said about its
// length.
func (s shape) every(r *http.Request, path string, query url.Values) said {
	all := []any{}
	for n := 1; n <= maxPages; n++ {
		q := url.Values{"page": {strconv.Itoa(n)}, "limit": {"50"}}
		for k, v := range query {
			q[k] = v
		}
		a := s.ask(r, s.repository(r)+path, q, nil)
		list, ok := a.v.([]any)
		if a.status != http.StatusOK || !ok && a.v != nil {
			return a
		}
		if len(list) == 0 {
			a.v = all
			return a
		}
		all = append(all, list...)
	}
	return said{v: object{"message": "too many pages"}, status: http.StatusBadGateway}
}

func (s shape) commit(r *http.Request) said {
	a := s.ask(r, s.repository(r)+"/git/commits/"+url.PathEscape(r.PathValue("sha")), nil, nil)
	if a.status == http.StatusNotFound {
		a.status, a.v = http.StatusUnprocessableEntity, object{"message": "No commit found for SHA: " + r.PathValue("sha")}
	}
	return s.withTrees(r, a, a.v)
}

// commits are those of a pull request.
func (s shape) commits(r *http.Request) said {
	a := s.ask(r, s.repository(r)+"/pulls/"+url.PathEscape(r.PathValue("n"))+"/commits", asked(r), nil)
	list, _ := a.v.([]any)
	return s.withTrees(r, a, list...)
}

// withTrees is an answer after its commits were given their trees.
func (s shape) withTrees(r *http.Request, a said, commits ...any) said {
	if a.status != http.StatusOK {
		return a
	}
	for _, c := range commits {
		one, _ := c.(object)
		of, _ := one["commit"].(object)
		sha, _ := one["sha"].(string)
		t := s.ask(r, s.repository(r)+"/git/trees/"+url.PathEscape(sha), nil, nil)
		id, err := treeID(t.v)
		if err != nil {
			return said{v: object{"message": fmt.Sprintf("the tree of %s: %v", sha, err)}, status: http.StatusBadGateway}
		}
		of["tree"] = object{"sha": id}
	}
	return a
}

// treeID is git's name of a tree (SHA-1), of the list of what is in it.
func treeID(v any) (string, error) {
	tree, _ := v.(object)
	list, ok := tree["tree"].([]any)
	if !ok || tree["truncated"] != false {
		return "", errors.New("it is not the whole list")
	}
	var body bytes.Buffer
	for _, e := range list {
		entry, _ := e.(object)
		mode, _ := entry["mode"].(string)
		name, _ := entry["path"].(string)
		text, _ := entry["sha"].(string)
		id, err := hex.DecodeString(text)
		if err != nil || len(id) != sha1.Size || mode == "" || name == "" {
			return "", fmt.Errorf("%v is no entry", entry)
		}
		fmt.Fprintf(&body, "%s %s\x00%s", strings.TrimLeft(mode, "0"), name, id)
	}
	sum := sha1.Sum(append(fmt.Appendf(nil, "tree %d\x00", body.Len()), body.Bytes()...))
	return hex.EncodeToString(sum[:]), nil
}

// pullsOf are the pull requests that have a commit, or were merged as it.
func (s shape) pullsOf(r *http.Request) said {
	sha := r.PathValue("sha")
	if a := s.commit(r); a.status != http.StatusOK {
		return a
	}
	all := s.every(r, "/pulls", url.Values{"state": {"all"}})
	list, ok := all.v.([]any)
	if !ok {
		return all
	}
	found := []any{}
	for _, p := range list {
		pull, _ := p.(object)
		if pull["state"] == "closed" && pull["merged"] != true {
			continue
		}
		commits := s.every(r, fmt.Sprintf("/pulls/%v/commits", pull["number"]), nil)
		of, ok := commits.v.([]any)
		if !ok {
			return commits
		}
		has := pull["merge_commit_sha"] == sha
		for _, c := range of {
			one, _ := c.(object)
			has = has || one["sha"] == sha
		}
		if has {
			found = append(found, pull)
		}
	}
	all.v = found
	return all
}

// shown is Gitea's state of a review as GitHub has it; "" of one that somebody
// was only asked for. A state that nobody knows is left as it is, for the
// reader to refuse.
func shown(state any) any {
	switch state {
	case "REQUEST_CHANGES":
		return "CHANGES_REQUESTED"
	case "COMMENT":
		return "COMMENTED"
	case "REQUEST_REVIEW":
		return ""
	}
	return state
}

func (s shape) reviews(r *http.Request) said {
	a := s.ask(r, s.repository(r)+"/pulls/"+url.PathEscape(r.PathValue("n"))+"/reviews", asked(r), nil)
	list, ok := a.v.([]any)
	if !ok {
		return a
	}
	found := []any{}
	for _, one := range list {
		review, _ := one.(object)
		if review["state"] = shown(review["state"]); review["state"] == "" {
			continue
		}
		if review["dismissed"] == true {
			review["state"] = "DISMISSED"
		}
		found = append(found, review)
	}
	a.v = found
	return a
}

// events are the dismissals of reviews.
func (s shape) events(r *http.Request) said {
	n := url.PathEscape(r.PathValue("n"))
	reviews := s.every(r, "/pulls/"+n+"/reviews", nil)
	was := map[any]any{}
	list, ok := reviews.v.([]any)
	if !ok {
		return reviews
	}
	for _, one := range list {
		review, _ := one.(object)
		was[review["id"]] = shown(review["state"])
	}
	a := s.every(r, "/issues/"+n+"/timeline", nil)
	if list, ok = a.v.([]any); !ok {
		return a
	}
	events := []any{}
	for _, one := range list {
		if e, _ := one.(object); e["type"] == "dismiss_review" {
			state, _ := was[e["review_id"]].(string)
			events = append(events, object{
				"id": e["id"], "event": "review_dismissed", "actor": e["user"], "created_at": e["created_at"],
				"dismissed_review": object{"state": strings.ToLower(state), "review_id": e["review_id"]},
			})
		}
	}
	a.v = events
	return a
}

// issues are those with a label, or by an account, the oldest first.
func (s shape) issues(r *http.Request) said {
	asked := r.URL.Query()
	query := url.Values{"state": {cmp.Or(asked.Get("state"), "open")}}
	if by := asked.Get("creator"); by != "" {
		query.Set("created_by", by)
	}
	a := s.every(r, "/issues", query)
	list, ok := a.v.([]any)
	if !ok {
		return a
	}
	found := []any{}
	for i := len(list) - 1; i >= 0; i-- { // Gitea has the newest first
		if issue, _ := list[i].(object); asked.Get("labels") == "" || labelled(issue, asked.Get("labels")) {
			found = append(found, issue)
		}
	}
	a.v = found
	return a
}

func labelled(issue object, name string) bool {
	list, _ := issue["labels"].([]any)
	return slices.ContainsFunc(list, func(l any) bool {
		label, _ := l.(object)
		return label["name"] == name
	})
}

// newIssue makes an issue, and the labels that there are not yet.
func (s shape) newIssue(r *http.Request) said {
	var in object
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return said{v: object{"message": err.Error()}, status: http.StatusBadRequest}
	}
	names, _ := in["labels"].([]any)
	ids := []any{}
	for _, name := range names {
		text, _ := json.Marshal(object{"name": name, "color": "#336699"})
		a := s.ask(r, s.repository(r)+"/labels", nil, bytes.NewReader(text))
		label, _ := a.v.(object)
		if a.status != http.StatusCreated {
			return a
		}
		ids = append(ids, label["id"])
	}
	in["labels"] = ids
	text, _ := json.Marshal(in)
	return s.ask(r, s.repository(r)+"/issues", nil, bytes.NewReader(text))
}

// typed gives every account a type, and who owns a repository its highest
// permission.
func typed(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = typed(v[i])
		}
	case object:
		for k := range v {
			v[k] = typed(v[k])
		}
		if v["login"] != nil && v["type"] == nil {
			v["type"] = "User"
		}
		for _, k := range []string{"permission", "role_name"} {
			if v[k] == "owner" {
				v[k] = "admin"
			}
		}
	}
	return v
}
