.DEFAULT_GOAL := help

export CGO_ENABLED := 0
export GOFLAGS += -buildvcs=false

VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN       := bin/ringback
LINT      := go tool -modfile=tools/go.mod golangci-lint
PLATFORMS := linux/amd64 linux/arm64

# Looks for comments with ## beside the targets and makes the help of them.
.PHONY: help
help: ## Print this help
	@awk -F '::? .*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build, then serve a demo account on the sandbox network; ARGS="--listen :9000" adds flags
	$(BIN) serve --sandbox --demo $(ARGS)

.PHONY: build
build: ## Leave the program in bin/ringback
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/ringback

.PHONY: check
check: lint test ## Everything that must be green before a change goes in

.PHONY: test
test: ## Install what the tests need if it is missing, then run them all on both databases
	@tools/setup
	@tools/with-postgres env CGO_ENABLED=1 RINGBACK_TEST_ALL=1 sh -c 'go vet ./... && go test -race -timeout 20m ./...'

.PHONY: bench
bench: build ## Print callbacks a second and CPU-seconds for 1,000 of them; ARGS="-calls 1000" for fewer
	go run ./bench $(ARGS)

.PHONY: bench-history
bench-history: ## Print how fast each filter of the history is among 1,000,000 calls, on both databases; ARGS="-calls 100000" for fewer
	go run ./bench/history $(ARGS)
	@tools/with-postgres sh -c 'go run ./bench/history -database "$$RINGBACK_TEST_POSTGRES" $(ARGS)'

.PHONY: chaos
chaos: ## Kill the server 300 times under load and see that nothing is lost
	CGO_ENABLED=1 go test -race -count=1 -v -timeout 60m -run NothingIsLost ./test -kills 300

.PHONY: lint
lint: ## Look for mistakes and for lines that are not formatted
	$(LINT) run

.PHONY: fmt
fmt: ## Format every file
	$(LINT) fmt

.PHONY: cover
cover: ## Run the tests and leave their coverage in coverage.out
	@tools/setup
	@tools/with-postgres go test -timeout 20m -coverpkg=./... -coverprofile=coverage.out ./...
	@go tool cover -func=coverage.out | tail -n 1

.PHONY: prompts
prompts: ## Speak the built-in prompts anew (needs espeak-ng, sox and lame)
	tools/prompts

.PHONY: release
release: ## Leave archives for every platform in dist/, with their checksums
	rm -rf dist
	@for platform in $(PLATFORMS); do tools/archive $$platform $(VERSION) || exit 1; done
	cd dist && sha256sum *.tar.gz > SHA256SUMS

.PHONY: clean
clean: ## Remove what was built; the data directory stays
	rm -rf bin dist coverage.out
