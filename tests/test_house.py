"""The house stands as designed: imports run one way, and Prefect stays in its rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOWS = Path(__file__).resolve().parent.parent / "flows"

ORDER = (
    {
        "errors",
        "models",
        "clock",
        "files",
        "settings",
        "database",
        "prefect_home",
        "progress",
        "termination",
    },
    {"news"},
    {"audience"},
    {"compose"},
    {"channels"},
    {"ledger"},
    {"returns"},
    {"campaign"},
    {"reporting"},
    {"deliver_mail", "deliver_posts", "shown"},
    {"launch", "deliver", "track", "report", "rehearse", "watch", "purge", "alarm"},
    {"served", "deployments", "runner", "page"},
    {"console"},
    {"cli"},
)
"""Each line may use itself and the lines above it."""

PREFECT_ROOMS = {*ORDER[-5], *ORDER[-4], *ORDER[-3]}
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(FLOWS).parts[0].removesuffix(".py")


def imports_of(source: str) -> Iterator[str]:
    """Every module named in an import, wherever it stands in the file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the order"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offences(room: str, source: str) -> list[str]:
    """What a file in `room` imports against the order, or of Prefect outside its rooms."""
    found = []
    for name in imports_of(source):
        top, *rest = name.split(".")
        if top == "prefect" and room not in PREFECT_ROOMS:
            found.append(f"{room} imports Prefect")
        if top == "flows" and rest and rest[0] in LEVEL and LEVEL[rest[0]] > LEVEL[room]:
            found.append(f"{room} imports {name}, which stands below it")
    return found


MODULES = [path for path in sorted(FLOWS.rglob("*.py")) if path != FLOWS / "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FLOWS)))
def test_imports_run_one_way_and_prefect_stays_in_the_flow_modules(path: Path) -> None:
    assert room_of(path) in LEVEL, f"{path} is in no room of the house"
    assert offences(room_of(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("compose", "from flows.ledger import book"),
        ("news", "import flows.channels.smtp"),
        ("ledger", "def late():\n    from flows.campaign import plan"),
        ("channels", "from flows import ledger"),
        ("campaign", "import prefect.client"),
        ("cli", "from prefect import flow"),
    ],
)
def test_an_import_against_the_order_is_found(room: str, source: str) -> None:
    assert len(offences(room, source)) == 1


def test_the_top_level_holds_only_what_was_agreed() -> None:
    import subprocess

    tracked = subprocess.run(
        ["git", "ls-files"], cwd=FLOWS.parent, capture_output=True, text=True, check=True
    ).stdout.split()
    agreed = {
        *("flows", "content", "templates", "secrets.example.env", "tests", "pyproject.toml"),
        *("README.md", "LICENSE", "CHANGELOG.md", "Makefile", "uv.lock", "prefect.yaml"),
    }
    top = {path.split("/")[0] for path in tracked}
    assert {name for name in top if not name.startswith(".")} <= agreed
