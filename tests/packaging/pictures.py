"""Takes the pictures of docs/: ``python tests/packaging/pictures.py`` runs what they show and draws it."""

from __future__ import annotations

import html
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from session import run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"
COMMANDS = ("boardless profile kws -o kws.blr", "boardless report kws.blr --html kws.html")
TABLE = "boardless profile kws --top 3"
WIDTH, HEIGHT = 1000, 1120
TERMINAL = """<style>pre {{ background: #1b1f24; color: #d7dde4; padding: 16px 20px; width: max-content;
  border-radius: 8px; font: 14px/1.25 "DejaVu Sans Mono", monospace }} b {{ color: #7ee787 }}</style>
<pre><b>$ {command}</b>
{output}</pre>"""


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
        page.set_content(TERMINAL.format(command=TABLE, output=html.escape(run(TABLE, Path(folder)))))
        page.locator("pre").screenshot(path=FOLDER / "profile-table.png")
        browser.close()


if __name__ == "__main__":
    main()
