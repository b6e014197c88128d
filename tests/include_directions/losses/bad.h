#include "optim/sgd.h"
#include "tensor/shape.h"
