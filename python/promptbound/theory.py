"""Items of the theory: statement and proof, as the program carries them."""

from promptbound import _core


class TheoryItem:
    """An item of the theory.

    number: "1.2"; ids: the names in its heading; page: the page of the documentation that holds it; markdown: its text with
    formulas in TeX, which a notebook sets; text: the same for a terminal.
    """

    __slots__ = ("number", "ids", "page", "markdown", "text")

    def __init__(self, number, ids, page, markdown, text):
        self.number, self.ids, self.page, self.markdown, self.text = number, ids, page, markdown, text

    def __str__(self):
        return self.text

    def __repr__(self):
        return f"<theory {self.number}: {', '.join(self.ids) or self.page}>"

    def _repr_markdown_(self):
        return self.markdown


def theory(item):
    """Returns an item of the theory with its proof: theory("1.2"), theory("entropy-bits").

    item: its number, as every Result has in `theory`, an id of its heading, or the number of a section, whose text before
    its items is meant (0: notation). Raises InputError for what is no item.
    """
    return TheoryItem(*_core.theory(str(item)))
