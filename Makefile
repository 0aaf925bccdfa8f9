# make run · make test · make test-all · make test-faults · make check · make bench · make docs — each works from a fresh clone, on Python 3.11+, make and git.
.POSIX:
SHELL := /bin/sh
.DEFAULT_GOAL := help

PY ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys;sys.exit(sys.version_info<(3,11))' 2>/dev/null && echo $$p && break; done)
RUN_STAMP := .venv/.run-$(shell cat pyproject.toml requirements.lock 2>/dev/null | cksum | cut -d' ' -f1)
TEST_STAMP := .venv/.test-$(shell cat pyproject.toml requirements-test.lock 2>/dev/null | cksum | cut -d' ' -f1)
BIN := .venv/bin

# $(1): the lock to install from. uv where it is, else venv and pip; nothing half-made is left behind.
define install
	@test -n "$(PY)" || { echo "需要 Python 3.11 或更新版本 · Python 3.11 or newer is needed"; exit 1; }
	@echo "正在准备 .venv（首次约一分钟）· preparing .venv (about a minute the first time)"
	@if command -v uv >/dev/null 2>&1; then \
		{ test -x $(BIN)/python || uv venv -q --python "$(PY)" .venv; } && \
		uv pip install -q --python $(BIN)/python --require-hashes -r $(1) && \
		uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	elif test -x $(BIN)/python || $(PY) -m venv .venv >/dev/null 2>&1; then \
		{ $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; } && \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1) && \
		$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	else \
		rm -rf .venv; \
		echo "缺少 venv：请安装 python3-venv，或安装 uv · venv is missing: install python3-venv, or uv"; exit 2; \
	fi
endef

help:
	@echo "make run    打开演示企业 · open the demo enterprise"
	@echo "make test   全部检查与测试 · every check and test"
	@echo "make test-all 全部，每个都在两种数据库上 · all of it, on both databases each"
	@echo "make test-faults 故障演练，全量 · faults at full size, about half an hour"
	@echo "make check  只做静态检查 · static checks alone"
	@echo "make bench  性能对照 · benchmarks"
	@echo "make docs   重新生成文档与图片 · regenerate documents and pictures"

$(RUN_STAMP): pyproject.toml requirements.lock
	$(call install,requirements.lock)
	@$(BIN)/python -m compileall -q bot console content domain handlers messengers services storage || true
	@rm -f .venv/.run-*; touch $@

$(TEST_STAMP): pyproject.toml requirements-test.lock
	$(call install,requirements-test.lock)
	@rm -f .venv/.test-* .venv/.run-*; touch $@ $(RUN_STAMP)

run: $(RUN_STAMP)
	@exec $(BIN)/dangqun demo $(ARGS)

check: $(TEST_STAMP)
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

# The static checks have one thread, so the tests begin beside them.
test:
	@$(MAKE) -j2 check suite

test-all:
	@DANGQUN_DATABASES=both $(MAKE) -j2 check suite

# Dozens of processes are started: each would compile everything where bytecode is not kept.
suite: $(TEST_STAMP)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

test-faults: $(TEST_STAMP)
	@DANGQUN_FAULTS=long $(BIN)/python -m pytest tests/faults tests/test_proof_*.py $(ARGS)

bench: $(TEST_STAMP)
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(TEST_STAMP)
	@$(BIN)/python -m bot.documents $(ARGS)

.PHONY: help run check test test-all suite test-faults bench docs
