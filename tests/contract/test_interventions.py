"""When interventions trigger: operators, trees, edges, once per target, targets and payload."""

from typing import get_args

import pytest
from snowplow_signals import (
    Attribute,
    InterventionCriterion,
    PageView,
    domain_sessionid,
    domain_userid,
)

from support.definitions import (
    all_of,
    any_of,
    counted,
    criterion,
    group,
    latest,
    none_of,
    number,
    rule,
    word,
)

WORD, NUMBER, CLICKS = "clicks:word", "clicks:number", "clicks:clicks"

clicks = group(latest("word", word), latest("number", number, type="double"), counted())
"""What the rules of these tests are about."""


def comparisons(criteria: object) -> list[InterventionCriterion]:
    """The comparisons in one, or in `all_of` several."""
    return getattr(criteria, "all", [criteria])


OPERATORS = [
    (criterion(WORD, "=", "chair"), ("Chair", None), ("chair", None)),
    (criterion(NUMBER, "=", 3), (None, 3.5), (None, 3)),
    (criterion(WORD, "!=", "chair"), ("chair", None), ("table", None)),
    (criterion(NUMBER, "<", 3), (None, 3), (None, 2.5)),
    (criterion(NUMBER, ">", 3), (None, 3), (None, 3.5)),
    (criterion(NUMBER, "<=", 3), (None, 3.5), (None, 3)),
    (criterion(NUMBER, ">=", 3), (None, 2.5), (None, 3)),
    (criterion(WORD, "<", "m"), ("table", None), ("chair", None)),
    (criterion(WORD, "like", "ch_ir%"), ("chr", None), ("chairs", None)),
    (criterion(WORD, "not like", "ch%"), ("chair", None), ("table", None)),
    (criterion(WORD, "rlike", "[0-9]{3}$"), ("order 12", None), ("order 123", None)),
    (criterion(WORD, "not rlike", "^order"), ("order 12", None), ("an order", None)),
    (criterion(WORD, "in", ["chair", "table"]), ("sofa", None), ("table", None)),
    (criterion(NUMBER, "in", [1, 2]), (None, 3), (None, 2)),
    (criterion(WORD, "not in", ["chair", "table"]), ("table", None), ("sofa", None)),
    (criterion(WORD, "is not null"), (None, 1), ("chair", None)),
    (all_of(criterion(WORD, "is null"), criterion(CLICKS, ">", 1)), (None, 1), (None, 1)),
    (criterion(WORD, "changed"), (None, 1), ("chair", None)),
]


@pytest.mark.parametrize(
    ("criteria", "silent", "triggering"),
    OPERATORS,
    ids=[" and ".join(one.operator for one in comparisons(criteria)) for criteria, _, _ in OPERATORS],
)
def test_a_rule_triggers_when_its_criteria_become_true(
    signals, shopper, listen, criteria, silent, triggering
):
    signals.publish([clicks, rule(criteria)])
    inbox = listen(domain_userid=shopper.domain_userid)

    shopper.clicks(*silent)
    assert inbox.names() == []

    shopper.clicks(*triggering)
    assert inbox.names() == ["rule"]


def test_the_table_above_names_every_operator_over_attributes():
    named = {one.operator for criteria, _, _ in OPERATORS for one in comparisons(criteria)}
    assert named == set(get_args(InterventionCriterion.model_fields["operator"].annotation))


@pytest.mark.parametrize("operator", ["!=", "not like", "not rlike"])
def test_a_negated_comparison_does_not_hold_for_what_was_never_set(signals, shopper, listen, operator):
    signals.publish([clicks, rule(all_of(criterion(WORD, operator, "chair"), criterion(CLICKS, ">", 0)))])
    inbox = listen(domain_userid=shopper.domain_userid)

    shopper.clicks(number=1)
    assert inbox.names() == []

    shopper.clicks("table")
    assert inbox.names() == ["rule"]


def test_a_default_value_counts_as_set(signals, shopper, listen):
    with_default = group(latest("word", word, default_value="none yet"), counted())
    criteria = all_of(criterion(WORD, "=", "none yet"), criterion(CLICKS, "=", 2))
    signals.publish([with_default, rule(criteria)])
    inbox = listen(domain_userid=shopper.domain_userid)

    shopper.clicks()
    shopper.clicks()

    assert inbox.names() == ["rule"]


