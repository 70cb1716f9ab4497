"""The harness's own proof: every legacy switch breaks the gate that is named for it, and nothing does with it off.

    ./dev test self [NAME...]            the matrix, every pack with its legacy counterpart, every drill and migration
    ./dev test self --runs 20 --packs    only the packs, so many times each

Plays scenarios/switches/NAME.yaml twice, all else equal, each pack's smoke and legacy scenario, and what rehearses something
once; prints a table, ends with 1 when a line is not as it should be. What is expected stands in scenarios/README.md,
scenarios/switches/README.md and scenarios/migrations/README.md.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TIDEGATE = pathlib.Path(os.environ.get("TIDEGATE_BIN", SOURCE / "build/release/bin")) / "tidegate"
PASS, FAIL = 0, 99


def table_of(readme, columns):
    """Rows of the table whose first column is a name in back-quotes."""
    rows = []
    for line in readme.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) == columns and re.fullmatch(r"`[^`]+`", cells[0]):
            rows.append([cell.strip("`") for cell in cells])
    return rows


def switches():
    """(switch, its value, gate that it breaks)."""
    return [row[:3] for row in table_of(SOURCE / "scenarios/switches/README.md", 4)]


def counterparts():
    """(scenario, setting that breaks it, gate)."""
    return [row[:3] for row in table_of(SOURCE / "scenarios/README.md", 4)]


def rehearsals():
    """Name to the arguments that play it; all must pass."""
    found = {f"drills/{path.stem}": ["drill", path] for path in sorted((SOURCE / "scenarios/drills").glob("*.yaml"))
             if path.stem != "common"}
    for row in table_of(SOURCE / "scenarios/migrations/README.md", 3):
        file, *options = row[0].split()
        if "switch=on" not in options:
            name = "-".join([pathlib.Path(file).stem, *options[1:]])
            found[f"migrations/{name}"] = ["run", SOURCE / "scenarios/migrations" / file, *options]
    return found


def packs():
    """(pack, gates at which its legacy scenario must fail)."""
    return [(row[0], re.findall(r"[\w-]+", row[2].replace("`", ""))) for row in table_of(SOURCE / "scenarios/README.md", 3)]


def play(scenario, out, *options, command="run"):
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run([TIDEGATE, command, scenario, *options, "--out", out], capture_output=True, text=True, timeout=300)
    path = out / "verdict.json"
    verdict = json.loads(path.read_text()) if path.exists() else {"gates": [], "reasons": [done.stderr.strip()]}
    return done.returncode, verdict


def outcome_of(verdict, gate):
    outcomes = {entry["outcome"] for entry in verdict["gates"] if entry["name"] == gate}
    for outcome in ("FAIL", "ERROR", "INCONCLUSIVE", "WARN", "PASS"):
        if outcome in outcomes:
            return outcome
    return "absent"


def line(what, good, text, seconds):
    print(f"{'ok' if good else 'WRONG':<6} {what:<44} {text}  {seconds:.0f} s", flush=True)
    return good


def play_switch(out, name, value, gate):
    return play_both(out, name, f"switches/{name}", f"switch={value}", gate)


def play_both(out, name, scenario, setting, gate):
    """As it is, and with one setting changed."""
    scenario = SOURCE / f"scenarios/{scenario}.yaml"
    begin = time.monotonic()
    off_code, off = play(scenario, out / name / "off")
    on_code, on = play(scenario, out / name / "on", "--set", setting)
    good = off_code == PASS and outcome_of(off, gate) in ("PASS", "WARN") and on_code == FAIL and outcome_of(on, gate) == "FAIL"
    text = f"{gate:<24} off {outcome_of(off, gate)} ({off_code}), on {outcome_of(on, gate)} ({on_code})"
    if not good:
        text += "".join(f"\n       {why}" for side, code, right in ((off, off_code, PASS), (on, on_code, FAIL)) if code != right
                        for why in side["reasons"][:4])
    return line(name, good, text, time.monotonic() - begin)


def play_pack(out, pack, gates):
    begin = time.monotonic()
    code, verdict = play(SOURCE / f"scenarios/{pack}/scenario.yaml", out / pack / "modern", "--variant", "smoke")
    good = line(pack + " smoke", code == PASS, f"exit {code} {'; '.join(verdict['reasons'][:3])}", time.monotonic() - begin)
    begin = time.monotonic()
    code, verdict = play(SOURCE / f"scenarios/{pack}/legacy.yaml", out / pack / "legacy", "--variant", "smoke")
    found = {gate: outcome_of(verdict, gate) for gate in gates}
    right = code == FAIL and all(outcome == "FAIL" for outcome in found.values())
    text = f"exit {code} " + ", ".join(f"{gate} {outcome}" for gate, outcome in found.items())
    return line(pack + " legacy", right, text, time.monotonic() - begin) and good


def play_rehearsal(out, name, command, scenario, *options):
    begin = time.monotonic()
    code, verdict = play(scenario, out / name, *options, command=command)
    return line(name, code == PASS, f"exit {code} {'; '.join(verdict['reasons'][:3])}", time.monotonic() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="switches, packs, drills/NAME and so on; all of them by default")
    parser.add_argument("--packs", action="store_true", help="only the packs")
    parser.add_argument("--switches", action="store_true", help="only the switches")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=SOURCE / "build/self")
    asked = parser.parse_args()
    everything = not asked.packs and not asked.switches
    plays = []  # (name, how to play it)
    if everything or asked.switches:
        plays += [(row[0], play_switch, row) for row in switches()]
    if everything or asked.packs:
        plays += [(row[0], play_pack, row) for row in packs()]
    if everything:
        plays += [(name, play_both, (name, name, setting, gate)) for name, setting, gate in counterparts()]
        plays += [(name, play_rehearsal, (name, *arguments)) for name, arguments in rehearsals().items()]
    known = [name for name, _, _ in plays]
    for name in asked.names:
        if name not in known:
            sys.exit(f"there is no '{name}'. Known: {' '.join(known)}")
    wrong = 0
    for _ in range(asked.runs):
        wrong += sum(not how(asked.out, *row) for name, how, row in plays if not asked.names or name in asked.names)
    print("all as it should be" if wrong == 0 else f"{wrong} not as it should be")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
