"""Reading attributes: by service, by name, several at once, and without a token."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from snowplow_signals import Service, SignalsAPIError, domain_sessionid

from support.definitions import (
    OWNER,
    counted,
    criterion,
    group,
    latest,
    number,
    rule,
    total,
    tutorial,
    word,
)
from support.shopper import Shopper, product

ATTRIBUTES_PATH = "/api/v1/get-online-attributes"


def test_are_read_by_service(signals, shopper):
    signals.publish(tutorial())
    shopper.views_product(times=2)
    shopper.adds_to_cart(product(price=0.1))
    shopper.adds_to_cart(product(price=0.2))

    assert signals.get_service_attributes("ecom_attributes", "domain_userid", shopper.domain_userid) == {
        "domain_userid": shopper.domain_userid,
        "count_product_views": 2,
        "count_add_to_cart": 2,
        "total_cart_value": 0.3,
    }


def test_are_read_by_group_and_attribute_names(signals, shopper):
    signals.publish(tutorial())
    shopper.views_product()

    read = signals.get_group_attributes(
        "ecom_attributes",
        1,
        ["count_product_views", "total_cart_value"],
        "domain_userid",
        shopper.domain_userid,
    )

    assert read == {"domain_userid": shopper.domain_userid, "count_product_views": 1, "total_cart_value": 0.0}


def test_can_be_read_one_alone(signals, shopper):
    signals.publish(tutorial())
    shopper.views_product()

    read = signals.get_group_attributes(
        "ecom_attributes", 1, "count_product_views", "domain_userid", shopper.domain_userid
    )

    assert read == {"domain_userid": shopper.domain_userid, "count_product_views": 1}


def test_are_read_through_the_definitions_own_methods(signals, shopper):
    attribute_group, service, *_ = tutorial()
    signals.publish([attribute_group, service])
    shopper.views_product()

    by_group = attribute_group.get_attributes(signals, shopper.domain_userid)
    by_service = service.get_attributes(signals, "domain_userid", shopper.domain_userid)

    assert by_group == by_service
    assert by_group["count_product_views"] == 1


def test_of_somebody_unknown_are_defaults(signals):
    signals.publish(tutorial())
    nobody = str(uuid4())

    assert signals.get_service_attributes("ecom_attributes", "domain_userid", nobody) == {
        "domain_userid": nobody,
        "count_product_views": 0,
        "count_add_to_cart": 0,
        "total_cart_value": 0.0,
    }


@pytest.mark.parametrize(
    ("type", "default"),
    [
        ("int32", 0),
        ("int64", 0),
        ("float", 0.0),
        ("double", 0.0),
        ("string", ""),
        ("bool", False),
        ("string_list", []),
        ("int32_list", []),
        ("int64_list", []),
        ("float_list", []),
        ("double_list", []),
        ("bool_list", []),
        ("dict", {}),
    ],
)
def test_that_are_unset_have_the_default_of_their_type(signals, shopper, type, default):
    aggregation = {"dict": "category_count"}.get(type, "unique_list" if type.endswith("_list") else "last")
    unset = latest("unset", word, type=type).model_copy(update={"aggregation": aggregation})
    signals.publish([group(unset)])

    read = group(unset).get_attributes(signals, shopper.domain_userid)["unset"]

    assert (read, read.__class__) == (default, default.__class__)


@pytest.mark.parametrize(
    ("type", "default"), [("int32", 7), ("double", 0.5), ("string", "none yet"), ("bool", True)]
)
def test_that_are_unset_have_the_default_that_the_definition_gives(signals, shopper, type, default):
    unset = latest("unset", word, type=type, default_value=default)
    signals.publish([group(unset)])

    assert group(unset).get_attributes(signals, shopper.domain_userid)["unset"] == default


@pytest.mark.parametrize(
    ("type", "property", "clicked", "expected"),
    [
        ("int32", number, {"number": 3}, 3),
        ("int64", number, {"number": 3}, 3),
        ("double", number, {"number": 2.5}, 2.5),
        ("float", number, {"number": 2.5}, 2.5),
        ("string", word, {"word": "Café ☕"}, "Café ☕"),
        ("string", word, {"word": "🛒" * 40}, "🛒" * 40),
    ],
)
def test_have_their_declared_type(signals, shopper, type, property, clicked, expected):
    attribute = latest("latest", property, type=type)
    signals.publish([group(attribute)])

    shopper.clicks(**clicked)

    read = group(attribute).get_attributes(signals, shopper.domain_userid)["latest"]
    assert (read, read.__class__) == (expected, expected.__class__)


def test_of_an_int32_stop_at_its_largest_value(signals, shopper):
    points = total("total", type="int32")
    signals.publish([group(points)])

    shopper.clicks(number=2_000_000_000, times=2)

    assert group(points).get_attributes(signals, shopper.domain_userid)["total"] == 2**31 - 1


def test_of_sessions_are_kept_apart_from_those_of_users(signals, shopper):
    per_session = group(counted(), name="session", key=domain_sessionid)
    per_user = group(counted(), name="user")
    signals.publish([per_session, per_user])
    shopper.clicks()
    shopper.starts_session()
    shopper.clicks()

    assert per_session.get_attributes(signals, shopper.domain_sessionid)["clicks"] == 1
    assert per_user.get_attributes(signals, shopper.domain_userid)["clicks"] == 2


def test_of_several_ids_come_as_columns(server, signals):
    signals.publish(tutorial())
    keen, idle = Shopper(server.origin), Shopper(server.origin)
    keen.views_product(times=3)

    answer = server.client.post(
        ATTRIBUTES_PATH,
        json={
            "attribute_keys": {"domain_userid": [keen.domain_userid, idle.domain_userid]},
            "attributes": ["ecom_attributes_v1:count_product_views"],
        },
    )

    assert answer.status_code == 200
    assert answer.json() == {
        "domain_userid": [keen.domain_userid, idle.domain_userid],
        "count_product_views": [3, 0],
    }


def test_can_be_named_in_full(server, signals, shopper):
    signals.publish(tutorial())
    shopper.views_product()

    answer = server.client.post(
        ATTRIBUTES_PATH,
        json={
            "attribute_keys": {"domain_userid": [shopper.domain_userid]},
            "service": "ecom_attributes",
            "full_attribute_names": True,
        },
    )

    assert answer.json() == {
        "domain_userid": [shopper.domain_userid],
        "ecom_attributes_v1:count_product_views": [1],
        "ecom_attributes_v1:count_add_to_cart": [0],
        "ecom_attributes_v1:total_cart_value": [0.0],
    }


class TestRefusals:
    def test_an_unknown_service_is_not_found(self, signals, shopper):
        with pytest.raises(SignalsAPIError) as refusal:
            signals.get_service_attributes("nothing", "domain_userid", shopper.domain_userid)

        assert refusal.value.status_code == 404
        assert refusal.value.message["detail"]

    @pytest.mark.parametrize(
        ("name", "version", "attribute"),
        [
            ("nothing", 1, "count_product_views"),
            ("ecom_attributes", 2, "count_product_views"),
            ("ecom_attributes", 1, "nothing"),
        ],
    )
    def test_an_unknown_attribute_is_named(self, signals, shopper, name, version, attribute):
        signals.publish(tutorial())

        with pytest.raises(SignalsAPIError) as refusal:
            signals.get_group_attributes(name, version, attribute, "domain_userid", shopper.domain_userid)

        assert refusal.value.status_code in (404, 422)
        assert f"{name}_v{version}:{attribute}" in str(refusal.value)

    def test_an_unknown_attribute_key_is_named(self, signals, shopper):
        signals.publish(tutorial())

        with pytest.raises(SignalsAPIError) as refusal:
            signals.get_service_attributes("ecom_attributes", "shoe_size", "42")

        assert refusal.value.status_code == 422
        assert "shoe_size" in str(refusal.value)


class TestPublicServices:
    @pytest.fixture
    def public(self, server, signals) -> Service:
        """A service that the page itself may read. The SDK does not know the field yet."""
        service = Service(name="public", attribute_groups=[group(counted())], owner=OWNER, is_published=True)
        signals.publish([group(counted())])
        server.client.post(
            "/api/v1/registry/services/", json={**service.model_dump(mode="json"), "access_mode": "public"}
        ).raise_for_status()
        return service

    @staticmethod
    def read(server, service: str, *ids: str, origin: str = "https://shop.example.com") -> httpx.Response:
        """Reads as a page of `origin` does: without a token."""
        return httpx.post(
            server.origin + ATTRIBUTES_PATH,
            json={"attribute_keys": {"domain_userid": list(ids)}, "service": service},
            headers={"Origin": origin},
        )

    def test_are_read_without_a_token_from_any_origin(self, server, shopper, public):
        shopper.clicks(times=2)

        answer = self.read(server, public.name, shopper.domain_userid)

        assert answer.status_code == 200
        assert answer.json() == {"domain_userid": [shopper.domain_userid], "clicks": [2]}
        assert answer.headers["access-control-allow-origin"] in ("*", "https://shop.example.com")
        assert answer.headers["cache-control"] == "no-store"

    def test_are_offered_to_browsers_in_the_preflight(self, server, public):
        preflight = httpx.options(
            server.origin + ATTRIBUTES_PATH,
            headers={
                "Origin": "https://shop.example.com",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type",
            },
        )

        assert preflight.status_code in (200, 204)
        assert preflight.headers["access-control-allow-origin"] in ("*", "https://shop.example.com")
        assert "content-type" in preflight.headers["access-control-allow-headers"].lower()

    def test_are_read_for_one_id_at_a_time(self, server, public):
        answer = self.read(server, public.name, str(uuid4()), str(uuid4()))

        assert answer.status_code == 422

    def test_are_read_by_ids_that_cannot_be_guessed(self, server, public):
        assert self.read(server, public.name, "1").status_code == 422

    def test_are_read_with_a_token_as_any_other(self, signals, shopper, public):
        shopper.clicks()

        assert public.get_attributes(signals, "domain_userid", shopper.domain_userid)["clicks"] == 1

    def test_without_a_token_other_services_look_as_if_they_did_not_exist(self, server, signals, shopper):
        signals.publish(tutorial())

        private = self.read(server, "ecom_attributes", shopper.domain_userid)
        unknown = self.read(server, "nothing", shopper.domain_userid)

        assert private.status_code == unknown.status_code == 404
        assert private.json() == {
            "detail": unknown.json()["detail"].replace("nothing", "ecom_attributes"),
        }


class TestTime:
    def test_a_value_leaves_a_rolling_window_as_time_passes(self, server, signals, shopper):
        recent = counted("recent", period=timedelta(minutes=10))
        signals.publish([group(recent, counted("ever"))])
        shopper.clicks(ago=timedelta(minutes=8))
        shopper.clicks()

        def read() -> tuple[int, int]:
            values = group(recent, counted("ever")).get_attributes(signals, shopper.domain_userid)
            return values["recent"], values["ever"]

        assert read() == (2, 2)
        server.advance_clock("PT3M")
        assert read() == (1, 2)
        server.advance_clock("PT8M")
        assert read() == (0, 2)
        shopper.clicks()
        assert read() == (1, 3)

    def test_a_lifetime_value_lives_as_long_as_its_time_to_live_after_the_last_update(
        self, server, signals, shopper
    ):
        short, long = counted("short", ttl=timedelta(hours=1)), counted("long")
        clicks = group(short, long, ttl=timedelta(days=1))
        signals.publish([clicks])
        shopper.clicks()

        server.advance_clock("PT50M")
        shopper.clicks()
        server.advance_clock("PT50M")
        values = clicks.get_attributes(signals, shopper.domain_userid)
        assert (values["short"], values["long"]) == (2, 2)

        server.advance_clock("PT11M")
        values = clicks.get_attributes(signals, shopper.domain_userid)
        assert (values["short"], values["long"]) == (0, 2)

        server.advance_clock("P1D")
        assert clicks.get_attributes(signals, shopper.domain_userid)["long"] == 0

    def test_a_value_that_leaves_a_window_triggers_nothing(self, server, signals, shopper, listen):
        recent = total("recent", period=timedelta(minutes=10))
        signals.publish([group(recent), rule(criterion("clicks:recent", "=", 3))])
        inbox = listen(domain_userid=shopper.domain_userid)
        shopper.clicks(number=5, ago=timedelta(minutes=8))
        shopper.clicks(number=3)

        server.advance_clock("PT3M")

        assert group(recent).get_attributes(signals, shopper.domain_userid)["recent"] == 3
        assert inbox.names() == []
        shopper.clicks(number=1)
        assert inbox.names() == [], "it was true already before this event"
