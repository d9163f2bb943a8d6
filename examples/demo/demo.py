"""demo.py - the demo: a model goes stale before your eyes and Leeway brings a new one into service.

    demo.py BIN_DIR [OPTIONS]

scripts/demo builds Leeway and calls this. It starts a whole Leeway on loopback, brings in the first rows of a
stream, has a first version trained, replays the rest as a client would, labels some rows late, and tells what
happens. It decides nothing: everything after the first version is the policy's doing.
"""
import argparse
import csv
import gzip
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

import outcome
from narrator import Narrator, Speaker
from stage import DemoError, Stage, call

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
FIRST_ROWS = 5000
LABEL_DELAY = 500
REPLICAS = 3
RUN_DEADLINE_S = 120
QUIET_DEADLINE_S = 5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def read_options(argv):
    p = argparse.ArgumentParser(prog="scripts/demo", description="Watch a model go stale, be retrained, tried and "
                                "promoted. Without --data: a generated stream of loan applications.")
    p.add_argument("bin_dir", type=pathlib.Path, help=argparse.SUPPRESS)
    p.add_argument("--exit", action="store_true", help="end after the summary; else the dashboard stays until Ctrl-C")
    p.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write what happened")
    p.add_argument("--data", metavar="FILE.csv[.gz]", type=pathlib.Path, help="replay this file instead")
    p.add_argument("--label", metavar="COLUMN", help="the column of --data that is to be predicted")
    p.add_argument("--regression", action="store_true", help="the label of --data is a number, not a class")
    p.add_argument("--rows", metavar="N", type=int, help="rows of the stream in all (generated: 32,000)")
    p.add_argument("--first", metavar="N", type=int, default=FIRST_ROWS,
                   help=f"rows the first version is trained from (default {FIRST_ROWS})")
    p.add_argument("--rate", metavar="ROWS/S", type=float, default=600, help="rows a second (default 600)")
    p.add_argument("--port", metavar="PORT", type=int, default=0, help="of the dashboard (default: any free one)")
    p.add_argument("--work", metavar="DIR", type=pathlib.Path, default=ROOT / ".demo",
                   help="folder for data and logs, wiped at the start (default .demo)")
    p.add_argument("--keep", action="store_true", help="leave that folder as it is at the end")
    p.add_argument("--seed", metavar="N", type=int, default=1, help="of the generated stream")
    story = p.add_mutually_exclusive_group()
    story.add_argument("--stable", action="store_true", help="a generated stream in which nothing changes")
    story.add_argument("--inflation-only", action="store_true",
                       help="inputs are inflated and the rule stays: drift without harm")
    story.add_argument("--bad-candidate", action="store_true",
                       help="a drill: a candidate trained on flipped labels, with the gate off, meets the canary")
    o = p.parse_args(argv)
    if bool(o.data) != bool(o.label):
        p.error("--data and --label come together")
    if o.data and (o.stable or o.inflation_only or o.bad_candidate):
        p.error("--stable, --inflation-only and --bad-candidate are about the generated stream")
    if o.data and not o.data.is_file():
        p.error(f"--data: {o.data} is no file")
    return o


# ---- the stream ----


class Stream:
    """A CSV file, what is to be predicted, the policy, and what a listener should know beforehand."""

    def __init__(self, file, label, model, policy, rows, first_rows, preface, regression=False):
        self.file, self.label, self.model, self.policy = file, label, model, policy
        self.rows, self.first_rows, self.preface, self.regression = rows, first_rows, preface, regression


