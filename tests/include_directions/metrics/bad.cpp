#include <dnnl.hpp>
#include <vector>

#include "metrics/roc.h"
