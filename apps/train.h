// `thorax train`.
#pragma once

namespace thorax {

class Flags;
int run_train(Flags& flags);

}  // namespace thorax
