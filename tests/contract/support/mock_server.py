import os
import re
import subprocess
import threading
from pathlib import Path
from typing import Self

import httpx

from support.waiting import PATIENCE_S

PROJECT = Path(__file__).resolve().parents[3]
TOKEN = "sandbox"


def _binary() -> Path:
    if named := os.environ.get("SIGNALS_MOCK_SERVER"):
        return Path(named)
    return PROJECT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "signals-mock-server"


BINARY = _binary()
"""The mock server's program."""


class MockServer:
    """A running mock server: a process of its own on a free port."""

    def __init__(self, *flags: str, environment: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [BINARY, "--port", "0", "--token", TOKEN, *flags],
            env={"PATH": os.environ["PATH"], "SIGNALS_LOG": "warn", **(environment or {})},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.origin = self._wait_for_address()
        self.client = httpx.Client(
            base_url=self.origin,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=PATIENCE_S,
        )
        """Talks to the server with its token, where a test needs more than the SDK offers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._process.terminate()
        code = self._process.wait(PATIENCE_S)
        self._process.stdout.close()
        for thread in threading.enumerate():
            # The SDK's subscriptions end when the server closes their streams.
            if thread.name.startswith("SignalsInterventions-"):
                thread.join(PATIENCE_S)
        assert code == 0, f"the server ended with {code}"

    def advance_clock(self, duration: str) -> None:
        """Moves the server's clock forward by an ISO 8601 duration."""
        self.client.post("/mock/clock", json={"advance": duration}).raise_for_status()

    def open_streams(self) -> int:
        """How many intervention streams are open."""
        return self.metric("open_streams")

    def metric(self, name: str) -> int:
        """The value of a metric, named without `signals_` and with its labels."""
        metrics = self.client.get("/metrics").raise_for_status().text
        return int(re.search(rf"^signals_{re.escape(name)} (\d+)$", metrics, re.MULTILINE).group(1))

    def _wait_for_address(self) -> str:
        for line in self._process.stdout:
            if announced := re.match(r"listening on (http://\S+)", line):
                return announced.group(1)
        raise RuntimeError(f"{BINARY} ended with {self._process.wait()} before it listened")
