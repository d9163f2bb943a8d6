"""program_compare.py MONITOR SOURCE - what compare finds, counts, explains and prints, against plain Python."""
import collections
import csv
import json
import math
import random

from monitor_testing import FOLDER, expect, expect_fails, expect_in, ok, reference, run, run_tests, signals, table, write

DAY_S = 86400
START = 1767225600  # 2026-01-01


def drifted(found):
    return {(s["feature"], s["statistic"]) for s in found if s["verdict"] == "drift"}


def a_shift_is_found_and_the_rest_left_alone():
    ref = reference(table("shift_ref.csv", 20000, seed=1))
    found, summary = signals(ref, table("shift.csv", 10000, seed=2, shift=0.3), "--monitor", "drift")
    expect("what drifted", drifted(found), {("age", "psi")})
    expect("summary", [(d["feature"], d["windows"]) for d in summary["drifted"]], [("age", 1)])
    found, summary = signals(ref, table("still.csv", 10000, seed=3))
    expect("nothing moved", drifted(found), set())


def psi_of_a_categorical_is_the_formulas():
    ref_path, path = table("psi_ref.csv", 5000, seed=4), table("psi.csv", 3000, seed=5)
    found, _ = signals(reference(ref_path), path, "--monitor", "drift")
    got = next(s["value"] for s in found if s["feature"] == "town")
    shares = []
    for file in (ref_path, path):
        with open(file, encoding="utf-8") as text:
            counts = collections.Counter(row["town"] for row in csv.DictReader(text))
        total = sum(counts.values()) + 0.5 * len(counts)
        shares.append({town: (n + 0.5) / total for town, n in counts.items()})
    want = sum((shares[1][t] - p) * math.log(shares[1][t] / p) for t, p in shares[0].items())
    expect("psi, half a row added to each", abs(got - want) < 1e-9, True)


def windows_by_rows_hold_so_many():
    ref = reference(table("rows_ref.csv", 10000, seed=6))
    found, summary = signals(ref, table("rows.csv", 3150, seed=7), "--window", "1000", "--monitor", "drift")
    windows = sorted({(s["window"]["first_row"], s["window"]["last_row"], s["n"]) for s in found})
    expect("windows", windows, [(1, 1000, 1000), (1001, 2000, 1000), (2001, 3000, 1000)])
    expect("the rest", (summary["windows"], summary["rows_left"]), (3, 150))


def windows_by_time_begin_on_the_hour():
    ref = reference(table("time_ref.csv", 20000, seed=8, start=START))
    found, _ = signals(ref, table("time.csv", 600, seed=9, start=START + 1800), "--window", "4h", "--monitor", "drift")
    windows = sorted({(s["window"]["from_unix_ms"], s["n"]) for s in found})
    first = START * 1000
    expect("windows; the first from its first row on", windows, [(first + 1800000, 210), (first + 4 * 3600000, 240), (first + 8 * 3600000, 150)])
    expect_fails("no time column", "--time", "compare", reference(table("notime.csv", 500, seed=1)),
                 FOLDER / "time.csv", "--window", "4h")
    expect_fails("a time that is none", ["bad_time.csv:3:", "ts"], "compare", ref,
                 write("bad_time.csv", f"ts,age,income,town\n{START},1,2,Rome\nsoon,1,2,Rome\n"))


def by_minute(name, minutes, seed):
    """Rows at these minutes after START, in this order."""
    rng = random.Random(seed)
    return write(name, "ts,x\n" + "".join(f"{START + m * 60},{rng.gauss(0, 1):.4f}\n" for m in minutes))


