#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "tensor/file.h"
#include "tests/faulty_calls.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;
namespace fs = std::filesystem;

namespace {

const std::string old_text = "the old content";
const std::string new_text = "the new content, which is longer";

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string error_of(const auto& job) {
  try {
    job();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("file: an atomic write makes and replaces a file, in the order of calls that a power loss demands") {
  const TemporaryFolder folder;
  FaultyCalls calls;
  write_file_atomically(folder / "f", old_text);
  CHECK(calls.log == std::vector<std::string>{"open", "write", "fchmod", "fsync", "close", "rename", "open", "fsync", "close"});
  CHECK(read_text(folder / "f") == old_text);
  write_file_atomically(folder / "f", new_text);
  CHECK(read_text(folder / "f") == new_text);
  write_file_atomically(folder / "f", "");
  CHECK(read_text(folder / "f").empty());
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("file: the new file has the mode that the umask leaves, the temporary one only its owner's") {
  const TemporaryFolder folder;
  const auto mode = [](const fs::path& path) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return status.st_mode & 0777U;
  };
  const mode_t mask = ::umask(0);
  ::umask(mask);
  AtomicFile file(folder / "f");
  CHECK(mode(file.temporary()) == 0600U);
  file.finish();
  file.commit();
  CHECK(mode(folder / "f") == (0666U & ~mask));
}

TEST_CASE("file: a write that is given up leaves nothing behind") {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "f");
    file.write("half");
    CHECK(files_in(folder.path()) == 1);
  }
  CHECK(files_in(folder.path()) == 0);
}

TEST_CASE("file: commit keeps the file before it when it is asked to") {
  const TemporaryFolder folder;
  for (const std::string text : {"1", "2", "3"}) {
    AtomicFile file(folder / "f");
    file.write(text);
    file.finish();
    file.commit(folder / "g");
  }
  CHECK(read_text(folder / "f") == "3");
  CHECK(read_text(folder / "g") == "2");
  CHECK(files_in(folder.path()) == 2);
}

TEST_CASE("file: each call fails, once or from then on: the old content stays, or the new one is whole") {
  for (const bool torn : {false, true}) {
    for (const auto way : {FaultyCalls::Way::once, FaultyCalls::Way::always}) {
      for (const int error : {EIO, ENOSPC, EDQUOT, EACCES}) {
        bool reached = true;
        for (int at = 1; reached; ++at) {
          const TemporaryFolder folder;
          write_text(folder / "f", old_text);
          std::string outcome = "written";
          {
            FaultyCalls calls(at, way, error, torn);
            try {
              write_file_atomically(folder / "f", new_text);
            } catch (const NotWritten&) {
              outcome = "not written";
            } catch (const DurabilityUnsure&) {
              outcome = "unsure";
            }
            reached = calls.reached();
          }
          CAPTURE(at);
          CAPTURE(outcome);
          CHECK(read_text(folder / "f") == (outcome == "not written" ? old_text : new_text));
          if (way == FaultyCalls::Way::once) CHECK(files_in(folder.path()) == 1);
          if (!reached) CHECK(outcome == "written");
          // The last close of the folder's descriptor, and a torn write that is taken up again, are no failures.
          if (reached && at != 9 && !(torn && at == 2)) CHECK(outcome == (at < 7 ? "not written" : "unsure"));
        }
      }
    }
  }
}

TEST_CASE("file: when a call of a commit fails that keeps the file before it, the old file is back in its place") {
  bool reached = true;
  for (int at = 1; reached; ++at) {
    const TemporaryFolder folder;
    write_text(folder / "f", old_text);
    AtomicFile file(folder / "f");
    file.write(new_text);
    file.finish();
    bool written = true;
    {
      FaultyCalls calls(at);
      try {
        file.commit(folder / "g");
      } catch (const NotWritten&) {
        written = false;
      } catch (const DurabilityUnsure&) {
      }
      reached = calls.reached();
    }
    CAPTURE(at);
    CHECK(written == (at > 2));
    CHECK(read_text(folder / "f") == (written ? new_text : old_text));
    CHECK(read_text(folder / "g") == (written ? old_text : ""));
  }
}

TEST_CASE("file: an interrupted call is made again, but never a failed fsync") {
  const TemporaryFolder folder;
  for (const int at : {1, 2}) {
    FaultyCalls calls(at, FaultyCalls::Way::once, EINTR);
    write_file_atomically(folder / "f", new_text);
    CHECK(calls.log.size() == 10);
    CHECK(read_text(folder / "f") == new_text);
  }
  FaultyCalls calls(4, FaultyCalls::Way::once, EIO);
  CHECK_THROWS_AS(write_file_atomically(folder / "f", old_text), NotWritten);
  CHECK(std::count(calls.log.begin(), calls.log.end(), "fsync") == 1);
  CHECK(std::count(calls.log.begin(), calls.log.end(), "rename") == 0);
}

TEST_CASE("file: a process that dies before any call leaves the old content or the new") {
  for (const bool torn : {false, true}) {
    bool died = true;
    for (int at = 1; died; ++at) {
      const TemporaryFolder folder;
      write_text(folder / "f", old_text);
      died = dies_at(at, torn, [&] { write_file_atomically(folder / "f", new_text); });
      CAPTURE(at);
      CHECK(read_text(folder / "f") == (at <= 6 ? old_text : new_text));
      remove_stale_temporaries(folder.path());
      CHECK(files_in(folder.path()) == 1);
    }
  }
}

TEST_CASE("file: errors name the file and what is wrong with it") {
  const TemporaryFolder folder;
  const std::string missing = error_of([&] { write_file_atomically(folder / "no/f", "x"); });
  CHECK(missing.find("no/f: not written") != std::string::npos);
  CHECK(missing.find("No such file or directory") != std::string::npos);
  fs::create_directory(folder / "d");
  CHECK_THROWS_AS(write_file_atomically(folder / "d", "x"), NotWritten);
  CHECK(files_in(folder.path()) == 1);
  CHECK_THROWS_AS(write_file_atomically(folder / std::string(300, 'n'), "x"), NotWritten);
}

TEST_CASE("file: records are appended whole, each with one write") {
  const TemporaryFolder folder;
  FaultyCalls calls;
  {
    AppendFile file(folder / "f");
    file.append("one\n");
    file.append("two\n");
    file.sync();
  }
  CHECK(std::count(calls.log.begin(), calls.log.end(), "write") == 2);
  AppendFile file(folder / "f");
  CHECK(file.size() == 8);
  file.truncate(4);
  file.append("three\n");
  CHECK(read_text(folder / "f") == "one\nthree\n");
  CHECK_THROWS_AS(AppendFile(folder.path()), Error);
}

TEST_CASE("file: a torn record is cut off again, or nothing follows it") {
  const TemporaryFolder folder;
  AppendFile file(folder / "f");
  file.append("one\n");
  {
    FaultyCalls calls(1, FaultyCalls::Way::once, ENOSPC, true);
    CHECK_THROWS_AS(file.append("twotwo\n"), NotWritten);
  }
  CHECK(read_text(folder / "f") == "one\n");
  {
    FaultyCalls calls(1, FaultyCalls::Way::always, ENOSPC, true);
    CHECK_THROWS_AS(file.append("twotwo\n"), NotWritten);
  }
  CHECK(read_text(folder / "f") == "one\ntwo");
  CHECK_THROWS_AS(file.append("three\n"), NotWritten);
  CHECK(read_text(folder / "f") == "one\ntwo");
}

TEST_CASE("file: a folder is held by one at a time, and free when its holder is gone") {
  const TemporaryFolder folder;
  {
    const DirectoryLock lock(folder.path());
    CHECK(error_of([&] { DirectoryLock second(folder.path()); }) == "another thorax is using " + folder.path().string());
  }
  CHECK_NOTHROW(DirectoryLock(folder.path()));
  CHECK(dies_at(4, false, [&] {
    const DirectoryLock lock(folder.path());
    write_file_atomically(folder / "f", "x");
  }));
  CHECK_NOTHROW(DirectoryLock(folder.path()));
  CHECK_THROWS_AS(DirectoryLock(folder / "missing"), Error);
}

TEST_CASE("file: only regular files are mapped, and a FIFO does not block") {
  const TemporaryFolder folder;
  write_text(folder / "f", "abc");
  write_text(folder / "empty", "");
  MappedFile file(folder / "f");
  CHECK(file.text() == "abc");
  MappedFile moved(std::move(file));
  CHECK(moved.text() == "abc");
  CHECK(MappedFile(folder / "empty").text().empty());
  CHECK_THROWS_AS(MappedFile(folder.path()), Error);
  CHECK_THROWS_AS(MappedFile("/dev/zero"), Error);
  CHECK_THROWS_AS(MappedFile(folder / "missing"), Error);
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK_THROWS_AS(MappedFile(folder / "fifo"), Error);
}

TEST_CASE("file: folders are made with those above them") {
  const TemporaryFolder folder;
  make_directories(folder / "a/b/c");
  CHECK(fs::is_directory(folder / "a/b/c"));
  CHECK_NOTHROW(make_directories(folder / "a/b/c/"));
  write_text(folder / "f", "");
  CHECK_THROWS_AS(make_directories(folder / "f"), Error);
  CHECK_THROWS_AS(make_directories(folder / "f/g"), Error);
  CHECK(remove_file(folder / "f"));
  CHECK_FALSE(remove_file(folder / "f"));
}

TEST_CASE("file: no other source opens files for writing, renames or syncs them") {
  size_t sources = 0;
  for (const char* folder : {"tensor", "kernels", "layers", "models", "losses", "optim", "data", "metrics", "apps"}) {
    const fs::path root = fs::path(THORAX_SOURCE_DIR) / folder;
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const std::string extension = entry.path().extension();
      const std::string name = entry.path().filename();
      if ((extension != ".cpp" && extension != ".h") || name.starts_with("file.") || name.starts_with("file_calls.")) continue;
      std::string text = read_text(entry.path());
      ++sources;
      // No file of anybody: nowhere, and what the kernel tells a process about itself.
      for (const std::string harmless :
           {"\"/dev/null\", O_WRONLY", "fopen(\"/dev/null\", \"w\")", "fopen(\"/proc/self/statm\", \"re\")"}) {
        for (size_t at = text.find(harmless); at != std::string::npos; at = text.find(harmless)) text.erase(at, harmless.size());
      }
      for (const char* call : {"ofstream", "std::fstream", "fopen(", "freopen(", "rename(", "fsync(", "fdatasync(", "O_WRONLY",
                               "O_RDWR", "O_CREAT"}) {
        CHECK_MESSAGE(text.find(call) == std::string::npos, entry.path().string(), " uses ", call,
                      "; tensor/file.h is the place for it");
      }
    }
  }
  CHECK(sources > 5);
}
