#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include <promptbound/constructions/impossible_pair.hpp>
#include <promptbound/models/model_json.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

#include "matrices.hpp"
#include "memorization_certificate.hpp"
#include "random.hpp"
#include "verify/mutate.hpp"

using namespace promptbound;

namespace {

Matrix<Rational> rows(std::initializer_list<std::initializer_list<Rational>> values) {
  Matrix<Rational> M(static_cast<Index>(values.size()), static_cast<Index>(values.begin()->size()));
  Index r = 0;
  for (const auto& row : values) {
    Index c = 0;
    for (const Rational& value : row) M(r, c++) = value;
    ++r;
  }
  return M;
}

Transformer<Rational> layer_of(const Matrix<Rational>& A, const Matrix<Rational>& V) {
  return {A.rows(), {{{head_of_maps<Rational>(A, V)}, std::nullopt}}, Mask::bidirectional};
}

/// One certificate of every kind of evidence.
Json rows_certificate() {
  RandomNumbers random(101);
  Transformer<Rational> model = layer_of(random.matrix(2, 2), random.matrix(2, 2));
  const Rational size(1, 5);
  model.layers[0].ffn = FeedForward<Rational>{random.matrix(2, 2, -size, size), random.matrix(2, 1),
                                              random.matrix(2, 2, -size, size), random.matrix(2, 1)};
  const ImpossiblePair pair = impossible_pair(model);
  return certificate_of(model, {{pair.first, 1, pair.first_output}, {pair.second, 1, pair.second_output}},
                        pair.output_floor / 2, Verdict::refuted);
}

Json image_certificate() {
  // V maps to the first coordinate only; the target of the second example leaves it.
  const Transformer<Rational> model = layer_of(rows({{1, 0}, {0, 1}}), rows({{1, 0}, {0, 0}}));
  const Matrix<Rational> tokens = rows({{1, 2}, {0, 1}});
  return certificate_of(model, {{tokens, 0, vector_of({1, 0})}, {tokens, 0, vector_of({1, 1})}},
                        Rational(1, 10), Verdict::refuted);
}

Json below_one_certificate() {
  // d = 1, A = V = x0 = 1. S_P = 1/10 and r = 1 ask for rho = e^-1 / 10: t = (S_P r + S a) / (S_P + S), in
  // decimals.
  const Transformer<Rational> model = layer_of(rows({{1}}), rows({{1}}));
  MemorizationData data;
  for (const long other : {-1L, 0L}) {
    const double S = std::exp(1.0) + std::exp(static_cast<double>(other));
    const double Sa = std::exp(1.0) + static_cast<double>(other) * std::exp(static_cast<double>(other));
    const long target = std::lround(1e9 * (0.1 * 1 + Sa) / (0.1 + S));
    data.push_back({rows({{1, other}}), 0, vector_of({1 + Rational(target, 1000000000)})});
  }
  return certificate_of(model, data, Rational(1, 100000), Verdict::refuted);
}

Json no_integer_certificate() {
  // A = 0, V = 1: S_P = 3/2 with r = 1 over S = 2, a = 0 and over S = 1, a = 0.
  const Transformer<Rational> model = layer_of(rows({{0}}), rows({{1}}));
  return certificate_of(
      model, {{rows({{1, -1}}), 0, vector_of({1 + Rational(3, 7)})}, {rows({{1}}), 0, vector_of({2})}}, 0,
      Verdict::refuted);
}

Json exact_prompt_certificate() {
  // As above with S_P = 2, r = 3: two tokens.
  const Transformer<Rational> model = layer_of(rows({{0}}), rows({{1}}));
  return certificate_of(model,
                        {{rows({{1, -1}}), 0, vector_of({1 + Rational(3, 2)})},
                         {rows({{1}}), 0, vector_of({1 + Rational(7, 3)})}},
                        0, Verdict::proved);
}

Json near_prompt_certificate() {
  // Outputs under the prompt (-1, 1/2) to four digits.
  const Transformer<Rational> model = layer_of(rows({{1}}), rows({{1}}));
  MemorizationData data;
  for (const double other : {-1.0, 0.5}) {
    double S = 0, Sa = 0;
    for (const double key : {-1.0, 1.0, 2.0, 1.5, 1.0, other}) {
      S += std::exp(key);
      Sa += key * std::exp(key);
    }
    data.push_back({rows({{1, Rational(static_cast<long>(2 * other), 2)}}), 0,
                    vector_of({1 + Rational(std::lround(10000 * Sa / S), 10000)})});
  }
  return certificate_of(model, data, Rational(1, 1000), Verdict::proved);
}

std::vector<Json> all_certificates() {
  return {rows_certificate(),       image_certificate(),        below_one_certificate(),
          no_integer_certificate(), exact_prompt_certificate(), near_prompt_certificate()};
}

}  // namespace

