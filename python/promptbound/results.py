"""Answers of the bounds, one or many, and what they are shown as: tables, dictionaries, data frames, plots."""

import html
import json
from collections.abc import Sequence

from promptbound import _core
from promptbound.numbers import Interval, Magnitude, PowerTower

SHOWN_DIGITS = 10


class NotApplicable(_core.InputError):
    """An assumption of the bound does not hold for these inputs: there is no number."""


class Result:
    """One evaluation of one bound: a record of the catalogue.

    Outputs are attributes and items: `result.tokens`, `result["tokens"]`. Where the bound does not apply they raise
    NotApplicable, and where no precision decided, Undecided, with the reason.
    """

    __slots__ = ("_record",)

    def __init__(self, record):
        self._record = record

    @property
    def id(self):
        """Of the bound, such as "entropy-bits"."""
        return self._record.id

    @property
    def kind(self):
        """What a number claims: necessary, sufficient, exact, impossible, threshold or published."""
        return self._record.kind

    @property
    def theory(self):
        """The item of the theory."""
        return self._record.theory

    @property
    def source(self):
        """The paper, or "own"."""
        return self._record.source

    @property
    def applicable(self):
        """Do its assumptions hold for these inputs?"""
        return self._record.applicable

    @property
    def undecided(self):
        """Not applicable because no working precision decided."""
        return self._record.undecided

    @property
    def reason(self):
        """Why it is not applicable; empty where it is."""
        return self._record.reason

    @property
    def inputs(self):
        """The parameters with their values, defaults included."""
        return self._record.inputs()

    @property
    def defaults(self):
        """Names of the parameters that were not given."""
        return self._record.defaults()

    @property
    def outputs(self):
        """All outputs by name: int, Fraction, Interval, Magnitude, PowerTower, or a str that says why there is none."""
        return {name: self._record.output(name) for name in self._record.output_names()}

    @property
    def assumptions(self):
        """(status, text): status is "holds" (checked), "assumed" (you vouch for it) or "violated"."""
        return self._record.assumptions()

    @property
    def proof(self):
        """What proves the outputs, a line each."""
        return self._record.proof()

    @property
    def main(self):
        """Name of the output that answers the bound's question: "tokens" where there is one."""
        names = self._record.output_names()
        return "tokens" if "tokens" in names or not names else names[0]

    @property
    def value(self):
        """The main output."""
        return self[self.main]

    def __getitem__(self, name):
        value = self._record.output(name)
        if value is not None:
            return value
        if self._record.undecided:
            raise _core.Undecided(f"{self.id}: {self.reason}")
        if not self._record.applicable:
            raise NotApplicable(f"{self.id}: not applicable: {self.reason}")
        raise KeyError(f"{self.id} has no output '{name}' (accepted: {', '.join(self._record.output_names())})")

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __dir__(self):
        return [*super().__dir__(), *self._record.output_names()]

    def __repr__(self):
        if not self.applicable:
            return f"<{self.id}: {'undecided' if self.undecided else 'not applicable'}: {self.reason}>"
        return f"<{self.id} ({self.kind}): {', '.join(f'{name} = {shown(self, name)}' for name in self._record.output_names())}>"

    def __str__(self):
        inputs = ", ".join(f"{name} = {value}" for name, value in self.inputs.items())
        lines = [f"{self.id} ({self.kind}, theory {self.theory}) at {inputs}"]
        if self.applicable:
            lines += [f"  {name} = {shown(self, name)}" for name in self._record.output_names()]
        else:
            lines.append(f"  {'undecided' if self.undecided else 'not applicable'}: {self.reason}")
        lines += [f"  [{status}] {text}" for status, text in self.assumptions]
        return "\n".join(lines + [f"  {line}" for line in self.proof])

    def _repr_html_(self):
        return Results([self])._repr_html_()

    def to_dict(self, digits=40):
        """The JSON object of `promptbound eval --format json`; numbers are texts of `digits` digits."""
        return json.loads(self._record.json(digits))

    def to_pandas(self):
        """Results.to_pandas of all outputs of this one."""
        return Results([self]).to_pandas("all")

    def to_latex(self, digits=6):
        """Results.to_latex of all outputs of this one."""
        return Results([self]).to_latex("all", digits)


