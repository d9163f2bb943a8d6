"""program_tables.py MONITOR SOURCE - files as they come: odd ends, odd sizes, wrong rows, several spellings."""
import gzip
import random

from monitor_testing import (FOLDER, expect, expect_fails, expect_in, ok, reference, run, run_tests, signals, table,
                             write)

OUT = FOLDER / "t.safetensors"


def refused(what, text, words):
    path = write("refused.csv", text)
    expect_fails(what, words, "reference", path, "-o", OUT)
    expect(f"{what}: no file is left", OUT.exists(), False)


def files_without_rows_are_refused():
    refused("empty", "", "the file is empty")
    refused("header only", "a,b\n", "refused.csv has a header and no rows")
    expect_fails("suggest", "refused.csv has a header and no rows", "suggest", FOLDER / "refused.csv")
    expect_fails("from stdin", "stdin has a header and no rows", "suggest", "-", stdin="a,b\n")
    expect_fails("absent", "nowhere.csv", "reference", "/nowhere.csv", "-o", OUT)
    ref = reference(table("norows_ref.csv", 500, seed=1))
    none = write("norows.csv", "age,income,town\n")
    expect_fails("compare with a file without rows", "no rows", "compare", ref, none, "--quiet")


def wrong_rows_name_file_and_line():
    refused("a row too short", "a,b\n1,2\n3\n", [":3:", "expected 2 fields as in the header, got 1"])
    refused("a quote that never ends", 'a,b\n1,"2\n3,4\n', ":2:")
    refused("semicolons", "a;b\n1,5;2\n", ["one column", "separated by commas"])
    refused("a name twice", "a,b,a\n1,2,3\n", 'column "a" is there twice')
    refused("no text", "a,b\n1,\0\n", "NUL byte")
    ref = reference(table("line_ref.csv", 500, seed=1))
    bad = write("line.csv", "age,income,town\n1,2,Rome\n1,2\n")
    expect_fails("compare", ":3:", "compare", ref, bad, "--quiet")


def one_row_and_one_column_are_tables():
    for text in ("x\n1.5\n", "x\n1.5", "x\nNA\n", "town\nRome\n", "x,y\n1,2\n"):
        path = write("tiny.csv", text)
        if "NA" in text:
            expect_fails("a column without values", "none of the 1 columns is a feature", "reference", path, "-o", OUT)
            continue
        ref = reference(path)
        found, summary = signals(ref, path)
        expect(f"{text!r}: rows", summary["rows"], 1)
        expect(f"{text!r}: nothing is judged", {s["verdict"] for s in found}, {"insufficient"})


def four_thousand_columns_are_a_table():
    names = [f"c{i}" for i in range(4000)]
    rows = [",".join(f"{(i * 7919 + c * 104729) % 1000 / 7:.3f}" for c in range(4000)) for i in range(300)]
    ref = reference(write("wide.csv", "\n".join([",".join(names), *rows]) + "\n"))
    found, summary = signals(ref, FOLDER / "wide.csv", "--monitor", "drift")
    expect("features", summary["features"], 4000)
    expect("signals", len(found), 4000)


def line_ends_marks_quotes_and_gzip_change_nothing():
    plain = table("same.csv", 1000, seed=4).read_text()
    quoted = "".join(",".join(f'"{field}"' for field in line.split(",")) + "\r\n" for line in plain.splitlines())
    spellings = {"crlf.csv": plain.replace("\n", "\r\n").encode(), "bom.csv": b"\xef\xbb\xbf" + plain.encode(),
                 "quoted.csv": quoted.encode(), "named_plain.csv": gzip.compress(plain.encode())}
    want = reference(FOLDER / "same.csv", "--exclude", "town").read_bytes()
    for name, data in spellings.items():
        path = write(f"same/{name}", data)
        out = FOLDER / "spelled.safetensors"
        ok("reference", path, "-o", out, "--quiet", "--exclude", "town")
        got = out.read_bytes().replace(f'"{path.stem}'.encode(), b'"same')
        expect(f"{name}: as many bytes", abs(len(got) - len(want)) < 64, True)
        expect(f"{name}: no drift against itself", signals(out, path, "--monitor", "drift")[1]["windows_drifted"], 0)
    cut = write("cut.csv.gz", gzip.compress(plain.encode())[:500])
    expect_fails("a gzip file cut off", "cut off", "reference", cut, "-o", OUT)


