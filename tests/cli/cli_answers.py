"""cli_answers.py - the program against a leewayd that says what the test wants: what is asked, what is shown,
and which exit code comes of it."""
import json
import os
import tempfile

from cli_testing import Fake, expect, expect_in, run, run_tests

RUN = {"id": "r-1", "model": "loan", "state": "awaiting_approval", "done": False, "paused": False,
       "trigger": {"name": "accuracy-fell", "actor": "system", "reason": "accuracy 0.66", "evidence": {
           "triggers": [{"name": "accuracy-fell", "fired": True, "why": "0.66 against 0.81", "drop": 0.15,
                         "windows": [{"holds": True}]}],
           "guards": [{"name": "cooldown", "allows": True, "why": "no run yet"}]}},
       "reason": "an operator must allow the training", "candidate": None, "weight": 0, "step": 0, "steps": 2,
       "started_unix_ms": 1767323045000, "ended_unix_ms": None, "rows_at_trigger": 900, "rows_at_end": None,
       "next": "leeway approve r-1",
       "timeline": [{"at_unix_ms": 1767323045000, "from": "", "to": "gate", "event": "trigger", "actor": "system",
                     "reason": "asked for", "numbers": {}},
                    {"at_unix_ms": 1767323046000, "from": "gate", "to": "rejected", "event": "gate_verdict",
                     "actor": "system", "reason": "not better", "numbers": {
                         "loss": {"candidate": 0.31}, "text": "said above",
                         "detail": {"rows": 17, "comparisons": [{"sentence": "not better"},
                                                                {"sentence": "errors: as before"}]}}}]}
STATUS = {"version": "0.1.0", "now_unix_ms": 1767323045000, "started_unix_ms": 1767323000000,
          "models": [{"model": "loan-with-a-name-that-goes-on-and-on", "champion": {"label": "v3", "sha256": "a" * 64},
                      "candidate": {"label": "v4", "sha256": "b" * 64}, "candidate_weight": 0.05, "run": RUN,
                      "last_window": {"drifted": 2, "features": 9}, "observations": 123456,
                      "performance": {"accuracy": {"metric": "accuracy", "value": 0.81, "reference": 0.86}},
                      "decision": {"outcome": "nothing", "reason": "all is well", "at_unix_ms": 1767323040000}}],
          "replicas": [{"replica": "r1", "state": "down"}], "trainer": {"url": "http://t", "state": "up"},
          "problems": ["replica r1: no answer\033[2J"]}


def with_answer(status, answer, *args, env=None):
    asked = []

    def reply(method, path, body, headers):
        asked.append((method, path, body.decode(), dict(headers)))
        return status, answer

    fake = Fake(reply)
    result = run(*args, server=fake.url, env=env)
    fake.shutdown()
    return result, asked


def json_is_the_document_as_it_came():
    (code, out, err), asked = with_answer(200, STATUS, "status", "--json")
    expect("answer", (code, out, err), (0, json.dumps(STATUS) + "\n", ""))
    expect("call", asked[0][:2], ("GET", "/v1/status"))


def status_fits_and_tells_problems_and_next():
    for columns in (40, 80, 120):
        (code, out, _), _ = with_answer(200, STATUS, "status", env={"COLUMNS": str(columns)})
        expect("exit code", code, 0)
        expect(f"lines over {columns}", [line for line in out.splitlines() if len(line) > columns], [])
        flat = " ".join(out.split())
        for part in ("v4 at 5%", "2 of 9", "0 of 1 up", "! replica r1: no answer", "leeway approve r-1", "123456"):
            expect_in(f"at {columns} columns", part, flat)
        expect("escape characters", out.count("\033"), 0)


def status_tells_harm():
    model = dict(STATUS["models"][0], performance={
        "hurt": {"metric": "risk", "monitor": "hurt", "value": 0.31, "reference": 0.14, "n": 60, "verdict": "drift"},
        "accuracy": {"metric": "accuracy", "value": 0.81, "reference": 0.86, "verdict": "ok"}})
    for columns in (40, 120):
        (code, out, _), _ = with_answer(200, dict(STATUS, models=[model]), "status", env={"COLUMNS": str(columns)})
        expect("exit code", code, 0)
        expect(f"lines over {columns}", [line for line in out.splitlines() if len(line) > columns], [])
        expect_in(f"at {columns} columns", "is harmed: mean loss 0.31 over 60 labelled rows, 0.14 on the reference (hurt)",
                  " ".join(out.split()))
    expect_in("the metric is still there", "accuracy 0.81 (0.86)", out)


