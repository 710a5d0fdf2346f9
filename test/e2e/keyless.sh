#!/usr/bin/env bash
# The main job without a key at any job or person but the log's: a private
# Sigstore (test/sigstore), a git: ledger, workflows and people known by their
# certificates, times proven by a timestamp authority; then everything verified
# with every service gone, by us and by stock cosign, and replays refused.
# BENCH=1 prints figures too.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$(test/sigstore/build)
export GATELEDGER_TOOLS=$tools
if [ "${1:-}" != inside ]; then
	# In there is no network to get modules from.
	CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' ./cmd/... ./test/sigstore/...
	exec test/sigstore/within "$0" inside
fi

top=$PWD
work=$(mktemp -d)
trap '"$top/test/sigstore/down" "$work/sigstore"; rm -rf "$work"' EXIT
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' -o "$work/bin/" ./cmd/gateledger ./cmd/gateledger-remote
GOMODCACHE=$(go env GOMODCACHE) GOCACHE=$(go env GOCACHE)
export GOMODCACHE GOCACHE PATH="$work/bin:$PATH" HOME="$work/home" GIT_CONFIG_NOSYSTEM=1
unset CI GITHUB_ACTIONS GITLAB_CI SIGSTORE_ID_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN XDG_CONFIG_HOME
mkdir -p "$HOME" "$work/app"
git config --global user.name Dana
git config --global user.email dana@acme.example
git config --global init.defaultBranch main
checks=0

# expect CODE TEXT COMMAND…: COMMAND ends with CODE and says TEXT somewhere
expect() {
	local want=$1 text=$2 code=0
	shift 2
	"$@" >"$work/out" 2>&1 || code=$?
	if [ "$code" != "$want" ] || ! grep -qF -- "$text" "$work/out"; then
		echo "exit $code, want $want with '$text': $*"
		cat "$work/out"
		exit 1
	fi
	if grep -qE 'eyJ[A-Za-z0-9_-]{20}|test-request-token' "$work/out"; then
		echo "a token is shown: $*" && exit 1
	fi
	checks=$((checks + 1))
}

echo "= a log, then a Sigstore whose trusted root names it"
cd "$work/app"
git init -q
git init -q --bare ../remote.git
git remote add origin "$work/remote.git"
gateledger init --ledger git:origin >/dev/null
origin=$(sed -n 's/^  origin: "\(.*\)"/\1/p' .gateledger.yml)
key=$(sed -n 's/^  keys: \["\(.*\)"\]/\1/p' .gateledger.yml)
dev=$(sed -n 's/^  dev: {key: "\([^"]*\)".*/\1/p' .gateledger.yml)
SIGSTORE_LEDGER=$key "$top/test/sigstore/up" "$work/sigstore"
# shellcheck disable=SC1091
. "$work/sigstore/env"
mkdir .gateledger
cp "$SIGSTORE_TRUSTED_ROOT" .gateledger/trusted_root.json
root=$(sha256sum .gateledger/trusted_root.json | cut -d' ' -f1)
ssh-keygen -q -t ed25519 -N '' -C ana -f "$work/ana"

policy() { # extra lines for the ci signer
	cat <<YAML
version: 1
ledger: {url: "git:origin", origin: "$origin", keys: ["$key"]}
sigstore:
  trusted-root: "sha256:$root"
  timestamp: "$SIGSTORE_TSA"
signers:
  ci:
    issuer: "$SIGSTORE_OIDC/github"
    repository-id: 1296269
    workflow: ".github/workflows/build.yml"
    ref: refs/heads/main
    triggers: [push]
    runner: github-hosted
  dev: {key: "$dev", tier: fast}
  gate:
    issuer: "$SIGSTORE_OIDC/github"
    repository-id: 1296269
    workflow: ".github/workflows/deploy.yml"
    ref: {pattern: "refs/heads/(main|release-[0-9]+)"}
principals:
  ana: {keys: [{ssh: "$(cat "$work/ana.pub")"}], emails: [ana@acme.example], roles: [lead]}
  bob: {keyless: {identity: bob@acme.example, issuer: "$SIGSTORE_OIDC/people"}, emails: [bob@acme.example], roles: [lead]}
  dana: {keyless: {identity: dana@acme.example, issuer: "$SIGSTORE_OIDC/people"}, emails: [dana@acme.example], roles: [lead]}
environments:
  production:
    tier: fast
    dated: true
    gate: [gate]
    require: [{role: lead, count: 2}]
    exclude: [author, committer]
    evidence:
      - {event: build, by: [ci]}
      - {event: test, result: passed, by: [ci], max-age: 24h}
policy-change: {require: [{role: lead, count: 2}]}
YAML
}
policy >.gateledger.yml
gateledger policy lint >/dev/null
git add .
git commit -q -m 'Who may release'
git push -q origin HEAD:refs/heads/main
gateledger trust --yes >/dev/null
head=$(git rev-parse HEAD)
echo 'the artifact' >"$work/app.bin"
cat >"$work/tests.json" <<'JSON'
{"Action":"run","Package":"example.org/app","Test":"TestApp"}
{"Action":"pass","Package":"example.org/app","Test":"TestApp","Elapsed":0.01}
{"Action":"pass","Package":"example.org/app","Elapsed":0.02}
JSON