class TestTrees:
    def test_nest(self, signals, shopper, listen):
        tree = all_of(
            criterion(CLICKS, ">=", 3),
            any_of(
                criterion(WORD, "=", "chair"), all_of(criterion(NUMBER, ">", 10), criterion(NUMBER, "<", 20))
            ),
            none_of(criterion(WORD, "=", "sofa"), criterion(NUMBER, "in", [13])),
        )
        signals.publish([clicks, rule(tree)])
        inbox = listen(domain_userid=shopper.domain_userid)

        for clicked in [("chair", 1), ("table", 1), ("table", 9), ("table", 13), ("sofa", 15)]:
            shopper.clicks(*clicked)
            assert inbox.names() == [], clicked

        shopper.clicks("table", 15)
        assert inbox.names() == ["rule"]

    def test_may_mention_groups_of_different_keys(self, signals, shopper, listen):
        per_session = group(counted(), name="in_session", key=domain_sessionid)
        tree = all_of(criterion("clicks:clicks", ">", 2), criterion("in_session:clicks", "=", 1))
        signals.publish([clicks, per_session, rule(tree)])
        inbox = listen(domain_sessionid=shopper.domain_sessionid)
        by_user = listen(domain_userid=shopper.domain_userid)

        shopper.clicks(times=3)
        shopper.starts_session()
        shopper.clicks()

        assert by_user.names() == ["rule"]
        assert inbox.names() == [], "it triggered for the session that came after"

    def test_may_be_32_deep(self, signals, shopper, listen):
        tree = criterion(CLICKS, "=", 1)
        for _ in range(32):
            tree = any_of(tree)
        signals.publish([clicks, rule(tree)])
        inbox = listen(domain_userid=shopper.domain_userid)

        shopper.clicks()

        assert inbox.names() == ["rule"]


class TestTriggering:
    def test_happens_on_the_edge_and_once_for_each_target(self, signals, shopper, listen):
        signals.publish([clicks, rule(criterion(WORD, "=", "chair"))])
        inbox = listen(domain_userid=shopper.domain_userid)

        for clicked in ["chair", "chair", "table", "chair"]:
            shopper.clicks(clicked)

        assert inbox.names() == ["rule"]

    def test_happens_again_for_another_session(self, signals, shopper, listen):
        signals.publish([clicks, rule(criterion(WORD, "=", "chair"), targets=["domain_sessionid"])])
        shopper.clicks("chair")
        shopper.clicks("table")
        shopper.starts_session()
        inbox = listen(domain_sessionid=shopper.domain_sessionid)

        shopper.clicks("chair")

        assert inbox.names() == ["rule"]

    def test_on_changes_happens_at_every_change(self, signals, shopper, listen):
        signals.publish([clicks, rule(criterion(WORD, "changed"))])
        inbox = listen(domain_userid=shopper.domain_userid)

        for clicked in ["chair", "chair", "table", None, "chair"]:
            shopper.clicks(clicked)

        assert [instance.attributes["word"] for instance in inbox.rest()] == ["chair", "table", "chair"]

    def test_on_changes_can_be_narrowed(self, signals, shopper, listen):
        signals.publish([clicks, rule(all_of(criterion(WORD, "changed"), criterion(NUMBER, ">", 1)))])
        inbox = listen(domain_userid=shopper.domain_userid)

        for clicked in [("chair", 1), ("table", 2), ("table", 3), ("sofa", 2)]:
            shopper.clicks(*clicked)

        assert [instance.attributes["word"] for instance in inbox.rest()] == ["table", "sofa"]

    def test_does_not_happen_by_publishing(self, signals, shopper, listen):
        signals.publish([clicks])
        shopper.clicks("chair")
        inbox = listen(domain_userid=shopper.domain_userid)

        signals.publish([rule(criterion(WORD, "=", "chair"))])
        shopper.clicks("chair")
        assert inbox.names() == [], "it was true already before the event"

        shopper.clicks("table")
        shopper.clicks("chair")
        assert inbox.names() == ["rule"]

    def test_of_two_rules_over_users_and_sessions_happens_at_their_moments(self, signals, shopper, listen):
        """Ten page views or an advertisement; more than twenty clicks: who gets what and when."""
        views = Attribute(name="views", type="int32", events=[PageView()], aggregation="counter")
        adverts = latest("adverts", word)
        signals.publish(
            [
                group(views, counted(), name="user", key=domain_userid),
                group(adverts, name="session", key=domain_sessionid),
                rule(
                    any_of(criterion("user:views", "=", 10), criterion("session:adverts", "is not null")),
                    name="one",
                    targets=["domain_userid", "domain_sessionid"],
                ),
                rule(criterion("user:clicks", ">", 20), name="two", targets=["domain_userid"]),
            ]
        )
        by_user = listen(domain_userid=shopper.domain_userid)

        shopper.views_page()
        assert by_user.names() == []
        shopper.clicks("advertisement")
        assert by_user.names() == ["one"]
        shopper.views_page(times=9)
        assert by_user.names() == []
        shopper.clicks(times=19)
        assert by_user.names() == []
        shopper.clicks()
        assert by_user.names() == ["two"]
        shopper.clicks()
        assert by_user.names() == []

        shopper.starts_session()
        by_session = listen(domain_sessionid=shopper.domain_sessionid)
        shopper.clicks("advertisement")
        assert by_session.names() == ["one"]
        assert by_user.names() == []


