#include <fmt/format.h>

#include <cctype>

#include <promptbound/coq/sentences.hpp>

namespace promptbound {
namespace {

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_small(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }

/// The text without its comments, which nest, and with every run of blanks as one; nothing when a comment
/// does not end. Strings are not accepted: no certificate needs one, and they hide comments and full stops.
bool without_comments(std::string_view text, std::string& result) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view pair = text.substr(i, 2);
    if (text[i] == '"') return false;
    if (pair == "(*") {
      ++depth;
      ++i;
    } else if (pair == "*)" && depth > 0) {
      --depth;
      ++i;
      if (depth == 0) result += ' ';
    } else if (depth == 0 && !(is_blank(text[i]) && (result.empty() || is_blank(result.back())))) {
      result += is_blank(text[i]) ? ' ' : text[i];
    }
  }
  return depth == 0;
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool is_import(std::string_view sentence) {
  return starts_with(sentence, "From Coq Require Import ") ||
         starts_with(sentence, "From PromptBound.certificates Require Import ");
}

}  // namespace

CertificateContent read_sentences(std::string_view text) {
  CertificateContent content;
  std::string plain;
  if (!without_comments(text, plain)) {
    content.refused = "a comment does not end, or there is a string";
    return content;
  }
  for (std::size_t begin = 0; begin < plain.size();) {
    if (is_blank(plain[begin])) {
      ++begin;
      continue;
    }
    // A sentence ends with a full stop before a blank or the end of the file.
    std::size_t end = plain.find('.', begin);
    while (end != std::string::npos && end + 1 < plain.size() && !is_blank(plain[end + 1]))
      end = plain.find('.', end + 1);
    if (end == std::string::npos) {
      content.refused = fmt::format("the last sentence does not end: {}", plain.substr(begin, 60));
      return content;
    }
    const std::string sentence = plain.substr(begin, end - begin);
    begin = end + 1;
    if (starts_with(sentence, "Theorem ")) {
      content.theorems.push_back(sentence.substr(8));
    } else if (!is_import(sentence) && sentence != "Proof" && sentence != "Qed" &&
               !is_small(sentence.front())) {
      content.refused =
          fmt::format("only imports, theorems and tactics are accepted, not: {}", sentence.substr(0, 60));
      return content;
    }
  }
  if (content.theorems.empty()) content.refused = "there is no theorem in it";
  return content;
}

}  // namespace promptbound
