"""Forwarding: each triggered intervention reaches a back end, which checks it with the libraries that back ends use."""

import json
import re
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import httpx
import pytest
from jsonschema import Draft4Validator, FormatChecker
from snowplow_signals import SignalsSandbox
from standardwebhooks import Webhook, WebhookVerificationError

from support.definitions import counted, criterion, group, latest, number, rule, word
from support.mock_server import PROJECT, TOKEN, MockServer
from support.receiver import Delivery, Receiver, write_certificate
from support.shopper import Shopper
from support.waiting import eventually

SECRET = "whsec_" + b64encode(b"0123456789" * 3).decode()

GUIDE = (PROJECT / "docs" / "forwarding.md").read_text()
SECRET_IN_GUIDE = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

clicks = group(latest("word", word), latest("number", number, type="double"), counted())

text = {"type": "string"}
BODY = {
    "type": "object",
    "required": ["intervention_id", "name", "version"],
    "additionalProperties": False,
    "properties": {
        "intervention_id": {**text, "format": "uuid"},
        "name": {**text, "minLength": 1, "maxLength": 128},
        "version": {"type": "integer", "minimum": 0},
        "attributeKey": {
            "type": "object",
            "required": ["id", "name"],
            "properties": {"name": {**text, "minLength": 1, "maxLength": 128}, "id": text},
        },
        "attributes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["attribute", "value"],
                "properties": {"attribute": {**text, "minLength": 3, "maxLength": 257}, "value": text},
            },
        },
    },
}
"""What `com.snowplowanalytics.signals/intervention_instance/1-0-0` demands."""


@pytest.fixture
def forward() -> Iterator[Callable[..., MockServer]]:
    """Starts a mock server that forwards: `forward(receiver.url, …, flags)`."""
    with ExitStack() as servers:
        yield lambda *urls, flags=(), **how: servers.enter_context(
            MockServer(
                *[part for url in urls for part in ("--forward", url)],
                *("--forward-secret", SECRET),
                *flags,
                **how,
            )
        )


def publish(server: MockServer, **how: object) -> None:
    """Publishes a rule for the first click."""
    signals = SignalsSandbox(api_url=server.origin, sandbox_token=TOKEN)
    signals.publish([clicks, rule(criterion("clicks:clicks", "=", 1), **how)])


def checked(delivery: Delivery) -> dict:
    """The body of a delivery whose signature and form are right."""
    body = Webhook(SECRET).verify(delivery.body, delivery.headers)
    Draft4Validator(BODY, format_checker=FormatChecker()).validate(body)
    return body


def test_each_target_is_delivered_with_a_signature_that_the_library_accepts(forward):
    with Receiver() as receiver:
        server = forward(receiver.url)
        publish(server, targets=["domain_userid", "user_id"])
        shopper = Shopper(server.origin)
        shopper.clicks("chair", 1.5)

        deliveries = receiver.wait_for(2)
        bodies = [checked(delivery) for delivery in deliveries]
        assert len({body["intervention_id"] for body in bodies}) == 1
        assert len({delivery.headers["webhook-id"] for delivery in deliveries}) == 2
        assert {body["attributeKey"]["name"]: body["attributeKey"]["id"] for body in bodies} == {
            "domain_userid": shopper.domain_userid,
            "user_id": shopper.user_id,
        }
        for body in bodies:
            assert (body["name"], body["version"]) == ("rule", 1)
            values = {one["attribute"]: json.loads(one["value"]) for one in body["attributes"]}
            assert values == {"clicks:word": "chair", "clicks:number": 1.5, "clicks:clicks": 1}


def test_a_body_that_somebody_changed_is_not_accepted(forward):
    with Receiver() as receiver:
        server = forward(receiver.url)
        publish(server)
        Shopper(server.origin).clicks("chair")
        [delivery] = receiver.wait_for(1)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(delivery.body.replace(b"chair", b"table"), delivery.headers)


def test_the_stream_and_the_back_end_get_the_same_intervention(forward):
    with Receiver() as receiver:
        server = forward(receiver.url)
        publish(server)
        shopper = Shopper(server.origin)
        shopper.clicks("chair")
        body = checked(receiver.wait_for(1)[0])
        state = server.client.get(
            "/mock/state", params={"key": "domain_userid", "id": shopper.domain_userid}
        ).json()
        [kept] = state["instances"]
        assert kept["instance"]["intervention_id"] == body["intervention_id"]


def test_a_delivery_that_failed_comes_again_with_the_same_id_and_body(forward):
    statuses = iter([500, 503, 200])
    with Receiver(answer=lambda _: next(statuses)) as receiver:
        server = forward(receiver.url)
        publish(server)
        Shopper(server.origin).clicks("chair")
        deliveries = receiver.wait_for(3)
        assert len({delivery.headers["webhook-id"] for delivery in deliveries}) == 1
        assert len({delivery.body for delivery in deliveries}) == 1
        for delivery in deliveries:
            checked(delivery)


