#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# GitLab components in pipelines that gitlab-ci-local runs: included from
# another repository, by version, over git's own HTTP; with a real log on a
# branch of the project, real votes, and hostile names.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
work=$(mktemp -d)
trap 'exec 7>&- 8>&-; rm -rf "$work"' EXIT
# shellcheck source=gitlab-scene.sh
. test/ci/gitlab-scene.sh
local_ci=$(test/ci/tools/install gitlab-ci-local)
build
serve acme/app gateledger/gateledger
CGO_ENABLED=0 go build -buildvcs=false -o "$work/gitlabnotes" ./test/ci/gitlabnotes
mkfifo "$work/told" "$work/answers"
"$work/gitlabnotes" <"$work/told" >"$work/answers" 2>"$work/gitlabnotes.log" &
exec 7>"$work/told" 6<"$work/answers"
read -r api <&6
tell() { # LINE: to the GitLab that has the notes
	echo "$1" >&7
	read -r answer <&6
	[ "$answer" = ok ]
}

echo "= the catalog project, in two versions"
catalog=$work/catalog
cp -r gitlab "$catalog"
git -C "$catalog" init -q --initial-branch=main
git -C "$catalog" add .
commit() { git -C "$catalog" -c user.name=R -c user.email=r@acme.example commit -q "$@"; }
commit -m '1.0.0' && git -C "$catalog" tag 1.0.0 && git -C "$catalog" tag v1.0.0
sed -i 's/GIT_DEPTH: "1"/GIT_DEPTH: "2"/' "$catalog/templates/sbom.yml"
commit -am '1.2.0' && git -C "$catalog" tag 1.2.0
catalog_head=$(git -C "$catalog" rev-parse HEAD)
netrc "$work/release" token-of-dana-000
HOME=$work/release git -C "$catalog" push -q "$host/gateledger/gateledger.git" main --tags

echo "= the app"
mkdir "$work/files"
cat >"$work/files/results.xml" <<'XML'
<testsuite name="app" tests="1"><testcase classname="app" name="starts" time="0.1"/></testsuite>
XML
cat >"$work/files/go.mod" <<'MOD'
module acme.example/app

go 1.26
MOD
cp internal/scanreport/testdata/trivy.json "$work/files/found.json"
collect=gitlab-note project "$work/files/."
name="${host#http://}/gateledger/gateledger"

# pipeline VERSION: the .gitlab-ci.yml that the README shows, and three inputs
# that a test needs
pipeline() {
	cat <<YAML
include:
  - component: $name/sbom@$1
    inputs: {binary-path: $programs}
  - component: $name/record@$1
    inputs: {binary-path: $programs, test-report: report.xml, scan-report: found.json, needs: [build, unit, gateledger-sbom]}
  - component: $name/gate@$1
    inputs: {binary-path: $programs, environment: production}
  - component: $name/verify@$1
    inputs: {binary-path: $programs, environment: production, subject: dist/app, policy: "$policy"}
build:
  script: mkdir -p dist && cp go.mod dist/app
  artifacts: {paths: [dist/app]}
unit:
  stage: test
  script: cp results.xml report.xml
  artifacts: {paths: [report.xml]}
deploy:
  stage: deploy
  needs: [build, gateledger-gate, gateledger-verify]
  environment: production
  rules: [{if: \$CI_COMMIT_BRANCH == \$CI_DEFAULT_BRANCH}]
  script:
    - sha256sum dist/app | grep -xFf gateledger-report/allowed.sha256
    - echo "deployed, verdict \$GATELEDGER_VERDICT" && test -f dist/app
YAML
}

# push MESSAGE: what lies in Dana's clone
push() {
	dana git add --all
	dana git commit -q -m "$1"
	dana git push -q origin HEAD:refs/heads/main
}

