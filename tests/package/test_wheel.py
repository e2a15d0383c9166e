"""`pip install` gives a command that works from anywhere."""

import tarfile
import tomllib

from conftest import PLACE, ROOT, report, run


def version():
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]


def test_the_command_says_the_version_of_the_manifest(tailspike, tmp_path):
    assert run(tailspike, "--version", cwd=tmp_path, check=True).stdout == f"tailspike {version()}\n"


def test_a_fixture_is_checked_from_another_folder(tailspike, tmp_path):
    found = report(tailspike, tmp_path, "--isolated", ROOT / "fixtures/projects/orders")
    assert [it["rule"] for it in found["findings"]] == ["blocking-http-call", "unbounded-fan-out"]


def test_pages_and_catalog_are_inside(tailspike, tmp_path):
    page = run(tailspike, "explain", "blocking-sleep", cwd=tmp_path, check=True).stdout
    assert page == (ROOT / "rules/blocking-sleep.md").read_text().rstrip() + "\n"


def test_the_wheel_holds_the_program_its_licence_and_what_it_is_made_of(wheel):
    import zipfile

    names = {name.split("/", 1)[1] for name in zipfile.ZipFile(wheel).namelist()}
    assert {"scripts/tailspike", "METADATA", "RECORD", "WHEEL", "licenses/LICENSE", "sboms/tailspike.cyclonedx.json"} >= names, names


def test_the_program_is_stripped(tailspike, tmp_path):
    assert b"\0.symtab\0" not in tailspike.read_bytes()


def test_the_source_distribution_can_build_itself(tmp_path):
    run(PLACE / "venv/bin/maturin", "sdist", "--out", tmp_path, cwd=ROOT, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as it:
        it.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("tailspike-*/")
    for page in (ROOT / "rules").rglob("*.*"):
        assert (source / page.relative_to(ROOT)).read_bytes() == page.read_bytes()
    # Checking is enough: what it would link is what the wheel was made of.
    run("cargo", "check", "--locked", "--quiet", cwd=source, check=True, CARGO_TARGET_DIR=str(ROOT / "target"))