class TestTargets:
    def test_are_the_keys_of_the_groups_in_the_criteria_unless_named(self, signals, shopper, listen):
        signals.publish([clicks, rule(criterion(CLICKS, "=", 1))])
        by_user, by_session = (
            listen(domain_userid=shopper.domain_userid),
            listen(domain_sessionid=shopper.domain_sessionid),
        )

        shopper.clicks()

        assert by_user.names() == ["rule"]
        assert by_session.names() == []

    def test_that_the_event_does_not_name_are_left_out(self, signals, shopper, listen):
        signals.publish([clicks, rule(criterion(CLICKS, "=", 1), targets=["user_id", "domain_userid"])])
        inbox = listen(domain_userid=shopper.domain_userid, user_id=shopper.user_id)

        shopper.clicks(uid=None)

        assert [instance.target_attribute_key.name for instance in inbox.rest()] == ["domain_userid"]


class TestPayload:
    def test_is_what_the_groups_in_the_criteria_hold(self, signals, shopper, listen):
        signals.publish([clicks, rule(criterion(CLICKS, "=", 2))])
        inbox = listen(domain_userid=shopper.domain_userid)

        shopper.clicks("chair", 1)
        shopper.clicks("table", 2.5)

        assert inbox.next().attributes == {"word": "table", "number": "2.5", "clicks": "2"}

    def test_is_what_the_named_groups_hold(self, signals, shopper, listen):
        other = group(counted("visits"), name="other", key=domain_sessionid)
        payload = [{"name": "other", "version": 1}]
        signals.publish([clicks, other, rule(criterion(CLICKS, "=", 1), payload_attribute_groups=payload)])
        inbox = listen(domain_userid=shopper.domain_userid)

        shopper.clicks()

        assert inbox.next().attributes == {"visits": "1"}

    def test_of_any_type_can_be_read_by_the_sdk(self, signals, shopper, listen):
        """Its reader knows only strings and would end at the first value of another type."""

        def of(aggregation: str, type: str) -> Attribute:
            return latest(f"{aggregation}_{type}", word, type=type).model_copy(
                update={"aggregation": aggregation}
            )

        everything = group(
            of("unique_list", "string_list"),
            of("category_count", "dict"),
            of("last", "bool"),
            of("approx_count_distinct", "int64"),
            counted(),
        )
        signals.publish([everything, rule(criterion(CLICKS, "=", 1))])
        inbox = listen(domain_userid=shopper.domain_userid)

        shopper.clicks("true")

        attributes = inbox.next().attributes
        assert attributes["clicks"] == "1"
        assert "true" in attributes["unique_list_string_list"]
        assert "true" in attributes["category_count_dict"]


def test_structured_events_reach_a_rule_in_one_batch_as_in_many(signals, shopper, listen):
    signals.publish(
        [group(counted()), rule(criterion(CLICKS, "=", 2)), rule(criterion(CLICKS, "=", 3), name="third")]
    )
    inbox = listen(domain_userid=shopper.domain_userid)

    shopper.clicks(times=4)

    assert inbox.names() == ["rule", "third"]
