#include <promptbound/constructions/lookup/packed_recognition.hpp>

#include <stdexcept>

#include <promptbound/bounds/search/packed_layout.hpp>
#include <promptbound/constructions/lookup/same_weights.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

/// Thrown where a model is not that of theory 5.9.
struct NotPacked : std::exception {};

void need(bool holds) {
  if (!holds) throw NotPacked();
}

const Rational& entry(const Matrix<Rational>& M, Index row, Index column) {
  need(row < M.rows() && column < M.cols());
  return M(row, column);
}

/// The exponent of a power of a base >= 2; at least 1.
Index exponent_of(const Integer& base, const Integer& value) {
  Index exponent = 1;
  Integer product = base;
  for (; product < value; product *= base) ++exponent;
  need(product == value);
  return exponent;
}

/// The places of theory 5.9's blocks.
class Reader {
 public:
  Reader(const Transformer<Rational>& model, Index d, Index L)
      : model_(model), d_(d), L_(L), n_(d * L), first_(L > 1 ? 2 : 0) {}

  PackedRecipe recipe(Index tokens) const {
    PackedRecipe result{.d = d_, .L = L_, .C = 1, .alpha = Number::infinity(), .eps = 0};
    const auto layers = static_cast<Index>(model_.layers.size());
    need(layers > first_ + 1 && (layers - first_ - 1) % (n_ + 1) == 0);
    const Index digits = (layers - first_ - 1) / (n_ + 1) - n_ - 4;
    need(digits >= 1);
    const Layer<Rational>& look_up = layer(first_ + n_ + 2);
    need(look_up.heads.size() == 1 && look_up.heads[0].W_O);
    const AttentionHead<Rational>& head = look_up.heads[0];
    result.P = head.W_V.rows();
    result.index_digits = head.W_Q.rows() - 2;
    need(result.P >= 1 && result.index_digits >= 1);
    const Index flag = d_ + L_, number = flag + 1 + (L_ > 1 ? n_ : 0);
    const Index payload = number + 3 * result.index_digits;
    const Index output = payload + result.P + d_, digit = output + d_;
    result.Lambda_2 = -entry(head.W_K, result.index_digits, number + result.index_digits);
    result.Lambda_3 = -entry(head.W_K, result.index_digits, d_);
    result.Lambda_4 = entry(head.W_K, result.index_digits + 1, d_);
    if (L_ > 1) {
      need(layer(1).heads.size() == 1);
      result.Lambda_1 = -entry(layer(1).heads[0].W_K, 0, flag);
    }
    read_code(result, look_up, *head.W_O, payload);
    const FeedForward<Rational>& sum = block(first_ + n_ + digits + 4 - 1);
    const Rational q = entry(sum.W_2, output, 0);
    need(q > 0 && 1 / q < sum.W_1.rows());
    read_grid(result, digit);
    if (result.form == PackedForm::difference) result.C = q * result.k * result.steps;
    need(result.step() == q);
    result.first_digits = 1;
    if (result.form == PackedForm::difference) {
      Integer values = result.base();
      for (; values <= result.most(); values *= result.base()) ++result.first_digits;
    }
    need(digits % n_ == 0);
    result.cells_per_token = digits / n_ - result.first_digits + 1;
    result.tokens = tokens;
    check_sizes(result, digits);
    return result;
  }

 private:
  [[nodiscard]] const Layer<Rational>& layer(Index number) const {
    need(number < static_cast<Index>(model_.layers.size()));
    return model_.layers[static_cast<std::size_t>(number)];
  }

  [[nodiscard]] const FeedForward<Rational>& block(Index number) const {
    need(layer(number).ffn.has_value());
    return *layer(number).ffn;
  }

  /// Form, B, J and b from the block that extracts the first digit: a first unit for 1/(2 B^J), one for B u,
  /// two for each border, and in the direct form three for a bit.
  void read_code(PackedRecipe& result, const Layer<Rational>& look_up, const Matrix<Rational>& W_O,
                 Index payload) const {
    need(look_up.ffn.has_value());
    const Index units = look_up.ffn->W_1.rows();
    result.form = units % 2 == 0 ? PackedForm::difference : PackedForm::direct;
    const Index base = result.form == PackedForm::difference ? units / 2 : (units - 3) / 2;
    need(base >= 2 && (result.form == PackedForm::direct || base % 2 == 1));
    result.steps = result.form == PackedForm::difference ? (base - 1) / 2 : base - 1;
    const Rational& middle = entry(look_up.ffn->W_1, 0, d_);
    need(middle > 0 && is_integer(Rational(1 / (2 * middle))));
    const Integer values(numerator(Rational(1 / (2 * middle))));
    result.digits_per_entry = exponent_of(base, values);
    const Rational radix = entry(W_O, payload, 0) * values;
    need(is_integer(radix) && radix >= 2);
    result.b = static_cast<unsigned long>(exponent_of(2, Integer(numerator(radix))));
    need(result.b <= most_bits_of_packed_entry);
  }

  /// k and eta from the block that reads the first digit: six units for each border. Without borders no
  /// weight depends on eta.
  void read_grid(PackedRecipe& result, Index digit) const {
    const FeedForward<Rational>& first = block(first_);
    const Index units = first.W_1.rows();
    result.k = units % 6 == 0 ? units / 6 + 1 : 1;
    result.eta = Rational(Integer(1), 8 * (n_ + 1));
    if (result.k == 1) return;
    const Rational& slope = entry(first.W_2, digit, 0);
    need(slope > 0);
    result.eta = 1 / (2 * slope);
  }

  void check_sizes(const PackedRecipe& result, Index digits) const {
    const Integer cells = power(Integer(result.k), static_cast<unsigned long>(n_));
    const Integer radix = power(Integer(2), result.b);
    need(result.cells_per_token >= 1 && digits <= result.P * result.digits_per_entry);
    need((cells + result.cells_per_token - 1) / result.cells_per_token == result.tokens);
    need(power(result.base(), static_cast<unsigned long>(result.digits_per_entry)) <= radix);
    need(power(radix, static_cast<unsigned long>(result.index_digits)) >= result.tokens);
    need(result.eta > 0 && result.eta < Rational(Integer(1), 4 * (n_ + 1)));
  }

  const Transformer<Rational>& model_;
  Index d_, L_, n_;
  Index first_;  ///< the first layer of the first shift
};

}  // namespace

std::optional<RecognisedPacked> recognise_packed_lookup(const Transformer<Rational>& model,
                                                        const Matrix<Rational>& prompt,
                                                        const Matrix<Rational>& tokens, Index d) {
  const Index L = tokens.cols();
  try {
    need(prompt.cols() >= 1 && L >= 1 && d >= 1);
    const PackedLookup network(Reader(model, d, L).recipe(prompt.cols()));
    need(network.width() == model.width && is_same(network.transformer(), model));
    need(is_same(network.input(Matrix<Rational>::Zero(d, L)), tokens));
    std::optional<Matrix<Integer>> values = network.values_of(prompt);
    need(values.has_value());
    return RecognisedPacked{network, *std::move(values)};
  } catch (const NotPacked&) {
    return std::nullopt;
  }
}

}  // namespace promptbound
