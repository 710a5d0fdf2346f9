// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

const (
	requestID = "4f1c0e6f5b6d7a8c9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f"
	artifact  = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

// approval is the vote in testdata/statement.json.
func approval() Predicate {
	return Predicate{
		Request:     requestID,
		Choice:      Approve,
		Ledger:      "q7d4x2m9",
		Environment: "production",
		Subjects:    []event.Subject{{Name: "app.tar.gz", Digest: map[string]string{"sha256": artifact}}},
		Commit:      "3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
		Reason:      "fixes the login loop, “seen” on staging",
		Issued:      "2026-01-31T12:00:00Z",
	}
}

func statementOf(t testing.TB, p Predicate) []byte {
	t.Helper()
	data, err := NewStatement(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestStatementIsTheOneCommitted(t *testing.T) {
	want := vector(t, "statement.json")
	if got := statementOf(t, approval()); !bytes.Equal(got, want) {
		t.Errorf("statement is now\n%s\nwas\n%s", got, want)
	}
	got, err := ParseStatement(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(approval(), got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAVoteMaySay(t *testing.T) {
	subject := func(s event.Subject) func(*Predicate) {
		return func(p *Predicate) { p.Subjects = []event.Subject{s} }
	}
	digest := map[string]string{"sha256": artifact}
	for name, c := range map[string]struct {
		change func(*Predicate)
		want   string
	}{
		"approve":                    {func(*Predicate) {}, ""},
		"deny":                       {func(p *Predicate) { p.Choice = Deny }, ""},
		"revoke":                     {func(p *Predicate) { p.Choice = Revoke }, ""},
		"no reason":                  {func(p *Predicate) { p.Reason = "" }, ""},
		"no commit":                  {func(p *Predicate) { p.Commit = "" }, ""},
		"a SHA-256 commit":           {func(p *Predicate) { p.Commit = artifact }, ""},
		"a reason in another script": {func(p *Predicate) { p.Reason = "проверено ✅ 👩‍🚒" }, ""},
		"a reason of 4 KiB":          {func(p *Predicate) { p.Reason = strings.Repeat("x", MaxReason) }, ""},
		"fractions of a second":      {func(p *Predicate) { p.Issued = "2026-01-31T12:00:00.25Z" }, ""},
		"no request":                 {func(p *Predicate) { p.Request = "" }, "request"},
		"a request's prefix":         {func(p *Predicate) { p.Request = requestID[:12] }, "request"},
		"request in capitals":        {func(p *Predicate) { p.Request = strings.ToUpper(requestID) }, "request"},
		"request not hex":            {func(p *Predicate) { p.Request = strings.Repeat("g", 64) }, "request"},
		"no choice":                  {func(p *Predicate) { p.Choice = "" }, "none of approve, deny, revoke"},
		"choice in capitals":         {func(p *Predicate) { p.Choice = "Approve" }, "choice"},
		"choice with a space":        {func(p *Predicate) { p.Choice = "approve " }, "choice"},
		"another choice":             {func(p *Predicate) { p.Choice = "abstain" }, "choice"},
		"no ledger":                  {func(p *Predicate) { p.Ledger = "" }, "ledger"},
		"no environment":             {func(p *Predicate) { p.Environment = "" }, "environment"},
		"no artifact":                {func(p *Predicate) { p.Subjects = nil }, "no artifact"},
		"a short commit":             {func(p *Predicate) { p.Commit = "3b18e51" }, "commit"},
		"a branch for a commit":      {func(p *Predicate) { p.Commit = "main" }, "commit"},
		"an artifact without digest": {subject(event.Subject{Name: "app"}), "no digest"},
		"a digest in capitals":       {subject(event.Subject{Name: "app", Digest: map[string]string{"sha256": strings.ToUpper(artifact)}}), "app"},
		"a digest cut short":         {subject(event.Subject{Name: "app", Digest: map[string]string{"sha256": artifact[:10]}}), "app"},
		"an artifact with a URI":     {subject(event.Subject{Name: "app", Digest: digest, URI: "x:"}), "more than"},
		"an artifact with notes":     {subject(event.Subject{Name: "app", Digest: digest, Annotations: map[string]string{"a": "b"}}), "more than"},
		"a name with a line feed":    {subject(event.Subject{Name: "app\n", Digest: digest}), "control character U+000A"},
		"a reason over 4 KiB":        {func(p *Predicate) { p.Reason = strings.Repeat("x", MaxReason+1) }, "limit"},
		"a reason on two lines":      {func(p *Predicate) { p.Reason = "a\nb" }, "control character U+000A"},
		"a reason with an escape":    {func(p *Predicate) { p.Reason = "\x1b[2Jok" }, "control character U+001B"},
		"a reason with NUL":          {func(p *Predicate) { p.Reason = "a\x00" }, "control character"},
		"a reason with a C1 control": {func(p *Predicate) { p.Reason = "a\u009bm" }, "control character"},
		"a reason read backwards":    {func(p *Predicate) { p.Reason = "a\u202eb" }, "control character U+202E"},
		"a reason with U+2028":       {func(p *Predicate) { p.Reason = "a\u2028b" }, "control character"},
		"a reason that is not UTF-8": {func(p *Predicate) { p.Reason = "a\xff" }, "UTF-8"},
		"an environment with a tab":  {func(p *Predicate) { p.Environment = "prod\t" }, "control character"},
		"an environment over 1 KiB":  {func(p *Predicate) { p.Environment = strings.Repeat("x", 2<<10) }, "limit"},
		"no time":                    {func(p *Predicate) { p.Issued = "" }, "issued"},
		"a time in another zone":     {func(p *Predicate) { p.Issued = "2026-01-31T13:00:00+01:00" }, "issued"},
		"a time with offset zero":    {func(p *Predicate) { p.Issued = "2026-01-31T12:00:00+00:00" }, "issued"},
		"a time in small letters":    {func(p *Predicate) { p.Issued = "2026-01-31t12:00:00z" }, "issued"},
		"fractions ending in zero":   {func(p *Predicate) { p.Issued = "2026-01-31T12:00:00.250Z" }, "issued"},
		"a date":                     {func(p *Predicate) { p.Issued = "2026-01-31" }, "issued"},
		"30 February":                {func(p *Predicate) { p.Issued = "2026-02-30T12:00:00Z" }, "issued"},
		"more artifacts than it holds": {func(p *Predicate) {
			p.Subjects = slices.Repeat(p.Subjects, MaxStatement/100)
		}, "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			p := approval()
			c.change(&p)
			data, err := NewStatement(p)
			wantError(t, err, c.want)
			if err != nil {
				// What cannot be made cannot be read either.
				data, err = p.statement()
				if err == nil {
					_, err = ParseStatement(data)
				}
				wantError(t, err, c.want)
				return
			}
			got, err := ParseStatement(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStatementCanBeReadOneWayOnly(t *testing.T) {
	good := string(vector(t, "statement.json"))
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the statement has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	other := strings.Repeat("0", 64)
	for name, c := range map[string]struct{ data, want string }{
		"as it is":                   {good, ""},
		"empty":                      {"", "EOF"},
		"null":                       {"null", "_type"},
		"a list":                     {"[]", "unmarshal"},
		"cut in half":                {good[:len(good)/2], "EOF"},
		"line feed after":            {good + "\n", "canonical"},
		"space before":               {" " + good, "canonical"},
		"something after":            {good + "{}", "after top-level value"},
		"twice":                      {good + good, "after top-level value"},
		"byte order mark":            {"\ufeff" + good, "invalid character"},
		"space inside":               {swap(`"choice":`, `"choice": `), "canonical"},
		"members in another order":   {swap(`"choice":"approve","commit":"3b18e512dba79e4c8300dd08aeb37f8e728b8dad"`, `"commit":"3b18e512dba79e4c8300dd08aeb37f8e728b8dad","choice":"approve"`), "canonical"},
		"a letter written as escape": {swap(`"approve"`, `"\u0061pprove"`), "canonical"},
		"choice twice":               {swap(`"choice":"approve"`, `"choice":"deny","choice":"approve"`), "duplicate"},
		"predicate twice":            {swap(`"predicate":`, `"predicate":{},"predicate":`), "duplicate"},
		"choice in another case":     {swap(`"choice":"approve"`, `"Choice":"approve"`), "unknown"},
		"a member unknown inside":    {swap(`"choice":`, `"agent":true,"choice":`), "unknown"},
		"a member unknown outside":   {swap(`"_type":`, `"_note":"","_type":`), "unknown"},
		"a reason of null":           {swap(`"reason":"fixes the login loop, “seen” on staging"`, `"reason":null`), "canonical"},
		"an empty reason":            {swap(`"reason":"fixes the login loop, “seen” on staging"`, `"reason":""`), "canonical"},
		"no commit member":           {swap(`"commit":"3b18e512dba79e4c8300dd08aeb37f8e728b8dad",`, ``), "canonical"},
		"a number for a choice":      {swap(`"choice":"approve"`, `"choice":1`), "unmarshal"},
		"Statement v0.1":             {swap("Statement/v1", "Statement/v0.1"), "_type"},
		"the outer predicate type":   {swap("vote-statement/v1", "vote/v1"), "predicateType"},
		"another predicate type":     {swap("vote-statement/v1", "request/v1"), "predicateType"},
		"another subject":            {strings.Replace(good, `"subject":[{"digest":{"sha256":"`+requestID, `"subject":[{"digest":{"sha256":"`+other, 1), "subject is not the request"},
		"another request":            {swap(`"request":"`+requestID, `"request":"`+other), "subject is not the request"},
		"no subject":                 {good[:strings.LastIndex(good, `"subject"`)] + `"subject":[]}`, "subject is not the request"},
		"two subjects":               {strings.Replace(good, `"name":"request"}]`, `"name":"request"},{"digest":{"sha256":"`+other+`"}}]`, 1), "subject is not the request"},
		"a second digest":            {strings.Replace(good, `{"sha256":"`+requestID+`"}`, `{"sha256":"`+requestID+`","sha512":"00"}`, 1), "subject is not the request"},
		"a subject of another name":  {swap(`"name":"request"`, `"name":"artifact"`), "subject is not the request"},
		"a subject with a URI":       {swap(`"name":"request"`, `"name":"request","uri":"x:"`), "subject is not the request"},
		"over the limit":             {good + strings.Repeat(" ", MaxStatement), "limit"},
		"deep nesting":               {swap(`"choice":"approve"`, `"choice":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)), "deep"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseStatement([]byte(c.data))
			wantError(t, err, c.want)
		})
	}
}

func request() event.RequestPredicate {
	p := approval()
	return event.RequestPredicate{Ledger: p.Ledger, Environment: p.Environment, Subjects: p.Subjects, Commit: p.Commit}
}

func TestVoteAgreesWithItsRequestOnly(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Predicate)
		want   string
	}{
		"the same":            {func(*Predicate) {}, ""},
		"deny":                {func(p *Predicate) { p.Choice = Deny }, ""},
		"another time":        {func(p *Predicate) { p.Issued = "2027-01-31T12:00:00Z" }, ""},
		"another request":     {func(p *Predicate) { p.Request = artifact }, "for request"},
		"another ledger":      {func(p *Predicate) { p.Ledger = "other" }, "for ledger"},
		"another environment": {func(p *Predicate) { p.Environment = "staging" }, "for environment"},
		"another commit":      {func(p *Predicate) { p.Commit = "" }, "for commit"},
		"another artifact":    {func(p *Predicate) { p.Subjects[0].Digest = map[string]string{"sha256": requestID} }, "other artifacts"},
		"another name":        {func(p *Predicate) { p.Subjects[0].Name = "app" }, "other artifacts"},
		"fewer artifacts":     {func(p *Predicate) { p.Subjects = nil }, "other artifacts"},
		"more artifacts":      {func(p *Predicate) { p.Subjects = append(p.Subjects, p.Subjects[0]) }, "other artifacts"},
		"a digest more":       {func(p *Predicate) { p.Subjects[0].Digest["sha512"] = "00" }, "other artifacts"},
	} {
		t.Run(name, func(t *testing.T) {
			p := approval()
			c.change(&p)
			wantError(t, p.Agrees(requestID, request()), c.want)
		})
	}
}

func TestAboutLeavesTheVoteOpen(t *testing.T) {
	p := About(requestID, request())
	wantError(t, p.Agrees(requestID, request()), "")
	if _, err := NewStatement(p); err == nil {
		t.Error("a vote without a choice was made")
	}
	p.Choice, p.Reason, p.Issued = approval().Choice, approval().Reason, approval().Issued
	if !bytes.Equal(statementOf(t, p), vector(t, "statement.json")) {
		t.Error("it is another statement than the one committed")
	}
}

func TestStatementIsCanonicalJSON(t *testing.T) {
	data := statementOf(t, approval())
	same, err := canon.Transform(data)
	if err != nil || !bytes.Equal(same, data) {
		t.Errorf("%v\n%s", err, same)
	}
}