def test_a_refusal_is_final_and_the_report_shows_it(forward):
    with Receiver(answer=lambda _: 422) as receiver:
        server = forward(receiver.url)
        publish(server)
        Shopper(server.origin).clicks("chair")
        refused = f'forwarded_total{{receiver="{receiver.host}",outcome="refused"}}'
        eventually(lambda: server.metric(refused) == 1, "a refusal")
        report = server.client.get("/mock/forwarding").raise_for_status().json()
        [attempt] = report["recent"]
        assert attempt["outcome"] == "refused"
        assert attempt["reason"] == "it answered 422 Unprocessable Entity"
        assert attempt["intervention"]["name"] == "rule"
        [shown] = report["receivers"]
        assert (shown["receiver"], shown["waiting"]) == (receiver.url, 0)
        assert len(receiver.deliveries) == 1


def test_the_report_shows_what_waits_until_an_hour_has_passed(forward):
    with Receiver(answer=lambda _: 503) as receiver:
        server = forward(receiver.url)
        publish(server)
        Shopper(server.origin).clicks("chair")
        receiver.wait_for(1)

        def report() -> dict:
            return server.client.get("/mock/forwarding").raise_for_status().json()

        eventually(lambda: report()["receivers"][0]["problem"] is not None, "the problem")
        [shown] = report()["receivers"]
        assert (shown["waiting"], shown["problem"]) == (1, "it answered 503 Service Unavailable")
        assert [waiting["outcome"] for waiting in shown["oldest"]] == ["waiting"]

        server.advance_clock("PT1H")
        expired = f'forwarded_total{{receiver="{receiver.host}",outcome="expired"}}'
        eventually(lambda: server.metric(expired) == 1, "it expires")
        assert report()["receivers"][0]["waiting"] == 0


def test_a_reset_forgets_what_waits(forward):
    with Receiver(answer=lambda _: 503) as receiver:
        server = forward(receiver.url)
        publish(server)
        Shopper(server.origin).clicks("chair")
        receiver.wait_for(1)
        server.client.post("/mock/reset").raise_for_status()
        report = server.client.get("/mock/forwarding").json()
        assert [one["waiting"] for one in report["receivers"]] == [0]


def test_a_server_in_hosted_mode_forwards_too(forward):
    with Receiver() as receiver:
        server = forward(receiver.url, flags=["--hosted", "--processing-delay", "0"])
        publish(server)
        Shopper(server.origin).clicks("chair")
        checked(receiver.wait_for(1)[0])


def test_a_receiver_with_a_certificate_of_a_private_authority_is_reached_over_tls(forward, tmp_path):
    certificate = write_certificate(tmp_path)
    with Receiver(certificate=certificate) as receiver:
        server = forward(receiver.url, environment={"SSL_CERT_FILE": str(certificate)})
        publish(server)
        Shopper(server.origin).clicks("chair")
        checked(receiver.wait_for(1)[0])


def test_a_receiver_with_an_unknown_certificate_gets_nothing(forward, tmp_path):
    (mine := tmp_path / "mine").mkdir()
    (other := tmp_path / "other").mkdir()
    with Receiver(certificate=write_certificate(mine)) as receiver:
        server = forward(receiver.url, environment={"SSL_CERT_FILE": str(write_certificate(other))})
        publish(server)
        Shopper(server.origin).clicks("chair")
        retried = f'forwarded_total{{receiver="{receiver.host}",outcome="retried"}}'
        eventually(lambda: server.metric(retried) >= 1, "a failure")
        [shown] = server.client.get("/mock/forwarding").json()["receivers"]
        assert "certificate" in shown["problem"]
        assert receiver.deliveries == []


def test_the_receiver_in_the_guide_prints_each_intervention_once(forward, tmp_path):
    [sample] = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    file = tmp_path / "receiver.py"
    file.write_text(sample.replace("9000", str(port)).replace(SECRET_IN_GUIDE, SECRET))
    server = forward(f"http://127.0.0.1:{port}/hook")
    publish(server)
    shopper = Shopper(server.origin)
    with subprocess.Popen(
        [sys.executable, file], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as receiver:
        shopper.clicks("chair")
        assert receiver.stdout.readline() == f"rule for {shopper.domain_userid}\n"
        for webhook_id, name in [("a", "first"), ("a", "first"), ("b", "second")]:
            body = json.dumps({"name": name, "attributeKey": {"name": "user_id", "id": "ada"}})
            now = datetime.now(UTC)
            headers = {
                "webhook-id": webhook_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(SECRET).sign(webhook_id, now, body),
            }
            answer = httpx.post(f"http://127.0.0.1:{port}/hook", content=body, headers=headers)
            assert answer.status_code == 204
        assert [receiver.stdout.readline() for _ in range(2)] == ["first for ada\n", "second for ada\n"]
        receiver.terminate()


def test_the_guide_installs_the_version_that_is_tested():
    requirements = (PROJECT / "tests" / "contract" / "requirements.txt").read_text()
    [installed] = re.findall(r"`pip install (\S+)`", GUIDE)
    assert installed in requirements.splitlines()
