/// Can a prompt make a layer of several heads produce the wanted outputs? (theory 2.3H)
#pragma once

#include <promptbound/verify/memorization/memorization_answer.hpp>
#include <promptbound/verify/memorization/memorization_problem.hpp>
#include <promptbound/verify/memorization/prompt_error.hpp>

namespace promptbound {

/// Decides for one layer of several heads, at most 4 for the floor: impossible where the floor of examples
/// that share a query is above the accuracy, possible by a prompt that descent or Newton's method proposes
/// and whose error is enclosed, else unknown. Sets everything of the answer but its proof.
void memorize_layer(MemorizationProblem& problem, const PromptError& error_of, MemorizationAnswer& answer);

}  // namespace promptbound
