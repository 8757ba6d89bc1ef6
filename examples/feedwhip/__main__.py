"""All of Feedwhip in a minute: ``python -m examples.feedwhip``, from the project's folder.

It starts a site whose pages change and a mail server that counts, both on this machine only, and walkers by ``blendtpl
walk``, which are replaced as they grow old; one of them is killed in the middle. Then it looks for every change in the
e-mails. It takes `pip install '.[build,email,metrics,walker]' matplotlib`, ends by itself, and leaves two files in
`build/`: the graph of what the walkers did, and the last e-mail.
"""

import argparse
import contextlib
import email
import email.policy
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import blendtpl
from blendtpl.metrics.graph import draw
from blendtpl.walker.launcher.status import pools_in
from examples.feedwhip.database import LEASE, Database
from examples.feedwhip.servers import Mailbox, Site, serving_mail, serving_pages

HERE = Path(__file__).parent
PEOPLE = [("Ada Lindqvist", "ada@example.org"), ("Bo Wei", "bo@example.org"), ("Carmen Díaz", "carmen@example.org")]
EVERY = 0.5  # seconds between two looks at a page
PATIENCE = 300.0  # seconds, for a machine that is busy


def show(seconds: float, walkers: int, out: Path) -> int:
    """Show all of it; return the exit status, which is 1 when an e-mail is missing."""
    with tempfile.TemporaryDirectory() as made:
        folder, site, mailbox = Path(made), Site(), Mailbox()
        bundle = blendtpl.compile(HERE / "templates", cache=False)
        bundle.write(folder / "feedwhip.blend")
        print(f"{len(bundle.manifest.templates)} templates are compiled into one bundle: {len(bundle.data):,} bytes.")
        with serving_pages(site) as address, serving_mail(mailbox) as port:
            database = Database(folder / "feedwhip.db")
            pages = [(title, address + path) for path, title in site.titles().items()]
            database.create(PEOPLE, pages, EVERY)
            print(f"{len(pages)} pages are watched for {len(PEOPLE)} people, in SQLite.")
            with walking(folder, walkers, seconds / 4, port) as launcher:
                wait_for(lambda: None not in database.seen().values(), launcher, "a first look at all pages")
                go_round(site, database, mailbox, folder, seconds)
                now = {address + path: site.text(path) for path in site.titles()}
                last = f"the last e-mails, {LEASE:.0f} s after a kill"
                wait_for(lambda: database.seen() == now and not database.waiting(), launcher, last)
            status = tell(site, database, mailbox)
            database.close()
        save(folder, out, mailbox)
    return status


