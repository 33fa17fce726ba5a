/// Items of the theory, as the pages of docs/theory have them. Their text is part of the program, so that it
/// is at hand wherever the program or the Python package is, and belongs to its version.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <promptbound/cli/render/table.hpp>

namespace promptbound {

/// An item, or the part of a page that stands before its items.
struct TheoryItem {
  std::string_view number;            ///< "1.2"; "1" before the items of section 1
  std::vector<std::string_view> ids;  ///< names that its heading gives it: "entropy-bits"
  std::string_view page;              ///< docs/theory/1-prompt-length.md
  std::string_view markdown;          ///< its text with its heading, formulas in TeX
};

/// Returns every item in the order of the pages; before those of a page, what stands before its first one.
[[nodiscard]] const std::vector<TheoryItem>& theory_items();

/// Returns the item of that number or id; null where there is none. Of several with one id, the first.
[[nodiscard]] const TheoryItem* find_theory_item(std::string_view name);

/// Throws InputError for what no item is called: says which numbers there are, or which of the ids is
/// nearest, those in `others` (of what else may be meant) included.
[[noreturn]] void refuse_unknown_item(const std::string& name, std::vector<std::string_view> others);

/// Returns the item's Markdown with links replaced by their text: they lead to other pages.
[[nodiscard]] std::string without_links(const TheoryItem& item);

/// Returns the item for a terminal: no marks of emphasis, links, headings and fences; displayed formulas and
/// commands are indented, formulas stay TeX.
[[nodiscard]] std::string plain_text(const TheoryItem& item);

/// Returns what `list N.M` writes: plain text, Markdown or JSON. Throws InputError for other formats.
[[nodiscard]] std::string item_document(const TheoryItem& item, Format format);

}  // namespace promptbound