def generated_stream(o, folder):
    rows = o.rows or (12000 if o.bad_candidate else 32000)
    file, options, preface = folder / "loans.csv", [], [
        "The stream: loan applications, drawn as Agrawal, Imielinski and Swami published them in 1993. A bank "
        "approves by salary and age (their function 2)."]
    inflate_at, change_at = rows * 13 // 32, rows * 20 // 32
    if o.stable or o.bad_candidate:
        preface.append("Nothing changes in it.")
    else:
        options += ["--inflate-at", inflate_at]
        preface.append(f"From row {inflate_at:,} on houses and loans are 60 % dearer: drift, but the bank does not "
                       "look at them.")
    if not (o.stable or o.bad_candidate or o.inflation_only):
        options += ["--change-at", change_at]
        preface.append(f"From row {change_at:,} on the bank counts commissions as income too (function 6): no "
                       "input drifts, yet what the model learned is wrong.")
    argv = [o.bin_dir / "loan_stream", "--rows", rows, "--seed", o.seed, *options]
    with open(file, "wb") as f:
        subprocess.run([str(a) for a in argv], stdout=f, check=True)
    policy = (ROOT / "policies" / "stock" / "demo-loan.yaml").read_text()
    return Stream(file, "approved", "loan", policy, rows, o.first, preface)


def count_rows(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as f:
        return sum(1 for _ in csv.reader(f)) - 1


def stream_of_file(o):
    rows = count_rows(o.data)
    rows = min(rows, o.rows) if o.rows else rows
    if rows < 2 * o.first:
        raise DemoError(f"{o.data} has {rows:,} rows; the first version takes {o.first:,} and as many should follow: "
                        "use --first for a smaller beginning")
    name = re.sub(r"[^a-z0-9]+", "-", o.data.name.lower().split(".")[0]).strip("-") or "stream"
    policy = (ROOT / "policies" / "stock" / "demo-csv.yaml").read_text()
    policy = re.sub(r"(?m)^model: .*$", f"model: {name}", policy)
    return Stream(o.data, o.label, name, policy, rows, o.first,
                  [f"The stream: {o.data.name}, {rows:,} rows; \"{o.label}\" is to be predicted."], o.regression)


# ---- the acts ----


def create_model(stage, stream):
    schema, policy = stage.folder / "schema.yaml", stage.folder / "policy.yaml"
    kind = ["--regression"] if stream.regression else []
    schema.write_text(stage.cli("schema", "suggest", stream.file, "--label", stream.label, "--name", stream.model,
                                *kind))
    policy.write_text(stream.policy)
    stage.cli("model", "create", "--schema", schema, "--policy", policy)


def wait_run(stage, run_id):
    deadline = time.monotonic() + RUN_DEADLINE_S
    while time.monotonic() < deadline:
        run = call(stage.daemon.url, f"/v1/runs/{run_id}")
        if run["done"]:
            return run
        time.sleep(0.1)
    raise DemoError(f"run {run_id} did not end within {RUN_DEADLINE_S} s; it is in {run['state']}: {run['reason']}")


def first_version(stage, stream, speaker):
    speaker.say(f"The first {stream.first_rows:,} rows, labelled, are brought in as history; a first version is "
                "trained from them.")
    stage.cli("import", stream.model, stream.file, "--label", stream.label, "--rows", stream.first_rows)
    asked = json.loads(stage.cli("retrain", stream.model, "--reason", "first version", "--json"))
    run = wait_run(stage, asked["id"])
    if run["state"] != "promoted":
        raise DemoError(f"the first version was not promoted: {run['state']}: {run['reason']}")
    version = call(stage.daemon.url, f"/v1/models/{stream.model}/versions")["versions"][0]
    speaker.say(f"{version['label']} serves on {REPLICAS} replicas. A copy of it is frozen on a fourth one, outside "
                "the fleet: what you would have without Leeway.")
    stage.pin_frozen(stream.model, version)


def start_replay(stage, stream, o):
    """`leeway replay`: rows out, answers scored, labels LABEL_DELAY rows later."""
    result, log = stage.folder / "replay.json", stage.folder / "replay.log"
    argv = [stage.bin / "leeway", "replay", stream.file, "--model", stream.model, "--label", stream.label, "--fleet",
            stage.fleet_file, "--baseline", stage.frozen.url, "--skip", stream.first_rows, "--rows",
            stream.rows - stream.first_rows, "--rate", o.rate, "--label-delay", LABEL_DELAY, "--json", result,
            "--server", stage.daemon.url]
    with open(log, "wb") as f:
        popen = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                 start_new_session=True)
    return popen, result, log


