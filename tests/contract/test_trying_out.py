"""`signals.test()`: what a group makes of the latest events, before anybody publishes it."""

from datetime import timedelta

import pandas as pd
import pytest
from snowplow_signals import AttributeKeyId, SignalsAPIError, domain_sessionid

from support.definitions import counted, group, latest, total, word
from support.shopper import Shopper


def test_gives_a_frame_with_a_row_for_each_id(signals, server, shopper):
    other = Shopper(server.origin)
    shopper.clicks("chair", 2.5)
    shopper.clicks("table", 4)
    other.clicks("lamp")
    draft = group(counted(), latest("word", word), total("worth"))

    frame = signals.test(draft, attribute_key_ids=[shopper.domain_userid, AttributeKeyId(other.domain_userid)])

    assert isinstance(frame, pd.DataFrame)
    assert frame.sort_values("clicks").to_dict("records") == [
        {"domain_userid": other.domain_userid, "clicks": 1, "word": "lamp", "worth": 0.0},
        {"domain_userid": shopper.domain_userid, "clicks": 2, "word": "table", "worth": 6.5},
    ]


def test_is_about_the_latest_ids_when_none_are_given(signals, server):
    shoppers = [Shopper(server.origin) for _ in range(11)]
    for shopper in shoppers:
        shopper.clicks()

    frame = signals.test(group(counted(), key=domain_sessionid))

    assert set(frame["domain_sessionid"]) == {shopper.domain_sessionid for shopper in shoppers[1:]}


def test_counts_the_events_of_the_apps_and_the_window(signals, server, shopper):
    shopper.clicks(aid="shop")
    server.advance_clock("PT30M")
    shopper.clicks(aid="shop", times=2)
    shopper.clicks(aid="blog")

    def clicks(**how: object) -> list[int]:
        return list(signals.test(group(counted()), **how)["clicks"])

    assert clicks() == [4]
    assert clicks(app_ids=["shop"]) == [3]
    assert clicks(app_ids=["shop"], window=timedelta(minutes=20)) == [2]


def test_gives_an_empty_frame_when_nobody_was_there(signals):
    assert signals.test(group(counted())).empty


def test_leaves_the_registry_alone(signals, shopper):
    shopper.clicks()
    signals.test(group(counted()))

    with pytest.raises(SignalsAPIError) as refusal:
        signals.get_attribute_group("clicks")
    assert refusal.value.status_code == 404


def test_refuses_what_could_not_be_published(signals):
    with pytest.raises(SignalsAPIError) as refusal:
        signals.test(group(counted(), counted()))

    assert refusal.value.status_code == 422
    assert [problem["loc"] for problem in refusal.value.message["detail"]] == [
        ["body", "attribute_group", "attributes", 1, "name"]
    ]
