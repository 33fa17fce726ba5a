"""What calls from Python cost: a bound, a sweep beside the command's, attention beside the library's own time.

    PYTHONPATH=build/python python3 bench/python/calls.py [--program build/promptbound] [--threads 2]
"""
import argparse
import resource
import subprocess
import time

import numpy

import promptbound as pb


def best(call, repetitions):
    """The least wall-clock and processor seconds of a call."""
    walls, processors = [], []
    for _ in range(repetitions):
        wall, processor = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return min(walls), min(processors)


def bounds():
    count = 1000
    for id, parameters in (("entropy-bits", dict(d=2, L=2, eps="1/10")), ("lookup-upper", dict(d=2, L=2, eps="1/10")),
                           ("entropy-lipschitz", dict(d=2, L=2, eps="1/10", R=1, Lambda=2)), ("entropy-lipschitz", dict(d=2, L=2, eps="1/10", R=1, Lambda=2, norm="max")), ("memory-bits", dict(m=100, K=2, b=16, w=4)),
                           ("quantized-capacity", dict(d=2, L=2, eps="1/10")), ("quantized-capacity", dict(d=2, L=2, eps="1/10", alpha=3)),
                           ("universality-size", dict(d=2, L=2, eps="1/10"))):
        def loop():
            for _ in range(count):
                pb.evaluate(id, **parameters).value

        wall, processor = best(loop, 5)
        print(f"{id}, {parameters}: {wall / count * 1e6:.1f} us a call ({processor / count * 1e6:.1f} us of the processor)")


def sweep(program, threads):
    values = "1:100", "1:100"
    command = [program, "eval", "lookup-upper", "--d", values[0], "--L", values[1], "--eps", "1/10", "--threads", str(threads), "--format", "csv",
               "--quiet", "-o", "/dev/null"]

    def by_command():
        subprocess.run(command, check=True)

    wall, _ = best(by_command, 3)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    by_command()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    own_wall, own_processor = best(lambda: pb.sweep("lookup-upper", d=values[0], L=values[1], eps="1/10", threads=threads, progress=False), 3)
    print(f"sweep of 10,000 points on {threads} threads: {own_wall:.2f} s ({own_processor:.2f} s of the processor), "
          f"the command {wall:.2f} s ({processor:.2f} s)")


def attention():
    random = numpy.random.default_rng(0)
    for dtype in (numpy.float32, numpy.float64):
        q, k, v = (random.standard_normal((4096, 64)).astype(dtype) for _ in range(3))
        inside, outside = [], []
        for _ in range(7):
            start = time.perf_counter()
            result = pb.attention(q, k, v, scale="1/8", method="exact", rounding="prior")
            outside.append(time.perf_counter() - start)
            inside.append(result.seconds)
        ratio = min(o / i for o, i in zip(outside, inside))
        print(f"attention {numpy.dtype(dtype)}, n = 4096, d = 64: {min(outside) * 1e3:.1f} ms, of the kernel {min(inside) * 1e3:.1f} ms: {100 * (ratio - 1):.1f}% more")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--program", default="build/promptbound")
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
bounds()
sweep(options.program, options.threads)
attention()
