"""What the registry refuses, with the field at fault in the SDK's own exception, and that nothing else changes."""

from datetime import datetime, timedelta

import httpx
import pytest
from snowplow_signals import (
    Attribute,
    Criteria,
    Service,
    SignalsAPIError,
    SignalsSandbox,
    StructuredEvent,
    TrainingSpan,
)
from snowplow_signals.models import LinkAttributeKey

from support.definitions import (
    OWNER,
    all_of,
    any_of,
    counted,
    criterion,
    group,
    latest,
    none_of,
    number,
    rule,
    tutorial,
    word,
)


def refused(signals, definition) -> list[dict]:
    """The problems that publishing the definition meets."""
    with pytest.raises(SignalsAPIError) as refusal:
        signals.publish([definition])
    assert refusal.value.status_code == 422
    return refusal.value.message["detail"]


@pytest.mark.parametrize(
    ("criteria", "where"),
    [
        pytest.param(criterion("clicks:nothing", ">", 1), ["attribute"], id="an unknown attribute"),
        pytest.param(
            criterion("nothing:clicks", ">", 1), ["attribute"], id="an attribute of an unknown group"
        ),
        pytest.param(
            all_of(criterion("clicks:clicks", ">", 1), none_of(criterion("clicks:nothing", ">", 1))),
            ["all", 1, "none", 0, "attribute"],
            id="an unknown attribute deep in a tree",
        ),
        pytest.param(criterion("clicks:word", "rlike", "("), ["value"], id="an invalid regular expression"),
        pytest.param(
            criterion("clicks:word", "rlike", "(((a{100}){100}){100}){100}"),
            ["value"],
            id="a regular expression of monstrous size",
        ),
        pytest.param(criterion("clicks:clicks", ">"), ["value"], id="a comparison with nothing"),
        pytest.param(criterion("clicks:word", "like", 1), ["value"], id="a pattern that is no string"),
        pytest.param(criterion("clicks:word", "in", "chair"), ["value"], id="a list that is no list"),
        pytest.param(
            any_of(criterion("clicks:word", "changed")),
            ["any", 0, "operator"],
            id="a change among alternatives",
        ),
        pytest.param(
            none_of(criterion("clicks:word", "changed")), ["none", 0, "operator"], id="a change under none"
        ),
    ],
)
def test_criteria_that_cannot_be_met_are_refused_by_field(signals, criteria, where):
    signals.publish([group(counted(), latest("word", word))])

    [problem] = refused(signals, rule(criteria))

    assert problem["loc"] == ["body", "criteria", *where]
    assert problem["msg"]
    assert problem["type"]
    assert signals.interventions.list() == []


def test_a_tree_that_is_too_deep_is_refused(signals):
    signals.publish([group(counted())])
    tree = criterion("clicks:clicks", ">", 1)
    for _ in range(33):
        tree = any_of(tree)

    [problem] = refused(signals, rule(tree))

    assert problem["loc"][:2] == ["body", "criteria"]
    assert signals.interventions.list() == []


def test_an_intervention_with_an_unknown_target_is_refused(signals):
    signals.publish([group(counted())])
    lost = rule(criterion("clicks:clicks", ">", 1), targets=["domain_userid", "shoe_size"])

    [problem] = refused(signals, lost)

    assert problem["loc"][:3] == ["body", "target_attribute_keys", 1]


def test_an_intervention_with_an_unknown_payload_group_is_refused(signals):
    signals.publish([group(counted())])
    payload = [{"name": "clicks", "version": 1}, {"name": "clicks", "version": 2}]

    [problem] = refused(signals, rule(criterion("clicks:clicks", ">", 1), payload_attribute_groups=payload))

    assert problem["loc"][:3] == ["body", "payload_attribute_groups", 1]


