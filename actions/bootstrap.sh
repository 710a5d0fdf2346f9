#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Brings the programs that an action runs. Called by run.sh, or by hand:
#
#     bootstrap.sh FOLDER PROGRAM…
#
# puts them into FOLDER, which nobody else may write, and prints the path of
# each. In this order:
#
#   1. binary-path (input, or GATELEDGER_BINARY_PATH): a program, or a folder of
#      them, that is there already. It is run where it is, and is not checked.
#   2. checksums.txt is here: the copy in the runner's tool cache, else the
#      release that release.env names; taken only with the SHA-256 that stands in
#      checksums.txt. There is no other way then: whatever goes wrong is an error.
#   3. checksums.txt is not here, so this is no release: 'go build' from the
#      checkout that this file is part of.
#
# It runs in the bash 3.2 of macOS and in Git's bash on Windows.

actions="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# The exit codes are those of the programs (docs/exit-codes.md).
readonly usage=2 unknown=3 integrity=4

# fail ends the step. What it says never holds an input: a line of the log can
# be a command to the runner.
fail() { # exit code, words…
	local code=$1
	shift
	printf 'gateledger: %s\n' "$*" >&2
	# Where GitHub shows a run, this stands on its first page.
	[ "${GITHUB_ACTIONS:-}" != true ] || printf '::error title=Gateledger::%s\n' "$*" >&2
	exit "$code"
}

say() { printf 'gateledger: %s\n' "$*" >&2; }

# child is the program that runs now, so that a cancelled step can end it.
child=

# attend runs a program and returns its exit code. The shell itself stays
# awake: a signal reaches it at once, and not only when the program has ended.
attend() {
	local code=0
	"$@" <&0 &
	child=$!
	wait "$child" || code=$?
	while kill -0 "$child" 2>/dev/null; do
		code=0
		wait "$child" || code=$?
	done
	child=
	return "$code"
}

# stop is for a cancelled step: the program is told, and given the time to leave
# nothing half-written.
stop() {
	[ -n "$child" ] || exit 130
	kill -TERM "$child" 2>/dev/null || true
}

# native is a path as programs of this system know it, and posix as bash does.
# They differ on Windows only.
native() { if command -v cygpath >/dev/null 2>&1; then cygpath -m -- "$1"; else printf '%s\n' "$1"; fi; }
posix() { if command -v cygpath >/dev/null 2>&1; then cygpath -u -- "$1"; else printf '%s\n' "$1"; fi; }

# platform sets os, arch and exe to those of the runner.
platform() {
	os=${RUNNER_OS:-$(uname -s)} arch=${RUNNER_ARCH:-$(uname -m)} exe=
	case $os in
	Linux) os=linux ;;
	macOS | Darwin) os=darwin ;;
	Windows | MINGW* | MSYS* | CYGWIN*) os=windows exe=.exe ;;
	*) fail "$usage" "no program for this operating system; have Linux, macOS and Windows" ;;
	esac
	case $arch in
	X64 | x86_64 | amd64) arch=amd64 ;;
	ARM64 | aarch64 | arm64) arch=arm64 ;;
	*) fail "$usage" "no program for this processor; have x64 and arm64. Build one, and give its folder as binary-path" ;;
	esac
}

# settings reads release.env. It is not sourced: it holds values, no commands.
settings() {
	local name value
	version='' repository=''
	while IFS='=' read -r name value || [ -n "$name" ]; do
		value=${value%$'\r'}
		case $name in
		VERSION) version=$value ;;
		REPOSITORY) repository=$value ;;
		esac
	done <"$actions/release.env"
	case $version in
	v[0-9]*.[0-9]*.[0-9]*) ;;
	*) fail "$usage" "release.env names no version" ;;
	esac
	case $repository in
	https://?* | http://?*) ;;
	*) fail "$usage" "release.env names no repository" ;;
	esac
}

# known refuses what is no program of ours.
known() {
	case $1 in
	gateledger | gateledger-sbom | gateledger-record | gateledger-gate | gateledger-verify | gateledger-remote) ;;
	*) fail "$usage" "unknown program; have gateledger, gateledger-sbom, gateledger-record, gateledger-gate, gateledger-verify, gateledger-remote" ;;
	esac
}

sha256_of() {
	local sum
	if command -v sha256sum >/dev/null 2>&1; then
		sum=$(sha256sum <"$1") || fail "$unknown" "hash a program: sha256sum failed"
	elif command -v shasum >/dev/null 2>&1; then
		sum=$(shasum -a 256 <"$1") || fail "$unknown" "hash a program: shasum failed"
	else
		fail "$usage" "neither sha256sum nor shasum is installed, so that nothing can be checked"
	fi
	printf '%s\n' "${sum%% *}"
}

# checksum sets want to the SHA-256 that checksums.txt has for a file of the
# release. No line, two lines or half a line are errors.
checksum() {
	local hex name
	want=
	while read -r hex name || [ -n "$hex" ]; do
		name=${name%$'\r'}
		[ "${name#\*}" = "$1" ] || continue
		[ -z "$want" ] || fail "$integrity" "checksums.txt has two lines for $1"
		want=$hex
	done <"$actions/checksums.txt"
	[ -n "$want" ] || fail "$integrity" "checksums.txt has no line for $1"
	case $want in *[!0-9a-f]*) fail "$integrity" "checksums.txt has no SHA-256 for $1" ;; esac
	[ "${#want}" -eq 64 ] || fail "$integrity" "checksums.txt has no SHA-256 for $1"
}