# run PIPELINE FLAG…: as a GitLab runner would, in a clone of its own, with the
# secrets for the jobs that may have them
run() {
	local id=$1 clone=$work/runner/$1
	shift
	if [ ! -d "$clone" ]; then
		netrc "$work/runner-home" token-of-runner-00
		HOME=$work/runner-home git clone -q "$host/acme/app.git" "$clone"
		git -C "$clone" remote set-head origin main
		# gitlab-ci-local copies all components of a version at once, and one
		# cp stumbles over the folder that another has just made
		mkdir -p "$clone/.gitlab-ci-local/includes/127.0.0.1/gateledger/gateledger/1.0.0/templates"
		git -C "$clone" config user.name Dana
		git -C "$clone" config user.email dana@acme.example
		{
			echo 'GATELEDGER_EVENT_KEY: {values: {"*": "'"$(base64 -w0 "$work/keys/event.pem")"'"}}'
			echo 'GATELEDGER_LOG_KEY: {values: {"gateledger-log": "'"$(cat "$work/keys/log.key")"'"}}'
		} >"$clone/.gitlab-ci-local-variables.yml"
		printf '.gitlab-ci-local*\n' >"$clone/.git/info/exclude"
	fi
	(cd "$clone" && env -i PATH="$PATH" HOME="$work/runner-home" GIT_CONFIG_NOSYSTEM=1 \
		"$local_ci" --force-shell-executor --shell-isolation --no-color --ignore-predefined-vars "$predefined" \
		--variable GITLAB_CI=true --variable CI_CONFIG_PATH=.gitlab-ci.yml --variable CI_JOB_TOKEN=glcbt-64_jobs-own-token --variable "CI_API_V4_URL=$api" \
		--variable CI_PROJECT_ID=42 --variable "CI_PIPELINE_ID=$id" --variable GITLAB_USER_ID=7 \
		--variable GITLAB_USER_LOGIN=dana --variable GITLAB_USER_NAME=Dana --variable GITLAB_USER_EMAIL=dana@acme.example \
		"$@")
}

predefined=GITLAB_CI,CI_API_V4_URL,CI_COMMIT_MESSAGE,CI_COMMIT_TITLE,CI_COMMIT_TAG_MESSAGE,CI_CONFIG_PATH,CI_PROJECT_ID,CI_PIPELINE_ID,GITLAB_USER_ID,GITLAB_USER_LOGIN,GITLAB_USER_NAME,GITLAB_USER_EMAIL,CI_JOB_TOKEN,CI_PIPELINE_SOURCE,CI_MERGE_REQUEST_IID,CI_MERGE_REQUEST_TITLE,CI_MERGE_REQUEST_REF_PATH,CI_COMMIT_BRANCH,CI_COMMIT_REF_NAME

# asked prints the id of the request that the last pipeline's gate named.
asked() { sed -n 's/.* request  *\([0-9a-f]\{64\}\).*/\1/p' "$work/out" | tail -n 1; }

# How a job of the last pipeline ended.
passed() { grep -qE "^ PASS  $1 *\$" "$work/out" || { cat "$work/out" && echo "$1 did not pass" && exit 1; }; }
failed() { grep -qE "^$1 .* FAIL $2 *\$" "$work/out" || { cat "$work/out" && echo "$1 did not fail with $2" && exit 1; }; }
absent() { ! grep -qE "^$1 " "$work/out" || { cat "$work/out" && echo "$1 ran" && exit 1; }; }

echo "= pending: the gate is red, and nothing is deployed"
pipeline 1.0.0 >"$work/dana/app/.gitlab-ci.yml"
push 'Use the components'
expect 1 'PENDING' run 101
passed gateledger-sbom
passed gateledger-record
failed gateledger-gate 8
absent deploy
is 'verdict of the dotenv' "$(grep -h VERDICT "$work/runner/101/gateledger-report/outputs.env")" GATELEDGER_VERDICT=pending
jq -e 'type == "object"' "$work/runner/101/gateledger-report/annotations.json" >/dev/null
grep -q '^# *' "$work/runner/101/gateledger-report/summary.md"
jq -e '.bomFormat == "CycloneDX"' "$work/runner/101/sbom.cdx.json" >/dev/null

echo "= the job that records and the job that builds hold no log key; the gate checks nothing out"
quiet -r "$work/runner/101/gateledger-report" "$work/runner/101/.gitlab-ci-local/output"
[ -z "$(find "$work"/runner/101/.gitlab-ci-local -name '*.key' -o -name '.netrc' -o -name event.pem)" ]

echo "= two leads approve; the gate is retried, and the deployment starts"
request=$(asked)
vote ana "$request"
expect 1 'PENDING' run 101 gateledger-gate
vote bo "$request"
expect 0 'deployed, verdict' run 101
passed gateledger-gate
passed gateledger-verify
passed deploy
grep -q 'deployed, verdict allowed' "$work/out"

