"""The MCP server: what an agent sees through the official client."""

import json
import os
import re

import httpx
import pytest
from mcp.shared.exceptions import MCPError
from snowplow_signals import domain_sessionid, user_id

from support.agent import KEY, Agent, told
from support.definitions import counted, group
from support.mock_server import PROJECT, MockServer
from support.shopper import Shopper
from test_agentic_contexts import PROMPT, shopping

TOOLS = ["list_attribute_groups", "get_attributes", "list_agentic_contexts", "get_agentic_context"]
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_every_tool_is_listed_and_only_reads(server, mode):
    tools = Agent(server.origin, mode=mode).tools()

    assert list(tools) == TOOLS
    for tool in tools.values():
        assert tool.description and tool.annotations.title
        assert tool.annotations.read_only_hint and not tool.annotations.destructive_hint
        assert tool.input_schema["type"] == "object"
        for argument in tool.input_schema.get("properties", {}).values():
            assert argument["description"]


def test_the_agent_is_told_to_list_both_families_first_and_to_prefer_a_calculated_value(agent):
    instructions = agent.instructions()

    assert "call list_attribute_groups and list_agentic_contexts first" in instructions
    assert "Prefer an attribute if a calculated value answers the question" in instructions


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key-Id": "any"}, 401),
        ({"X-API-Key": KEY["X-API-Key"]}, 401),
        ({"X-API-Key-Id": "", "X-API-Key": KEY["X-API-Key"]}, 401),
        ({"X-API-Key-Id": "any", "X-API-Key": "wrong"}, 403),
        ({"Authorization": f"Bearer {KEY['X-API-Key']}"}, 401),
        (KEY, 200),
    ],
)
def test_a_connection_needs_both_headers_of_an_api_key(server, headers, status):
    accept = {"Accept": "application/json, text/event-stream"}

    answer = httpx.post(f"{server.origin}/mcp", json=INITIALIZE, headers={**accept, **headers})

    assert answer.status_code == status
    assert ("detail" in answer.json()) == (status != 200)


def test_a_server_under_any_name_answers(server):
    headers = {**KEY, "Accept": "application/json, text/event-stream", "Host": "signals.shop.example"}

    answer = httpx.post(f"{server.origin}/mcp", json=INITIALIZE, headers=headers)

    assert answer.json()["result"]["serverInfo"]["name"] == "signals-mock-server"


def test_there_are_no_sessions_to_open_or_to_end(server):
    headers = {**KEY, "Accept": "text/event-stream"}

    assert httpx.get(f"{server.origin}/mcp", headers=headers).status_code == 405
    assert httpx.delete(f"{server.origin}/mcp", headers=headers).status_code == 405


def test_published_groups_are_listed_with_what_their_attributes_mean(agent, signals):
    clicks = counted(description="Clicks so far.")
    signals.publish([group(clicks, description="What the visitor did.")])
    hidden = group(counted(), name="draft")
    signals.publish([hidden])
    signals.unpublish([hidden])

    assert agent.reads("list_attribute_groups") == {
        "attribute_groups": [
            {
                "name": "clicks",
                "version": 1,
                "attribute_key": "domain_userid",
                "description": "What the visitor did.",
                "attributes": [{"name": "clicks", "type": "int32", "description": "Clicks so far."}],
            }
        ]
    }


def test_attributes_are_read_by_the_id_that_each_group_needs(agent, signals, shopper):
    signals.publish(
        [
            group(counted()),
            group(counted(), name="of_session", key=domain_sessionid),
            group(counted(), name="of_user", key=user_id),
        ]
    )
    shopper.clicks()
    shopper.clicks()

    identifiers = {"domain_userid": shopper.domain_userid, "domain_sessionid": shopper.domain_sessionid}
    wanted = [{"name": "clicks"}, {"name": "of_session", "attributes": ["clicks"]}, {"name": "of_user"}]
    read = agent.reads("get_attributes", identifiers=identifiers, attribute_groups=wanted)

    assert read["attribute_groups"] == [
        {
            "status": "read",
            "name": "clicks",
            "version": 1,
            "attribute_key": "domain_userid",
            "identifier": shopper.domain_userid,
            "attributes": {"clicks": 2},
        },
        {
            "status": "read",
            "name": "of_session",
            "version": 1,
            "attribute_key": "domain_sessionid",
            "identifier": shopper.domain_sessionid,
            "attributes": {"clicks": 2},
        },
        {
            "status": "unread",
            "name": "of_user",
            "version": 1,
            "attribute_key": "user_id",
            "reason": "`identifiers` has no `user_id`",
        },
    ]


