"""cli_usage.py - the program without a daemon: help, exit codes, suggestions, and what works offline."""
import json
import os
import tempfile

from cli_testing import LEEWAY, SOURCE, closed_port, expect, expect_in, run, run_tests

COMMANDS = ["status", "drift", "runs", "run show", "replicas", "retrain", "approve", "pause", "resume", "promote",
            "abort", "rollback", "versions", "lineage", "champion", "audit", "model create", "model show",
            "schema suggest", "policy check", "policy schema", "policy put", "policy show", "policy stock", "import",
            "labels", "replay", "version"]


def help_lists_every_command():
    code, out, _ = run("--help")
    expect("exit code", code, 0)
    for command in COMMANDS:
        expect_in("leeway --help", f"\n  {command} ", out)
    expect("lines over 90 columns", [line for line in out.splitlines() if len(line) > 90], [])


def every_command_has_help_with_examples_before_options():
    for command in COMMANDS:
        code, out, err = run(*command.split(), "--help")
        expect(f"{command} --help", (code, err), (0, ""))
        expect_in(f"{command} --help", f"Usage: leeway {command}", out)
        if not 0 < out.find("Examples:") < out.find("Options:"):
            raise SystemExit(f"{command} --help: examples do not come before options:\n{out}")
        expect("help COMMAND", run("help", *command.split())[1], out)


def mistakes_on_the_command_line_are_2():
    for args, part in [((), "expected a command"),
                       (("stauts",), "did you mean: leeway status"),
                       (("policy", "chek", "x"), "did you mean: leeway policy check"),
                       (("policy",), "expected a verb"),
                       (("policy", "--json"), "leeway policy put"),
                       (("policy", "frobnicate"), "Try: leeway policy --help"),
                       (("drift",), "expected 1 argument, got 0"),
                       (("drift", "m", "--windws", "3"), "did you mean --windows"),
                       (("retrain", "m"), "--reason TEXT is required"),
                       (("replay", "f", "--model", "m", "--label", "y"), "--fleet FILE or --replica URL"),
                       (("champion", "m", "--at", "yesterday"), "expected a time such as"),
                       (("policy", "stock", "default-clasification"), 'did you mean "default-classification"')]:
        code, out, err = run(*args)
        expect(f"{args}: exit code and stdout", (code, out), (2, ""))
        expect_in(str(args), part, err)


def a_noun_alone_lists_its_verbs():
    for noun in sorted({command.split()[0] for command in COMMANDS if " " in command}):
        code, out, err = run(noun, "--help")
        expect(f"{noun} --help", (code, err), (0, ""))
        listed = [line.split()[1:3] for line in out.splitlines() if line.startswith("  leeway ")]
        expect(f"{noun} --help", sorted(" ".join(words) for words in listed),
               sorted(command for command in COMMANDS if command.split()[0] == noun and " " in command))
        for same in ([noun, "-h"], ["help", noun]):
            expect(f"{same}", run(*same), (0, out, ""))
        expect_in(f"{noun} alone", out, run(noun)[2])
        expect(f"{noun} alone: exit code and stdout", run(noun)[:2], (2, ""))


def an_absent_daemon_is_3_and_the_message_says_what_to_start():
    server = f"http://127.0.0.1:{closed_port()}"
    for args in (["status"], ["drift", "m"], ["retrain", "m", "--reason", "r"], ["audit", "--verify"],
                 ["rollback", "m", "--reason", "r"], ["runs", "--json"], ["lineage", "v1"]):
        code, out, err = run(*args, server=server)
        expect(f"{args}: exit code and stdout", (code, out), (3, ""))
        expect_in(str(args), f"cannot reach leewayd at {server}", err)
        expect_in(str(args), "leewayd --data DIR", err)


def global_options_may_stand_before_the_command():
    server = f"http://127.0.0.1:{closed_port()}"
    code, _, err = run("--server", server, "--json", "status")
    expect("exit code", code, 3)
    expect_in("stderr", server, err)


