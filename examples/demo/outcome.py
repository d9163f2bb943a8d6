"""outcome.py - what happened, once it is over: the document of --json and the summary on the terminal."""
import json

from stage import call


def get_runs(url, model):
    """Oldest first, each as the API shows it, with its timeline."""
    brief = call(url, f"/v1/runs?model={model}&limit=1000")["runs"]
    return [call(url, f"/v1/runs/{r['id']}") for r in reversed(brief)]


def describe_run(run, first_rows):
    """One run for the document. Rows count the replayed ones; rows_in_file the file's."""
    ended = run["ended_unix_ms"]
    at_end = run["rows_at_end"]
    return {
        "id": run["id"],
        "trigger": run["trigger"]["name"],
        "reason": run["trigger"]["reason"],
        "evidence": run["trigger"].get("evidence"),
        "actor": run["trigger"]["actor"],
        "rows_at_trigger": run["rows_at_trigger"],
        "rows_at_end": at_end,
        "row_in_file_at_trigger": first_rows + run["rows_at_trigger"],
        "row_in_file_at_end": None if at_end is None else first_rows + at_end,
        "state": run["state"],
        "end_reason": run["reason"],
        "candidate": run["candidate"],
        "seconds": None if ended is None else (ended - run["started_unix_ms"]) / 1000,
        "states": [t["to"] for t in run["timeline"]],
    }


def collect(stage, model, source, first_rows, replay):
    """Everything of --json, from the API and from what replay saw as a client."""
    url = stage.daemon.url
    state = call(url, f"/v1/models/{model}")
    metric = "accuracy" if "accuracy" in replay["served"] else "rmse"
    served, frozen = replay["served"][metric], (replay["frozen"] or {}).get(metric)
    gain = None if served is None or frozen is None else served - frozen
    return {
        "source": source,
        "model": model,
        "schema": state["schema"],
        "policy": call(url, f"/v1/models/{model}/policy"),
        "first_version_rows": first_rows,
        "rows_served": replay["rows"],
        "request_errors": replay["errors"],
        "metric": metric,
        "served": served,
        "frozen": frozen,
        "gain": gain,
        "runs": [describe_run(r, first_rows) for r in get_runs(url, model)],
        "versions": call(url, f"/v1/models/{model}/versions")["versions"],
        "champion": state["champion"],
        "labels": state["labels"],
        "audit": call(url, "/v1/audit/verify"),
        "replay": replay,
    }


def write(document, path):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f, indent=2)
        f.write("\n")


def show_value(metric, value):
    if value is None:
        return "-"
    return f"{100 * value:.2f} %" if metric == "accuracy" else f"{value:.4g}"


def summary(d):
    """Lines for the terminal."""
    yield "What happened"
    yield f"  rows served            {d['rows_served']:,} ({d['request_errors']} requests failed)"
    yield f"  {d['metric']:<9} served       {show_value(d['metric'], d['served'])}"
    yield f"  {d['metric']:<9} of frozen v1 {show_value(d['metric'], d['frozen'])}, on the same rows"
    if d["gain"] is not None and d["metric"] == "accuracy":
        yield f"  gained                 {100 * d['gain']:+.2f} points"
    yield f"  champion now           {(d['champion'] or {}).get('label', '-')}"
    audit = d["audit"]
    yield f"  audit chain            {audit['records']} records, {'intact' if audit['ok'] else 'BROKEN'}"
    yield ""
    yield f"  {'run':<12}{'trigger':<18}{'row':>9}{'to row':>9}{'seconds':>9}  end"
    for r in d["runs"]:
        seconds = "-" if r["seconds"] is None else f"{r['seconds']:.1f}"
        end = r["row_in_file_at_end"]
        label = (r["candidate"] or {}).get("label", "")
        yield (f"  {r['id']:<12}{r['trigger']:<18}{r['row_in_file_at_trigger']:>9,}"
               f"{'-' if end is None else format(end, ','):>9}{seconds:>9}  {r['state']} {label}")
