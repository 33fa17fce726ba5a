"""The bracket for a paper's table: how many prompt tokens are necessary, how many suffice, over d and eps."""
import promptbound as pb

rows = []
for d in (1, 2, 3):
    for eps in ("1/10", "1/20"):
        found = pb.bounds(d=d, L=2, eps=eps, alpha="inf")
        lower, upper = found.necessary_at_equal_width, found.sufficient
        rows.append(f"{d} & {eps} & {lower.tokens} & {upper.tokens} & {upper.width} \\\\")

print(r"\begin{tabular}{rrrrr}", r"\toprule")
print(r"$d$ & $\varepsilon$ & necessary & sufficient & entries of a token \\", r"\midrule", sep="\n")
print(*rows, r"\bottomrule", r"\end{tabular}", sep="\n")
