"""A Spark cluster on this machine: a master, two workers and a Spark Connect server, as processes.

SPARK_HOME says where Spark is; without it, the package `pyspark` of this environment has it. The
client is the package `pyspark` or `pyspark-client`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

WORKERS = 2
JAVA = "-XX:+UseSerialGC"  # with two cores, parallel collectors cost more than they save
# Small data: fewer tasks, and no process that outlives its use
CONF = {
    "spark.driver.extraJavaOptions": JAVA,
    "spark.executor.extraJavaOptions": JAVA,
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.ui.explainMode": "simple",  # otherwise, a tenth of the driver's work
    "spark.executor.memory": "1g",
    "spark.executor.cores": "1",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
}


def find_spark() -> Path | None:
    """Return the folder of a Spark distribution, or None."""
    if home := os.environ.get("SPARK_HOME"):
        return Path(home)
    found = importlib.util.find_spec("pyspark")
    folder = Path(found.origin).parent if found and found.origin else None
    return folder if folder and (folder / "jars").is_dir() else None


def why_not() -> str:
    """Return why no cluster can run here; empty if one can."""
    if importlib.util.find_spec("pyspark") is None:
        return "the client is missing: pip install 'rollcall[spark]'"
    if find_spark() is None:
        return "Spark is missing: set SPARK_HOME, or pip install pyspark"
    return "" if shutil.which("java") else "java is missing"


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SparkCluster:
    """The processes of a cluster. `url` is the setting TRANSFORM__ON."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, find_spark()
        self.master, self.connect = find_free_port(), find_free_port()
        self.url = f"sc://127.0.0.1:{self.connect}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> SparkCluster:
        try:
            self._start(
                "master",
                *("org.apache.spark.deploy.master.Master", "--host", "127.0.0.1"),
                *("--port", str(self.master), "--webui-port", "0"),
            )
            _wait_for(self.master, self.processes["master"])
            for number in range(WORKERS):
                self.start_worker(number)
            self.start_driver()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed([*self.processes]):
            self.kill(name)

    def start_worker(self, number: int) -> None:
        self._start(
            f"worker{number}",
            *("org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1"),
            *("--cores", "1", "--memory", "1g", "--webui-port", "0"),
            *("--work-dir", str(self.folder / f"work{number}")),
            f"spark://127.0.0.1:{self.master}",
        )

    def start_driver(self) -> None:
        """Start the Connect server, which is also the driver, and wait until it answers."""
        conf = CONF | {
            "spark.connect.grpc.binding.port": str(self.connect),
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
        }
        self._start(
            "driver",
            *("org.apache.spark.deploy.SparkSubmit", "--master"),
            f"spark://127.0.0.1:{self.master}",
            *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
            *(word for name, value in conf.items() for word in ("--conf", f"{name}={value}")),
            "spark-internal",
        )
        _wait_for(self.connect, self.processes["driver"])

    def kill(self, name: str) -> None:
        """End a process and its children, such as a worker's executor, as a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _start(self, name: str, *arguments: str) -> None:
        environment = {
            "SPARK_HOME": str(self.home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_JAVA_OPTS": JAVA,
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(self.home / "bin" / "spark-class"), *arguments],
                env=os.environ | environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process listens on a port."""
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "a process of Spark has ended: see its log"
        time.sleep(0.2)