keyless=(--keyless --oidc github --signing-config "$SIGSTORE_CONFIG")
job() { # query, command…: as a job with these claims
	local query=$1
	shift
	ACTIONS_ID_TOKEN_REQUEST_URL="$SIGSTORE_GITHUB?sha=$head&$query" ACTIONS_ID_TOKEN_REQUEST_TOKEN=$SIGSTORE_GITHUB_BEARER "$@"
}
build() { job "$1" gateledger record build --subject "$work/app.bin" "${keyless[@]}" "${@:2}"; }
gate() { job "workflow_path=.github/workflows/deploy.yml" gateledger gate --subject "$work/app.bin" "${keyless[@]}" "$@"; }

echo "= a job signs as itself, and as nobody else"
expect 2 'is no signer' build 'repository=mallory/app&repository_id=666'
expect 2 'is no signer' build 'ref=refs/heads/feature'
expect 2 'is no signer' build 'workflow_path=.github/workflows/other.yml'
expect 2 'is no signer' build 'event_name=pull_request_target'
expect 2 'is no signer' build 'event_name=workflow_run'
expect 2 'is no signer' build 'runner_environment=self-hosted'
expect 0 'signer   ci' build '' -o "$work/build.json"
expect 0 'signer   ci' job '' gateledger record test --subject "$work/app.bin" "${keyless[@]}" "$work/tests.json"

echo "= a key that the policy names signs beside them, and is no ci"
echo 'by key' >"$work/keyed.bin"
expect 0 'signer   dev' gateledger record build --subject "$work/keyed.bin" -o "$work/keyed.json"
openssl ec -in "$HOME/.config/gateledger/event/$origin.pem" -pubout -out "$work/keyed.pub" 2>/dev/null

echo "= a gate that signs as its own workflow"
expect 2 'is no signer' job 'workflow_path=.github/workflows/evil.yml' gateledger gate --subject "$work/app.bin" "${keyless[@]}"
expect 8 '2 approvals by lead' gate
request=$(sed -n 's/^ *gateledger approve \([0-9a-f]*\).*/\1/p' "$work/out" | head -1)
expect 0 'approve cast' gateledger approve "$request" --ssh "$work/ana" --yes
person() { curl -sSf "$SIGSTORE_OIDC/people/mint?email=$1" | jq -r .value >"$work/token" && chmod 600 "$work/token"; }
vote() { gateledger approve "$request" --keyless --oidc token --identity-token "$work/token" --signing-config "$SIGSTORE_CONFIG" --yes "${@:1}"; }
person mallory@acme.example
expect 1 "is nobody's in the policy" vote
person dana@acme.example
expect 0 'approve cast' vote
expect 8 '1 more approval by lead' gate
expect 8 'dana is the author' gate
person bob@acme.example
expect 0 'approve cast' vote --reason 'looks right'
expect 0 'ALLOWED' gate --run 7
expect 0 'clock     proven' gate --run 7
expect 1 'already used by run' gate --run 8
expect 0 '' job 'workflow_path=.github/workflows/deploy.yml' gateledger record deployment --subject "$work/app.bin" --environment production --result healthy "${keyless[@]}" -o "$work/deployment.json"

