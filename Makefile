# What can be done with TaylorNet, by name. `make` prints the targets.

GO            ?= go
PKG           ?= ./...
COUNT         ?= 1
LINT_VERSION  := v2.15.0
VULN_VERSION  := v1.9.0
TIME          ?= 1m
KILLS         ?= 500
ROUNDS        ?= 100
INSTANTS      ?= 20
MADE          ?= made
GOLANGCI_LINT ?= $(or $(shell command -v golangci-lint),$(shell $(GO) env GOPATH)/bin/golangci-lint)
GOVULNCHECK   ?= $(or $(shell command -v govulncheck),$(shell $(GO) env GOPATH)/bin/govulncheck)

# Packages whose results depend on the SIMD level.
LEVELLED := ./internal/cpu ./internal/kernel/... ./internal/layer/... ./engine/...
# Everything except the command, which needs a terminal and files.
LIBRARY  = $(shell $(GO) list ./... | grep -v -e /cmd/ -e /taylornet/app)

.DEFAULT_GOAL := help
.PHONY: help build gen check-gen fmt tools lint test test-purego test-levels race fuzz fuzz-smoke hostile kills crowd signals vuln bench golden analysis records references cross ci

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build all packages, and the command as ./taylornet
	$(GO) build ./...
	$(GO) build -o taylornet ./cmd/taylornet

gen: ## generate the assembly
	$(GO) generate ./...

check-gen: gen ## fail unless the generated assembly is as committed
	@changed=$$(git status --porcelain -- '*_amd64.s' '*_amd64.go'); \
	if [ -n "$$changed" ]; then \
		echo "$$changed"; echo "generated files differ from the commit: run make gen and commit the result"; exit 1; \
	fi

fmt: ## format the sources
	$(GOLANGCI_LINT) fmt ./...

tools: ## install the linter and the checker of known vulnerabilities
	$(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	$(GO) install golang.org/x/vuln/cmd/govulncheck@$(VULN_VERSION)

lint: ## run go vet, the linter and the house rules
	@test -x "$(GOLANGCI_LINT)" || { echo "no golangci-lint: run make tools"; exit 1; }
	$(GO) vet ./...
	$(GOLANGCI_LINT) run ./...
	$(GO) test ./internal/lint

test: ## run the tests
	$(GO) test $(PKG)

test-purego: ## run the library's tests with no assembly in the binary
	$(GO) test -tags purego $(LIBRARY)

test-levels: ## run the kernels' tests at every SIMD level
	@for level in portable avx2 avx512; do \
		echo "TAYLORNET_SIMD=$$level"; \
		TAYLORNET_SIMD=$$level $(GO) test -count=1 $(LEVELLED) || exit 1; \
	done
	GODEBUG=cpu.avx512f=off $(GO) test -count=1 $(LEVELLED)
	GODEBUG=cpu.avx512f=off,cpu.avx2=off $(GO) test -count=1 $(LEVELLED)

race: ## run the tests under the race detector
	$(GO) test -race -short -timeout 30m $(PKG)

fuzz: ## run every fuzz target for TIME, 1m unless given
	@grep -rHo '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' --exclude-dir=_asm . | \
	while IFS=: read -r file func; do \
		name=$${func#func }; dir=$$(dirname "$$file"); \
		echo "$$dir $$name"; \
		$(GO) test "$$dir" -run '^$$' -fuzz "^$$name\$$" -fuzztime=$(TIME) -fuzzminimizetime=10x || exit 1; \
	done

fuzz-smoke: ## run every fuzz target for 2000 inputs
	@$(MAKE) --no-print-directory fuzz TIME=2000x

hostile: ## attack the command with every hostile file, and print the worst ten (Linux)
	$(GO) test ./internal/hostile -count=1 -v -all -timeout 30m

kills: ## kill training, sweeps and distillations KILLS times, 500 unless given, and resume them
	$(GO) test ./app/internal/cli -count=1 -timeout 1h -run Kill -kills $(KILLS)

crowd: ## start runs in one folder at once, ROUNDS times, 100 unless given
	$(GO) test ./app/internal/cli -count=1 -timeout 1h -run 'Together|TwoRuns' -rounds $(ROUNDS)

signals: ## interrupt every command at INSTANTS instants, and give every flag absurd values
	$(GO) test ./app/internal/cli -count=1 -timeout 1h -run 'Interrupt|Absurd' -instants $(INSTANTS) -thorough

vuln: ## look for known vulnerabilities, if their database can be reached
	@test -x "$(GOVULNCHECK)" || { echo "no govulncheck: run make tools"; exit 1; }
	@out=$$($(GOVULNCHECK) ./... 2>&1) && echo "$$out" || { \
		status=$$?; \
		case "$$out" in \
		*"fetching vulnerabilities: Get"*) echo "the database of vulnerabilities cannot be reached: nothing was checked" ;; \
		*) echo "$$out"; exit $$status ;; \
		esac; \
	}

