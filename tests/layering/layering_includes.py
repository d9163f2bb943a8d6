"""layering_includes.py ROOT - every #include line follows the allowed arrows, and file names are unique.

An include belongs to the folder whose file it finds: beside the including file, in a private folder of the same
part of the house, or in <part>/include. A third-party header may be included only where the table says: that is
how GSL stays private to monitors/ and SQLite to base/store.
"""
import collections
import os
import pathlib
import re
import subprocess
import sys

# part -> the parts it may include, itself left out; tests and bench may look at everything
ARROWS = {
    "base": set(),
    "model": {"base"},
    "monitors": {"model", "base"},
    "policies": {"base"},
    "trainer": {"model", "base"},
    "inference": {"model", "base"},
    "orchestrator": {"monitors", "policies", "model", "base"},
    "cli": {"policies", "base"},
    "examples": {"monitors", "model", "base"},  # as a user of the library would
}

# third-party header -> path prefixes of those that may include it
THIRD_PARTY = {
    r"sqlite3\.h": ["base/store/"],
    r"curl/": ["base/http_client/"],
    r"microhttpd\.h": ["base/http_server/"],
    r"libfyaml\.h": ["base/yaml/"],
    r"gnutls/": ["base/"],
    r"gsl/": ["monitors/"],
    r"cblas\.h": ["model/", "trainer/compute/", "monitors/"],
    r"(cuda|cublas|nv)": ["trainer/compute/", "trainer/cuda/"],
    r"zlib\.h": ["base/"],
}

SAME_NAME_EVERYWHERE = {"CMakeLists.txt", "README.md", ".gitignore", ".clang-format"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)


def all_files(root):
    """Files that are the project's: git's word, or everything outside build folders."""
    git = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True,
                         text=True)
    if git.returncode == 0:
        return sorted({p for p in git.stdout.split("\0") if p and (root / p).exists()})
    found = []
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if n not in ("build", ".git", ".demo", "node_modules", "__pycache__")]
        found += [str(pathlib.Path(folder, f).relative_to(root)) for f in files]
    return sorted(found)


def index_headers(files):
    """part -> {path inside the part: True}, and public path -> part."""
    public, private = {}, collections.defaultdict(set)
    for path in files:
        part, _, inside = path.partition("/")
        if part in ARROWS and path.endswith(".h"):
            private[part].add(inside)
            if inside.startswith("include/"):
                public[inside.removeprefix("include/")] = part
    return public, private


def owner(path, name, public, private):
    """The part that a quoted include reaches; None where nothing of ours has that name."""
    part, _, inside = path.partition("/")
    beside = os.path.normpath(os.path.join(os.path.dirname(inside), name))
    if beside in private[part] or any(h == name or h.endswith("/" + name) for h in private[part]):
        return part
    if name in public:
        return public[name]
    return next((p for p in private if any(h == name or h.endswith("/" + name) for h in private[p])), None)


def check_third_party(where, name, path, problems):
    for pattern, allowed in THIRD_PARTY.items():
        if re.match(pattern, name) and not any(path.startswith(a) for a in allowed):
            problems.append(f"{where}: <{name}> may be included only in {', '.join(allowed)}")


def check_file(root, path, public, private, problems):
    part = path.split("/")[0]
    text = (root / path).read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        where = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        kind, name = match.groups()
        if kind == "<":
            check_third_party(where, name, path, problems)
            continue
        to = owner(path, name, public, private)
        if to is None:
            problems.append(f"{where}: \"{name}\" is no header of ours; third-party ones go in <>")
        elif to != part and to not in ARROWS[part]:
            problems.append(f"{where}: {part} may not include {to} (\"{name}\"); allowed: "
                            f"{', '.join(sorted(ARROWS[part])) or 'nothing'}")
        elif to != part and name not in public:
            problems.append(f"{where}: \"{name}\" is private to {to}")


def check_names(files, problems):
    by_name = collections.defaultdict(list)
    for path in files:
        if os.path.basename(path) not in SAME_NAME_EVERYWHERE:
            by_name[os.path.basename(path)].append(path)
    for paths in by_name.values():
        if len(paths) > 1:
            problems.append(f"one name, several files: {', '.join(paths)}")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files, problems = all_files(root), []
    public, private = index_headers(files)
    sources = [f for f in files if f.split("/")[0] in ARROWS and f.endswith((".c", ".h", ".cu"))]
    for path in sources:
        check_file(root, path, public, private, problems)
    check_names(files, problems)
    print("\n".join(problems) or f"{len(sources)} files keep to the allowed arrows; {len(files)} names are unique")
    return 1 if problems or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
