#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Lints what CI hosts will read: workflows (ours, the rig's, those in the docs,
# those that init writes), action files, GitLab templates. By GitHub's own
# parser, by actionlint, and by GitLab's JSON schema.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
{ read -r actionlint; read -r parser; read -r gitlab; } < <(test/ci/tools/install actionlint workflow-parser gitlab-ci-local)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GOMODCACHE=$(go env GOMODCACHE) GOCACHE=$(go env GOCACHE)
export GOMODCACHE GOCACHE HOME=$work/home GIT_CONFIG_NOSYSTEM=1
mkdir "$HOME"
git config --global user.name Dana
git config --global user.email dana@example.org
git config --global init.defaultBranch main
unset CI GITHUB_ACTIONS GITLAB_CI
linted=0

fail() { echo "lint.sh: $*" >&2 && exit 1; }

# repository FOLDER: a repository that actionlint takes for ours, so that our own
# actions' inputs are checked where a workflow uses them.
repository() {
	mkdir -p "$1/.github/workflows"
	cp -R action.yml actions "$1/"
	if [ -f .github/workflows/release-gate.yml ]; then cp .github/workflows/release-gate.yml "$1/.github/workflows/"; fi
	git init --quiet "$1"
}

# workflows FOLDER: lints the workflows of a repository, the published names of
# our actions replaced by where they are.
workflows() {
	sed -i -E 's#gateledger/gateledger(/[^@[:space:]]+)?@[0-9a-zA-Z._-]+#.\1#; s#(uses: *)\.([[:space:]]|$)#\1./\2#' "$1"/.github/workflows/*
	"$parser" "$1"/.github/workflows/* || return
	# What shellcheck and pyflakes say depends on whether a machine has them.
	(cd "$1" && "$actionlint" -no-color -shellcheck= -pyflakes= .github/workflows/*) || return
	linted=$((linted + $(find "$1/.github/workflows" -type f | wc -l)))
}

echo "= the linters find what is wrong"
repository "$work/bad"
printf 'on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: gateledger/gateledger/actions/gate@v1\n        with:\n          enviroment: x\n' >"$work/bad/.github/workflows/bad.yml"
if workflows "$work/bad" >"$work/out" 2>&1 || ! grep -q 'input "enviroment" is not defined' "$work/out"; then
	cat "$work/out"
	fail "a misspelt input passes"
fi
mkdir "$work/bad-action"
printf 'name: a\ndescription: b\nruns:\n  using: composite\n  steps:\n    - run: echo\n' >"$work/bad-action/action.yml"
if "$parser" "$work/bad-action/action.yml" >"$work/out"; then fail "an action without a shell passes"; fi
linted=0

echo "= action files"
mapfile -t actions < <(find action.yml actions test/ci/stubs -name action.yml)
"$parser" "${actions[@]}"
linted=$((linted + ${#actions[@]}))

echo "= workflows: ours and the rig's"
repository "$work/ours"
cp .github/workflows/*.yml "$work/ours/.github/workflows/"
workflows "$work/ours"
repository "$work/rig"
cp test/ci/workflows/*.yml "$work/rig/.github/workflows/"
workflows "$work/rig"

# blocks FILE FOLDER: writes the YAML blocks of a Markdown file that are
# workflows, or jobs or steps of one, as workflows. A block that stands in a list
# is moved to the left.
blocks() {
	awk -v to="$2/$(basename "$(dirname "$1")")-$(basename "$1" .md)" '
		function flush(  file) {
			if (!jobs && !uses) return
			file = to "-" ++n ".yml"
			if (!on) print "on: push" >file
			if (!jobs) print "jobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:" >file
			for (i = 1; i <= lines; i++) {
				if (jobs || text[i] !~ /^ *steps: *$/) print (jobs ? "" : "      ") text[i] >file
			}
			close(file)
		}
		/^ *```ya?ml/ { inside = 1; jobs = on = uses = lines = 0; match($0, /^ */); indent = RLENGTH; next }
		inside && /^ *```/ { inside = 0; flush(); next }
		inside {
			line = $0
			for (i = 0; i < indent; i++) sub(/^ /, "", line)
			text[++lines] = line
			if (line ~ /^jobs:/) jobs = 1
			if (line ~ /^on:/) on = 1
			if (line ~ /^ *- uses: /) uses = 1
		}
	' "$1"
}

echo "= workflows of the docs"
repository "$work/docs"
while read -r file; do
	blocks "$file" "$work/docs/.github/workflows"
done < <(find README.md docs actions -name '*.md')
workflows "$work/docs"

echo "= what init writes"
CGO_ENABLED=0 go build -buildvcs=false -o "$work/gateledger" ./cmd/gateledger
for plan in github-free-private github-team gitlab-free gitlab-premium; do
	git init --quiet --bare "$work/$plan.git"
	git init --quiet "$work/$plan"
	cd "$work/$plan"
	git remote add origin "$work/$plan.git"
	"$work/gateledger" init "--${plan%%-*}" --plan "$plan" >/dev/null
	cd "$top"
	case $plan in
	github-*)
		repository "$work/of-$plan"
		cp "$work/$plan"/.github/workflows/* "$work/of-$plan/.github/workflows/"
		workflows "$work/of-$plan"
		;;
	esac
done

# pipeline FOLDER: has GitLab's schema checked for the pipeline of a repository,
# includes expanded.
pipeline() {
	git -C "$1" add --all
	git -C "$1" commit --quiet --allow-empty --message it
	git -C "$1" remote get-url origin >/dev/null 2>&1 || git -C "$1" remote add origin http://127.0.0.1:1/acme/app.git
	git -C "$1" symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main
	(cd "$1" && "$gitlab" --force-shell-executor --preview >"$work/out" 2>&1) || { cat "$work/out"; return 1; }
	linted=$((linted + 1))
}

echo "= GitLab: what init writes, and the templates"
mkdir "$work/bad-gitlab"
git init --quiet "$work/bad-gitlab"
printf 'a:\n  script: [echo]\n  artefacts: {}\n' >"$work/bad-gitlab/.gitlab-ci.yml"
if pipeline "$work/bad-gitlab" >/dev/null; then fail "GitLab's schema lets an unknown key pass"; fi
for plan in gitlab-free gitlab-premium; do
	cp -R gitlab/templates "$work/$plan/templates"
	cd "$work/$plan"
	# Our components, from here.
	sed -i -E 's#component: .*/gateledger/gateledger/([a-z]+)@[0-9.]+ *$#local: templates/\1.yml#' .gitlab/*.yml
	if grep component: .gitlab/*.yml; then fail "init --gitlab names a component that is not ours"; fi
	{ echo "include:"; printf '  - local: %s\n' .gitlab/*.yml; } >.gitlab-ci.yml
	cd "$top"
	pipeline "$work/$plan"
done

# needed FILE: inputs for those of a component that have no default.
needed() {
	awk -v digest="sha256:$(printf '%064d' 0)" '
		function flush() {
			if (name != "" && !given) list = list sep name ": \"" (name == "policy" ? digest : "dist/app") "\""
			if (name != "" && !given) sep = ", "
		}
		/^---/ { exit }
		/^    [a-z][a-z-]*:/ { flush(); name = $1; sub(/:.*/, "", name); given = /default:/ }
		/^ +default:/ { given = 1 }
		END { flush(); if (list != "") print "    inputs: {" list "}" }
	' "$1"
}

for folder in gitlab/templates gitlab/include; do
	to=$work/$(basename "$folder")
	git init --quiet "$to"
	cp "$folder"/*.yml "$to/"
	for template in "$folder"/*.yml; do
		printf '  - local: "%s"\n' "$(basename "$template")"
		needed "$template"
	done >"$work/includes"
	{ echo "stages: [build, test, deploy]"; echo "include:"; cat "$work/includes"; printf 'build:\n  stage: build\n  script: [echo]\n'; } >"$to/.gitlab-ci.yml"
	pipeline "$to"
	linted=$((linted - 1 + $(grep -c local "$work/includes")))
done
echo "$linted files linted"
