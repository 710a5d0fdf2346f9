#!/usr/bin/env bash
# The log is anchored at real services: a timestamp authority, Rekor v2 with its
# tiles before it (test/sigstore), and two of our witnesses. One that is down
# stays outstanding and costs the others nothing; what is anchored already is not
# anchored again, also where the client was killed between the answer and keeping
# it; and all of it verifies with every service gone.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$(test/sigstore/build)
export GATELEDGER_TOOLS=$tools
if [ "${1:-}" != inside ]; then
	# In there is no network to get modules from.
	CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' ./cmd/gateledger ./cmd/gateledger-remote ./test/sigstore/...
	exec test/sigstore/within "$0" inside
fi

top=$PWD
work=$(mktemp -d)
cleanup() { # ends what this script started, by its own process ids
	for f in "$work"/*.pid; do
		[ ! -f "$f" ] || kill "$(cat "$f")" 2>/dev/null || true
	done
	"$top/test/sigstore/down" "$work/sigstore"
	rm -rf "$work"
}
trap cleanup EXIT
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' -o "$work/bin/" ./cmd/gateledger ./cmd/gateledger-remote ./test/sigstore/front
GOMODCACHE=$(go env GOMODCACHE) GOCACHE=$(go env GOCACHE)
export GOMODCACHE GOCACHE PATH="$work/bin:$PATH" HOME="$work/home" GIT_CONFIG_NOSYSTEM=1
unset CI GITHUB_ACTIONS GITLAB_CI XDG_CONFIG_HOME
mkdir -p "$HOME" "$work/app"
git config --global user.name Dana
git config --global user.email dana@acme.example
git config --global init.defaultBranch main
# shellcheck source=test/e2e/expect
. "$top/test/e2e/expect"
started() { # NAME URL: waits until it answers
	for _ in $(seq 100); do
		curl -s --max-time 1 -o /dev/null "$2" && return
		kill -0 "$(cat "$work/$1.pid")" 2>/dev/null || break
		sleep 0.05
	done
	echo "$1 does not answer" && cat "$work/$1.log" && exit 1
}
stop() { # NAME
	local pid
	pid=$(cat "$work/$1.pid")
	kill "$pid" && rm "$work/$1.pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}
witness() { # NAME PORT
	gateledger witness serve --key "$work/$1.key" --state "$work/$1" --log "$key" --listen "127.0.0.1:$2" >"$work/$1.log" 2>&1 &
	echo $! >"$work/$1.pid"
	started "$1" "http://127.0.0.1:$2/healthz"
}
rekorFront() {
	"$work/bin/front" -listen "127.0.0.1:$SIGSTORE_FREE_PORT" -to "$SIGSTORE_REKOR" -files "$SIGSTORE_DIR/rekor" >"$work/front.log" 2>&1 &
	echo $! >"$work/front.pid"
	started front "http://127.0.0.1:$SIGSTORE_FREE_PORT/healthz"
}
logged() { curl -sSf "http://127.0.0.1:$SIGSTORE_FREE_PORT/api/v2/checkpoint" | sed -n 2p; } # how many entries Rekor has
kept() { git -C "$work/remote.git" ls-tree -r --name-only gateledger/log anchor/ | wc -l; }  # receipts on the branch
statuses() { gateledger anchor --json | jq -r '[.anchors[] | .name + " " + .status] | sort | join(", ")'; }

echo "= a log, a Sigstore, two witnesses"
cd "$work/app"
git init -q
git init -q --bare ../remote.git
git remote add origin "$work/remote.git"
gateledger init --ledger git:origin >/dev/null
key=$(sed -n 's/^  keys: \["\(.*\)"\]/\1/p' .gateledger.yml)
SIGSTORE_LEDGER=$key "$top/test/sigstore/up" "$work/sigstore"
# shellcheck disable=SC1091
. "$work/sigstore/env"
mkdir .gateledger
cp "$SIGSTORE_TRUSTED_ROOT" .gateledger/trusted_root.json
root=$(sha256sum .gateledger/trusted_root.json | cut -d' ' -f1)
rekorFront
for n in 1 2; do
	gateledger witness keygen "w$n.example" -o "$work/w$n.key" >"$work/w$n.pub"
	witness "w$n" "$((SIGSTORE_FREE_PORT + 10 + n))"
done
sed -i "s|^ledger:.*|&\n  witnesses: {need: 2, of: [{key: \"$(cat "$work/w1.pub")\", url: \"http://127.0.0.1:$((SIGSTORE_FREE_PORT + 11))/\", operator: acme}, {key: \"$(cat "$work/w2.pub")\", url: \"http://127.0.0.1:$((SIGSTORE_FREE_PORT + 12))/\", operator: umbrella}]}|" .gateledger.yml
cat >>.gateledger.yml <<YAML
sigstore: {trusted-root: "sha256:$root"}
anchors:
  stamp: {tsa: "$SIGSTORE_TSA"}
  public: {rekor: "http://localhost:$SIGSTORE_FREE_PORT", version: 2}
YAML
git add . && git commit -qm first && git push -q origin HEAD:main
gateledger trust --yes >/dev/null 2>&1
record() { echo "$1" >"$1" && gateledger record build --subject "$1" >/dev/null 2>&1; }
record one

echo "= all at once, and not again"
expect 0 '4 anchored' gateledger anchor
for text in 'rekor public: proves existence of 1 entry' 'tsa stamp: proves dated of 1 entry' 'witness w1.example: proves unique and dated of 1 entry'; do
	tr -s ' \n' ' ' <"$work/out" | grep -qF "$text" || { cat "$work/out" && exit 1; }
done
is 'entries of Rekor' "$(logged)" 1
is 'receipts' "$(kept)" 4
expect 0 '4 anchored already' gateledger anchor
is 'entries of Rekor' "$(logged)" 1
is 'receipts' "$(kept)" 4

echo "= two that are down, and come back"
record two
stop front
stop w2
expect 8 '2 anchored, 2 outstanding' gateledger anchor
is 'receipts' "$(kept)" 6
rekorFront
witness w2 "$((SIGSTORE_FREE_PORT + 12))"
is 'who is asked then' "$(statuses)" 'public anchored, stamp already, w1.example already, w2.example anchored'
is 'entries of Rekor' "$(logged)" 2
is 'receipts' "$(kept)" 8

echo "= the client is killed between the answer and keeping it"
record three
mv "$work/bin/gateledger-remote" "$work/bin/real"
cat >"$work/bin/gateledger-remote" <<SH
#!/bin/sh
"$work/bin/real" "\$@" >"$work/answer.\$\$" || exit
grep -q '"kind":"rekor"' "$work/answer.\$\$" || exec sleep 60
kill -KILL \$PPID
SH
chmod +x "$work/bin/gateledger-remote"
expect 137 '' bash -c 'gateledger anchor'
mv "$work/bin/real" "$work/bin/gateledger-remote"
is 'receipts' "$(kept)" 8
is 'entries of Rekor' "$(logged)" 3
expect 0 '4 anchored' gateledger anchor
is 'entries of Rekor after the second try' "$(logged)" 3
is 'receipts' "$(kept)" 12

echo "= an answer that is lost on its way"
record four
"$SIGSTORE_BIN/faulty" -listen "127.0.0.1:$((SIGSTORE_FREE_PORT + 20))" -to "http://127.0.0.1:$SIGSTORE_FREE_PORT" -mode vanish 2>/dev/null &
echo $! >"$work/faulty.pid"
started faulty "http://127.0.0.1:$((SIGSTORE_FREE_PORT + 20))/faulty"
sed "s|http://localhost:$SIGSTORE_FREE_PORT|http://localhost:$((SIGSTORE_FREE_PORT + 20))|" .gateledger.yml >"$work/vanish.yml"
expect 8 'outstanding' gateledger anchor --policy "$work/vanish.yml" --to public
is 'entries of Rekor' "$(logged)" 4
expect 0 '4 anchored' gateledger anchor
is 'entries of Rekor after the second try' "$(logged)" 4

echo "= two jobs at once"
record five
gateledger anchor >"$work/first" 2>&1 &
first=$!
expect 0 'ANCHORED' gateledger anchor
wait "$first" || { cat "$work/first" && exit 1; }
is 'entries of Rekor' "$(logged)" 5

echo "= everything gone"
gateledger export -o "$work/audit.tar" 2>/dev/null
for name in front w1 w2 faulty; do stop "$name"; done
"$top/test/sigstore/down" "$work/sigstore"
expect 0 '4 anchored already' gateledger anchor
expect 0 '' gateledger verify ledger
expect 0 '' gateledger verify ledger --ledger "$work/audit.tar"
is 'receipts in the export' "$(tar -tf "$work/audit.tar" | grep -c ^anchor/)" "$(kept)"
record six
expect 8 '4 outstanding' gateledger anchor
echo "$checks checks passed"
