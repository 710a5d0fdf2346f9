// SPDX-License-Identifier: Apache-2.0

package forgetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// mostPerPage is the most items that GitHub puts on a page, whatever was asked
// for; usualPerPage is how many it puts there when nothing was.
const (
	mostPerPage  = 100
	usualPerPage = 30
)

// everywhere are answers that GitHub gives to any operation, though it
// describes them for few: no or a bad token, too little permission or too many
// calls, nothing there that the token may see, a bad day.
var everywhere = []int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests,
	http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
}

// undescribed are answers that we let an operation give, though GitHub does not
// describe them and we found no source for them: here, that there is no such
// commit, as repos/get-commit is described to answer.
var undescribed = map[string]int{"repos/list-pull-requests-associated-with-commit": http.StatusUnprocessableEntity}

// undescribedFields are fields that GitHub is known to answer with, and does
// not describe: whether administrators may pass an environment's rules by.
var undescribedFields = map[string][]string{"repos/get-environment": {"/can_admins_bypass"}}

// A call is one request and what the description says about it.
type call struct {
	route   *routers.Route
	request *http.Request
	body    []byte
	input   *openapi3filter.RequestValidationInput
}

// newCall finds the operation that r asks for. Its body is read, and put back.
func newCall(doc *openapi3.T, r *http.Request, body []byte) (*call, error) {
	route, params, err := find(doc, r)
	if err != nil {
		return nil, err
	}
	return &call{route: route, request: r, body: body, input: &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, QueryParams: r.URL.Query(), Route: route,
		Options: &openapi3filter.Options{
			MultiError: true, SkipSettingDefaults: true, IncludeResponseStatus: true,
		},
	}}, nil
}

// checkRequest returns all that is wrong with the request.
func (c *call) checkRequest() []string {
	var wrong []string
	if err := openapi3filter.ValidateRequest(context.Background(), c.input); err != nil {
		wrong = say(err)
	}
	c.request.Body = io.NopCloser(bytes.NewReader(c.body))
	for _, name := range slices.Sorted(maps.Keys(c.input.QueryParams)) {
		if c.parameter(name) == nil {
			wrong = append(wrong, fmt.Sprintf("unknown query parameter %q", name))
		} else if n := len(c.input.QueryParams[name]); n > 1 {
			wrong = append(wrong, fmt.Sprintf("query parameter %q is there %d times", name, n))
		}
	}
	if n := c.perPage(); n < 1 || n > mostPerPage {
		wrong = append(wrong, fmt.Sprintf("per_page is %d, and a page holds 1 to %d", n, mostPerPage))
	}
	return append(wrong, c.checkRequestBody()...)
}

// checkRequestBody returns what is wrong with the body beyond its schema.
func (c *call) checkRequestBody() []string {
	described := c.route.Operation.RequestBody
	switch {
	case len(c.body) == 0:
		return nil
	case described == nil:
		return []string{"body: the operation takes none"}
	}
	return jsonStrangers(described.Value.Content.Get("application/json"), c.body)
}

// parameter returns the query parameter of that name, or nil.
func (c *call) parameter(name string) *openapi3.Parameter {
	if p := c.route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name); p != nil {
		return p
	}
	return c.route.PathItem.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
}

// perPage returns how many items the answer may hold. What is no number is
// told by checkRequest in other words.
func (c *call) perPage() int {
	n, err := strconv.Atoi(c.input.QueryParams.Get("per_page"))
	if err != nil {
		return usualPerPage
	}
	return n
}