TEST_CASE("a certificate with any member changed or removed is rejected") {
  for (const Json& certificate : all_certificates()) {
    every_place(certificate, Json::json_pointer(), [&](const Json::json_pointer& place) {
      CAPTURE(place.to_string());
      Json changed = certificate;
      changed[place] = altered(certificate[place]);
      CHECK_FALSE(check_memorization(changed).accepted());
      Json shorter = certificate;
      Json& parent = shorter[place.parent_pointer()];
      if (parent.is_object()) {
        parent.erase(place.back());
      } else {
        parent.erase(std::stoul(place.back()));
      }
      CHECK_FALSE(check_memorization(shorter).accepted());
    });
  }
}

TEST_CASE("sealed anew with members of any kind - a certificate never breaks the checker") {
  for (const Json& certificate : all_certificates()) {
    every_place(certificate, Json::json_pointer(), [&](const Json::json_pointer& place) {
      for (const Json& value : {Json("x"), Json(), Json::array(), Json::object(), Json(-1), Json("1/0"),
                                Json(1e300), Json(true), Json("-7/3")}) {
        Json changed = certificate;
        changed[place] = value;
        seal(changed);
        CHECK_NOTHROW((void)check_memorization(changed));
      }
    });
  }
}

TEST_CASE("every way in which evidence can fail is noticed by its own reason") {
  const Json with_rows = rows_certificate(), image = image_certificate(), below = below_one_certificate(),
             count = no_integer_certificate(), exact = exact_prompt_certificate(),
             prompt = near_prompt_certificate();
  const auto reason = [](const Json& certificate, const std::function<void(Json&)>& change) {
    Json copy = certificate;
    change(copy);
    return rejection(copy);
  };
  CHECK(reason(with_rows, [](Json& c) { c["schema"] = 2; }) == "schema: 1 is needed");
  CHECK(reason(with_rows, [](Json& c) { c["kind"] = "sum"; }).starts_with("kind"));
  CHECK(reason(with_rows, [](Json& c) { c["claim"] = "maybe"; }).starts_with("claim"));
  CHECK(reason(with_rows, [](Json& c) { c["theorem"] = "2.2"; }).starts_with("theorem"));
  CHECK(reason(image, [](Json& c) { c["theorem"] = "2.3"; }).starts_with("theorem"));
  CHECK(reason(with_rows, [](Json& c) { c["bits"] = 1000000; }).starts_with("bits"));
  CHECK(reason(with_rows, [](Json& c) { c["accuracy"] = "-1"; }).starts_with("accuracy"));
  CHECK(reason(with_rows, [](Json& c) { c["accuracy"] = "10"; }).starts_with("rows: the combined line"));
  CHECK(reason(with_rows, [](Json& c) { c["rank_lower"] = 77; }).starts_with("rank_lower"));
  CHECK(reason(with_rows, [](Json& c) {
          c["members"] = {1, 0};
          std::swap(c["attention_targets"][0], c["attention_targets"][1]);
        }).starts_with("members"));
  CHECK(reason(with_rows, [](Json& c) { c["members"] = {0, 7}; }).starts_with("members"));
  CHECK(reason(with_rows, [](Json& c) {
          c["attention_targets"][0][0] = "5";
        }).starts_with("attention_targets"));
  CHECK(reason(with_rows, [](Json& c) { c["data"]["schema"] = 3; }).starts_with("data"));
  CHECK(reason(with_rows, [](Json& c) { c["data"]["examples"][1]["query"] = 0; }) ==
        "members: the queries differ");
  CHECK(reason(with_rows, [](Json& c) { c["model"]["layers"].push_back(0); }) ==
        "model: one layer is needed");
  CHECK(reason(with_rows, [](Json& c) { c["model"]["d"] = 3; }) == "model: d does not fit");
  CHECK(reason(with_rows, [](Json& c) { c["model"]["layers"][0]["heads"] = Json::array(); }) ==
        "model: a head is needed");
  CHECK(reason(with_rows, [](Json& c) { c["evidence"]["first"]["sign"] = 2; }).starts_with("row: the sign"));
  CHECK(
      reason(with_rows, [](Json& c) { c["evidence"]["first"]["coordinate"] = 2; }).starts_with("coordinate"));
  CHECK(reason(with_rows, [](Json& c) { c["evidence"]["first_weight"] = "2"; }).starts_with("first_weight"));
  CHECK(reason(with_rows, [](Json& c) {
          c["evidence"]["first"]["sign"] = -c["evidence"]["first"]["sign"].get<int>();
          c["evidence"]["second"]["sign"] = -c["evidence"]["second"]["sign"].get<int>();
        }).starts_with("rows: the combined line"));
  CHECK(reason(with_rows, [](Json& c) { c["evidence"]["kind"] = "faith"; }) ==
        "evidence: the kind is not known");
  CHECK(reason(with_rows, [](Json& c) {
          c["claim"] = "possible";
          c["theorem"] = "2.2";
        }) == "evidence: a prompt is needed");
  // A block that folds the line: x - 2 relu(x).
  CHECK(reason(image, [](Json& c) {
          c["model"]["layers"][0]["ffn"] =
              Json::parse(R"({"W_1":[["1","0"]],"b_1":["-100"],"W_2":[["-2"],["0"]],"b_2":["0","0"]})");
          c["rank_lower"] = 0;
        }) == "model: the feed-forward block is not shown to be injective");
  CHECK(reason(image, [](Json& c) {
          c["evidence"]["vector"] = {"1", "1"};
        }).find("annihilate") != std::string::npos);
  CHECK(reason(image, [](Json& c) { c["evidence"]["example"] = 0; }).find("within the accuracy") !=
        std::string::npos);
  CHECK(reason(image, [](Json& c) { c["evidence"]["vector"] = {"1"}; }).starts_with("vector"));

  CHECK(reason(below, [](Json& c) { c["evidence"]["y"] = {"2"}; }).starts_with("y:"));
  CHECK(
      reason(below, [](Json& c) { c["evidence"]["breaks"][0] = "1/1000"; }).starts_with("breaks: the first"));
  CHECK(reason(below, [](Json& c) { c["evidence"]["breaks"][1] = "0"; }).find("increase") !=
        std::string::npos);
  CHECK(reason(below, [](Json& c) {
          c["evidence"]["rows"].push_back(nullptr);
        }).starts_with("pieces: as many"));
  CHECK(reason(below, [](Json& c) { c["evidence"]["rows"][0] = nullptr; }) ==
        "pieces: the piece at 0 needs a row");
  CHECK(reason(below, [](Json& c) { c["evidence"]["rows"].back() = nullptr; }).find("below 1") !=
        std::string::npos);
  CHECK(reason(below, [](Json& c) {
          c["evidence"]["rows"][0] = c["evidence"]["rows"].back();
        }).find("exclude") != std::string::npos);
  CHECK(reason(below, [](Json& c) { c["evidence"]["kind"] = "no-integer"; }).find("unless A x0 = 0") !=
        std::string::npos);
  CHECK(reason(count, [](Json& c) { c["evidence"]["kind"] = "below-one"; }).find("when A x0 = 0") !=
        std::string::npos);
  CHECK(reason(count, [](Json& c) {
          c["evidence"]["breaks"] = {"0", "1/2"};
          c["evidence"]["rows"] = {c["evidence"]["rows"][0], nullptr};
        }).find("contains an integer") != std::string::npos);

  CHECK(reason(exact, [](Json& c) { c["evidence"]["prompt"][0][0] = "0"; }).find("exactly") !=
        std::string::npos);
  CHECK(reason(exact, [](Json& c) { c["evidence"]["prompt"].push_back({"3"}); }).find("exactly") !=
        std::string::npos);
  CHECK(reason(exact, [](Json& c) { c["evidence"]["least_length"] = "3"; }).starts_with("least_length"));
  CHECK(reason(prompt, [](Json& c) { c["evidence"]["prompt"][0][0] = "0"; }).find("within the accuracy") !=
        std::string::npos);
  CHECK(reason(prompt, [](Json& c) { c["evidence"]["prompt"][0] = {"0", "1"}; }).starts_with("prompt"));
  CHECK(reason(prompt, [](Json& c) {
          c["members"] = {0};
          c["attention_targets"].erase(1);
          c["rank_lower"] = 0;
        }) == "members: a prompt must fit all examples");
  CHECK(reason(prompt, [](Json& c) { c["evidence"].erase("pieces"); }).find("pieces") != std::string::npos);
  CHECK(reason(prompt, [](Json& c) {
          auto& rows = c["evidence"]["pieces"]["rows"];
          for (auto& row : rows) row = nullptr;
          c["evidence"]["pieces"]["breaks"] = {"0"};
          rows = Json::array({nullptr});
        }) == "pieces: the piece at 0 needs a row");
  CHECK(reason(prompt, [](Json& c) { c["accuracy"] = "1/100"; }).starts_with("pieces"));
  Json unsealed = prompt;
  unsealed["bits"] = 300;
  CHECK(check_memorization(unsealed).why == "certificate: the seal does not fit the content");
  CHECK_FALSE(check_memorization(Json()).accepted());
  CHECK_FALSE(check_memorization(Json::array({1})).accepted());
}