echo "= the build is retried with other bytes, and then the deployment alone: they are not shipped"
is 'what was allowed' "$(cat "$work/runner/101/gateledger-report/allowed.sha256")" "$(cd "$work/dana/app" && sha256sum go.mod | sed 's|go.mod|dist/app|')"
expect 0 'deployed, verdict' run 101 deploy
cp "$work/runner/101/.gitlab-ci.yml" "$work/before.yml"
sed -i 's|cp go.mod dist/app|echo evil >dist/app|' "$work/runner/101/.gitlab-ci.yml"
expect 0 'PASS' run 101 build
cp "$work/before.yml" "$work/runner/101/.gitlab-ci.yml"
expect 1 'FAIL' run 101 deploy
failed deploy 1
! grep -q 'deployed, verdict' "$work/out" || { cat "$work/out" && echo "other bytes were shipped" && exit 1; }
expect 0 'PASS' run 101 build
expect 0 'deployed, verdict' run 101 deploy

echo "= a retry of the same pipeline resumes; another pipeline needs votes of its own"
expect 0 'ALLOWED' run 101 gateledger-gate
expect 1 'already used by run 101' run 102
failed gateledger-gate 1
absent deploy

echo "= by schedule: another pipeline of the same commit finds the request that is open"
change() { # MESSAGE: the same bytes of another commit
	date +%s%N >"$work/dana/app/notes"
	push "$1"
}
change 'Another release'
expect 1 'PENDING' run 103
request=$(asked)
vote ana "$request"
vote bo "$request"
expect 0 'ALLOWED' run 104 --variable CI_PIPELINE_SOURCE=schedule
passed deploy
grep -q "$request" "$work/out"

echo "= a veto"
change 'A third'
expect 1 'PENDING' run 105
request=$(asked)
vote ana "$request"
vote bo "$request" --deny --reason 'not on a Friday'
expect 1 'not on a Friday' run 105
failed gateledger-gate 1
absent deploy
vote bo "$request" --revoke

echo "= votes pasted as notes of the merge request; the gate reads them with the job's token"
change 'A fourth, by merge request'
tell "request 5 $(dana git rev-parse HEAD)"
expect 1 'PENDING' run 110
request=$(asked)
pasted() { # WHO FLAG…
	as "$1" gateledger approve "$request" --ssh "$work/keys/$1" --yes --print "${@:2}" >"$work/note" 2>/dev/null
	{ echo 'Looks good.' && echo && echo '```' && cat "$work/note" && echo '```'; } >"$work/note.md"
	tell "note 5 $work/note.md"
}
pasted ana
pasted bo
tell fail
expect 1 'FAIL' run 110 gateledger-gate
failed gateledger-gate 3
tell mend
expect 0 'ALLOWED' run 110
passed deploy

echo "= GitLab is told with a token of the project's own; one that tells nobody is red where that is required"
telling() { # CODE TEXT HOW MORE
	sed "s/ environment: production}\$/ environment: production, report: $3$4}/" "$work/runner/110/.gitlab-ci.yml" >"$work/runner/110/tell.yml"
	grep -q "report: $3" "$work/runner/110/tell.yml"
	expect "$1" "$2" run 110 --file tell.yml --variable APPROVALS_TOKEN=glpat-somebodys-own-token gateledger-gate
}
telling 0 'announced by gitlab-status' required ', token-variable: APPROVALS_TOKEN'
telling 0 'the forge was not told' best-effort ''
grep -q ALLOWED "$work/out"
telling 1 'the forge was not told' required ''
failed gateledger-gate 3
telling 0 'ALLOWED' none ', token-variable: APPROVALS_TOKEN'

echo "= a merge request: its SBOM, no key, no gate"
sed 's/needs: \[build, gateledger-gate, gateledger-verify\]/needs: [build, gateledger-gate]/' "$work/dana/app/.gitlab-ci.yml" >"$work/mr.yml"
cp "$work/mr.yml" "$work/dana/app/.gitlab-ci.yml"
push 'Smaller'
# shellcheck disable=SC2016
hostile_branch='$(touch${IFS}'$work'/pwned-branch)'
hostile_title='`touch '$work'/pwned-title`"; touch '$work'/pwned-title; #'"'"'; touch '$work/pwned-title
expect 0 'gateledger-sbom' run 106 --variable CI_PIPELINE_SOURCE=merge_request_event --variable CI_MERGE_REQUEST_IID=5 \
	--variable "CI_MERGE_REQUEST_TITLE=$hostile_title" --variable CI_MERGE_REQUEST_REF_PATH=refs/merge-requests/5/head \
	--unset-variable CI_COMMIT_BRANCH
