import json
import time
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import httpx

from support.mock_server import PROJECT

RECORDING = PROJECT / "tests" / "fixtures" / "collector" / "v4-post.json"
TRACKER_PATH = "/com.snowplowanalytics.snowplow/tp2"
PRODUCT = "iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0"
WEB_PAGE = "iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0"
CLIENT_SESSION = "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2"

[_RECORDED_REQUEST] = json.loads(RECORDING.read_text())


def _recorded(kind: str, action: str | None = None) -> dict[str, str]:
    """The first recorded event of a kind: `pv`, `se`, or `ue` with an ecommerce action or a schema in it."""
    return next(
        event
        for event in _RECORDED_REQUEST["body"]["data"]
        if event["e"] == kind and (action is None or f'"{action}"' in event["ue_pr"])
    )


def product(price: float, **more: object) -> dict:
    """The ecommerce plugin's product entity."""
    return {
        "schema": PRODUCT,
        "data": {
            "id": "1",
            "name": "Mascara",
            "category": "beauty",
            "currency": "USD",
            "price": price,
            **more,
        },
    }


def self_describing(schema: str, data: object) -> str:
    """The value of `ue_pr` for an event of `schema`, a whole `iglu:` URI."""
    envelope = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0"
    return json.dumps({"schema": envelope, "data": {"schema": schema, "data": data}})


@dataclass
class Shopper:
    """Somebody whose browser sends what the real tracker was recorded to send, under ids of their own."""

    collector: str
    domain_userid: str = field(default_factory=lambda: str(uuid4()))
    domain_sessionid: str = field(default_factory=lambda: str(uuid4()))
    user_id: str = field(default_factory=lambda: str(uuid4()))
    page_view_id: str = field(default_factory=lambda: str(uuid4()))

    def views_page(self, **how: object) -> None:
        self.tracks(_recorded("pv"), **how)

    def views_product(self, price: float = 9.99, name: str = "Mascara", **how: object) -> None:
        self.tracks(_recorded("ue", "product_view"), entities=[product(price, name=name)], **how)

    def adds_to_cart(self, *products: dict, **how: object) -> None:
        self.tracks(_recorded("ue", "add_to_cart"), entities=list(products or [product(9.99)]), **how)

    def clicks(self, word: str | None = None, number: float | None = None, **how: object) -> None:
        """A structured event with `word` as its property and `number` as its value, each only if given."""
        fields = {"se_pr": word, "se_va": None if number is None else str(number)}
        self.tracks(_recorded("se"), **fields, **how)

    def tracks_event(self, schema: str, data: object, entities: tuple[dict, ...] = (), **how: object) -> None:
        """A self-describing event of any schema."""
        event = _recorded("ue", "product_view")
        self.tracks(event, entities=list(entities), ue_pr=self_describing(schema, data), **how)

    def starts_session(self) -> None:
        """Whatever follows belongs to another session."""
        self.domain_sessionid = str(uuid4())

    def tracks(
        self,
        recorded: dict[str, str],
        *,
        times: int = 1,
        ago: timedelta = timedelta(),
        entities: list[dict] | None = None,
        **fields: str | None,
    ) -> None:
        """Sends a recorded event as this shopper's and waits until it is processed.

        times: how many such events, in one request, each with an id of its own.
        ago: how long before now it happened.
        entities: in place of those recorded; page and session are added as the tracker does.
        fields: tracker protocol fields in place of those recorded; None leaves one out.
        """
        sent_ms = round(time.time() * 1000)
        created_ms = sent_ms - round(ago / timedelta(milliseconds=1))
        event = {
            **recorded,
            "eid": None,
            "duid": self.domain_userid,
            "sid": self.domain_sessionid,
            "uid": self.user_id,
            "co": self._contexts(recorded, entities),
            "dtm": str(created_ms),
            "stm": str(sent_ms),
            **fields,
        }
        event = {name: value for name, value in event.items() if value is not None}
        request = {
            **_RECORDED_REQUEST["body"],
            "data": [{"eid": str(uuid4()), **event} for _ in range(times)],
        }
        response = httpx.post(
            self.collector + TRACKER_PATH,
            content=json.dumps(request),
            headers=_RECORDED_REQUEST["headers"],
        )
        assert (response.status_code, response.text) == (200, "ok")

    def _contexts(self, recorded: dict[str, str], entities: list[dict] | None) -> str:
        contexts = deepcopy(json.loads(recorded["co"]))
        of_tracker = [entity for entity in contexts["data"] if entity["schema"] in (WEB_PAGE, CLIENT_SESSION)]
        of_event = [entity for entity in contexts["data"] if entity not in of_tracker]
        for entity in of_tracker:
            if entity["schema"] == WEB_PAGE:
                entity["data"]["id"] = self.page_view_id
            else:
                entity["data"] |= {"userId": self.domain_userid, "sessionId": self.domain_sessionid}
        contexts["data"] = (of_event if entities is None else entities) + of_tracker
        return json.dumps(contexts)
