// Groups (patients with all their images) into parts, so that every label has the wanted share in each part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thorax::data {

// counts: [groups][D], how many images of a group have each property (the first: all images; then labels). fractions: [P], sum 1.
// Returns [groups], the part of each. Iterative stratification (Sechidis, Tsoumakas & Vlahavas, ECML PKDD 2011), the rarest label
// first, with whole groups; then single groups are moved while that lowers the sum of the fourth powers of all errors of shares,
// which leans towards the largest. This is done from several random orders, and the result whose largest error is smallest
// counts. No part with a fraction above 0 stays empty. A function of the order of the groups and the seed. Throws Error(input)
// when there are fewer groups than such parts.
std::vector<size_t> stratify(const std::vector<std::vector<int64_t>>& counts, const std::vector<double>& fractions,
                             uint64_t seed);

}  // namespace thorax::data
