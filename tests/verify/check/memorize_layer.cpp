#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

#include "effort.hpp"
#include "memorization_certificate.hpp"
#include "random.hpp"
#include "verify/memorization/one_query.hpp"
#include "verify/mutate.hpp"

using namespace promptbound;

namespace {

Json layer_certificate_of(const OneQueryInstance& instance, const Rational& accuracy, Verdict verdict) {
  return certificate_of(instance.model, instance.data, accuracy, verdict);
}

std::string rejection_of_changed(Json certificate, const std::function<void(Json&)>& change) {
  change(certificate);
  return rejection(std::move(certificate));
}

/// Of two heads and four examples: about a dozen boxes.
Json tree_certificate() {
  RandomNumbers random(921);
  return layer_certificate_of(random_heads(random, 2, 2, 4), Rational(1, 100), Verdict::refuted);
}

Json layer_prompt_certificate() {
  RandomNumbers random(922);
  return layer_certificate_of(random_heads(random, 2, 2, 3), 2, Verdict::proved);
}

/// The first node of the first chart that is a leaf.
Json& leaf_of(Json& certificate) {
  for (Json& node : certificate["evidence"]["charts"][0])
    if (node.is_object()) return node;
  FAIL("no leaf");
  return certificate;
}

}  // namespace

TEST_CASE("several heads: certificates of floors are accepted up to them and rejected above") {
  RandomNumbers random(923);
  const long count = repetitions(10);
  for (long n = 0; n < count; ++n) {
    const OneQueryInstance instance = random_heads(random, 2, 2, static_cast<int>(3 + n % 3));
    const MemorizationAnswer loose = memorize(instance.model, instance.data, 10);
    REQUIRE(loose.floor.has_value());
    if (loose.floor->lower == 0) continue;
    const Json at_floor =
        layer_certificate_of(instance, loose.floor->lower * Rational(999999, 1000000), Verdict::refuted);
    // Above e* the claim is not what the theory says, whatever the tree.
    const std::string why = rejection_of_changed(at_floor, [&](Json& c) {
      c["accuracy"] = to_json(Rational(loose.floor->upper * Rational(1000001, 1000000)));
    });
    CHECK(why.starts_with("tree:"));
  }
}

TEST_CASE("several heads: a claim made false by another model or data is rejected") {
  RandomNumbers random(924);
  const OneQueryInstance instance = random_heads(random, 2, 2, 4);
  const Json certificate = layer_certificate_of(instance, Rational(1, 100), Verdict::refuted);
  for (int n = 0; n < 10; ++n) {
    // Targets that a prompt gives to within the accuracy: nothing about them is impossible.
    OneQueryInstance possible = instance;
    const Matrix<double> prompt = random.matrix(2, 2, -2, 2).cast<double>();
    Json forged = certificate;
    for (std::size_t i = 0; i < possible.data.size(); ++i) {
      MemorizationExample& example = possible.data[i];
      const Matrix<double> output = evaluate(from_rational<double>(possible.model), prompt,
                                             Matrix<double>(example.tokens.cast<double>()));
      example.target =
          output.col(0).unaryExpr([](double x) { return Rational(std::llround(x * 1e9), 1000000000); });
      forged["data"]["examples"][i]["target"] = to_json(example.target);
      forged["attention_targets"][i] =
          to_json(Vector<Rational>(example.target - example.tokens.col(example.query)));
    }
    CHECK(rejection_of_changed(forged, [](Json&) {}).starts_with("tree:"));
  }
  // A block behind the attention: the targets are other ones.
  CHECK(rejection_of_changed(certificate, [](Json& c) {
          c["model"]["layers"][0]["ffn"] =
              Json::parse(R"({"W_1":[["1/9","0"]],"b_1":["3"],"W_2":[["1/9"],["0"]],"b_2":["0","0"]})");
        }).starts_with("attention_targets"));
}

TEST_CASE("several heads: a certificate with any member changed or removed is rejected") {
  for (const Json& certificate : {tree_certificate(), layer_prompt_certificate()}) {
    every_place(certificate, Json::json_pointer(), [&](const Json::json_pointer& place) {
      CAPTURE(place.to_string());
      Json changed = certificate;
      changed[place] = altered(certificate[place]);
      CHECK_FALSE(check_memorization(changed).accepted());
    });
  }
}

TEST_CASE("several heads: sealed anew with members of any kind - a certificate never breaks the checker") {
  for (const Json& certificate : {tree_certificate(), layer_prompt_certificate()}) {
    long visited = 0;
    every_place(certificate, Json::json_pointer(), [&](const Json::json_pointer& place) {
      // Every place outside the cases, every seventh within.
      if (place.to_string().find("/cases/") != std::string::npos && ++visited % 7 != 0) return;
      for (const Json& value : {Json("x"), Json(), Json::array(), Json::object(), Json(-1), Json("1/0"),
                                Json(1e300), Json("-7/3"), Json(R"(1e-400)")}) {
        Json changed = certificate;
        changed[place] = value;
        seal(changed);
        CHECK_NOTHROW((void)check_memorization(changed));
      }
      Json shorter = certificate;
      Json& parent = shorter[place.parent_pointer()];
      if (parent.is_object()) {
        parent.erase(place.back());
      } else {
        parent.erase(std::stoul(place.back()));
      }
      seal(shorter);
      CHECK_NOTHROW((void)check_memorization(shorter));
    });
  }
}

