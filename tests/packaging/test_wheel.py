"""What is shipped: the built wheel, installed into a clean environment and tried."""

from __future__ import annotations

import os
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
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target, cwd=ROOT)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the wheel and its dependencies."""
    environment = tmp_path_factory.mktemp("clean") / "venv"
    _run(sys.executable, "-m", "venv", environment, cwd=environment.parent)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
    _run(*pip, "--constraint", ROOT / "constraints" / "dev.txt", wheel, cwd=environment.parent)
    return environment / "bin"


def test_wheel_holds_the_two_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "hubsync",
        "hubsync_cli",
        f"hubsync-{VERSION}.dist-info",
    }


def test_wheel_holds_every_module(wheel: Path) -> None:
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    written = {
        os.fspath(path.relative_to(base))
        for base, package in ((ROOT, "hubsync"), (ROOT / "cli", "hubsync_cli"))
        for path in (base / package).rglob("*.py")
    }
    assert shipped == written


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


def test_editable_install_finds_both_packages() -> None:
    program = "import hubsync, hubsync_cli; print(hubsync.__file__); print(hubsync_cli.__file__)"
    found = _run(sys.executable, "-c", program, cwd=Path("/"))
    assert [Path(line).parent for line in found.split()] == [
        ROOT / "hubsync",
        ROOT / "cli" / "hubsync_cli",
    ]
