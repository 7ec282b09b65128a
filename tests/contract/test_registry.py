"""Definitions over their life: published, changed, versioned, taken back, deleted."""

from datetime import timedelta

import pytest
from snowplow_signals import (
    AttributeKey,
    BatchSource,
    EntityProperty,
    ExternalBatchAttributeGroup,
    Field,
    LinkAttributeKey,
    PageView,
    Service,
    SignalsAPIError,
    domain_sessionid,
    domain_userid,
    user_attribute_key,
)
from snowplow_signals.models import Attribute

from support.definitions import (
    OWNER,
    counted,
    criterion,
    group,
    latest,
    rule,
    tutorial,
    tutorial_group,
    tutorial_service,
    word,
)
from support.shopper import Shopper

page_view_id = AttributeKey(
    name="page_view_id",
    property=EntityProperty(
        vendor="com.snowplowanalytics.snowplow", name="web_page", major_version=1, path="id"
    ),
    owner="a@b.co",
    ttl=timedelta(days=1),
)


def test_publishing_the_same_definitions_again_is_fine(signals, shopper, listen):
    signals.publish(tutorial())
    shopper.views_product(times=3)

    signals.publish(tutorial())

    inbox = listen(domain_userid=shopper.domain_userid)
    shopper.views_product()
    assert inbox.names() == ["discount"], "what was counted before still counts"


@pytest.mark.parametrize(
    ("published", "changed"),
    [
        pytest.param(
            [group(counted())], group(counted(period=timedelta(hours=1))), id="a period in an attribute group"
        ),
        pytest.param(
            [group(counted())],
            group(counted(), counted("more")),
            id="one more attribute in an attribute group",
        ),
        pytest.param(
            [group(counted())], group(counted(), key=domain_sessionid), id="the key of an attribute group"
        ),
        pytest.param(
            [group(counted()), rule(criterion("clicks:clicks", ">", 1))],
            rule(criterion("clicks:clicks", ">", 2)),
            id="the criteria of an intervention",
        ),
        pytest.param(
            [group(counted()), rule(criterion("clicks:clicks", ">", 1))],
            rule(criterion("clicks:clicks", ">", 1), targets=["user_id"]),
            id="the targets of an intervention",
        ),
    ],
)
def test_a_published_version_does_not_change(signals, shopper, published, changed):
    signals.publish(published)

    with pytest.raises(SignalsAPIError) as refusal:
        signals.publish([changed])

    assert refusal.value.status_code == 400
    assert "published" in refusal.value.message["detail"]
    signals.publish(published)  # it is still what it was, so publishing that again is fine


def test_a_version_that_is_not_published_may_change(signals, shopper):
    signals.publish([group(counted())])
    signals.unpublish([group(counted())])

    signals.publish([group(counted("renamed"))])

    [attribute] = signals.get_attribute_group("clicks").attributes
    assert attribute.name == "renamed"


def test_a_service_may_change_while_it_is_published(signals):
    signals.publish([tutorial_group(), group(counted()), tutorial_service()])

    signals.publish([tutorial_service(attribute_groups=[tutorial_group(), group(counted())])])

    offered = signals.registry.get_service("ecom_attributes").attribute_groups
    assert [(reference.name, reference.version) for reference in offered] == [
        ("ecom_attributes", 1),
        ("clicks", 1),
    ]


