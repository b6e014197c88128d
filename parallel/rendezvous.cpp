#include "parallel/rendezvous.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "parallel/join.h"
#include "parallel/message.h"
#include "tensor/error.h"

namespace thorax::parallel {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds tick{250};
constexpr milliseconds farewell{5000};
constexpr size_t most_strangers = 64;
constexpr size_t most_store_bytes = size_t{16} << 20;

enum class Role : uint8_t { stranger, keys, watch };

struct Connection {
  Socket socket;
  std::string challenge{};
  Decoder decoder{};
  Role role = Role::stranger;
  int rank = -1;
  milliseconds silence{0};  // of theirs
  milliseconds unsaid{0};   // of ours
  std::optional<std::string> waits_for{};
  bool left = false;
  bool gone = false;
};

// Takes as long wherever the first difference is.
bool equal(const std::string& a, const std::string& b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]) & 0xFFU;
  return difference == 0;
}

}  // namespace

class Rendezvous::Server {
 public:
  Server(Socket listener, const RendezvousOptions& options)
      : listener_(std::move(listener)), options_(options), thread_([this] { serve(); }) {}
  ~Server() { ending_ = true; }

 private:
  void serve() {
    auto last = Clock::now();
    milliseconds waited{0};
    while (!ending_ || (waited < farewell && !all_left())) {
      wait_for_events();
      accept_new();
      for (Connection& c : connections_) read(c);
      const auto now = Clock::now();
      // A process that was stopped must not take the time for the silence of others.
      const milliseconds passed = std::min(duration_cast<milliseconds>(now - last), 2 * tick);
      last = now;
      if (ending_) waited += passed;
      age_ += passed;
      for (Connection& c : connections_) watch(c, passed);
      for (const Connection& c : connections_)
        if (c.gone && c.role == Role::watch && !c.left) judge(3, str("rank ", c.rank, " has ended"));
      if (age_ > options_.start_limit && !verdict_ && !ending_) name_absent();
      connections_.remove_if([](const Connection& c) { return c.gone; });
    }
  }

  bool all_left() const {
    return std::none_of(connections_.begin(), connections_.end(),
                        [](const Connection& c) { return c.role == Role::watch && !c.left; });
  }

  void wait_for_events() {
    std::vector<pollfd> fds{{listener_.fd(), POLLIN, 0}};
    for (const Connection& c : connections_) fds.push_back({c.socket.fd(), POLLIN, 0});
    poll(fds.data(), fds.size(), static_cast<int>(tick.count()));
  }

  void accept_new() {
    while (Socket socket = accept_at(listener_)) {
      const auto stranger = [](const Connection& c) { return c.role == Role::stranger; };
      // The oldest makes place: a flood of strangers keeps nobody out for long.
      if (std::count_if(connections_.begin(), connections_.end(), stranger) >= static_cast<std::ptrdiff_t>(most_strangers))
        connections_.erase(std::find_if(connections_.begin(), connections_.end(), stranger));
      Connection& c = connections_.emplace_back();
      c.socket = std::move(socket);
      c.challenge = random_text();
      send(c, {Kind::challenge, {}, c.challenge});
    }
  }

  // What does not fit into the system's buffer shows a side that does not read: it is dropped.
  static void send(Connection& c, const Message& m) {
    if (!c.socket.send_all(encode(m), Clock::now())) lose(c);
  }
  static void lose(Connection& c) { c.gone = true; }

  void read(Connection& c) {
    Received received = Received::bytes;
    while (!c.gone && (received = c.socket.receive_some(c.decoder.buffer(), Clock::now())) == Received::bytes) {
      c.silence = milliseconds{0};
      while (auto m = c.decoder.next()) handle(c, *m);
      if (c.decoder.bad()) lose(c);
    }
    if (received == Received::end) lose(c);
  }