def a_field_may_hold_line_ends():
    rows = "".join(f'{i},"a\nb, ""c"""\n{i},plain\n' for i in range(200))
    ref = reference(write("newline.csv", "n,text\n" + rows), "--numeric", "n")
    found, summary = signals(ref, FOLDER / "newline.csv")
    expect("rows", summary["rows"], 400)
    expect("nothing drifted", summary["windows_drifted"], 0)


def stdin_is_a_file_like_others():
    path = table("stdin.csv", 2000, seed=5)
    out = FOLDER / "stdin.safetensors"
    for data in (path.read_bytes(), gzip.compress(path.read_bytes())):
        ok("reference", "-", "-o", out, "--quiet", stdin=data)
        code, text, _ = run("compare", out, "-", "--quiet", stdin=data)
        expect("exit code", code, 0)
        expect_in("rows", "2000 rows", text)
    expect_in("suggest", 'name: "age"', ok("suggest", "-", stdin=path.read_bytes()))


def columns_that_are_not_there_are_named():
    path = table("names.csv", 500, seed=6)
    ref = reference(path)
    expect_fails("a feature", ['no column', '"income"'], "compare", ref, table("less.csv", 300, seed=6, columns=("age", "town")))
    expect_fails("an option's", ["--label", "incom", 'did you mean "income"'], "reference", path, "-o", OUT,
                 "--label", "incom")
    expect_fails("two parts", "another part already", "reference", path, "-o", OUT, "--label", "age",
                 "--exclude", "age")
    more = table("more.csv", 300, seed=6, columns=("age", "income", "height", "town"))
    code, _, err = run("compare", ref, more)
    expect("a column more is no failure", code, 0)
    expect_in("and is told", '1 column of', err)
    expect_in("by name", '"height"', err)


def values_that_are_no_numbers_are_counted():
    ref = reference(table("mismatch_ref.csv", 2000, seed=7))
    lines = table("mismatch.csv", 1000, seed=8).read_text().splitlines()
    broken = [line if i % 4 or i == 0 else "oops," + line.split(",", 1)[1] for i, line in enumerate(lines)]
    found, summary = signals(ref, write("mismatch.csv", "\n".join(broken) + "\n"))
    expect("counted", summary["mismatched_values"], 250)
    drifted = {(s["feature"], s["statistic"]) for s in found if s["verdict"] == "drift"}
    expect("seen", {("age", "missing_rate"), ("age", "type_mismatch_rate")} <= drifted, True)


def a_mistyped_value_counts_in_the_window_of_its_row():
    def rows(n, bad):
        return "ts,x\n" + "".join(f"{1767225600 + 60 * i},{'oops' if i in bad else (i * 37 % 101) / 7}\n" for i in range(n))
    ref = reference(write("mine_ref.csv", rows(3000, set())))
    found, _ = signals(ref, write("mine.csv", rows(720, {240})), "--window", "4h", "--monitor", "quality")
    rates = [s["value"] for s in found if s["statistic"] == "type_mismatch_rate"]
    expect("the row that opens the second window is the second's", [round(r * 240) for r in rates], [0, 1, 0])


