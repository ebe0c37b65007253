"""The whole gateway in trouble: what stands between it and the world breaks, whatever was asked."""

from __future__ import annotations

import asyncio

from aiohttp import web

from .answers import HTML, JSON, PAGE, Bare, Call, redirect

HUGE_CHUNK, HUGE_CHUNKS = b'"' + b"x" * 1_048_574 + b'"', 50  # 50 MB


async def troubled(call: Call) -> web.StreamResponse | None:
    """The answer of a gateway with a fault; None where it answers as ever."""
    fault = call.world.gateway_fault
    if fault == "down":
        return hang_up(call)
    if fault == "slow":
        await asyncio.sleep(call.world.slow_seconds)
        return None
    if fault == "huge":
        return await _huge(call)
    if fault == "overloaded":
        return _overloaded(call)
    return _broken(call, fault) if fault else None


def hang_up(call: Call) -> web.Response:
    """Closes the connection; the response goes nowhere."""
    if call.request.transport is not None:
        call.request.transport.close()
    return web.Response(status=444)


def _broken(call: Call, fault: str) -> web.Response:
    if fault.startswith("429"):
        waits = {"Retry-After": str(call.world.retry_after)} if fault == "429_retry_after" else {}
        return Bare(status=429, headers={**call.standard_headers(), **waits})
    if fault == "redirect":
        return redirect(call.request.method, f"https://console.example.com{call.request.path}")
    if fault == "html":
        return call.reply(PAGE.encode(), HTML)
    if fault == "empty":
        return Bare(status=200, headers=call.standard_headers())
    if fault == "bad_json":
        return call.reply(b'{"success":true,"data":[{"id":', JSON)
    if fault == "success_false":
        return call.refuse_raw("Simulated refusal, please try again later")
    error = {"message": "Panic detected, error: simulated", "type": "new_api_panic"}
    return call.json({"error": error}, status=500)


def _overloaded(call: Call) -> web.Response | None:
    """The overload guard stands before POST /v1/* only, and speaks before the key is looked at."""
    if call.request.method != "POST" or not call.request.path.startswith("/v1/"):
        return None
    error = {
        "message": call.say("overloaded"),
        "type": call.world.brand,
        "param": "",
        "code": "system_memory_overloaded",
    }
    return call.json({"error": error}, status=503)


async def _huge(call: Call) -> web.StreamResponse:
    response = web.StreamResponse(headers={**call.standard_headers(), "Content-Type": JSON})
    try:
        await response.prepare(call.request)
        await response.write(b'{"data":[')
        for place in range(HUGE_CHUNKS):
            await response.write(b"," * bool(place) + HUGE_CHUNK)
        await response.write(b"]}")
        await response.write_eof()
    except ConnectionError:  # who asked has had enough
        hang_up(call)
    return response
