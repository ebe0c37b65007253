import asyncio
import gzip
import json
import logging
import pickle
import secrets
import ssl
import time
import traceback
import zlib

import pytest
from aiohttp import web

from tokens.network.client import NetworkFault, Wire
from tokens.network.policy import AddressPolicy

from .servers import Naming, answer, self_signed, serving, unused_port

LAN = AddressPolicy(allow_private=True)
MEGABYTE = 1_000_000


async def fault_at(url: str, policy: AddressPolicy = LAN, **options) -> NetworkFault:
    with pytest.raises(NetworkFault) as caught:
        await get(url, policy, **options)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert caught.value.sentence.endswith(".")
    return caught.value


async def get(url: str, policy: AddressPolicy = LAN, *, method: str = "GET", send=None, **options):
    async with Wire(policy, **options) as wire:
        return await wire.send(method, url, **(send or {}))


def test_an_answer_holds_status_headers_body_and_time():
    async def check():
        async with serving(answer("401 Unauthorized", b'{"error":1}', "X-Oneapi-Request-Id: abc")) as server:
            got = await get(f"{server.url}/v1/models", send={"headers": {"Authorization": "Bearer x"}})
        assert (got.status, got.body, got.truncated) == (401, b'{"error":1}', False)
        assert got.headers["x-oneapi-request-id"] == "abc"
        assert 0 <= got.latency_ms < 2000
        head = server.heads[0].lower()
        assert b"user-agent: keyward/0.1\r\n" in head
        assert b"authorization: bearer x\r\n" in head

    asyncio.run(check())


def test_json_and_parameters_are_sent():
    async def check():
        async def echo(request: web.Request) -> web.Response:
            return web.json_response({"query": dict(request.query), "body": await request.json()})

        app = web.Application()
        app.router.add_post("/api/token/", echo)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        sent = {"json": {"name": "ci ✓"}, "params": {"p": 0, "size": 100}}
        got = await get(f"http://{host}:{port}/api/token/", method="POST", send=sent)
        await runner.cleanup()
        assert json.loads(got.body) == {"query": {"p": "0", "size": "100"}, "body": {"name": "ci ✓"}}

    asyncio.run(check())


def test_the_time_counts_to_the_end_of_the_body():
    async def slow_body(_head, writer):
        writer.write(answer(body=b"", length=2) + b"a")
        await asyncio.sleep(0.15)
        writer.write(b"b")
        await writer.drain()

    async def check():
        async with serving(slow_body) as server:
            assert (await get(server.url)).latency_ms >= 150

    asyncio.run(check())


def test_a_redirect_is_an_answer_and_is_not_followed():
    async def check():
        async with serving(answer()) as other, serving(answer("301 Moved", b"", f"Location: {other.url}/")) as server:
            got = await get(server.url, send={"headers": {"Authorization": "Bearer x"}})
            assert got.status == 301
            assert got.headers["location"] == f"{other.url}/"
            assert other.heads == []

    asyncio.run(check())


def test_cookies_are_not_kept():
    async def check():
        async with serving(answer("200 OK", b"", "Set-Cookie: session=a; Path=/")) as server, Wire(LAN) as wire:
            await wire.send("GET", server.url)
            await wire.send("GET", server.url)
            assert len(server.heads) == 2
            assert b"cookie" not in server.heads[1].lower()

    asyncio.run(check())