class TestGetAttributeGroup:
    def test_gives_the_definition_with_its_derived_names(self, signals):
        signals.publish([tutorial_group(ttl=timedelta(days=30), description="What a shopper did")])

        found = signals.get_attribute_group("ecom_attributes")

        assert (found.name, found.version, found.owner) == ("ecom_attributes", 1, "user@company.com")
        assert found.full_name == "ecom_attributes_v1"
        assert found.attribute_key.name == found.attribute_key_or_name == "domain_userid"
        assert found.ttl == found.attribute_group_or_attribute_key_ttl == timedelta(days=30)
        assert found.description == "What a shopper did"
        assert found.stream_source_name is None
        assert found.is_published
        assert (found.online, found.offline) == (True, False)

    def test_gives_the_attributes_with_properties_as_strings(self, signals):
        signals.publish([tutorial_group()])

        views, _, value = signals.get_attribute_group("ecom_attributes").attributes

        assert (views.name, views.type, views.aggregation) == ("count_product_views", "int32", "counter")
        assert [event.name for event in views.events] == ["snowplow_ecommerce_action"]
        assert views.property is None
        [only] = views.criteria.all
        assert isinstance(only.property, str)
        assert (only.operator, only.value) == ("=", "product_view")
        assert isinstance(value.property, str)
        assert "price" in value.property

    def test_gives_durations_defaults_and_units(self, signals):
        since = Attribute(
            name="idle", type="double", events=[PageView()], aggregation="time_since_last", time_unit="min"
        )
        windowed = counted("windowed", period=timedelta(minutes=10), default_value=7)
        signals.publish([group(windowed, counted("living", ttl=timedelta(days=2)), since)])

        windowed, living, since = signals.get_attribute_group("clicks").attributes

        assert (windowed.period, windowed.default_value) == (timedelta(minutes=10), 7)
        assert living.ttl == timedelta(days=2)
        assert since.time_unit == "min"
        assert since.events[0].version == "1-0-0"

    def test_gives_the_latest_version_unless_one_is_named(self, signals):
        for version in [1, 2, 10]:
            signals.publish([group(counted(f"clicks_{version}"), version=version)])

        assert signals.get_attribute_group("clicks").version == 10
        assert signals.get_attribute_group("clicks", 2).attributes[0].name == "clicks_2"

    def test_takes_the_time_to_live_of_the_key_when_the_group_has_none(self, signals):
        signals.publish([page_view_id, group(counted(), key=page_view_id)])

        assert signals.get_attribute_group("clicks").attribute_group_or_attribute_key_ttl == timedelta(days=1)

    @pytest.mark.parametrize("version", [None, 2])
    def test_of_a_group_that_does_not_exist_is_not_found(self, signals, version):
        signals.publish([tutorial_group()])

        with pytest.raises(SignalsAPIError) as refusal:
            signals.get_attribute_group("ecom_attributes" if version else "nothing", version)

        assert refusal.value.status_code == 404


class TestInterventions:
    def test_can_be_read_back_by_version_and_as_the_latest(self, signals):
        first = rule(criterion("clicks:clicks", ">", 1), targets=["user_id"], description="first")
        second = rule(
            criterion("clicks:clicks", ">", 2), version=2, payload_attribute_groups=[{"name": "clicks"}]
        )
        signals.publish([group(counted()), first, second])

        assert signals.interventions.get("rule").version == 2
        assert signals.interventions.get("rule").payload_attribute_groups[0].name == "clicks"
        found = signals.interventions.get("rule", version=1)
        assert found.criteria.model_dump() == {"attribute": "clicks:clicks", "operator": ">", "value": 1}
        assert found.target_attribute_keys == [LinkAttributeKey(name="user_id")]
        assert (found.description, found.owner, found.is_published) == ("first", OWNER, True)

    def test_are_listed(self, signals):
        signals.publish([group(counted()), rule(criterion("clicks:clicks", ">", 1))])
        signals.publish([rule(criterion("clicks:clicks", ">", 2), version=2)])

        listed = signals.interventions.list()

        assert ("rule", 2) in [(intervention.name, intervention.version) for intervention in listed]

    def test_can_be_created_updated_and_deleted_one_by_one(self, signals):
        signals.publish([group(counted())])
        draft = rule(criterion("clicks:clicks", ">", 1))

        created = signals.interventions.create(draft)
        assert not created.is_published
        updated = signals.interventions.update(rule(criterion("clicks:clicks", ">", 5)))
        assert updated.criteria.value == 5
        assert signals.interventions.delete("rule", 1) == {"ok": True}
        assert signals.interventions.list() == []

    def test_created_twice_are_refused_the_second_time(self, signals):
        signals.publish([group(counted())])
        signals.interventions.create(rule(criterion("clicks:clicks", ">", 1)))

        with pytest.raises(SignalsAPIError) as refusal:
            signals.interventions.create(rule(criterion("clicks:clicks", ">", 1)))

        assert refusal.value.status_code == 400
        assert "exists" in refusal.value.message["detail"]


