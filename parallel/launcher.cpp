#include "parallel/launcher.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include "parallel/join.h"
#include "parallel/socket.h"
#include "tensor/error.h"

namespace thorax::parallel {

namespace {

constexpr std::chrono::milliseconds tick{20};
// After the first failure the others have their verdict within a second, and rank 0 waits a few for those who do not take it.
constexpr std::chrono::seconds grace{8};

constexpr std::array launcher_names{"RANK",
                                    "WORLD_SIZE",
                                    "LOCAL_RANK",
                                    "LOCAL_WORLD_SIZE",
                                    "MASTER_ADDR",
                                    "MASTER_PORT",
                                    "THORAX_SECRET",
                                    "THORAX_LISTENER",
                                    "TORCHELASTIC_USE_AGENT_STORE"};

// This process's environment without what another launcher left.
std::vector<std::string> own_environment() {
  std::vector<std::string> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('='));
    if (std::find(launcher_names.begin(), launcher_names.end(), name) == launcher_names.end()) kept.emplace_back(text);
  }
  return kept;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

class Ranks {
 public:
  Ranks(int count, const std::vector<std::string>& arguments) {
    const char* given = std::getenv("THORAX_SECRET");
    const std::string secret = given != nullptr ? given : random_text();
    const Socket listener = listen_at("127.0.0.1", 0);
    std::vector<std::string> command{"thorax"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    for (int r = 0; r < count; ++r) {
      std::vector<std::string> environment = own_environment();
      for (const auto& [name, value] :
           {std::pair{"RANK", r}, {"LOCAL_RANK", r}, {"WORLD_SIZE", count}, {"LOCAL_WORLD_SIZE", count}})
        environment.push_back(str(name, '=', value));
      environment.push_back("MASTER_ADDR=127.0.0.1");
      environment.push_back(str("MASTER_PORT=", listener.port()));
      environment.push_back("THORAX_SECRET=" + secret);
      if (r == 0) environment.push_back(str("THORAX_LISTENER=", listener.fd()));
      start(command, environment, r == 0 ? listener.fd() : -1);
    }
  }
  // Also where not all could be started.
  ~Ranks() {
    send(SIGKILL);
    for (const pid_t child : children_)
      if (child > 0) waitpid(child, nullptr, 0);
  }
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  bool running() const {
    return std::any_of(children_.begin(), children_.end(), [](pid_t child) { return child > 0; });
  }
  void send(int signal) const {
    for (const pid_t child : children_)
      if (child > 0) kill(child, signal);
  }
  // Notes who has ended; the first that failed, into first.
  void look(Ending& first) {
    for (size_t r = 0; r < children_.size(); ++r) {
      int status = 0;
      if (children_[r] <= 0 || waitpid(children_[r], &status, WNOHANG) != children_[r]) continue;
      children_[r] = 0;
      if (first.rank >= 0 || status == 0) continue;
      first.rank = static_cast<int>(r);
      if (WIFSIGNALED(status))
        first.signal = WTERMSIG(status);
      else
        first.code = WEXITSTATUS(status);
    }
  }

 private:
  void start(std::vector<std::string>& command, std::vector<std::string>& environment, int listener) {
    const std::vector<char*> words = pointers(command);
    const std::vector<char*> variables = pointers(environment);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) throw Error(Fault::machine, str("no further process can be started: ", std::strerror(errno)));
    if (child > 0) return children_.push_back(child);
    // Only system calls from here on.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent && (listener < 0 || fcntl(listener, F_SETFD, 0) == 0))
      execve("/proc/self/exe", words.data(), variables.data());
    _exit(3);
  }

  std::vector<pid_t> children_;  // 0: has ended
};

}  // namespace

Ending run_ranks(int ranks, const std::vector<std::string>& arguments, const std::function<int()>& stop) {
  Ranks all(ranks, arguments);
  Ending first;
  bool asked = false;
  Deadline limit = Deadline::max();
  while (all.running()) {
    std::this_thread::sleep_for(tick);
    all.look(first);
    if (!asked && stop() != 0) {
      asked = true;
      all.send(stop());
    }
    if (first.rank >= 0 && limit == Deadline::max()) limit = Clock::now() + grace;
    if (Clock::now() > limit) all.send(SIGKILL);
  }
  return first;
}

}  // namespace thorax::parallel
