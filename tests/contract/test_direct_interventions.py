"""Interventions that are pushed by hand instead of triggered by a rule."""

from uuid import UUID, uuid4

import httpx
import pytest
from snowplow_signals import (
    AttributeKeyIdentifiers,
    InterventionInstance,
    SignalsAPIError,
    SignalsSandbox,
)

from support.inbox import Inbox

hello = InterventionInstance(name="hello", version=1, attributes={"greeting": "Good day ☕"})


def user(*ids: str) -> AttributeKeyIdentifiers:
    return AttributeKeyIdentifiers({"domain_userid": list(ids)})


def test_pushed_to_an_open_subscription_is_received(signals, shopper, listen):
    inbox = listen(domain_userid=shopper.domain_userid)

    status = signals.push_intervention(user(shopper.domain_userid), hello)

    assert status == "success"
    received = inbox.next()
    assert (received.name, received.version, received.attributes) == ("hello", 1, {"greeting": "Good day ☕"})
    assert received.target_attribute_key.model_dump() == {
        "name": "domain_userid",
        "id": shopper.domain_userid,
    }
    # The id follows from the position of the request among all that the server processes.
    assert UUID(received.intervention_id).version == 8


def test_values_with_any_line_break_arrive_whole(signals, shopper, listen):
    inbox = listen(domain_userid=shopper.domain_userid)
    text = "a\nb\r\nc\x0bd\x0ce\x1cf\x85g\u2028h\u2029i"

    signals.push_intervention(
        user(shopper.domain_userid), hello.model_copy(update={"attributes": {"text": text}})
    )

    assert inbox.next().attributes == {"text": text}


def test_pushed_with_an_id_keeps_it(signals, shopper, listen):
    inbox = listen(domain_userid=shopper.domain_userid)
    id = str(uuid4())

    signals.push_intervention(user(shopper.domain_userid), hello.model_copy(update={"intervention_id": id}))

    assert inbox.next().intervention_id == id


def test_pushed_without_attributes_is_received_without_any(signals, shopper, listen):
    inbox = listen(domain_userid=shopper.domain_userid)

    signals.push_intervention(user(shopper.domain_userid), InterventionInstance(name="bare", version=3))

    received = inbox.next()
    assert (received.name, received.version, received.attributes) == ("bare", 3, {})


def test_pushed_to_nobody_says_so_and_is_kept_for_whoever_comes(signals, shopper, listen):
    assert signals.push_intervention(user(shopper.domain_userid), hello) == "undelivered"

    assert listen(domain_userid=shopper.domain_userid).next().name == "hello"


def test_pushed_to_several_ids_reaches_each_of_them_with_one_id(signals, shopper, listen):
    other = str(uuid4())
    one, another = listen(domain_userid=shopper.domain_userid), listen(domain_userid=other)

    assert signals.push_intervention(user(shopper.domain_userid, other), hello) == "success"

    assert one.next().intervention_id == another.next().intervention_id


def test_pushed_again_and_again_is_received_each_time_in_order(signals, shopper, listen):
    inbox = listen(domain_userid=shopper.domain_userid)

    for version in range(1, 51):
        signals.push_intervention(
            user(shopper.domain_userid), InterventionInstance(name="n", version=version)
        )

    assert [instance.version for instance in inbox.rest()] == list(range(1, 51))


def test_with_attributes_that_are_no_strings_reach_the_sdk_as_strings(server, signals, shopper, listen):
    inbox = listen(domain_userid=shopper.domain_userid)

    server.client.post(
        "/api/v1/interventions",
        params={"domain_userid": shopper.domain_userid},
        json={"name": "typed", "version": 1, "attributes": {"n": 4, "half": 0.5, "yes": True, "list": ["a"]}},
    ).raise_for_status()

    attributes = inbox.next().attributes
    assert (attributes["n"], attributes["half"]) == ("4", "0.5")
    assert set(attributes) == {"n", "half", "yes", "list"}


@pytest.mark.parametrize(
    ("targets", "parameter"),
    [
        ({"shoe_size": ["42"]}, "shoe_size"),
        ({"domain_userid": ["42"]}, "domain_userid"),
        ({"domain_userid": [""]}, "domain_userid"),
    ],
)
@pytest.mark.parametrize("verb", ["push", "pull"])
def test_targets_that_cannot_be_are_refused_by_name(signals, verb, targets, parameter):
    with pytest.raises(SignalsAPIError) as refusal:
        if verb == "push":
            signals.push_intervention(AttributeKeyIdentifiers(targets), hello)
        else:
            # The request that pull_interventions() makes in its thread.
            next(signals.api_client.make_stream_request("GET", "interventions", params=targets))

    assert refusal.value.status_code == 422
    [problem] = refusal.value.message["detail"]
    assert problem["loc"] == ["query", parameter]


@pytest.mark.parametrize("name", ["", "two\nlines", "\u0000"])
def test_a_name_that_would_break_the_stream_is_refused_and_disturbs_nobody(signals, shopper, listen, name):
    inbox = listen(domain_userid=shopper.domain_userid)

    with pytest.raises(SignalsAPIError) as refusal:
        signals.push_intervention(user(shopper.domain_userid), InterventionInstance(name=name, version=1))

    assert refusal.value.status_code == 422
    assert [problem["loc"] for problem in refusal.value.message["detail"]] == [["body", "name"]]
    assert inbox.rest() == []


def test_pushing_needs_the_token_and_pulling_does_not(server, signals, shopper):
    stranger = SignalsSandbox(api_url=server.origin, sandbox_token="guessed")

    with pytest.raises(SignalsAPIError) as refusal:
        stranger.push_intervention(user(shopper.domain_userid), hello)
    assert refusal.value.status_code == 403

    with Inbox(server, stranger, {"domain_userid": shopper.domain_userid}) as inbox:
        signals.push_intervention(user(shopper.domain_userid), hello)
        assert inbox.next().name == "hello"


def test_a_page_may_pull_from_any_origin_and_sees_numbers(server, signals, shopper):
    with httpx.stream(
        "GET",
        f"{server.origin}/api/v1/interventions",
        params={"domain_userid": shopper.domain_userid},
        headers={"Origin": "https://shop.example.com"},
    ) as stream:
        server.client.post(
            "/api/v1/interventions",
            params={"domain_userid": shopper.domain_userid},
            json={"name": "typed", "version": 1, "attributes": {"n": 4}},
        ).raise_for_status()
        frame = next(line for line in stream.iter_lines() if line.startswith("data: "))

    assert stream.headers["access-control-allow-origin"] == "*"
    assert '"attributes":{"n":4}' in frame
