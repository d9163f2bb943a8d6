"""program_detect.py MONITOR SOURCE - changes found, told, and found again when the work is done in pieces."""
import json
import random

from monitor_testing import FOLDER, expect, expect_fails, expect_in, ok, run, run_tests, write

CHANGE = 2000


def errors(name, n=4000, seed=1, after=0.4):
    rng = random.Random(seed)
    rows = [str(int(rng.random() < (0.05 if i < CHANGE else after))) for i in range(n)]
    return write(name, "id,error\n" + "".join(f"{i},{e}\n" for i, e in enumerate(rows)))


def changes(*args, **more):
    code, out, err = run("detect", *args, "--json", "--quiet", **more)
    expect(f"{args}: exit code ({err})", code, 0)
    return [json.loads(line) for line in out.splitlines()]


def a_change_is_told_with_row_and_means():
    path = errors("detect.csv")
    found = changes(path, "--column", "error")
    expect("soon, and nowhere else",
           [c["row"] for c in found if not CHANGE < c["row"] < CHANGE + 100], [])
    expect("at all", len(found) > 0, True)
    expect("before", abs(found[0]["before"] - 0.05) < 0.03, True)
    out = ok("detect", path, "--column", "error")
    expect_in("the table has the row", str(found[0]["row"]), out)
    expect("exit code where asked", run("detect", path, "--column", "error", "--exit-code")[0], 10)


def every_detector_runs_and_finds_a_large_change():
    path = errors("all.csv", seed=3, after=0.95)
    for name in ("rate_scan", "adwin", "page_hinkley", "cusum", "gma", "ddm", "eddm", "rddm", "hddm_a", "hddm_w", "fhddm",
                 "ecdd", "stepd", "kswin", "bocd"):
        options = ["--param", "threshold=0.3"] if name == "gma" else []  # its default is made for larger numbers
        rows = [c["row"] for c in changes(path, "--column", "error", "--detector", name, *options)]
        expect(f"{name} finds it, in {rows}", any(CHANGE < row < CHANGE + 500 for row in rows), True)
    cautious = changes(path, "--column", "error", "--param", "rows_between=1e12")
    expect("a parameter counts", cautious[0]["row"] > changes(path, "--column", "error")[0]["row"], True)


def work_in_pieces_is_work_in_one():
    path, state = errors("pieces.csv"), FOLDER / "pieces.state.json"
    lines = path.read_text().splitlines(keepends=True)
    whole = changes(path, "--column", "error")
    parts = []
    for i in range(0, len(lines) - 1, 777):
        part = write("part.csv", "".join([lines[0], *lines[1 + i:778 + i]]))
        parts += changes(part, "--column", "error", "--state", state)
    expect("changes", parts, whole)
    expect_fails("another detector", "holds rate_scan", "detect", path, "--column", "error", "--state", state,
                 "--detector", "ddm", code=2)
    for text in ("", "{}", '{"format": 1, "rows": 3, "detector": {"name": "adwin"}}', '{"format": 2}'):
        write("broken.json", text)
        expect_fails(f"state {text!r}", "broken.json", "detect", path, "--column", "error", "--state",
                     FOLDER / "broken.json")


def columns_of_all_kinds_are_fed():
    out = ok("detect", "-", "--quiet", stdin="error\n" + "0\n" * 500 + "1\n" * 500)
    expect_in("the only column needs no name", "before", out)
    path = errors("names.csv")
    expect_fails("a column must be named", ["2 columns", "--column"], "detect", path)
    expect_fails("a mistyped one", 'did you mean "error"', "detect", path, "--column", "eror")
    code, out, err = run("detect", write("words.csv", "x\n1\nNA\noops\n0\n"), "--column", "x")
    expect("exit code", (code, out), (0, ""))
    expect_in("missing ones are counted", "1 values are missing", err)
    expect_in("others too", "1 values are no numbers", err)
    scale = write("scale.csv", "x\n1\n12.5\n")
    expect_fails("numbers of another scale", ["row 2: 12.5 is outside 0..1", "--detector adwin"], "detect", scale)
    expect_in("are said where the detector was chosen", "1 values lie outside the range of rate_scan",
              run("detect", scale, "--detector", "rate_scan")[2])
    expect("and are nothing special to others", run("detect", scale, "--detector", "adwin", "--quiet")[2], "")
    code, out, _ = run("detect", write("none.csv", "x\n"), "--column", "x")
    expect("a file without rows has no changes", (code, out), (0, ""))


def empty_lines_are_no_rows_and_are_told():
    path = write("empty_lines.csv", "x\n1\n\n0\n\n1\n")
    code, _, err = run("detect", path)
    expect("exit code", code, 0)
    expect_in("the note", "2 empty lines are no rows", err)
    expect_in("rows", "in 3 rows", err)


if __name__ == "__main__":
    run_tests([a_change_is_told_with_row_and_means, every_detector_runs_and_finds_a_large_change, work_in_pieces_is_work_in_one,
               columns_of_all_kinds_are_fed, empty_lines_are_no_rows_and_are_told])
