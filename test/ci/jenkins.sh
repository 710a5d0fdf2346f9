#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The Jenkins shared library, run by Groovy: steps are real processes with our
# real programs, on a real log in a branch of the project, and real votes.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
work=$(mktemp -d)
trap 'exec 8>&-; rm -rf "$work"' EXIT
# shellcheck source=gitlab-scene.sh
. test/ci/gitlab-scene.sh
if ! command -v groovy >/dev/null; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq groovy
fi
[ -n "${JAVA_HOME:-}" ] || [ -x /usr/lib/jvm/default-java/bin/java ] || export JAVA_HOME=/usr
build
serve acme/app

mkdir "$work/files"
cat >"$work/files/results.xml" <<'XML'
<testsuite name="app" tests="1"><testcase classname="app" name="starts" time="0.1"/></testsuite>
XML
cp "$top/internal/scanreport/testdata/trivy.json" "$work/files/found.json"
printf 'module acme.example/app\n\ngo 1.26\n' >"$work/files/go.mod"
cat >"$work/files/Jenkinsfile" <<'JENKINS'
@Library('gateledger') _
gateledgerPipeline(
    artifact: 'dist/app', environment: 'production', git: 'git-login', wait: WAIT,
    label: 'build', gateLabel: 'gate', binaryPath: 'PROGRAMS',
    build: { sh 'mkdir -p dist && cp go.mod dist/app' },
    test: { sh 'cp results.xml report.xml' }, testReports: ['report.xml'],
    scan: { sh 'cp found.json scan.json' }, scanReports: ['scan.json'],
    deploy: { sh 'DEPLOY' },
)
JENKINS
project "$work/files/."

# jenkins NUMBER [SETTING…]: a build of the head of main. WAIT and DEPLOY of the
# Jenkinsfile can be given.
jenkins() {
	local number=$1 wait=0 deploy='test -f dist/app && touch ../../deployed' file=$work/dana/app/Jenkinsfile
	shift
	for setting; do
		case $setting in
		wait=*) wait=${setting#*=} ;;
		deploy=*) deploy=${setting#*=} ;;
		file=*) file=${setting#*=} ;;
		esac
	done
	built=$work/builds/$number
	mkdir -p "$built/archive"
	sed "s|WAIT|$wait|; s|PROGRAMS|$programs|; s|DEPLOY|${deploy//&/\\&}|" "$file" >"$built/Jenkinsfile"
	jq -n --arg work "$built" --arg library "${library:-$top/jenkins}" --arg remote "$host/acme/app.git" --arg commit "$(dana git rev-parse HEAD)" \
		--arg number "$number" --arg keys "$work/keys" --arg path "$PATH" --arg home "$work/agent" --arg policy "$work/policy.yml" \
		--arg branch "${branch:-main}" --arg token "${token:-token-of-runner-00}" '{
		library: $library, work: $work, remote: $remote, commit: $commit,
		variables: {PATH: $path, HOME: $home, GIT_CONFIG_NOSYSTEM: "1", JENKINS_URL: "https://ci.acme.example/", JOB_NAME: "app",
			BUILD_NUMBER: $number, BUILD_URL: ("https://ci.acme.example/job/app/" + $number + "/"), BRANCH_NAME: $branch,
			CHANGE_TITLE: "`touch pwned`$(touch pwned)\u0027; touch pwned; \u0027"},
		credentials: {"gateledger-event-key": {file: ($keys + "/event.pem")}, "gateledger-log-key": {file: ($keys + "/log.key")},
			"gateledger-policy": {file: $policy}, "git-login": {user: "x", password: $token}}}' >"$built/settings.json"
	netrc "$work/agent" token-of-reader-00
	groovy "$top/test/ci/jenkins/harness.groovy" "$built/Jenkinsfile" "$built/settings.json"
}

result() { jq -r "$1" "$built/result.json"; }
asked() { sed -n 's/^GATELEDGER_REQUEST=//p' "$built/archive/gateledger-report/gate/outputs.env"; }

# Nothing that a step printed, masked or not, and nothing that was archived may
# hold a secret; no secret file may be left.
clean() {
	quiet "$built/raw.log"
	quiet -r "$built/archive"
	is 'secret files left' "$(find "$built/workspace" -path '*secretFiles*' -type f)" ''
}

