#pragma once
// The shape of the scenario's sections `gates` and `validity`.

#include "base/schema.hpp"

namespace tidegate::gates {

schema::TypePointer gates_schema();
schema::TypePointer validity_schema();

}  // namespace tidegate::gates