TEST_CASE("the empty prompt's miss is checked") {
  // Two tokens of equal weight and mean 0: the target 0 is what the empty prompt gives.
  const Transformer<Rational> model = layer_of(rows({{0}}), rows({{1}}));
  const MemorizationData data{{rows({{1, -1}}), 0, vector_of({1})}};
  const Json certificate = certificate_of(model, data, 0, Verdict::proved);
  CHECK(certificate["evidence"]["prompt"].empty());
  Json longer = certificate;
  longer["evidence"]["prompt"] = {{"0"}};
  longer["evidence"]["least_length"] = "1";
  longer["evidence"]["empty"] = {{"example", 0}, {"coordinate", 0}};
  CHECK(rejection(longer).starts_with("empty"));
}

TEST_CASE("the rarer ways in which evidence can fail") {
  const auto reason = [](Json certificate, const std::function<void(Json&)>& change) {
    change(certificate);
    return rejection(certificate);
  };
  const Json prompt = near_prompt_certificate();
  // A piece without a row that reaches further down than rho is large.
  CHECK(reason(prompt, [](Json& c) {
          Json& pieces = c["evidence"]["pieces"];
          for (std::size_t k = 1; k < pieces["rows"].size(); ++k) {
            if (!pieces["rows"][k].is_null()) continue;
            pieces["breaks"][k] = "1/1000000";
            break;
          }
        }) == "pieces: rho is not shown to be large enough");
  CHECK(reason(exact_prompt_certificate(), [](Json& c) {
          c["evidence"]["prompt"] = Json::parse(R"([["3", "0"], ["3", "0"]])");
        }) == "prompt: the width does not fit");
  CHECK(reason(prompt, [](Json& c) {
          for (Json& token : c["data"]["examples"][0]["tokens"]) token.push_back("0");
        }) == "tokens: the width does not fit");

  // x - 2 relu(x - 100) folds, far from the data: a prompt is a prompt, but shows no least length.
  Transformer<Rational> folded = layer_of(rows({{1}}), rows({{1}}));
  folded.layers[0].ffn = FeedForward<Rational>{rows({{1}}), vector_of({-100}), rows({{-2}}), vector_of({0})};
  const MemorizationData data{{rows({{1, -1}}), 0, vector_of({Rational(3, 2)})}};
  const Json without = certificate_of(folded, data, Rational(1, 10), Verdict::proved);
  CHECK(reason(without, [](Json& c) { c["evidence"]["least_length"] = "1"; }) ==
        "least_length: the feed-forward block is not shown to be injective");

  // x + 2 relu(x) is injective by its determinants alone: equality goes through it, no accuracy does.
  Transformer<Rational> stretched = layer_of(rows({{0}}), rows({{1}}));
  stretched.layers[0].ffn = FeedForward<Rational>{rows({{1}}), vector_of({0}), rows({{2}}), vector_of({0})};
  const Json equality = certificate_of(
      stretched, {{rows({{1, -1}}), 0, vector_of({3 + Rational(9, 7)})}, {rows({{1}}), 0, vector_of({6})}}, 0,
      Verdict::refuted);
  CHECK(reason(equality, [](Json& c) {
          c["accuracy"] = "1/10";
          c["rank_lower"] = 0;
        }) == "model: the feed-forward block is not shown to be injective");

  // Values whose first row is 0: elimination exchanges rows.
  const Json exchanged =
      certificate_of(layer_of(rows({{0, 0}, {0, 0}}), rows({{0, 1}, {1, 0}})),
                     {{rows({{1}, {0}}), 0, vector_of({Rational(7, 2), 2})}}, 0, Verdict::proved);
  CHECK(reason(exchanged, [](Json& c) { c["rank_lower"] = 7; }).starts_with("rank_lower"));
}
