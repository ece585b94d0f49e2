# `make demo` does the main job on this machine, `make test` proves the tree. Both set up what they need.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: table manifests install layouts help demo test test-pure lint format build setup bench golden clean

NODE := node_modules/.bin/node
CLANG ?= clang
BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_OBJECTS := $(foreach arch,x86_64 aarch64,$(patsubst bpf/%.bpf.c,build/bpf/$(arch)/%.bpf.o,$(BPF_SOURCES)))
BUNDLE := build/bundle/main.js
# Native, or written for Node.js in ways that a bundler cannot follow; protobufjs is for a form of sketches that we do not write.
EXTERNAL := koffi fastify pino pg prom-client selfsigned protobufjs/minimal
TESTS ?= $(shell find src test scripts -name '*.test.ts' | sort)

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup build ## record nginx, write its policies, prove them, run it under them
	bin/kguardian demo --output-dir demo-out

test: setup build lint ## all tests; as root with ../shared beside the checkout nothing is skipped
	scripts/kubernetes-tools
	$(NODE) --import ./scripts/chance.ts --test --test-concurrency=2 --test-reporter=./scripts/reporter.ts $(TESTS)

test-pure: node_modules/.installed ## the tests that need no kernel, no root and no network; seconds
	$(NODE) --import ./scripts/chance.ts --test --test-reporter=./scripts/reporter.ts $(filter-out test/%,$(filter-out %.kernel.test.ts,$(TESTS)))

lint: node_modules/.installed build/bpf/layouts.o ## types, lint, format, generated files
	$(NODE) scripts/layouts.ts --check
	$(NODE) scripts/feature-table.ts --check
	node_modules/.bin/tsc -p .
	node_modules/.bin/oxlint --type-aware --deny-warnings
	node_modules/.bin/biome format --error-on-warnings

format: node_modules/.installed ## write the format
	node_modules/.bin/biome format --write

table: node_modules/.installed ## the README's table of kinds
	$(NODE) scripts/feature-table.ts

bench: setup build ## measure, side by side in one run; PARTS="recorder" for some of it
	$(NODE) bench/main.ts $(PARTS)

golden: node_modules/.installed ## write the expected outputs again; read the diff
	UPDATE_GOLDEN=1 $(NODE) --test --test-reporter=./scripts/reporter.ts $(shell find src -name '*.golden.test.ts')

build: $(BPF_OBJECTS) $(BUNDLE) ## BPF objects for both architectures, the bundle that bin/kguardian runs

# One file a command instead of hundreds of modules: half the start time, and no TypeScript left to strip.
$(BUNDLE): Makefile $(shell find src -name '*.ts' ! -name '*.test.ts') package.json node_modules/.installed
	@rm -rf $(@D)
	node_modules/.bin/esbuild src/cli/main.ts src/broker/storage/sqlite-worker.ts --bundle --entry-names=[name] --splitting --format=esm --platform=node --target=node24 \
	  --outdir=$(@D) $(EXTERNAL:%=--external:%) --legal-comments=none --log-level=warning \
	  --banner:js="import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);"

build/bpf/x86_64/%.bpf.o: TARGET := x86
build/bpf/aarch64/%.bpf.o: TARGET := arm64
$(BPF_OBJECTS): bpf/*.h
.SECONDEXPANSION:
$(BPF_OBJECTS): bpf/$$(basename $$(basename $$(notdir $$@))).bpf.c
	@mkdir -p $(@D)
	$(CLANG) -g -O2 -Wall -Werror -target bpf -mcpu=v3 -D__TARGET_ARCH_$(TARGET) -Ibpf -idirafter /usr/include/$(shell uname -m)-linux-gnu -c $< -o $@

build/bpf/layouts.o: bpf/layouts.c bpf/observed.h bpf/observed_operations.h bpf/kernel.h
	@mkdir -p $(@D)
	$(CLANG) -g -O2 -Wall -Werror -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Ibpf -idirafter /usr/include/$(shell uname -m)-linux-gnu -c $< -o $@

layouts: build/bpf/layouts.o node_modules/.installed ## structures shared with BPF, as TypeScript reads them
	$(NODE) scripts/layouts.ts

setup: node_modules/.installed ## Debian and npm packages
	scripts/debian-packages

manifests: ## the chart as plain manifests
	scripts/kubernetes-tools
	scripts/manifests > deploy/kguardian.yaml

node_modules/.installed: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

PREFIX ?= /usr/local
install: setup build ## kguardian and kubectl-kguardian in PREFIX/bin, as links into this checkout
	mkdir -p $(DESTDIR)$(PREFIX)/bin
	ln -sf $(CURDIR)/bin/kguardian $(CURDIR)/bin/kubectl-kguardian $(CURDIR)/bin/kubectl_complete-kguardian $(DESTDIR)$(PREFIX)/bin/

clean: ## what was built
	rm -rf build demo-out node_modules
