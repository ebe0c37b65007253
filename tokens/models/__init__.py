from .alert import Channel, Notification, Rule
from .audit import AuditEvent, Installation
from .check import Bucket, Pulse, Streak
from .creation import Creation
from .gateway import Account, Gateway
from .incident import Change, Incident
from .person import User
from .token import Tag, Token
from .watched import Watched

__all__ = [
    "Account",
    "AuditEvent",
    "Bucket",
    "Change",
    "Channel",
    "Creation",
    "Gateway",
    "Incident",
    "Installation",
    "Notification",
    "Pulse",
    "Rule",
    "Streak",
    "Tag",
    "Token",
    "User",
    "Watched",
]
