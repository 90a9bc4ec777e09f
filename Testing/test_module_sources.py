"""The module's files: what Slicer needs to find, and what reviewers of extensions look for."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from AGE2HIELib.options import ALIGN, DEVICES
from AGE2HIELib.pipeline.request import SALIENCY_METHODS
from AGE2HIELib.release import COMMAND_LINE, IN_SLICER, REQUIREMENTS

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "AGE2HIE"
SOURCES = [MODULE / "AGE2HIE.py", *sorted((MODULE / "AGE2HIEUI").glob("*.py"))]
SLICERS_OWN = {"slicer", "qt", "ctk", "vtk", "AGE2HIEUI"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_third_party_is_imported_at_file_scope(path: Path) -> None:
    for node in tree(path).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names.append(str(node.module))
        for name in names:
            root = name.split(".")[0]
            assert root in SLICERS_OWN | sys.stdlib_module_names, f"{path.name} imports {name} at file scope"


def shown_texts(path: Path) -> list[tuple[int, str]]:
    """String constants that look like sentences or labels and are neither docstrings nor inside ``_()``."""
    parsed = tree(path)
    hidden: set[int] = set()
    for node in ast.walk(parsed):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ("_", "translate", "tr"):
                hidden.update(id(inner) for inner in ast.walk(node))
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node) is not None:
            hidden.add(id(node.body[0].value))  # type: ignore[attr-defined]
        if isinstance(node, ast.FunctionDef) and node.name in (
            "predictSampleData",
            "_provenance",
            "_checkGolden",
            "regionName",
        ):
            hidden.update(id(inner) for inner in ast.walk(node))
    constants = (node for node in ast.walk(parsed) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    found = [(node.lineno, node.value) for node in constants if id(node) not in hidden]
    sentence = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
    plain = [(line, re.sub(r"<[^>]*>?", "", text)) for line, text in found]
    return [(line, text) for line, text in plain if sentence.search(text)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_visible_text_can_be_translated(path: Path) -> None:
    known = {"trained on", "intended use", "The AGE2HIE developers", "No module named", "lateral ventricle"}
    # keys, translated where they are shown
    known |= {"prevalence of the calibration", "prevalence given", "ADC fitted from b"}
    known |= {"lentiform nucleus, left", "lentiform nucleus, right", "thalamus, left"}  # the self-test's
    known |= {"Binary labelmap"}  # a name of Slicer's
    left = [(line, text) for line, text in shown_texts(path) if text not in known]
    assert left == []


def test_the_panels_texts_are_translatable_and_its_parameters_exist() -> None:
    root = ElementTree.parse(MODULE / "Resources" / "UI" / "AGE2HIE.ui").getroot()
    names = [prop.findtext("string") for prop in root.iter("property") if prop.get("name") == "SlicerParameterName"]
    assert len(names) == len(set(names))
    parameters = next(
        node
        for node in ast.walk(tree(MODULE / "AGE2HIEUI" / "parameters.py"))
        if isinstance(node, ast.ClassDef) and node.name == "AGE2HIEParameterNode"
    )
    fields = {node.target.id for node in parameters.body if isinstance(node, ast.AnnAssign)}  # type: ignore[union-attr]
    assert set(names) <= fields
    assert fields - set(names) == {"maskNode", "model", "compareMethods"}  # connected by the panel itself
    for prop in root.iter("property"):
        if prop.get("name") in ("text", "toolTip"):
            assert prop.find("string") is not None
            assert prop.find("string").get("notr") is None  # type: ignore[union-attr]


def test_the_panel_offers_what_the_command_line_knows() -> None:
    text = (MODULE / "AGE2HIEUI" / "parameters.py").read_text(encoding="utf-8")
    for value in (*SALIENCY_METHODS, *DEVICES, *ALIGN):
        assert f'"{value}"' in text


def test_one_list_of_requirements() -> None:
    """Of the library, of the package and of Slicer; there torch comes from an extension, and monai is one of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = {f"{name}>={least}" for name, least in REQUIREMENTS.items()}
    assert set(project["dependencies"]) == ours | {f"{name}>={least}" for name, least in COMMAND_LINE.items()}
    lines = (MODULE / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    slicers = {line for line in lines if line and not line.startswith("#")}
    assert [f"{name}>={least}" for name, least in IN_SLICER.items()] == project["optional-dependencies"]["monai"]
    assert slicers == {line for line in ours if not line.startswith("torch>")} | set(
        project["optional-dependencies"]["monai"]
    )


def test_the_sample_is_the_one_that_is_registered() -> None:
    import hashlib

    source = (MODULE / "AGE2HIE.py").read_text(encoding="utf-8")
    stated = re.search(r'SAMPLE_SHA256 = "(\w+)"', source)
    content = (MODULE / "Resources" / "SampleData" / "SyntheticNewborn.nrrd").read_bytes()
    assert stated is not None
    assert stated.group(1) == hashlib.sha256(content).hexdigest()


STAND_IN = """
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/qt-scripted-modules)
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR lib/qt-scripted-modules)
set(Slicer_INSTALL_THIRDPARTY_SHARE_DIR share)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/End.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/End.cmake)
"""
# As Slicer's macro of that name: refuses files that are not there, installs the rest with their folders.
MACROS = """
include(CMakeParseArguments)
macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "Unknown keywords: ${MY_UNPARSED_ARGUMENTS}")
  endif()
  set(_sub "")
  if(MY_WITH_SUBDIR)
    get_filename_component(_sub ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  endif()
  foreach(_file ${MY_SCRIPTS} ${MY_RESOURCES})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${_file})
      message(FATAL_ERROR "${MY_NAME} has no ${_file}")
    endif()
    get_filename_component(_folder ${_file} DIRECTORY)
    install(FILES ${_file} DESTINATION ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}/${_sub}/${_folder})
  endforeach()
endmacro()
macro(slicer_add_python_unittest)
  cmake_parse_arguments(MY "" "SCRIPT" "SLICER_ARGS" ${ARGN})
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${MY_SCRIPT})
    message(FATAL_ERROR "no test ${MY_SCRIPT}")
  endif()
  add_test(NAME py_${MY_SCRIPT} COMMAND ${CMAKE_COMMAND} -E true)
endmacro()
"""


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def expected_in_extension() -> set[str]:
    """Every file of the checkout that the extension runs or reads, by its place once installed."""
    kinds = {".py", ".j2", ".js", ".toml", ".png", ".nrrd", ".ui", ".txt", ".qm"}
    below = {
        "": {name for name in files_below(MODULE) if not name.startswith("Testing/")},
        "AGE2HIELib/": files_below(ROOT / "AGE2HIELib"),
        "training/": files_below(ROOT / "training"),
    }
    ours = {
        folder + name
        for folder, names in below.items()
        for name in names
        if Path(name).suffix in kinds and Path(name).name != "CMakeLists.txt"
    }
    for folder in ("atlas", "models", "t1_template", "viewer"):
        read = (name for name in files_below(ROOT / "Resources" / folder) if not Path(name).name.startswith("."))
        ours |= {f"AGE2HIELib/_resources/{folder}/{name}" for name in read}
    return {
        f"share/AGE2HIE/{name}" if name.startswith("training/") else f"lib/qt-scripted-modules/{name}" for name in ours
    }


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed")
def test_cmake_configures_and_installs_a_whole_extension(tmp_path: Path) -> None:
    """Against a stand-in Slicer; what is installed then predicts, from a folder that is not the checkout."""
    config, build, prefix = tmp_path / "config", tmp_path / "build", tmp_path / "extension"
    config.mkdir()
    (config / "SlicerConfig.cmake").write_text(STAND_IN, encoding="utf-8")
    (config / "UseSlicer.cmake").write_text(MACROS, encoding="utf-8")
    (config / "End.cmake").write_text("", encoding="utf-8")
    configure = ["cmake", "-S", str(ROOT), "-B", str(build), f"-DSlicer_DIR={config}", "-DBUILD_TESTING=ON"]
    done = subprocess.run([*configure, "-DCMAKE_INSTALL_PREFIX=" + str(prefix)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    subprocess.run(["cmake", "--install", str(build)], check=True, capture_output=True)
    modules = prefix / "lib" / "qt-scripted-modules"
    assert files_below(prefix) == expected_in_extension()
    program = "import AGE2HIELib, sys; from AGE2HIELib.cli import main; print(AGE2HIELib.__file__); sys.exit(main())"
    call = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(modules)!r}); {program}",
        "model",
        "verify",
    ]
    verified = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.splitlines()[0].startswith(str(modules))
    assert "5 members load" in verified.stdout


def test_the_extension_says_what_its_index_asks_for() -> None:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    said = dict(re.findall(r'set\((EXTENSION_\w+) "([^"]+)"', text))
    assert {"EXTENSION_HOMEPAGE", "EXTENSION_CONTRIBUTORS", "EXTENSION_DESCRIPTION", "EXTENSION_DEPENDS"} <= set(said)
    assert said["EXTENSION_DEPENDS"] == "PyTorch"
    for url in [said["EXTENSION_ICONURL"], *said["EXTENSION_SCREENSHOTURLS"].split()]:
        assert (ROOT / url.split("/main/")[1]).is_file(), url
    assert (ROOT / "LICENSE.txt").is_file()
