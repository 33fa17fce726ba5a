"""Clusters of processes of this machine, and what is done to them."""
import contextlib
import os
import subprocess
import sys
import threading
import time

import distributed


def cluster(workers, **options):
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, **options)


@contextlib.contextmanager
def without_nannies():
    """Two workers that nobody starts again, and their scheduler."""
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as machines:
        start = [sys.executable, "-m", "distributed.cli.dask_worker", machines.scheduler_address, "--no-nanny", "--nthreads", "1",
                 "--no-dashboard"]
        processes = [subprocess.Popen(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            with distributed.Client(machines) as client:
                client.wait_for_workers(2, timeout=30)
            yield machines
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _kill_at_second_task(client):
    """Kills a worker that has begun its second task, so finished its first."""
    begun = lambda dask_scheduler: [event["worker"] for topic, events in list(dask_scheduler.events.items())
                                    if str(topic).startswith("promptbound-") for _, event in list(events)]
    processes = client.run(lambda: __import__("os").getpid())
    deadline = time.monotonic() + 25
    while time.monotonic() < deadline:
        twice = [worker for worker in processes if client.run_on_scheduler(begun).count(worker) >= 2]
        if twice:
            subprocess.run(["kill", "-KILL", str(processes[twice[0]])], check=True)
            return
        time.sleep(0.01)


@contextlib.contextmanager
def with_a_worker_killed(client):
    """Kills a worker while it is at its second task, or a later one, of what runs within."""
    killer = threading.Thread(target=_kill_at_second_task, args=(client,))
    killer.start()
    try:
        yield
    finally:
        killer.join()


DRIVER = """
import sys
import distributed, promptbound as pb, promptbound.distributed
if __name__ == "__main__":
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as machines:
        with distributed.Client(machines) as client:
            {call}
"""


def kill_driver_and_scheduler(script, call, is_time):
    """Runs the call in a process with a cluster of its own, and kills all of it as soon as is_time()."""
    script.write_text(DRIVER.format(call=call))
    driver = subprocess.Popen([sys.executable, script], start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not is_time() and time.monotonic() < deadline:
            assert driver.poll() is None, "the work ended before it was killed"
            time.sleep(0.02)
    finally:
        subprocess.run(["kill", "-KILL", "--", f"-{driver.pid}"], check=True)
        driver.wait()
    script.unlink()


def run_cluster_command(machines, *arguments, scheduler=None):
    """promptbound-cluster on these machines."""
    return subprocess.run([sys.executable, "-m", "promptbound.cluster", "--scheduler", scheduler or machines.scheduler_address,
                           *map(os.fspath, arguments)], capture_output=True, text=True)