def spans(found, unit_s):
    """Rows of each window, by the unit it begins and ends in."""
    at = {tuple((s["window"][k] // 1000 - START) / unit_s for k in ("from_unix_ms", "to_unix_ms")): s["n"] for s in found}
    return [(*span, n) for span, n in sorted(at.items())]


def a_gap_without_rows_is_a_window_of_none():
    ref = reference(by_minute("gap_ref.csv", range(0, 30 * 1440, 4), 51))
    path = by_minute("gap.csv", [m for m in range(0, 12 * 1440, 4) if m // 1440 not in (3, 6, 7, 8)], 52)
    found, summary = signals(ref, path, "--window", "1d")
    whole = [s for s in spans(found, DAY_S) if s[1] < 12][:9]
    expect("days; a gap of three is one", [(a, b) for a, b, _ in whole],
           [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 9), (9, 10), (10, 11)])
    expect("rows of the gaps", [n for a, _, n in whole if a in (3, 6)], [0, 0])
    expect("drift", {(s["window"]["from_unix_ms"] // 1000 - START) // DAY_S for s in found if s["verdict"] == "drift"}, {3, 6})
    expect("by", drifted(found), {("", "rows_per_hour")})
    expect("rows", summary["rows"], 8 * 360)
    expect_in("a shorter window is told as well", "2026-01-04 00:00 to 2026-01-05 00:00, 0 rows: no rows",
              ok("compare", ref, path, "--window", "6h", "--quiet"))


def waves(name, days, seed, start_day=0, shift=0.0):
    """A row a minute: two numbers that follow the day by one deviation, the second moved by shift."""
    rng = random.Random(seed)
    rows = []
    for m in range(start_day * 1440, (start_day + days) * 1440):
        wave = math.sin(2 * math.pi * m / 1440)
        rows.append(f"{START + m * 60},{wave + rng.gauss(0, 1):.3f},{wave + shift + rng.gauss(0, 1):.3f}\n")
    return write(name, "ts,a,b\n" + "".join(rows))


def chunks_are_fine_enough_for_the_hour_of_the_day():
    path = waves("waves_ref.csv", 42, 61)
    ref, same = reference(path), waves("waves.csv", 14, 62, start_day=42)
    moved = waves("waves_moved.csv", 7, 63, start_day=42, shift=1)
    for window in ("6h", "1d"):
        _, summary = signals(ref, same, "--window", window, "--monitor", "drift,joint")
        expect(f"{window}: unchanged, by the hour of the week", summary["windows_drifted"], 0)
        found, summary = signals(ref, moved, "--window", window, "--monitor", "drift")
        expect(f"{window}: moved", (drifted(found), summary["windows_drifted"]), ({("b", "psi")}, summary["windows"]))
    expect("nothing to note", "Note" in run("compare", ref, same, "--window", "6h")[2], False)
    coarse = reference(path, "--chunk-rows", "600")
    found, _ = signals(coarse, same, "--window", "6h", "--monitor", "joint")
    expect("coarse chunks: joint", {s["verdict"] for s in found}, {"unavailable"})
    err = run("compare", coarse, same, "--window", "6h")[2]
    expect_in("is said", "joint is not judged: chunks of", err)
    expect_in("and that the season is coarser", "compared by the season day_of_week", err)


def one_absurd_time_does_not_swallow_the_rows_after_it():
    ref = reference(by_minute("stray_ref.csv", range(20000), 53))
    for at in (0, 90, 150):
        rows = list(range(600))
        rows.insert(at, 40_000_000)
        path = by_minute("stray.csv", rows, 54)
        found, summary = signals(ref, path, "--window", "1h")
        expect(f"at {at}: hours", [int(a) for a, _, _ in spans(found, 3600)], list(range(10)))
        expect(f"at {at}: drift", summary["windows_drifted"], 0)
        expect(f"at {at}: all rows", summary["rows"], 601)
        expect_in("the note", f"stray.csv:{at + 2}) have a time far ahead", run("compare", ref, path, "--window", "1h")[2])
    backwards = by_minute("backwards.csv", range(599, -1, -1), 55)
    code, _, err = run("compare", ref, backwards, "--window", "1h")
    expect("newest first: exit code", code, 1)
    for words in ("backwards.csv:", "of 600 rows lie before the window that was open", 'sort the file by "ts"'):
        expect_in("newest first", words, err)


def a_budget_per_time_is_shared_out_to_windows():
    ref = reference(table("budget_ref.csv", 20000, seed=8, start=START))
    _, summary = signals(ref, table("budget.csv", 6000, seed=9, start=START + 14 * DAY_S), "--window", "1d",
                         "--false-alarm-rate", "1 per 30d")
    expect("a day's share", abs(summary["false_alarm_rate"] - 1 / 30) < 1e-12, True)
    expect("of all windows", abs(summary["expected_false_alarms"] - summary["windows_judged"] / 30) < 1e-9, True)
    expect_fails("no times", "no time column", "compare", reference(table("nt.csv", 500, seed=1)),
                 table("nt2.csv", 300, seed=2), "--false-alarm-rate", "1 per 30d")


def several_windows_together_see_what_one_does_not():
    ref = reference(table("long_ref.csv", 60000, seed=10))
    path = table("long.csv", 32000, seed=11, shift=0.06)
    alone = signals(ref, path, "--window", "500", "--monitor", "drift", "--statistic", "ks")[1]
    together = signals(ref, path, "--window", "500", "--monitor", "drift", "--statistic", "ks", "--lengths", "7")[1]
    expect("alone", alone["windows_drifted"], 0)
    expect("together", together["windows_drifted"] > 0, True)


def by_pair(found):
    return {(s["window"]["index"], s["feature"], s["statistic"]): s for s in found if s["monitor"] == "drift"}


def several_statistics_share_the_false_alarms():
    ref = reference(table("share_ref.csv", 20000, seed=30))
    path = table("share.csv", 6000, seed=31, shift=0.12)
    names = ["psi", "ks", "js", "hellinger", "cramer_von_mises", "wasserstein"]
    common = (ref, path, "--window", "1000", "--monitor", "drift")
    found, summary = signals(*common, "--statistic", "all", "--false-alarm-rate", "0.006")
    expect("looks", summary["looks"], 6 * (3 * 6 - 1))  # wasserstein of town does not exist
    together = by_pair(found)
    for name in names:
        alone = by_pair(signals(*common, "--statistic", name, "--false-alarm-rate", "0.001")[0])
        expect(f"{name}: pairs", {pair for pair in together if pair[2] == name}, set(alone))
        for pair, signal in alone.items():
            for key in ("verdict", "value", "p_value", "threshold", "effect", "rule"):
                expect(f"{pair}: {key}", together[pair].get(key), signal.get(key))
    some = by_pair(signals(*common, "--statistic", "ks,hellinger")[0])
    expect("some of them", {pair[2] for pair in some}, {"ks", "hellinger"})
    expect("seasons and lengths, too", {s["statistic"] for s in signals(*common, "--statistic", "psi,ks", "--lengths", "3")[0]},
           {"psi", "ks"})


def a_wide_table_is_screened_with_the_same_verdicts():
    def wide(name, n, seed, moved):
        rng = random.Random(seed)
        rows = [",".join(f"{rng.gauss(0.5 if c in moved else 0, 1):.3f}" for c in range(260)) for _ in range(n)]
        return write(name, "\n".join([",".join(f"c{c}" for c in range(260)), *rows]) + "\n")

    ref, path = reference(wide("screen_ref.csv", 2500, 32, ())), wide("screen.csv", 900, 33, (7, 99))
    common = (ref, path, "--window", "300", "--monitor", "drift")
    found, summary = signals(*common, "--statistic", "psi,ks,js,wasserstein", "--false-alarm-rate", "0.004")
    together = by_pair(found)
    expect("what drifted", {d["feature"] for d in summary["drifted"]}, {"c7", "c99"})
    expect("signals", len(together), 3 * 4 * 260)
    quiet = [s for s in together.values() if "p_value" not in s]
    expect("most have no p-value", len(quiet) > 0.9 * len(together), True)
    expect("and say so", {s["threshold_origin"] for s in quiet}, {"p is above 0.001: not worked out"})
    for name in ("psi", "ks", "js", "wasserstein"):
        for pair, signal in by_pair(signals(*common, "--statistic", name, "--false-alarm-rate", "0.001")[0]).items():
            expect(f"{pair}: verdict", together[pair]["verdict"], signal["verdict"])
            expect(f"{pair}: threshold", abs(together[pair]["threshold"] / signal["threshold"] - 1) < 1e-5, True)
            expect(f"{pair}: a p that counts is told", "p_value" in together[pair] or signal["p_value"] > 0.001, True)


def scored(name, n, seed, noise=0.0):
    """A model's chances that are true ones; a share of labels turned round."""
    rng = random.Random(seed)
    lines = ["x,z,score,y"]
    for _ in range(n):
        x, z = rng.gauss(0, 1), rng.gauss(0, 1)
        p = 1 / (1 + math.exp(-2 * x - z))
        y = (rng.random() < p) != (rng.random() < noise)
        lines.append(f"{x:.5f},{z:.5f},{p:.5f},{int(y)}")
    return write(name, "\n".join(lines) + "\n")


def performance_is_estimated_realised_and_harm_is_told():
    ref = reference(scored("s_ref.csv", 20000, seed=12), "--label", "y", "--score", "score")
    found, summary = signals(ref, scored("s_same.csv", 8000, seed=13), "--window", "2000", "--metric", "auc")
    by = collections.defaultdict(list)
    for s in found:
        by[s["monitor"]].append(s)
    expect("monitors", set(by), {"drift", "predictions", "quality", "joint", "estimate", "performance", "harm"})
    for estimated, real in zip(by["estimate"], by["performance"]):
        expect("estimated near realised", abs(estimated["value"] - real["value"]) < 0.03, True)
    expect("no harm", {s["verdict"] for s in by["harm"]}, {"ok"})
    expect("the model", summary["model_worse"], False)
    bad = scored("s_bad.csv", 8000, seed=14, noise=0.25)
    found, summary = signals(ref, bad, "--window", "2000", "--monitor", "estimate,performance,harm")
    expect("labels turned round: inputs and estimate see nothing, labels do", drifted(found),
           {("", "accuracy"), ("", "risk")})
    expect("the model with labels turned round", summary["model_worse"], True)
    expect("inputs alone cannot tell", signals(ref, bad, "--monitor", "drift")[1]["model_worse"], None)
    few = signals(ref, bad, "--window", "50", "--monitor", "performance", "--min-rows", "100")[1]
    expect("nor can windows of too few rows", (few["windows_judged"], few["model_worse"]), (0, None))
    lines = [line.rsplit(",", 1)[0] for line in bad.read_text().splitlines()]
    unlabelled = write("s_unlabelled.csv", "\n".join(lines) + "\n")
    found, _ = signals(ref, unlabelled, "--window", "2000")
    expect("without labels", {s["monitor"] for s in found}, {"drift", "predictions", "quality", "joint", "estimate"})
    expect_fails("labels asked for", "no labels", "compare", ref, unlabelled, "--monitor", "harm")
    expect_fails("no scores", '"score"', "compare", ref, write("s_none.csv", "x,z\n1,2\n"))


def a_page_begins_with_the_answer():
    ref = reference(scored("a_ref.csv", 20000, seed=12), "--label", "y", "--score", "score")

    def answer(path, *options):
        return ok("compare", ref, path, "--quiet", *options).split("\n\n")[0].splitlines()

    expect("unchanged", answer(scored("a_same.csv", 8000, seed=13)),
           ["No drift of the data.", "The model was no worse, as far as the labels tell."])
    bad = scored("a_bad.csv", 8000, seed=14, noise=0.25)
    expect("labels turned round", answer(bad), ["No drift of the data.", "The model was worse: accuracy, risk."])
    lines = [line.rsplit(",", 1)[0] for line in bad.read_text().splitlines()]
    unlabelled = write("a_unlabelled.csv", "\n".join(lines) + "\n")
    expect("no labels", answer(unlabelled)[1], "The model was probably no worse; labels are not there to prove it.")
    windows = ok("compare", ref, bad, "--quiet", "--window", "4000").splitlines()
    expect("below the lines of windows", windows[-2:],
           ["No drift of the data.", "The model was worse: accuracy in 2 of 2 windows, risk in 2 of 2 windows."])
    expect_in("a window's line", "rows 1-4000: worse in accuracy, risk", windows[0])
    moved = reference(table("a_plain.csv", 5000, seed=1))
    page = ok("compare", moved, table("a_moved.csv", 3000, seed=3, shift=1), "--quiet").splitlines()
    expect_in("drift", "Drift in age", page[0])
    expect("neither labels nor scores", page[1],
           "Whether that harms is not known: it takes labels, or the model's scores.")


def a_move_too_small_for_an_alarm_is_told_and_can_be_one():
    ref = reference(table("small_ref.csv", 40000, seed=41))
    path = table("small.csv", 60000, seed=42, shift=0.06)
    common = ("--statistic", "ks", "--monitor", "drift,joint", "--quiet")
    page = ok("compare", ref, path, *common)
    expect("the first line", page.splitlines()[0],
           "Moved by less than is worth an alarm (--min-effect): features together, age.")
    expect("not denied", "No drift of the data" in page, False)
    rows = [line for line in page.splitlines() if line.endswith("ok, small")]
    expect("features and joint rows are marked", {row.split()[0] for row in rows}, {"age", "joint:"})
    found, _ = signals(ref, path, *common, "--min-effect", "0")
    expect("by evidence alone", ("age", "ks") in drifted(found), True)
    expect("with another limit", drifted(signals(ref, path, *common, "--min-effect", "0.5")[0]), set())
    expect_fails("no number", "--min-effect", "compare", ref, path, "--min-effect", "much", code=2)


def a_feature_whose_reference_is_of_two_pieces_is_not_called_undrifted():
    rng = random.Random(51)
    lines = [f"{0 if i < 6000 else rng.gauss(5, 1):.6g},{rng.gauss(0, 1):.6g}" for i in range(12000)]
    ref = reference(write("pieces_ref.csv", "came_alive,other\n" + "\n".join(lines) + "\n"))
    path = write("pieces.csv", "came_alive,other\n" + "\n".join(lines[-3000:]) + "\n")
    for statistic in ("psi", "ks", "js"):
        page = ok("compare", ref, path, "--monitor", "drift", "--statistic", statistic, "--quiet")
        expect(f"{statistic}, the second line", page.splitlines()[1],
               "Drift cannot be judged of came_alive (--explain says why).")


def a_correlation_that_turns_is_seen_by_features_together_alone():
    def pairs(name, seed, sign):
        rng = random.Random(seed)
        rows = []
        for _ in range(8000):
            a, b = rng.gauss(0, 1), rng.gauss(0, 1)
            rows.append(f"{a:.4f},{sign * 0.7 * a + 0.714 * b:.4f}")
        return write(name, "a,b\n" + "\n".join(rows) + "\n")
    ref = reference(pairs("turn_ref.csv", 15, 1))
    found, _ = signals(ref, pairs("turn.csv", 16, -1), "--monitor", "drift,joint")
    expect("kinds", {s["kind"] for s in found if s["verdict"] == "drift"}, {"joint"})


def every_line_of_json_is_an_object_with_a_sentence():
    ref = reference(table("json_ref.csv", 5000, seed=17))
    out = ok("compare", ref, table("json.csv", 2000, seed=18), "--json", "--window", "500")
    lines = [json.loads(line) for line in out.splitlines()]
    expect("one summary, the last", [("summary" in line) for line in lines].index(True), len(lines) - 1)
    for line in lines[:-1]:
        expect("has its own", {"monitor", "statistic", "verdict", "sentence", "window"} <= set(line), True)
    second = [s for s in lines[:-1] if s["window"]["index"] == 2 and s["statistic"] == "psi"]
    expect("ranked among its past", {s["history_n"] for s in second}, {1})


def a_page_fits_a_narrow_terminal():
    ref = reference(table("page_ref.csv", 5000, seed=19, columns=("a_rather_long_name_of_a_column", "income", "town")))
    path = table("page.csv", 3000, seed=20, shift=1, columns=("a_rather_long_name_of_a_column", "income", "town"))
    for options in ([], ["--window", "1000"], ["--explain", "a_rather_long_name_of_a_column"]):
        out = ok("compare", ref, path, *options, env={"COLUMNS": "60"})
        expect(f"{options}: widest line", max(map(len, out.splitlines())) <= 60, True)
        expect(f"{options}: no colour", "\033" in out, False)


def explain_says_all_about_one_feature():
    ref = reference(table("why_ref.csv", 5000, seed=21))
    path = table("why.csv", 3000, seed=22, shift=0.5)
    out = ok("compare", ref, path, "--window", "1000", "--explain", "age")
    for words in ("psi: drift", "rule", "limit", "calibrated", "p    ", "effect", "psi of the last 3 windows",
                  "rows 1-1000", "Shares of rows", "####"):
        expect_in("page", words, out)
    expect_fails("a name that is none", 'did you mean "age"', "compare", ref, path, "--explain", "agee")


def the_same_rows_give_the_same_file():
    path = table("twice.csv", 3000, seed=23, start=START)
    first = reference(path).read_bytes()
    expect("bytes", reference(path).read_bytes() == first, True)


if __name__ == "__main__":
    run_tests([a_shift_is_found_and_the_rest_left_alone, psi_of_a_categorical_is_the_formulas,
               windows_by_rows_hold_so_many, windows_by_time_begin_on_the_hour,
               chunks_are_fine_enough_for_the_hour_of_the_day, a_gap_without_rows_is_a_window_of_none,
               one_absurd_time_does_not_swallow_the_rows_after_it,
               a_budget_per_time_is_shared_out_to_windows, several_windows_together_see_what_one_does_not,
               several_statistics_share_the_false_alarms, a_wide_table_is_screened_with_the_same_verdicts,
               performance_is_estimated_realised_and_harm_is_told, a_page_begins_with_the_answer,
               a_move_too_small_for_an_alarm_is_told_and_can_be_one,
               a_feature_whose_reference_is_of_two_pieces_is_not_called_undrifted,
               a_correlation_that_turns_is_seen_by_features_together_alone,
               every_line_of_json_is_an_object_with_a_sentence, a_page_fits_a_narrow_terminal,
               explain_says_all_about_one_feature, the_same_rows_give_the_same_file])
