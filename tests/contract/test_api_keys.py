"""API keys. The SDK asks Snowplow's console for the access token, whose host it has built in: that call is made here instead."""

import httpx
import pytest
from snowplow_signals import Signals, SignalsAPIError

from support.definitions import counted, group
from support.mock_server import TOKEN

CONSOLE = "/api/msc/v1/organizations/7b1f7b4c-3c43-4b0b-8c0f-0d0c9a8d1f11/credentials/v3/token"


@pytest.fixture
def with_api_key(server) -> Signals:
    """The SDK's client for an API key, which has asked for its access token already."""
    client = Signals(api_url=server.origin, api_key=TOKEN, api_key_id="any", org_id="any")
    headers = {"X-API-Key-Id": "any", "X-API-Key": TOKEN}
    answer = httpx.get(server.origin + CONSOLE, headers=headers).raise_for_status()
    client.api_client.token = answer.json()["accessToken"]
    return client


def test_the_sdk_takes_the_access_token_for_one_that_has_not_expired_and_the_api_takes_it(with_api_key, shopper):
    clicks = group(counted())
    with_api_key.publish([clicks])
    shopper.clicks()

    assert clicks.get_attributes(with_api_key, shopper.domain_userid)["clicks"] == 1


def test_an_access_token_that_was_tampered_with_is_refused(with_api_key):
    with_api_key.api_client.token += "x"

    with pytest.raises(SignalsAPIError) as refusal:
        with_api_key.get_attribute_group("clicks")

    assert refusal.value.status_code == 403
