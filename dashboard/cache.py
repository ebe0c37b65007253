"""The cache in Redis, which may be away: then each process remembers for itself. What is cached is never the truth."""

from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

PATIENCE = 1.0  # seconds for a connection and for an answer: a person may be waiting


class RedisOrMemory(RedisCache):
    """Redis, and this process's memory for as long as Redis does not answer. Rate limits go on counting there."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        self.memory = LocMemCache("without-redis", {**params, "OPTIONS": {}})
        super().__init__(server, params)


def _either(name: str) -> Callable[..., Any]:
    def ask(self: RedisOrMemory, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(RedisCache, name)(self, *args, **kwargs)
        except RedisError:
            return getattr(self.memory, name)(*args, **kwargs)

    return ask


for _name in "add get set touch delete get_many set_many delete_many has_key incr clear".split():
    setattr(RedisOrMemory, _name, _either(_name))
