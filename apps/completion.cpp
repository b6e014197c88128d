#include <cstdio>

#include "apps/verbs.h"
#include "tensor/error.h"

namespace thorax {

Flags completion_flags() {
  return Flags("completion", "bash|zsh|fish", "What a shell completes thorax's commands with, as a script on stdout.", {},
               {"thorax completion bash >~/.local/share/bash-completion/completions/thorax",
                "thorax completion zsh >~/.zfunc/_thorax", "thorax completion fish >~/.config/fish/completions/thorax.fish"},
               true);
}

namespace {

const std::string any_verb[] = {"--help", "--no-color"};

// Each of these letters behind a backslash.
std::string escaped(const std::string& text, std::string_view letters) {
  std::string out;
  for (const char c : text) {
    if (letters.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string verb_names() {
  std::vector<std::string> names;
  for (const Verb& v : verbs()) names.emplace_back(v.name);
  return joined(names, " ");
}

std::string bash_script() {
  std::string choices, flags;
  for (const Verb& v : verbs()) {
    std::vector<std::string> names(std::begin(any_verb), std::end(any_verb));
    const Flags of_verb = v.flags();
    for (const Flag& f : of_verb.flags()) {
      names.push_back("--" + f.name);
      if (!f.choices().empty())
        choices += str("    \"", v.name, " --", f.name, "\") words=\"", joined(f.choices(), " "), "\" ;;\n");
      else if (!f.value_name.empty())
        choices += str("    \"", v.name, " --", f.name, "\") files=1 ;;\n");
    }
    flags += str("      ", v.name, ") words=\"", joined(names, " "), "\" ;;\n");
  }
  return str(R"(_thorax() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words="" files=""
  if [ "$cur" = = ]; then cur=""
  elif [ "$prev" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  case "${COMP_WORDS[1]} $prev" in
)",
             choices, R"(  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=")",
             verb_names(), R"( --help --version"
  elif [ -z "$words$files" ] && [[ $cur == -* ]]; then
    case ${COMP_WORDS[1]} in
)",
             flags, R"(    esac
  fi
  if [ -n "$words" ]; then mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  else mapfile -t COMPREPLY < <(compgen -f -- "$cur"); fi
}
complete -o filenames -F _thorax thorax
)");
}

std::string zsh_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string zsh_script() {
  std::string names, cases;
  for (const Verb& v : verbs()) {
    names += "    " + zsh_quoted(str(v.name, ":", escaped(v.summary, ":"))) + '\n';
    cases += str("    ", v.name, ") _arguments '--help[this page]' '--no-color[no colour]'");
    const Flags of_verb = v.flags();
    for (const Flag& f : of_verb.flags()) {
      std::string spec = str("--", f.name, "[", escaped(f.help, "[]:"), "]");
      if (!f.value_name.empty())
        spec += str(":", escaped(f.value_name, ":"), ":", f.choices().empty() ? "_files" : "(" + joined(f.choices(), " ") + ")");
      cases += " \\\n      " + zsh_quoted(spec);
    }
    cases += " '*:file:_files' ;;\n";
  }
  return str(R"(#compdef thorax
_thorax() {
  local -a verbs=(
)",
             names, R"(  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
)",
             cases, R"(  esac
}
if [ "$funcstack[1]" = _thorax ]; then _thorax "$@"; else compdef _thorax thorax; fi
)");
}

std::string fish_script() {
  const auto quoted = [](const std::string& text) { return "'" + escaped(text, "'\\") + "'"; };
  std::string out;
  for (const Verb& v : verbs()) {
    out += str("complete -c thorax -f -n __fish_use_subcommand -a ", v.name, " -d ", quoted(v.summary), '\n');
    const Flags of_verb = v.flags();
    for (const Flag& f : of_verb.flags()) {
      out += str("complete -c thorax -n '__fish_seen_subcommand_from ", v.name, "' -l ", f.name);
      if (!f.letter().empty()) out += " -s " + f.letter().substr(1);
      if (!f.choices().empty())
        out += " -x -a " + quoted(joined(f.choices(), " "));
      else if (!f.value_name.empty())
        out += " -r";
      out += " -d " + quoted(f.help) + '\n';
    }
  }
  return out + "complete -c thorax -s h -l help -d 'this page'\ncomplete -c thorax -l no-color -d 'no colour'\n";
}

}  // namespace

int run_completion(Flags& flags) {
  const std::string shell = flags.positionals().size() == 1 ? flags.positionals()[0] : "";
  if (shell != "bash" && shell != "zsh" && shell != "fish")
    throw Error(Fault::input, "completion: bash, zsh or fish is expected", "thorax completion --help has examples");
  std::fputs((shell == "bash" ? bash_script() : shell == "zsh" ? zsh_script() : fish_script()).c_str(), stdout);
  return 0;
}

}  // namespace thorax
