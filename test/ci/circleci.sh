#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The CircleCI orb: held against CircleCI's JSON schema, and its commands run as
# CircleCI would, with our real programs, on a real log in a branch of the
# project, and real votes.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
work=$(mktemp -d)
trap 'exec 8>&-; rm -rf "$work"' EXIT
# shellcheck source=gitlab-scene.sh
. test/ci/gitlab-scene.sh
schema=$(test/ci/circleci/schema)
build
CGO_ENABLED=0 go build -buildvcs=false -o "$work/circleci" ./test/ci/circleci
serve acme/app

echo "= the schema"
expect 0 'ok: 3 configurations' "$work/circleci" check "$schema" circleci/orb.yml
sed 's/^    steps:$/    stepz:/' circleci/orb.yml >"$work/bad.yml"
expect 2 'jsonschema validation failed' "$work/circleci" check "$schema" "$work/bad.yml"

mkdir "$work/files"
cat >"$work/files/report.xml" <<'XML'
<testsuite name="app" tests="1"><testcase classname="app" name="starts" time="0.1"/></testsuite>
XML
cp internal/scanreport/testdata/trivy.json "$work/files/scan.json"
printf 'module acme.example/app\n\ngo 1.26\n' >"$work/files/go.mod"
project "$work/files/."
HOME=$work/dana git clone -q "$host/acme/app.git" "$work/job"
mkdir "$work/empty"
commit=$(git -C "$work/job" rev-parse HEAD)

# orb FOLDER WORKFLOW COMMAND [NAME=VALUE]…: one command of our orb in a job. A
# run again has the workspace of the first, and an id of its own.
orb() {
	local folder=$1 workflow=$2
	shift 2
	(cd "$folder" && env -i PATH="$PATH" HOME="$work/nobody" GIT_CONFIG_NOSYSTEM=1 TMPDIR="$work" BASH_ENV="$work/bash_env" CI=true CIRCLECI=true \
		CIRCLE_WORKFLOW_WORKSPACE_ID=0ea90424-0f1f-4c44-9f3e-00000000000"$workflow" CIRCLE_WORKFLOW_ID="0ea90424-0f1f-4c44-9f3e-$(printf '%012d' $RANDOM)" \
		CIRCLE_PROJECT_ID=5f1c0c1e-9a3d-4b44-8f5e-000000000001 CIRCLE_BUILD_URL=https://circleci.com/gh/acme/app/7 CIRCLE_BUILD_NUM=7 \
		CIRCLE_REPOSITORY_URL="$host/acme/app.git" CIRCLE_SHA1="$commit" CIRCLE_BRANCH="${branch:-main}" CIRCLE_USERNAME=dana CIRCLE_JOB=build \
		GATELEDGER_EVENT_KEY="$(base64 -w0 "$work/keys/event.pem")" GATELEDGER_LOG_KEY="${log_key-$(cat "$work/keys/log.key")}" \
		GATELEDGER_GIT_TOKEN="${token:-token-of-runner-00}" \
		"$work/circleci" run "${orb_file:-$top/circleci/orb.yml}" "$@" binary-path="${from-$programs}")
}
: >"$work/bash_env"

echo "= build, record, gate: pending is red"
mkdir "$work/job/dist"
cp "$work/job/go.mod" "$work/job/dist/app"
expect 0 'sbom of' orb "$work/job" 1 sbom
expect 0 'pending' orb "$work/job" 1 record subject=dist/app sbom=sbom.cdx.json test-report=report.xml 'scan-report=sc*.json'
expect 8 'PENDING' orb "$work/empty" 1 gate environment=production
request=$(sed -n "s/^GATELEDGER_REQUEST=//p" "$work/empty/gateledger-report/outputs.env")

echo "= two approve, the workflow is run again, the deployment is logged and verified"
vote ana "$request"
vote bo "$request"
expect 0 'ALLOWED' orb "$work/empty" 1 gate environment=production
is 'what was allowed' "$(cat "$work/empty/gateledger-report/allowed.sha256")" "$(cd "$work/job" && sha256sum dist/app)"
same='sha256sum dist/app | grep -xFf gateledger-report/allowed.sha256'
grep -qF -- "- run: $same" circleci/orb.yml && grep -qF -- "- run: $same" circleci/README.md
for bytes in job other; do
	mkdir -p "$work/$bytes/dist" "$work/deploy-$bytes"
	[ -f "$work/$bytes/dist/app" ] || echo evil >"$work/$bytes/dist/app"
	cp -r "$work/$bytes/dist" "$work/empty/gateledger-report" "$work/deploy-$bytes/"