class TestUnpublishing:
    def test_an_intervention_stops_it_from_triggering(self, signals, shopper, listen):
        signals.publish(tutorial())
        inbox = listen(domain_userid=shopper.domain_userid)

        [taken_back] = signals.unpublish([rule_ for rule_ in tutorial() if rule_.name == "cart_abandonment"])

        assert not taken_back.is_published
        shopper.adds_to_cart()
        shopper.views_product(times=4)
        assert inbox.names() == ["discount"]

    def test_an_intervention_can_be_undone(self, signals, shopper, listen):
        signals.publish(tutorial())
        cart_abandonment = next(rule_ for rule_ in tutorial() if rule_.name == "cart_abandonment")
        signals.unpublish([cart_abandonment])
        inbox = listen(domain_userid=shopper.domain_userid)

        signals.publish([cart_abandonment])

        shopper.adds_to_cart()
        assert inbox.names() == ["cart_abandonment"]

    def test_an_attribute_group_stops_it_from_computing(self, signals, shopper):
        signals.publish([group(counted())])
        shopper.clicks()

        signals.unpublish([group(counted())])
        shopper.clicks(times=5)

        signals.publish([group(counted())])
        shopper.clicks()
        read = signals.get_group_attributes("clicks", 1, "clicks", "domain_userid", shopper.domain_userid)
        assert read["clicks"] in (1, 2), "whether or not it remembers, the clicks in between do not count"

    def test_an_attribute_group_silences_the_interventions_on_it(self, signals, shopper, listen):
        others = [group(counted()), rule(criterion("clicks:clicks", ">", 0), name="other")]
        signals.publish([*tutorial(), *others])
        inbox = listen(domain_userid=shopper.domain_userid)

        signals.unpublish([tutorial_service()])
        signals.unpublish([tutorial_group()])

        shopper.adds_to_cart()
        shopper.clicks()
        assert inbox.names() == ["other"]
        assert [rule_.name for rule_ in signals.interventions.list() if rule_.is_published] == ["other"]

    def test_an_attribute_group_is_refused_while_a_published_service_contains_it(self, signals):
        signals.publish(tutorial())

        with pytest.raises(SignalsAPIError) as refusal:
            signals.unpublish(tutorial())  # the SDK begins with the groups, whatever the order

        assert refusal.value.status_code == 400
        assert "service `ecom_attributes`" in refusal.value.message["detail"]
        signals.unpublish([tutorial_service()])
        signals.unpublish(tutorial())
        assert not signals.get_attribute_group("ecom_attributes").is_published

    def test_a_service_stops_it_from_being_read(self, signals, shopper):
        signals.publish(tutorial())

        signals.unpublish([tutorial_service()])

        with pytest.raises(SignalsAPIError) as refusal:
            signals.get_service_attributes("ecom_attributes", "domain_userid", shopper.domain_userid)
        assert refusal.value.status_code == 404

    def test_what_was_never_published_creates_it(self, signals):
        signals.unpublish([group(counted())])

        assert not signals.get_attribute_group("clicks").is_published


