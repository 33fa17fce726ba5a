"""Items of the theory against their pages."""
import re

import pytest

import promptbound as pb


def headings(root):
    pages = sorted((root / "docs/theory").glob("[0-9]-*.md"))
    return [(number, ids.split(", "), page) for page in pages
            for number, ids in re.findall(r"^### (\d\.\d+) (.+)$", page.read_text(), re.M)]


def test_every_item_is_at_hand_by_number_and_id(root):
    found = headings(root)
    assert len(found) >= 26
    for number, ids, page in found:
        item = pb.theory(number)
        assert (item.number, list(item.ids), item.page) == (number, ids, f"docs/theory/{page.name}")
        assert str(item).startswith(f"{number} {', '.join(ids)}\n\nKind. ")
        assert item._repr_markdown_().startswith(f"### {number} ") and "**Proof" in item.markdown
        # An id that two items have leads to the first of them.
        assert ids[0] in pb.theory(ids[0]).ids and pb.theory(ids[0]).number <= number


def test_the_item_of_a_result():
    result = pb.evaluate("entropy-bits", d=2, L=2, eps="1/10")
    item = pb.theory(result.theory)
    assert r"m \ge \left\lceil \frac{s (k+1)^n}{b w} \right\rceil" in item.text
    assert repr(item) == "<theory 1.2: entropy-bits, entropy-simplex>"
    assert "Kinds of claim" in pb.theory(0).text


@pytest.mark.parametrize("name, message", [("1.9", "accepted: 1.1 to 1.6"), ("concatenatoin", "did you mean concatenation?"), ("", "did you mean")])
def test_what_is_no_item_is_refused(name, message):
    with pytest.raises(pb.InputError, match=re.escape(message)):
        pb.theory(name)