def end_replay(popen, result, log):
    code = popen.wait()
    if code != 0 or not result.exists():
        raise DemoError(f"leeway replay ended with {code}:\n{log.read_text(errors='replace')[-1500:]}")
    return json.loads(result.read_text())


def wait_until_quiet(stage, model):
    """Until the last rows are collected and no run is under way. Without requests a canary learns nothing more:
    a run that is still on trial after a few seconds is shown as it stands."""
    deadline = time.monotonic() + QUIET_DEADLINE_S
    while time.monotonic() < deadline:
        state = call(stage.daemon.url, f"/v1/models/{model}")
        if not state.get("run") and state["labels"]["waiting"] == 0:
            return
        time.sleep(0.2)


def start_drill(stage, stream, speaker):
    """A candidate from flipped labels, no gate."""
    policy = stage.folder / "bad-candidate.yaml"
    policy.write_text((HERE / "bad-candidate.yaml").read_text())
    stage.cli("policy", "put", stream.model, policy)
    speaker.say("The drill: four fifths of the training labels are flipped, and the gate is off. Only the canary "
                "stands between this candidate and the clients.")
    stage.cli("retrain", stream.model, "--reason", "drill: labels flipped on purpose")


def play(stage, stream, o, speaker):
    """From an empty Leeway to the replay's end; returns the document of --json."""
    began = time.monotonic()
    for line in stream.preface:
        speaker.say(line)
    create_model(stage, stream)
    first_version(stage, stream, speaker)
    narrator = Narrator(stage.daemon.url, stream.model, stream.first_rows, speaker)
    narrator.start()
    speaker.say(f"The rest is replayed, {o.rate:g} rows a second, labels {LABEL_DELAY} rows late.\n")
    popen, result, log = start_replay(stage, stream, o)
    try:
        if o.bad_candidate:
            start_drill(stage, stream, speaker)
        replay = end_replay(popen, result, log)
        wait_until_quiet(stage, stream.model)
    finally:
        narrator.stop()
        if popen.poll() is None:
            popen.terminate()
            popen.wait()
    document = outcome.collect(stage, stream.model, stream.file.name, stream.first_rows, replay)
    document["seconds"] = time.monotonic() - began
    return document


def try_next(stage, model, runs):
    url, leeway = stage.daemon.url, stage.bin / "leeway"
    yield "Try next"
    yield f"  {url}/   the dashboard"
    yield f"  export LEEWAY_SERVER={url} PATH={leeway.parent}:$PATH"
    yield "  leeway status"
    yield f"  leeway drift {model}"
    yield f"  leeway run show {runs[-1]['id'] if runs else 'RUN'}"
    yield f"  leeway rollback {model} --reason \"to see how fast it is\""
    yield f"  logs and data: {stage.folder}"


def run_demo(o, speaker):
    stage = Stage(o.bin_dir, o.work.resolve())
    stage.wipe()
    stream = stream_of_file(o) if o.data else generated_stream(o, stage.folder)
    try:
        stage.start(REPLICAS, o.port, o.bad_candidate)
        speaker.say(f"leewayd, a trainer and {REPLICAS} replicas are up. Dashboard: {stage.daemon.url}/", strong=True)
        document = play(stage, stream, o, speaker)
        print("\n" + "\n".join(outcome.summary(document)), flush=True)
        if o.json:
            outcome.write(document, o.json)
        if not o.exit:
            print("\n" + "\n".join(try_next(stage, stream.model, document["runs"])))
            print("\nThe dashboard stays up. Ctrl-C stops everything this demo has started.", flush=True)
            signal.pause()
    finally:
        for number in STOP_SIGNALS:  # a second Ctrl-C must not leave half of it running
            signal.signal(number, signal.SIG_IGN)
        stage.stop()
        if o.exit and not o.keep and sys.exc_info()[0] is None:
            stage.remove()


def stop_like_ctrl_c(_number, _frame):
    raise KeyboardInterrupt


def main():
    o = read_options(sys.argv[1:])
    for number in STOP_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup stays what it is
            signal.signal(number, stop_like_ctrl_c)
    try:
        run_demo(o, Speaker())
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
