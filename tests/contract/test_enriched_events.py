"""Enriched events mean here what Snowplow's own analytics SDK reads in them."""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime
from functools import cache

import pytest
from snowplow_analytics_sdk.event_transformer import transform
from snowplow_analytics_sdk.json_shredder import fix_schema

from support import enriched
from support.mock_server import BINARY, TOKEN, MockServer

LINES = enriched.FILE.read_text().splitlines()

SAME_FIELD = {"refr_device_tstamp": "refr_dvce_tstamp"}
"""The SDK's name of a column, and the engine's."""

NOT_ATOMIC = {"contexts", "unstruct_event", "derived_contexts"}

LAST = {"events": [], "aggregation": "last"}

MISSING = {"double": -99.5, "string": "missing"}
"""Defaults of attributes that occur nowhere in the fixture."""

Path = tuple[str | int, ...]
Source = tuple[str, str, int, Path]
"""`event` or `entity`, the schema, the position among entities of that schema, and the path to a value."""


def test_the_fixture_is_what_its_generator_makes_of_the_recordings():
    assert list(enriched.lines()) == LINES


def test_every_column_with_a_value_in_the_fixture_has_one_in_the_sdk():
    filled = {name for line in LINES for name, text in zip(enriched.COLUMNS, line.split("\t"), strict=True) if text}
    assert len(filled) > 75
    assert filled - NOT_ATOMIC <= {name for line in LINES for name in transform(line)}


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict]]:
    """What the server read in each event of the fixture, by the event's id: the last value of each field is an attribute."""
    sources = {source for line in LINES for source in _described(line)}
    properties = [{"type": "atomic", "name": name} for name in _atomic_fields()]
    properties += [_property(source) for source in sorted(sources, key=str)]
    attributes = [
        {"name": f"a{number}", "type": kind, "default_value": MISSING[kind], "property": property, **LAST}
        for number, property in enumerate(properties)
        for kind in [_type(property)]
    ]
    definitions = {
        "attribute_keys": [{"name": "event", "key": "event_id"}],
        "attribute_groups": [
            {"name": "seen", "version": 1, "attribute_key": {"name": "event"}, "attributes": attributes},
        ],
    }
    file = tmp_path_factory.mktemp("definitions") / "definitions.json"
    file.write_text(json.dumps(definitions))
    with MockServer("--definitions", str(file)) as server:
        command = [BINARY, "replay", "--format", "enriched-tsv", "--speed", "max", "--token", TOKEN]
        subprocess.run([*command, "--url", server.origin, enriched.FILE], check=True, capture_output=True)

        def read(line: str) -> dict:
            owner = {"key": "event", "id": transform(line)["event_id"]}
            state = server.client.get("/mock/state", params=owner).raise_for_status().json()
            values = state["profile"][0]["attributes"]
            return {
                json.dumps(attribute["property"]): value
                for attribute in attributes
                for value in [values[attribute["name"]]]
                if value not in MISSING.values()
            }

        yield {line: read(line) for line in LINES}


def test_atomic_fields_have_the_values_that_the_sdk_reads(events):
    for line in LINES:
        expected, actual = transform(line), events[line]
        fields = _atomic_fields_by_name()
        read = {name: actual.get(json.dumps({"type": "atomic", "name": field})) for name, field in fields}
        # The replay moves all moments by the same time.
        moved = _moment(read["collector_tstamp"]) - _moment(expected["collector_tstamp"])
        for name, value in read.items():
            wanted = expected.get(name)
            if name.endswith("_tstamp") and wanted is not None:
                assert _moment(value) - _moment(wanted) == moved, name
            elif name == "se_value" and wanted is not None:
                assert value == float(wanted), "the SDK leaves it a text"
            else:
                assert value == _as_attribute(wanted), name


def test_entities_and_events_have_the_data_that_the_sdk_reads(events):
    assert {kind for line in LINES for kind, *_ in _described(line)} == {"event", "entity"}
    assert any("yauaa" in schema for line in LINES for _, schema, *_ in _described(line))
    sources = {source for line in LINES for source in _described(line)}
    for line in LINES:
        expected = _described(line)
        for source in sources:
            actual = events[line].get(json.dumps(_property(source)))
            assert actual == _as_attribute(expected.get(source)), source


@cache
def _described(line: str) -> dict[Source, object]:
    """Every single value in the entities and the data of an event, as the SDK reads them."""
    read, columns = transform(line), dict(zip(enriched.COLUMNS, line.split("\t"), strict=True))
    values = {}
    if text := columns["unstruct_event"]:
        schema = json.loads(text)["data"]["schema"]
        values |= {("event", schema, 0, path): leaf for path, leaf in _leaves(read[fix_schema("unstruct_event", schema)])}
    for column in ["contexts", "derived_contexts"]:
        entities = json.loads(columns[column] or '{"data": []}')["data"]
        for schema in {entity["schema"] for entity in entities}:
            for index, data in enumerate(read[fix_schema("contexts", schema)]):
                values |= {("entity", schema, index, path): leaf for path, leaf in _leaves(data)}
    return values


def _leaves(data: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    match data:
        case dict():
            for name, value in data.items():
                yield from _leaves(value, (*path, name))
        case list():
            for index, value in enumerate(data):
                yield from _leaves(value, (*path, index))
        case _:
            yield path, data


def _property(source: Source) -> dict:
    kind, schema, index, path = source
    vendor, name, _, version = schema.removeprefix("iglu:").split("/")
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    property = {
        "type": kind,
        "vendor": vendor,
        "name": name,
        "major_version": int(version.split("-")[0]),
        "path": steps.removeprefix("."),
    }
    return property | ({"index": index} if kind == "entity" else {})


def _atomic_fields_by_name() -> list[tuple[str, str]]:
    return [(name, SAME_FIELD.get(name, name)) for name in enriched.COLUMNS if name not in NOT_ATOMIC]


def _atomic_fields() -> list[str]:
    return [field for _, field in _atomic_fields_by_name()]


def _type(property: dict) -> str:
    """The type of a value, by what the SDK reads somewhere in the fixture."""
    if property["type"] == "atomic":
        names = [name for name, field in _atomic_fields_by_name() if field == property["name"]]
        values = [transform(line).get(names[0]) for line in LINES]
        if names == ["se_value"]:
            return "double"
    else:
        found = [_described(line) for line in LINES]
        values = [value for values in found for source, value in values.items() if _property(source) == property]
    kinds = {type(value) for value in values if value is not None}
    return "double" if kinds and kinds <= {int, float} else "string"


def _as_attribute(value: object) -> object:
    """Booleans as texts, because an attribute of type `bool` has no default beside true and false."""
    return str(value).lower() if isinstance(value, bool) else value


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
