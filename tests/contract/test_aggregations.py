"""Every aggregation, every kind of property and every way to select events that the SDK can express."""

import json
from datetime import timedelta
from typing import get_args

import pytest
from snowplow_signals import (
    AtomicProperty,
    Attribute,
    CalculatedProperty,
    Criteria,
    Criterion,
    Event,
    EventProperty,
    PagePing,
    PageView,
    StructuredEvent,
)

from support.definitions import counted, group, latest, number, product_property, word
from support.shopper import product

ALL_AGGREGATIONS = set(get_args(Attribute.model_fields["aggregation"].annotation))


def read(signals, shopper, attribute):
    """The shopper's value of the only attribute published."""
    return group(attribute).get_attributes(signals, shopper.domain_userid)[attribute.name]


AGGREGATIONS = [
    ("counter", "int32", None, [3, 1, 2], 3),
    ("sum", "double", number, [0.1, 0.2, None, 0.3], 0.6),
    ("min", "double", number, [3, None, -1, 2], -1.0),
    ("max", "double", number, [3, None, -1, 2], 3.0),
    ("mean", "double", number, [3, None, 1, 2], 2.0),
    ("first", "string", word, [None, "a", "b"], "a"),
    ("last", "string", word, ["a", "b", None], "b"),
    ("unique_list", "string_list", word, ["a", "b", "a", None, "c"], ["b", "a", "c"]),
    ("most_frequent", "string", word, ["a", "b", "b", None, None, None], "b"),
    ("least_frequent", "string", word, ["a", "b", "b"], "a"),
    ("category_count", "dict", word, ["a", "b", "b", None], {"a": 1, "b": 2}),
    ("approx_count_distinct", "int32", word, ["a", "b", "b", None, "c"], 3),
]


@pytest.mark.parametrize(
    ("aggregation", "type", "property", "clicks", "expected"),
    AGGREGATIONS,
    ids=[row[0] for row in AGGREGATIONS],
)
def test_an_aggregation_makes_one_value_of_many_events(
    signals, shopper, aggregation, type, property, clicks, expected
):
    attribute = Attribute(
        name="value", type=type, events=[StructuredEvent()], aggregation=aggregation, property=property
    )
    signals.publish([group(attribute)])

    for clicked in clicks:
        shopper.clicks(**({"word": clicked} if property is word else {"number": clicked}))

    assert read(signals, shopper, attribute) == expected


@pytest.mark.parametrize(("aggregation", "minutes"), [("time_since_last", 10), ("time_since_first", 30)])
@pytest.mark.parametrize(
    ("unit", "per_minute"),
    [("s", 60), ("min", 1), ("h", 1 / 60), ("d", 1 / 1440)],
    ids=["s", "min", "h", "d"],
)
def test_time_since_an_event_grows_while_nothing_happens(
    server, signals, shopper, aggregation, minutes, unit, per_minute
):
    attribute = Attribute(
        name="since", type="double", events=[StructuredEvent()], aggregation=aggregation, time_unit=unit
    )
    signals.publish([group(attribute)])
    for ago in [20, 30, 10]:
        shopper.clicks(ago=timedelta(minutes=ago))

    at_once = read(signals, shopper, attribute)
    server.advance_clock("PT1H")
    later = read(signals, shopper, attribute)

    assert minutes * per_minute <= at_once < (minutes + 1) * per_minute
    assert (minutes + 60) * per_minute <= later < (minutes + 61) * per_minute


def test_the_tables_above_name_every_aggregation():
    named = {row[0] for row in AGGREGATIONS} | {"time_since_last", "time_since_first"}
    assert named == ALL_AGGREGATIONS


@pytest.mark.parametrize(("aggregation", "expected"), [("first", "earliest"), ("last", "latest")])
def test_first_and_last_go_by_when_events_happened_not_by_when_they_arrived(
    signals, shopper, aggregation, expected
):
    attribute = latest("word", word).model_copy(update={"aggregation": aggregation})
    signals.publish([group(attribute)])

    shopper.clicks("middle", ago=timedelta(minutes=20))
    shopper.clicks("latest", ago=timedelta(minutes=10))
    shopper.clicks("earliest", ago=timedelta(minutes=30))

    assert read(signals, shopper, attribute) == expected


SUNDAY_MORNING_MS = "1795333691482"  # 2026-11-22T07:48:11.482Z

