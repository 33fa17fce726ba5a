// What almost every source file includes, directly or not: precompiled once (library.cmake).
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <promptbound/numeric/eigen.hpp>
