/// A layer that attends to all tokens alike, and data that a prompt for it fits.
#pragma once

#include <string>

inline const std::string uniform_model =
    R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[0]],"W_K":[[1]],"W_V":[[1]]}]}]})";
/// Two tokens of mean 3 fit: (2*3 + 0)/4 and (2*3 + 1)/3, plus the query 1.
inline const std::string fitting_data =
    R"({"schema":1,"examples":[{"tokens":[[1],[-1]],"query":0,"target":["5/2"]},{"tokens":[[1]],"query":0,"target":["10/3"]}]})";