def twice(path, name):
    """Each row of a file sent twice, as far as half of them."""
    header, *rows = path.read_text().splitlines()
    return write(name, "\n".join([header] + [row for row in rows[:len(rows) // 2] for _ in "ab"]) + "\n")


def repeats(ref, path, *options):
    found, _ = signals(ref, path, "--monitor", "quality", *options)
    return [s for s in found if s["statistic"] == "duplicate_rate"]


def a_feed_that_sends_each_row_twice_is_drift():
    ref, path = reference(table("twice_ref.csv", 4000, seed=31)), table("once.csv", 2000, seed=32)
    expect("once", [(s["verdict"], s["value"]) for s in repeats(ref, path, "--window", "1000")], [("ok", 0)] * 2)
    found = repeats(ref, twice(path, "twice.csv"), "--window", "1000")
    expect("twice", [(s["verdict"], s["value"]) for s in found], [("drift", 1)] * 2)
    expect_in("the page", "(rows)", ok("compare", ref, FOLDER / "twice.csv", "--quiet"))


def rows_that_repeat_by_nature_are_ok():
    def rows(name, n, seed):
        rng = random.Random(seed)
        return write(name, "town,size\n" + "".join(f"{rng.choice('abcdef')},{rng.randrange(4)}\n" for _ in range(n)))
    ref = reference(rows("few_ref.csv", 4000, 33), "--categorical", "size")
    path = rows("few.csv", 1000, 34)
    for file in (path, twice(path, "few_twice.csv")):
        expect(file.name, [(s["verdict"], s["value"] > 0.9) for s in repeats(ref, file)], [("ok", True)])


def repeats_are_not_judged_by_a_reference_of_before():
    ref = reference(table("before_ref.csv", 2000, seed=35))
    old = write("before.safetensors", ref.read_bytes().replace(b"reference/repeated", b"reference/unheard!"))
    found = repeats(old, FOLDER / "before_ref.csv")
    expect("verdict", [s["verdict"] for s in found], ["unavailable"])
    expect_in("why", "not counted", found[0]["threshold_origin"])


def types_are_told_and_can_be_stated():
    rows = "".join(f"{i % 7},{i * 37 % 101},{'yes' if i % 3 else 'no'}\n" for i in range(300))
    path = write("types.csv", "day,amount,paid\n" + rows)
    code, _, err = run("reference", path, "-o", OUT, "--label", "paid")
    expect("exit code", code, 0)
    for words in ("day: categorical; 7 distinct whole numbers", "amount: numeric", "paid: label"):
        expect_in("what is said", words, err)
    comma = write("comma.csv", "amount,price\n" + "".join(f'{i * 37 % 10007},"{i},{i % 100:02d}"\n' for i in range(3000)))
    expect_in("a decimal comma", "price: left out; numbers with a decimal comma", run("reference", comma, "-o", OUT)[2])
    _, _, err = run("reference", path, "-o", OUT, "--numeric", "day", "--exclude", "paid")
    expect_in("as stated", "day: numeric\n", err)
    expect_in("as stated", "paid: left out", err)
    schema = write("types.yaml", ok("suggest", path, "--label", "paid"))
    ok("reference", path, "--schema", schema, "-o", OUT, "--quiet")
    expect_fails("both", "state it there", "reference", path, "--schema", schema, "-o", OUT, "--label", "paid",
                 code=2)
    bad = write("bad.yaml", "model: m\nfeatures:\n  - {name: day, type: numerical}\n")
    expect_fails("a schema with a mistake", ["bad.yaml", "features[0].type"], "reference", path, "--schema", bad,
                 "-o", OUT)


def suggestions_can_be_uncommented():
    rows = "".join(f"person {i},{i},{i * 37 % 101},{i % 101 / 101},{i % 2}\n" for i in range(3000))
    path = write("left_out.csv", "who,seq,amount,chance,paid\n" + rows)
    out = ok("suggest", path, "--label", "paid", "--score", "chance")
    for line in ('# - {name: "who", type: categorical', '# - {name: "seq", type: numeric',
                 '#   - {name: inputs, kind: drift, statistic: psi, features: all, false_alarm_every: 60d}',
                 '#   - {name: predictions, kind: prediction_drift, statistic: js, false_alarm_every: 60d}',
                 '#   - {name: errors, kind: detector, detector: rate_scan, "on": error}'):
        expect_in("suggest", line, out)
    alone = ok("suggest", path, "--label", "paid")
    expect_in("without scores one monitor has the whole budget", "false_alarm_every: 30d}", alone)
    amounts = ok("suggest", path, "--label", "amount", "--score", "chance")
    expect_in("amounts have losses", 'detector: adwin, "on": loss}', amounts)


def a_file_that_is_no_reference_is_refused():
    path = table("noref.csv", 300, seed=9)
    expect_fails("a CSV file", "noref.csv", "compare", path, path)
    ref = reference(path).read_bytes()
    for cut in (0, 4, 100, len(ref) // 2, len(ref) - 1):
        expect_fails(f"cut at {cut}", "cut.safetensors", "compare", write("cut.safetensors", ref[:cut]), path)


def numbers(name, n, seed, every=None, word="oops"):
    """A column of amounts, of which every so many are a word, and a second one of numbers."""
    rng = random.Random(seed)
    cells = [word if every and i % every == 5 else f"{rng.gauss(0, 1):.4f}" for i in range(n)]
    return write(name, "x,y\n" + "".join(f"{cell},{rng.gauss(0, 1):.4f}\n" for cell in cells))


def a_few_words_leave_a_column_of_numbers_numeric():
    out = ok("suggest", numbers("words.csv", 4000, 31, every=200))
    expect_in("the proposal", 'name: "x", type: numeric', out)
    expect_in("the reason", "20 of 4000 rows are no numbers: mistyped", out)
    code, _, err = run("reference", FOLDER / "words.csv", "-o", FOLDER / "words.safetensors")
    expect_in("and on stderr", "20 of 4000 rows are no numbers", err)
    expect("exit code", code, 0)
    out = ok("suggest", numbers("half.csv", 4000, 32, every=10))
    expect_in("one in ten is not a few", '# - {name: "x"', out)
    towns = write("towns.csv", "t,y\n" + "".join(f"{'none' if i % 40 == 3 else i % 3},{i * 37 % 101}.5\n" for i in range(2000)))
    expect_in("a few codes and a word", 'name: "t", type: categorical', ok("suggest", towns))


def infinite_values_are_counted_as_such():
    ref = reference(numbers("finite.csv", 4000, 33))
    for word in ("inf", "-Infinity", "1e200"):
        found, summary = signals(ref, numbers("infinite.csv", 4000, 34, every=20, word=word))
        drifted = {(s["feature"], s["statistic"]) for s in found if s["verdict"] == "drift"}
        expect(f"{word}: drifted", ("x", "infinite_rate") in drifted, True)
        expect(f"{word}: not mistyped", summary["mismatched_values"], 0)


def a_reference_of_huge_numbers_can_be_compared():
    path = numbers("huge.csv", 2000, 35, every=100, word="1.7976931348623157e308")
    found, _ = signals(reference(path), path)
    expect("against itself", {s["verdict"] for s in found if s["verdict"] == "drift"}, set())


if __name__ == "__main__":
    run_tests([a_few_words_leave_a_column_of_numbers_numeric, infinite_values_are_counted_as_such,
               a_reference_of_huge_numbers_can_be_compared, files_without_rows_are_refused, wrong_rows_name_file_and_line, one_row_and_one_column_are_tables,
               four_thousand_columns_are_a_table, line_ends_marks_quotes_and_gzip_change_nothing,
               a_field_may_hold_line_ends, stdin_is_a_file_like_others, columns_that_are_not_there_are_named,
               values_that_are_no_numbers_are_counted, a_mistyped_value_counts_in_the_window_of_its_row,
               a_feed_that_sends_each_row_twice_is_drift, rows_that_repeat_by_nature_are_ok,
               repeats_are_not_judged_by_a_reference_of_before, types_are_told_and_can_be_stated,
               suggestions_can_be_uncommented,
               a_file_that_is_no_reference_is_refused])