passed gateledger-sbom
absent gateledger-gate
absent gateledger-record

echo "= hostile names of branch, title and message are words like others"
expect 1 'FAIL' run 107 --variable "CI_MERGE_REQUEST_TITLE=$hostile_title" --variable "CI_COMMIT_MESSAGE=$hostile_title" \
	--variable "CI_COMMIT_REF_NAME=$hostile_branch" --variable "GITLAB_USER_NAME=$hostile_title" \
	--variable "CI_COMMIT_TITLE=$hostile_title" --variable "CI_COMMIT_TAG_MESSAGE=$hostile_title"
failed gateledger-gate 8
[ -z "$(find "$work" -maxdepth 1 -name 'pwned*')" ] || { echo "a name was run" && exit 1; }

echo "= who starts a pipeline sets variables; they move neither verdict nor programs"
expect 1 'FAIL' run 108 --variable GATELEDGER_CONSUME=false --variable GATELEDGER_ENVIRONMENT=staging \
	--variable GATELEDGER_POLICY="$work/policy.yml" --variable programs=/tmp --variable environment=staging \
	--variable subject="other@sha256:$(printf '%064d' 0)" --variable consume=false --variable ledger="dir:$work/mine" \
	--variable release=http://127.0.0.1:1 --variable GATELEDGER_VERDICT=allowed
failed gateledger-gate 8
grep -q 'production' "$work/out"

