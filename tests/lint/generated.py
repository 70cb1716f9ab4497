"""Holds the generated parts of the documents equal to what the programs say; --write brings them up to date.

    TIDEGATE_BIN=build/release/bin python3 tests/lint/generated.py [--write]

A generated part stands between `<!-- NAME: generated -->` and `<!-- /NAME -->`, in YAML between `# NAME: generated` and
`# /NAME`.
"""

import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TIDEGATE = pathlib.Path(os.environ.get("TIDEGATE_BIN", SOURCE / "build/release/bin")) / "tidegate"


def said(*arguments):
    return subprocess.run([TIDEGATE, *arguments], capture_output=True, text=True, check=True, timeout=20).stdout


def usage():
    return "```\n" + said("--help").strip() + "\n```"


def table(what, columns):
    rows = [re.split(r"\s{2,}", line.strip(), maxsplit=len(columns) - 1) for line in said("list", what).splitlines()]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in rows:
        row += [""] * (len(columns) - len(row))
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append("| `" + cells[0] + "` | " + " | ".join(cells[1:]) + " |")
    return "\n".join(lines)


def switches():
    """What the harness checks a scenario's profile and switches against is the platform's own list."""
    platform = TIDEGATE.with_name("tidegate-platform")
    return subprocess.run([platform, "switches"], capture_output=True, text=True, check=True, timeout=20).stdout.strip()


PARTS = {
    "README.md": {"usage": usage},
    "docs/reference.md": {
        "metrics": lambda: table("metrics", ["metric", "kind", "what it is"]),
        "functions": lambda: table("functions", ["function", "what it gives"]),
        "checkers": lambda: table("checkers", ["checker", "what holds"]),
        "gates": lambda: table("gates", ["kind", "what it judges"]),
    },
    "compose/local/embedded.yaml": {"switches": switches},
}


def main():
    write = "--write" in sys.argv
    stale = []
    for name, parts in PARTS.items():
        path = SOURCE / name
        text = path.read_text()
        for part, make in parts.items():
            begin, end = (f"# {part}: generated", f"# /{part}") if name.endswith(".yaml") else (
                f"<!-- {part}: generated -->", f"<!-- /{part} -->")
            pattern = re.compile(rf"({begin}\n).*?({end})", re.DOTALL)
            if not pattern.search(text):
                sys.exit(f"{name}: no part '{part}'")
            fresh = pattern.sub(lambda found, made=make(): found[1] + made + "\n" + found[2], text)
            if fresh != text:
                stale.append(f"{name}: {part}")
                text = fresh
        if write:
            path.write_text(text)
    if stale and not write:
        sys.exit("not what the program says: " + ", ".join(stale) + "\nbring up to date with tests/lint/generated.py --write")
    print("generated parts: " + ("written" if write else "up to date"))


if __name__ == "__main__":
    main()
