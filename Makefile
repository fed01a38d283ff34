# make check is what CI runs. Each target also works alone, and without CI.

GO          ?= go
# A number of inputs: a time that ends while an input runs makes go test fail now
# and then, with nothing but "context deadline exceeded" (golang/go#75804).
FUZZTIME    ?= 30000x
SUITE       ?= admission
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

SHELL   := /usr/bin/env bash
EACH    := set -euo pipefail; for module in
# All modules, and those of go.work: all but bench.
MODULES := $(patsubst %/go.mod,%,$(sort $(shell find . -name go.mod)))
WORK    := $(filter-out ./bench,$(MODULES))

.PHONY: check lint fmt vet staticcheck tidy test race alone 386 fuzz examples lab bench compare api

check: lint test race alone 386 fuzz examples
	@echo "check: every step passed"

lint: fmt vet staticcheck tidy

fmt:
	@echo "== gofmt"
	@unformatted="$$(gofmt -l .)"; if [[ -n "$$unformatted" ]]; then echo "not formatted:" $$unformatted; exit 1; fi

# bench is outside the workspace, so what covers "work" is run there once more.
vet:
	@echo "== go vet"
	@$(GO) vet work
	@GOWORK=off $(GO) -C bench vet ./...

staticcheck:
	@echo "== staticcheck"
	@$(EACH) $(MODULES); do \
		off=; [[ $$module == ./bench ]] && off=off; \
		(cd $$module && GOWORK=$$off $(GO) run $(STATICCHECK) ./...); \
	done

# Works without a network only if the modules that our dependencies test with
# were downloaded before.
tidy:
	@echo "== go mod tidy"
	@$(EACH) $(MODULES); do GOWORK=off $(GO) -C $$module mod tidy -diff; done

test:
	@echo "== go test work"
	@$(GO) test work

# Never from the cache: each run schedules the goroutines in another way.
race:
	@echo "== go test -race work"
	@$(GO) test -race -count=1 work

# Each module as those see it who have no go.work.
alone:
	@echo "== go test, each module alone"
	@$(EACH) $(MODULES); do GOWORK=off $(GO) -C $$module test ./...; done

# The peers in bench need not build on 32 bits; what we ship must.
386:
	@echo "== go test, 32 bits"
	@$(EACH) $(WORK); do GOWORK=off GOARCH=386 CGO_ENABLED=0 $(GO) -C $$module test ./...; done

fuzz:
	@echo "== fuzzing, $(FUZZTIME) each"
	@$(EACH) $(WORK); do \
		$(GO) -C $$module test -list '^Fuzz' ./... | \
		awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' | \
		while read -r package name; do \
			echo "$$package $$name"; \
			$(GO) -C $$module test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package </dev/null; \
		done; \
	done

examples:
	@echo "== examples/overload"
	@set -euo pipefail; for scenario in cpu slow-backend; do \
		out="$$($(GO) run ./examples/overload -scenario $$scenario -seconds 1 -json -svg '')"; \
		echo "$$out"; \
		[[ $$out == '{'*'}' && $$(grep -o '"load"' <<<"$$out" | wc -l) -eq 4 && $$out == *'"capacity"'* ]]; \
	done
	@echo "== examples/ratelimit"
	@set -euo pipefail; \
		out="$$($(GO) run ./examples/ratelimit -seconds 2 -json)"; \
		echo "$$out"; \
		[[ $$out == '{'*'"errors":0}' && $$out == *'"allowed_total":'[1-9]* && $$out == *'"degraded":'[1-9]* ]]
	@echo "== examples/gateway"
	@set -euo pipefail; \
		out="$$($(GO) run ./examples/gateway -seconds 2 -json)"; \
		echo "$$out"; \
		[[ $$out == '{'*'"failed":0}' && $$(grep -o '"phase"' <<<"$$out" | wc -l) -eq 7 && $$out == *'"in_time":'[1-9]* ]]
	@echo "== examples/timers"
	@set -euo pipefail; \
		out="$$($(GO) run ./examples/timers -sessions 100000 -seconds 1 -json)"; \
		echo "$$out"; \
		[[ $$out == *'"expired":50000,"early":0,'*'"left":50000,'* ]]
	@echo "== examples/cache"
	@set -euo pipefail; \
		out="$$($(GO) run ./examples/cache -seconds 2 -json)"; \
		echo "$$out"; \
		[[ $$out == '{'*'"errors":0}' && $$out == *'"memory":'[1-9]* ]]
	@echo "== examples/pool"
	@set -euo pipefail; \
		out="$$($(GO) run ./examples/pool -seconds 2 -json)"; \
		echo "$$out"; \
		[[ $$out == '{'*'"errors":0}' ]]
	@echo "== examples/workers"
	@set -euo pipefail; \
		out="$$($(GO) run ./examples/workers -seconds 1 -json)"; \
		echo "$$out"; \
		[[ $$out == *'"hash_panicked":1,'*'"store_panicked":1'* ]]
	@echo "== examples/wordcount"
	@set -euo pipefail; \
		out="$$($(GO) run ./examples/wordcount -dir "$$($(GO) env GOROOT)/src/net" -json)"; \
		echo "$$out"; \
		[[ $$out == '{'*'"problems":0,'* && $$out == *'"words":'[1-9]* && $$out == *'"word":"the"'* ]]
	@echo "== examples/ingest"
	@set -euo pipefail; for signal in 15 9; do \
		out="$$($(GO) run ./examples/ingest -kill $$signal -seconds 2 -json)"; \
		echo "$$out"; \
		[[ $$out == '{'*'"lost":0}' && $$out == *'"restarts":2,"grouped":{"lines":'[1-9]* ]]; \
	done

# The shedder's lines, in virtual time; part of alone.
lab:
	GOWORK=off $(GO) -C bench test -v -run 'TestTheShedder' ./lab

bench:
	$(GO) test -run '^$$' -bench . -benchmem .

compare:
	GOWORK=off $(GO) -C bench run ./compare -suite $(SUITE)

# Writes down what the packages export; look at the difference before you commit.
api:
	WEIR_UPDATE_API=1 $(GO) test -count=1 -run '^TestExportedNamesAreThoseWrittenDown$$' .