echo "= inputs of another shape make no pipeline"
bad() { # COMPONENT INPUT VALUE TEXT
	jq -n --arg component "$name/$1@1.0.0" --arg input "$2" --arg value "$3" --arg policy "$policy" '
		{include: [{component: $component, inputs: ((if $component | contains("/verify@") then {policy: $policy, subject: "dist/app"} else {} end)
			+ {($input): ($value | fromjson? // $value)})}], build: {script: ["true"]}}' >"$work/runner/101/bad.yml"
	expect 1 "$4" run 101 --file bad.yml --list
	grep -qF "$2" "$work/out"
}
bad gate environment "production'; touch $work/pwned; '" 'does not match required regex'
# shellcheck disable=SC2016
bad gate environment 'production$(touch pwned)' 'does not match required regex'
bad gate environment $'production\ntouch pwned' 'does not match required regex'
bad gate subject 'dist/app' 'does not match required regex'
bad gate consume '"maybe"' 'boolean'
bad gate report strict 'cannot be used because it is not in the list of allowed options'
bad gate token-variable 'PATH;id' 'does not match required regex'
bad gate key-variable 'PATH;id' 'does not match required regex'
bad gate needs '"build"' 'array'
bad record subject "dist/app';id" 'does not match required regex'
bad record subject '--key=/etc/passwd' 'does not match required regex'
bad record result 'fine' 'cannot be used because it is not in the list of allowed options'
bad record strict 7 'boolean'
bad sbom spec 2.0 'spec'
bad sbom output '../../x"y' 'does not match required regex'
bad verify policy 'sha256:123' 'does not match required regex'
bad verify max-age 'a day' 'does not match required regex'
printf 'include: [{component: %s/verify@1.0.0}]\nbuild: {script: ["true"]}\n' "$name" >"$work/runner/101/bad.yml"
expect 1 'policy' run 101 --file bad.yml --list

echo "= versions"
versions() { # REF CODE TEXT
	printf 'include: [{component: %s/sbom@%s}]\n' "$name" "$1" >"$work/runner/101/version.yml"
	expect "$2" "$3" run 101 --file version.yml --preview
}
versions 1.0.0 0 "GIT_DEPTH: '1'"
versions 1 0 "GIT_DEPTH: '2'"
versions '~latest' 0 "GIT_DEPTH: '2'"
versions "$catalog_head" 0 "GIT_DEPTH: '2'"
versions 3.0.0 1 'Component include could not be fetched'

echo "= programs are downloaded, and nothing that has other bytes is run"
release
"$top/release/stamp" v9.0.0 "$work/checksums.txt" "$catalog"/templates/*.yml "$catalog"/include/*.yml
cp "$catalog/templates/sbom.yml" "$work/stamped.yml"
"$top/release/stamp" v9.0.0 "$work/checksums.txt" "$catalog/templates/sbom.yml"
cmp "$work/stamped.yml" "$catalog/templates/sbom.yml"
commit -am '9.0.0' && git -C "$catalog" tag 9.0.0
HOME=$work/release git -C "$catalog" push -q "$host/gateledger/gateledger.git" main --tags
download() { # CODE TEXT VERSION
	printf 'include: [{component: %s/sbom@%s, inputs: {release-url: "%s"}}]\n' "$name" "$3" "$released" >"$work/runner/101/download.yml"
	expect "$1" "$2" run 101 --file download.yml gateledger-sbom
}
download 0 'PASS  gateledger-sbom' 9.0.0
grep -q 'GET /acme/app/releases/download/v9.0.0/gateledger-sbom_linux' "$work/githost.log"
program=$work/root/acme/app/releases/download/v9.0.0/gateledger-sbom_linux_$(go env GOARCH)
echo 'echo pwned' >>"$program"
download 1 'has the SHA-256' 9.0.0
failed gateledger-sbom 4
rm "$program"
download 1 'get http://127.0.0.1' 9.0.0
failed gateledger-sbom 3
download 1 'this file names no release' 1.0.0
failed gateledger-sbom 2

echo "= without a key, with another one, and with a token that may only read"
expect 1 'there is no event key' run 101 --file .gitlab-ci.yml --variable GATELEDGER_EVENT_KEY= gateledger-record
failed gateledger-record 2
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkcs8 -topk8 -nocrypt >"$work/other.pem"
expect 1 'is no signer' run 101 --variable "GATELEDGER_EVENT_KEY=$(cat "$work/other.pem")" gateledger-record
expect 1 'there is no log key' run 101 --variable GATELEDGER_LOG_KEY= gateledger-gate
failed gateledger-gate 2
sed 's/token-of-runner-00/token-of-reader-00/' "$work/runner-home/.netrc" >"$work/netrc" && cp "$work/netrc" "$work/runner-home/.netrc"
echo "module acme.example/app2" >"$work/runner/101/go.mod"
expect 1 'FAIL' run 101 --variable CI_JOB_TOKEN=token-of-reader-00 build unit gateledger-sbom gateledger-record gateledger-gate
if grep -qE '^ PASS  gateledger-gate' "$work/out"; then
	cat "$work/out" && exit 1
fi
netrc "$work/runner-home" token-of-runner-00

echo "= the event key as a variable of the type file"
echo 'GATELEDGER_EVENT_KEY: {type: file, values: {"*": '"$(jq -Rs . "$work/keys/event.pem")"'}}' >"$work/runner/102/.gitlab-ci-local-variables.yml"
expect 0 'PASS' run 102 build unit gateledger-sbom gateledger-record

echo "= the variant to include, without inputs"
cat >"$work/dana/app/.gitlab-ci.yml" <<YAML
include:
  - {project: gateledger/gateledger, ref: 9.0.0, file: /include/gateledger.yml}
gateledger-sbom:
  extends: .gateledger-sbom
  script: &programs
    - !reference [.gateledger, functions]
    - programs=$programs
    - gateledger_sbom
gateledger-record:
  extends: .gateledger-record
  needs: [build, unit, gateledger-sbom]
  script:
    - !reference [.gateledger, functions]
    - programs=$programs
    - tests=report.xml scans=found.json
    - gateledger_record
gateledger-gate:
  extends: .gateledger-gate
  script:
    - !reference [.gateledger, functions]
    - programs=$programs
    - gateledger_gate --environment=production
build:
  script: mkdir -p dist && cp go.mod dist/app
  artifacts: {paths: [dist/app]}
unit:
  script: cp results.xml report.xml
  artifacts: {paths: [report.xml]}
deploy:
  stage: deploy
  needs: [gateledger-gate]
  script: echo "deployed, verdict \$GATELEDGER_VERDICT"
YAML
push 'Include, without components'
expect 1 'PENDING' run 109
failed gateledger-gate 8
absent deploy
request=$(asked)
vote ana "$request"
vote bo "$request"
expect 0 'deployed, verdict allowed' run 109
expect 0 'ok: ' dana gateledger verify ledger
quiet -r "$work"/runner/*/gateledger-report "$work/githost.log"
echo "GitLab: $checks checks, ok (${SECONDS}s)"