class Results(Sequence):
    """Results in order: of a sweep, or of all bounds at one point."""

    def __init__(self, results):
        self._results = list(results)

    def __len__(self):
        return len(self._results)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Results(self._results[index])
        return self._results[index]

    def values(self, output=None):
        """The output of every result, by default the main one; None where it is not applicable or undecided."""
        return [result._record.output(output or result.main) for result in self]

    def varying(self):
        """Names of the parameters that were given with more than one value."""
        rows = [{name: value for name, value in result.inputs.items() if name not in result.defaults} for result in self]
        names = dict.fromkeys(name for row in rows for name in row)
        return [name for name in names if len({row.get(name) for row in rows}) > 1]

    def to_dict(self, digits=40):
        """A list of Result.to_dict."""
        return [result.to_dict(digits) for result in self]

    def rows(self, output=None):
        """Dictionaries, one an output of a result: see to_pandas."""
        names = list(dict.fromkeys(name for result in self for name in result.inputs))
        rows = []
        for result in self:
            inputs = result.inputs
            outputs = result._record.output_names() if output == "all" else [output or result.main]
            for name in outputs or [result.main]:
                ends = result._record.ends(name) or (None, None, None)
                rows.append({"bound": result.id, "kind": result.kind, **{key: inputs.get(key) for key in names}, "output": name,
                             "value": result._record.output(name), "lower": ends[0], "upper": ends[1], "log10": ends[2]})
        return rows

    def to_pandas(self, output=None):
        """A tidy pandas.DataFrame: a row a result and output, a column a parameter.

        output: the name of one; "all"; by default each result's main one. `value` holds the exact number or its
        enclosure (None where the bound does not apply), `lower` and `upper` binary64 ends rounded outward, `log10` the
        decimal logarithm, rounded.
        """
        import pandas

        rows = self.rows(output)
        # pandas would turn integers of any size, and those beside a None, into floats.
        types = {"value": object, "lower": float, "upper": float, "log10": float}
        return pandas.DataFrame({name: pandas.Series([row[name] for row in rows], dtype=types.get(name))
                                 for name in (rows[0] if rows else types)})

    def _table(self, output, digits):
        """Headings and rows of texts."""
        columns = self.varying()
        several = len({result.id for result in self}) > 1
        headings = (["bound", "kind"] if several else []) + columns + ["output", "value"]
        rows = []
        for result in self:
            inputs = result.inputs
            names = (result._record.output_names() if output == "all" else [output or result.main]) or [result.main]
            for name in names:
                head = ([result.id, result.kind] if several else []) + [str(inputs.get(key, "")) for key in columns]
                rows.append(head + [name, shown(result, name, digits)])
        return headings, rows

    def __str__(self):
        headings, rows = self._table(None, SHOWN_DIGITS)
        widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [headings, *rows])

    def __repr__(self):
        return f"<{len(self)} results of {', '.join(dict.fromkeys(result.id for result in self))}>"

    def _repr_html_(self):
        headings, rows = self._table("all" if len(self) == 1 or len(self.varying()) == 0 else None, SHOWN_DIGITS)
        most = 200
        cells = lambda tag, row: "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
        body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows[:most])
        more = f"<p>and {len(rows) - most} rows more</p>" if len(rows) > most else ""
        return f"<table><thead><tr>{cells('th', headings)}</tr></thead><tbody>{body}</tbody></table>{more}"

    def to_latex(self, output=None, digits=6):
        """A booktabs table; enclosures are printed as [lower, upper], rounded outward to `digits` digits."""
        headings, rows = self._table(output, digits)
        line = lambda row: " & ".join(_latex(cell) for cell in row) + r" \\"
        return "\n".join([rf"\begin{{tabular}}{{{'l' * len(headings)}}}", r"\toprule", line(headings), r"\midrule",
                          *map(line, rows), r"\bottomrule", r"\end{tabular}"])

    def plot(self, x=None, output=None, ax=None, **options):
        """Draws the output over the parameter x, a line for each combination of the other parameters.

        x: by default the varying parameter with most values. Enclosures are drawn as bands, and where values spread
        over more than two powers of ten, or are too large for binary64, their log10 is drawn. ax: matplotlib axes; by
        default new ones. options go to matplotlib's plot. Returns the axes.
        """
        import matplotlib.pyplot as pyplot

        varying = self.varying()
        if x is None:
            if not varying:
                raise _core.InputError("plot: no parameter varies (accepted: a sweep, or x=)")
            inputs = [result.inputs for result in self]
            x = max(varying, key=lambda name: len({row.get(name) for row in inputs}))
        others = [name for name in varying if name != x]
        rows = [row for row in self.rows(output) if row["lower"] is not None]
        logarithms = [row["log10"] for row in rows if row["log10"] is not None]
        in_powers = bool(logarithms) and len(logarithms) == len(rows) and max(logarithms) - min(logarithms) > 2
        lines = {}
        for row in rows:
            lines.setdefault(tuple(row[name] for name in others), []).append(row)
        ax = ax or pyplot.subplots()[1]
        for key, line in lines.items():
            line.sort(key=lambda row: row[x])
            places = [float(row[x]) for row in line]
            label = ", ".join(f"{name} = {value}" for name, value in zip(others, key))
            middle = [row["log10"] if in_powers else (row["lower"] + row["upper"]) / 2 for row in line]
            drawn = ax.plot(places, middle, **{"label": label, "marker": "o", "markersize": 3, **options})
            if not in_powers:
                ax.fill_between(places, [row["lower"] for row in line], [row["upper"] for row in line],
                                color=drawn[0].get_color(), alpha=0.2)
        name = output or (self[0].main if len(self) else "value")
        ax.set_xlabel(x)
        ax.set_ylabel(f"log10 {name}" if in_powers else name)
        if others and lines:
            ax.legend()
        return ax


