#include <cstdio>

#include "apps/verbs.h"
#include "tensor/error.h"

namespace thorax {

Flags man_flags() {
  return Flags("man", "", "The manual of all verbs as a man page on stdout.", {},
               {"thorax man >thorax.1", "thorax man | man -l -"}, false);
}

namespace {

// Text in roff: no letter of it is a command there.
std::string roff(const std::string& text) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) out += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  return out;
}

std::string flag_text(const Flag& f) {
  std::string head = f.letter().empty() ? "" : str("\\fB", roff(f.letter()), "\\fR, ");
  head += str("\\fB", roff("--" + f.name), "\\fR");
  if (!f.value_name.empty()) head += str(" \\fI", roff(f.value_name), "\\fR");
  std::string help = f.help;
  if (!f.default_value.empty()) help += (help.empty() ? "[" : " [") + f.default_value + ']';
  return ".TP\n" + head + '\n' + roff(help) + '\n';
}

std::string verb_text(const Verb& verb) {
  const Flags flags = verb.flags();
  std::string text = str(".SS thorax ", verb.name, ' ', roff(flags.usage()), '\n', roff(flags.summary()), '\n');
  for (const Flag& f : flags.flags()) text += flag_text(f);
  text += ".PP\nExamples:\n.PP\n.EX\n";
  for (const std::string& example : flags.examples()) text += roff(example) + '\n';
  return text + ".EE\n";
}

}  // namespace

int run_man(Flags&) {
  std::string text = str(".TH THORAX 1 \"\" \"thorax ", THORAX_VERSION,
                         "\" \"User Commands\"\n.SH NAME\nthorax \\- learns to read chest radiographs\n.SH SYNOPSIS\n"
                         ".B thorax\n.I VERB\n[flags]\n.SH DESCRIPTION\nA research tool, not a medical device. Results go to "
                         "stdout, everything else to stderr.\n");
  for (const Verb& v : verbs()) text += str(".TP\n.B ", v.name, '\n', roff(v.summary), '\n');
  text += ".SH VERBS\n";
  for (const Verb& v : verbs()) text += verb_text(v);
  text += ".SH FLAGS OF EVERY VERB\n" + flag_text({"no-color", "", "no colour, as with NO_COLOR in the environment", ""}) +
          flag_text({"help", "", "examples and flags of a verb", ""}) +
          ".SH EXIT STATUS\n0: all right; 1: a defect of thorax; 2: the input or the command line is wrong; 3: the machine; "
          "130, 143: stopped by a signal.\n.SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colour, unless it is empty\n";
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace thorax
