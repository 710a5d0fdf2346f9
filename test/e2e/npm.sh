#!/usr/bin/env bash
# The main job on a real npm application: installed by npm, tested by node's
# own runner, packed by npm, approved by two people, verified.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bin/gateledger" ./cmd/gateledger
export PATH="$work/bin:$PATH"
export XDG_CONFIG_HOME="$work/config" GIT_CONFIG_NOSYSTEM=1
unset CI GITHUB_ACTIONS GITLAB_CI

mkdir "$work/app" && cp "$top"/testdata/apps/npm/* "$work/app/" && cd "$work/app"
git init --quiet --initial-branch=main
git config user.name Dana && git config user.email dana@example.org
printf 'node_modules/\n*.tgz\nreport.xml\nsbom.json\n' >.gitignore

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
node --test --test-reporter=junit >report.xml
npm pack --silent --ignore-scripts >/dev/null
artifact=$(ls ./*.tgz)

gateledger init
for who in ana bo dana; do
	ssh-keygen -q -t ed25519 -N '' -f "$work/$who"
	gateledger policy add "$who" --ssh "$work/$who.pub" --email "$who@example.org" --role lead
done
git add --all && git commit --quiet --message 'all of it'

gateledger sbom . -o sbom.json
grep -q '"pkg:npm/' sbom.json
grep -q '"licenses"' sbom.json
gateledger record build --subject "$artifact"
gateledger record test --subject "$artifact" report.xml
gateledger record sbom --subject "$artifact" sbom.json

code=0; gateledger gate --subject "$artifact" --run 1 >pending.txt || code=$?
[ "$code" = 8 ] || { cat pending.txt; echo "gate: exit $code, want 8"; exit 1; }
request=$(gateledger request list | cut -c1-12)
gateledger approve "$request" --ssh "$work/ana" --yes
gateledger approve "$request" --ssh "$work/bo" --yes
gateledger gate --subject "$artifact" --run 1
gateledger record deployment --subject "$artifact" --environment production --result healthy
gateledger verify artifact "$artifact"

# the same tree gives the same bytes, and another artifact is not this one
gateledger sbom . -o again.json && cmp sbom.json again.json
echo tampered >>"$artifact"
code=0; gateledger verify artifact "$artifact" >/dev/null || code=$?
[ "$code" = 4 ] || { echo "verify of a tampered package: exit $code, want 4"; exit 1; }
echo "npm application: ok"
