#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The log is anchored in a real Rekor v1, on Trillian and MariaDB (test/rekor1). A
# checkpoint stands there once, whatever is lost, slow or down in between; what is
# altered, of another log or by another key proves nothing. A job signs without a key,
# dated by Rekor alone, and a gate lets nothing through before Rekor has its word, or
# owes it. All of it verifies with every service gone, by stock cosign too.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
REKOR1=$(test/rekor1/build)
GATELEDGER_TOOLS=$(test/sigstore/build)
export REKOR1 GATELEDGER_TOOLS
if [ "${1:-}" != inside ]; then
	# In there is no network to get modules from.
	CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' ./cmd/gateledger ./cmd/gateledger-remote ./test/sigstore/...
	exec test/sigstore/within "$0" inside
fi

work=$(mktemp -d)
REKOR1_DIR=$work/rekor1
REKOR1_PORT=28430
# shellcheck source=test/rekor1/servers
. test/rekor1/servers
cleanup() { # ends what this script started, by its own process ids
	local f pid
	for f in "$work"/*.pid "$REKOR1_DIR"/*.pid; do
		[ -f "$f" ] || continue
		pid=$(cat "$f")
		kill -KILL "$pid" 2>/dev/null || true
		while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	done
	"$top/test/sigstore/down" "$work/sigstore"
	rm -rf "$work"
}
trap cleanup EXIT
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' -o "$work/bin/" ./cmd/gateledger ./cmd/gateledger-remote
GOMODCACHE=$(go env GOMODCACHE) GOCACHE=$(go env GOCACHE)
export GOMODCACHE GOCACHE PATH="$work/bin:$PATH" HOME="$work/home" GIT_CONFIG_NOSYSTEM=1
unset CI GITHUB_ACTIONS GITLAB_CI SIGSTORE_ID_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN XDG_CONFIG_HOME
mkdir -p "$HOME" "$work/app"
git config --global user.name Dana
git config --global user.email dana@acme.example
git config --global init.defaultBranch main
# shellcheck source=test/e2e/expect
. "$top/test/e2e/expect"
logged() { curl -sSf --noproxy '*' "${1:-$REKOR1_URL}/api/v1/log" | jq .treeSize; } # how many entries Rekor has
kept() { git -C "$work/remote.git" ls-tree -r --name-only gateledger/log anchor/ | wc -l; }
entries=0
took() { # how many more entries Rekor has than when this was asked last
	entries=$((entries + $1))
	is 'entries of Rekor' "$(logged)" "$entries"
}
queued() { # how many entries Trillian ever took
	curl -sSf --noproxy '*' "http://127.0.0.1:$((REKOR1_PORT + 2))/metrics" | awk '/^added_leaves{.*"inserted"/ { sum += $2 } END { print sum + 0 }'
}
hasQueued() { [ "$(queued)" -gt "$before" ]; }
until_it() { # COMMAND…: until it succeeds
	for _ in $(seq 600); do
		"$@" && return
		sleep 0.1
	done
	echo "never: $*" && exit 1
}
rekor() { kill "-$1" "$(cat "$REKOR1_DIR/$2.pid")"; } # SIGNAL NAME
n=0
grow() {
	n=$((n + 1))
	echo "artifact $n" >"$work/grown"
	gateledger record build --subject "$work/grown" >/dev/null 2>&1
}
job() { # as a job of the workflow
	ACTIONS_ID_TOKEN_REQUEST_URL="$SIGSTORE_GITHUB?sha=$(git rev-parse HEAD)" ACTIONS_ID_TOKEN_REQUEST_TOKEN=$SIGSTORE_GITHUB_BEARER "$@"
}

echo "= Rekor v1, a Sigstore, a witness, a log"
cd "$work/app"
git init -q
git init -q --bare ../remote.git
git remote add origin "$work/remote.git"
gateledger init --ledger git:origin >/dev/null
origin=$(sed -n 's/^  origin: "\(.*\)"/\1/p' .gateledger.yml)
key=$(sed -n 's/^  keys: \["\(.*\)"\]/\1/p' .gateledger.yml)
dev=$(sed -n 's/^  dev: {key: "\([^"]*\)".*/\1/p' .gateledger.yml)
"$top/test/sigstore/up" "$work/sigstore"
# shellcheck disable=SC1091
. "$work/sigstore/env"
rekor1_up # after the timestamp authority, which must have the port that both want for metrics
mkdir .gateledger
jq --argjson log "$(rekor1_log rekor)" '.tlogs = [$log]' "$SIGSTORE_TRUSTED_ROOT" >.gateledger/trusted_root.json
root=$(sha256sum .gateledger/trusted_root.json | cut -d' ' -f1)
# Nobody but Rekor says what time it is.
jq --arg url "$REKOR1_URL" '.rekorTlogUrls[0].url = $url | .rekorTlogUrls[0].majorApiVersion = 1 | del(.tsaUrls, .tsaConfig)' "$SIGSTORE_CONFIG" >"$work/config.json"
gateledger witness keygen w.example -o "$work/w.key" >"$work/w.pub" 2>"$work/w.log"
witness=http://127.0.0.1:$((SIGSTORE_FREE_PORT + 1))
gateledger witness serve --key "$work/w.key" --state "$work/w" --log "$key" --listen "${witness#http://}" >"$work/w.log" 2>&1 &
echo $! >"$work/w.pid"
disown
for name in ana bo; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$work/$name"; done
cat >.gateledger.yml <<YAML
version: 1
ledger:
  url: "git:origin"
  origin: "$origin"
  keys: ["$key"]
  witnesses: {need: 1, of: [{key: "$(cat "$work/w.pub")", url: "$witness/", operator: acme}]}
sigstore: {trusted-root: "sha256:$root", timestamp: "$SIGSTORE_TSA"}
anchors:
  public: {rekor: "$REKOR1_URL", version: 1}
signers:
  ci: {issuer: "$SIGSTORE_OIDC/github", repository-id: 1296269, workflow: ".github/workflows/build.yml", ref: refs/heads/main, triggers: [push], runner: github-hosted}
  dev: {key: "$dev", tier: anchored}
principals:
  ana: {keys: [{ssh: "$(cat "$work/ana.pub")"}], emails: [ana@acme.example], roles: [lead]}
  bo: {keys: [{ssh: "$(cat "$work/bo.pub")"}], emails: [bo@acme.example], roles: [lead]}
  dana: {emails: [dana@acme.example]}
environments:
  production: &production
    tier: anchored
    anchors: [witnesses, public]
    gate: [dev]
    require: [{role: lead, count: 2}]
    exclude: [author, committer]
    evidence: [{event: build, by: [ci]}]
  hotfix:
    tier: anchored
    anchors: [witnesses, public]
    outage: {settle-within: 24h}
    gate: [dev]
    require: [{role: lead, count: 1}]
    exclude: [author, committer]
    evidence: [{event: build, by: [ci]}]
policy-change: {require: [{role: lead, count: 2}]}
YAML
sed -i 's| &production$||' .gateledger.yml
expect 0 '' gateledger policy lint
git add . && git commit -qm first && git push -q origin HEAD:main
gateledger trust --yes >/dev/null 2>&1
grow

echo "= once, and not again"
expect 0 'rekor public: proves dated of 1 entry' gateledger anchor
said "entry 0 of $REKOR1_URL" || { cat "$work/out" && exit 1; }
took 1
is 'receipts' "$(kept)" 2
expect 0 '2 anchored already' gateledger anchor
took 0
grow
expect 0 'of 2 entries' gateledger anchor
took 1

echo "= the client is killed between the answer and keeping it"
grow
mv "$work/bin/gateledger-remote" "$work/bin/real"
cat >"$work/bin/gateledger-remote" <<SH
#!/bin/sh
"$work/bin/real" "\$@" >"$work/answer" || exit
kill -KILL \$PPID
SH
chmod +x "$work/bin/gateledger-remote"
expect 137 '' bash -c 'gateledger anchor --to public'
mv "$work/bin/real" "$work/bin/gateledger-remote"
took 1
is 'receipts' "$(kept)" 4
expect 0 "of $n entries" gateledger anchor
took 0
is 'receipts' "$(kept)" 6

echo "= two jobs at once: the second finds what is still queued"
rekor STOP signer
before=$(queued)
grow
gateledger anchor --to public >"$work/first" 2>&1 &
jobs=($!)
until_it hasQueued
gateledger anchor --to public >"$work/second" 2>&1 &
jobs+=($!)
until_it grep -q 'GetLogEntryByUUID.*404' "$REKOR1_DIR/rekor.log"
rekor CONT signer
for job in "${jobs[@]}"; do # on a slow machine one may have given up; none was refused
	code=0
	wait "$job" || code=$?
	[ "$code" = 0 ] || [ "$code" = 8 ] || { echo "exit $code" && cat "$work/first" "$work/second" && exit 1; }
done
expect 0 "of $n entries" gateledger anchor
took 1

echo "= what builds its tree stands still, for longer than anybody waits"
rekor STOP signer
before=$(queued)
grow
for limit in 4s 20s 60s; do
	expect 8 '1 outstanding' gateledger anchor --to public --timeout "$limit"
	! hasQueued || break
done
expect 8 '1 outstanding' gateledger anchor --to public --timeout 4s
rekor CONT signer
expect 0 "of $n entries" gateledger anchor
took 1

echo "= Rekor is slow, and well again"
rekor STOP rekor
grow
expect 8 '1 outstanding' gateledger anchor --to public --timeout 4s
rekor CONT rekor
expect 0 "of $n entries" gateledger anchor
took 1

echo "= one after the other is down, and back"
for name in rekor trees db; do
	rekor1_kill "$name"
	grow
	expect 8 '1 anchored, 1 outstanding' gateledger anchor --timeout 20s
	rekor1_start "$name"
	until_it rekor1_answers rekor
	expect 0 'proves dated' gateledger anchor
	took 1
done

echo "= a bad day between"
between() { # MODE CODE TEXT: an anchor by way of a proxy that is so; it is the same process till 'heal'
	[ -f "$work/faulty.pid" ] || {
		"$SIGSTORE_BIN/faulty" -listen "127.0.0.1:$SIGSTORE_FREE_PORT" -to "$REKOR1_URL" -mode "$1" 2>/dev/null &
		echo $! >"$work/faulty.pid"
		disown
		until_it curl -s --noproxy '*' --max-time 5 -o /dev/null "http://127.0.0.1:$SIGSTORE_FREE_PORT/faulty"
		sed "s|$REKOR1_URL|http://127.0.0.1:$SIGSTORE_FREE_PORT|" .gateledger.yml >"$work/policy.yml"
	}
	expect "$2" "$3" gateledger anchor --to public --policy "$work/policy.yml"
}
heal() { kill "$(cat "$work/faulty.pid")" && rm "$work/faulty.pid"; }
while read -r mode code text; do
	grow
	between "$mode" "$code" "$text"
	heal
	expect 0 '' gateledger anchor
	took 1
done <<'MODES'
vanish 8 EOF
stutter 8 no log entry
busy 0 1 anchored
again 0 1 anchored
MODES
grow
between stale 0 '1 anchored'
grow
between stale 4 'about something else'
heal
expect 0 'proves dated' gateledger anchor
took 2

echo "= the key that the policy believes is another"
spoiled() { # JQ CODE TEXT: with such a trusted root
	jq "$1" .gateledger/trusted_root.json >"$work/root.json"
	sed "s|$root|$(sha256sum "$work/root.json" | cut -d' ' -f1)|" .gateledger.yml >"$work/policy.yml"
	expect "$2" "$3" gateledger anchor --to public --policy "$work/policy.yml" --trusted-root "$work/root.json"
}
grow
other=$(rekor1_log other | jq -c .publicKey)
spoiled ".tlogs[0].publicKey = $other" 4 'does not hold'
spoiled '.tlogs = []' 2 'no transparency log that the trusted root names'
spoiled '.tlogs[0].publicKey.validFor.end = "2026-01-01T00:00:00Z" | .tlogs[0].publicKey.validFor.start = "2025-01-01T00:00:00Z"' 4 'its key is believed from'
expect 0 "proves dated of $n entries" gateledger anchor
took 1

echo "= another log of the same name"
copy() { # JQ: a copy of the ledger, every receipt of Rekor altered so
	local file
	rm -rf "$work/copy.git" "$work/tree"
	git clone -q --bare "$work/remote.git" "$work/copy.git"
	git clone -q -b gateledger/log "$work/copy.git" "$work/tree"
	grep -l '"kind":"rekor"' -r "$work/tree/anchor" >"$work/files"
	while read -r file; do
		jq -c "$1" "$file" | tr -d '\n' >"$work/new"
		rm "$file"
		[ ! -s "$work/new" ] || cp "$work/new" "${file%/*}/$(sha256sum <"$work/new" | cut -d' ' -f1).json"
	done <"$work/files"
	git -C "$work/tree" add -A
	git -C "$work/tree" commit -q --allow-empty -m altered
	git -C "$work/tree" push -q origin HEAD
}
copy empty
rekor1_start other
jq --argjson log "$(rekor1_log other)" '.tlogs = [$log]' .gateledger/trusted_root.json >"$work/root.json"
sed "s|$root|$(sha256sum "$work/root.json" | cut -d' ' -f1)|; s|$REKOR1_URL|$REKOR1_OTHER|" .gateledger.yml >"$work/policy.yml"
expect 0 "entry 0 of $REKOR1_OTHER" gateledger anchor --to public --policy "$work/policy.yml" --trusted-root "$work/root.json" --ledger "git:$work/copy.git"
is 'entries of the other' "$(logged "$REKOR1_OTHER")" 1
git -C "$work/copy.git" grep -h '"kind":"rekor"' gateledger/log -- anchor | jq -c .proof.entry >"$work/theirs"
expect 0 '1 anchored' gateledger anchor --to public --ledger "git:$work/copy.git"
said 'no transparency log that the trusted root names' || { cat "$work/out" && exit 1; }
took 0
rekor1_stop other

echo "= Rekor goes on with a new tree"
rekor1_rotate
entries=0
grow
expect 0 "entry $((n - 1)) of" gateledger anchor
took 1

echo "= a job signs without a key, and Rekor alone says when"
keyless=(--keyless --oidc github --signing-config "$work/config.json")
for name in app fix; do
	echo "$name" >"$work/$name.bin"
	expect 0 'signer ci' job gateledger record build --subject "$work/$name.bin" "${keyless[@]}" -o "$work/$name.json"
	took 1
done
digest=$(sha256sum "$work/app.bin" | cut -d' ' -f1)
printf '{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"https://example.org/e2e/v1","subject":[{"digest":{"sha256":"%s"},"name":"app"}]}' "$digest" |
	base64 -w0 | jq -Rc '{payload: .}' >"$work/question"
remote() { gateledger-remote sign --trusted-root .gateledger/trusted_root.json --signing-config "$work/config.json" <"$work/question"; }
job remote >"$work/answer"
took 1
jq -e '(.timestamps | length == 0) and (.entries | length == 1)' "$work/answer" >/dev/null
jq .bundle "$work/answer" >"$work/bundle.json"

echo "= a gate waits for Rekor, or owes it"
decide() { # ENVIRONMENT NAME CODE TEXT
	expect "$3" "$4" gateledger gate --environment "$1" --subject "$work/$2.bin" --run 7
}
ask() { # ENVIRONMENT NAME WHO…
	decide "$1" "$2" 8 'gateledger approve'
	request=$(sed -n 's/^ *gateledger approve \([0-9a-f]*\).*/\1/p' "$work/out" | head -1)
	for who in "${@:3}"; do
		expect 0 'approve cast' gateledger approve "$request" --ssh "$work/$who" --yes
	done
}
holds() { expect "$3" "$4" gateledger verify decision --for "$work/$2.bin" --environment "$1"; }
ask production app ana bo
ask hotfix fix ana
rekor1_stop rekor
decide production app 8 'decision logged, waiting for anchors: public'
holds production app 3 'not anchored: public'
decide hotfix fix 0 'ALLOWED'
said 'anchors are down, and owed a checkpoint until' || { cat "$work/out" && exit 1; }
holds hotfix fix 0 'owed until'
rekor1_start rekor
decide production app 0 'ALLOWED'
holds production app 0 'unique by witnesses, dated by witnesses, public'
holds hotfix fix 0 'unique by witnesses, dated by witnesses, public'
took 1
decide production app 0 'ALLOWED'
took 0

echo "= what is altered or of another log proves nothing"
while IFS='~' read -r what change text; do
	copy "$change"
	expect 3 'not anchored: public' gateledger verify decision --for "$work/app.bin" --environment production --ledger "git:$work/copy.git"
	said "$text" || { echo "$what: want '$text'" && cat "$work/out" && exit 1; }
done <<CHANGES
an earlier time~.proof.entry.integratedTime = "1700000000"~
another place~.proof.entry.logIndex = "999"~the signed entry timestamp does not verify
no time~del(.proof.entry.inclusionPromise, .proof.entry.integratedTime)~the policy names version 1 of the log
no proof~del(.proof.entry.inclusionProof)~no inclusion proof
another root~.proof.entry.inclusionProof.rootHash = .proof.entry.inclusionProof.hashes[0]~are not those of the checkpoint
another tree~.proof.entry.inclusionProof.checkpoint.envelope |= sub(" - "; " - 1")~checkpoint
another entry~.proof.entry = $(jq -c '.entries[0]' "$work/answer")~want hashedrekord
another log~.proof.entry = $(cat "$work/theirs")~no transparency log that the trusted root names
none~empty~not anchored: public
CHANGES
copy .
expect 0 'unique by witnesses, dated by witnesses, public' gateledger verify decision --for "$work/app.bin" --environment production --ledger "git:$work/copy.git"

echo "= everything gone"
grow
gateledger export -o "$work/audit.tar" 2>/dev/null
for name in rekor signer trees db; do rekor1_kill "$name"; done # told to end, Trillian takes its time
"$top/test/sigstore/down" "$work/sigstore"
kill "$(cat "$work/w.pid")" && rm "$work/w.pid"
expect 0 'ok: ' gateledger verify ledger
expect 0 'dated by witnesses, public' gateledger verify decision --for "$work/app.bin" --environment production
expect 0 'dated by witnesses, public' gateledger verify decision --for "$work/fix.bin" --environment hotfix --ledger "$work/audit.tar"
expect 0 'signed by ci' gateledger verify bundle "$work/app.json"
cosign() { # BUNDLE TYPE
	"$SIGSTORE_COSIGN" verify-blob-attestation --bundle "$1" --trusted-root .gateledger/trusted_root.json --type "$2" --insecure-ignore-sct \
		--certificate-identity https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main --certificate-oidc-issuer "$SIGSTORE_OIDC/github" "$work/app.bin"
}
expect 0 'Verified OK' cosign "$work/bundle.json" https://example.org/e2e/v1
expect 8 '2 outstanding' gateledger anchor --timeout 20s
expect 0 'ok: ' gateledger verify ledger
echo "$checks checks passed in $SECONDS s"
