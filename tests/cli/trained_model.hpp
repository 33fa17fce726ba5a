/// The trained model that comes with the tests.
#pragma once

#include <string>

/// The folder of models for tests.
inline const std::string models = PROMPTBOUND_MODELS_DIR;
/// The options of audit and of recall for the trained model of tests and the prompt trained for it.
inline const std::string trained_model =
    "--model " + models + "/tiny-gpt2 --prompt " + models + "/tiny-gpt2-prompt";
