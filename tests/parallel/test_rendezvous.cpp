#include "parallel/rendezvous.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "parallel/keys.h"
#include "parallel/watch.h"
#include "parallel/world.h"
#include "tensor/communicator.h"

using namespace thorax;
using namespace thorax::parallel;

namespace {

Deadline soon() {
  return Clock::now() + std::chrono::seconds(120);
}

// A rendezvous at a free port of this machine, and the worlds of its ranks.
struct Meeting {
  explicit Meeting(RendezvousOptions o) : options(std::move(o)) {
    Socket listener = listen_at("127.0.0.1", 0);
    port = listener.port();
    rendezvous.emplace(std::move(listener), options);
  }
  World world(int rank) const {
    World w;
    w.rank = rank;
    w.size = options.size;
    w.host = "127.0.0.1";
    w.port = port;
    w.secret = options.secret;
    return w;
  }
  RendezvousOptions options;
  int port = 0;
  std::optional<Rendezvous> rendezvous;
};

// What a watch is told, and a place to wait for it.
class Verdict {
 public:
  OnVerdict taker() {
    return [this](int code, const std::string& text) {
      const std::scoped_lock lock(mutex_);
      code_ = code;
      text_ = text;
      arrived_.notify_all();
    };
  }
  std::string wait() {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, soon(), [&] { return !text_.empty(); });
    return std::to_string(code_) + ' ' + text_;
  }
  bool none() {
    const std::scoped_lock lock(mutex_);
    return text_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  int code_ = 0;
  std::string text_;
};

// True when the rendezvous ends a connection that has said this.
bool is_dropped(const Meeting& meeting, const std::string& bytes) {
  const Socket stranger = connect_to("127.0.0.1", meeting.port, soon());
  stranger.send_all(bytes, soon());
  std::string heard;
  Received received = Received::bytes;
  while (received == Received::bytes) received = stranger.receive_some(heard, soon());
  return received == Received::end;
}

std::optional<World> world_from(const std::map<std::string, std::string>& environment) {
  return world_of([&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("messages arrive whole, in whatever pieces") {
  const std::string bytes = encode({Kind::set, "key", std::string("va\0ue", 5)}) + encode({Kind::alive});
  Decoder decoder;
  std::vector<Message> got;
  for (const char c : bytes) {
    decoder.buffer() += c;
    while (auto m = decoder.next()) got.push_back(*m);
  }
  REQUIRE(got.size() == 2);
  CHECK(got[0].kind == Kind::set);
  CHECK(got[0].key == "key");
  CHECK(got[0].value == std::string("va\0ue", 5));
  CHECK(got[1].kind == Kind::alive);
  CHECK_FALSE(decoder.bad());
}

TEST_CASE("what is no message is known by its first bytes") {
  for (const std::string& bytes :
       {std::string("\xff\xff\xff\xff", 4), std::string("\1\0\0\0", 4), std::string("GET / HTTP/1.1\r\n"),
        std::string("\3\0\0\0?\0\0", 7), std::string("\3\0\0\0S\1\0", 7)}) {
    Decoder decoder;
    decoder.buffer() = bytes;
    CHECK_FALSE(decoder.next());
    CHECK(decoder.bad());
  }
}

TEST_CASE("values are kept for those who ask later, and for those who have asked before") {
  const Meeting meeting({.size = 2, .secret = "s"});
  Keys zero(meeting.world(0), soon());
  Keys one(meeting.world(1), soon());
  zero.set("a", "1");
  CHECK(one.get("a", soon()) == "1");
  std::string late;
  {
    const std::jthread waiting([&] { late = one.get("b", soon()); });
    zero.set("c", "3");
    zero.set("b", std::string(60000, 'x'));
  }
  CHECK(late == std::string(60000, 'x'));
  CHECK_THROWS_AS(zero.get("never", Clock::now()), CommunicationError);
}

TEST_CASE("strangers and garbage are dropped, and the ranks meet all the same") {
  const Meeting meeting({.size = 2, .secret = "known", .join_limit = std::chrono::milliseconds(500)});
  Keys zero(meeting.world(0), soon());
  CHECK(is_dropped(meeting, ""));  // says nothing
  CHECK(is_dropped(meeting, std::string("\0\0\0\0", 4)));
  CHECK(is_dropped(meeting, std::string(100000, '\xff')));
  CHECK(is_dropped(meeting, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(is_dropped(meeting, encode({Kind::set, "a", "evil"})));
  CHECK(is_dropped(meeting, encode({Kind::join, "keys 1 2", "no proof"})));
  CHECK(is_dropped(meeting, encode({Kind::join, "keys 1 2", proof_of("known", "another challenge")})));
  std::vector<Socket> flood;
  for (int i = 0; i < 200; ++i) flood.push_back(connect_to("127.0.0.1", meeting.port, soon()));
  Keys one(meeting.world(1), soon());
  zero.set("a", "true");
  CHECK(one.get("a", soon()) == "true");
}

TEST_CASE("who does not fit is told why") {
  const Meeting meeting({.size = 2, .secret = "known"});
  const auto refusal = [](const World& world) {
    try {
      const Keys keys(world, soon());
      return std::string("let in");
    } catch (const Error& e) {
      return std::string(e.what());
    }
  };
  World wrong = meeting.world(1);
  wrong.secret = "guessed";
  CHECK(refusal(wrong) == "rank 0 refuses rank 1: the shared secret is another one");
  wrong = meeting.world(1);
  wrong.size = 3;
  CHECK(refusal(wrong) == "rank 0 refuses rank 1: it was started as one of 3 processes, not of 2");
  const Keys first(meeting.world(1), soon());
  CHECK(refusal(meeting.world(1)) == "rank 0 refuses rank 1: another process is that rank already");
}

TEST_CASE("a rank that ends, fails or is silent is named to all others") {
  Verdict verdict;
  SUBCASE("ends") {
    const Meeting meeting({.size = 2});
    const Watch zero(meeting.world(0), soon(), verdict.taker());
    { const Link one = join(meeting.world(1), "watch", soon()); }
    CHECK(verdict.wait() == "3 rank 1 has ended");
  }
  SUBCASE("fails") {
    const Meeting meeting({.size = 2});
    const Watch zero(meeting.world(0), soon(), verdict.taker());
    Watch one(meeting.world(1), soon(), [](int, const std::string&) {});
    one.fail(2, "training diverged");
    CHECK(verdict.wait() == "2 rank 1: training diverged");
  }
  SUBCASE("is silent") {
    const Meeting meeting({.size = 2, .silence_limit = std::chrono::seconds(6)});
    const Watch zero(meeting.world(0), soon(), verdict.taker());
    const Link one = join(meeting.world(1), "watch", soon());
    CHECK(verdict.wait() == "3 rank 1 has not answered for 6 seconds");
  }
  SUBCASE("does not come") {
    const Meeting meeting({.size = 3, .start_limit = std::chrono::seconds(1)});
    const Watch one(meeting.world(1), soon(), verdict.taker());
    CHECK(verdict.wait().starts_with("3 rank 0"));
  }
  SUBCASE("was the one that all met at") {
    Meeting meeting({.size = 2});
    const Watch one(meeting.world(1), soon(), verdict.taker());
    meeting.rendezvous.reset();
    CHECK(verdict.wait() == "3 rank 0 has ended");
  }
}

TEST_CASE("who has left is missed by nobody") {
  Verdict verdict;
  const Meeting meeting({.size = 2, .silence_limit = std::chrono::seconds(1)});
  Watch zero(meeting.world(0), soon(), verdict.taker());
  {
    Watch one(meeting.world(1), soon(), verdict.taker());
    one.leave();
  }
  // Whatever the end of rank 1 says has been heard before this answer.
  Keys keys(meeting.world(0), soon());
  keys.set("a", "b");
  CHECK(keys.get("a", soon()) == "b");
  zero.leave();
  CHECK(verdict.none());
}

TEST_CASE("ranks know themselves from the environment of each launcher") {
  CHECK_FALSE(world_from({}));
  CHECK_FALSE(world_from({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}));  // a batch script: no step of several processes
  const auto torchrun = world_from({{"RANK", "3"},
                                    {"WORLD_SIZE", "4"},
                                    {"LOCAL_RANK", "1"},
                                    {"LOCAL_WORLD_SIZE", "2"},
                                    {"MASTER_ADDR", "10.0.0.1"},
                                    {"MASTER_PORT", "1234"},
                                    {"THORAX_SECRET", "s"}});
  REQUIRE(torchrun);
  CHECK(torchrun->rank == 3);
  CHECK(torchrun->size == 4);
  CHECK(torchrun->local_rank == 1);
  CHECK(torchrun->local_size == 2);
  CHECK(torchrun->host == "10.0.0.1");
  CHECK(torchrun->port == 1234);
  CHECK(torchrun->secret == "s");
  const auto agent =
      world_from({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "1234"}, {"TORCHELASTIC_USE_AGENT_STORE", "True"}});
  CHECK(agent->port == 1235);
  const auto slurm = world_from({{"SLURM_PROCID", "1"},
                                 {"SLURM_STEP_NUM_TASKS", "2"},
                                 {"SLURM_STEP_NODELIST", "gpu[03-04,7]"},
                                 {"SLURM_JOB_ID", "123456"}});
  CHECK(slurm->rank == 1);
  CHECK(slurm->host == "gpu03");
  CHECK(slurm->port == 23456);
  const auto mpi =
      world_from({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  CHECK(mpi->host == "127.0.0.1");
  CHECK_THROWS_WITH_AS(world_from({{"RANK", "2"}, {"WORLD_SIZE", "2"}}),
                       "the environment's RANK is 2; a number from 0 to 1 is expected", Error);
  CHECK_THROWS_AS(world_from({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}}), Error);  // on two machines: which?
}
