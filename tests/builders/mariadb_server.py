"""A MariaDB server of our own: Debian's mariadb-server, in a temporary folder, on a socket, without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WITH_SBIN = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"


class NoMariaDB(Exception):
    """There is no server on this machine, or it does not start."""


@contextmanager
def running_mariadb() -> Iterator[str]:
    """Lend the URL of a fresh server; it ends with the block. NoMariaDB where there is none."""
    install, serve = (shutil.which(name, path=_WITH_SBIN) for name in ("mariadb-install-db", "mariadbd"))
    if install is None or serve is None:
        raise NoMariaDB("no MariaDB on this machine")
    owner = ["--user=root"] if os.getuid() == 0 else []
    # a short path: a socket's may not exceed 107 bytes
    with tempfile.TemporaryDirectory(prefix="okr-my-", ignore_cleanup_errors=True) as folder:
        data, socket = f"--datadir={folder}/data", f"{folder}/s"
        made = ["--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([install, *made, *owner], check=True, stdout=subprocess.DEVNULL)
        runs = ["--no-defaults", data, f"--socket={socket}", "--skip-networking", f"--pid-file={folder}/pid"]
        sizes = ["--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0"]
        with Path(folder, "log").open("wb") as log:
            server = subprocess.Popen([serve, *runs, *sizes, *owner], stdout=log, stderr=log)
        try:
            _wait_for(server, Path(socket), Path(folder, "log"))
            yield f"mysql+pymysql://root@/?unix_socket={socket}"
        finally:
            server.terminate()
            server.wait(60)


def _wait_for(server: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    until = time.monotonic() + 60
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > until:
            raise NoMariaDB(f"MariaDB does not start: {log.read_text()[-2000:]}")
        time.sleep(0.05)
