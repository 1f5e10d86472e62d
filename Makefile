# make help lists the targets.

SHELL := /bin/bash

# Flags for go test, and 0 in place of 1 to let tests be skipped that lack PostgreSQL, a browser or what else deps installs.
GOTESTFLAGS ?=
ACTIVITYLOG_REQUIRE ?= 1
export ACTIVITYLOG_REQUIRE

TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/activitylog/tools
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: help deps fmt lint test fuzz soak bench biglog demo eval screenshots

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

deps: ## install what the tests need and is missing: a C compiler, PostgreSQL, Python, Chromium, axe-core
	@scripts/deps.sh

fmt: ## format the code
	gofmt -s -w .

lint: ## check format, go.mod, vet, staticcheck and known vulnerabilities
	@unformatted=$$(gofmt -s -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then printf 'run make fmt for:\n%s\n' "$$unformatted"; exit 1; fi
	go vet ./...
	go mod tidy -diff
	@$(call install,$(STATICCHECK)) || exit 0; \
	echo staticcheck ./...; $(TOOLS)/staticcheck ./...
	@# Only exit code 3 is a finding; the others mean that it could not look.
	@$(call install,$(GOVULNCHECK)) || exit 0; \
	echo govulncheck ./...; out=$$($(TOOLS)/govulncheck ./... 2>&1); code=$$?; \
	case $$code in \
	0) ;; \
	3) echo "$$out"; exit 1 ;; \
	*) echo "lint: going on without govulncheck: $$(tail -n 1 <<<"$$out")" ;; \
	esac

# install installs a tool, or says that it cannot be had and fails.
install = reason=$$(GOBIN=$(TOOLS) go install $(1) 2>&1) || \
	{ echo "lint: going on without $(1): $$(tail -n 1 <<<"$$reason")"; false; }

# The slowest packages first, so that the rest fills the second core.
test: deps ## run all tests, with the race detector and against PostgreSQL
	@code=0; \
	go test -timeout 30m $(GOTESTFLAGS) ./store/sqlstore ./alerts ./integrity ./cmd/activitylog ./web || code=1; \
	go test -race -timeout 30m $(GOTESTFLAGS) ./store/postgres ./integrity ./store/sqlite ./alerts/... ./cmd/... ./... || code=1; \
	if [ -f interop/go.mod ]; then (cd interop && go test $(GOTESTFLAGS) ./...) || code=1; fi; \
	GOTESTFLAGS="$(GOTESTFLAGS)" scripts/fuzz.sh 10s || code=1; \
	for module in contrib/*/; do (cd $$module && go vet ./... && go test $(GOTESTFLAGS) ./...) || code=1; done; \
	if [ -f e2e/go.mod ]; then (cd e2e && go vet ./... && go test -timeout 10m $(GOTESTFLAGS) ./...) || code=1; fi; \
	if [ -f bench/go.mod ]; then (cd bench && go vet ./... && go test -run . $(GOTESTFLAGS) ./...) || code=1; fi; \
	exit $$code

FUZZTIME ?= 1m

fuzz: ## fuzz what reads evidence from elsewhere, FUZZTIME for each target
	GOTESTFLAGS="$(GOTESTFLAGS)" scripts/fuzz.sh $(FUZZTIME) all

soak: ## run the long tests, against PostgreSQL 18, and a purge of 10 million events; takes most of a day
	scripts/soak.sh

bench: ## compare with the peers
	cd bench && go run .

biglog: ## build the large logs that the query benchmarks need, once
	cd bench && go run . biglog

DATA ?= ../shared/data
REPORT ?= docs/alerts-evaluation.md

eval: ## measure the alerts on DATA=folder; renews docs/alerts-evaluation.md, or REPORT=file, and the .json beside it
	go run ./internal/alerteval/cmd -data "$(DATA)" -report "$(REPORT)"

demo: ## make a log of a believable platform and show what to ask it
	go run ./cmd/activitylog demo

screenshots: deps ## pictures of every page in every size and theme, in e2e/screenshots
	mkdir -p e2e/screenshots
	cd e2e && ACTIVITYLOG_SOAK=1 ACTIVITYLOG_SHOTS=screenshots go test -timeout 30m -count=1 ./...