def shown(result, name, digits=SHOWN_DIGITS):
    """The output as a person reads it: an enclosure rounded outward."""
    value = result._record.output(name)
    if value is None:
        return "undecided" if result.undecided else "not applicable" if not result.applicable else ""
    if isinstance(value, Interval):
        return format(value, f".{digits}")
    if isinstance(value, Magnitude):
        return f"10^{value.log10:.{digits}}"
    if isinstance(value, int) and abs(value) >= 10**24:
        lower, upper = result._record.texts(name, digits)
        return str(value) if len(lower) <= 40 else f"about 10^{result._record.ends(name)[2]:.{digits}g}"
    return str(value)


def _latex(text):
    for character, replacement in (("\\", r"\textbackslash{}"), ("_", r"\_"), ("^", r"\^{}"), ("%", r"\%"), ("&", r"\&"), ("#", r"\#")):
        text = text.replace(character, replacement)
    return text


class End:
    """One end of a bracket, or a bound that stands beside it.

    tokens: int, Magnitude or str; width: entries of one token; models: which ones it is about, in words; result: the
    Result that it comes from.
    """

    __slots__ = ("tokens", "width", "models", "result")

    def __init__(self, tokens, width, models, record):
        self.tokens, self.width, self.models, self.result = tokens, width, models, Result(record)

    def __repr__(self):
        return f"<{self.tokens} tokens of {self.width} entries: {self.models}>"


def _end(parts):
    return None if parts is None else End(*parts)


class Bracket:
    """necessary <= least prompt length <= sufficient; each end is an End, or None where there is none."""

    def __init__(self, parts):
        self._parts = parts

    @property
    def models(self):
        """The models that both ends of the bracket speak of."""
        return self._parts["models"]

    @property
    def necessary(self):
        """The lower end: no prompt of fewer tokens does it."""
        return _end(self._parts["necessary"])

    @property
    def necessary_at_equal_width(self):
        """The lower end for tokens as wide as those of the upper end."""
        return _end(self._parts["necessary_at_equal_width"])

    @property
    def sufficient(self):
        """The upper end: so many tokens suffice, for one fixed transformer."""
        return _end(self._parts["sufficient"])

    @property
    def no_necessary(self):
        """Why there is no lower end; None where there is one."""
        return self._parts["no_necessary"]

    @property
    def no_sufficient(self):
        """Why there is no upper end; None where there is one."""
        return self._parts["no_sufficient"]

    @property
    def bits(self):
        """Both ends in bits of a whole prompt, (necessary, sufficient); None where an end is missing."""
        return self._parts["bits"]

    @property
    def limit_factor(self):
        """What is left of the quotient of the two in the limit that theory 1.6 (2.8) names, for packed prompts; else None."""
        return self._parts["limit_factor"]

    @property
    def beside(self):
        """Bounds for other models."""
        return [_end(parts) for parts in self._parts["beside"]]


class Bounds(Results, Bracket):
    """Every bound that can be evaluated at one point, and the bracket that they make.

    A sequence of Result. Its ends are those of the bracket for functions where d, L and eps are given, else of the bracket
    for memory, which stands in `memory` too.
    """

    def __init__(self, overview):
        Results.__init__(self, (Result(record) for record in overview.records))
        Bracket.__init__(self, overview.bracket or overview.memory)
        self._overview = overview

    @property
    def memory(self):
        """The Bracket for prompts that reach every labelling of N inputs; None where N was not given."""
        return None if self._overview.memory is None else Bracket(self._overview.memory)

    def by_id(self, id):
        """The Result of the bound of that id; KeyError where it was not evaluated."""
        for result in self:
            if result.id == id:
                return result
        raise KeyError(f"{id} (evaluated: {', '.join(result.id for result in self)})")

    def __str__(self):
        return "\n".join(self._overview.lines())

    def __repr__(self):
        return f"<{self._overview.lines()[0]}>"

    def _repr_html_(self):
        first, *rest = (html.escape(line) for line in self._overview.lines())
        return f"<p><b>{first}</b></p><pre>{chr(10).join(rest).strip(chr(10))}</pre>{super()._repr_html_()}"
