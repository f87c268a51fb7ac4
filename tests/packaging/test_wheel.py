"""What is shipped: the built wheel, installed into a clean environment and tried."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hubsync

ROOT = Path(__file__).resolve().parents[2]
VERSION = hubsync.__version__


def _run(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [os.fspath(argument) for argument in arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONSAFEPATH": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    _run(*build, "--no-build-isolation", "--no-deps", "--wheel-dir", target, ROOT, cwd=target)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the wheel and its dependencies."""
    environment = tmp_path_factory.mktemp("clean") / "venv"
    _run(sys.executable, "-m", "venv", environment, cwd=environment.parent)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile"]
    _run(*pip, "--constraint", ROOT / "constraints" / "dev.txt", wheel, cwd=environment.parent)
    return environment / "bin"


def test_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "hubsync",
        "hubsync_cli",
        "hubsync_jupyter",
        f"hubsync-{VERSION}.data",
        f"hubsync-{VERSION}.dist-info",
    }


def test_wheel_holds_every_module(wheel: Path) -> None:
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    written = {
        os.fspath(path.relative_to(base))
        for base, package in (
            (ROOT, "hubsync"),
            (ROOT / "cli", "hubsync_cli"),
            (ROOT / "jupyter_server_ext", "hubsync_jupyter"),
        )
        for path in (base / package).rglob("*.py")
    }
    assert shipped == written


def test_wheel_holds_what_enables_the_server_extension_and_what_it_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    enabling = "data/etc/jupyter/jupyter_server_config.d/hubsync_jupyter.json"
    assert f"hubsync-{VERSION}.data/{enabling}" in names
    folder = ROOT / "jupyter_server_ext" / "hubsync_jupyter"
    read = [*folder.glob("schemas/*.json"), *folder.glob("pages/*.html")]
    assert len(read) > 5
    assert {os.fspath(one.relative_to(folder.parent)) for one in read} <= names


LAB = f"hubsync-{VERSION}.data/data/share/jupyter/labextensions/@hubsync/lab"


def test_wheel_holds_the_whole_lab_extension(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        package = json.loads(archive.read(f"{LAB}/package.json"))
        installed = json.loads(archive.read(f"{LAB}/install.json"))
    assert package["version"] == VERSION
    assert f"{LAB}/{package['jupyterlab']['_build']['load']}" in names
    assert f"{LAB}/static/style.js" in names
    assert f"{LAB}/schemas/@hubsync/lab/plugin.json" in names
    assert installed["packageName"] == "hubsync"
    built = ROOT / "labextension" / "dist"
    files = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert {name.removeprefix(f"{LAB}/") for name in names if name.startswith(LAB)} == files


def test_lock_file_of_the_lab_extension_names_no_registry() -> None:
    lock = json.loads((ROOT / "labextension" / "package-lock.json").read_text())
    assert len(lock["packages"]) > 100
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []


@pytest.fixture(scope="module")
def lab(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the wheel and JupyterLab, and no Node."""
    environment = tmp_path_factory.mktemp("lab") / "venv"
    _run(sys.executable, "-m", "venv", environment, cwd=environment.parent)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile"]
    constraints = ["--constraint", ROOT / "constraints" / "dev.txt"]
    _run(*pip, *constraints, f"{wheel}[jupyter]", "jupyterlab", cwd=environment.parent)
    return environment / "bin"


@pytest.mark.parametrize(
    ("kind", "name"), [("labextension", "@hubsync/lab"), ("server extension", "hubsync_jupyter")]
)
def test_jupyter_without_node_says_that_the_extension_is_ok(
    lab: Path, tmp_path: Path, kind: str, name: str
) -> None:
    done = subprocess.run(
        [lab / "jupyter", *kind.split(), "list"],
        env={"PATH": os.fspath(lab), "HOME": os.fspath(tmp_path), "NO_COLOR": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    told = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    assert re.search(rf"{name} (v{VERSION} )?enabled", told), told
    assert re.search(rf"{name} .*OK", told), told


def test_wheel_tells_type_checkers_that_it_is_typed(wheel: Path) -> None:
    assert "hubsync/py.typed" in zipfile.ZipFile(wheel).namelist()


def test_wheel_carries_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        licence = archive.read(f"hubsync-{VERSION}.dist-info/licenses/LICENSE")
    assert licence == (ROOT / "LICENSE").read_bytes()


def test_installed_command_tells_its_version(installed: Path, tmp_path: Path) -> None:
    assert _run(installed / "hubsync", "--version", cwd=tmp_path).split() == ["hubsync", VERSION]


@pytest.mark.parametrize("name", ["cli", "tests", "bench", "scripts", "jupyter_server_ext"])
def test_installed_environment_has_no_stray_package(
    installed: Path, tmp_path: Path, name: str
) -> None:
    program = f"import importlib.util; print(importlib.util.find_spec({name!r}))"
    assert _run(installed / "python", "-c", program, cwd=tmp_path).strip() == "None"


def test_installed_command_carries_a_file_from_one_hub_to_another(
    installed: Path, tmp_path: Path
) -> None:
    hub_a, hub_b = tmp_path / "a", tmp_path / "b"
    hub_a.mkdir()
    (hub_a / "notes.md").write_text("written on hub A\n")
    hubsync, url = installed / "hubsync", (tmp_path / "remote").as_uri()
    _run(hubsync, "init", url, cwd=hub_a)
    _run(hubsync, "sync", cwd=hub_a)
    _run(hubsync, "clone", url, "b", cwd=tmp_path)
    assert (hub_b / "notes.md").read_text() == "written on hub A\n"


def test_jupyter_finds_the_extension_where_it_is_installed(
    wheel: Path, installed: Path, tmp_path: Path
) -> None:
    pip = [installed / "python", "-m", "pip", "install", "--quiet"]
    constraints = ROOT / "constraints" / "dev.txt"
    _run(*pip, "--constraint", constraints, f"{wheel}[jupyter]", cwd=tmp_path)
    done = subprocess.run(
        [installed / "jupyter", "server", "extension", "list"],
        cwd=tmp_path,
        env={**os.environ, "HOME": os.fspath(tmp_path), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    listed = re.sub(r"\x1b\[\d+m", "", done.stdout + done.stderr)
    assert "hubsync_jupyter enabled" in listed
    assert f"hubsync_jupyter {VERSION} OK" in listed


def test_editable_install_finds_all_packages() -> None:
    program = (
        "import hubsync, hubsync_cli, hubsync_jupyter as jupyter\n"
        "print(hubsync.__file__, hubsync_cli.__file__, jupyter.__file__)"
    )
    found = _run(sys.executable, "-c", program, cwd=Path("/"))
    assert [Path(line).parent for line in found.split()] == [
        ROOT / "hubsync",
        ROOT / "cli" / "hubsync_cli",
        ROOT / "jupyter_server_ext" / "hubsync_jupyter",
    ]
