#!/usr/bin/env python3
"""No two types of one full name: linked into one program, the one's constructor and destructor are taken for the other's, and
no compiler says so. Types of anonymous namespaces are nobody else's and do not count."""

import collections
import pathlib
import re
import sys

SOURCE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
FOLDERS = ["base", "record", "loadgen", "chaos", "gates", "audit", "reports", "runner", "stack", "cli", "platform"]
ANONYMOUS = re.compile(r"^namespace \{\n.*?^\}  // namespace\n", re.S | re.M)
TYPE = re.compile(r"^(?:struct|class|enum class|enum) (?:\[\[nodiscard\]\] )?(\w+)(?: final)?(?: : [^{;]*)? \{", re.M)

defined = collections.defaultdict(set)
for folder in FOLDERS:
    for path in sorted((SOURCE / folder).rglob("*.?pp")):
        text = ANONYMOUS.sub("", path.read_text())
        namespace = re.search(r"^namespace ([\w:]+) \{", text, re.M)
        for found in TYPE.finditer(text):
            defined[(namespace[1] + "::" if namespace else "") + found[1]].add(str(path.relative_to(SOURCE)))
twice = {name: sorted(files) for name, files in defined.items() if len(files) > 1}
for name, files in sorted(twice.items()):
    print(f"{name} is defined in {' and '.join(files)}")
print(f"{len(defined)} types, each defined once" if not twice else f"{len(twice)} types are defined twice")
sys.exit(1 if twice else 0)
