"""A target of one's own: a transformer with a prompt for it, proved on the whole cube, certificate checked."""
from fractions import Fraction

import promptbound as pb


def target(x):
    """A wave in both coordinates, and a bump: x[i][j] is coordinate i of token j."""
    wave = (1 + pb.sin(2 * x[0][0] + x[1][0])) / 2
    bump = pb.exp(-((x[0][0] - Fraction(1, 2)) ** 2) - x[1][0])
    return [[wave], [bump]]


eps = Fraction(1, 10)
model = pb.construct("lookup-transformer", d=2, L=1, C=2, eps=eps, alpha="inf", target=target).model
answer = pb.verify(model, target, eps)
print(answer)
print("the target as recorded:", answer.target)
print("certificate:", pb.check(answer.certificate()).verdict)
assert answer.proved

wrong = pb.verify(model, lambda x: [[(1 + pb.sin(2 * x[0][0])) / 2], [target(x)[1][0]]], eps)
print(wrong)
print("witness:", [[float(entry) for entry in token] for token in wrong.witness])
assert wrong.refuted
