"""program_streams.py MONITOR SOURCE - real streams, as a stranger would try them. Skipped where they are absent."""
import csv
import io
import statistics
import sys

from monitor_testing import SHARED, expect, expect_in, ok, run, run_tests, signals, stream, write


def split(name, n_reference, text):
    """The first rows as one file, the others as another."""
    lines = text.splitlines(keepends=True)
    return (write(f"{name}_ref.csv", "".join(lines[:n_reference + 1])),
            write(f"{name}_cur.csv", "".join([lines[0], *lines[n_reference + 1:]])))


def electricity_leaves_its_reference_where_a_column_comes_alive():
    before, after = split("electricity", 15000, stream("electricity.csv.gz"))
    ref = before.with_suffix(".safetensors")
    code, _, err = run("reference", before, "-o", ref, "--label", "class")
    expect("exit code", code, 0)
    expect_in("the clock is no feature", "date: left out", err)
    found, summary = signals(ref, after, "--window", "2000", "--monitor", "quality")
    first = {d["feature"]: d["first_window"] for d in summary["drifted"]}
    expect("vic* and transfer are constant until row 17,423 or so", {first.get(c) for c in ("vicprice", "transfer")}, {2})


def weather_is_judged_by_windows_of_a_year():
    before, after = split("weather", 9000, stream("weather_noaa.csv.gz"))
    ref = before.with_suffix(".safetensors")
    ok("reference", before, "-o", ref, "--label", "target", "--quiet")
    _, summary = signals(ref, after, "--window", "365", "--monitor", "drift")
    expect("a season is no drift in every window", summary["windows_drifted"] < summary["windows_judged"] / 2, True)


def employment():
    """(reference, newer rows with their labels)."""
    labels = {row["id"]: row["employed"] for row in csv.DictReader(io.StringIO(stream("employment_MA_analysis_target.csv.gz")))}
    reader = csv.reader(io.StringIO(stream("employment_MA_analysis.csv.gz")))
    head = next(reader)
    rows = [",".join([*head, "employed"])] + [",".join([*row, labels[row[0]]]) for row in reader]
    ref = write("employment.csv", stream("employment_MA_reference.csv.gz")).with_suffix(".safetensors")
    ok("reference", ref.with_suffix(".csv"), "-o", ref, "--quiet", "--label", "employed", "--score",
       "predicted_probability", "--exclude", "prediction", "--exclude", "year")
    return ref, write("employment_new.csv", "\n".join(rows) + "\n")


def employment_drifts_for_good_and_is_harmed_for_a_while():
    ref, file = employment()
    found, _ = signals(ref, file, "--window", "5000", "--metric", "auc", "--monitor",
                       "drift,estimate,performance,harm")
    values = {m: {s["window"]["index"]: s["value"] for s in found if s["monitor"] == m}
              for m in ("estimate", "performance")}
    off = statistics.median(abs(values["estimate"][w] - values["performance"][w]) for w in values["estimate"])
    print(f"estimated AUC off the realised one at the median window: {off:.4f}")
    expect("within 0.003", off <= 0.003, True)
    harm = {s["window"]["first_row"] for s in found if s["monitor"] == "harm" and s["verdict"] == "drift"}
    expect("harm", harm, {135001, 140001})
    inputs = {s["window"]["first_row"] for s in found if s["monitor"] == "drift" and s["verdict"] == "drift"}
    expect("inputs drift from row 70,001 on", inputs, set(range(70001, 208892, 5000)))


def sine_errors_change_where_the_concept_does():
    text = stream("harvard_sine_0123_abrupto.csv.gz")
    seen = {}
    rows = ["error"]
    for row in csv.DictReader(io.StringIO(text)):
        cell = (int(float(row["X1"]) * 10), int(float(row["X2"]) * 10))
        label = float(row["class"])
        ones, n = seen.get(cell, (0.0, 0.0))
        rows.append(str(int((ones * 2 > n) != (label == 1))))
        seen[cell] = (0.95 * ones + label, 0.95 * n + 1)  # forgets, so that it learns anew
    out = ok("detect", write("sine.csv", "\n".join(rows) + "\n"), "--quiet")
    found = [int(line.split()[0]) for line in out.splitlines()[1:]]
    for drift in (10000, 20000, 30000):
        expect(f"a rise soon after row {drift}, in {found}", any(drift < row < drift + 1500 for row in found), True)
    expect(f"and nothing else, in {found}", len(found), 3)


if __name__ == "__main__":
    if not SHARED.exists():
        print(f"skipped: no {SHARED}")
        sys.exit(77)
    run_tests([electricity_leaves_its_reference_where_a_column_comes_alive, weather_is_judged_by_windows_of_a_year,
               employment_drifts_for_good_and_is_harmed_for_a_while, sine_errors_change_where_the_concept_does])