def drift_tells_what_is_said_of_the_whole_model_and_of_windows_together():
    def window(i, verdict):
        return {"id": i, "rows": 500, "version": "v3", "from_unix_ms": 1767323000000, "to_unix_ms": 1767323045000,
                "drifted": 0, "features": 1, "signals": [
                    {"monitor": "guess", "kind": "estimated_performance", "statistic": "estimated_accuracy",
                     "feature": "", "verdict": verdict, "value": 0.71234, "reference_value": 0.86},
                    {"monitor": "inputs", "kind": "drift", "statistic": "psi", "feature": "age", "verdict": "ok",
                     "value": 0.012, "threshold": 0.1, "p_value": 0.4},
                    {"monitor": "inputs", "kind": "drift", "statistic": "psi", "feature": "age", "verdict": "drift",
                     "value": 0.034, "threshold": 0.02, "p_value": 1e-9, "windows_together": 2}][:2 if i == 1 else 3]}
    answer = {"model": "loan", "features": ["age"], "windows": [window(1, "ok"), window(2, "drift")]}
    for columns in (40, 80, 120):
        (code, out, _), _ = with_answer(200, answer, "drift", "loan", env={"COLUMNS": str(columns)})
        expect("exit code", code, 0)
        expect(f"lines over {columns}", [line for line in out.splitlines() if len(line) > columns], [])
        expect_in(f"at {columns} columns", "(model)", out)
    rows = [line.split() for line in out.splitlines()]
    expect("the model's row", [row[:4] for row in rows if "0.7123" in row],
           [["(model)", ".#", "estimated_accuracy", "0.7123"]])
    expect("lengths are rows of their own", sorted(line.split()[:5] for line in out.splitlines() if "age" in line),
           [["age", "#", "psi,", "2", "windows"], ["age", "..", "psi", "0.012", "0.1"]])


def no_colour_off_a_terminal():
    (_, out, _), _ = with_answer(200, {"runs": [RUN]}, "runs")
    expect("escape characters", out.count("\033"), 0)


def run_show_has_the_timeline_with_its_numbers():
    (code, out, _), asked = with_answer(200, RUN, "run", "show", "r-1")
    expect("call", (code, asked[0][1]), (0, "/v1/runs/r-1"))
    for part in ("accuracy-fell fired: 0.66 against 0.81", "drop=0.15", "cooldown allows it", "gate -> rejected",
                 "loss.candidate=0.31", ", row 17)", "errors: as before"):
        expect_in("run show", part, out)
    for part in ("comparisons", "said above", "windows"):
        expect(f"run show without {part}", part in out, False)
    expect("the deciding comparison is told once", out.count("not better"), 1)


def names_are_escaped_in_paths_and_queries():
    _, asked = with_answer(404, {"error": "no"}, "drift", "a/b c")
    expect("path", asked[0][1], "/v1/models/a%2Fb%20c/drift?windows=20")
    _, asked = with_answer(200, {"records": []}, "audit", "--subject", "run/r-1&x")
    expect("query", asked[0][1], "/v1/audit?limit=20&subject=run%2Fr-1%26x")


def refusals_have_their_exit_codes_and_sentences():
    for status, want in ((422, 4), (404, 1), (409, 1), (401, 1), (500, 1), (503, 1)):
        (code, out, err), _ = with_answer(status, {"error": "cooldown: 3h left"}, "retrain", "loan", "--reason", "r")
        said, _, more = err.partition("\n")
        expect(f"{status}", (code, out, said), (want, "", "leeway retrain: cooldown: 3h left"))
        expect(f"{status}, next", "--force" in more, status == 422)


def changes_name_their_actor_and_what_comes_next():
    (code, out, _), asked = with_answer(201, RUN, "retrain", "loan", "--reason", "why \"not\"", "--force")
    method, path, body, headers = asked[0]
    expect("call", (code, method, path), (0, "POST", "/v1/models/loan/retrain"))
    expect("body", json.loads(body), {"reason": 'why "not"', "force": True})
    expect("actor", headers["X-Leeway-Actor"], "ada")
    expect_in("next", "Next: leeway run show r-1", out)
    expect_in("next", "leeway approve r-1", out)
    for verb in ("approve", "pause", "resume", "promote", "abort"):
        (code, out, _), asked = with_answer(200, RUN, verb, "r-1", "--reason", "r", "--actor", "eve")
        expect(verb, (code, asked[0][:3]), (0, ("POST", f"/v1/runs/r-1/{verb}", '{"reason":"r"}')))
        expect("actor", asked[0][3]["X-Leeway-Actor"], "eve")


def retrain_waits_for_the_end():
    states = [dict(RUN), dict(RUN, state="train", reason="the job runs"),
              dict(RUN, state="promoted", done=True, reason="v4 is the champion", next="")]

    def reply(method, path, body, headers):
        return (201 if method == "POST" else 200), states.pop(0)

    for last, want in (("promoted", 0), ("rejected", 1)):
        states = [dict(RUN), dict(RUN), dict(RUN, state="train"), dict(RUN, state=last, done=True, reason="so")]
        fake = Fake(reply)
        code, out, err = run("retrain", "loan", "--reason", "r", "--wait", server=fake.url)
        fake.shutdown()
        expect(last, code, want)
        expect_in("talk", "awaiting_approval", err)
        expect_in("talk", "Next: leeway approve r-1", err)
        expect_in("end", last, out)


