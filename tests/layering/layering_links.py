"""layering_links.py ROOT - every relative link of the Markdown files leads to a file or folder that exists."""
import pathlib
import re
import sys

from layering_includes import all_files

LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def main():
    root, problems, n = pathlib.Path(sys.argv[1]).resolve(), [], 0
    for path in (f for f in all_files(root) if f.endswith(".md")):
        text = (root / path).read_text(encoding="utf-8")
        for match in LINK.finditer(text):
            target = match.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            n += 1
            if not (root / path).parent.joinpath(target).exists():
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{line}: there is no {target}")
    print("\n".join(problems) or f"{n} links lead somewhere")
    return 1 if problems or not n else 0


if __name__ == "__main__":
    sys.exit(main())
