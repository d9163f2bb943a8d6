"""narrator.py - tells in plain words what Leeway does, while it does it.

Listens to leewayd's server-sent events. An event only says where to look; the numbers come from the API, so a
sentence never says more than what was recorded. After a break it joins the stream again.
"""
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse

from stage import DemoError, call

BEAT_S = 5


def percent(x):
    return f"{100 * x:.1f} %"


class Speaker:
    """Lines on stdout, one at a time, each with the row of the stream it belongs to."""

    def __init__(self):
        self.lock = threading.Lock()
        self.bold = ("\033[1m", "\033[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "")
        self.last_s = 0.0

    def say(self, text, row=None, strong=False):
        head = f"row {row:>7,}  " if row is not None else ""
        on, off = self.bold if strong else ("", "")
        with self.lock:
            self.last_s = time.monotonic()
            print(f"{head}{on}{text}{off}", flush=True)

    def quiet_s(self):
        return time.monotonic() - self.last_s


class Narrator:
    """Follows one model. first_rows: rows of the stream that came before the replay."""

    def __init__(self, url, model, first_rows, speaker):
        self.url, self.model, self.first_rows, self.speaker = url, model, first_rows, speaker
        schema = self.get(f"/v1/models/{model}")["schema"]
        self.features = {f["name"] for f in schema["features"]}
        self.classes = schema["label"]["type"] != "regression"
        self.told = set()
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=t, daemon=True) for t in (self.listen, self.beat)]

    def start(self):
        for t in self.threads:
            t.start()

    def stop(self):
        self.ending.set()

    # ---- where to look ----

    def listen(self):
        while not self.ending.is_set():
            try:
                self.read_stream()
            except (OSError, http.client.HTTPException, ValueError):
                pass  # joined again below; what was missed is in the API
            self.ending.wait(0.5)

    def read_stream(self):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=60)
        connection.request("GET", "/v1/events")
        stream, event = connection.getresponse(), ""
        for line in stream:
            if self.ending.is_set():
                break
            word, _, rest = line.decode().rstrip("\r\n").partition(": ")
            if word == "event":
                event = rest
            elif word == "data":
                self.on_event(event, json.loads(rest))
        connection.close()

    def on_event(self, event, data):
        if data.get("model") != self.model:
            return
        tellers = {"run": self.on_run, "window": self.on_window, "decision": self.on_decision}
        try:
            if event in tellers:
                tellers[event](data)
        except (DemoError, KeyError):
            pass  # leewayd was busy or the record is gone: a sentence less

    def beat(self):
        while not self.ending.wait(1):
            if self.speaker.quiet_s() < BEAT_S:
                continue
            try:
                self.tell_progress()
            except (DemoError, KeyError):
                pass

    # ---- looking ----

    def get(self, path):
        return call(self.url, path, timeout_s=10)

    def row(self, observations):
        return self.first_rows + int(observations)

    def row_now(self):
        return self.row(self.get(f"/v1/models/{self.model}")["observations"])

    def tell_once(self, key, text, row, strong=False):
        if key not in self.told:
            self.told.add(key)
            self.speaker.say(text, row, strong)

    # ---- sentences ----

    def tell_progress(self):
        state = self.get(f"/v1/models/{self.model}")
        champion = (state.get("champion") or {}).get("label")
        if not champion or not state["observations"]:
            return
        text = f"{champion} answers" + self.newest_metric(state.get("performance"))
        run = state.get("run")
        if run:
            text += f"; run {run['id']}: {run['state']}"
        self.speaker.say(text, self.row(state["observations"]))

    @staticmethod
    def newest_metric(performance):
        for point in (performance or {}).values():
            if point and point.get("value") is not None:
                value = percent(point["value"]) if point["metric"] == "accuracy" else f"{point['value']:.4g}"
                return f"; {point['metric']} of the newest {point['n']:,} labelled rows: {value}"
        return ""

    def on_window(self, _):
        drift = self.get(f"/v1/models/{self.model}/drift")
        newest = max(drift["windows"], key=lambda w: w["id"], default=None)
        if not newest:
            return
        fresh = {}
        for s in newest["signals"]:
            told = ("drift", newest["version"], s["feature"])
            drifts = s["kind"] == "drift" and s["verdict"] == "drift" and s["feature"] in self.features
            if drifts and told not in self.told:
                fresh.setdefault(s["feature"], s)  # of several lengths the shortest, which comes first
        if not fresh:
            return
        self.told.update(("drift", newest["version"], feature) for feature in fresh)
        names = ", ".join(f"{s['feature']} ({s['statistic']} {s['value']:.2g})" for s in fresh.values())
        self.speaker.say(f"inputs no longer look as they did in training: {names}. That alone is no harm: this "
                         "policy acts on labelled errors, and waits for them", self.row_now())

    def on_decision(self, data):
        if data["outcome"] == "hold_back" and "one_run_per_model" not in data["reason"]:
            self.speaker.say(f"{data['reason']}", self.row_now())

    def on_run(self, data):
        run = self.get(f"/v1/runs/{data['id']}")
        label = (run.get("candidate") or {}).get("label", "the candidate")
        row = self.row_of(run)
        self.tell_trigger(run)
        self.tell_gate(run, label)
        if data["state"] in ("shadow", "canary"):
            self.tell_trial(run, data, label, row)
        if run["done"]:
            self.tell_end(run, label, row)

    def row_of(self, run):
        rows = [t["numbers"]["detail"]["rows"] for t in run["timeline"] if "rows" in t["numbers"].get("detail", {})]
        return self.row(rows[-1] if rows else run["rows_at_trigger"])

    def tell_trigger(self, run):
        trigger = run["trigger"]
        why = trigger["reason"] if trigger["name"] == "manual" else (
            f"{trigger['reason']}. The policy's trigger \"{trigger['name']}\" asks for a retrain")
        self.tell_once((run["id"], "trigger"), f"{why} -> run {run['id']}", self.row(run["rows_at_trigger"]),
                       strong=True)
        for t in run["timeline"]:
            if t["to"] == "push" and t["event"] == "action_ok":
                self.tell_once((run["id"], "snapshot"), f"  the newest {t['numbers']['rows']:,} labelled rows are "
                               "its training set; the trainer fits a candidate", self.row(run["rows_at_trigger"]))

    def tell_gate(self, run, label):
        for t in run["timeline"]:
            if t["event"] != "gate_verdict":
                continue
            compared = t["numbers"].get("detail", {}).get("comparisons") or []
            text = self.gate_in_words(compared[0], label) if compared else t["reason"]
            self.tell_once((run["id"], "gate"), f"  {text}", self.row_of(run))

    def gate_in_words(self, c, label):
        verdict = {"good": "it goes on trial", "bad": "it is turned down"}.get(
            c["verdict"], "that is not sure enough: it is turned down")
        if self.classes:
            size, change, unit = percent, (lambda x: f"{100 * x:+.1f}"), " points"
        else:
            size, change, unit = "{:.4g}".format, "{:+.4g}".format, ""
        gain, least, most = -c["difference"], -c["upper"], -c["lower"]
        return (f"the gate, on {c['n_candidate']:,} rows that training did not see: error of {label} "
                f"{size(c['candidate'])}, of the champion {size(c['champion'])}: "
                f"{'better' if gain >= 0 else 'worse'} by {change(abs(gain))[1:]}{unit} "
                f"({change(least)} to {change(most)}, {100 * c['confidence']:.0f} % sure), {change(-c['margin'])} "
                f"asked for -> {verdict}")

    def tell_trial(self, run, data, label, row):
        if data["state"] == "shadow":
            text = f"  shadow: {label} scores every request beside the champion; clients do not see it"
        else:
            text = f"  canary: {label} answers {100 * data['weight']:.0f} % of the clients"
        self.tell_once((run["id"], data["state"], data["step"]), text, row)

    def tell_end(self, run, label, row):
        ends = {"promoted": f"promoted: {run['reason']}",
                "rejected": "rejected: the champion stays",
                "rolled_back": f"taken back: {label} is out of service, the champion answers alone "
                               f"({run['reason']})"}
        text = ends.get(run["state"], f"{run['state']}: {run['reason']}")
        self.tell_once((run["id"], "end"), f"run {run['id']} {text}", row, strong=True)
