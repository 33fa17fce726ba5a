#include <utility>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/bound_sweep.hpp>
#include <promptbound/cli/parallel_rows.hpp>
#include <promptbound/cli/record_columns.hpp>

namespace promptbound {

BoundSweep::BoundSweep(const std::string& id, const std::string& unknown, ParameterOptions parameters,
                       long digits)
    : bound_(&find_bound(id)),
      inverse_(unknown.empty() ? nullptr : &find_inverse(*bound_, unknown)),
      parameters_(std::move(parameters)),
      digits_(digits),
      points_((parameters_.reject_unused(bound_->id, uses()), parameters_.sweep())) {}

Record BoundSweep::record(const Arguments& arguments) const {
  return inverse_ == nullptr ? evaluate(*bound_, arguments, digits_)
                             : evaluate(*bound_, *inverse_, arguments, digits_);
}

void BoundSweep::write_rows(std::uint64_t first, std::uint64_t last, const CommonOptions& options,
                            TableWriter& writer) const {
  const ParameterView parameters(parameters_, uses());
  parameters.write_head(options.format, writer);
  const RecordColumns columns(parameters, options.format, *bound_, inverse_);
  writer.begin(std::string(bound_->id), columns.headings());
  for_each_row(
      last - first, options,
      [&](std::uint64_t i) {
        const Arguments arguments = points_.at(first + i);
        return columns.cells(arguments, record(arguments));
      },
      [&](const std::vector<Cell>& cells) { writer.row(cells); });
  writer.end();
}

}  // namespace promptbound
