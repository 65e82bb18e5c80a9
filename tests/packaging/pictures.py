"""Takes the pictures of docs/: ``python tests/packaging/pictures.py`` runs what they show and draws it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from session import run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"
COMMANDS = ("boardless profile kws -o kws.blr", "boardless report kws.blr --html kws.html")
WIDTH, HEIGHT = 1000, 1120


def main() -> None:
    """Draw all of them."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for command in COMMANDS:
            run(command, Path(folder))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto((Path(folder) / "kws.html").as_uri())
        page.screenshot(path=FOLDER / "profile-page.png")
        browser.close()


if __name__ == "__main__":
    main()
