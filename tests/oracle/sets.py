"""Parameter sets: log-uniform up to the allowed maxima, of moderate size, and on the exact boundaries of the formulas."""
from fractions import Fraction
from math import ceil, exp, log

MAX_DIMENSION, MAX_COUNT, MAX_BITS = 10**9, 10**18, 10**6

# (id, direction, norm, b, alpha); "" where the form has no such option.
FORMS = (
    [(id, solve, "", "", alpha) for id in ("quantized-capacity", "entropy-bits") for solve in ("", "eps")
     for alpha in ("finite", "inf")]
    + [("entropy-lipschitz", solve, norm, "", alpha) for solve in ("", "eps") for norm in ("euclidean", "max")
       for alpha in ("finite", "inf")]
    + [("lookup-upper", "", "", b, alpha) for b in ("", "b") for alpha in ("finite", "inf")]
    + [("lookup-upper", "eps", "", "", alpha) for alpha in ("finite", "inf")]
    + [("universality-size", "", "", "", alpha) for alpha in ("finite",)]
    + [("packed-upper", solve, "", "", alpha) for solve in ("", "eps") for alpha in ("finite", "inf")]
    + [("entropy-simplex", solve, "", "", "finite") for solve in ("", "eps")]
    + [("packed-memory", solve, "", "", "") for solve in ("", "N")]
    + [("memory-linear", solve, norm, "", "") for solve in ("", "m") for norm in ("euclidean", "max")]
    + [("memory-saturation", "", "", "", "")]
    + [(id, solve, "", "", "") for id in ("memory-bits", "accessible-length") for solve in ("", "m")]
    + [(id, "", "", "", "") for id in ("accessible-length-published", "context-separation", "efficiency-threshold")]
    + [("polynomial-degree", solve, "", "", "") for solve in ("", "S")]
)


def whole(rng, low, high):
    """Log-uniform whole number."""
    return min(high, int(exp(rng.uniform(log(low), log(high + 1)))))


def fraction(rng, low=-4, high=3):
    """A number as people write it: a fraction of small parts, or a few digits times a power of ten."""
    if rng.random() < 0.4:
        return Fraction(whole(rng, 1, 1000), whole(rng, 1, 1000))
    return Fraction(whole(rng, 1, 10 ** rng.randint(1, 8))) * Fraction(10) ** (round(rng.uniform(low, high)) - 4)


def factors(n, p):
    """How often p divides n > 0."""
    count, step, grows = 0, 1, True
    while step:
        if n % p**step == 0:
            n, count = n // p**step, count + step
            step = 2 * step if grows else step
        else:
            step, grows = step // 2, False
    return count


def text(value):
    """As an argument of the program: a decimal with an exponent where that is short."""
    if isinstance(value, str) or (isinstance(value, int) and value < 10**20):
        return str(value)
    value = Fraction(value)
    twos = factors(value.denominator, 2)
    fives = factors(value.denominator >> twos, 5)
    if 2**twos * 5**fives != value.denominator or max(value.numerator, value.denominator) < 10**9:
        return str(value)
    digits = value.numerator * 2 ** (max(twos, fives) - twos) * 5 ** (max(twos, fives) - fives)
    zeros = factors(digits, 10)
    digits, exponent = digits // 10**zeros, zeros - max(twos, fives)
    return f"{digits}e{exponent}" if exponent else str(digits)


def alpha_of(rng, kind):
    if kind == "inf":
        return None
    return rng.choice([Fraction(1), Fraction(2), Fraction(2), Fraction(3), 1 + Fraction(whole(rng, 1, 400), whole(rng, 1, 100)),
                       Fraction(whole(rng, 1, 10**6))])


def shape(rng, size):
    """d and L; size "moderate" keeps d L small enough for exact powers."""
    if size == "moderate":
        return whole(rng, 1, 8), whole(rng, 1, 8)
    if size == "long":
        return whole(rng, 1, 300), whole(rng, 1, 300)
    return whole(rng, 1, MAX_DIMENSION), whole(rng, 1, MAX_DIMENSION)


