# Everything a checkout needs. The first target that runs anything makes the environment in .venv.
ifndef PYTHON
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
endif
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench/bin
READY := $(VENV)/.ready

# What a shell may forbid, and what saves each of the tests' many processes half a second: compiled modules and templates
export PYTHONDONTWRITEBYTECODE :=

.PHONY: viewer demo docs test tests quick coverage test-long test-slicer translations fuzz lint bench demo-atlas demo-model t1-template clean

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found: install it, or call make PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

demo: $(READY)  ## a synthetic infant's raw scan, predicted
	$(BIN)/age2hie demo --overwrite

docs: $(READY)  ## docs/reference from the sources, figures of benchmark/results into the pages, and all pages as a site in site/
	$(BIN)/python -c 'from AGE2HIELib.result.schema import reference_page; print(reference_page(), end="")' > docs/reference/result.md
	$(BIN)/python -c 'from AGE2HIELib.result.schema import comparison_page; print(comparison_page(), end="")' > docs/reference/comparison.md
	$(BIN)/python -c 'from AGE2HIELib.commands.page import commands_page; print(commands_page(), end="")' > docs/reference/commands.md
	$(BIN)/python -c 'from AGE2HIELib.node.page import node_page; print(node_page(), end="")' > docs/reference/node.md
	$(BIN)/python -c 'from AGE2HIELib.serving.page import serve_page; print(serve_page(), end="")' > docs/reference/serve.md
	$(BIN)/python -c 'from training.settings_page import settings_page; print(settings_page(), end="")' > docs/reference/training.md
	$(BIN)/python benchmark/quotes.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# mypy has one core and takes a minute: the first tests run beside it
test: $(READY)  ## lint and tests; says how many tests were left out for lack of real scans (AGE2HIE_TEST_DATA)
	$(MAKE) --no-print-directory --jobs=2 lint tests

# files of long tests go first (Testing/conftest.py): one of them at the end would leave a core without work
tests: $(READY)  ## without lint
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --durations=12 -m "not long"

# Formats, units, frames and DICOM; what is refused and in which words; bundles, archives and outputs; slices and regions;
# calibration, prevalence and evaluation; reports; imports and the module's sources. 60 seconds of one core.
quick: $(READY)  ## for daily work, under a minute on two cores: the tests of Testing/quick.txt
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow and not long" @Testing/quick.txt

coverage: $(READY)  ## `make tests`, and which lines it has run; not by itself, since it makes reading code a third slower
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not long" --cov --cov-report=term

test-long: $(READY)  ## what `make test` does on a part of the real scans, on all of them
	$(BIN)/python -m pytest -q -n 2 --durations=12 -m long

# SLICER is a checkout of github.com/Slicer/Slicer, an installed Slicer, or a folder with four files of Base/Python/slicer.
test-slicer: $(READY)  ## the module's tests over Slicer's own Python modules: make test-slicer SLICER=FOLDER
	@test -n "$(SLICER)" || { echo "Name a folder with a copy of Slicer's sources: make test-slicer SLICER=..." >&2; exit 1; }
	SLICER_HOST_SOURCES="$(SLICER)" $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "host and not long" Testing

translations: $(READY)  ## the module's texts into the files of its five languages, after a change of texts
	$(BIN)/python Testing/translation_files.py $(WORDS)

fuzz: $(READY)  ## 600 damaged or odd inputs, and the table of what came of them; FUZZ="--cases 60 --seed 1 --jobs 4"
	PYTHONPATH=$(CURDIR):$(CURDIR)/Testing $(BIN)/python -m fuzzing $(FUZZ)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=AGE2HIE $(BIN)/lint-imports --no-cache --no-logo

# ANTsPy wants older numpy and scipy than the rest: it has an environment of its own
bench: $(READY)  ## seconds of --help, predict and batch, and how they grow; beside ANTsPy and MONAI; placement beside ANTs; DICOM headers; throughput; the Slicer module
	test -x $(BENCH)/python || $(PYTHON) -m venv .venv-bench
	grep '^torch=' constraints.txt > .venv-bench/constraints.txt
	$(BENCH)/python -m pip install --quiet --disable-pip-version-check -c .venv-bench/constraints.txt -e ".[bench]"
	$(BIN)/python benchmark/predict.py
	$(BIN)/python benchmark/growth.py
	$(BIN)/python benchmark/warm.py
	$(BIN)/python benchmark/assembled.py --python $(BENCH)/python
	$(BIN)/python benchmark/placement_phantoms.py
	$(BENCH)/python benchmark/placement.py
	$(BIN)/python benchmark/dicom_headers.py
	$(BIN)/python benchmark/explanations.py cost
	$(BIN)/python training/throughput.py
	$(BIN)/python benchmark/module.py

demo-atlas: $(READY)  ## the bundled atlas again, from seeds; about a minute. The bundled model must follow
	$(BIN)/python -c 'from pathlib import Path; from AGE2HIELib.phantom.templates import make_atlas; \
	from AGE2HIELib.preprocess.atlas import write_atlas; write_atlas(make_atlas(), Path("Resources/atlas"))'

demo-model: $(READY)  ## the bundled model again, from seeds; about an hour on two cores
	$(BIN)/python training/run.py --preset bundle --export Resources/models/demo

t1-template: $(READY)  ## the bundled template of T1 scans again, from seeds; seconds. The age network must follow
	$(BIN)/python -c 'from pathlib import Path; from AGE2HIELib.phantom.templates import make_t1_template; \
	from AGE2HIELib.preprocess.t1.placement import write_t1_template; \
	write_t1_template(make_t1_template(), Path("Resources/t1_template/outline.nii.gz"))'

viewer:  ## the viewer that reports embed, from its npm package; the same bytes again
	cd $$(mktemp -d) && npm pack --silent @niivue/niivue@0.69.0 && tar xzf niivue-niivue-0.69.0.tgz && \
		gzip -n -9 -c package/dist/niivue.umd.js > $(CURDIR)/Resources/viewer/niivue-0.69.0.umd.js.gz

clean:
	rm -rf .venv-bench build dist site age2hie-demo .pytest_cache .coverage .ruff_cache .mypy_cache .import_linter_cache