def policy_check_prints_every_mistake_with_its_place():
    folder = os.path.join(SOURCE, "tests", "policies", "data")
    with open(os.path.join(folder, "ten-mistakes.txt")) as f:
        want = [line.replace("ten-mistakes.yaml", os.path.join(folder, "ten-mistakes.yaml")) for line in f]
    path = os.path.join(folder, "ten-mistakes.yaml")
    code, out, err = run("policy", "check", path)
    expect("exit code", code, 1)
    expect("lines", out.splitlines(keepends=True), want)
    expect("count", len(want), 10)
    expect_in("stderr", "10 mistakes", err)
    code, out, _ = run("policy", "check", path, "--json")
    report = json.loads(out)
    expect("json", (code, report[0]["ok"], len(report[0]["diagnostics"])), (1, False, 10))
    first = report[0]["diagnostics"][0]
    expect("place", [first["line"], first["column"]], [4, 9])


def stock_policies_pass_their_own_check():
    code, out, _ = run("policy", "stock", "--json")
    names = [p["name"] for p in json.loads(out)]
    files = [f[:-5] for f in sorted(os.listdir(os.path.join(SOURCE, "policies", "stock")))]
    expect("names", (code, sorted(names)), (0, files))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name in names:
            paths.append(os.path.join(folder, name + ".yaml"))
            with open(paths[-1], "w") as f:
                f.write(run("policy", "stock", name)[1])
        code, out, _ = run("policy", "check", *paths)
        expect("check of all", (code, out.count(": ok: ")), (0, len(names)))


def policy_check_ends_with_the_command_that_comes_next():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "loan.yaml")
        with open(path, "w") as f:
            f.write(run("policy", "stock", "demo-loan")[1])
        code, out, err = run("policy", "check", path)
        expect("exit code and stderr", (code, err), (0, f"Next: leeway policy put loan {path}\n"))


def stock_policies_pass_the_json_schema_as_another_yaml_reader_reads_them():
    try:
        import jsonschema
        import yaml
    except ImportError as e:
        print(f"skipped {e}")
        return
    check = jsonschema.Draft202012Validator(json.loads(run("policy", "schema")[1]))
    for policy in json.loads(run("policy", "stock", "--json")[1]):
        read = yaml.safe_load(run("policy", "stock", policy["name"])[1])
        expect(policy["name"], [f"{list(e.path)}: {e.message}" for e in check.iter_errors(read)], [])


def a_file_that_is_not_there_is_named():
    for args in (["policy", "check", "/nonexistent.yaml"], ["schema", "suggest", "/nonexistent.csv", "--label", "y"],
                 ["model", "create", "--schema", "/nonexistent.yaml"]):
        code, _, err = run(*args)
        expect(f"{args}: exit code", code, 1)
        expect_in(str(args), "/nonexistent", err)


def schema_suggest_reads_stdin_and_gives_yaml_and_json():
    rows = "age,town,y\n" + "".join(f"{i * 37 % 50 + .5},{'ab'[i % 2]},{'no yes'.split()[i % 2]}\n" for i in range(40))
    code, out, _ = run("schema", "suggest", "-", "--label", "y", "--name", "m", stdin=rows)
    expect("exit code", code, 0)
    expect_in("yaml", 'name: "age", type: numeric', out)
    code, out, _ = run("schema", "suggest", "-", "--label", "y", "--name", "m", "--json", stdin=rows)
    expect("json", (code, json.loads(out)["label"]), (0, {"name": "y", "type": "binary", "classes": ["no", "yes"]}))


def policy_schema_is_a_json_schema():
    code, out, _ = run("policy", "schema")
    expect("draft", (code, json.loads(out)["$schema"]), (0, "https://json-schema.org/draft/2020-12/schema"))


def lost_output_is_no_success():
    if not os.path.exists("/dev/full"):
        return
    import subprocess
    with open("/dev/full", "w") as full:
        done = subprocess.run([LEEWAY, "policy", "schema"], stdout=full, stderr=subprocess.PIPE)
    expect("exit code of a full disk", done.returncode, 1)


run_tests([help_lists_every_command, every_command_has_help_with_examples_before_options,
           mistakes_on_the_command_line_are_2, a_noun_alone_lists_its_verbs,
           an_absent_daemon_is_3_and_the_message_says_what_to_start, global_options_may_stand_before_the_command,
           policy_check_prints_every_mistake_with_its_place, stock_policies_pass_their_own_check,
           policy_check_ends_with_the_command_that_comes_next,
           stock_policies_pass_the_json_schema_as_another_yaml_reader_reads_them, a_file_that_is_not_there_is_named,
           schema_suggest_reads_stdin_and_gives_yaml_and_json, policy_schema_is_a_json_schema,
           lost_output_is_no_success])