PRODUCTS = [product(8, name="Mascara", id="7"), product(129.5, name="Chair", size={"w": [40, 41]})]


def example(path: str) -> EventProperty:
    return EventProperty(vendor="com.example", name="search", major_version=2, path=path)


def calculated(operation: str, *properties: object, **how: object) -> CalculatedProperty:
    return CalculatedProperty(operation=operation, properties=list(properties), **how)


PROPERTIES = [
    ("an atomic one", "string", AtomicProperty(name="app_id"), "shop"),
    ("an atomic one derived from another", "string", AtomicProperty(name="page_urlpath"), "/v4"),
    ("an atomic one from the campaign in the address", "string", AtomicProperty(name="mkt_source"), "news"),
    ("an atomic number", "int32", AtomicProperty(name="dvce_screenwidth"), 1280),
    ("the event's schema", "string", AtomicProperty(name="event_vendor"), "com.example"),
    ("a field of the event", "string", example("q"), "shoes"),
    ("a field deep in the event", "int32", example("filters[1].v"), 42),
    ("a field with the root written", "int32", example("$.filters[0].v"), 41),
    ("a field of the first entity", "double", product_property("price"), 8.0),
    ("a field of the second entity", "string", product_property("name", index=1), "Chair"),
    ("a field deep in an entity", "int32", product_property("size.w[1]", index=1), 41),
    ("an entity that is not there", "string", product_property("name", index=2), "unset"),
    ("a path that leads nowhere", "string", example("filters[9].v.w"), "unset"),
    (
        "a calculated sum",
        "double",
        calculated("sum", product_property("price"), product_property("price", 1)),
        137.5,
    ),
    (
        "a calculated product",
        "double",
        calculated("product", product_property("price"), product_property("price", 1)),
        1036.0,
    ),
    (
        "a calculated minimum",
        "double",
        calculated("min", product_property("price"), product_property("price", 1)),
        8.0,
    ),
    (
        "a calculated maximum",
        "double",
        calculated("max", product_property("price"), product_property("price", 1)),
        129.5,
    ),
    (
        "a sum with something missing",
        "string",
        calculated("sum", product_property("price"), product_property("price", 2)),
        "unset",
    ),
    (
        "a concatenation",
        "string",
        calculated("concat", example("q"), example("nothing"), product_property("name"), separator=" + "),
        "shoes + Mascara",
    ),
    (
        "a concatenation without separator",
        "string",
        calculated("concat", example("q"), example("q")),
        "shoesshoes",
    ),
    (
        "the first of several that is there",
        "string",
        calculated("coalesce", product_property("name", 2), product_property("name", 1), example("q")),
        "Chair",
    ),
    ("an hour", "int32", AtomicProperty(name="dvce_created_tstamp", date_part="hour_of_day"), 7),
    ("a day of the week", "int32", AtomicProperty(name="dvce_created_tstamp", date_part="day_of_week"), 7),
    (
        "a month of the year",
        "int32",
        AtomicProperty(name="dvce_created_tstamp", date_part="month_of_year"),
        11,
    ),
    ("a day", "string", AtomicProperty(name="dvce_created_tstamp", date_part="active_day"), "2026-11-22"),
    ("a week", "string", AtomicProperty(name="dvce_created_tstamp", date_part="active_week"), "2026-11-16"),
    ("a month", "string", AtomicProperty(name="dvce_created_tstamp", date_part="active_month"), "2026-11-01"),
    (
        "a part of a date in the event",
        "int32",
        EventProperty(
            vendor="com.example", name="search", major_version=2, path="at", date_part="hour_of_day"
        ),
        23,
    ),
]