def test_a_service_with_an_unknown_group_is_refused(signals):
    signals.publish([group(counted())])
    references = [{"name": "clicks", "version": 1}, {"name": "clicks", "version": 7}]

    [problem] = refused(signals, Service(name="service", attribute_groups=references, owner=OWNER))

    assert problem["loc"][:3] == ["body", "attribute_groups", 1]
    with pytest.raises(SignalsAPIError) as refusal:
        signals.registry.get_service("service")
    assert refusal.value.status_code == 404


@pytest.mark.parametrize(
    ("attribute", "field"),
    [
        pytest.param(latest("a", None), "property", id="no property where one is needed"),
        pytest.param(
            Attribute(name="a", type="double", events=[], aggregation="time_since_last"),
            "time_unit",
            id="no unit of time",
        ),
        pytest.param(
            counted("a", period=timedelta(hours=1), ttl=timedelta(hours=1)),
            "ttl",
            id="a period and a time to live",
        ),
        pytest.param(counted("a", time_unit="min"), "time_unit", id="a unit of time where there is no time"),
        pytest.param(
            Attribute(name="a", type="dict", events=[], aggregation="sum", property=number),
            "type",
            id="a type that the aggregation does not give",
        ),
        pytest.param(
            Attribute(
                name="a", type="int32", events=[StructuredEvent()], aggregation="counter", default_value="x"
            ),
            "default_value",
            id="a default of another type",
        ),
    ],
)
def test_an_attribute_that_cannot_be_computed_is_refused_by_field(signals, attribute, field):
    [problem] = refused(signals, group(counted(), attribute))

    assert problem["loc"] == ["body", "attributes", 1, field]
    with pytest.raises(SignalsAPIError) as refusal:
        signals.get_attribute_group("clicks")
    assert refusal.value.status_code == 404


def test_two_attributes_of_one_name_are_refused(signals):
    [problem] = refused(signals, group(counted(), counted()))

    assert problem["loc"][:3] == ["body", "attributes", 1]


def test_a_group_with_an_unknown_key_is_refused(signals):
    [problem] = refused(signals, group(counted(), key=LinkAttributeKey(name="shoe_size")))

    assert problem["loc"][:2] == ["body", "attribute_key"]


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_before_the_first_is_refused(signals, version):
    [problem] = refused(signals, group(counted(), version=version))

    assert problem["loc"] == ["body", "version"]


def test_what_comes_before_a_refused_definition_stays_published(signals, shopper, listen):
    with pytest.raises(SignalsAPIError):
        signals.publish([*tutorial(), rule(criterion("ecom_attributes:nothing", ">", 1))])

    inbox = listen(domain_userid=shopper.domain_userid)
    shopper.adds_to_cart()
    assert inbox.names() == ["cart_abandonment"]


def test_what_only_snowplow_runs_is_not_found(signals):
    """Data sets."""
    span = TrainingSpan(start_time=datetime(2026, 1, 1), end_time=datetime(2026, 2, 1))

    with pytest.raises(SignalsAPIError) as refusal:
        signals.build_dataset_with_session_anchors([group(counted())], Criteria(all=[]), span)
    assert (refusal.value.status_code, refusal.value.message) == (404, {"detail": "not found"})


class TestTokens:
    def test_that_are_wrong_are_refused_everywhere(self, server, signals, shopper):
        signals.publish(tutorial())
        stranger = SignalsSandbox(api_url=server.origin, sandbox_token="guessed")
        attempts = [
            lambda: stranger.publish(tutorial()),
            lambda: stranger.unpublish(tutorial()),
            lambda: stranger.delete(tutorial()),
            lambda: stranger.get_attribute_group("ecom_attributes"),
            lambda: stranger.interventions.list(),
            lambda: stranger.get_service_attributes(
                "ecom_attributes", "domain_userid", shopper.domain_userid
            ),
        ]

        for attempt in attempts:
            with pytest.raises(SignalsAPIError) as refusal:
                attempt()
            assert (refusal.value.status_code, refusal.value.message) == (403, {"detail": "wrong token"})

        assert signals.get_attribute_group("ecom_attributes").is_published

    @pytest.mark.parametrize("kind", ["attribute_keys", "attribute_groups", "services", "interventions"])
    def test_are_asked_for(self, server, kind):
        for method in ["GET", "POST"]:
            answer = httpx.request(method, f"{server.origin}/api/v1/registry/{kind}/", json={})

            assert answer.status_code == 401
            assert "Bearer" in answer.json()["detail"]


