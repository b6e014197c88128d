#include "parallel/socket.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "tensor/communicator.h"

namespace thorax::parallel {

namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses resolve(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failure != 0) throw Error(Fault::machine, str("the address ", host, " is not known: ", gai_strerror(failure)));
  return {found, freeaddrinfo};
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

// Waits until the socket is ready for these events.
bool ready(int fd, short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd p{fd, events, 0};
    const int n = poll(&p, 1, static_cast<int>(std::clamp<long>(left, 0, 1000)));
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
    if (left <= 0) return false;
  }
}

// A connection that is refused says so at once, one to a machine that is not there by silence.
bool connects(int fd, const addrinfo& to, Deadline deadline) {
  if (connect(fd, to.ai_addr, to.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS || !ready(fd, POLLOUT, std::min(deadline, Clock::now() + std::chrono::seconds(5)))) return false;
  int failure = 0;
  socklen_t size = sizeof failure;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

bool Socket::send_all(const std::string& bytes, Deadline deadline) const {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0)
      sent += static_cast<size_t>(n);
    else if ((errno != EAGAIN && errno != EINTR) || !ready(fd_, POLLOUT, deadline))
      return false;
  }
  return true;
}

Received Socket::receive_some(std::string& to, Deadline deadline) const {
  std::array<char, 4096> bytes{};
  for (;;) {
    const ssize_t n = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n > 0) {
      to.append(bytes.data(), static_cast<size_t>(n));
      return Received::bytes;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) return Received::end;
    if (!ready(fd_, POLLIN, deadline)) return Received::nothing;
  }
}

std::string Socket::address() const {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  std::array<char, NI_MAXHOST> name{};
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&own), size, name.data(), name.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    throw Error(Fault::machine, "a connection without an address");
  return name.data();
}

int Socket::port() const {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  std::array<char, NI_MAXSERV> name{};
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&own), size, nullptr, 0, name.data(), name.size(), NI_NUMERICSERV) != 0)
    throw Error(Fault::machine, "a connection without a port");
  return std::stoi(name.data());
}

Socket listen_at(const std::string& host, int port) {
  const Addresses all = resolve(host, port);
  int failure = 0;
  for (const addrinfo* a = all.get(); a != nullptr; a = a->ai_next) {
    Socket s(socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!s) continue;
    set_option(s.fd(), SOL_SOCKET, SO_REUSEADDR);
    if (bind(s.fd(), a->ai_addr, a->ai_addrlen) == 0 && listen(s.fd(), 128) == 0) return s;
    failure = errno;
  }
  throw Error(Fault::machine, str("rank 0 cannot listen at ", host, ':', port, ": ", std::strerror(failure)),
              "MASTER_ADDR is an address of the machine of rank 0, MASTER_PORT a port that is free there");
}

Socket connect_to(const std::string& host, int port, Deadline deadline) {
  for (;;) {
    const Addresses all = resolve(host, port);
    for (const addrinfo* a = all.get(); a != nullptr; a = a->ai_next) {
      Socket s(socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (!s || !connects(s.fd(), *a, deadline)) continue;
      set_option(s.fd(), IPPROTO_TCP, TCP_NODELAY);
      return s;
    }
    if (Clock::now() >= deadline) throw CommunicationError(str("rank 0 does not answer at ", host, ':', port));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Socket accept_at(const Socket& listener) {
  Socket s(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (s) set_option(s.fd(), IPPROTO_TCP, TCP_NODELAY);
  return s;
}

}  // namespace thorax::parallel