def test_the_latest_version_is_read_unless_another_one_is_wanted(agent, signals, shopper):
    signals.publish([group(counted()), group(counted(name="all"), version=2)])
    shopper.clicks()

    wanted = [{"name": "clicks"}, {"name": "clicks", "version": 1}]
    identifiers = {"domain_userid": shopper.domain_userid}
    read = agent.reads("get_attributes", identifiers=identifiers, attribute_groups=wanted)

    assert [it["attributes"] for it in read["attribute_groups"]] == [{"all": 1}, {"clicks": 1}]


def test_null_means_never_calculated(agent, signals):
    signals.publish([group(counted(default_value=7))])

    wanted = {"identifiers": {"domain_userid": "nobody"}, "attribute_groups": [{"name": "clicks"}]}
    [read] = agent.reads("get_attributes", **wanted)["attribute_groups"]

    assert (read["status"], read["attributes"]) == ("read", {"clicks": None})


def test_an_unknown_name_costs_only_its_group_and_tells_which_names_exist(agent, signals, shopper):
    signals.publish([group(counted())])
    shopper.clicks()

    read = agent.reads(
        "get_attributes",
        identifiers={"domain_userid": shopper.domain_userid},
        attribute_groups=[
            {"name": "clacks"},
            {"name": "clicks", "version": 2},
            {"name": "clicks", "attributes": ["clicks", "clacks"]},
            {"name": "clicks"},
        ],
    )

    *errors, last = read["attribute_groups"]
    assert [(it["status"], it["error"], it["available"]) for it in errors] == [
        ("error", "no group of this name is published", ["clicks, version 1"]),
        ("error", "version 2 of this group is not published", ["clicks, version 1"]),
        ("error", "the group has no attribute `clacks`", ["clicks"]),
    ]
    assert last["attributes"] == {"clicks": 1}


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("list_attribute_groups", {"name": "x"}, "name: unknown field"),
        ("list_agentic_contexts", {"name": "x"}, "name: unknown field"),
        ("get_attributes", {"attribute_groups": [{"name": "x"}]}, "identifiers: missing"),
        ("get_attributes", {"identifiers": {"user_id": "a"}}, "attribute_groups: missing"),
        (
            "get_attributes",
            {"identifiers": {"user_id": "a"}, "attribute_groups": [{"name": "x"}] * 26},
            "attribute_groups: at most 25 groups, but there are 26",
        ),
        (
            "get_attributes",
            {"identifiers": {"user_id": "a" * 129}, "attribute_groups": [{"name": "x"}]},
            "identifiers.user_id: at most 128 characters, but there are 129",
        ),
        (
            "get_attributes",
            {"identifiers": {"user_id": 7}, "attribute_groups": [{"name": "x"}]},
            "identifiers.user_id: invalid type",
        ),
        ("get_agentic_context", {"name": "x"}, "identifier: missing"),
        ("get_agentic_context", {"name": "", "identifier": "s"}, "name: must not be empty"),
        (
            "get_agentic_context",
            {"name": "a" * 129, "identifier": "s"},
            "name: at most 128 characters, but there are 129",
        ),
        (
            "get_agentic_context",
            {"name": "x", "identifier": "s" * 129},
            "identifier: at most 128 characters, but there are 129",
        ),
        (
            "get_agentic_context",
            {"name": "x", "identifier": "s", "format": "xml"},
            "format: unknown variant `xml`",
        ),
    ],
)
def test_what_a_tool_does_not_take_is_named_with_its_limit(agent, tool, arguments, why):
    assert agent.is_refused(tool, **arguments).startswith(why)


def test_a_call_reads_at_most_100_attributes(agent, signals):
    many = group(*[counted(name=f"n{number}") for number in range(51)], name="many")
    signals.publish([many])
    identifiers = {"domain_userid": "nobody"}

    wanted = {"identifiers": identifiers, "attribute_groups": [{"name": "many"}] * 2}
    why = agent.is_refused("get_attributes", **wanted)
    assert why == "attribute_groups: at most 100 attributes, but there are 102"
    fewer = [{"name": "many"}, {"name": "many", "attributes": ["n0"]}]
    agent.reads("get_attributes", identifiers=identifiers, attribute_groups=fewer)