class TestRawRequests:
    """What the SDK would not let anybody send."""

    @pytest.mark.parametrize(
        ("kind", "body", "where"),
        [
            (
                "interventions",
                {"name": "a", "criteria": {"attribute": "clicks:clicks", "operator": "~"}},
                ["criteria", "operator"],
            ),
            ("interventions", {"criteria": {}}, ["name"]),
            ("interventions", {"name": "new\nline", "criteria": {}}, ["name"]),
            ("attribute_groups", {"name": "a"}, ["attribute_key"]),
            ("services", {"name": "a", "attribute_groups": "all"}, ["attribute_groups"]),
            ("attribute_keys", {"name": ""}, ["name"]),
        ],
    )
    def test_with_fields_that_are_wrong_are_refused_by_field(self, server, signals, kind, body, where):
        signals.publish([group(counted())])

        answer = server.client.post(f"/api/v1/registry/{kind}/", json=body)

        assert answer.status_code == 422
        assert ["body", *where] in [problem["loc"] for problem in answer.json()["detail"]]

    @pytest.mark.parametrize("kind", ["attribute_keys", "attribute_groups", "services", "interventions"])
    @pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"'])
    def test_with_a_body_that_is_no_object_are_refused(self, server, kind, body):
        answer = server.client.post(
            f"/api/v1/registry/{kind}/", content=body, headers={"Content-Type": "application/json"}
        )

        assert answer.status_code in (400, 422)
        assert answer.json()["detail"]

    def test_with_a_tree_that_no_parser_would_follow_are_refused(self, server, signals):
        depth = 20_000
        tree = '{"any":[' * depth + "]}" * depth

        answer = server.client.post(
            "/api/v1/registry/interventions/",
            content=f'{{"name":"deep","criteria":{tree}}}',
            headers={"Content-Type": "application/json"},
        )

        assert answer.status_code in (400, 422)
        assert signals.interventions.list() == []

    def test_that_do_not_say_whether_to_publish_make_a_draft(self, server, signals):
        body = group(counted()).model_dump(mode="json", exclude={"is_published"}, exclude_none=True)

        server.client.post("/api/v1/registry/attribute_groups/", json=body).raise_for_status()

        assert not signals.get_attribute_group("clicks").is_published

    def test_with_a_name_in_the_path_that_is_not_the_bodys_are_refused(self, server, signals):
        signals.unpublish([group(counted())])
        body = group(counted()).model_dump(mode="json", exclude_none=True)

        for path in ["clicks/versions/2", "other/versions/1"]:
            answer = server.client.put(f"/api/v1/registry/attribute_groups/{path}", json=body)
            assert answer.status_code in (400, 404, 422)

        assert [one["version"] for one in self.listed(server, "attribute_groups")] == [1]

    def test_for_published_definitions_leave_out_drafts(self, server, signals):
        signals.publish([group(counted())])
        signals.unpublish([group(counted(), version=2)])

        assert [one["version"] for one in self.listed(server, "attribute_groups", applied="true")] == [1]
        assert sorted(one["version"] for one in self.listed(server, "attribute_groups")) == [1, 2]

    def test_to_create_what_exists_are_refused(self, server, signals):
        signals.publish([group(counted())])
        body = group(counted()).model_dump(mode="json", exclude_none=True)

        answer = server.client.post("/api/v1/registry/attribute_groups/", json=body)

        assert answer.status_code == 400
        assert "exists" in answer.json()["detail"]

    @staticmethod
    def listed(server, kind: str, **query: str) -> list[dict]:
        return server.client.get(f"/api/v1/registry/{kind}/", params=query).raise_for_status().json()
