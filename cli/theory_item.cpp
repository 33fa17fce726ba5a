#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/cli/theory_item.hpp>
#include <promptbound/cli/theory_pages.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

constexpr std::string_view item_mark = "\n### ";

/// "1.2 entropy-bits" or "2.7 memory-bits, accessible-length" is the heading.
TheoryItem item_of(std::string_view markdown, std::string_view page) {
  const std::string_view line = markdown.substr(0, markdown.find('\n'));
  std::string_view heading = line.substr(line.find_first_not_of("# "));
  const auto blank = heading.find(' ');
  TheoryItem item{heading.substr(0, blank), {}, page, markdown};
  if (item.number.find('.') == std::string_view::npos) return item;  // a page's title is no id
  for (auto at = blank; at != std::string_view::npos;) {
    heading = heading.substr(heading.find_first_not_of(", ", at));
    at = heading.find(", ");
    item.ids.push_back(heading.substr(0, at));
  }
  return item;
}

std::string_view without_blank_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

void add_items(const TheoryPage& page, std::vector<TheoryItem>& items) {
  for (std::string_view rest = page.markdown; !rest.empty();) {
    const auto end = std::min(rest.find(item_mark), rest.size());
    items.push_back(item_of(without_blank_end(rest.substr(0, end)), page.name));
    rest = rest.substr(std::min(end + 1, rest.size()));
  }
}

/// Replaces `[text](target)` by `text`. No formula of the pages has `](`, and no text of a link has brackets.
std::string text_of_links(std::string_view line) {
  std::string result;
  while (true) {
    const auto middle = line.find("](");
    const auto open = line.rfind('[', middle);
    const auto close = line.find(')', middle);
    if (middle == std::string_view::npos || open == std::string_view::npos || close == std::string_view::npos)
      return result.append(line);
    result.append(line.substr(0, open)).append(line.substr(open + 1, middle - open - 1));
    line = line.substr(close + 1);
  }
}

/// Takes the asterisks away that stand outside code.
std::string without_emphasis(std::string_view line) {
  std::string result;
  bool is_code = false;
  for (const char c : line) {
    if (c == '`') is_code = !is_code;
    if (c != '*' || is_code) result += c;
  }
  return result;
}

/// Calls `take` with each line.
template <class Take>
void for_each_line(std::string_view text, Take take) {
  while (true) {
    const auto end = text.find('\n');
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text = text.substr(end + 1);
  }
}

bool is_number(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) != 0;
}

/// "1.1 to 1.5"; "0" where the section has no items.
std::string numbers_of_section(char section) {
  std::string first, last;
  for (const TheoryItem& item : theory_items()) {
    if (item.number.front() != section || item.number.size() == 1) continue;
    if (first.empty()) first = item.number;
    last = item.number;
  }
  return first.empty() ? std::string(1, section) : fmt::format("{} to {}", first, last);
}

}  // namespace

const std::vector<TheoryItem>& theory_items() {
  static const std::vector<TheoryItem> all = [] {
    std::vector<TheoryItem> items;
    for (const TheoryPage& page : theory_pages()) add_items(page, items);
    return items;
  }();
  return all;
}

const TheoryItem* find_theory_item(std::string_view name) {
  for (const TheoryItem& item : theory_items()) {
    if (item.number == name || std::find(item.ids.begin(), item.ids.end(), name) != item.ids.end())
      return &item;
  }
  return nullptr;
}

void refuse_unknown_item(const std::string& name, std::vector<std::string_view> others) {
  const std::string shown = name.substr(0, 60);
  if (is_number(name)) {
    std::string accepted;
    for (const TheoryItem& item : theory_items()) {
      if (item.number.size() > 1 ||
          (name.front() != item.number.front() && find_theory_item(name.substr(0, 1)) != nullptr))
        continue;
      accepted += (accepted.empty() ? "" : ", ") + numbers_of_section(item.number.front());
    }
    throw InputError(fmt::format("the theory has no item '{}' (accepted: {})", shown, accepted));
  }
  for (const TheoryItem& item : theory_items()) others.insert(others.end(), item.ids.begin(), item.ids.end());
  throw InputError(
      fmt::format("'{}' is no bound, construction, check or item of the theory: did you mean {}?", shown,
                  nearest(name, others)));
}

std::string without_links(const TheoryItem& item) {
  std::string text;
  for_each_line(item.markdown, [&](std::string_view line) { text += text_of_links(line) + "\n"; });
  return text;
}

std::string plain_text(const TheoryItem& item) {
  std::string text;
  bool is_code = false, is_formula = false;
  for_each_line(item.markdown, [&](std::string_view line) {
    if (line.starts_with("```")) {
      is_code = !is_code;
    } else if (line == "$$") {
      is_formula = !is_formula;
    } else if (is_code || is_formula) {
      text += fmt::format("    {}\n", line);
    } else {
      const auto begin = line.starts_with('#') ? line.find_first_not_of("# ") : 0;
      text += without_emphasis(text_of_links(line.substr(begin))) + "\n";
    }
  });
  return text;
}

std::string item_document(const TheoryItem& item, Format format) {
  switch (format) {
    case Format::text:
      return plain_text(item) + fmt::format("\n{} of the documentation\n", item.page);
    case Format::markdown:
      return without_links(item);
    case Format::json:
      return nlohmann::ordered_json{{"schema", json_schema},
                                    {"item", item.number},
                                    {"ids", item.ids},
                                    {"page", item.page},
                                    {"markdown", item.markdown}}
                 .dump(1) +
             "\n";
    default:
      throw InputError("an item of the theory is written as text, markdown or json");
  }
}

}  // namespace promptbound
