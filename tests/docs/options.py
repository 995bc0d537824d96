#!/usr/bin/env python3
"""Checks that the man page and the shells' completions know the options that `sonde VERB --help` lists, and no others;
that the completions of bash complete; and that the man page has no mistakes that groff finds.

usage: options.py SONDE TREE
"""

import re
import subprocess
import sys
from pathlib import Path

VERBS = [["run"], ["attach"], ["record"], ["report"], ["heap"], ["leaks"], ["filter"], ["stack"], ["symbolize"], ["suppressions"],
         ["suppressions", "check"], []]


def options_of(text, pattern):
    return {name for match in re.finditer(pattern, text, re.MULTILINE) for name in match.groups() if name}


def listed(sonde):
    found = set()
    for verb in VERBS:
        text = subprocess.run([sonde, *verb, "--help"], capture_output=True, text=True, check=True).stdout
        for line in re.findall(r"^  (-[^ ]*)", text, re.MULTILINE):
            found |= {name for name in line.split(",") if name.startswith("-")}
    return found


def man_page(path):
    text = path.read_text().replace("\\-", "-")
    return options_of("\n".join(line for line in text.split("\n") if re.match(r"\.(?:B|BI|BR) -", line)),
                      r"(?<![\w-])(--[A-Za-z][\w-]*|-\w(?!\w))")


def bash(path):
    text = re.sub(r"\([^)]*\) mapfile[^\n]*|declare -F|compgen -\w|complete -[^\n]*|mapfile -t|\[ -\w|done|local -a", "",
                  re.sub(r"^ *#[^\n]*", "", path.read_text(), flags=re.MULTILINE))
    return options_of(text, r"(?<![\w$-])(--?[A-Za-z][\w-]*)")


def zsh(path):
    text = path.read_text()
    return options_of(text, r"['*)](--?[A-Za-z][\w-]*)\[") | options_of(text, r"\{(-\w),(--[\w-]+)\}")


def fish(path):
    text = re.sub(r"^set -l.*", "", path.read_text(), flags=re.MULTILINE)
    short = {"-" + name for name in options_of(text, r" -s (\w) ")}
    return short | {"--" + name for name in options_of(text, r" -l ([\w-]+) ")}


def completed(script, words):
    """What bash offers for the last of `words`."""
    code = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sonde; '
            'printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", code, "bash", script, *words], capture_output=True, text=True,
                          check=True).stdout.split()


def problems(sonde, docs):
    expected = listed(sonde)
    completions = docs / "completions"
    for name, found in [("sonde.1", man_page(docs / "sonde.1")), ("sonde.bash", bash(completions / "sonde.bash")),
                        ("_sonde", zsh(completions / "_sonde")), ("sonde.fish", fish(completions / "sonde.fish"))]:
        for option in sorted(expected - found):
            yield f"{name} does not know {option}"
        for option in sorted(found - expected):
            yield f"{name} knows {option}, which sonde does not have"
    for words, offer in [(["sonde", "r"], {"run", "record", "report"}), (["sonde", "record", "-o", "f", "a"], {"attach"}),
                         (["sonde", "run", "--format", "j"], {"json"}), (["sonde", "run", "--no-f"], {"--no-follow"}),
                         (["sonde", "record", "-o", "f", "run", "--over"], {"--overflow"}),
                         (["sonde", "sup"], {"suppressions"}), (["sonde", "suppressions", ""], {"check", "-h", "--help"}),
                         (["sonde", "suppressions", "check", "--ag"], {"--against"})]:
        if set(completed(completions / "sonde.bash", words)) != offer:
            yield f"bash: {' '.join(words)} is completed by {completed(completions / 'sonde.bash', words)}"
    groff = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", docs / "sonde.1"], capture_output=True, text=True)
    if groff.stderr or groff.returncode != 0:
        yield groff.stderr.strip()


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    found = list(problems(sys.argv[1], Path(sys.argv[2]) / "docs"))
    print("\n".join(found) or "man page and completions agree with --help")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
