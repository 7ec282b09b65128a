"""Agentic contexts: the recent events of a session, for agents."""

import re
from datetime import datetime

import pytest
from snowplow_signals import (
    EventLog,
    EventLogAtomicProperty,
    EventLogEntityProperty,
    EventLogEvent,
    EventLogEventProperty,
    EventSelection,
    SignalsAPIError,
    domain_sessionid,
)

from support.definitions import OWNER
from support.shopper import product

ECOMMERCE = "com.snowplowanalytics.snowplow.ecommerce"
PROMPT = "You help in a shop. Use what the visitor is looking at now."

event_name = EventLogAtomicProperty(name="event_name")
page_path = EventLogAtomicProperty(name="page_urlpath")


def shopping(**changes: object) -> EventLog:
    """What a visitor looked at and put into the cart."""
    definition = {
        "name": "shopping",
        "owner": OWNER,
        "prompt": PROMPT,
        "attribute_key": domain_sessionid,
        "max_events": 50,
        "max_age_seconds": 1800,
        "is_published": True,
        "events": [
            EventSelection(
                event=EventLogEvent(
                    name="page_view", vendor="com.snowplowanalytics.snowplow", version="1-0-0"
                ),
                properties=[event_name, page_path, EventLogAtomicProperty(name="page_title")],
            ),
            EventSelection(
                event=EventLogEvent(name="snowplow_ecommerce_action", vendor=ECOMMERCE, major_version=1),
                properties=[
                    page_path,
                    EventLogEventProperty(
                        vendor=ECOMMERCE,
                        name="snowplow_ecommerce_action",
                        major_version=1,
                        path="$.type",
                        output_name="event_name",
                    ),
                    EventLogEntityProperty(vendor=ECOMMERCE, name="product", major_version=1, path="$.name"),
                    EventLogEntityProperty(
                        vendor=ECOMMERCE,
                        name="product",
                        major_version=1,
                        path="$.name",
                        index=1,
                        output_name="second_name",
                    ),
                ],
            ),
        ],
    }
    return EventLog(**{**definition, **changes})


def shops(shopper, server) -> None:
    """Views a page, and 45 seconds later puts two products into the cart on another. Then waits for 45 seconds."""
    shopper.views_page(url="https://shop.example/chairs", page="It's chairs")
    shopper.clicks()
    server.advance_clock("PT45S")
    shopper.adds_to_cart(product(9.99, name="Chair"), product(5, name="Cushion"), url="https://shop.example/cart")
    server.advance_clock("PT45S")


def test_are_read_as_data(signals, server, shopper):
    [published] = signals.publish([shopping()])
    assert published.is_published
    shops(shopper, server)

    context = signals.get_agentic_context("shopping", shopper.domain_sessionid)

    form = r"(\d+) seconds on the current page\. Session started (\d+) seconds ago\. Based on last 50 .+"
    page, session = map(int, re.fullmatch(form, context.summary).groups())
    assert 45 <= page < 65 and 90 <= session < 130
    assert (context.name, context.version) == ("shopping", 1)
    assert (context.attribute_key, context.identifier) == ("domain_sessionid", shopper.domain_sessionid)
    assert context.prompt == PROMPT
    times = [datetime.fromisoformat(event.pop("derived_tstamp")) for event in context.events]
    assert round(times[0].timestamp() * 1000) == context.started_at_ms
    assert 45 <= (times[1] - times[0]).total_seconds() < 65
    assert context.events == [
        {"event_name": "page_view", "page_title": "It's chairs", "page_urlpath": "/chairs"},
        {"event_name": "add_to_cart", "name": "Chair", "page_urlpath": "/cart", "second_name": "Cushion"},
    ]


def test_are_read_as_a_narrative(signals, server, shopper):
    log = shopping()
    signals.publish([log])
    shops(shopper, server)

    narrative = log.get_agentic_context(signals, shopper.domain_sessionid, format="narrative")

    lines = narrative.split("\n")
    assert lines[:2] == [PROMPT, "[START CONTEXT]"]
    assert lines[2].endswith(" Based on last 50 recorded events for the last 1800 seconds.")
    assert lines[3:-2] == [
        "## Real-time user behaviour",
        "Events are ordered from oldest to most recent.",
        "seconds_since_start_of_session, event, url, event_context",
        r"0, page_view, /chairs, {page_title: 'It\'s chairs'}",
    ]
    assert lines[-2].endswith(", add_to_cart, /cart, {name: 'Chair', second_name: 'Cushion'}")
    assert lines[-1] == "[END CONTEXT]"


def test_have_only_the_events_of_their_session(signals, server, shopper):
    signals.publish([shopping()])
    shops(shopper, server)
    shopper.starts_session()

    assert signals.get_agentic_context("shopping", shopper.domain_sessionid).events == []


def test_an_edit_takes_effect_when_it_is_published(signals, shopper):
    signals.publish([shopping()])
    shopper.views_page(times=3)

    signals.publish([shopping(prompt="Sell chairs.")])

    context = signals.get_agentic_context("shopping", shopper.domain_sessionid)
    assert (context.prompt, len(context.events)) == ("Sell chairs.", 3)
    registered = signals.get_event_log("shopping")
    assert (registered.is_published, registered.has_published_version) == (True, True)
    assert registered.events[0].event.name == "page_view"


def test_are_unpublished_before_they_are_deleted(signals):
    log = shopping()
    signals.publish([log])
    with pytest.raises(SignalsAPIError) as refusal:
        signals.delete([log])
    assert refusal.value.status_code == 400

    signals.unpublish([log])
    registered = signals.get_event_log("shopping")
    assert (registered.is_published, registered.has_published_version) == (False, False)
    signals.delete([log])
    for attempt in [
        lambda: signals.get_event_log("shopping"),
        lambda: signals.get_agentic_context("shopping", "a session"),
    ]:
        with pytest.raises(SignalsAPIError) as refusal:
            attempt()
        assert refusal.value.status_code == 404