# median N COMMAND…: its median wall time and largest memory, of N runs
median() {
	local n=$1
	shift
	for _ in $(seq "$n"); do
		/usr/bin/time -f '%e %M' -a -o "$work/times" "$@" >/dev/null 2>&1
	done
	sort -n "$work/times" | awk -v n="$n" '{t[NR]=$1; if ($2>m) m=$2} END {printf "p50 %.0f ms, %.1f MB\n", t[int((n+1)/2)]*1000, m/1024}'
	rm "$work/times"
}
if [ -n "${BENCH:-}" ]; then
	printf 'offline verify of a keyless bundle:        ' && median 41 gateledger verify bundle "$work/build.json"
	printf 'the same by stock cosign:                  ' && median 41 "$SIGSTORE_COSIGN" verify-blob-attestation --bundle "$work/build.json" --trusted-root "$SIGSTORE_TRUSTED_ROOT" \
		--type https://slsa.dev/provenance/v1 --certificate-identity https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main \
		--certificate-oidc-issuer "$SIGSTORE_OIDC/github" --insecure-ignore-sct --use-signed-timestamps "$work/app.bin"
	printf 'keyless record, services and push included:' && for i in $(seq 11); do
		echo "artifact $i" >"$work/bench.bin"
		/usr/bin/time -f '%e %M' -a -o "$work/times" env ACTIONS_ID_TOKEN_REQUEST_URL="$SIGSTORE_GITHUB?sha=$head" ACTIONS_ID_TOKEN_REQUEST_TOKEN="$SIGSTORE_GITHUB_BEARER" \
			gateledger record build --subject "$work/bench.bin" "${keyless[@]}" >/dev/null 2>&1
	done && sort -n "$work/times" | awk '{t[NR]=$1; if ($2>m) m=$2} END {printf " p50 %.0f ms, %.1f MB\n", t[6]*1000, m/1024}'
fi

echo "= without the timestamp authority nothing is dated, and nothing is allowed"
kill "$(cat "$work/sigstore/tsa.pid")"
sleep 0.5
expect 3 'timestamp' build ''

echo "= everything again, with every service gone"
"$top/test/sigstore/down" "$work/sigstore"
expect 0 'HOLDS' gateledger verify artifact "$work/app.bin"
expect 0 '' gateledger verify decision --for "$work/app.bin" --environment production
expect 0 'ok: ' gateledger verify ledger
expect 0 'signed by ci' gateledger verify bundle "$work/build.json"
expect 0 '' gateledger export -o "$work/audit.tar"
(cd "$work" && expect 0 'HOLDS' gateledger verify artifact "$work/app.bin" --ledger "$work/audit.tar" --policy "$work/app/.gateledger.yml")
expect 0 'HOLDS' gateledger verify artifact "$work/app.bin" --ledger "$work/audit.tar"

echo "= another root, and none"
other=$work/other-home
mkdir -p "$other/.config"
jq '.certificateAuthorities = []' "$SIGSTORE_TRUSTED_ROOT" >"$work/empty_root.json"
expect 2 'the policy names' env HOME="$other" gateledger verify artifact "$work/app.bin" --ledger "$work/audit.tar" --policy .gateledger.yml --trusted-root "$work/empty_root.json"
mv .gateledger/trusted_root.json "$work/away.json"
(cd "$work" && expect 0 'HOLDS' env HOME="$other" gateledger verify artifact "$work/app.bin" --ledger "$work/audit.tar" --policy "$work/app/.gateledger.yml")

echo "= stock cosign on bundles from the ledger"
cosign() { # bundle, identity
	"$SIGSTORE_COSIGN" verify-blob-attestation --bundle "$1" --trusted-root "$SIGSTORE_TRUSTED_ROOT" --type "$3" \
		--certificate-identity "$2" --certificate-oidc-issuer "$SIGSTORE_OIDC/github" --insecure-ignore-sct --use-signed-timestamps "$work/app.bin"
}
expect 0 'Verified OK' cosign "$work/build.json" https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main https://slsa.dev/provenance/v1
expect 0 'Verified OK' cosign "$work/deployment.json" https://github.com/acme/app/.github/workflows/deploy.yml@refs/heads/main https://gateledger.dev/deployment/v1

keyed() { "$SIGSTORE_COSIGN" verify-blob-attestation --bundle "$work/keyed.json" --trusted-root "$SIGSTORE_TRUSTED_ROOT" --type https://slsa.dev/provenance/v1 --key "$work/keyed.pub" "$1"; }
expect 0 'Verified OK' keyed "$work/keyed.bin"
expect 1 '' keyed "$work/app.bin"

echo "$checks checks passed"
