"""A gateway in a process, for tests, the demo and tries. Stands apart: imports nothing else of `tokens`."""

from .limits import Limit, Limits
from .records import Account, Group, Model, Token
from .server import Simulator

__all__ = ["Account", "Group", "Limit", "Limits", "Model", "Simulator", "Token"]
