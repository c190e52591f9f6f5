"""Builds the documentation: `python -m docs.site [--out build/site]`, which is `make docs`.

`stage` gathers the pages in a folder and generates those that come from the code (`api`, `python`, `commands`), and `curves`
draws the pictures. Zensical builds the site in strict mode, where a broken link is an error. `check` searches the result for
anything that a browser would load from another host. None of this needs a network.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from docs.site import check, curves, stage

ROOT = Path(__file__).parents[2]


def build(out: Path, work: Path) -> None:
    """Build the site in `out`, and gather its pages in `work`.

    Raises:
        subprocess.CalledProcessError: A link is broken. Zensical has printed which.
        ValueError: A page would load something from another host.
    """
    configuration = stage.gather(ROOT, work)
    curves.draw_all(work / "docs" / "images")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "zensical",
            "build",
            "--clean",
            "--strict",
            "--config-file",
            str(configuration),
        ],
        check=True,
        cwd=work,
    )
    check.no_other_host(work / "site")
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(work / "site", out)


def main() -> None:
    """Build the site, or draw the pictures, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m docs.site", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", help="folder of the site")
    parser.add_argument("--figures", action="store_true", help="only draw the pictures in docs/images")
    options = parser.parse_args()
    if options.figures:
        curves.draw_all(ROOT / "docs" / "images")
        return
    try:
        build(options.out.absolute(), ROOT / "build" / "docs-work")
    except (subprocess.CalledProcessError, ValueError) as error:
        sys.exit(f"docs: {error}")
    print(f"The documentation is in {options.out}/index.html")


if __name__ == "__main__":
    main()
