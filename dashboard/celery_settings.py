"""Celery's settings: the fixed ticks, and a broker that is only a wake-up (the truth is leases in the database)."""

from pathlib import Path
from typing import Any

from dashboard.env import Env

# task, seconds between two ticks. Each message expires before the next one is made, so a stopped worker finds no pile.
TICKS = (
    ("tokens.tasks.dispatch_checks", 5),
    ("tokens.tasks.dispatch_accounts", 10),
    ("tokens.tasks.deliver_due", 5),
    ("tokens.tasks.alert_due", 5),
    ("tokens.tasks.knock_gateways", 5),
    ("tokens.tasks.beat_pulse", 10),
    ("tokens.tasks.tidy", 3600),
)


def schedule() -> dict[str, dict[str, Any]]:
    return {
        task.rpartition(".")[2]: {"task": task, "schedule": float(period), "options": {"expires": period - 1}}
        for task, period in TICKS
    }


def celery_settings(env: Env, data_dir: Path) -> dict[str, Any]:
    """What dashboard/celery.py configures the app with."""
    return {
        **broker(env.celery_broker_url, data_dir),
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_default_queue": "keyward",
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_soft_time_limit": 240,
        "task_time_limit": 300,
        "worker_concurrency": env.workers,
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 3,  # seconds for a batch to finish; the leases give the rest back
        "worker_max_tasks_per_child": 2000,
        "worker_max_memory_per_child": 400_000,  # kilobytes
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "beat_schedule": schedule(),
        "beat_schedule_filename": str(data_dir / "beat"),
        "broker_connection_retry_on_startup": True,
        "timezone": "UTC",
    }


def broker(url: str, data_dir: Path) -> dict[str, Any]:
    """Redis at `url`, or folders under the data folder."""
    if url:
        # A message taken by a lost worker comes back after the visibility timeout (seconds), past the hard limit.
        return {
            "broker_url": url,
            "broker_transport_options": {"visibility_timeout": 600, "global_keyprefix": "keyward:"},
        }
    queue, control = data_dir / "queue", data_dir / "queue-control"
    for made in (queue, control):
        made.mkdir(mode=0o700, exist_ok=True)
    folders = {"data_folder_in": str(queue), "data_folder_out": str(queue), "control_folder": str(control)}
    return {
        "broker_url": "filesystem://localhost/",
        "broker_transport": "dashboard.broker:Transport",
        "broker_transport_options": {**folders, "polling_interval": 0.02},  # seconds
    }
