// A TCP connection, or the place where others connect.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace thorax::parallel {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

enum class Received : uint8_t { bytes, nothing, end };  // nothing: not until the deadline

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // All of it. False: the other side is gone, or takes nothing until the deadline.
  bool send_all(const std::string& bytes, Deadline deadline) const;
  // What has come, at most 4096 bytes, put behind `to`.
  Received receive_some(std::string& to, Deadline deadline) const;
  // This side's numeric address, and its port.
  std::string address() const;
  int port() const;

 private:
  int fd_ = -1;
};

// Throws Error(machine) with the system's reason. port 0: any that is free.
Socket listen_at(const std::string& host, int port);
// Tries until the deadline: the other side may not have begun yet.
Socket connect_to(const std::string& host, int port, Deadline deadline);
// The next of those that connect, without waiting; empty: nobody.
Socket accept_at(const Socket& listener);

}  // namespace thorax::parallel