done
expect 0 'dist/app' env -C "$work/deploy-job" bash -eo pipefail -c "$same"
expect 1 'not these' env -C "$work/deploy-other" bash -eo pipefail -c "$same || { echo not these; exit 1; }"
is 'verdict for later steps' "$(sed -n "s/^export GATELEDGER_VERDICT='\(.*\)'/\1/p" "$work/bash_env" | tail -n 1)" allowed
expect 0 'ALLOWED' orb "$work/empty" 1 gate environment=production consume=false
is 'what advice allows' "$(cat "$work/empty/gateledger-report/allowed.sha256")" ''
expect 0 'HOLDS' orb "$work/job" 1 verify subject=dist/app policy="$policy"
expect 0 'HOLDS' orb "$work/job" 1 verify subject=dist/app policy="$policy" environment=production max-age=1h
expect 0 'pending' orb "$work/job" 1 record subject=dist/app environment=production result=healthy
expect 8 'it is for request' orb "$work/empty" 2 gate environment=production subject="app@sha256:$(sha256sum "$work/job/dist/app" | cut -d' ' -f1)"

echo "= hostile names and values are words like others"
# shellcheck disable=SC2016
bad='$(touch pwned)`touch pwned`'"'"'; touch pwned; "; touch pwned; '
# shellcheck disable=SC2016
branch='$(touch${IFS}pwned)' expect 0 'pending' orb "$work/job" 3 record subject=dist/app
expect 2 'unknown environment' orb "$work/empty" 1 gate environment="$bad"
expect 2 'no usable subject' orb "$work/empty" 1 gate environment=production subject="$bad"
expect 2 '' orb "$work/empty" 1 gate ledger="$bad"
from=$bad expect 2 'binary-path: there is no' orb "$work/empty" 1 gate
expect 2 'no such file' orb "$work/job" 1 verify policy="$policy" subject="$bad"
expect 2 '' orb "$work/job" 1 record subject=--log-key=/etc/passwd
is 'names that were run' "$(find "$work" -name 'pwned*')" ''
expect 2 'is no name of a variable' orb "$work/job" 1 gate 'key=PATH;id'
expect 2 'is none of' orb "$work/job" 1 sbom spec=2.0

echo "= no program is fetched before the keys are out of the variables"
awk '/^ *gateledger_(record|gate)\(\)/ { in_it = 1; late = 0 } /^ *# end/ { in_it = 0 } in_it && /^ *(\[.*\] \|\| )?install / { late = 1 } in_it && /secret "/ && late { print FILENAME ": " FNR; bad = 1 } END { exit bad }' \
	circleci/orb.yml gitlab/templates/*.yml gitlab/include/gateledger.yml

echo "= without a key, and with a token that may only read"
log_key='' expect 2 'there is no log key' orb "$work/empty" 1 gate environment=production
token=token-of-reader-00 expect 3 'gateledger-record' orb "$work/job" 4 record subject=go.mod

echo "= a program that is downloaded, and one with other bytes"
release
cp circleci/orb.yml "$work/orb.yml"
release/stamp v9.0.0 "$work/checksums.txt" "$work/orb.yml"
from='' expect 2 'this file names no release' orb "$work/job" 1 sbom
from='' orb_file=$work/orb.yml expect 0 'sbom of' orb "$work/job" 1 sbom release-url="$released"
echo 'echo pwned' >>"$work/root/acme/app/releases/download/v9.0.0/gateledger-sbom_linux_$(go env GOARCH)"
from='' orb_file=$work/orb.yml expect 4 'has the SHA-256' orb "$work/job" 1 sbom release-url="$released"
quiet -r "$work/job" "$work/empty" "$work/bash_env"
expect 0 'ok: ' dana gateledger verify ledger
echo "CircleCI: $checks checks, ok (${SECONDS}s)"
