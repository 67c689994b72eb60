"""`sherd sim` as a child: started, asked, ended."""

import json
import os
import re
import select
import subprocess
from collections import defaultdict

# No secret. Its first part is an id in base64, as hikari wants it.
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAw.sherd.sim-token"
START_S = 10
STOP_S = 10


class Simulator:
    """One run. `api` and `url` say where it is, from start to stop."""

    def __init__(self, program, folder, *options, certificate=None):
        self.ledger_file = folder / "ledger"
        self.stderr_file = folder / "simulator"
        self.certificate = certificate
        command = [program, "sim", "--listen", "127.0.0.1:0", "--ledger", self.ledger_file, *options]
        if certificate:
            command += ["--tls-cert", certificate.pem, "--tls-key", certificate.key]
        with open(self.stderr_file, "wb") as stderr:
            self.child = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, "SHERD_TOKEN": TOKEN},
            )
        self.url, self.api = self._read_address()

    def _read_address(self):
        line = ""
        if select.select([self.child.stdout], [], [], START_S)[0]:
            line = self.child.stdout.readline().decode()
        match = re.match(r"listening on (\S+) \(api (\S+)\)$", line)
        if not match:
            self.child.kill()
            self.child.wait()
            raise RuntimeError("sherd sim did not start: " + self.stderr_file.read_text())
        return match.groups()

    def variables(self, token, rest_token):
        """What a driver finds it by, with the tokens that it shall use."""
        variables = {
            "SIM_API": self.api,
            "SIM_GATEWAY": self.url,
            "SIM_TOKEN": token,
            "SIM_REST_TOKEN": rest_token,
        }
        if self.certificate:
            variables["NODE_EXTRA_CA_CERTS"] = str(self.certificate.pem)
        return variables

    def stop(self):
        """Ends it and gives its counters, as in {"sessions": 1}."""
        self.child.terminate()
        try:
            code = self.child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            code = self.child.wait()
        self.child.stdout.close()
        if code:
            raise RuntimeError(f"sherd sim ended with {code}: {self.stderr_file.read_text()}")
        rows = re.findall(r"^(\S.*?) +(\d+)$", self.stderr_file.read_text(), re.M)
        return {name: int(number) for name, number in rows}

    def ledger(self):
        """What it sent: for each shard the pairs of sequence number and event name, in order."""
        shards = defaultdict(list)
        with open(self.ledger_file, encoding="utf-8") as lines:
            for line in lines:
                it = json.loads(line)
                if "t" in it:
                    shards[it["shard"]].append((it["s"], it["t"]))
        return dict(shards)


class Certificate:
    """A certificate of localhost's that signs itself."""

    def __init__(self, folder):
        self.pem = folder / "certificate.pem"
        self.key = folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
            + ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
            + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
            + ["-keyout", self.key, "-out", self.pem],
            check=True,
            stderr=subprocess.DEVNULL,
        )
