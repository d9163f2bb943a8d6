"""layering_symbols.py BIN_DIR BUILD_DIR - what is linked, by the linker's own tables.

Serving carries no training, database or client code, and so on: for each program, which libraries it may not
load, which symbols it may not ask for, and of which of our libraries not one function may be in it. For each of
our libraries: which symbols it may not ask for.
"""
import pathlib
import re
import shutil
import subprocess
import sys

SQLITE = (r"libsqlite3", r"sqlite3_")
CURL = (r"libcurl", r"curl_")
FYAML = (r"libfyaml", r"fy_")
GSL = (r"libgsl\b", r"gsl_")
HTTPD = (r"libmicrohttpd", r"MHD_")
BLAS = (r"libopenblas|libblas", r"cblas_|dgemm_|sgemm_")
CUDA = (r"libcuda|libcudart|libcublas", r"cuda[A-Z]|cublas")

TRAINER = ["trainer_lib", "trainer_daemon", "trainer_contract"]
ORCHESTRATOR = ["orchestrator_lib", "orch_store", "run_machine"]
CONTROL = [*ORCHESTRATOR, "monitors", "policies", "cli_lib", "base_store", "base_http_client", "base_yaml"]

# program -> (third parties it may not load or ask for, libraries of ours that may not be in it)
PROGRAMS = {
    "leeway-serve": ([SQLITE, CURL, FYAML, GSL, CUDA], [*TRAINER, *CONTROL]),
    "leeway-trainer": ([SQLITE, CURL, FYAML, GSL, CUDA, BLAS],
                       ["trainer_lib", "inference_lib", "model", *CONTROL]),
    "leeway-train": ([SQLITE, CURL, FYAML, GSL, CUDA, HTTPD],
                     ["trainer_daemon", "inference_lib", "base_http_server", *CONTROL]),
    "leewayd": ([CUDA], [*TRAINER, "inference_lib", "cli_lib"]),
    "leeway": ([SQLITE, GSL, CUDA, BLAS, HTTPD],
               [*TRAINER, *ORCHESTRATOR, "inference_lib", "model", "monitors", "base_store", "base_http_server"]),
    "leeway-monitor": ([SQLITE, CURL, CUDA, HTTPD],
                       [*TRAINER, *ORCHESTRATOR, "inference_lib", "policies", "cli_lib", "base_store",
                        "base_http_client", "base_http_server"]),
}

# library -> (third parties whose symbols it may not ask for, libraries whose functions it may not ask for)
LIBRARIES = {
    "policies": ([SQLITE, CURL, GSL, BLAS, HTTPD, CUDA], ["monitors", "model", *ORCHESTRATOR, *TRAINER]),
    "monitors": ([SQLITE, CURL, FYAML, HTTPD, CUDA], ["policies", *ORCHESTRATOR, *TRAINER]),
    "model": ([SQLITE, CURL, FYAML, GSL, HTTPD, CUDA], ["monitors", "policies", *ORCHESTRATOR, *TRAINER]),
    "run_machine": ([SQLITE, CURL, FYAML, GSL, HTTPD, CUDA], ["base_store", "monitors", "policies"]),
}


def nm(path, *options):
    """Symbol names of a binary or archive."""
    out = subprocess.run(["nm", "--format=posix", *options, path], capture_output=True, text=True, check=True).stdout
    return {line.split()[0].split("@")[0] for line in out.splitlines() if len(line.split()) >= 2}


def loaded(path):
    out = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", out)


class Build:
    def __init__(self, bin_dir, build_dir):
        self.bin = bin_dir
        self.archives = {p.stem.removeprefix("lib"): p for p in build_dir.rglob("lib*.a")}
        self.cache = {}

    def defined(self, library):
        if library not in self.cache:
            self.cache[library] = nm(self.archives[library], "-g", "--defined-only")
        return self.cache[library]

    def only_in(self, library, forbidden):
        """What this library defines and no library that is allowed does: two parts that never meet in a program
        may use a name twice, which proves nothing."""
        names = set(self.defined(library))
        for other in self.archives:
            if other not in forbidden:
                names -= self.defined(other)
        return names


def check_third(what, names, files, third, problems):
    for library, prefix in third:
        hits = sorted(n for n in names if re.match(prefix, n))
        if hits:
            problems.append(f"{what} asks for {', '.join(hits[:5])}")
        problems.extend(f"{what} loads {f}" for f in files if re.match(library, f))


def check_program(build, name, third, ours, problems):
    path = build.bin / name
    check_third(name, nm(path, "-u"), loaded(path), third, problems)
    inside = nm(path, "-g", "--defined-only")
    for library in ours:
        hits = sorted(inside & build.only_in(library, ours))
        if hits:
            problems.append(f"{name} has {', '.join(hits[:5])} of {library} in it")


def check_library(build, name, third, ours, problems):
    wanted = nm(build.archives[name], "-u")
    check_third(f"lib{name}", wanted, [], third, problems)
    for library in ours:
        hits = sorted(wanted & build.only_in(library, ours))
        if hits:
            problems.append(f"lib{name} asks for {', '.join(hits[:5])} of {library}")


def main():
    build = Build(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    if not shutil.which("nm") or not shutil.which("readelf"):
        print("skipped: no nm or readelf here")
        return 77
    absent = [p for p in PROGRAMS if not (build.bin / p).exists()]
    if absent:
        print(f"skipped: not built: {', '.join(absent)}")
        return 77
    problems = []
    for name, rules in PROGRAMS.items():
        check_program(build, name, *rules, problems)
    for name, rules in LIBRARIES.items():
        check_library(build, name, *rules, problems)
    print("\n".join(problems) or f"{len(PROGRAMS)} programs and {len(LIBRARIES)} libraries hold only what they may")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
