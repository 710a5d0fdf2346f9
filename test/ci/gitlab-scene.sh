# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A project with its log, its people and its git host, for the rigs of GitLab,
# Jenkins and CircleCI to source. It needs: top, the source tree; work, an empty
# folder. It sets:
#
#	programs     folder with our programs, built here unless GATELEDGER_PROGRAMS
#	             names one
#	host         address of a git host on loopback, ended with this shell
#	$work/keys   event.pem and log.key, as init made them
#	$work/dana   Dana's home and clone of acme/app; she holds no log key there
#
# Tokens: token-of-dana-000 and token-of-runner-00 may write, token-of-reader-00
# may read; glcbt-64_jobs-own-token writes, and is the job token of the GitLab that
# internal/forge tests with. None could stand in a log by chance.

# build FOLDER: our programs and the git host
build() {
	programs=${GATELEDGER_PROGRAMS:-$work/programs}
	if [ -z "${GATELEDGER_PROGRAMS:-}" ]; then
		(cd "$top" && CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$programs/" ./cmd/...)
	fi
	(cd "$top" && CGO_ENABLED=0 go build -buildvcs=false -o "$work/githost" ./test/ci/githost)
}

# netrc HOME TOKEN: the home's git gets in with the token
netrc() {
	mkdir -p "$1"
	(umask 077 && printf 'machine 127.0.0.1 login x password %s\n' "$2" >"$1/.netrc")
}

# serve REPO…: these, empty, at a git host on loopback. It ends with our end of
# the pipe to it, and so with us.
serve() {
	mkdir -p "$work/root"
	for repo; do
		git init -q --bare --initial-branch=main "$work/root/$repo.git"
	done
	printf '%s\n' 'token-of-dana-000 dana write' 'token-of-runner-00 runner write' 'token-of-reader-00 reader read' \
		'glcbt-64_jobs-own-token job write' >"$work/accounts"
	mkfifo "$work/end" "$work/says"
	"$work/githost" "$work/root" "$work/accounts" <"$work/end" >"$work/says" 2>"$work/githost.log" &
	exec 8>"$work/end"
	read -r host <"$work/says"
}

# dana COMMAND…: as Dana, in her clone
dana() {
	(cd "$work/dana/app" && env -i PATH="$programs:$PATH" HOME="$work/dana" XDG_CONFIG_HOME="$work/dana/config" GIT_CONFIG_NOSYSTEM=1 "$@")
}

# project FILE…: acme/app with these files, a log on a branch of it, and a
# policy by which two leads have to approve a build with passed tests, an
# SBOM and a scan; $collect names where votes are read, too. Ana and bo are leads; Dana is the author.
project() {
	netrc "$work/dana" token-of-dana-000
	mkdir -p "$work/dana/app" "$work/keys"
	cp -r "$@" "$work/dana/app/"
	dana git init -q --initial-branch=main
	dana git config user.name Dana
	dana git config user.email dana@acme.example
	dana git remote add origin "$host/acme/app.git"
	dana gateledger init --ledger git:origin >"$work/init.txt"
	origin=$(sed -n 's/^  origin: "\{0,1\}\([^" ]*\).*/\1/p' "$work/dana/app/.gateledger.yml")
	cp "$work/dana/config/gateledger/event/$origin.pem" "$work/keys/event.pem"
	cp "$work/dana/config/gateledger/log/$origin.key" "$work/keys/log.key"
	for who in ana bo; do
		ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$work/keys/$who"
	done
	local key dev
	key=$(sed -n 's/^  keys: \["\(.*\)"\]/\1/p' "$work/dana/app/.gateledger.yml")
	dev=$(sed -n 's/^  dev: {key: "\([^"]*\)".*/\1/p' "$work/dana/app/.gateledger.yml")
	cat >"$work/policy.yml" <<YAML
version: 1
ledger: {url: "git:origin", origin: "$origin", keys: ["$key"]}
signers:
  dev: {key: "$dev", tier: fast}
principals:
  ana: {keys: [{ssh: "$(cat "$work/keys/ana.pub")"}], emails: [ana@acme.example], roles: [lead]}
  bo: {keys: [{ssh: "$(cat "$work/keys/bo.pub")"}], emails: [bo@acme.example], roles: [lead]}
  dana: {emails: [dana@acme.example]}
environments:
  production:
    tier: fast
    require: [{role: lead, count: 2}]
    exclude: [author, committer]
    veto: {roles: [lead]}
    max-age: 24h
    evidence:
      - {event: build, by: [dev]}
      - {event: test, result: passed, by: [dev], max-age: 24h}
      - {event: sbom, by: [dev]}
      - {event: scan, by: [dev]}
policy-change: {require: [{role: lead, count: 2}]}
${collect:+collect: [$collect]}
YAML
	cp "$work/policy.yml" "$work/dana/app/.gateledger.yml"
	dana git add --all
	dana git commit -q -m 'An app'
	dana git push -q origin HEAD:refs/heads/main
	git -C "$work/root/acme/app.git" symbolic-ref HEAD refs/heads/main
	dana gateledger trust --yes >/dev/null 2>&1
	policy=sha256:$(sha256sum "$work/policy.yml" | cut -d' ' -f1)
}

# vote WHO REQUEST FLAG…: cast where the log key is not; the gate takes it in.
# Who votes keeps what they trust and have seen in a home of their own.
vote() {
	local who=$1 request=$2
	shift 2
	netrc "$work/$who" token-of-dana-000
	if [ ! -d "$work/$who/config" ]; then
		as "$who" gateledger trust --yes >/dev/null
	fi
	local code=0
	as "$who" gateledger approve "$request" --ssh "$work/keys/$who" --yes "$@" >"$work/vote.txt" 2>&1 || code=$?
	[ "$code" = 8 ] || { cat "$work/vote.txt"; return 1; }
}

as() { # WHO COMMAND…
	(cd "$work/dana/app" && env -i PATH="$programs:$PATH" HOME="$work/$1" XDG_CONFIG_HOME="$work/$1/config" GIT_CONFIG_NOSYSTEM=1 "${@:2}")
}

# release: our programs as release v9.0.0 of acme/app, and their checksums in
# $work/checksums.txt
release() {
	local to=$work/root/acme/app/releases/download/v9.0.0 program
	mkdir -p "$to"
	for program in sbom record gate verify remote; do
		cp -L "$programs/gateledger-$program" "$to/gateledger-${program}_linux_$(go env GOARCH)"
	done
	(cd "$to" && sha256sum -- *) >"$work/checksums.txt"
	released=$host/acme/app/releases/download
}

# expect CODE TEXT COMMAND…: COMMAND ends with CODE and says TEXT. No key or
# token may be in what it says. What it said stays in $work/out.
expect() {
	local want=$1 text=$2 code=0
	shift 2
	"$@" >"$work/out" 2>&1 </dev/null || code=$?
	if [ "$code" != "$want" ] || ! grep -qF -- "$text" "$work/out"; then
		echo "exit $code, want $want with '$text': $*"
		cat "$work/out"
		exit 1
	fi
	quiet "$work/out"
	checks=$((${checks:-0} + 1))
}

# quiet FILE…: no secret of the scene is in these
quiet() {
	local code=0
	grep -nE 'BEGIN [A-Z ]*PRIVATE|PRIVATE\+KEY|LS0tLS1CRUdJTi[A-Za-z0-9+/]|token-of-|glcbt-|glpat-' "$@" || code=$?
	[ "$code" = 1 ] || {
		echo "a secret is shown, or this cannot be read: $*"
		exit 1
	}
}

# is WHAT GOT WANT
is() {
	[ "$2" = "$3" ] || {
		echo "$1: got '$2', want '$3'"
		exit 1
	}
	checks=$((${checks:-0} + 1))
}
