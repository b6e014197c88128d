// What thorax doctor shows of a machine.
#pragma once

#include <string>

#include "apps/machine.h"

namespace thorax {

std::string doctor_text(const Machine& machine, const MachineChoice& choice);
std::string doctor_json(const Machine& machine, const MachineChoice& choice);

}  // namespace thorax