def draw(rng, form, index, small):
    """{option: text} of one set."""
    id, solve, norm, b, alpha_kind = form
    size = ("moderate", "moderate", "long", "largest")[index % 4]
    wide = index % 7 == 3
    low, high = (-40, 40) if wide else (-4, 3)
    if wide and index % 5 == 0:
        low, high = -300, 300

    extreme = not small and index in (17, 18)

    def real():
        if extreme and rng.random() < 0.5:
            zeros = 9_999 if id == "entropy-lipschitz" else 99_990  # room for a factor
            return Fraction(10) ** (zeros if index == 17 else -zeros)
        return fraction(rng, low, high)

    v = {}
    if id in ("quantized-capacity", "entropy-bits", "entropy-lipschitz", "entropy-simplex", "lookup-upper", "packed-upper",
              "universality-size"):
        d, L = shape(rng, size)
        alpha = Fraction(2) if id == "entropy-simplex" and index % 8 else alpha_of(rng, alpha_kind)
        tiny = index == 11 and not small and id != "packed-upper"
        if tiny and alpha is not None:
            alpha = Fraction(2)
        n = d * L
        if alpha is not None and alpha <= 3 and alpha.denominator == 1 and index % 3 == 0:
            # n^{1/alpha} is whole
            root = min(30_000, max(1, round(n ** (1 / alpha))))
            d, L = root, root ** (int(alpha) - 1)
            if L > MAX_DIMENSION:
                d, L = 4, 2 ** (int(alpha) - 1) if alpha != 2 else 4
            n = d * L
        C = Fraction(1) if rng.random() < 0.3 else fraction(rng, low, high) if wide else fraction(rng, -2, 2)
        eps = fraction(rng, min(low, -3), -1)
        if id.startswith("entropy") and rng.random() < 0.9:
            eps = min(1, C) * Fraction(1, 2) / (1 + fraction(rng, -2, -low))  # applicable
        if rng.random() < 0.2:
            eps = C / (2 * whole(rng, 1, 1000))  # C/(2 eps) is whole
        if rng.random() < 0.1 and alpha_kind == "finite" and alpha.denominator == 1 and alpha <= 3 and index % 3 == 0:
            eps = (C + (id == "universality-size")) * root / (2 * whole(rng, 1, 50))
        if tiny:
            eps = Fraction(1, 10**99999)
        v |= {"d": d, "L": L}
        if rng.random() < 0.9 or C != 1:
            v["C"] = C
        if alpha != 2 or rng.random() < 0.5:
            v["alpha"] = "inf" if alpha is None else alpha
        if not solve:
            v["eps"] = eps
        else:
            v["m"] = whole(rng, 1, MAX_COUNT if size != "moderate" or rng.random() < 0.5 else 1000)
            if rng.random() < 0.25 and n <= 59:
                k = whole(rng, 1, int(10 ** (18 / n)))
                v["m"] = min(MAX_COUNT, max(1, k**n * (L if id == "quantized-capacity" else 1) + rng.choice([0, 0, -1, 1])))
        if id == "packed-upper":
            if rng.random() < 0.7:
                v["b"] = whole(rng, 1, 4096 if size == "largest" and index % 8 == 3 and not small else 64)
            if rng.random() < 0.7:
                v["P"] = min(MAX_COUNT, whole(rng, 1, 100) * n)
        if id in ("entropy-bits", "entropy-simplex"):
            if rng.random() < 0.6:
                v["b"] = whole(rng, 1, MAX_BITS if size == "largest" else 64)
        if id in ("entropy-bits", "entropy-lipschitz", "entropy-simplex") and rng.random() < 0.6:
            v["w"] = whole(rng, 1, MAX_DIMENSION if size == "largest" else 1000)
        if id == "lookup-upper" and b:
            v["b"] = whole(rng, 1, MAX_BITS if size == "largest" and not small else 200)
            if rng.random() < 0.8 and not tiny:  # fine enough for eps
                fine = log(n) / float(alpha or 10**9) + log(eps.denominator) - log(eps.numerator)
                v["b"] = min(MAX_BITS, max(1, ceil(fine / log(2))) + whole(rng, 1, 20))
        if id == "entropy-lipschitz":
            v |= {"R": real(), "Lambda": real(), "norm": norm}
            if norm == "max" and not solve and eps < Fraction(1, 2) and rng.random() < 0.2:
                # R = j rho at k = 1
                gap = min(Fraction(1), C) - 2 * eps
                if gap > 0:
                    v["R"] = gap / (2 * v["Lambda"]) * whole(rng, 1, 8)
    elif id in ("memory-linear", "memory-saturation"):
        w = whole(rng, 1, MAX_DIMENSION if size == "largest" else 1000 if size == "long" else 12)
        m = whole(rng, 1, MAX_COUNT if size == "largest" else 10**6)
        Delta, R, Lambda = real(), real(), real()
        eps = Delta * Fraction(whole(rng, 1, 999), 2000) if rng.random() < 0.9 else real()
        if rng.random() < 0.1:
            eps = Delta / 2 - Delta / 10**30  # Delta close to 2 eps
        v |= {"w": w, "Delta": Delta, "eps": eps, "Lambda": Lambda, "R": R}
        gap = Delta - 2 * eps
        if id == "memory-linear":
            K = rng.choice([2, 4, 8, 9, 1000, whole(rng, 2, MAX_COUNT)])
            v["norm"] = norm
            v["N" if solve else "m"] = m
            if gap > 0 and rng.random() < 0.3:
                # 1 + R/rho is a power of a root of K
                base = {2: 2, 4: 2, 8: 2, 9: 3, 1000: 10}.get(K, K)
                v["R"] = gap / (2 * Lambda) * (base ** whole(rng, 1, 9) - 1)
            if K != 2 or rng.random() < 0.5:
                v["K"] = K
        else:
            v["m"] = m
            v["Lambda-W"] = real()
            if small:
                v["w"] = min(v["w"], 60)
            if gap > 0 and size == "moderate" and rng.random() < 0.7:
                # Covering numbers that are neither 1 nor astronomical.
                v["R"] = gap / Lambda * Fraction(whole(rng, 1, 10**4), 2000)
                v["Lambda-W"] = Lambda * Fraction(whole(rng, 1, 10**4), 2000)
            if rng.random() < 0.1:
                v["Lambda-W"] = v["Lambda"] / 2  # both covering numbers are equal
    elif id == "packed-memory":
        v = {"m" if solve else "N": whole(rng, 1, MAX_COUNT),
             "b": whole(rng, 1, MAX_BITS if index % 16 == 3 and not small else 64),
             "K": rng.choice([2, 3, 2 ** rng.randint(1, 59), 50257, whole(rng, 2, MAX_COUNT)])}
        if rng.random() < 0.7:
            v["P"] = whole(rng, 1, MAX_COUNT if size == "largest" else 1000)
        if rng.random() < 0.7:
            v["d"], v["L"] = shape(rng, size)
    elif id in ("memory-bits", "accessible-length"):
        symbol, many = ("K", "N") if id == "memory-bits" else ("v", "l")
        v = {many if solve else "m": whole(rng, 1, MAX_COUNT), "w": whole(rng, 1, MAX_DIMENSION),
             "b": whole(rng, 1, MAX_BITS)}
        v[symbol] = rng.choice([2, 16, 2 ** rng.randint(1, 59), 50257, whole(rng, 2, MAX_COUNT)])
        if rng.random() < 0.2:
            del v["b"]
        if size == "moderate":
            v["w"] = whole(rng, 1, 1000)
    elif id == "accessible-length-published":
        symbols = whole(rng, 2, MAX_COUNT)
        v = {"w": whole(rng, 1, MAX_DIMENSION), "v": symbols}
        if rng.random() < 0.7:
            v["ball-radius"] = real()
        if rng.random() < 0.7:
            v["told-apart"] = real()
            if rng.random() < 0.3:
                # 1 + 2r/eps is a power of v
                v["ball-radius"] = v["told-apart"] * (symbols ** rng.randint(1, 4) - 1) / 2
    elif id == "context-separation":
        r_min = real()
        v = {"T": whole(rng, 2, MAX_COUNT), "s": real(), "r-min": r_min,
             "r-max": r_min * (1 + Fraction(whole(rng, 1, 1000), 100)) if rng.random() < 0.9 else real(),
             "v": whole(rng, 2, MAX_COUNT), "d": whole(rng, 1, MAX_DIMENSION)}
    elif id == "polynomial-degree":
        eta = 1 / (1 + fraction(rng, -2, -min(low, -6))) if rng.random() < 0.95 else real()
        if solve:
            v = {"g": whole(rng, 1, 300 if small else 3000 if index % 10 else 100_000) - 1, "eta": eta}
        else:
            S = fraction(rng, -3, 1) if size == "moderate" else Fraction(whole(rng, 1, 300 if small or index % 8 else 100_000))
            v = {"S": S}
            if rng.random() < 0.5:
                v["eta"] = eta
            else:
                v["g"] = whole(rng, 1, 1000) - 1
            if rng.random() < 0.7:
                v["d"] = whole(rng, 1, MAX_DIMENSION if size == "largest" else 256)
                if rng.random() < 0.5:
                    v["d-v"] = whole(rng, 1, MAX_DIMENSION if size == "largest" else 256)
                if rng.random() < 0.7:
                    v["T"] = whole(rng, 2, MAX_COUNT)
                if rng.random() < 0.3:
                    v["exp-cost"] = whole(rng, 1, MAX_COUNT)
    elif id == "efficiency-threshold":
        v = {"B": fraction(rng, -3, 0) if size == "moderate" else Fraction(whole(rng, 100, 1700 if small or index % 8 else 31_622), 100),
             "T": whole(rng, 2, MAX_COUNT), "d": whole(rng, 1, MAX_DIMENSION if size == "largest" else 256)}
        if rng.random() < 0.7:
            v["eta"] = 1 / (1 + fraction(rng, -2, -min(low, -6))) if rng.random() < 0.95 else real()
        if rng.random() < 0.5:
            v["d-v"] = whole(rng, 1, MAX_DIMENSION)
        if rng.random() < 0.3:
            v["exp-cost"] = whole(rng, 1, MAX_COUNT)
    return {name: text(value) for name, value in v.items()}