// An answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// checkAnswer returns all that is wrong with the answer.
func (c *call) checkAnswer(a answer) []string {
	described := c.route.Operation.Responses.Status(a.status)
	switch {
	case a.status == http.StatusNotModified:
		return c.checkNotModified(a)
	case described == nil && (slices.Contains(everywhere, a.status) || undescribed[c.route.Operation.OperationID] == a.status):
		return c.checkError(a)
	case described == nil:
		return []string{fmt.Sprintf("status %d is not described", a.status)}
	case len(described.Value.Content) == 0 && len(a.body) > 0 && a.status < 300:
		return []string{fmt.Sprintf("status %d has a body, and is described without", a.status)}
	case len(described.Value.Content) == 0:
		return nil
	}
	if wrong := checkJSONType(a); wrong != nil {
		return wrong
	}
	wrong := c.checkBody(a)
	if len(wrong) > 0 || a.status >= 400 {
		return wrong // GitHub adds to its errors as it likes
	}
	wrong = jsonStrangers(described.Value.Content.Get("application/json"), a.body)
	wrong = slices.DeleteFunc(wrong, func(w string) bool {
		at, _, _ := strings.Cut(w, ":")
		return slices.Contains(undescribedFields[c.route.Operation.OperationID], at)
	})
	return append(wrong, c.checkPage(a)...)
}

// checkJSONType holds that an answer with a body is JSON. GitHub describes
// other types for a few operations, which nothing here looks into.
func checkJSONType(a answer) []string {
	if kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err != nil || kind != "application/json" {
		return []string{fmt.Sprintf("Content-Type is %q, and only application/json is looked into", a.header.Get("Content-Type"))}
	}
	return nil
}

func (c *call) checkBody(a answer) []string {
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: c.input, Status: a.status, Header: a.header, Options: c.input.Options,
	}
	in.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		return say(err)
	}
	return nil
}

// checkNotModified holds RFC 9110, section 15.4.5: only who asked with a
// condition is told 304, and without a body. GitHub describes 304 for a few
// operations and answers it for all that read.
func (c *call) checkNotModified(a answer) []string {
	var wrong []string
	h := c.request.Header
	if c.route.Method != http.MethodGet || h.Get("If-None-Match") == "" && h.Get("If-Modified-Since") == "" {
		wrong = append(wrong, "status 304, and nobody asked with a condition")
	}
	if len(a.body) > 0 {
		wrong = append(wrong, "status 304 has a body")
	}
	return wrong
}

// checkError holds that an answer of the kinds of everywhere has GitHub's
// usual form of an error, if it has any body.
func (c *call) checkError(a answer) []string {
	if len(a.body) == 0 {
		return nil
	}
	if wrong := checkJSONType(a); wrong != nil {
		return wrong
	}
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		return []string{"body: " + err.Error()}
	}
	form := c.route.Spec.Components.Schemas["basic-error"].Value
	if err := form.VisitJSON(v, openapi3.MultiErrors(), openapi3.VisitAsResponse()); err != nil {
		return say(err)
	}
	if fields, _ := v.(map[string]any); fields["message"] == nil {
		return []string{`/message: an error says what is wrong`}
	}
	return nil
}

// checkPage holds that a page has no more items than were asked for: in a
// list, or in the list of an object that has a total_count.
func (c *call) checkPage(a answer) []string {
	if c.parameter("per_page") == nil || a.status != http.StatusOK {
		return nil
	}
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		return []string{"body: " + err.Error()}
	}
	if o, ok := v.(map[string]any); ok && o["total_count"] != nil {
		for _, field := range o {
			if list, ok := field.([]any); ok {
				v = list
			}
		}
	}
	if list, ok := v.([]any); ok && len(list) > c.perPage() {
		return []string{fmt.Sprintf("a page of %d items has %d", c.perPage(), len(list))}
	}
	return nil
}

// jsonStrangers returns the fields of data that the description of the body
// does not name. JSON Schema lets them pass; but GitHub neither reads nor
// writes them, so who does is mistaken.
func jsonStrangers(described *openapi3.MediaType, data []byte) []string {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return []string{"body: " + err.Error()}
	}
	if described == nil || described.Schema == nil {
		return nil
	}
	return strangers([]*openapi3.Schema{described.Schema.Value}, v, "")
}

