// Ranks as threads of the test, met and connected as those of a training are.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "parallel/group.h"

namespace thorax::test {

// work(group) as each rank of a group of this size. Throws what the first of them threw.
inline void with_ranks(int size, const std::function<void(parallel::Group&)>& work) {
  parallel::Socket listener = parallel::listen_at("127.0.0.1", 0);
  parallel::World world;
  world.size = size;
  world.host = "127.0.0.1";
  world.port = listener.port();
  world.secret = "test";
  std::vector<std::exception_ptr> failures(static_cast<size_t>(size));
  std::vector<std::jthread> threads;
  for (int r = 0; r < size; ++r) {
    world.rank = r;
    threads.emplace_back([&, world, at = r == 0 ? std::move(listener) : parallel::Socket()]() mutable {
      try {
        parallel::Group group(
            world, [](int, const std::string&) {}, std::move(at));
        group.connect({});
        work(group);
      } catch (...) {
        failures[static_cast<size_t>(world.rank)] = std::current_exception();
      }
    });
  }
  threads.clear();
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace thorax::test
