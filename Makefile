# Everything a contributor runs. Needs go and git; see CONTRIBUTING.md.
.PHONY: all demo test race lint bench update fuzz build e2e
all: lint test

demo: ## the main job on a throw-away repository, and the attacks on it
	@go run ./cmd/gateledger demo

test: ## every test, and the outside verifiers against our formats
	go test -shuffle=on $(TESTFLAGS) ./...
	cd test/interop && go test -shuffle=on $(TESTFLAGS) ./...

# Whatever starts goroutines or shares state between them; the rest runs in one,
# or is called by these. Not command: it runs other processes, which -race makes
# slow and does not look into.
RACE = $(shell grep -rlE '^[[:space:]]+go [a-z]|\.Go[^A-Za-z]|[^a-z](sync|atomic)\.[A-Z]' --include='*.go' internal | xargs -n 1 dirname | sort -u | grep -v -e /command$$ -e /demo$$ | sed 's|^|./|')
race: ## the tests of what runs goroutines, with the race detector
	go test -race -shuffle=on $(TESTFLAGS) $(RACE)

lint: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l cmd internal test bench)" || { gofmt -l cmd internal test bench; echo "run gofmt -w on these"; exit 1; }
	go vet ./...
	cd test/interop && go vet ./...
	cd tools && go build -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	bin/staticcheck ./...

bench: ## the figures of the README, each beside what it is measured against
	./bench/run

update: ## goldens, and the docs that are generated from tables
	GATELEDGER_UPDATE=1 go test ./internal/cli ./internal/command
	go test ./internal/policy ./internal/report ./internal/scan ./internal/bom ./internal/bom/check -update

e2e: ## against real npm, and a private Sigstore on loopback (needs jq, curl, openssl, ip)
	./test/e2e/npm.sh
	./test/e2e/sigstore.sh
	./test/e2e/keyless.sh

FUZZTIME ?= 5s
fuzz: ## every fuzzer for FUZZTIME
	./test/fuzz $(FUZZTIME)

build: ## stripped binaries in bin/, as release/build makes them
	CGO_ENABLED=0 go build -trimpath $$(cat release/gcflags) -ldflags='-s -w' -o bin/ ./cmd/...
