"""The tutorial, from a notebook to three interventions, each once."""

import json

from snowplow_signals import SignalsSandbox

from support.definitions import tutorial, tutorial_group
from support.mock_server import PROJECT, TOKEN
from support.shopper import Shopper, product

RECORDING = PROJECT / "tests" / "fixtures" / "registry" / "python-sdk-0.4.10.json"


def test_the_definitions_are_sent_as_they_were_recorded():
    """Guards the other tests: what they publish is what a real notebook was seen to publish."""
    recorded = [request["body"] for request in json.loads(RECORDING.read_text())[:5]]
    sent = [
        definition.model_copy(update={"is_published": True}).model_dump(
            mode="json", exclude_none=True, by_alias=True
        )
        for definition in tutorial()
    ]
    assert sent == recorded


def test_publishing_answers_with_what_is_published(signals):
    published = signals.publish(tutorial())

    assert [definition.name for definition in published] == [definition.name for definition in tutorial()]
    assert all(definition.is_published for definition in published)


def test_shopping_triggers_each_of_the_three_interventions_once(signals, shopper, listen):
    signals.publish(tutorial())
    inbox = listen(domain_userid=shopper.domain_userid)

    shopper.views_product(times=3)
    assert inbox.names() == []

    shopper.views_product()
    discount = inbox.next()
    assert (discount.name, discount.version) == ("discount", 1)
    assert discount.attributes["count_product_views"] == "4"
    assert discount.target_attribute_key.model_dump() == {
        "name": "domain_userid",
        "id": shopper.domain_userid,
    }

    shopper.adds_to_cart(product(price=60))
    assert inbox.names() == ["cart_abandonment"]

    shopper.adds_to_cart(product(price=40))
    assert inbox.names() == [], "the cart is worth 100, which is not more than 100"

    shopper.adds_to_cart(product(price=0.5))
    assert inbox.names() == ["free_shipping"]

    shopper.views_product(times=5)
    shopper.adds_to_cart(product(price=500))
    assert inbox.names() == []


def test_one_subscription_to_both_targets_receives_an_intervention_once(signals, shopper, listen):
    signals.publish(tutorial())
    inbox = listen(domain_userid=shopper.domain_userid, user_id=shopper.user_id)

    shopper.adds_to_cart()

    assert inbox.names() == ["cart_abandonment"]


def test_subscriptions_to_different_targets_receive_the_same_instance(signals, shopper, listen):
    signals.publish(tutorial())
    by_device, by_login = listen(domain_userid=shopper.domain_userid), listen(user_id=shopper.user_id)

    shopper.adds_to_cart()

    assert by_device.next().intervention_id == by_login.next().intervention_id


def test_an_intervention_waits_for_a_subscription_that_comes_a_moment_later(signals, shopper, listen):
    signals.publish(tutorial())
    shopper.adds_to_cart()

    inbox = listen(domain_userid=shopper.domain_userid)

    assert inbox.next().name == "cart_abandonment"


def test_nobody_receives_what_another_shopper_triggered(server, signals, shopper, listen):
    signals.publish(tutorial())
    inbox = listen(domain_userid=shopper.domain_userid)

    Shopper(server.origin).adds_to_cart()
    shopper.views_product(times=4)

    assert inbox.names() == ["discount"]


def test_handlers_are_called_with_each_intervention(signals, shopper, listen):
    signals.publish(tutorial())
    inbox = listen(domain_userid=shopper.domain_userid)
    handled = []
    inbox.add_handler(handled.append)

    shopper.adds_to_cart(product(price=101))
    inbox.rest()

    assert [instance.name for instance in handled if instance.name != "end_of_rest"] == [
        "cart_abandonment",
        "free_shipping",
    ]


def test_the_tutorial_can_be_published_over_the_definitions_that_the_server_starts_with(demo_server):
    """Owner and description differ from those built in; what is computed does not."""
    signals = SignalsSandbox(api_url=demo_server.origin, sandbox_token=TOKEN)

    signals.publish(tutorial())

    assert signals.get_attribute_group("ecom_attributes").owner == tutorial_group().owner


def test_a_server_as_it_starts_serves_the_tutorials_attributes(demo_server):
    signals = SignalsSandbox(api_url=demo_server.origin, sandbox_token=TOKEN)
    shopper = Shopper(demo_server.origin)

    shopper.adds_to_cart(product(price=20.5))

    assert signals.get_service_attributes("ecom_attributes", "domain_userid", shopper.domain_userid) == {
        "domain_userid": shopper.domain_userid,
        "count_product_views": 0,
        "count_add_to_cart": 1,
        "total_cart_value": 20.5,
    }
