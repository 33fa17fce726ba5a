"""A sweep over d and eps as a data frame and as a figure, sweep.png."""
import matplotlib

matplotlib.use("Agg")
import promptbound as pb

table = pb.sweep("lookup-upper", d=range(1, 7), L=2, eps=["1/10", "1/100"], alpha="inf")
print(table.to_pandas()[["d", "eps", "value", "log10"]])
table.plot().figure.savefig("sweep.png")
