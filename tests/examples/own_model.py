"""own_model.py BIN_DIR README - the commands of examples/own-model, taken out of its README and typed one by one
into a shell in an empty folder. Only the ports are others: the README's are the defaults, and no test uses a
fixed one."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BIN, README = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
DEADLINE_S = 60


def free_ports(n):
    """Free ports; held together, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Shell:
    """One bash that gets a command at a time and says how it ended."""

    def __init__(self, folder, env):
        self.bash = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=folder, env=env, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def type(self, command):
        self.bash.stdin.write(f"{command}\nprintf '\\n==%d\\n' $?\n")
        self.bash.stdin.flush()
        said = []
        for line in self.bash.stdout:
            if line.startswith("=="):
                assert line.strip() == "==0", f"{command}\nended with {line.strip('=').strip()}:\n{''.join(said)}"
                return "".join(said)
            said.append(line)
        raise AssertionError(f"the shell ended during: {command}\n{''.join(said)}")

    def close(self):
        """Stops the programs that this shell has started, and waits for them."""
        self.bash.stdin.write("kill $(jobs -p)\nwait\n")
        self.bash.stdin.close()
        self.bash.wait(DEADLINE_S)
        self.bash.stdout.close()


def wait_for_port(command):
    port = int(re.search(r"--listen 127\.0\.0\.1:(\d+)|$", command).group(1) or 0)
    deadline = time.monotonic() + DEADLINE_S
    while port:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens after: {command}"
            time.sleep(0.02)


def play(folder, text, env):
    commands = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    assert 1 <= len(commands) <= 10, f"{len(commands)} commands, at most ten were promised"
    shell = Shell(folder, env)
    try:
        for command in commands:
            print(f"$ {command.strip()}", flush=True)
            print(shell.type(command.strip()), end="", flush=True)
            if command.strip().endswith("&"):
                wait_for_port(command)
        status = json.loads(shell.type("leeway status --json"))
        model = status["models"][0]
        assert model["champion"]["label"] == "v1" and model["policy_sha256"], model
        play_curl(shell, re.findall(r"^```sh curl\n(.*?)^```", text, re.M | re.S))
    finally:
        shell.close()


def play_curl(shell, commands):
    if not shutil.which("curl"):
        print("curl is not installed: its commands were not tried")
        return
    infer, labels = commands
    answer = json.loads(shell.type(infer.strip()))
    assert answer["model_version"] == "v1" and answer["id"] == "application-4711", answer
    assert {o["name"] for o in answer["outputs"]} == {"score", "class"}, answer
    told = json.loads(shell.type(labels.strip()))
    assert told["accepted"] == 1 and told["conflicts"] == 0, told
    print(f"curl: {answer['outputs']} {told}")


def main():
    text = README.read_text()
    ports = dict(zip(("7070", "7700", "8080"), map(str, free_ports(3))))
    text = re.sub(r"127\.0\.0\.1:(7070|7700|8080)", lambda m: f"127.0.0.1:{ports[m.group(1)]}", text)
    text = text.replace("leewayd --data", f"leewayd --listen 127.0.0.1:{ports['7070']} --data")
    with tempfile.TemporaryDirectory(prefix="leeway-test-") as folder:
        with open(f"{folder}/loans.csv", "wb") as f:
            subprocess.run([BIN / "loan_stream", "--rows", "6000"], stdout=f, check=True)
        env = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}", LEEWAY_SERVER=f"http://127.0.0.1:{ports['7070']}")
        play(folder, text, env)


if __name__ == "__main__":
    main()
