"""The whole number at which a function with enclosures is largest, by branch and bound."""
from heapq import heappop, heappush

from mpmath import libmp, mp

from reals import precision

MOST_RANGES, MOST_BITS = 20_000, 10**7  # of one search, and of the numbers in it together
LONGEST = 2_000  # numbers of more bits are compared to RELATIVE bits only
RELATIVE = 260


class Best:
    """ks: the best whole numbers (several where they are equal as far as can be told), or None where the search was
    cut short; then the greatest value lies between value(found) and bound, an enclosure."""

    def __init__(self, ks, found, bound=None):
        self.ks, self.found, self.bound = ks, found, bound


def best_k(first, last, value, upper, certain):
    """The best whole number of [first, last].

    value(k): enclosure. upper(k1, k2): enclosure of an upper bound of value on k1..k2. certain(k1, k2): "last" where
    value is largest at k2, "first" where it is at k1, None where neither is known.
    """
    exact = last.bit_length() <= LONGEST
    bits = 3 * last.bit_length() + 128 if exact else 4 * RELATIVE
    with precision(bits):
        best, found, candidates, bounds, waiting = value(first), first, {first}, [], []

        def wait(k1, k2):
            above = upper(k1, k2)
            if (above < best) is not True:
                heappush(waiting, (mp.make_mpf(libmp.mpf_neg(above.hi)), k1, k2, above))

        wait(first, last)
        for _ in range(min(MOST_RANGES, MOST_BITS // bits)):
            if not waiting:
                break
            _, k1, k2, above = heappop(waiting)
            if (above < best) is True:
                break
            if not exact and (k2 - k1) << RELATIVE < k1:
                bounds.append(above)
                continue
            where = certain(k1, k2) if k2 > k1 else "first"
            if where or k2 == k1 + 1:
                for k in {"first": [k1], "last": [k2]}.get(where, [k1, k2]):
                    candidates.add(k)
                    at = value(k)
                    if (best < at) is True:
                        best, found = at, k
                continue
            middle = k1 << (k2.bit_length() - k1.bit_length()) // 2 if k2 > 4 * k1 else (k1 + k2) // 2
            wait(k1, middle)
            wait(middle + 1, k2)
        bounds += [above for *_, above in waiting if (above < best) is not True]
        if bounds:
            return Best(None, found, max(bounds, key=lambda bound: mp.make_mpf(bound.hi)))
    return Best(_largest(candidates, value, bits), found)


def _largest(candidates, value, bits):
    for _ in range(4):
        with precision(bits):
            values = {k: value(k) for k in candidates}
        top = max(values, key=lambda k: values[k].ends()[0])
        candidates = {k for k in candidates if (values[k] < values[top]) is not True}
        if len(candidates) == 1:
            break
        bits *= 4
    return candidates