echo "= no closure where Jenkins would run it in another style, and no step where it could not"
# Outside of @NonCPS methods Jenkins runs closures given to Groovy's own methods
# wrongly; inside of them, steps.
awk '
	FNR == 1 { plain = 0 }
	/@com.cloudbees.groovy.cps.NonCPS/ { plain = 1 }
	/^}/ { plain = 0 }
	!plain && /\.(each|eachWithIndex|collect|collectEntries|find|findAll|any|every|sort|inject|with|tap)[ (]*[{]/ { print FILENAME ": " FNR ": " $0; bad = 1 }
	plain && /[^a-zA-Z.](sh|echo|error|node|stage|readFile|writeFile|withEnv|withCredentials|gateledger[A-Z][a-z]*)\(/ { print FILENAME ": " FNR ": " $0; bad = 1 }
	END { exit bad }' jenkins/vars/*.groovy

echo "= no votes: NOT_BUILT, and nothing is deployed"
expect 8 'Finished: NOT_BUILT' jenkins 1
grep -q 'ERROR: gateledger gate: pending: 2 approvals by lead; gateledger approve' "$work/out"
is 'last stage' "$(result '.stages[-1] | .name + " " + .status')" 'Approval FAILURE'
[ ! -e "$built/deployed" ]
jq -e '.bomFormat == "CycloneDX"' "$built/archive/sbom.cdx.json" >/dev/null
clean

echo "= built again once two have approved: deployed, logged, verified, completed"
request=$(asked)
vote ana "$request"
vote bo "$request"
expect 0 'Finished: SUCCESS' jenkins 2
is stages "$(result '[.stages[] | .name + " " + .status] | join(", ")')" \
	'Checkout SUCCESS, Commit SUCCESS, Build SUCCESS, Test SUCCESS, Scan SUCCESS, Record SUCCESS, Approval SUCCESS, Deploy SUCCESS, Verify Deployment SUCCESS'
[ -e "$built/deployed" ]
is 'what agents that run project code are given' "$(result '[.bindings[] | select(startswith("gate ") | not)] | sort | join(", ")')" 'build gateledger-policy, build git-login'
is 'where the log key is' "$(result '[.bindings[] | select(contains("log-key"))] | join(", ")')" 'gate gateledger-log-key'
is 'request of both builds' "$(asked)" "$request"
is 'the end' "$(jq -r '.status + " " + .build + " " + (.duration > 0 | tostring)' "$built/archive/gateledger-report/pipeline.json")" 'SUCCESS 2 true'
clean
expect 0 'HOLDS' dana gateledger verify artifact go.mod
for kind in commit build sbom test request decision consumption deployment; do
	grep -q "$kind" "$work/out" || { cat "$work/out" && echo "no $kind in the chain" && exit 1; }
done
dana gateledger verify commit "$(dana git rev-parse HEAD)" --json >"$work/commit.json"
grep -q 'succeeded after ' "$work/commit.json"

echo "= the same bytes again need votes of their own"
expect 8 'it is for request' jenkins 3
[ ! -e "$built/deployed" ]

change() {
	date +%s%N >"$work/dana/app/notes"
	dana git add --all
	dana git commit -q -m "$1"
	dana git push -q origin HEAD:refs/heads/main
}

echo "= waiting for votes holds no agent; the second of them comes in meanwhile"
change 'Another release'
mkdir -p "$work/builds/4"
cat >"$work/builds/4/while-asleep" <<SH
[ "\$1" = 2 ] || exit 0
set -e
cd "$work/dana/app"
PATH="$programs:\$PATH" GIT_CONFIG_NOSYSTEM=1; export PATH GIT_CONFIG_NOSYSTEM
request=\$(sed -n 's/^GATELEDGER_REQUEST=//p' "$work/builds/4/archive/gateledger-report/gate/outputs.env")
for who in ana bo; do
	export HOME="$work/\$who" XDG_CONFIG_HOME="$work/\$who/config"
	gateledger approve "\$request" --ssh "$work/keys/\$who" --yes >/dev/null 2>&1 || [ \$? = 8 ]
done
SH
expect 0 'Finished: SUCCESS' jenkins 4 wait=60
is 'times asked' "$(result '.sleeps | join(", ")')" '5 MINUTES, 5 MINUTES'

echo "= other bytes than those that this build's gate allowed"
change 'A release that is changed on its way'
mkdir -p "$work/builds/40"
sed "s|/builds/4/|/builds/40/|" "$work/builds/4/while-asleep" >"$work/builds/40/while-asleep"
echo "[ ! -f '$work/builds/40/stash/gateledger/dist/app' ] || echo evil >>'$work/builds/40/stash/gateledger/dist/app'" >>"$work/builds/40/while-asleep"
expect 1 'and that is not what the gate allowed' jenkins 40 wait=60
grep -q 'ALLOWED' "$work/out"
[ ! -e "$built/deployed" ]

echo "= without agents for the keys it refuses, or says loudly where they are"
change 'Agents together'
sed "s/ gateLabel: 'gate',//" "$work/dana/app/Jenkinsfile" >"$work/Together"
expect 1 'gateLabel is needed' jenkins 41 file="$work/Together"
is 'what was bound' "$(result '.bindings | join(", ")')" ''
sed -i "s/label: 'build',/& keysWithCode: true,/" "$work/Together"
expect 8 'WARNING: gateledger: there is no gateLabel of its own' jenkins 42 file="$work/Together"

echo "= a veto"
change 'A third release'
expect 8 'Finished: NOT_BUILT' jenkins 5
request=$(asked)
vote ana "$request"
vote bo "$request" --deny --reason 'not on a Friday'
expect 1 'Finished: FAILURE' jenkins 6
grep -q 'not on a Friday' "$work/out"
is result "$(result .result)" FAILURE
is 'the end' "$(jq -r .status "$built/archive/gateledger-report/pipeline.json")" FAILURE
[ ! -e "$built/deployed" ]
vote bo "$request"

echo "= a deployment that fails is logged as that, and so is the end"
expect 1 'script returned exit code 7' jenkins 7 deploy='exit 7'
is stage "$(result '.stages[-1] | .name + " " + .status')" 'Deploy FAILURE'
dana gateledger verify environment production --json >"$work/environment.json" || true
grep -q '"failed"' "$work/environment.json" || { cat "$work/environment.json" && exit 1; }
clean

echo "= another artifact than was approved"
change 'A fourth release'
expect 8 'Finished: NOT_BUILT' jenkins 8
request=$(asked)
vote ana "$request"
vote bo "$request"
cat >"$work/Tampering" <<'JENKINS'
def steps = [
    artifact: 'dist/app', environment: 'production', git: 'git-login', binaryPath: 'PROGRAMS',
    key: 'gateledger-event-key', logKey: 'gateledger-log-key',
]
node {
    def at = checkout(scm)
    withEnv(['GIT_URL=' + at.GIT_URL, 'GIT_COMMIT=' + at.GIT_COMMIT, 'GIT_BRANCH=' + at.GIT_BRANCH]) {
        sh 'mkdir dist && cp go.mod dist/app'
        gateledgerRecord(steps + [kind: 'build', subject: 'dist/app'])
        gateledgerGate(steps)
        sh 'echo evil >>dist/app'
        gateledgerVerify(steps + [check: 'decision', subject: 'dist/app'])
        sh 'touch ../../deployed'
    }
}
JENKINS
expect 1 'gateledger verify decision: exit' jenkins 9 file="$work/Tampering"
grep -q 'ALLOWED' "$work/out"
[ ! -e "$built/deployed" ]

echo "= hostile names and values are words like others"
change 'A fifth release'
# shellcheck disable=SC2016
branch='$(touch${IFS}pwned)`touch${IFS}pwned`;touch${IFS}pwned' expect 8 'Finished: NOT_BUILT' jenkins 10
cat >"$work/Hostile" <<'JENKINS'
def bad = '$(touch pwned)`touch pwned`\'; touch pwned; \'"; touch pwned; "\n touch pwned'
node {
    def at = checkout(scm)
    withEnv(['GIT_URL=' + at.GIT_URL, 'GIT_COMMIT=' + at.GIT_COMMIT, 'GIT_BRANCH=' + at.GIT_BRANCH]) {
        def o = [binaryPath: 'PROGRAMS', git: 'git-login']
        def ends = []
        for (f in [
            { gateledgerRecord(o + [kind: 'build', subject: bad]) },
            { gateledgerRecord(o + [kind: 'build', subject: ['--log-key=/etc/passwd', '-h']]) },
            { gateledgerRecord(o + [kind: bad, subject: 'go.mod']) },
            { gateledgerRecord(o + [kind: 'test', subject: 'go.mod', reports: ['--help', bad]]) },
            { gateledgerGate(o + [environment: bad]) },
            { gateledgerGate(o + [environment: '--consume=false']) },
            { gateledgerGate(o + [subject: bad]) },
            { gateledgerGate(o + [ledger: bad]) },
            { gateledgerGate(o + [binaryPath: bad]) },
            { gateledgerVerify(o + [check: 'artifact', subject: bad]) },
            { gateledgerVerify(o + [check: 'artifact', subject: '--help']) },
            { gateledgerVerify(o + [check: '--help', subject: 'go.mod']) },
            { gateledgerSbom(o + [path: '--help']) },
            { gateledgerSbom(o + [path: bad, output: bad]) },
        ]) {
            try {
                f.call()
                ends.add('WENT THROUGH')
            } catch (e) {
                ends.add('refused')
            }
        }
        echo 'ends: ' + ends.unique().join(' ') + ', ' + ends.size()
    }
}
JENKINS
expect 0 'ends: refused, 1' jenkins 11 file="$work/Hostile"
is 'names that were run' "$(find "$work/builds" -name 'pwned*')" ''

echo "= no release, no key, another key, a token that may only read"
cat >"$work/Keys" <<'JENKINS'
node {
    def at = checkout(scm)
    withEnv(['GIT_URL=' + at.GIT_URL, 'GIT_COMMIT=' + at.GIT_COMMIT, 'GIT_BRANCH=' + at.GIT_BRANCH]) {
        STEP
    }
}
JENKINS
step() { # NUMBER CODE TEXT STEP
	sed "s|STEP|$4|" "$work/Keys" >"$work/Keys.$1"
	expect "$2" "$3" jenkins "$1" file="$work/Keys.$1"
	[ "$2" = 0 ] || is result "$(result .result)" FAILURE
}
step 12 1 'this file names no release' "gateledgerSbom()"
step 13 1 "Could not find credentials entry with ID 'nobody'" "gateledgerGate(binaryPath: 'PROGRAMS', git: 'git-login', logKey: 'nobody')"
step 14 1 'gateledger gate: exit 2' "gateledgerGate(binaryPath: 'PROGRAMS', git: 'git-login', logKey: null)"
step 15 1 'gateledger record build: exit 2' "gateledgerRecord(binaryPath: 'PROGRAMS', git: 'git-login', key: 'gateledger-log-key', kind: 'build', subject: 'go.mod')"
token=token-of-reader-00 step 16 1 'gateledger gate: exit 3' "gateledgerGate(binaryPath: 'PROGRAMS', git: 'git-login', newRequest: true, subject: 'dist/app@sha256:$(sha256sum "$work/files/go.mod" | cut -d' ' -f1)')"

echo "= a program that is downloaded, and one with other bytes"
release
cp -r jenkins "$work/library"
release/stamp v9.0.0 "$work/checksums.txt" "$work/library/vars/gateledgerRun.groovy"
export library=$work/library
step 17 0 'sbom of' "gateledgerSbom(releaseUrl: '$released')"
echo 'echo pwned' >>"$work/root/acme/app/releases/download/v9.0.0/gateledger-sbom_linux_$(go env GOARCH)"
step 18 1 'has the SHA-256' "gateledgerSbom(releaseUrl: '$released')"
grep -q 'gateledger sbom: exit 4' "$work/out"
unset library
clean
expect 0 'ok: ' dana gateledger verify ledger
echo "Jenkins: $checks checks, ok (${SECONDS}s)"
