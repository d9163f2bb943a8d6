"""program_usage.py MONITOR SOURCE - help, mistakes on the command line, exit codes."""
import signal
import subprocess
import sys
import time

from monitor_testing import FOLDER, MONITOR, expect, expect_fails, expect_in, ok, reference, run, run_tests, table


def help_shows_examples_first():
    for args in ([], ["reference"], ["compare"], ["detect"], ["suggest"]):
        out = ok(*args, "--help")
        expect_in(f"{args} --help", "Examples:", out)
        listed = "Commands:" if not args else "Options:"
        expect(f"{args}: examples come before the list", out.index("Examples:") < out.index(listed), True)
    expect("help NAME is NAME --help", ok("help", "compare"), ok("compare", "--help"))
    expect_in("--version", "leeway-monitor ", ok("--version"))


def mistakes_are_usage_errors_with_the_nearest_name():
    expect_fails("no command", "expected a command", code=2)
    expect_fails("a mistyped command", "did you mean: leeway-monitor compare", "compaer", code=2)
    expect_fails("a mistyped option", "did you mean", "compare", "a", "b", "--windwo", "10", code=2)
    expect_fails("no output", "--output", "reference", "x.csv", code=2)
    expect_fails("too few arguments", "argument", "compare", "x", code=2)


def values_that_make_no_sense_are_refused():
    for option, value, words in (("--window", "soon", "--window"), ("--window", "5", "30 rows or more"),
                                 ("--false-alarm-rate", "2", "up to 0.5"),
                                 ("--false-alarm-rate", "1 per fortnight", "1 per 30d"),
                                 ("--monitor", "drift,weather", "weather"),
                                 ("--statistic", "best", "psi"), ("--statistic", "psi,ks,psi", "psi twice"),
                                 ("--statistic", "psi,", "all, or some of")):
        expect_fails(f"{option} {value}", words, "compare", "r", "f", option, value, code=2)
    expect_fails("a page as JSON", "leave --json out", "compare", "r", "f", "--explain", "x", "--json", code=2)
    expect_fails("a detector of no name", "xdwin", "detect", "f.csv", "--detector", "xdwin", code=2)
    expect_fails("a parameter of no name", "dleta", "detect", "f.csv", "--param", "dleta=1", code=2)
    expect_fails("a parameter without value", "KEY=VALUE", "detect", "f.csv", "--param", "delta", code=2)


def an_output_never_takes_the_place_of_the_input():
    path = table("precious.csv", 500, seed=1)
    before = path.read_bytes()
    link = FOLDER / "link.csv"
    link.symlink_to(path)
    for output in (path, link):
        expect_fails("the input itself", "the file that is read", "reference", path, "-o", output)
    expect("the input is as it was", path.read_bytes(), before)
    expect_fails("a folder", "no regular file", "reference", path, "-o", FOLDER)


def arguments_of_another_kind_say_what_was_expected():
    path = table("kind.csv", 500, seed=1)
    ref = reference(path)
    expect_fails("swapped", "REFERENCE, the first argument", "compare", path, ref)
    expect_fails("a detector on texts", 'column "town" holds no number', "detect", path, "--column", "town")
    expect_fails("a score of texts", 'no row has a number in "town"', "reference", path, "-o", FOLDER / "s.safetensors",
                 "--label", "income", "--score", "town")


def drift_is_an_exit_code_only_where_asked_for():
    ref = reference(table("usage_ref.csv", 5000, seed=1))
    same, moved = table("usage_same.csv", 3000, seed=2), table("usage_moved.csv", 3000, seed=3, shift=1)
    expect("no drift", run("compare", ref, same, "--exit-code")[0], 0)
    expect("drift, not asked", run("compare", ref, moved)[0], 0)
    expect("drift", run("compare", ref, moved, "--exit-code")[0], 10)


def a_reader_that_has_seen_enough_is_no_failure():
    ref, file = reference(table("pipe_ref.csv", 3000, seed=1)), table("pipe.csv", 60000, seed=2)
    done = subprocess.run(["sh", "-c", f'("{MONITOR}" compare "{ref}" "{file}" --window 30 --json; echo $? >&2) | head -1'],
                          capture_output=True, text=True, timeout=60)
    expect("lines that came through", len(done.stdout.splitlines()), 1)
    expect("nothing but the exit code on stderr", done.stderr, "0\n")


def a_full_disk_is_a_failure():
    ref, file = reference(table("full_ref.csv", 3000, seed=1)), table("full.csv", 300, seed=2)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([MONITOR, "compare", ref, file], stdout=full, stderr=subprocess.PIPE, timeout=60)
    expect("exit code", done.returncode, 1)
    expect_in("stderr", "cannot write to stdout", done.stderr.decode())


def ctrl_c_ends_with_what_was_seen_so_far():
    ref = reference(table("int_ref.csv", 3000, seed=1))
    rows = table("int.csv", 20000, seed=2).read_bytes()
    process = subprocess.Popen([MONITOR, "compare", ref, "-", "--window", "8000", "--json"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(rows)
    process.stdin.flush()
    first = process.stdout.readline()  # a window was judged: it is reading, and will wait for more
    process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + 30
    out = process.stdout.read()
    expect("ended in time", time.monotonic() < deadline, True)
    expect("exit code", process.wait(30), 130)
    expect_in("the summary is there", '"summary"', (first + out).decode().splitlines()[-1])
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()


def an_interrupted_reference_leaves_no_file():
    out = FOLDER / "never.safetensors"
    process = subprocess.Popen([MONITOR, "reference", "-", "-o", out], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"x\n1\n2\n")
    process.stdin.flush()
    wait_for_handler(process.pid)
    process.send_signal(signal.SIGINT)
    code = process.wait(30)
    process.stdin.close()
    process.stderr.close()
    expect("exit code", code, 130)
    expect("no file", out.exists(), False)


def wait_for_handler(pid):
    """Until the process catches SIGINT."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
        if caught & (1 << (signal.SIGINT - 1)):
            return
        time.sleep(0.01)
    sys.exit("SIGINT was never caught")


if __name__ == "__main__":
    run_tests([help_shows_examples_first, mistakes_are_usage_errors_with_the_nearest_name,
               values_that_make_no_sense_are_refused, an_output_never_takes_the_place_of_the_input,
               arguments_of_another_kind_say_what_was_expected, drift_is_an_exit_code_only_where_asked_for,
               a_reader_that_has_seen_enough_is_no_failure, a_full_disk_is_a_failure,
               ctrl_c_ends_with_what_was_seen_so_far, an_interrupted_reference_leaves_no_file])
