"""The guide to task queues: its files work, each with a Redis that is there for it."""

import email
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit import ROOT
from tests.blocks import blocks_of, run_shell
from tests.queues.support import HAS_REDIS, NO_REDIS, RedisServer, redis_server, surroundings, wait_for, worker

GUIDE = ROOT / "docs" / "queues.md"
BLOCKS = blocks_of(GUIDE)
FILES = {block.title: block.text for block in BLOCKS if block.title}

pytestmark = pytest.mark.skipif(not HAS_REDIS, reason=NO_REDIS)

# for each queue: what sends three jobs, the worker's command, and what its log says when it is there
SEND = {
    "celery": "from celery_app import alert\nfor number in range(3): alert.delay(number, 'Night train')",
    "rq": "import os, redis, rq\nqueue = rq.Queue('alerts', connection=redis.Redis.from_url(os.environ['REDIS_URL']))\n"
    "for number in range(3): queue.enqueue('rq_jobs.alert', number, 'Night train')",
    "dramatiq": "from dramatiq_app import alert\nfor number in range(3): alert.send(number, 'Night train')",
    "arq": "import asyncio, arq\nfrom arq_app import WorkerSettings\n"
    "async def main():\n"
    "    pool = await arq.create_pool(WorkerSettings.redis_settings)\n"
    "    for number in range(3): await pool.enqueue_job('alert', number, 'Night train')\n"
    "    await pool.aclose()\n"
    "asyncio.run(main())",
}
WORK = {
    "celery": ["-m", "celery", "-A", "celery_app", "worker", "--concurrency", "1"],
    "rq": ["rq_worker.py", "--burst"],
    "dramatiq": ["-m", "dramatiq", "dramatiq_app", "--processes", "1", "--threads", "2"],
    "arq": ["-m", "arq", "arq_app.WorkerSettings", "--burst"],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the guide, and what its commands make."""
    folder = tmp_path_factory.mktemp("guide")
    for title, text in FILES.items():
        (folder / title).parent.mkdir(parents=True, exist_ok=True)
        (folder / title).write_text(text, encoding="utf-8")
    (command,) = [block.text for block in BLOCKS if block.language == "sh"]
    run_shell(command, folder, BLENDTPL_CACHE_DIR=str(folder / "cache"))
    return folder


def test_all_blocks_are_files_or_the_command_that_is_run() -> None:
    assert [block.language for block in BLOCKS if not block.title] == ["sh"]
    assert {name.partition("_")[0] for name in FILES if name.endswith(".py")} == SEND.keys() == WORK.keys()


def written(outbox: Path) -> int:
    return sum(each.stat().st_size > 0 for each in outbox.glob("*.eml"))


# that of RQ for all of them: starting a worker takes a second or two
SLOW = [pytest.param(queue, marks=pytest.mark.slow) for queue in SEND if queue != "rq"]


@pytest.mark.parametrize("queue", ["rq", *SLOW])
def test_a_recipe_works_with_redis(queue: str, application: Path, server: RedisServer) -> None:
    outbox = application / "outbox"
    for each in outbox.iterdir():
        each.unlink()
    environment = {
        "REDIS_URL": server.url,
        "CELERY_BROKER_URL": server.url,
        "PYTHONPATH": os.pathsep.join(map(str, (application, ROOT))),
    }
    sent = [sys.executable, "-W", "ignore", "-c", SEND[queue]]
    subprocess.run(sent, cwd=application, env=surroundings(environment), check=True)
    with worker(WORK[queue], application / f"{queue}.log", "", environment, folder=application):
        wait_for(lambda: written(outbox) == 3, f"no e-mails: see {application / queue}.log")
        assert "Traceback" not in (application / f"{queue}.log").read_text(encoding="utf-8")
    found = email.message_from_bytes((outbox / "2.eml").read_bytes())
    assert (found["To"], found["Subject"]) == ("user2@example.org", "Night train changed")
    assert re.search("Dear User 2,", str(found.get_payload()))