def test_proxies_in_the_environment_are_ignored(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")

    async def check():
        async with serving(answer(body=b"direct")) as server:
            assert (await get(server.url)).body == b"direct"

    asyncio.run(check())


# --- bodies


async def flood(_head, writer):
    writer.write(answer(length=50 * MEGABYTE))
    for _ in range(50):
        writer.write(bytes(MEGABYTE))
        await writer.drain()


def test_a_body_of_50_mb_is_cut_off_at_the_limit_and_fast():
    async def check():
        async with serving(flood) as server:
            started = time.perf_counter()
            assert (await fault_at(server.url)).kind == "too_large"
            assert time.perf_counter() - started < 2

    asyncio.run(check())


def test_a_body_exactly_at_the_limit_is_whole():
    async def check():
        async with serving(answer(body=b"x" * 1000)) as server:
            assert len((await get(server.url, body_limit=1000)).body) == 1000
            assert (await fault_at(server.url, body_limit=999)).kind == "too_large"

    asyncio.run(check())


def test_an_error_with_a_huge_body_is_still_that_error_cut():
    async def check():
        async with serving(answer("502 Bad Gateway", b"x" * 5000)) as server:
            got = await get(server.url, body_limit=1000)
            assert (got.status, len(got.body), got.truncated) == (502, 1000, True)

    asyncio.run(check())


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_a_compressed_body_is_decoded(encode):
    async def check():
        name = "gzip" if encode is gzip.compress else "deflate"
        async with serving(answer("200 OK", encode(b"hello" * 99), f"Content-Encoding: {name}")) as server:
            assert (await get(server.url)).body == b"hello" * 99

    asyncio.run(check())


def test_a_decompression_bomb_stops_at_the_limit_of_decoded_bytes():
    bomb = gzip.compress(bytes(200 * MEGABYTE), compresslevel=1)

    async def check():
        async with serving(answer("200 OK", bomb, "Content-Encoding: gzip")) as server:
            started = time.perf_counter()
            assert (await fault_at(server.url)).kind == "too_large"
            assert time.perf_counter() - started < 2

    asyncio.run(check())


def test_a_bomb_in_many_layers_is_not_opened():
    layers = gzip.compress(gzip.compress(bytes(100 * MEGABYTE)))

    async def check():
        async with serving(answer("200 OK", layers, "Content-Encoding: gzip, gzip")) as server:
            assert (await fault_at(server.url)).kind == "closed"

    asyncio.run(check())


def test_an_empty_429_that_says_gzip_is_an_empty_429():
    async def check():
        async with serving(answer("429 Too Many", b"", "Content-Encoding: gzip", "Retry-After: 7")) as server:
            got = await get(server.url)
            assert (got.status, got.body, got.headers["retry-after"]) == (429, b"", "7")

    asyncio.run(check())


def test_head_and_204_have_no_body():
    async def check():
        async with serving(answer("200 OK", b"", "Content-Encoding: gzip", length=99)) as server:
            assert (await get(server.url, method="HEAD")).body == b""
        async with serving(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
            assert (await get(server.url)).status == 204

    asyncio.run(check())


def test_a_body_that_is_not_what_its_header_says_is_a_fault():
    async def check():
        async with serving(answer("200 OK", b"plain text", "Content-Encoding: gzip")) as server:
            assert (await fault_at(server.url)).kind == "closed"

    asyncio.run(check())


# --- faults


async def drip(_head, writer):
    writer.write(answer(length=1000))
    for _ in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silence(_head, writer):
    await asyncio.sleep(30)


@pytest.mark.parametrize("talk", [drip, silence], ids=["drip", "silence"])
def test_a_slow_answer_times_out_in_all_even_when_it_never_stalls(talk):
    async def check():
        async with serving(talk) as server:
            started = time.perf_counter()
            assert (await fault_at(server.url, total_timeout=0.3)).kind == "timeout"
            assert (await fault_at(server.url, send={"timeout": 0.1})).kind == "timeout"
            assert time.perf_counter() - started < 2

    asyncio.run(check())


NO_ANSWERS = {
    "nothing": b"",
    "half a line": b"HTTP/1.1 200",
    "no http": b"nonsense\r\n\r\n",
    "ssh": b"SSH-2.0-x\r\n",
    "half a body": answer(body=b"half", length=99),
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "endless header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 99_999 + b"\r\n\r\n",
}


@pytest.mark.parametrize("bytes_sent", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_connection_that_ends_or_speaks_something_else_is_closed(bytes_sent):
    async def check():
        async with serving(bytes_sent) as server:
            assert (await fault_at(server.url)).kind == "closed"

    asyncio.run(check())


def test_nothing_listening_is_connect():
    fault = asyncio.run(fault_at(f"http://127.0.0.1:{unused_port()}/"))
    assert fault.kind == "connect"


def test_a_name_that_does_not_exist_is_dns():
    assert asyncio.run(fault_at("https://gateway.invalid/v1")).kind == "dns"


def test_https_to_a_server_without_tls_is_tls():
    async def check():
        async with serving(answer("400 Bad Request"), until=b"") as server:
            assert (await fault_at(server.url.replace("http:", "https:"))).kind == "tls"

    asyncio.run(check())


def test_http_to_a_server_with_tls_is_closed(tmp_path):
    async def check():
        async with serving(answer(), tls=self_signed(tmp_path)) as server:
            assert (await fault_at(server.url.replace("https:", "http:"))).kind == "closed"

    asyncio.run(check())


@pytest.mark.parametrize("days", [1, -1])
def test_a_certificate_that_nobody_vouches_for_is_tls_and_says_why(tmp_path, days):
    async def check():
        async with serving(answer(), tls=self_signed(tmp_path, days=days)) as server:
            fault = await fault_at(server.url)
            assert fault.kind == "tls"
            assert "self-signed" in fault.sentence or (days < 0 and "expired" in fault.sentence)

    asyncio.run(check())


def test_a_certificate_that_is_trusted_works(tmp_path):
    async def check():
        async with serving(answer(body=b"secure"), tls=self_signed(tmp_path)) as server:
            trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
            assert (await get(server.url, tls=trust)).body == b"secure"

    asyncio.run(check())


# --- addresses


def test_a_private_address_is_refused_unless_allowed():
    async def check():
        async with serving(answer()) as server:
            for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
                assert (await fault_at(url, AddressPolicy())).kind == "refused_address"
            assert server.heads == []
            assert (await get(server.url.replace("127.0.0.1", "localhost"))).status == 200

    asyncio.run(check())


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["::1"]])
def test_a_public_name_that_resolves_to_a_private_address_is_refused(found):
    async def check():
        async with serving(answer()) as server:
            url = f"http://gateway.example.com:{server.port}/"
            fault = await fault_at(url, AddressPolicy(), resolver=Naming(found))
            assert fault.kind == "refused_address"
            assert "private" in fault.sentence
            assert server.heads == []

    asyncio.run(check())


def test_a_name_that_resolves_to_metadata_is_refused_even_where_private_is_open():
    fault = asyncio.run(fault_at("http://gateway.example.com/", resolver=Naming(["169.254.169.254"])))
    assert fault.kind == "refused_address"


def test_a_name_that_turns_private_between_two_requests_is_refused_the_second_time():
    async def check():
        naming = Naming(["127.0.0.1"], ["169.254.169.254"])
        async with serving(answer()) as server:
            url = f"http://gateway.example.com:{server.port}/"
            assert (await get(url, resolver=naming)).status == 200
            assert (await fault_at(url, resolver=naming)).kind == "refused_address"

    asyncio.run(check())


def test_the_socket_itself_is_the_last_gate():
    """Even a wire whose URL check was passed by makes no socket to a refused address."""

    class Blind(AddressPolicy):
        def check_url(self, url: str) -> str:
            return url

    async def check():
        async with serving(answer()) as server:
            for url in (server.url, server.url.replace("127.0.0.1", "[::ffff:127.0.0.1]")):
                assert (await fault_at(url, Blind())).kind == "refused_address"
            assert server.heads == []

    asyncio.run(check())


@pytest.mark.parametrize(
    "url", ["gateway.example.com/v1", "ftp://example.com/", "https://u:p@example.com/", "http://0x7f.1/"]
)
def test_a_url_that_the_policy_refuses_is_a_refused_address(url):
    assert asyncio.run(fault_at(url)).kind == "refused_address"


# --- secrets


def secret() -> str:
    return "sk-" + secrets.token_hex(24)


@pytest.mark.parametrize("odd", ["\r\nX-Evil: 1", "\x00", "\x7f", "ключ", "\ud800"])
def test_a_key_that_no_header_can_carry_is_a_fault_without_the_key(odd):
    key = secret() + odd
    fault = asyncio.run(fault_at("http://127.0.0.1:9999/", send={"headers": {"Authorization": f"Bearer {key}"}}))
    assert fault.kind == "closed"
    assert key[3:20] not in repr(fault)


def test_no_fault_and_no_log_line_holds_a_key_or_a_query(caplog, tmp_path):
    key, query = secret(), secrets.token_hex(24)
    caplog.set_level(logging.DEBUG, "aiohttp"), caplog.set_level(logging.DEBUG, "asyncio")

    async def check():
        async with serving(b"nonsense") as broken, serving(answer(), tls=self_signed(tmp_path)) as untrusted:
            dead = f"http://127.0.0.1:{unused_port()}"
            for base in (dead, broken.url, untrusted.url, "https://gateway.invalid", "http://169.254.169.254"):
                sent = {"headers": {"Authorization": f"Bearer {key}"}, "params": {"key": query}}
                with pytest.raises(NetworkFault) as caught:
                    await get(f"{base}/user/quota?also={query}", send=sent)
                told = repr(caught.value) + "".join(traceback.format_exception(caught.value))
                assert key not in told
                assert query not in told

    asyncio.run(check())
    assert key not in caplog.text
    assert query not in caplog.text


def test_an_answer_does_not_show_its_body_or_headers():
    async def check():
        async with serving(answer("200 OK", b"access_token", "Set-Cookie: session=abc")) as server:
            shown = repr(await get(server.url))
            assert "access_token" not in shown
            assert "abc" not in shown

    asyncio.run(check())


def test_a_fault_survives_pickling():
    fault = pickle.loads(pickle.dumps(NetworkFault("dns")))
    assert (fault.kind, fault.sentence) == ("dns", NetworkFault("dns").sentence)


# --- many at once


def test_more_requests_than_turns_all_arrive_and_waiting_is_no_timeout():
    running = most = 0

    async def measured(_head, writer):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        writer.write(answer())
        await writer.drain()

    async def check():
        async with serving(measured) as server, Wire(LAN, concurrency=4, total_timeout=0.6) as wire:
            got = await asyncio.gather(*(wire.send("GET", server.url) for _ in range(60)))
        assert [each.status for each in got] == [200] * 60
        assert most == 4
        assert max(each.latency_ms for each in got) < 600

    asyncio.run(check())


def test_a_turn_comes_back_after_faults_and_cut_bodies():
    async def check():
        async with serving(flood) as big, serving(answer()) as good, Wire(LAN, concurrency=1) as wire:
            for _ in range(5):
                with pytest.raises(NetworkFault):
                    await wire.send("GET", big.url)
            assert (await wire.send("GET", good.url)).status == 200

    asyncio.run(check())


def test_a_wire_that_was_not_entered_says_so():
    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(Wire(LAN).send("GET", "http://127.0.0.1/"))
