#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The life of a pull request on a real forge, Gitea: branch protection, reviews,
# a veto, a push that makes them stale, dismissals, a merge. The readers that we
# have for GitHub read it through test/gitea/shape, which says where the two
# differ; gates decide by what they read, and tell the forge, which merges nothing
# before; and with the forge gone, everything is verified again. Seven minutes of
# CPU the first time, to build it: for FULL=1 in .ci/run.
set -euo pipefail
cd "$(dirname "$0")/../.."
gitea=$(test/gitea/build)
(cd tools/gitea && go mod download code.gitea.io/gitea) # its templates are read from there
static=$(cd tools/gitea && go list -m -f '{{.Dir}}' code.gitea.io/gitea)
version=${gitea##*-}
work=$(mktemp -d)
pids=()
stop() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
	pids=()
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$work/bin/" ./cmd/gateledger ./cmd/gateledger-remote ./test/gitea/shape
for name in $(env | sed -n 's/^\(GITHUB_[A-Z_]*\|GITLAB_[A-Z_]*\|CI_[A-Z_]*\|GATELEDGER_[A-Z_]*\|GIT_[A-Z_]*\|[a-zA-Z]*_[pP][rR][oO][xX][yY]\)=.*/\1/p'); do
	unset "$name"
done
unset CI XDG_CONFIG_HOME XDG_CACHE_HOME GH_TOKEN
export PATH="$work/bin:$PATH" HOME="$work/home" GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
mkdir -p "$HOME" "$work/gitea"
git config --global user.name Dana
git config --global user.email dana@acme.example
git config --global init.defaultBranch main
checks=0

fail() {
	echo "gitea.sh: $*" >&2
	tail -n 20 "$work/log" >&2
	exit 1
}

echo "= a forge"
port=$((20000 + RANDOM % 12000))
server=http://127.0.0.1:$port
cat >"$work/app.ini" <<INI
RUN_USER = $(id -un)
RUN_MODE = prod
WORK_PATH = $work/gitea
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = $port
ROOT_URL = $server/
STATIC_ROOT_PATH = $static
DISABLE_SSH = true
OFFLINE_MODE = true
GRACEFUL_HAMMER_TIME = 5s
[database]
DB_TYPE = sqlite3
PATH = $work/gitea/gitea.db
[repository]
ROOT = $work/gitea/repositories
[security]
INSTALL_LOCK = true
SECRET_KEY = only-for-this-test
INTERNAL_TOKEN = $("$gitea" generate secret INTERNAL_TOKEN 2>/dev/null)
PASSWORD_COMPLEXITY = off
[api]
; few, so that a list of four has a second page
MAX_RESPONSE_ITEMS = 3
DEFAULT_PAGING_NUM = 3
[indexer]
ISSUE_INDEXER_TYPE = db
[cron]
ENABLED = false
[oauth2]
ENABLED = false
[actions]
ENABLED = false
[log]
LEVEL = Error
INI
"$gitea" --config "$work/app.ini" migrate >"$work/log" 2>&1 || fail "migrate"
"$gitea" --config "$work/app.ini" admin user create --admin --username root-of-it --email root@acme.example --random-password \
	--must-change-password=false --access-token --access-token-name test --access-token-scopes all >"$work/made" 2>>"$work/log" || fail "no user: $(cat "$work/made")"
token() { # WHO: reads their token
	tr -d '\r\n' >"$work/$1.token"
	grep -qE '^[0-9a-f]{40}$' "$work/$1.token" || fail "no token of $1"
	printf 'Authorization: token %s\n' "$(cat "$work/$1.token")" >"$work/$1.header"
}
sed -n 's/^Access token was successfully created\.\.\. \([0-9a-f]*\)$/\1/p' "$work/made" | token root-of-it
"$gitea" --config "$work/app.ini" web >>"$work/log" 2>&1 &
pids+=($!)
forge=$!

# api WHO METHOD PATH [JSON]: the answer is in $work/answer, its status printed
api() {
	curl -sS --noproxy '*' --max-time 60 -o "$work/answer" -w '%{http_code}' -X "$2" -H "@$work/$1.header" \
		-H 'Content-Type: application/json' ${4:+--data "$4"} "$server/api/v1$3"
}

# must WANT WHO METHOD PATH [JSON]
must() {
	local want=$1 got
	shift
	got=$(api "$@") || fail "$*: no answer"
	[ "$got" = "$want" ] || fail "$* answered $got, want $want: $(head -c 400 "$work/answer")"
	checks=$((checks + 1))
}

# until_it TRIES COMMAND…: until COMMAND succeeds
until_it() {
	local tries=$1
	shift
	for _ in $(seq "$tries"); do
		"$@" && return
		sleep 0.2
	done
	return 1
}
answers() {
	kill -0 "$forge" 2>/dev/null || fail "it ended"
	curl -sf --noproxy '*' --max-time 60 -o "$work/answer" "$server/api/v1/version"
}
until_it 600 answers || fail "it does not answer"
[ "$(jq -r .version "$work/answer")" = "$version" ] || fail "it is $(cat "$work/answer"), want $version"

declare -A id
for who in dana ana bo eve robot; do
	password=$(head -c 18 /dev/urandom | base64)
	must 201 root-of-it POST /admin/users "$(jq -cn --arg who $who --arg password "$password" \
		'{username: $who, email: "\($who)@acme.example", password: $password, must_change_password: false}')"
	id[$who]=$(jq .id "$work/answer")
	curl -sS --noproxy '*' --max-time 60 -K - -X POST -H 'Content-Type: application/json' --data '{"name":"test","scopes":["all"]}' \
		"$server/api/v1/users/$who/tokens" <<<"user = \"$who:$password\"" | jq -r .sha1 | token $who
done
must 201 root-of-it POST /orgs '{"username":"acme"}'
must 201 root-of-it POST /orgs/acme/repos '{"name":"app","auto_init":true,"default_branch":"main"}'
repository=$(jq .id "$work/answer")
for who in dana ana robot; do
	must 204 root-of-it PUT "/repos/acme/app/collaborators/$who" '{"permission":"write"}'
done
must 204 root-of-it PUT /repos/acme/app/collaborators/bo '{"permission":"admin"}'

"$work/bin/shape" "$server" >"$work/shape" 2>>"$work/log" &
pids+=($!)
until_it 100 test -s "$work/shape" || fail "no shape"
shape=$(cat "$work/shape")
host=${shape#http://}
host=${host%%/*}

# expect CODE TEXT COMMAND…: COMMAND ends with CODE, says TEXT somewhere, and
# tells nobody's token
expect() {
	local want=$1 text=$2 code=0 who
	shift 2
	"$@" >"$work/out" 2>&1 || code=$?
	if [ "$code" != "$want" ] || ! grep -qF -- "$text" "$work/out"; then
		cat "$work/out" >&2
		fail "exit $code, want $want with '$text': $*"
	fi
	for who in root-of-it dana ana bo eve robot; do
		! grep -qFf "$work/$who.token" "$work/out" || fail "a token of $who is shown: $*"
	done
	checks=$((checks + 1))
}

echo "= a ledger on it, and a policy that takes comments and reviews"
git config --global credential.helper "store --file=$work/credentials"
printf 'http://dana:%s@127.0.0.1:%s\n' "$(cat "$work/dana.token")" "$port" >"$work/credentials"
git clone -q "$server/acme/app.git" "$work/app" 2>>"$work/log"
cd "$work/app"
expect 0 'made  ledger' gateledger init --ledger git:origin
field() { sed -n "s/^  $1/\\1/p" .gateledger.yml; }
origin=$(field 'origin: "\(.*\)"') key=$(field 'keys: \["\(.*\)"\]') dev=$(field 'dev: {key: "\([^"]*\)".*')
person() {
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$work/$1"
	echo "  $1: {keys: [{ssh: \"$(cat "$work/$1.pub")\"}], github: {id: ${id[$1]}, login: $1, host: \"$host\"}, emails: [$1@acme.example], roles: [lead, reviewer]}"
}
cat >.gateledger.yml <<YAML
version: 1
ledger: {url: "git:origin", origin: "$origin", keys: ["$key"]}
signers:
  dev: {key: "$dev", tier: fast}
principals:
$(person ana)
$(person bo)
$(person dana)
outsiders: [root@acme.example]
environments:
  production:
    tier: fast
    require:
      - {role: lead, count: 1, source: [signed, github-comment]}
      - {role: reviewer, count: 1, source: [signed, github-review]}
    exclude: [author, committer, co-author]
    veto: {roles: [lead]}
    evidence: [{event: build, by: [dev]}, {event: test, result: passed, by: [dev]}]
policy-change: {require: [{role: lead, count: 1, source: [signed]}]}
YAML
expect 0 'sound' gateledger policy lint
git add .
git commit -q -m 'Who may release'
git push -q origin HEAD:refs/heads/main 2>>"$work/log"
expect 0 '' gateledger trust --yes
must 201 root-of-it POST /repos/acme/app/branch_protections \
	'{"branch_name":"main","rule_name":"main","enable_push":false,"required_approvals":2,"block_on_rejected_reviews":true,"dismiss_stale_approvals":true}'
echo more >past
git add past
git commit -q -m 'Past everybody'
expect 1 'Not allowed to push to protected branch main' git push origin HEAD:refs/heads/main
git reset -q --hard HEAD~1

echo "= a pull request, its reviews, and what our reader makes of them"
commit() { # what it says: pushed, checked out, its id in $head
	git checkout -q -B change
	echo "$1" >>change
	git add change
	git commit -q -m "$1"
	git push -q origin HEAD:refs/heads/change 2>>"$work/log"
	head=$(git rev-parse HEAD)
}
review() { # WHO EVENT COMMIT
	sleep 1.1 # reviews have times in whole seconds
	must 200 "$1" POST /repos/acme/app/pulls/1/reviews "{\"event\":\"$2\",\"body\":\"Looked at it.\",\"commit_id\":\"$3\"}"
	last=$(jq .id "$work/answer")
}
dismiss() { must "$1" "$2" POST "/repos/acme/app/pulls/1/reviews/$3/dismissals" '{"message":"never mind"}'; }
merge() { # WANT WHAT THE FORGE SAYS
	local code
	code=$(api root-of-it POST /repos/acme/app/pulls/1/merge '{"Do":"squash"}')
	[ "$code" = "$1" ] && { [ -z "$2" ] || grep -qF -- "$2" "$work/answer"; }
}
no_merge() {
	merge 405 "$1" || fail "want no merge with '$1', got $(cat "$work/answer")"
	checks=$((checks + 1))
}

# collect COMMIT [VARIABLE=VALUE]: asks the reader
collect() {
	local commit=$1
	shift
	jq -cn --arg commit "$commit" --arg request "$(printf '%064d' 0)" --argjson accounts "[${id[dana]},${id[ana]},${id[bo]}]" \
		'{source: "github-review", commit: $commit, keys: [], request: $request, environment: "production", accounts: $accounts}' |
		env GITHUB_API_URL="$shape" GITHUB_REPOSITORY=acme/app GITHUB_REPOSITORY_ID="$repository" \
			GITHUB_TOKEN="$(cat "$work/robot.token")" "$@" gateledger-remote collect
}

# reads COMMIT WANT: what the reader sees, a vote a line
reads() {
	local commit=$1 want=$2
	collect "$commit" >"$work/read" 2>"$work/said" || fail "collect: $(cat "$work/said")"
	jq -r --arg commit "$commit" '.snapshot | (.votes[] | "\(.account.login) \(.decision) \(if .commit == $commit then "this" else "older" end) \(.reject // "")"),
		"\(.strangers // 0) strangers, tree \(if .trees[$commit] then "known" else "unknown" end)"' "$work/read" | sed 's/ *$//' >"$work/saw"
	diff "$work/saw" <(printf '%s\n' "$want") >&2 || fail "it saw something else"
	checks=$((checks + 1))
}

commit First
first=$head
must 201 dana POST /repos/acme/app/pulls '{"head":"change","base":"main","title":"A change"}'
reads "$first" '0 strangers, tree known'

# nobody approves what they proposed, and nothing is merged against a veto
must 422 dana POST /repos/acme/app/pulls/1/reviews '{"event":"APPROVED","body":""}'
review ana APPROVED "$first"
review bo REQUEST_CHANGES "$first"
review eve APPROVED "$first"
reads "$first" 'ana approve this
bo deny this
1 strangers, tree known'
no_merge 'Does not have enough approvals'

# bo thinks better of it: four reviews, which are two pages
review bo APPROVED "$first"
reads "$first" 'ana approve this
bo deny this dismissed, and GitHub does not say what it said before
bo approve this
1 strangers, tree known'

# A push makes them stale: of the commit that they were for, whatever the forge
# does with them. Gitea dismisses approvals, some time after the push.
commit Second
second=$head
stale() { # all four of them, on two pages
	[ "$(api ana GET '/repos/acme/app/pulls/1/reviews?page=1')" = 200 ] &&
		jq -e 'length == 3 and all(.[]; .dismissed and .stale and .state != "DISMISSED")' "$work/answer" >/dev/null &&
		[ "$(api ana GET '/repos/acme/app/pulls/1/reviews?page=2')" = 200 ] &&
		jq -e 'length == 1 and all(.[]; .dismissed and .stale and .state == "APPROVED")' "$work/answer" >/dev/null
}
until_it 300 stale || fail "after a push: $(jq -c '.[] | {user: .user.login, state, dismissed, stale}' "$work/answer")"
reads "$second" 'ana approve older dismissed
bo revoke older
bo approve older dismissed
1 strangers, tree known'

echo "= a gate that waits, one that is denied, and one that allows"
cat >"$work/tests.json" <<'JSON'
{"Action":"run","Package":"example.org/app","Test":"TestApp"}
{"Action":"pass","Package":"example.org/app","Test":"TestApp","Elapsed":0.01}
{"Action":"pass","Package":"example.org/app","Elapsed":0.02}
JSON
job() { # RUN COMMAND…: as a job of the commit that is checked out
	local run=$1
	shift
	env CI=true GITHUB_ACTIONS=true GITHUB_SERVER_URL="http://$host" GITHUB_API_URL="$shape" \
		GITHUB_REPOSITORY=acme/app GITHUB_REPOSITORY_ID="$repository" GITHUB_RUN_ID="$run" GITHUB_RUN_ATTEMPT=1 \
		GITHUB_EVENT_NAME=push GITHUB_ACTOR=dana GITHUB_TRIGGERING_ACTOR=dana GITHUB_ACTOR_ID="${id[dana]}" GITHUB_REF=refs/heads/main \
		GITHUB_WORKFLOW_REF=acme/app/.github/workflows/deploy.yml@refs/heads/main GITHUB_SHA="$(git rev-parse HEAD)" \
		GITHUB_TOKEN="$(cat "$work/robot.token")" "$@"
}
artifact() { # FILE: built and tested from the commit that is checked out
	bytes=$work/$1
	echo "$1 of $(git rev-parse HEAD)" >"$bytes"
	expect 0 'signer   dev' job 1 gateledger record build --subject "$bytes"
	expect 0 'signer   dev' job 1 gateledger record test --subject "$bytes" "$work/tests.json"
}
gate() { # RUN [FLAG]…
	job "$1" gateledger gate --subject "$bytes" "${@:2}"
}
request() { # sets $asked to the id of the request, which uses nothing up
	expect 8 '"request"' gate 1 --consume=false --format json
	asked=$(grep -oE '"request": *"[0-9a-f]{64}"' "$work/out" | head -n 1 | grep -oE '[0-9a-f]{64}') || fail "no request: $(cat "$work/out")"
}
comment() { # WHO TEXT
	must 201 "$1" POST /repos/acme/app/issues/1/comments "$(jq -cn --arg body "$2" '{body: $body}')"
	last=$(jq .id "$work/answer")
}
gate_says() { # CODE TEXT RUN: what a gate says that tells the forge, which has no check runs
	expect "$1" "$2" gate "$3" --report=best-effort
	grep -qF 'announced by github-status: status gateledger/production' "$work/out" || fail "the forge was not told: $(cat "$work/out")"
}
artifact one
must 200 root-of-it PATCH /repos/acme/app/branch_protections/main '{"enable_status_check":true,"status_check_contexts":["gateledger/production"]}'
# bo's second thought was for other files, and still took the veto back
gate_says 8 'PENDING' 1
no_merge 'Not all required status checks successful'

review ana APPROVED "$second"
review bo REQUEST_CHANGES "$second"
veto=$last
gate_says 1 'DENIED' 1
no_merge 'Not all required status checks successful'

# dismissed by somebody else, a veto stays one; and not everybody may
dismiss 403 ana "$veto"
dismiss 200 root-of-it "$veto"
reads "$second" 'ana approve older dismissed
bo revoke older
bo approve older dismissed
ana approve this
bo deny this dismissed by somebody else, which takes no veto back
1 strangers, tree known'
gate_says 1 'DENIED' 1

# by a review of its author it ends. Now one who names the request is missing,
# and until then the forge does not merge
review bo APPROVED "$second"
gate_says 8 'PENDING' 1
no_merge 'Not all required status checks successful'
request
comment eve "/approve $asked"
comment dana "/approve $asked"
comment ana "/approve nothing"
sleep 1.1
must 200 ana PATCH "/repos/acme/app/issues/comments/$last" "$(jq -cn --arg body "/approve $asked" '{body: $body}')"
gate_says 8 'PENDING' 1
comment ana "/approve $asked"
gate_says 0 'ALLOWED' 1
expect 1 'already used by run' gate 2
must 200 ana GET "/repos/acme/app/commits/$second/status"
[ "$(jq -r '.statuses[] | select(.context == "gateledger/production") | .status' "$work/answer")" = success ] || fail "the status: $(cat "$work/answer")"

echo "= merged, as another commit of the same files"
until_it 100 merge 200 '' || fail "not merged: $(cat "$work/answer")"
must 200 ana GET /repos/acme/app/pulls/1
[ "$(jq .merged "$work/answer")" = true ] || fail "it is not merged"
merged=$(jq -r .merge_commit_sha "$work/answer")
must 422 bo POST /repos/acme/app/pulls/1/reviews "{\"event\":\"APPROVED\",\"commit_id\":\"$second\"}"
must 204 root-of-it POST /admin/users/bo/rename '{"new_username":"robert"}' # an account is its number
reads "$merged" 'ana approve older dismissed
robert revoke older
robert approve older dismissed
ana approve older
robert deny older dismissed by somebody else, which takes no veto back
robert approve older
1 strangers, tree known'
git fetch -q origin 2>>"$work/log"
git checkout -q "$merged"
jq -e --arg a "$second" --arg b "$merged" --arg tree "$(git rev-parse "$second^{tree}")" \
	'.snapshot.trees | .[$a] == $tree and .[$b] == $tree' "$work/read" >/dev/null || fail "the trees: $(jq -c .snapshot.trees "$work/read")"
artifact two
gate_says 8 'PENDING' 3
grep -qF 'announced by github-comment: comment' "$work/out" || fail "no comment: $(cat "$work/out")"
request
comment ana "/approve $asked"
gate_says 0 'ALLOWED' 3

echo "= what can't be read is no answer"
none() { # VARIABLE=VALUE: no votes, and no token in what is said
	expect 3 '' collect "$merged" "$1"
	! grep -q '"votes"' "$work/out" || fail "$1: votes"
}
none GITHUB_TOKEN=wrong
none GITHUB_REPOSITORY=acme/none
none GITHUB_REPOSITORY_ID=99
expect 3 '' collect "$(printf '%040d' 1)"
expect 0 '' gateledger export -o "$work/audit.tar"

echo "= everything again, with the forge gone"
stop
! curl -s --noproxy '*' --max-time 60 -o /dev/null "$server" || fail "something still answers"
expect 3 '' collect "$merged"
expect 3 '' gate 4
! grep -q ALLOWED "$work/out" || fail "allowed by a forge that is gone"
for name in one two; do
	expect 0 'HOLDS' gateledger verify artifact "$work/$name" --ledger "$work/audit.tar" --policy .gateledger.yml
	expect 0 '' gateledger verify decision --for "$work/$name" --environment production --ledger "$work/audit.tar" --policy .gateledger.yml
done
expect 0 'ok: ' gateledger verify ledger --ledger "$work/audit.tar" --policy .gateledger.yml
echo "another" >"$work/three"
expect 1 '' gateledger verify decision --for "$work/three" --environment production --ledger "$work/audit.tar" --policy .gateledger.yml
echo "$checks checks passed"