// strangers returns the fields of v that none of the schemas names.
func strangers(schemas []*openapi3.Schema, v any, at string) []string {
	schemas = flat(schemas)
	var found []string
	switch v := v.(type) {
	case []any:
		var items []*openapi3.Schema
		for _, s := range schemas {
			if s.Items != nil {
				items = append(items, s.Items.Value)
			}
		}
		for i, e := range v {
			found = append(found, strangers(items, e, at+"/"+strconv.Itoa(i))...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			next, ok := field(schemas, key)
			if !ok {
				found = append(found, at+"/"+key+": no such field is described")
				continue
			}
			found = append(found, strangers(next, v[key], at+"/"+key)...)
		}
	}
	return found
}

// field returns what the schemas say about a field, and whether any lets it
// be there.
func field(schemas []*openapi3.Schema, key string) (next []*openapi3.Schema, ok bool) {
	closed := false
	for _, s := range schemas {
		closed = closed || len(s.Properties) > 0
		more := s.AdditionalProperties
		switch {
		case s.Properties[key] != nil:
			next = append(next, s.Properties[key].Value)
		case more.Schema != nil:
			next = append(next, more.Schema.Value)
		case more.Has != nil && *more.Has:
			ok = true
		}
	}
	return next, ok || !closed || len(next) > 0
}

// flat returns the schemas and all that they are put together from.
func flat(schemas []*openapi3.Schema) []*openapi3.Schema {
	var all []*openapi3.Schema
	for _, s := range schemas {
		all = append(all, s)
		for _, parts := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
			for _, p := range parts {
				all = append(all, flat([]*openapi3.Schema{p.Value})...)
			}
		}
	}
	return all
}

// say puts an error of the validator in a line for each fault, without the
// schemas that it would print.
func say(err error) []string {
	switch e := err.(type) {
	case openapi3.MultiError:
		var all []string
		for _, one := range e {
			all = append(all, say(one)...)
		}
		return all
	case *openapi3.SchemaError:
		line := "/" + strings.Join(e.JSONPointer(), "/") + ": " + e.Reason
		if why := nearest(e); len(why) > 0 {
			line += " (" + strings.Join(why, "; ") + ")"
		}
		return []string{line}
	case *openapi3filter.RequestError:
		if p := e.Parameter; p != nil {
			return sayAfter(fmt.Sprintf("%s parameter %q: ", p.In, p.Name), e.Reason, e.Err)
		}
		return sayAfter("body: ", e.Reason, e.Err)
	case *openapi3filter.ResponseError:
		return sayAfter("body: ", e.Reason, e.Err)
	}
	return []string{err.Error()}
}

// nearest returns what is wrong by the parts of the schema that e is about: by
// all of allOf, and by the one that fits best of anyOf and oneOf.
func nearest(e *openapi3.SchemaError) []string {
	if e.SchemaField == "allOf" {
		var all []string
		for _, part := range e.Schema.AllOf {
			if err := part.Value.VisitJSON(e.Value, openapi3.MultiErrors()); err != nil {
				all = append(all, say(err)...)
			}
		}
		return all
	}
	var alternatives openapi3.SchemaRefs
	switch e.SchemaField {
	case "anyOf":
		alternatives = e.Schema.AnyOf
	case "oneOf":
		alternatives = e.Schema.OneOf
	}
	var least []string
	for _, a := range alternatives {
		err := a.Value.VisitJSON(e.Value, openapi3.MultiErrors())
		if err == nil {
			return nil // more than one fits
		}
		if wrong := say(err); least == nil || len(wrong) < len(least) {
			least = wrong
		}
	}
	return least
}

// sayAfter says err, or the reason if there is none, each line after prefix.
func sayAfter(prefix, reason string, err error) []string {
	if err == nil {
		err = errors.New(reason)
	}
	all := say(err)
	for i := range all {
		all[i] = prefix + all[i]
	}
	return all
}
