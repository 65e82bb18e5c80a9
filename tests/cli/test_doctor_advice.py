"""What ``boardless doctor`` advises can be followed on the Python and platform that it runs on."""

from __future__ import annotations

import json
import shlex
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from emulator.cli import doctor
from emulator.cli.main import main
from emulator.installation import origin, requirements
from emulator.installation.documents import FIDELITY, document

LINUX = {"sys_platform": "linux", "platform_machine": "x86_64"}
MAC = {"sys_platform": "darwin", "platform_machine": "arm64"}
OLD_MAC = {"sys_platform": "darwin", "platform_machine": "x86_64"}
WINDOWS = {"sys_platform": "win32", "platform_machine": "AMD64"}
ARM = {"sys_platform": "linux", "platform_machine": "aarch64"}
RASPBERRY = {"sys_platform": "linux", "platform_machine": "armv7l"}


def python(version: str, platform: dict[str, str]) -> dict[str, str]:
    return {"python_version": version, "python_full_version": f"{version}.1", **platform}


@pytest.mark.parametrize(("version", "platform", "wanted"), [
    ("3.10", LINUX, "tflite-runtime"), ("3.11", ARM, "tflite-runtime"), ("3.11", RASPBERRY, "tflite-runtime"),
    ("3.12", LINUX, "ai-edge-litert"), ("3.13", LINUX, "ai-edge-litert"), ("3.14", ARM, "ai-edge-litert"),
    ("3.10", MAC, "ai-edge-litert"), ("3.13", MAC, "ai-edge-litert"), ("3.11", WINDOWS, "ai-edge-litert"),
])  # fmt: skip
def test_golden_advice_names_what_has_wheels_there(
    version: str, platform: dict[str, str], wanted: str
) -> None:
    advice = requirements.golden_advice(python(version, platform))
    others = set(requirements.GOLDEN_RUNTIMES) - {wanted}
    assert shlex.split(advice)[:4] == [sys.executable, "-m", "pip", "install"]
    assert wanted in advice
    assert not any(other in advice for other in others)
    assert ("numpy<2" in advice) is (wanted == "tflite-runtime")


@pytest.mark.parametrize(("version", "platform"), [
    ("3.12", RASPBERRY), ("3.11", OLD_MAC), ("3.13", OLD_MAC), ("3.15", LINUX), ("3.16", MAC),
])  # fmt: skip
def test_no_pip_command_where_there_is_nothing_to_install(version: str, platform: dict[str, str]) -> None:
    advice = requirements.golden_advice(python(version, platform))
    assert "pip install" not in advice
    assert "There is none for" in advice
    assert requirements.golden_requirement(python(version, platform)) is None


def test_every_command_that_it_prints_is_of_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing installed: whatever it says to install is a requirement that holds here."""

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", missing)
    findings = doctor._packages()
    wanted = {one.name for one in requirements.requirements()}
    assert {finding.name.partition(" ")[0] for finding in findings} == wanted
    for finding in findings:
        words = shlex.split(finding.fix)
        assert words[:4] == [sys.executable, "-m", "pip", "install"]
        assert {Requirement(word).name for word in words[4:]} <= wanted


def test_a_version_that_does_not_fit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Requirement("unicorn==0.0.1")
    finding = doctor._package(wanted)
    assert not finding.good
    assert finding.needed
    assert f"{metadata.version('unicorn')}, but it must be ==0.0.1" in finding.detail
    assert finding.fix.endswith("pip install unicorn==0.0.1")


def test_without_a_golden_interpreter_for_this_python_all_else_works(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [one for one in requirements.requirements() if one.name not in requirements.GOLDEN_RUNTIMES]
    monkeypatch.setattr(doctor, "requirements", lambda: kept)
    monkeypatch.setattr(doctor, "golden_requirement", lambda: None)
    monkeypatch.setattr(doctor, "golden_advice", lambda: requirements.golden_advice(python("3.13", OLD_MAC)))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0
    assert (
        "--   golden interpreter: none; the golden check of `boardless bench` is left out." in result.output
    )
    assert result.output.splitlines()[-1] == "Everything works that can be had here."


def test_not_installed_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "DISTRIBUTION", "no-such-distribution")
    (finding,) = doctor._packages()
    assert (finding.good, finding.detail) == (False, "boardless is not installed")
    assert "--no-deps" not in finding.fix


@pytest.mark.parametrize(("came_from", "words"), [
    ("folder", ["--no-deps", "--force-reinstall", "--no-cache-dir", "{path}"]),
    ("boardless-0.1.0.tar.gz", ["--no-deps", "--force-reinstall", "--no-cache-dir", "{path}"]),
    ("boardless-0.1.0-py3-none-any.whl",
     ["--no-deps", "--force-reinstall", "--no-cache-dir", "--no-binary", "boardless", "boardless"]),
    ("", ["--no-deps", "--force-reinstall", "--no-cache-dir", "--no-binary", "boardless", "boardless"]),
])  # fmt: skip
def test_building_again_starts_where_the_installation_came_from(
    came_from: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / came_from
    if came_from and not path.exists():
        path.write_text("")
    told = json.dumps({"url": path.as_uri()}) if came_from else None
    monkeypatch.setattr(origin, "ROOT", tmp_path)  # no checkout
    monkeypatch.setattr(
        origin.metadata, "distribution", lambda _name: SimpleNamespace(read_text=lambda _file: told)
    )
    expected = [sys.executable, "-m", "pip", "install", *(word.format(path=path) for word in words)]
    assert shlex.split(origin.reinstall_command()) == expected


def test_a_checkout_is_built_in_place() -> None:
    root = Path(__file__).parents[2]
    assert shlex.split(origin.reinstall_command())[-2:] == ["--editable", str(root)]
    assert document(FIDELITY) == root / "FIDELITY.md"
    assert f"{FIDELITY}" in doctor._documents().detail
    assert doctor._documents().good


def test_without_root_the_compiler_comes_as_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origin.sys, "platform", "linux")
    before, _, rootless = origin.native_hook_advice().partition(" -- or, without root: ")
    assert before.startswith("install a C compiler")
    install, _, build = rootless.partition(" && ")
    assert shlex.split(install) == [sys.executable, "-m", "pip", "install", "ziglang"]
    compiler, linker, *command = shlex.split(build)
    zig = str(Path(sysconfig.get_path("platlib"), "ziglang", "zig"))
    assert (compiler, linker) == (f"CC={zig} cc", f"LDSHARED={zig} cc -shared")
    assert shlex.join(command) == origin.reinstall_command()
    monkeypatch.setattr(origin.sys, "platform", "win32")
    assert "without root" not in origin.native_hook_advice()