class TestDeleting:
    def test_removes_what_is_not_published(self, signals):
        signals.publish(tutorial())
        signals.unpublish([tutorial_service()])
        signals.unpublish(tutorial())

        signals.delete(tutorial())

        for find in [signals.get_attribute_group, signals.registry.get_service, signals.interventions.get]:
            with pytest.raises(SignalsAPIError) as refusal:
                find("ecom_attributes")
            assert refusal.value.status_code == 404
        assert signals.interventions.list() == []

    @pytest.mark.parametrize(
        "definition",
        [
            pytest.param(tutorial_group(), id="attribute group"),
            pytest.param(tutorial_service(), id="service"),
            pytest.param(tutorial()[-1], id="intervention"),
        ],
    )
    def test_is_refused_while_published(self, signals, shopper, listen, definition):
        signals.publish(tutorial())

        with pytest.raises(SignalsAPIError) as refusal:
            signals.delete([definition])

        assert refusal.value.status_code == 400
        assert "published" in refusal.value.message["detail"]
        inbox = listen(domain_userid=shopper.domain_userid)
        shopper.adds_to_cart()
        assert inbox.names() == ["cart_abandonment"]

    def test_what_does_not_exist_is_not_found(self, signals):
        for definition in tutorial():
            with pytest.raises(SignalsAPIError) as refusal:
                signals.delete([definition])
            assert refusal.value.status_code == 404

    @pytest.mark.parametrize(
        ("needed", "by"),
        [
            pytest.param([tutorial_group()], tutorial_service(), id="an attribute group by a service"),
            pytest.param(
                [page_view_id],
                group(counted(), key=LinkAttributeKey(name="page_view_id")),
                id="a key by an attribute group",
            ),
        ],
    )
    def test_is_refused_for_what_another_definition_needs(self, signals, needed, by):
        signals.publish([*needed, by])
        signals.unpublish([by])
        signals.unpublish(needed)

        with pytest.raises(SignalsAPIError) as refusal:
            signals.delete(needed)

        assert refusal.value.status_code == 400
        assert by.name in refusal.value.message["detail"]

    def test_one_version_leaves_the_others(self, signals):
        signals.publish([group(counted()), group(counted(), version=2)])
        signals.unpublish([group(counted(), version=2)])

        signals.delete([group(counted(), version=2)])

        assert signals.get_attribute_group("clicks").version == 1


class TestAttributeKeys:
    def test_of_our_own_keep_a_profile_for_each_id_found_in_events(self, signals, server, listen):
        per_page = group(counted(), key=page_view_id)
        signals.publish([page_view_id, per_page, rule(criterion("clicks:clicks", "=", 2))])
        one, other = Shopper(server.origin), Shopper(server.origin)
        inbox = listen(page_view_id=one.page_view_id)

        other.clicks(times=3)
        one.clicks(times=2)

        assert per_page.get_attributes(signals, one.page_view_id)["clicks"] == 2
        assert per_page.get_attributes(signals, other.page_view_id)["clicks"] == 3
        received = inbox.next()
        assert received.target_attribute_key.model_dump() == {"name": "page_view_id", "id": one.page_view_id}

    def test_are_answered_as_they_were_defined(self, signals):
        [published] = signals.publish([page_view_id])

        assert published.name == "page_view_id"
        assert published.property == page_view_id.property
        assert (published.owner, published.ttl) == ("a@b.co", timedelta(days=1))

    def test_can_be_published_again_and_deleted(self, signals):
        signals.publish([page_view_id])
        signals.publish([page_view_id])
        signals.unpublish([page_view_id])

        signals.delete([page_view_id])

        with pytest.raises(SignalsAPIError) as refusal:
            signals.delete([page_view_id])
        assert refusal.value.status_code == 404

    def test_that_are_built_in_may_be_published_like_any_other(self, signals, shopper):
        signals.publish([domain_userid, group(counted())])

        shopper.clicks()

        assert group(counted()).get_attributes(signals, shopper.domain_userid)["clicks"] == 1

    def test_that_the_sdk_deprecates_still_work(self, signals, shopper):
        """It offers `user`, which is `domain_userid` under another name."""
        per_user = group(counted(), key=user_attribute_key)
        signals.publish([user_attribute_key, per_user])

        shopper.clicks()

        assert per_user.get_attributes(signals, shopper.domain_userid) == {
            "user": shopper.domain_userid,
            "clicks": 1,
        }

    def test_may_stand_for_a_column_of_a_warehouse(self, signals):
        """No event has such an id, and the attribute group over the table needs the key all the same."""
        customer = AttributeKey(external_column="customer", owner=OWNER)
        source = BatchSource(name="table", timestamp_field="at", database="d", schema="s", table="t")
        customers = ExternalBatchAttributeGroup(
            name="customers",
            attribute_key=customer,
            owner=OWNER,
            fields=[Field(name="segment", type="string")],
            batch_source=source,
        )

        signals.publish([customer, customers])

        found = signals.get_attribute_group("customers")
        assert (found.attribute_key.external_column, found.fields[0].name) == ("customer", "segment")
        assert found.batch_source == source
        assert found.attribute_group_or_attribute_key_ttl == timedelta(days=365)
        assert customers.get_attributes(signals, "4711") == {"customer": "4711", "segment": ""}
        signals.publish([rule(criterion("customers:segment", "=", "gold"))])


