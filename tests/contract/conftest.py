from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from snowplow_signals import SignalsSandbox

from support.agent import Agent
from support.inbox import Inbox
from support.mock_server import TOKEN, MockServer
from support.shopper import Shopper


@pytest.fixture(scope="session", autouse=True)
def no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The SDK opens an HTTP client for each call, which would read all certificates of the machine each time."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SSL_CERT_FILE", raising=False)
        environment.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        yield


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MockServer]:
    """A mock server that has no definitions yet."""
    nothing = tmp_path / "nothing.json"
    nothing.write_text("{}")
    with MockServer("--definitions", str(nothing)) as running:
        yield running


@pytest.fixture
def demo_server() -> Iterator[MockServer]:
    """A mock server as it starts without flags: with the tutorial's definitions built in."""
    with MockServer() as running:
        yield running


@pytest.fixture
def signals(server: MockServer) -> SignalsSandbox:
    """The SDK, pointed at the server."""
    return SignalsSandbox(api_url=server.origin, sandbox_token=TOKEN)


@pytest.fixture
def agent(server: MockServer) -> Agent:
    """An agent that uses the MCP server."""
    return Agent(server.origin)


@pytest.fixture
def shopper(server: MockServer) -> Shopper:
    """Somebody the server has never seen."""
    return Shopper(server.origin)


@pytest.fixture
def listen(server: MockServer, signals: SignalsSandbox) -> Iterator[Callable[..., Inbox]]:
    """Opens an inbox: `listen(domain_userid="…")`."""
    with ExitStack() as inboxes:
        yield lambda **targets: inboxes.enter_context(Inbox(server, signals, targets))
