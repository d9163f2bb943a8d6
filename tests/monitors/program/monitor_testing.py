"""monitor_testing.py - runs leeway-monitor and checks what it said; tables made by a seed."""
import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

MONITOR = sys.argv[1]
SHARED = pathlib.Path(sys.argv[2]) / ".." / "shared" / "data" / "streams"
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="leeway-monitor-test-"))


def run(*args, stdin=None, env=None, timeout=60):
    """(exit code, stdout, stderr); stdin may be bytes; nothing of the caller's settings leaks in."""
    clean = {"PATH": os.environ["PATH"], "TMPDIR": str(FOLDER)}
    clean.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    clean.update(env or {})
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run([MONITOR, *map(str, args)], env=clean, input=given, capture_output=True, timeout=timeout)
    out, err = done.stdout.decode(), done.stderr.decode()
    if "Sanitizer" in err or "runtime error:" in err:
        sys.exit(f"{args}: {err}")
    return done.returncode, out, err


def ok(*args, **more):
    """stdout of a run that must end well."""
    code, out, err = run(*args, **more)
    if code != 0:
        sys.exit(f"{args}: exit code {code}: {err}")
    return out


def expect(what, got, want):
    if got != want:
        sys.exit(f"{what}: expected {want!r}, got {got!r}")


def expect_in(what, part, text):
    if part not in text:
        sys.exit(f"{what}: expected {part!r} in:\n{text}")


def expect_fails(what, words, *args, code=1, **more):
    got, out, err = run(*args, **more)
    expect(f"{what}: exit code ({err.strip()})", got, code)
    for word in [words] if isinstance(words, str) else words:
        expect_in(what, word, err)
    expect(f"{what}: nothing on stdout", out, "")


def write(name, text):
    path = FOLDER / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def table(name, n, seed, shift=0.0, columns=("age", "income", "town"), start=None, step_s=60):
    """n rows: numbers around 0 (the first column moved by shift), a category; a time column from start on."""
    rng = random.Random(seed)
    lines = [",".join((("ts",) if start is not None else ()) + tuple(columns))]
    for i in range(n):
        row = [str(start + i * step_s)] if start is not None else []
        row += [f"{rng.gauss(shift if c == columns[0] else 0, 1):.5f}" for c in columns[:-1]]
        lines.append(",".join(row + [rng.choice(["Rome", "Oslo", "Bonn"])]))
    return write(name, "\n".join(lines) + "\n")


def reference(path, *options):
    out = path.with_suffix(".safetensors")
    ok("reference", path, "-o", out, "--quiet", *options)
    return out


def signals(*args, **more):
    """(signals, summary) of compare --json, whatever the exit code."""
    code, out, err = run("compare", *args, "--json", **more)
    if code not in (0, 10):
        sys.exit(f"{args}: exit code {code}: {err}")
    lines = [json.loads(line) for line in out.splitlines()]
    return lines[:-1], lines[-1]["summary"]


def stream(name):
    """Text of a stream of the shared folder, or None."""
    path = SHARED / name
    return gzip.decompress(path.read_bytes()).decode() if path.exists() else None


def run_tests(tests):
    for test in tests:
        test()
        print(f"ok {test.__name__}")