bench: ## run the benchmarks, with PKG=./optim COUNT=10 for benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count=$(COUNT) $(PKG)

golden: ## rewrite the golden files (needs Python with torch, safetensors and numpy)
	@find . -path '*/testdata/*.py' | while read -r script; do \
		echo "$$script"; (cd "$$(dirname "$$script")" && python3 "$$(basename "$$script")") || exit 1; \
	done
	@grep -rl 'flag.Bool("update"' --include='*_test.go' . | xargs -r -n1 dirname | sort -u | while read -r dir; do \
		$(GO) test "$$dir" -update || exit 1; \
	done

analysis: build ## remake the pictures of docs/analysis.md (needs MNIST)
	./taylornet taylor --data mnist --order 1,2,3 --seeds 5 --out $(MADE)/taylor
	./taylornet train --net mnist-readable --seed 2 --graded 0 --out $(MADE)/control
	./taylornet eval mnist-readable --split validation --orders 4 --control $(MADE)/control --out $(MADE)/orders
	./taylornet explain mnist-readable --second-order --out $(MADE)/net
	./taylornet explain mnist-readable docs/images/seven.png docs/images/five.png docs/images/three.png --out $(MADE)/three
	for name in accuracy weights fifths; do cp $(MADE)/taylor/$$name.svg docs/images/taylor-$$name.svg || exit 1; done
	for name in orders sizes; do cp $(MADE)/orders/$$name.svg docs/images/readable-$$name.svg || exit 1; done
	cp $(MADE)/net/weights.svg docs/images/net-weights.svg
	cp $(MADE)/net/4-3-templates.png docs/images/net-templates.png
	for name in 4-3 8-7; do cp $(MADE)/net/$$name-patterns.png docs/images/net-patterns-$${name#*-}.png || exit 1; done
	for name in 1-seven 2-five 3-three; do cp $(MADE)/three/$$name-partial.svg docs/images/$${name#*-}-partial.svg || exit 1; done
	for name in attribution pairs; do cp $(MADE)/three/3-three-$$name.png docs/images/three-$$name.png || exit 1; done
	cp $(MADE)/three/3-three-maps-2.png docs/images/three-maps.png

records: ## measure the preparation and guard of the trained models again (needs MNIST)
	$(GO) test ./app/internal/cli -count=1 -run TestRecords -records

references: build ## remake the references in pretrained/ and their pictures (needs the data sets)
	./taylornet distill mnist --other mnist-small --other mnist-paper --out $(MADE)/mnist-refs
	./taylornet distill fashion-mnist --out $(MADE)/fashion-mnist-refs
	./taylornet distill cifar-10 --out $(MADE)/cifar-10-refs
	for name in mnist fashion-mnist cifar-10; do \
		cp $(MADE)/$$name-refs/refs-10.safetensors pretrained/$$name-refs-10.safetensors && \
		cp $(MADE)/$$name-refs/images-10.png docs/images/$$name-references.png || exit 1; \
	done
	cp $(MADE)/mnist-refs/refs-1.safetensors pretrained/mnist-refs-1.safetensors
	cp $(MADE)/mnist-refs/levels.svg docs/images/mnist-levels.svg
	./taylornet classify pretrained/mnist-refs-10.safetensors docs/images/three.png --out $(MADE)/three-refs
	cp $(MADE)/three-refs/1-three.png docs/images/three-references.png
	./taylornet distill mnist --objective distribution --evaluate none --out $(MADE)/mnist-training
	cp $(MADE)/mnist-training/images-10.png docs/images/mnist-training.png

cross: ## build for every system of a release, and the library for WebAssembly
	@for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do \
		echo "$$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build ./... || exit 1; \
	done
	GOOS=js GOARCH=wasm $(GO) build $(LIBRARY)
	GOOS=windows GOARCH=amd64 $(GO) vet ./...

ci: build check-gen lint test test-purego test-levels race fuzz-smoke hostile kills crowd signals vuln cross ## run everything that CI runs
