"""Makes enriched events from what real trackers were recorded to send: what an enrichment with lookups would write.

It shares no code with the engine, and takes the order of the columns from the analytics SDK. To write tests/fixtures/enriched.tsv anew:

    cd tests/contract && python -m support.enriched
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

from snowplow_analytics_sdk.event_transformer import ENRICHED_EVENT_FIELD_TYPES

from support.mock_server import PROJECT

FIXTURES = PROJECT / "tests" / "fixtures"
FILE = FIXTURES / "enriched.tsv"
RECORDINGS = [
    *(FIXTURES / "collector" / f"{name}.json" for name in ["v3-get", "v3-post", "v4-anonymous", "v4-crossorigin"]),
    *(FIXTURES / "collector" / f"{name}.json" for name in ["v4-custompath", "v4-get", "v4-post", "v4-post-base64"]),
    FIXTURES / "mobile.json",
]

COLUMNS = [name for name, *_ in ENRICHED_EVENT_FIELD_TYPES]

START_MS = 1_795_333_700_000
"""When the first event of each recording was collected. The others follow, one second apart."""

COOKIE = "3f0c9d2e-8a51-4c5b-9b59-1f2f4f3f0a77"

TEXTS = {
    "aid": "app_id",
    "p": "platform",
    "eid": "event_id",
    "tna": "name_tracker",
    "tv": "v_tracker",
    "uid": "user_id",
    "duid": "domain_userid",
    "sid": "domain_sessionid",
    "vid": "domain_sessionidx",
    "url": "page_url",
    "page": "page_title",
    "refr": "page_referrer",
    "lang": "br_lang",
    "cs": "doc_charset",
    "tz": "os_timezone",
    "cd": "br_colordepth",
    "cookie": "br_cookies",
    "se_ca": "se_category",
    "se_ac": "se_action",
    "se_la": "se_label",
    "se_pr": "se_property",
    "se_va": "se_value",
}
UUIDS = {"eid", "sid"}
SIZES = {"res": "dvce_screen", "vp": "br_view", "ds": "doc_"}
MOMENTS = {"dtm": "dvce_created_tstamp", "stm": "dvce_sent_tstamp"}
JSON = {"ue_pr": "unstruct_event", "ue_px": "unstruct_event", "co": "contexts", "cx": "contexts"}
EVENTS = {
    "pv": ("page_view", "com.snowplowanalytics.snowplow/page_view/jsonschema/1-0-0"),
    "se": ("struct", "com.google.analytics/event/jsonschema/1-0-0"),
    "ue": ("unstruct", None),
}

LOOKED_UP = {
    "geo_country": "GB",
    "geo_region": "ENG",
    "geo_city": "Kirkby Lonsdale",
    "geo_zipcode": "LA6",
    "geo_latitude": "54.2016",
    "geo_longitude": "-2.6",
    "geo_region_name": "England",
    "geo_timezone": "Europe/London",
    "ip_isp": "Andrews & Arnold Ltd",
    "ip_organization": "AAISP",
    "ip_domain": "aa.net.uk",
    "ip_netspeed": "Cable/DSL",
    "br_name": "Chrome 120",
    "br_family": "Chrome",
    "br_version": "120.0.0.0",
    "br_type": "Browser",
    "br_renderengine": "WEBKIT",
    "os_name": "Linux",
    "os_family": "Linux",
    "os_manufacturer": "Other",
    "dvce_type": "Computer",
    "dvce_ismobile": "0",
    "refr_medium": "search",
    "refr_source": "Bing",
    "base_currency": "EUR",
    "tr_total_base": "1.0E7",
}
"""What lookups find out about the browser recorded last, and its visitor."""

DERIVED_CONTEXTS = {
    "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1",
    "data": [
        {
            "schema": "iglu:com.snowplowanalytics.snowplow/ua_parser_context/jsonschema/1-0-0",
            "data": {
                "useragentFamily": "Chrome",
                "useragentMajor": "120",
                "useragentMinor": "0",
                "useragentPatch": None,
                "useragentVersion": "Chrome 120.0.0",
                "osFamily": "Linux",
                "osVersion": "Linux",
                "deviceFamily": "Other",
            },
        },
        {
            "schema": "iglu:nl.basjes/yauaa_context/jsonschema/1-0-4",
            "data": {
                "deviceClass": "Desktop",
                "deviceName": "Linux Desktop",
                "agentClass": "Browser",
                "agentName": "Chrome",
                "agentNameVersionMajor": "Chrome 120",
                "agentInformationUrl": "https://example.com/ü?a=\"b\"",
            },
        },
    ],
}


def lines() -> Iterator[str]:
    """The enriched events of all recordings. Those of the last one have everything that lookups add."""
    for recording in RECORDINGS:
        for position, payload in enumerate(_payloads(json.loads(recording.read_text()))):
            columns = _enrich(payload, START_MS + 1000 * position)
            if recording.stem == "v4-post-base64":
                columns |= LOOKED_UP | {"derived_contexts": _text(DERIVED_CONTEXTS)}
            assert columns.keys() <= set(COLUMNS), columns.keys() - set(COLUMNS)
            yield "\t".join(columns.get(name, "") for name in COLUMNS)


def _payloads(requests: list[dict]) -> Iterator[dict[str, str]]:
    for request in requests:
        if request["method"] == "POST":
            yield from request["body"]["data"]
        elif request["method"] == "GET":
            yield dict(parse_qsl(urlsplit(request["path"]).query))


def _enrich(payload: dict[str, str], collector_ms: int) -> dict[str, str]:
    columns = {
        "etl_tstamp": _moment(collector_ms + 250),
        "collector_tstamp": _moment(collector_ms),
        "v_collector": "ssc-3.2.0-kafka",
        "v_etl": "snowplow-enrich-kafka-5.1.0",
        "network_userid": COOKIE,
        "event_fingerprint": f"{int(payload['eid'][:8], 16):032x}",
    }
    for parameter, text in payload.items():
        if parameter in TEXTS:
            columns[TEXTS[parameter]] = text.lower() if parameter in UUIDS else text
        elif parameter in SIZES:
            columns[f"{SIZES[parameter]}width"], columns[f"{SIZES[parameter]}height"] = text.split("x")
        elif parameter in MOMENTS:
            columns[MOMENTS[parameter]] = _moment(int(text))
        elif parameter in JSON:
            columns[JSON[parameter]] = _text(_decoded(parameter, text))
        else:
            assert parameter == "e", parameter
    waited_ms = int(payload["stm"]) - int(payload["dtm"])
    columns["derived_tstamp"] = _moment(collector_ms - waited_ms)

    columns["event"], schema = EVENTS[payload["e"]]
    if schema is None:
        schema = json.loads(columns["unstruct_event"])["data"]["schema"].removeprefix("iglu:")
    parts = zip(["event_vendor", "event_name", "event_format", "event_version"], schema.split("/"), strict=True)
    return columns | dict(parts) | _url_parts(columns.get("page_url"))


def _url_parts(url: str | None) -> dict[str, str]:
    if url is None:
        return {}
    parts = urlsplit(url)
    campaign = parse_qs(parts.query)
    return {
        "page_urlscheme": parts.scheme,
        "page_urlhost": parts.hostname,
        "page_urlport": str(parts.port or {"http": 80, "https": 443}[parts.scheme]),
        "page_urlpath": parts.path,
        "page_urlquery": parts.query,
        "page_urlfragment": parts.fragment,
        **{f"mkt_{name}": campaign[f"utm_{name}"][-1] for name in ["medium", "source", "campaign"]},
    }


def _decoded(parameter: str, text: str) -> dict:
    is_base64 = parameter.endswith("x")
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if is_base64 else text)


def _text(data: dict) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _moment(millis: int) -> str:
    moment = datetime.fromtimestamp(millis // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{moment}.{millis % 1000:03}"


if __name__ == "__main__":
    FILE.write_text("".join(f"{line}\n" for line in lines()))