def a_broken_chain_is_a_failure():
    for ok, want in ((True, 0), (False, 1)):
        answer = {"ok": ok, "records": 7, "first_bad_seq": None if ok else 3, "head": "ab"}
        for extra in ((), ("--json",)):
            (code, out, _), _ = with_answer(200, answer, "audit", "--verify", *extra)
            expect(f"verify {ok} {extra}", code, want)


def faulty_policies_are_told_in_the_file_s_own_name():
    answer = {"error": "2 mistakes", "diagnostics": ["policy:1:2: a", "policy:3:4: b"]}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "p.yaml")
        with open(path, "w") as f:
            f.write("leeway: 1\n")
        (code, out, _), asked = with_answer(422, answer, "policy", "put", "loan", path)
        expect("put", (code, out), (1, f"{path}:1:2: a\n{path}:3:4: b\n"))
        expect("call", asked[0][:3], ("PUT", "/v1/models/loan/policy", "leeway: 1\n"))
        expect("type", asked[0][3]["Content-Type"], "application/yaml")


def the_token_goes_along_and_stays_out_of_messages():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "token")
        with open(path, "w") as f:
            f.write("ada operator s3cret\nbob viewer other\n")
        (code, out, err), asked = with_answer(403, {"error": "no"}, "status", env={"LEEWAY_TOKEN_FILE": path})
        expect("header", asked[0][3]["Authorization"], "Bearer s3cret")
        expect("leak", "s3cret" in out + err, False)


def a_hash_alone_finds_its_model():
    def reply(method, path, body, headers):
        if path == "/v1/models":
            return 200, {"models": [{"model": "a"}, {"model": "b"}]}
        if path.endswith("/versions"):
            return 200, {"versions": [{"label": "v1", "sha256": ("1" if "/a/" in path else "2") * 64}]}
        return 200, {"label": "v1", "state": "champion", "sha256": path, "manifest": {"seed": 1}}

    fake = Fake(reply)
    code, out, _ = run("lineage", "2" * 10, "--json", server=fake.url)
    expect("by hash", (code, json.loads(out)["sha256"]), (0, "/v1/models/b/versions/2222222222"))
    code, _, err = run("lineage", "v1", server=fake.url)
    expect("both have one", code, 1)
    expect_in("both have one", "name one by --model", err)
    code, out, _ = run("lineage", "v1", "--model", "a", server=fake.url)
    expect("by model", code, 0)
    expect_in("manifest", "seed            1", out)
    fake.shutdown()


def import_sends_rows_in_schema_order_and_counts():
    rows = []
    schema = {"features": [{"name": "b", "type": "numeric"}, {"name": "a", "type": "categorical"}],
              "label": {"name": "y", "type": "binary"}}

    def reply(method, path, body, headers):
        if method == "GET":
            return 200, {"model": "m", "schema": schema}
        new = json.loads(body)["rows"]
        rows.extend(new)
        return 200, {"accepted": len(new), "duplicates": 0}

    fake = Fake(reply)
    text = "a,b,y\n" + "".join(f"t{i},{i / 2},{'' if i == 7 else i % 2}\n" for i in range(5000))
    code, out, _ = run("import", "m", "-", "--label", "y", "--skip", "5", "--rows", "4500", server=fake.url, stdin=text)
    fake.shutdown()
    expect("import", (code, out), (0, "4499 rows imported into m, 1 without a label left out\n"))
    expect("first row", rows[0], {"id": "import-6", "x": [2.5, "t5"], "label": "1"})
    expect("last row", (len(rows), rows[-1]["id"]), (4499, "import-4505"))


def labels_are_sent_and_tried_again():
    answers = [(503, {"error": "busy"}), (200, {"accepted": 1, "waiting": 1, "duplicates": 1, "conflicts": 0})]
    posted = []

    def reply(method, path, body, headers):
        if method == "GET":
            return 200, {"schema": {"label": {"type": "regression"}}}
        posted.append(json.loads(body))
        return answers.pop(0)

    fake = Fake(reply)
    code, out, err = run("labels", "m", "-", "--label", "price", server=fake.url, stdin="id,price\nx,1.5\ny,2\nz,\n")
    fake.shutdown()
    expect("labels", (code, out), (0, "1 labels accepted for m, 1 of them wait for their rows, 1 were there already\n"))
    expect("bodies", posted, [{"labels": [{"id": "x", "label": 1.5}, {"id": "y", "label": 2}]}] * 2)
    expect_in("talk", "trying again", err)


run_tests([json_is_the_document_as_it_came, status_fits_and_tells_problems_and_next,
           status_tells_harm, drift_tells_what_is_said_of_the_whole_model_and_of_windows_together, no_colour_off_a_terminal,
           run_show_has_the_timeline_with_its_numbers, names_are_escaped_in_paths_and_queries,
           refusals_have_their_exit_codes_and_sentences, changes_name_their_actor_and_what_comes_next,
           retrain_waits_for_the_end, a_broken_chain_is_a_failure, faulty_policies_are_told_in_the_file_s_own_name,
           the_token_goes_along_and_stays_out_of_messages, a_hash_alone_finds_its_model,
           import_sends_rows_in_schema_order_and_counts, labels_are_sent_and_tried_again])