# given sets found to the program in binary-path. What was given is taken or
# refused, and never replaced by something else.
given() { # path, program
	local path
	path=$(posix "$1")
	case $path in /*) ;; *) path=$PWD/$path ;; esac
	if [ -d "$path" ]; then
		found=$path/$2$exe
		# The program that has every verb will do, but not as our child.
		[ -e "$found" ] || [ "$2" = gateledger-remote ] || found=$path/gateledger$exe
	elif [ "$2" = gateledger-remote ]; then
		found=$(dirname "$path")/$2$exe
	else
		found=$path
	fi
	[ -f "$found" ] || fail "$usage" "binary-path has no $2: give the program, or the folder it is in"
	[ -x "$found" ] || fail "$usage" "binary-path: $2 is there and is not executable: chmod +x"
}

# cached copies a program from the tool cache and takes the copy only if it has
# the right SHA-256: whoever can write the cache must not choose what is run.
cached() { # file of the release, destination
	local copy=${RUNNER_TOOL_CACHE:+$(posix "$RUNNER_TOOL_CACHE")/gateledger/$version/$1}
	[ -n "$copy" ] && [ -f "$copy" ] && cp -- "$copy" "$2.part" 2>/dev/null || return 1
	if [ "$(sha256_of "$2.part")" != "$want" ]; then
		rm -f -- "$2.part"
		say "warning: $1 in the tool cache is not what checksums.txt says; it is not used"
		return 1
	fi
	chmod 0700 "$2.part" && mv -- "$2.part" "$2"
}

# keep puts a program into the tool cache for the next job of a runner that
# stays. That it can't is no error.
keep() { # file of the release, source
	local folder
	[ -n "${RUNNER_TOOL_CACHE:-}" ] || return 0
	folder=$(posix "$RUNNER_TOOL_CACHE")/gateledger/$version
	{ mkdir -p -- "$folder" && cp -- "$2" "$folder/$1.$$" && mv -f -- "$folder/$1.$$" "$folder/$1"; } 2>/dev/null ||
		say "note: $1 could not be put into the tool cache"
}

# download gets a file of the release. An answer that is not whole is no answer.
download() { # file of the release, destination
	local url="${GATELEDGER_MIRROR:-$repository/releases/download}/$version/$1" try proto='=https'
	case $url in http://*) proto='=http,https' ;; esac
	command -v curl >/dev/null 2>&1 || fail "$usage" "curl is not installed; install it, or give binary-path"
	for try in 1 2 3; do
		if attend curl --fail --location --silent --show-error --proto "$proto" --proto-redir "$proto" \
			--connect-timeout 20 --max-time 300 --max-filesize 209715200 --output "$2" -- "$url"; then
			return
		fi
		rm -f -- "$2"
		[ "$try" = 3 ] || attend sleep "$try"
	done
	fail "$unknown" "$1 of $version could not be downloaded. Try again later, or give binary-path"
}

# released brings a program of the pinned release.
released() { # program
	local file="$1_${os}_$arch$exe"
	found=$into/$1$exe
	checksum "$file"
	if cached "$file" "$found"; then
		say "$file $version from the tool cache, SHA-256 as pinned"
		return
	fi
	download "$file" "$found.part"
	if [ "$(sha256_of "$found.part")" != "$want" ]; then
		rm -f -- "$found.part"
		fail "$integrity" "$file $version is not what checksums.txt says: somebody changed the release, or stands between"
	fi
	chmod 0700 "$found.part" && mv -- "$found.part" "$found"
	keep "$file" "$found"
	say "$file $version downloaded, SHA-256 as pinned"
}

# built compiles a program from the checkout that this file is part of.
built() { # program
	found=$into/$1$exe
	command -v go >/dev/null 2>&1 ||
		fail "$usage" "these actions are no release (there is no checksums.txt), and go is not installed to build $1: use a release, or give binary-path"
	say "building $1 from the actions' own checkout"
	attend compile "$1" "$found" || fail "$unknown" "build $1 from the actions' own checkout: go build failed"
}

# compile runs in a shell of its own. What the job sets for its own builds is
# not for ours.
compile() { # program, destination
	cd "$actions/.." || exit 1
	unset GOOS GOARCH GOFLAGS GOEXPERIMENT
	export GOWORK=off CGO_ENABLED=0
	exec go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$(native "$2")" "./cmd/$1"
}

# bootstrap sets found to the path of a program, which it brings into a folder.
bootstrap() { # folder, program
	local path=${INPUT_BINARY_PATH:-${GATELEDGER_BINARY_PATH:-}}
	into=$1
	known "$2"
	platform
	if [ -n "$path" ]; then
		given "$path" "$2"
	elif [ -e "$actions/checksums.txt" ] || [ -L "$actions/checksums.txt" ]; then
		settings
		released "$2"
	else
		built "$2"
	fi
}

# Called by hand.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -euo pipefail
	umask 077
	trap stop INT TERM HUP
	if [ "$#" -lt 2 ] || [ ! -d "$1" ]; then fail "$usage" "usage: bootstrap.sh FOLDER PROGRAM…"; fi
	folder=$(cd "$1" && pwd)
	shift
	for program; do
		bootstrap "$folder" "$program"
		printf '%s\n' "$found"
	done
fi
