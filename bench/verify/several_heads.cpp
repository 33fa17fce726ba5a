// several_heads [LAYERS [SEED [STEPS [FIRST]]]]: the floor of theory 2.3H against gradient descent, on random
// layers of 2 and 3 heads with H + 1 to H + 3 examples. For each layer: the floor's enclosure and its time;
// the best error of descent with 64 tokens and 24 restarts (of 1500 steps, or as given), which must not be
// below it; the certificate of the floor, which must be accepted, and rejected where it is changed or where
// its claim is made false. A layer depends on the seed and its number alone, so that runs can be parted:
// FIRST is the first number. Prints a line a layer and a summary; exits 1 where anything is wrong.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

using namespace promptbound;

namespace {

/// Of the processor: one thread does the work, and other processes do not count.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  long integer(long low, long high) { return std::uniform_int_distribution<long>(low, high)(engine_); }
  Matrix<Rational> matrix(Index rows, Index columns, long size = 1) {
    return Matrix<Rational>::NullaryExpr(rows, columns,
                                         [&] { return Rational(integer(-1000 * size, 1000 * size), 1000); });
  }

 private:
  std::mt19937_64 engine_;
};

/// How many changes of the certificate were tried, and how many of them were accepted.
struct Changes {
  long tried = 0, accepted = 0;

  void add(const Json& changed) {
    ++tried;
    accepted += check_memorization(changed).accepted() ? 1 : 0;
  }
};

/// Members changed under the old seal; then, sealed again, claims that are false: an accuracy above the
/// floor's upper end, and targets that the prompt at hand gives.
Changes changes_of(const Json& certificate, const Rational& above, const MemorizationData& data,
                   const Transformer<Rational>& model, const Matrix<Rational>& prompt, Random& random) {
  Changes changes;
  for (int k = 0; k < 10; ++k) {
    Json changed = certificate;
    Json* place = &changed;
    while (place->is_structured() && !place->empty())
      place = &*std::next(place->begin(), random.integer(0, static_cast<long>(place->size()) - 1));
    *place = "7/3";
    changes.add(changed);
  }
  Json higher = certificate;
  higher["accuracy"] = to_json(above);
  seal(higher);
  changes.add(higher);
  Json fitted = certificate;
  fitted["accuracy"] = "1/1000000";
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Matrix<double> output =
        evaluate(from_rational<double>(model), Matrix<double>(prompt.cast<double>()),
                 Matrix<double>(data[i].tokens.cast<double>()));
    const Vector<Rational> target = output.col(0).unaryExpr([](double x) { return Rational(x); });
    fitted["data"]["examples"][i]["target"] = to_json(target);
    fitted["attention_targets"][i] = to_json(Vector<Rational>(target - data[i].tokens.col(0)));
  }
  seal(fitted);
  changes.add(fitted);
  return changes;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): an exception ends a measurement.
int main(int argc, char** argv) {
  const long layers = argc > 1 ? std::atol(argv[1]) : 100;
  const auto seed = argc > 2 ? static_cast<std::uint64_t>(std::atol(argv[2])) : 1;
  const long first = argc > 4 ? std::atol(argv[4]) : 0;
  const WorkingPrecision scope(128);
  long below = 0, refused = 0, positive = 0, narrow_of_two = 0, narrow_of_three = 0;
  Changes all;
  std::vector<double> ratios, two_heads, three_heads;
  for (long n = first; n < first + layers; ++n) {
    Random random(1000003 * seed + static_cast<std::uint64_t>(n));
    const int H = 2 + static_cast<int>(n % 2), N = H + 1 + static_cast<int>(n / 2 % 3);
    const Index d = random.integer(2, 4);
    Transformer<Rational> model{d, {{}}, Mask::bidirectional};
    for (int h = 0; h < H; ++h)
      model.layers[0].heads.push_back(head_of_maps<Rational>(random.matrix(d, d, 2), random.matrix(d, d)));
    const Matrix<Rational> query = random.matrix(d, 1);
    MemorizationData data;
    for (int i = 0; i < N; ++i) {
      Matrix<Rational> tokens = random.matrix(d, 3);
      tokens.col(0) = query;
      data.push_back({tokens, 0, query + random.matrix(d, 1)});
    }
    const double start = processor_seconds();
    const MemorizationAnswer answer = memorize(model, data, 0);
    const double time = processor_seconds() - start;
    (H == 2 ? two_heads : three_heads).push_back(time);
    DescentOptions options;
    options.tokens = 64;
    options.restarts = 24;
    if (argc > 3) options.steps = std::atoi(argv[3]);
    const FoundPrompt found = descend(model, data, options);
    if (!answer.floor) {
      std::printf("layer %ld: no floor\n", n);
      continue;
    }
    const double lower = answer.floor->lower.convert_to<double>(),
                 upper = answer.floor->upper.convert_to<double>();
    below += certainly_less(Interval(answer.floor->lower), found.error) ? 0 : 1;
    (H == 2 ? narrow_of_two : narrow_of_three) += lower >= 0.95 * upper * (1 - 1e-5) ? 1 : 0;
    Changes changes;
    const double check_start = processor_seconds();
    if (answer.floor->lower > 0) {
      ++positive;
      ratios.push_back(found.error.upper_double() / lower);
      const Json certificate = parse_json(answer.certificate, "certificate");
      refused += check_memorization(certificate).accepted() ? 0 : 1;
      changes = changes_of(certificate, answer.floor->upper * Rational(1000001, 1000000), data, model,
                           found.prompt, random);
      all.tried += changes.tried;
      all.accepted += changes.accepted;
    }
    std::printf(
        "layer %ld: H %d N %d d %ld floor [%.6g, %.6g], gap %.1f%%, in %.2f s, %llu boxes; descent %.6g; "
        "changes accepted %ld of %ld; checks %.1f s\n",
        n, H, N, static_cast<long>(d), lower, upper, 100 * (1 - lower / upper), time,
        static_cast<unsigned long long>(answer.spent.boxes.value_or(0)), found.error.upper_double(),
        changes.accepted, changes.tried, processor_seconds() - check_start);
    std::fflush(stdout);
  }
  const auto median = [](std::vector<double> numbers) {
    if (numbers.empty()) return 0.0;
    std::nth_element(numbers.begin(), numbers.begin() + static_cast<long>(numbers.size() / 2), numbers.end());
    return numbers[numbers.size() / 2];
  };
  const auto most = [](const std::vector<double>& numbers) {
    return numbers.empty() ? 0.0 : *std::max_element(numbers.begin(), numbers.end());
  };
  const auto least = [](const std::vector<double>& numbers) {
    return numbers.empty() ? 0.0 : *std::min_element(numbers.begin(), numbers.end());
  };
  std::printf(
      "%ld layers: %ld floors above what descent reaches; %ld positive; within 5%%: %ld of %zu with H = 2, "
      "%ld of %zu with H = 3; descent over floor: least %.4f, median %.4f\n",
      layers, below, positive, narrow_of_two, two_heads.size(), narrow_of_three, three_heads.size(),
      least(ratios), median(ratios));
  std::printf("certificates: %ld refused, %ld of %ld changes accepted\n", refused, all.accepted, all.tried);
  std::printf("processor seconds, H = 2: median %.2f, most %.2f; H = 3: median %.2f, most %.2f\n",
              median(two_heads), most(two_heads), median(three_heads), most(three_heads));
  return below + refused + all.accepted > 0 ? 1 : 0;
}
