from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Tool

from support.mock_server import TOKEN

Answer = TypeVar("Answer")

KEY = {"X-API-Key-Id": "any", "X-API-Key": TOKEN}
"""The headers of an API key, whose secret is the server's token."""


class Agent:
    """What an agent does with the MCP server, through the official client: a connection for each question."""

    def __init__(self, origin: str, headers: dict[str, str] = KEY, mode: str = "auto") -> None:
        self._url = f"{origin}/mcp"
        self._headers = headers
        self._mode = mode

    def tools(self) -> dict[str, Tool]:
        """The tools by name."""

        async def ask(client: Client) -> dict[str, Tool]:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

        return self._connected(ask)

    def instructions(self) -> str:
        """What the server tells an agent before it calls a tool."""

        async def ask(client: Client) -> str:
            return client.instructions

        return self._connected(ask)

    def call(self, tool: str, **arguments: object) -> CallToolResult:
        """Calls a tool, whatever comes of it."""

        async def ask(client: Client) -> CallToolResult:
            return await client.call_tool(tool, arguments)

        return self._connected(ask)

    def reads(self, tool: str, **arguments: object) -> dict:
        """Calls a tool that answers with data, which it must also tell as text."""
        result = self.call(tool, **arguments)
        assert not result.is_error, result.content
        assert result.structured_content is not None
        return result.structured_content

    def is_refused(self, tool: str, **arguments: object) -> str:
        """Calls a tool with arguments that it does not take, and tells why."""
        result = self.call(tool, **arguments)
        assert result.is_error, result.content
        return told(result)

    def _connected(self, ask: Callable[[Client], Awaitable[Answer]]) -> Answer:
        async def connect() -> Answer | MCPError:
            async with httpx2.AsyncClient(headers=self._headers) as http:
                transport = streamable_http_client(self._url, http_client=http)
                async with Client(transport, mode=self._mode) as client:
                    try:
                        return await ask(client)
                    except MCPError as error:
                        # Raised in here, it would come out in groups of groups.
                        return error

        answer = anyio.run(connect)
        if isinstance(answer, MCPError):
            raise answer
        return answer


def told(result: CallToolResult) -> str:
    """The text of an answer."""
    [content] = result.content
    return content.text