  void handle(Connection& c, const Message& m) {
    if (c.gone) return;
    if (c.role == Role::stranger) return m.kind == Kind::join ? let_in(c, m) : lose(c);
    if (c.role == Role::keys && m.kind == Kind::set) return set(m.key, m.value);
    if (c.role == Role::keys && m.kind == Kind::get) {
      c.waits_for = m.key;
      return answer(c);
    }
    if (c.role == Role::watch && m.kind == Kind::alive) return;
    if (c.role == Role::watch && m.kind == Kind::leave) {
      c.left = true;
      return;
    }
    if (c.role == Role::watch && m.kind == Kind::failed)
      return judge(m.key == "1" ? 1 : m.key == "2" ? 2 : 3, str("rank ", c.rank, ": ", m.value));
    lose(c);
  }

  void let_in(Connection& c, const Message& m) {
    std::istringstream text(m.key);
    std::string role;
    int size = -1;
    text >> role >> c.rank >> size;
    if (!equal(m.value, proof_of(options_.secret, c.challenge))) return refuse(c, "the shared secret is another one");
    if (!text || c.rank < 0 || c.rank >= options_.size || size != options_.size || (role != "keys" && role != "watch"))
      return refuse(c, str("it was started as one of ", size, " processes, not of ", options_.size));
    const Role wanted = role == "keys" ? Role::keys : Role::watch;
    if (std::any_of(connections_.begin(), connections_.end(),
                    [&](const Connection& o) { return &o != &c && o.role == wanted && o.rank == c.rank; }))
      return refuse(c, "another process is that rank already");
    c.role = wanted;
    send(c, {Kind::welcome});
    if (wanted == Role::watch) come_.insert(c.rank);
    if (wanted == Role::watch && verdict_) send(c, *verdict_);
  }

  static void refuse(Connection& c, const std::string& why) {
    send(c, {Kind::refused, {}, why});
    lose(c);
  }

  void set(const std::string& key, const std::string& value) {
    store_bytes_ += key.size() + value.size();
    if (store_bytes_ > most_store_bytes) return judge(1, "the rendezvous' store is full");
    store_.insert_or_assign(key, value);
    for (Connection& c : connections_) answer(c);
  }

  void answer(Connection& c) {
    if (!c.waits_for) return;
    const auto found = store_.find(*c.waits_for);
    if (found == store_.end()) return;
    c.waits_for.reset();
    send(c, {Kind::value, found->first, found->second});
  }

  void watch(Connection& c, milliseconds passed) {
    c.silence += passed;
    if (c.role == Role::stranger && c.silence > options_.join_limit) lose(c);
    if (c.role != Role::watch || c.left || c.gone) return;
    c.unsaid += passed;
    if (c.unsaid >= alive_interval) {
      c.unsaid = milliseconds{0};
      send(c, {Kind::alive});
    }
    if (c.silence > options_.silence_limit)
      judge(3, str("rank ", c.rank, " has not answered for ", options_.silence_limit.count() / 1000, " seconds"));
  }

  void name_absent() {
    std::string absent;
    for (int r = 0; r < options_.size; ++r)
      if (come_.count(r) == 0) absent += str(absent.empty() ? "rank " : ", rank ", r);
    if (!absent.empty()) judge(3, str(absent, " did not come within ", options_.start_limit.count() / 1000, " seconds"));
  }

  // The first is told to all; what follows is a consequence.
  void judge(int code, const std::string& text) {
    if (verdict_ || (ending_ && all_left())) return;
    verdict_ = Message{Kind::verdict, std::to_string(code), text};
    for (Connection& c : connections_)
      if (c.role == Role::watch && !c.gone) send(c, *verdict_);
  }

  Socket listener_;
  RendezvousOptions options_;
  std::list<Connection> connections_;
  std::map<std::string, std::string> store_;
  size_t store_bytes_ = 0;
  std::set<int> come_;
  milliseconds age_{0};
  std::optional<Message> verdict_;
  std::atomic<bool> ending_ = false;
  std::jthread thread_;  // the last member: it uses the others
};

Rendezvous::Rendezvous(Socket listener, const RendezvousOptions& options)
    : server_(std::make_unique<Server>(std::move(listener), options)) {}
Rendezvous::~Rendezvous() = default;

}  // namespace thorax::parallel
