#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/recall/interval_pass.hpp>

namespace promptbound {

Matrix<Interval> interval_states(const LanguageModel& model, const InputWeights& input,
                                 const Matrix<double>& tokens) {
  Matrix<Interval> states =
      embedded(input, Matrix<Interval>(tokens.unaryExpr([](double x) { return Interval(x); })));
  const std::size_t layers = model.config().layers;
  for (std::size_t l = 0; l < layers; ++l) {
    const TrainedLayer layer = model.layer(l);
    states = through_layer(layer, states);
    tell_work(l + 1, layers);
  }
  if (const std::optional<NormWeights> last = model.final_norm())
    states = normalized(*last, std::move(states));
  return states;
}

}  // namespace promptbound
