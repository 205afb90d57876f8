#!/usr/bin/env python3
"""Fails if a comment cites what is not there.

- `[KEY] section`: KEY must be in docs/bibliography.md. A bracketed word counts
  if it follows `Spec:` in its comment, if a section's number follows it, or if
  it looks like a standard's name ([RFC7748]).
- `Spec:` must be followed by a key or by a path below docs/.
- docs/...: the path must exist. In markdown too.
- `Spec: docs/spec/PAGE.md sections`, or a key that the bibliography says is
  that page: words up to the next comma or full stop begin a heading of it.

Usage: check_spec_refs.py [ROOT]
"""
import pathlib
import re
import sys

FOLDERS = ("core", "server", "ports", "apps", "test", "fuzz", "bench")
KEY = r"(?<!\w)\[([A-Z][A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)\]"
CITED = re.compile(KEY + r"(?= \d)|(?<!\w)\[((?:RFC|FIPS|SP)-?\d[0-9A-Za-z-]*)\]")
SPEC = re.compile(r"\bSpec:")
PATH = re.compile(r"(?<![\w/.-])docs/[\w./-]*\w")
# Strings are matched first so that a // inside one begins no comment.
C_TOKENS = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
PY_TOKENS = re.compile(r'"""(.*?)"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*', re.S)
SECTIONS = re.compile(r"(\[[\w-]+\]|docs/spec/[\w-]+\.md)((?:,? [A-Za-z][A-Za-z ]*)+)(?=[.,;]|$)")
PAGE_OF = re.compile(r"^- \[([A-Za-z0-9-]+)\] .*?`(docs/[\w./-]+\.md)`", re.M)
HEADING = re.compile(r"^#+ (.+)$", re.M)
ENTRY = re.compile(r"^- \[([A-Za-z0-9-]+)\] .+", re.M)


def comments(path, text):
    """(offset, text) of each run of comment lines."""
    python = path.suffix == ".py"
    runs = []
    for match in (PY_TOKENS if python else C_TOKENS).finditer(text):
        token = match.group()
        if not token.startswith(("//", "/*", "#", '"""')):
            continue
        # Lines of comment with nothing but space between them are one comment.
        if runs and not token.startswith(('/*', '"""')):
            start, end = runs[-1]
            between = text[end:match.start()]
            if between.strip() == "" and between.count("\n") == 1:
                runs[-1] = (start, match.end())
                continue
        runs.append((match.start(), match.end()))
    return [(start, text[start:end]) for start, end in runs]


def citations(comment):
    """(offset, key) of what a comment cites."""
    found = {match.start(): match.group(1) or match.group(2) for match in CITED.finditer(comment)}
    for spec in SPEC.finditer(comment):
        end = re.compile(r"\n\s*(?://|#)?\s*\n|\Z").search(comment, spec.end()).start()
        for match in re.compile(KEY).finditer(comment, spec.end(), end):
            found[match.start()] = match.group(1)
    return sorted(found.items())


def sections(root, comment, pages):
    """(offset, what is wrong) for each section that is cited and is not there."""
    for spec in SPEC.finditer(comment):
        cited = re.sub(r"\s*\n\s*(//|#)?\s*", " ", comment[spec.end():])  # goes on in the next line
        for match in SECTIONS.finditer(cited):
            page = pages.get(match.group(1).strip("[]"), match.group(1))
            if not page.startswith("docs/") or not (root / page).exists():
                continue
            headings = [h.lower() for h in HEADING.findall((root / page).read_text())]
            for name in filter(None, (n.strip().lower() for n in match.group(2).split(","))):
                if not any(h.startswith(name) for h in headings):
                    yield spec.start(), f"{page} has no section \"{name}\""


def check_file(root, path, keys, pages):
    """(line, what is wrong) for each fault."""
    text = path.read_text()
    where = [(0, text)] if path.suffix == ".md" else comments(path, text)
    faults = []
    for start, comment in where:
        for match in PATH.finditer(comment):
            if not (root / match.group()).exists():
                faults.append((start + match.start(), f"{match.group()} does not exist"))
        if path.suffix == ".md":
            continue
        for offset, key in citations(comment):
            if key not in keys:
                faults.append((start + offset, f"[{key}] is not in docs/bibliography.md"))
        faults += [(start + offset, fault) for offset, fault in sections(root, comment, pages)]
        for match in SPEC.finditer(comment):
            if not re.match(r"[\s/#*]*(\[|docs/)", comment[match.end():]):
                faults.append((start + match.start(), "Spec: names neither a key nor a page"))
    return [(text.count("\n", 0, offset) + 1, fault) for offset, fault in faults]


def check(root):
    bibliography = (root / "docs/bibliography.md").read_text()
    keys = ENTRY.findall(bibliography)
    pages = dict(PAGE_OF.findall(bibliography))
    errors = [f"docs/bibliography.md: [{key}] twice" for key in set(keys) if keys.count(key) > 1]
    files = [f for folder in FOLDERS for f in (root / folder).rglob("*")
             if f.suffix in (".h", ".cc", ".c", ".py")]
    files += [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    for path in sorted(files):
        for line, fault in check_file(root, path, set(keys), pages):
            errors.append(f"{path.relative_to(root)}:{line}: {fault}")
    return errors


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    errors = check(root)
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