@contextmanager
def walking(folder: Path, walkers: int, age: float, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the walkers until they are not needed; then they end as they are asked to."""
    command = [sys.executable, "-m", "blendtpl", "walk", "examples.feedwhip.walker:walk", "--plain"]
    command += ["--bundle", str(folder / "feedwhip.blend"), "--workers", str(walkers), "--max-age", f"{age:.3f}s"]
    command += ["--record", str(folder / "recording"), "--run", str(folder / "run")]
    print(f"$ blendtpl {' '.join(command[3:6]).replace(' --plain', '')} --workers {walkers} --max-age {age:.0f}s …\n")
    given = {"FEEDWHIP_DATABASE": str(folder / "feedwhip.db"), "FEEDWHIP_SMTP": str(port)}
    log = folder / "walkers.log"
    with open(log, "wb") as written:
        launcher = subprocess.Popen(command, cwd=HERE.parents[1], env={**os.environ, **given}, stderr=written)  # noqa: S603
    try:
        wait_for(lambda: "walkers" in status(folder), launcher, "the walkers")
        yield launcher
    finally:
        launcher.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            launcher.wait(PATIENCE)
        launcher.kill()
        if launcher.wait():
            print("The walkers said:")
            print(log.read_text(encoding="utf-8", errors="replace"))


def go_round(site: Site, database: Database, mailbox: Mailbox, folder: Path, seconds: float) -> None:
    """Change pages for that long, kill a walker halfway, and print how things are."""
    begun, printed, killed = time.monotonic(), 0, 0
    while (now := time.monotonic() - begun) < seconds:
        site.change()
        if not killed and now > seconds / 2:
            killed = kill_one(folder)
        if now >= printed * seconds / 8:
            printed += 1
            print(line(now, site, database, mailbox, status(folder)), flush=True)
        time.sleep(0.1)


def kill_one(folder: Path) -> int:
    """Kill a walker as the kernel does when memory is short; return its process id, 0 when there is none just now."""
    for walker in status(folder).get("walkers", ()):
        with contextlib.suppress(OSError):
            os.kill(walker["pid"], signal.SIGKILL)
            print(f"        kill -9 {walker['pid']}: a walker is gone in the middle of whatever it did")
            return int(walker["pid"])
    return 0


def tell(site: Site, database: Database, mailbox: Mailbox) -> int:
    """Compare what is due with what came, and print that."""
    due = database.message_ids()
    lost = [each for each in due if each not in mailbox.arrived]
    twice = sum(count - 1 for count in mailbox.arrived.values())
    print(f"\n{site.changes} changes were made, {len(due)} differences seen and written down, each with its e-mail.")
    print(
        f"{len(mailbox.arrived)} e-mails came; {len(lost)} are missing; {twice} came twice, under one Message-ID each."
    )
    print("One that a walker was sending when it was killed may come twice; no other can.\n")
    found = email.message_from_bytes(mailbox.last, policy=email.policy.default)
    body = found.get_body(("plain",))
    print(f"The last one:\n\n  | To: {found['To']}\n  | Subject: {found['Subject']}\n  |")
    for each in str(body.get_content() if body else "").splitlines():
        print(f"  | {each}".rstrip())
    return 1 if lost else 0


def save(folder: Path, out: Path, mailbox: Mailbox) -> None:
    """Draw the graph, and keep the last e-mail."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "feedwhip-alert.eml").write_bytes(mailbox.last)
    print(f"\nTo look at:\n  {out / 'feedwhip-alert.eml'}: that e-mail, for a mail reader")
    try:
        print(f"  {draw(folder / 'recording', out / 'feedwhip.svg')}: what the walkers did, above the memory it took")
    except blendtpl.BlendError as error:
        shutil.copy(folder / "recording", out / "feedwhip.recording")
        print(f"  {out / 'feedwhip.recording'}: what would be the graph ({error})")


def status(folder: Path) -> dict[str, Any]:
    """Return what the walkers are like, as ``blendtpl walk --status`` shows it; nothing while there are none."""
    return next(iter(pools_in(folder / "run")), {}) if (folder / "run").exists() else {}


def line(now: float, site: Site, database: Database, mailbox: Mailbox, pool: dict[str, Any]) -> str:
    """Return how things are."""
    ages = [walker["age"] for walker in pool.get("walkers", ())] or [0.0]
    rotated = sum(pool.get("rotations", {}).values())
    done = f"{site.changes:4} changes, {sum(mailbox.arrived.values()):4} e-mails, {database.waiting():3} waiting"
    return f"{now:4.0f} s {done}; {pool.get('ready', 0)} walkers ready, oldest {max(ages):.0f} s, {rotated} replaced"


def wait_for(what: Callable[[], object], launcher: "subprocess.Popen[bytes]", said: str) -> None:
    """Wait until something is so, as long as there are walkers."""
    until = time.monotonic() + PATIENCE
    while not what():
        if launcher.poll() is not None:
            raise SystemExit(f"there are no walkers any more: `blendtpl walk` has ended with {launcher.returncode}")
        if time.monotonic() > until:
            raise SystemExit(f"waited {PATIENCE:.0f} s in vain for {said}")
        time.sleep(0.05)


def main() -> int:
    """Read the command line and show all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40, help="how long pages change")
    parser.add_argument("--walkers", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("build"), help="where the graph goes")
    given = parser.parse_args()
    return show(given.seconds, given.walkers, given.out)


if __name__ == "__main__":
    sys.exit(main())