TEST_CASE("several heads: every way in which a tree or a prompt can fail has its own reason") {
  const Json tree = tree_certificate(), prompt = layer_prompt_certificate();
  CHECK(rejection_of_changed(tree, [](Json& c) { c["theorem"] = "2.3"; }).starts_with("theorem"));
  CHECK(rejection_of_changed(prompt, [](Json& c) { c["theorem"] = "2.2"; }).starts_with("theorem"));
  CHECK(rejection_of_changed(tree, [](Json& c) { c["rank_lower"] = 1; }).starts_with("rank_lower"));
  CHECK(rejection_of_changed(tree, [](Json& c) { c["evidence"]["kind"] = "rows"; }) ==
        "evidence: of several heads a tree is needed");
  CHECK(rejection_of_changed(tree, [](Json& c) {
          c["claim"] = "possible";
          c["theorem"] = "2.1";
        }) == "evidence: a prompt is needed");
  CHECK(rejection_of_changed(tree, [](Json& c) { c["evidence"]["scales"][0] = "0"; }).starts_with("scales"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          c["evidence"]["scales"].push_back("1");
        }).starts_with("scales"));
  // Far from where the tree was found.
  CHECK(rejection_of_changed(tree, [](Json& c) {
          c["evidence"]["scales"][0] = "1000000";
        }).starts_with("tree:"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          c["evidence"]["charts"].erase(1);
        }).starts_with("charts: one for each order"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          c["evidence"]["charts"].push_back(Json::array());
        }).starts_with("charts: one for each order"));
  CHECK(rejection_of_changed(
            tree, [](Json& c) { std::swap(c["evidence"]["charts"][0], c["evidence"]["charts"][1]); }) != "");
  CHECK(rejection_of_changed(tree, [](Json& c) { c["evidence"]["charts"][0].push_back(0); }) ==
        "charts: nodes beyond the last box");
  CHECK(rejection_of_changed(tree, [](Json& c) {
          Json& nodes = c["evidence"]["charts"][0];
          nodes.erase(nodes.size() - 1);
        }) == "charts: boxes without a bound");
  CHECK(rejection_of_changed(tree, [](Json& c) {
          c["evidence"]["charts"][0][0] = 2;
        }).starts_with("charts: a halved coordinate"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          c["evidence"]["charts"][0] = Json(std::vector<int>(100, 0));
        }) == "charts: a box is too small");
  CHECK(
      rejection_of_changed(tree, [](Json& c) { leaf_of(c)["rows"].erase(0); }).starts_with("rows: one more"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          std::swap(leaf_of(c)["rows"][0], leaf_of(c)["rows"][1]);
        }).starts_with("leaf: increasing"));
  CHECK(rejection_of_changed(tree, [](Json& c) { leaf_of(c)["rows"][2] = 4; }).starts_with("rows"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          leaf_of(c)["coordinates"] = Json::array();
        }).starts_with("leaf: lists"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          leaf_of(c)["coordinates"][1] = 2;
        }).starts_with("coordinates"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          leaf_of(c)["cases"].erase(0);
        }).starts_with("cases: one for each"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          std::swap(leaf_of(c)["cases"][0], leaf_of(c)["cases"][1]);
        }).starts_with("tree: a case"));
  CHECK(rejection_of_changed(tree, [](Json& c) { leaf_of(c)["cases"][0]["lambda"] = {"0", "0"}; }) != "");
  CHECK(rejection_of_changed(tree, [](Json& c) {
          leaf_of(c)["cases"][1]["values"] = {"0", "0"};
        }).starts_with("tree:"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          leaf_of(c)["cases"][1]["slopes"].erase(0);
        }).starts_with("slopes: a row"));
  // Nothing is shown of a box over which the mean values vary wildly.
  CHECK(rejection_of_changed(tree, [](Json& c) {
          leaf_of(c)["cases"][0]["slopes"] = Json::parse(R"([["1000000","0"],["0","-1000000"]])");
        }).starts_with("tree:"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          c["members"] = {0, 1};
          c["attention_targets"].erase(2);
          c["attention_targets"].erase(2);
        }).starts_with("tree: more examples"));
  CHECK(rejection_of_changed(tree, [](Json& c) {
          for (int k = 0; k < 3; ++k)
            c["model"]["layers"][0]["heads"].push_back(c["model"]["layers"][0]["heads"][0]);
        }).starts_with("tree: it is about"));

  CHECK(rejection_of_changed(prompt, [](Json& c) {
          c["accuracy"] = "1/1000";
        }).starts_with("prompt: its error"));
  CHECK(rejection_of_changed(prompt, [](Json& c) {
          c["evidence"]["least_length"] = "1";
        }).starts_with("least_length"));
  CHECK(rejection_of_changed(prompt, [](Json& c) {
          c["evidence"]["prompt"] = Json::parse(R"([["1"]])");
        }).starts_with("prompt: the width"));
  CHECK(rejection_of_changed(prompt, [](Json& c) {
          c["members"] = {0, 1};
          c["attention_targets"].erase(2);
        }).starts_with("members: a prompt"));
}