@pytest.mark.parametrize(
    ("type", "property", "expected"), [row[1:] for row in PROPERTIES], ids=[row[0] for row in PROPERTIES]
)
def test_a_property_is_found_in_the_event(signals, shopper, type, property, expected):
    attribute = Attribute(
        name="found",
        type=type,
        events=[Event(vendor="com.example", name="search", version="2-0-1")],
        aggregation="last",
        property=property,
        default_value="unset" if type == "string" else None,
    )
    arrived = Attribute(name="arrived", type="int32", events=[], aggregation="counter")
    found = group(attribute, arrived)
    signals.publish([found])

    shopper.tracks_event(
        "iglu:com.example/search/jsonschema/2-0-1",
        {"q": "shoes", "filters": [{"v": 41}, {"v": 42}], "at": "2026-02-03T23:59:59Z"},
        entities=PRODUCTS,
        dtm=SUNDAY_MORNING_MS,
        stm=SUNDAY_MORNING_MS,
    )

    values = found.get_attributes(signals, shopper.domain_userid)
    assert (values["found"], values["arrived"]) == (expected, 1)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([], 4, id="all of them when none is named"),
        pytest.param([PageView()], 1, id="page views"),
        pytest.param([PagePing()], 0, id="page pings"),
        pytest.param([StructuredEvent()], 2, id="structured events"),
        pytest.param([Event(name="snowplow_ecommerce_action")], 1, id="by name alone"),
        pytest.param([Event(vendor="com.snowplowanalytics.snowplow")], 1, id="by vendor alone"),
        pytest.param([Event(version="1-0-0")], 3, id="by version alone"),
        pytest.param([Event(name="snowplow_ecommerce_action", version="1-0-0")], 0, id="of another version"),
        pytest.param([PageView(), StructuredEvent()], 3, id="of either schema"),
    ],
)
def test_an_attribute_counts_the_events_it_names(signals, shopper, events, expected):
    named = Attribute(name="named", type="int32", events=events, aggregation="counter")
    every = Attribute(name="every", type="int32", events=[], aggregation="counter")
    counts = group(named, every)
    signals.publish([counts])

    shopper.views_page()
    shopper.clicks(times=2)
    shopper.views_product()

    values = counts.get_attributes(signals, shopper.domain_userid)
    assert (values["named"], values["every"]) == (expected, 4)


CLICKED = [("chair", 1), ("table", 2), ("Chair", 3), (None, 4), ("chaise", None)]
"""What the shopper of the next tests clicks: word and number."""

CRITERIA = [
    ("= a word", [Criterion.eq(word, "chair")], 1),
    ("= a number", [Criterion.eq(number, 2)], 1),
    ("!=", [Criterion.neq(word, "chair")], 3),
    (">", [Criterion.gt(number, 2)], 2),
    (">=", [Criterion.gte(number, 2)], 3),
    ("<", [Criterion.lt(number, 2)], 1),
    ("<=", [Criterion.lte(number, 2)], 2),
    ("like", [Criterion.like(word, "cha%")], 2),
    ("like one letter", [Criterion.like(word, "_hair")], 2),
    ("in words", [Criterion.in_list(word, ["chair", "table", "sofa"])], 2),
    ("in numbers", [Criterion.in_list(number, [1, 4])], 2),
    ("is null", [Criterion.is_null(word)], 1),
    ("is not null", [Criterion.is_not_null(word)], 4),
    (
        "of a calculated property",
        [Criterion(property=calculated("sum", number, number), operator="=", value=6)],
        1,
    ),
    ("both", [Criterion.like(word, "cha%"), Criterion.is_not_null(number)], 1),
]


@pytest.mark.parametrize(
    ("criteria", "expected"), [row[1:] for row in CRITERIA], ids=[row[0] for row in CRITERIA]
)
def test_an_attribute_counts_the_events_that_meet_its_criteria(signals, shopper, criteria, expected):
    attribute = counted(criteria=Criteria(all=criteria))
    signals.publish([group(attribute)])

    for clicked_word, clicked_number in CLICKED:
        shopper.clicks(clicked_word, clicked_number)

    assert read(signals, shopper, attribute) == expected


def test_an_attribute_counts_the_events_that_meet_any_of_its_criteria(signals, shopper):
    either = Criteria(any=[Criterion.eq(word, "table"), Criterion.gte(number, 3)])
    attribute = counted(criteria=either)
    signals.publish([group(attribute)])

    for clicked_word, clicked_number in CLICKED:
        shopper.clicks(clicked_word, clicked_number)

    assert read(signals, shopper, attribute) == 3


def test_the_table_above_names_every_operator_over_events():
    named = {criterion.operator for _, criteria, _ in CRITERIA for criterion in criteria}
    assert named == set(get_args(Criterion.model_fields["operator"].annotation))


def test_an_event_sent_twice_counts_once(signals, shopper):
    signals.publish([group(counted())])
    once = json.dumps({"kept": "the recorded id"})

    for _ in range(2):
        shopper.clicks(word=once, eid="c4dcb15d-820d-4d5c-ae50-9965f4e5fce2")

    assert read(signals, shopper, counted()) == 1
