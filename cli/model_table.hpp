/// Capacity of real language models: the project's numbers beside published ones.
#pragma once

#include <promptbound/cli/models_file.hpp>
#include <promptbound/cli/render/table.hpp>

namespace promptbound {

/// Writes what one prompt token can determine, by theory 2.7 and as published: first the capacities, then
/// the forms over the slopes measured; for programs, one table with all columns.
void write_model_table(const std::vector<PublishedModel>& models, Format format, long digits,
                       TableWriter& writer);

}  // namespace promptbound
