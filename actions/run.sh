#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The one step of every action: brings the program, turns the inputs into its
# arguments, and runs it. Called as 'run.sh ACTION' by the action.yml files.
#
# Inputs come in the environment, as INPUT_NAME. Each becomes one argument of
# the form --flag=value, or stands after --, so that no value can be taken for a
# flag. Secrets leave the environment before any program is started, and reach
# ours by a file that only we can read, or by standard input. What is written
# lies in one folder, which is removed however this ends.
set -euo pipefail
umask 077

# shellcheck source-path=SCRIPTDIR source=bootstrap.sh
. "$(dirname "${BASH_SOURCE[0]}")/bootstrap.sh"

# The readers of inputs answer in REPLY. A reader in $(…) could not stop the
# step, and on Windows would cost more than the program itself.

# variable is the name that an input has in the environment.
variable() { # name, as in action.yml
	local lower=abcdefghijklmnopqrstuvwxyz- upper=ABCDEFGHIJKLMNOPQRSTUVWXYZ_ i before
	REPLY=INPUT_
	for ((i = 0; i < ${#1}; i++)); do
		before=${lower%%"${1:i:1}"*}
		REPLY+=${upper:${#before}:1}
	done
}

# input is an input as it was given.
input() { # name
	variable "$1"
	REPLY=${!REPLY-}
}

# one is an input of one line.
one() { # name
	input "$1"
	REPLY=${REPLY%$'\n'} # the line end that a YAML block leaves
	case $REPLY in *[$'\n\r']*) fail "$usage" "input $1 has more than one line" ;; esac
}

# lines is an input of several, one an entry; lines that are empty do not count.
lines() { # name
	local line
	entries=()
	input "$1"
	while [ -n "$REPLY" ]; do
		line=${REPLY%%$'\n'*}
		[ "$line" = "$REPLY" ] && REPLY='' || REPLY=${REPLY#*$'\n'}
		line=${line%$'\r'}
		[ -z "$line" ] || entries+=("$line")
	done
}

# truth is true or false.
truth() { # name, what it is where nothing is given
	input "$1"
	REPLY=${REPLY:-$2}
	case $REPLY in
	true | false) ;;
	*) fail "$usage" "input $1 is neither true nor false" ;;
	esac
}

# anchored is a path that means the same from any folder.
anchored() { # path
	REPLY=$1
	case $1 in
	/* | [A-Za-z]:[\\/]*) ;;
	*) REPLY=$here/$1 ;;
	esac
}

args=() entries=()

# value adds --NAME=VALUE where the input is given.
value() { # name…
	local name
	for name; do
		one "$name"
		[ -z "$REPLY" ] || args+=("--$name=$REPLY")
	done
}

# path is value for a file, given from where the step was started.
path() { # name…
	local name
	for name; do
		one "$name"
		[ -n "$REPLY" ] || continue
		anchored "$REPLY"
		args+=("--$name=$REPLY")
	done
}

# list adds --NAME=LINE for each line of an input.
list() { # name
	local i
	lines "$1"
	for ((i = 0; i < ${#entries[@]}; i++)); do args+=("--$1=${entries[i]}"); done
}

# switch adds --NAME=true or --NAME=false where the input is given.
switch() { # name…
	local name
	for name; do
		input "$name"
		[ -n "$REPLY" ] || continue
		truth "$name" ''
		args+=("--$name=$REPLY")
	done
}

# positional adds, after --, what is no flag: one argument a line.
positional() { # name
	local i
	args+=(--)
	lines "$1"
	for ((i = 0; i < ${#entries[@]}; i++)); do args+=("${entries[i]}"); done
}

# take moves a secret out of the environment into a variable of this shell.
take() { # variable, name
	variable "$2"
	printf -v "$1" '%s' "${!REPLY-}"
	unset "$REPLY"
}

# begin makes the folder for everything that is written, and clears it away.
begin() {
	here=$PWD child='' work=''
	# What the job exports under these names would export our secrets with it.
	unset key password log_key token github_token header
	trap '[ -z "$work" ] || rm -rf -- "$work"' EXIT
	trap stop INT TERM HUP
	temp=$(posix "${RUNNER_TEMP:-${TMPDIR:-/tmp}}")
	work=$(mktemp -d "$temp/gateledger-run.XXXXXX")
	mkdir -- "$work/bin" "$work/tmp"
	export HOME="${HOME:-$work}" TMPDIR="$work/tmp" MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'
	take key key
	take password key-password
	take log_key log-key
	take token token
	take github_token github-token
	case $token in *[![:graph:]]*) fail "$usage" "input token is no token: it has white space in it" ;; esac
	case $github_token in *[![:graph:]]*) fail "$usage" "input github-token is no token: it has white space in it" ;; esac
}

# result is a new folder for a file that later steps use.
result() { mktemp -d "$temp/gateledger.XXXXXX"; }

# program brings what the action runs. The program that has every verb is told
# which one is meant.
program() { # verb
	bootstrap "$work/bin" "gateledger-$1"
	run=("$found")
	case ${found##*[\\/]} in gateledger | gateledger.exe) run+=("$1") ;; esac
	if remote "$1"; then bootstrap "$work/bin" gateledger-remote; fi
}

# remote says whether gateledger-remote is brought as well. Left to us, the gate
# gets it, for a policy can name a forge; where programs are there already,
# those that are there have to do.
remote() { # verb
	one remote
	[ "${keyless:-no}" = no ] || REPLY=true
	case ${REPLY:-false} in
	true) return 0 ;;
	false) return 1 ;;
	auto) [ "$1" = gate ] && [ -z "${INPUT_BINARY_PATH:-${GATELEDGER_BINARY_PATH:-}}" ] ;;
	*) fail "$usage" "input remote is neither true, false nor auto" ;;
	esac
}

# signing says with what an event is signed: the key that is given; else a
# certificate, where the job may have one; else the key of the runner's user.
signing() {
	one keyless
	keyless=no
	case ${REPLY:-auto} in
	true) keyless=yes ;;
	false) ;;
	auto) if [ -z "$key" ] && [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; then keyless=yes; fi ;;
	*) fail "$usage" "input keyless is neither true, false nor auto" ;;
	esac
	if [ "$keyless" = yes ]; then
		[ -z "$key" ] || fail "$usage" "both key and keyless are given: leave one of them out"
		[ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] ||
			fail "$usage" "keyless: this job may not ask for an identity token; give it 'permissions: id-token: write'. A pull request from a fork never may"
		args+=(--keyless)
	elif [ -n "$key" ]; then
		printf '%s\n' "$key" >"$work/event.pem"
		args+=("--key=$(native "$work/event.pem")")
		if [ -n "$password" ]; then
			printf '%s' "$password" >"$work/password"
			GATELEDGER_PASSWORD_FILE=$(native "$work/password")
			export GATELEDGER_PASSWORD_FILE
		fi
	fi
	if [ "$keyless" = no ] && [ -z "$key" ]; then
		say "note: no key is given and this job may not ask for an identity token ('permissions: id-token: write'), so only the runner's own user could have an event key. A pull request from a fork gets neither"
	fi
	path signing-config
	key='' password=''
}

# project sets server and repository, which the runner tells us.
project() {
	server=${GITHUB_SERVER_URL:-} repository_name=${GITHUB_REPOSITORY:-}
	[[ $server =~ ^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$ ]] ||
		fail "$usage" "GITHUB_SERVER_URL is no address of a server"
	[[ $repository_name =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] ||
		fail "$usage" "GITHUB_REPOSITORY is no name of a repository"
	server=${server%/}
}

# home is for programs that work in the checkout: git finds the token in a home
# of its own, which includes the user's settings. The checkout is not changed.
home() {
	local machine real=$HOME
	project
	machine=${server#*://} machine=${machine%%/*}
	mkdir -p -- "$work/home"
	{
		[ -z "$token" ] || printf 'machine %s login x-access-token password %s\n' "${machine%%:*}" "$token"
		[ ! -f "$real/.netrc" ] || cat -- "$real/.netrc"
	} >"$work/home/.netrc"
	[ -z "$exe" ] || cp -- "$work/home/.netrc" "$work/home/_netrc"
	# What the runner checked out is safe to ask, whoever owns it in a container.
	git config --file "$work/home/.gitconfig" include.path "$(native "$real/.gitconfig")"
	git config --file "$work/home/.gitconfig" safe.directory "$(native "${GITHUB_WORKSPACE:-$here}")"
	export XDG_CONFIG_HOME="${XDG_CONFIG_HOME:-$real/.config}"
	if [ "$os" = darwin ]; then # the user's keys and what they have seen lie here
		mkdir -p -- "$real/Library/Application Support/gateledger" "$work/home/Library/Application Support"
		ln -s -- "$real/Library/Application Support/gateledger" "$work/home/Library/Application Support/gateledger"
	fi
	HOME=$(native "$work/home")
	export HOME
	token=''
}

# clone is for the gate: a repository of our own, so that nothing of the
# workspace is asked. It holds the history of this run's commit, as the server
# has it, and of the files the policy and the workflows.
clone() {
	local header name
	project
	[[ ${GITHUB_SHA:-} =~ ^[0-9a-f]{40}([0-9a-f]{24})?$ ]] || fail "$usage" "GITHUB_SHA is no commit"
	while IFS= read -r name; do unset "$name"; done < <(compgen -A export GIT_)
	export GIT_TERMINAL_PROMPT=0 # nobody is there to answer
	repo=$work/project
	name=sha1
	[ "${#GITHUB_SHA}" -eq 40 ] || name=sha256
	git -c init.defaultBranch=main init --quiet --object-format="$name" -- "$repo"
	git -C "$repo" config core.hooksPath /dev/null
	git -C "$repo" config core.symlinks false
	git -C "$repo" config core.sparseCheckout true
	mkdir -p -- "$repo/.git/info"
	printf '/%s\n' .gateledger.yml .github/workflows/ >"$repo/.git/info/sparse-checkout"
	{
		printf '[remote "origin"]\n\turl = %s/%s\n' "$server" "$repository_name"
		if [ -n "$token" ]; then
			header=$(printf 'x-access-token:%s' "$token" | base64 | tr -d '\r\n')
			# The empty line takes back what the user's settings may say.
			printf '[http "%s/"]\n\textraheader =\n\textraheader = Authorization: Basic %s\n' "$server" "$header"
		fi
	} >>"$repo/.git/config"
	token='' header=''
	bring --depth=1 --filter=blob:none
	git -C "$repo" checkout --quiet --detach FETCH_HEAD || fail "$unknown" "check out the policy and workflows of this run's commit: git checkout failed"
	[ ! -s "$repo/.git/shallow" ] || bring --unshallow --filter=tree:0
	cd "$repo"
}

bring() { # options of git fetch
	attend git -C "$repo" fetch --quiet --no-tags "$@" origin "$GITHUB_SHA" ||
		fail "$unknown" "fetch the history of this run's commit from the server: git fetch failed. The job needs 'permissions: contents: write' and a token of this repository"
}

# call runs the program. The log key reaches it by standard input.
call() {
	local code=0
	if [ -n "$log_key" ]; then
		attend "${run[@]}" "${args[@]}" < <(printf '%s' "$log_key") || code=$?
	else
		attend "${run[@]}" "${args[@]}" </dev/null || code=$?
	fi
	exit "$code"
}

# publish says that outputs and summary are wanted, and what not yet means.
publish() {
	truth strict false
	args+=(--publish)
	[ "$REPLY" = true ] || args+=(--green-when-pending)
}

# put writes one output of ours.
put() { # file, line
	case $2 in *[$'\n\r']*) fail "$usage" "a path of this runner has more than one line" ;; esac
	printf '%s\n' "$2" >>"$1"
}

do_setup() {
	local folder='' path i
	lines programs
	[ "${#entries[@]}" -gt 0 ] || fail "$usage" "input programs names none"
	path=$(mktemp -d "$temp/gateledger-bin.XXXXXX")
	for ((i = 0; i < ${#entries[@]}; i++)); do
		bootstrap "$path" "${entries[i]}"
		folder=$(native "$(dirname "$found")")
	done
	[ "${found#"$path"/}" != "$found" ] || rm -rf -- "$path"
	put "$GITHUB_PATH" "$folder"
	put "$GITHUB_OUTPUT" "path=$folder"
	put "$GITHUB_OUTPUT" "version=${version:-}"
}

do_sbom() {
	local output format folder
	one format
	format=$REPLY
	one output
	output=$REPLY
	if [ -z "$output" ]; then
		folder=$(result)
		[ "$format" = xml ] || format=json # any other is refused by the program
		output=$(native "$folder/sbom.cdx.$format")
	fi
	program sbom
	args+=(--publish "--output=$output")
	value format spec subject base
	args+=("--exclude=") # this one alone leaves out nothing
	list exclude
	switch pretty allow-incomplete
	positional path
	call
}

do_record() {
	local output kind folder
	one kind
	kind=$REPLY
	[[ $kind =~ ^([a-z][a-z-]*)?$ && $kind != help ]] || fail "$usage" "input kind is no kind of event"
	one output
	output=$REPLY
	if [ -z "$output" ]; then
		folder=$(result)
		output=$(native "$folder/bundle.sigstore.json")
	fi
	[ -z "$kind" ] || args+=("$kind")
	publish
	args+=("--output=$output")
	list subject
	value environment result duration request url policy ledger trusted-root
	signing
	[ -z "$log_key" ] || args+=(--log-key=-)
	program record
	home
	positional report
	call
}

do_gate() {
	publish
	value environment ledger
	subjects
	switch consume new-request break-glass
	value reason ticket
	telling
	path policy trusted-root
	signing
	if [ -n "$log_key" ]; then
		args+=(--log-key=-)
	else
		say "note: log-key is empty, so only the runner's own user could have the log key. A pull request from a fork gets no secrets"
	fi
	program gate
	patience
	first
	clone
	# Only now: git, too, is a program that need not see it.
	if [ -n "$github_token" ]; then export GITHUB_TOKEN="$github_token"; fi
	github_token=''
	call
}

# patience has the gate ask again for a while.
patience() {
	one wait-for
	[ -n "$REPLY" ] || return 0
	[[ $REPLY =~ ^([0-9]+[hms])+$ ]] || fail "$usage" "input wait-for is no time such as 10m"
	run+=(wait)
	args+=("--for=$REPLY")
}

# telling says whether the forge is told of the answer.
telling() {
	one report
	case ${REPLY:-none} in
	none) ;;
	required | best-effort) args+=("--report=$REPLY") ;;
	*) fail "$usage" "input report is neither none, required nor best-effort" ;;
	esac
}

# subjects adds what is to be deployed. The gate does not run in the workspace,
# so files are named by their whole path.
subjects() {
	local i
	lines subject
	for ((i = 0; i < ${#entries[@]}; i++)); do
		REPLY=${entries[i]}
		case $REPLY in
		*@*:* | git:*) ;;
		*) anchored "$REPLY" ;;
		esac
		args+=("--subject=$REPLY")
	done
}

# first says so where something may have run in this job before the gate.
first() {
	local workspace=${GITHUB_WORKSPACE:-}
	[ -n "$workspace" ] && [ -n "$(ls -A -- "$(posix "$workspace")" 2>/dev/null)" ] || return 0
	printf '::warning title=Gateledger gate::%s\n' \
		"The workspace is not empty. If code of the project ran in this job before the gate, the answer is advice: give the gate a job of its own, without a checkout."
}

do_verify() {
	local asked='' name
	for name in artifact bundle for commit; do
		one "$name"
		[ -n "$REPLY" ] || continue
		[ -z "$asked" ] || fail "$usage" "one question at a time: give artifact, bundle, for or commit"
		asked=$name
	done
	one environment
	[ -n "$asked" ] || [ -z "$REPLY" ] || asked=environment
	case $asked in
	'') args+=(ledger) ;;
	for) args+=(decision) ;;
	*) args+=("$asked") ;;
	esac
	args+=(--publish)
	value policy trusted-root
	[ "$asked" != for ] || value for environment max-age
	program verify
	home
	elsewhere
	case $asked in '' | for) ;; *) positional "$asked" ;; esac
	call
}

# elsewhere names the ledger: the one that was given, or where there is no
# checkout the one of this repository.
elsewhere() {
	if [ -n "${INPUT_LEDGER:-}" ]; then
		value ledger
	elif ! in_checkout "$here"; then
		args+=("--ledger=git:$server/$repository_name")
	fi
}

# in_checkout looks for a checkout as the programs do: up from a folder.
in_checkout() {
	local at=$1
	until [ -e "$at/.git" ]; do
		[ "$at" != "$(dirname "$at")" ] || return 1
		at=$(dirname "$at")
	done
}

# do_policy says whether there is a policy, for the front door.
do_policy() {
	one policy
	if [ -n "$REPLY" ] || [ -f .gateledger.yml ]; then
		put "$GITHUB_OUTPUT" found=true
		return
	fi
	put "$GITHUB_OUTPUT" found=false
	say "no .gateledger.yml here, so that only the SBOM is made; 'gateledger init' makes one"
}

begin
case ${1:-} in
setup | sbom | record | gate | verify | policy) "do_$1" ;;
*) fail "$usage" "usage: run.sh setup|sbom|record|gate|verify|policy" ;;
esac