def test_a_tool_that_does_not_exist_is_answered_with_those_that_do(agent):
    with pytest.raises(MCPError) as error:
        agent.call("get_everything")

    assert f"There are {', '.join(TOOLS)}" in str(error.value)


def test_published_contexts_are_listed(agent, signals):
    signals.publish([shopping(description="What the visitor looks at now.")])
    hidden = shopping(name="draft")
    signals.publish([hidden])
    signals.unpublish([hidden])

    assert agent.reads("list_agentic_contexts") == {
        "agentic_contexts": [{"name": "shopping", "description": "What the visitor looks at now."}]
    }


def test_a_context_is_read_as_a_narrative_or_as_data(agent, signals, shopper):
    signals.publish([shopping()])
    shopper.views_page(url="https://shop.example/chairs", page="Chairs")
    wanted = {"name": "shopping", "identifier": shopper.domain_sessionid}

    narrative = told(agent.call("get_agentic_context", **wanted)).split("\n")
    data = agent.reads("get_agentic_context", **wanted, format="json")

    assert narrative[:2] == [PROMPT, "[START CONTEXT]"]
    assert narrative[-2:] == ["0, page_view, /chairs, {page_title: 'Chairs'}", "[END CONTEXT]"]
    assert (data["name"], data["identifier"], data["prompt"]) == ("shopping", shopper.domain_sessionid, PROMPT)
    assert [event["page_title"] for event in data["events"]] == ["Chairs"]


def test_a_session_without_events_has_an_empty_context(agent, signals):
    signals.publish([shopping()])

    data = agent.reads("get_agentic_context", name="shopping", identifier="nobody", format="json")

    assert data["events"] == []


def test_a_context_that_is_not_published_is_answered_with_those_that_are(agent, signals):
    signals.publish([shopping()])

    assert agent.reads("get_agentic_context", name="shoping", identifier="s") == {
        "message": "no agentic context `shoping` is published",
        "available": ["shopping"],
    }


def test_bad_requests_are_refused_and_the_server_goes_on(server, agent):
    headers = {**KEY, "Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    deep = '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":' + '{"a":' * 10_000 + "1" + "}" * 10_001
    large = json.dumps({**INITIALIZE, "padding": "x" * (1 << 20)})

    for body, status in [("{", 415), ("[]", 415), (deep, 415), (large, 413)]:
        answer = httpx.post(f"{server.origin}/mcp", content=body, headers=headers)
        assert answer.status_code == status, body[:80]
    assert list(agent.tools()) == TOOLS


def test_the_server_that_imitates_hosted_signals_has_the_same_tools():
    with MockServer("--hosted") as hosted:
        assert list(Agent(hosted.origin).tools()) == TOOLS


GUIDE = PROJECT / "docs" / "agents.md"
SESSION = "887a6de4-5987-4023-9862-b0ebbd14857a"


def test_the_transcript_in_the_guide_is_what_an_agent_sees(demo_server):
    """`WRITE_TRANSCRIPT=1` writes it anew."""
    shopper = Shopper(demo_server.origin, domain_sessionid=SESSION)
    shopper.views_page(url="http://127.0.0.1:8787/", page="Pocket & Pine")
    demo_server.advance_clock("PT20S")
    shopper.views_product(39, name="Kettle", url="http://127.0.0.1:8787/")
    demo_server.advance_clock("PT25S")
    agent = Agent(demo_server.origin)
    context = agent.reads("list_agentic_contexts")["agentic_contexts"][0]["name"]

    lines = []
    for tool, arguments in [
        ("list_attribute_groups", {}),
        ("list_agentic_contexts", {}),
        ("get_agentic_context", {"name": context, "identifier": SESSION}),
    ]:
        answer = agent.call(tool, **arguments)
        text = told(answer)
        if answer.structured_content is not None:
            text = json.dumps(answer.structured_content, indent=2)
        lines += [f"→ {tool} {json.dumps(arguments)}", text, ""]
    transcript = "\n".join(lines)

    shown = re.compile(r"(?<=<!-- transcript -->\n\n```text\n).*?(?=```\n)", re.DOTALL)
    if os.environ.get("WRITE_TRANSCRIPT"):
        GUIDE.write_text(shown.sub(lambda _: transcript, GUIDE.read_text()))
    [written] = shown.findall(GUIDE.read_text())
    # A busy machine may take a few seconds more.
    seconds = re.compile(r"\b\d+(?= seconds (on|ago))|^\d+(?=, \w+, /)", re.MULTILINE)
    assert seconds.sub("N", transcript) == seconds.sub("N", written)
