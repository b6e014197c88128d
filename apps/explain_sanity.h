// thorax explain --sanity: whether the maps of a model are about what it has learnt, and about what it looks at.
#pragma once

#include "apps/explain_inputs.h"
#include "apps/explainer.h"

namespace thorax {

// Looks at `inputs`, or at sanity_images of them in equal steps; writes OUT/sanity.json and prints two tables. The weights of the
// model in memory are random afterwards. Returns the exit code. Throws Error(input) for several models, and for flags that have
// no meaning here.
constexpr size_t sanity_images = 100;
int explain_sanity(const Flags& flags, const Explainer& models, const std::vector<ExplainInput>& inputs);

}  // namespace thorax