class TestVersions:
    def test_of_a_group_compute_side_by_side(self, signals, shopper):
        first, second = group(counted()), group(latest("word", word), counted(), version=2)
        signals.publish([first])
        shopper.clicks("chair")
        signals.publish([second])
        shopper.clicks("table")

        assert first.get_attributes(signals, shopper.domain_userid)["clicks"] == 2
        of_second = second.get_attributes(signals, shopper.domain_userid)
        assert (of_second["word"], of_second["clicks"]) == ("table", 1)

    def test_a_criterion_means_the_latest_published_version_that_has_the_attribute(
        self, signals, shopper, listen
    ):
        signals.publish(
            [group(counted(), latest("word", word)), group(counted(default_value=100), version=2)]
        )
        signals.publish([rule(criterion("clicks:word", "=", "chair"), name="on_the_first")])
        signals.publish([rule(criterion("clicks:clicks", "=", 1), name="on_the_second")])
        signals.publish([group(counted(), name="other")])
        shopper.clicks()
        inbox = listen(domain_userid=shopper.domain_userid)
        assert inbox.names() == ["on_the_second"]

        shopper.clicks("chair")

        assert inbox.names() == ["on_the_first"]

    def test_a_new_version_of_an_intervention_reaches_those_who_had_the_old_one(
        self, signals, shopper, listen
    ):
        is_chair = criterion("clicks:word", "=", "chair")
        signals.publish([group(latest("word", word)), rule(is_chair)])
        inbox = listen(domain_userid=shopper.domain_userid)
        shopper.clicks("chair")
        assert [instance.version for instance in inbox.rest()] == [1]

        signals.publish([rule(is_chair, version=2)])
        assert inbox.names() == [], "publishing does not trigger"
        shopper.clicks("table")
        shopper.clicks("chair")

        assert [instance.version for instance in inbox.rest()] == [2]

    def test_a_service_names_the_versions_that_it_offers(self, signals, shopper):
        signals.publish([group(counted("clicks_1")), group(counted("clicks_2"), version=2)])
        service = Service(name="service", attribute_groups=[group(counted("clicks_1"))], owner=OWNER)
        signals.publish([service])

        assert set(service.get_attributes(signals, "domain_userid", shopper.domain_userid)) == {
            "domain_userid",
            "clicks_1",
        }


class TestEngines:
    """Publishing and unpublishing by reference, as other Signals clients do."""

    def test_publish_by_reference(self, server, signals, shopper):
        signals.unpublish([group(counted())])

        published = server.client.post(
            "/api/v1/engines/publish", json={"attribute_groups": [{"name": "clicks", "version": 1}]}
        )

        assert (published.status_code, published.json()) == (200, {"status": "published"})
        shopper.clicks()
        assert group(counted()).get_attributes(signals, shopper.domain_userid)["clicks"] == 1

    def test_unpublish_by_reference(self, server, signals, shopper, listen):
        signals.publish(tutorial())

        unpublished = server.client.post(
            "/api/v1/engines/unpublish", json={"interventions": [{"name": "cart_abandonment", "version": 1}]}
        )

        assert (unpublished.status_code, unpublished.json()) == (200, {"status": "unpublished"})
        inbox = listen(domain_userid=shopper.domain_userid)
        shopper.adds_to_cart()
        shopper.views_product(times=4)
        assert inbox.names() == ["discount"]

    def test_unpublish_says_which_interventions_go_with_an_attribute_group(self, server, signals):
        signals.publish([group(counted()), rule(criterion("clicks:clicks", ">", 0))])

        unpublished = server.client.post(
            "/api/v1/engines/unpublish", json={"attribute_groups": [{"name": "clicks", "version": 1}]}
        )

        assert unpublished.json() == {
            "status": "unpublished",
            "interventions": [{"name": "rule", "version": 1}],
        }

    @pytest.mark.parametrize("verb", ["publish", "unpublish"])
    def test_do_nothing_without_references(self, server, verb):
        answer = server.client.post(f"/api/v1/engines/{verb}", json={})

        assert (answer.status_code, answer.json()) == (200, {"status": f"nothing to {verb}"})
