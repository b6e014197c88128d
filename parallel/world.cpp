#include "parallel/world.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "tensor/error.h"

namespace thorax::parallel {

namespace {

constexpr int most_ranks = 1024;
constexpr int usual_port = 29500;  // torchrun's

int number(const Environment& get, const char* name, int low, int high, std::optional<int> absent = std::nullopt) {
  const char* text = get(name);
  if (text == nullptr && absent) return *absent;
  int value = 0;
  const char* end = text == nullptr ? nullptr : text + std::strlen(text);
  if (text == nullptr || std::from_chars(text, end, value) != std::from_chars_result{end, std::errc{}} || value < low ||
      value > high) {
    throw Error(Fault::input, str("the environment's ", name, " is ", text == nullptr ? "missing" : text, "; a number from ", low,
                                  " to ", high, " is expected"));
  }
  return value;
}

// The names of the four numbers, as each launcher calls them.
struct Names {
  const char *rank, *size, *local_rank, *local_size;
};

World numbers(const Environment& get, const Names& names) {
  World w;
  w.size = number(get, names.size, 1, most_ranks);
  w.rank = number(get, names.rank, 0, w.size - 1);
  w.local_rank = number(get, names.local_rank, 0, w.size - 1, 0);
  w.local_size = number(get, names.local_size, 1, w.size, 1);
  return w;
}

// The first of "node[03-05,09],login1": "node03".
std::string first_host(const std::string& list) {
  const size_t bracket = list.find('[');
  const size_t comma = list.find(',');
  if (bracket == std::string::npos || bracket > comma) return list.substr(0, comma);
  const size_t end = list.find_first_of(",-]", bracket);
  return list.substr(0, bracket) + list.substr(bracket + 1, end - bracket - 1);
}

void set_place(World& w, const Environment& get, const std::string& host, int port) {
  const char* given = get("MASTER_ADDR");
  w.host = given != nullptr ? given : host;
  w.port = number(get, "MASTER_PORT", 1, 65535, port);
  if (w.host.empty())
    throw Error(Fault::input, str(w.size, " processes, and no MASTER_ADDR in the environment: the address of rank 0's machine"));
}

}  // namespace

std::optional<World> world_of(const Environment& get) {
  std::optional<World> w;
  if (get("RANK") != nullptr && get("WORLD_SIZE") != nullptr) {
    w = numbers(get, {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"});
    set_place(*w, get, "127.0.0.1", usual_port);
    // torchrun itself listens at that port then.
    const char* taken = get("TORCHELASTIC_USE_AGENT_STORE");
    if (taken != nullptr && std::strcmp(taken, "True") == 0) w->port = w->port < 65535 ? w->port + 1 : w->port - 1;
  } else if (get("OMPI_COMM_WORLD_RANK") != nullptr) {
    w = numbers(get,
                {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"});
    set_place(*w, get, w->local_size == w->size ? "127.0.0.1" : "", usual_port);
  } else if (get("SLURM_STEP_NUM_TASKS") != nullptr && get("SLURM_STEP_NODELIST") != nullptr) {
    w = numbers(get, {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE"});
    set_place(*w, get, first_host(get("SLURM_STEP_NODELIST")), 20000 + number(get, "SLURM_JOB_ID", 0, 2147483647, 0) % 10000);
  } else {
    return std::nullopt;
  }
  w->listener = number(get, "THORAX_LISTENER", 0, 1 << 20, -1);
  const char* secret = get("THORAX_SECRET");
  if (secret != nullptr) w->secret = secret;
  return w;
}

std::optional<World> world_of_environment() {
  return world_of([](const char* name) { return std::getenv(name); });
}

}  // namespace thorax::parallel
