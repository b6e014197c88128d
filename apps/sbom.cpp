#include "apps/sbom.h"

#include <cstdlib>
#include <ctime>
#include <span>

#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tensor/sha256.h"

namespace thorax {

namespace {

std::string field(const char* key, const std::string& value) {
  return str('"', key, "\":", json_quote(value));
}

std::string sha256_of(std::string_view bytes) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(bytes)));
  return hash.hex();
}

std::string date() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  const std::time_t seconds = epoch == nullptr ? 0 : static_cast<std::time_t>(std::strtoll(epoch, nullptr, 10));
  std::tm parts{};
  char text[32] = "";
  if (gmtime_r(&seconds, &parts) == nullptr || std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) != 20)
    throw Error(Fault::input, str("SOURCE_DATE_EPOCH is \"", epoch, "\"; seconds since 1970 are expected"));
  return text;
}

// Without a hash and a licence: those of others, which we do not know.
std::string package(const std::string& id, const std::string& name, const std::string& version, const std::string& sha256,
                    const std::string& licence, const std::string& description) {
  std::string text = str("    {", field("SPDXID", "SPDXRef-" + id), ',', field("name", name), ',');
  if (!version.empty()) text += field("versionInfo", version) + ',';
  if (!sha256.empty()) {
    text += str(field("packageFileName", name), ",\"checksums\":[{", field("algorithm", "SHA256"), ',',
                field("checksumValue", sha256), "}],");
  }
  return str(text, field("downloadLocation", "NOASSERTION"), ",\"filesAnalyzed\":false,", field("licenseConcluded", licence), ',',
             field("licenseDeclared", licence), ',', field("copyrightText", "NOASSERTION"), ',',
             field("description", description), '}');
}

std::string relationship(const std::string& from, const char* type, const std::string& to) {
  return str("    {", field("spdxElementId", "SPDXRef-" + from), ',', field("relationshipType", type), ',',
             field("relatedSpdxElement", "SPDXRef-" + to), '}');
}

// The name of the table of images that a configuration names, without its folder. Empty: none.
std::string data_of(const std::string& config) {
  const std::string key = "data = \"";
  size_t at = config.rfind(key, 0) == 0 ? 0 : config.find("\n" + key);
  if (at == std::string::npos) return "";
  at = config.find('"', at) + 1;
  const size_t end = config.find('"', at);
  return end == std::string::npos ? "" : std::filesystem::path(config.substr(at, end - at)).filename().string();
}

}  // namespace

std::string model_sbom(const std::string& name, const std::string& content, const std::vector<SbomSource>& sources) {
  const std::string hash = sha256_of(content), version = THORAX_VERSION, unknown = "NOASSERTION";
  std::vector<std::string> architectures;
  architectures.reserve(sources.size());
  for (const SbomSource& s : sources) architectures.push_back(s.architecture);
  std::vector<std::string> packages = {
      package("model", name, hash.substr(0, 16), hash, unknown,
              joined(architectures, ", ") +
                  " for libthorax, its format checked by thorax_verify. Research only, not a medical device."),
      package("thorax", "thorax", version, "", "Apache-2.0", "Trained or took over the weights, and wrote the model."),
      package("libthorax", "libthorax", version, "", "Apache-2.0", "Runs the model; needs libc and libm.")};
  std::vector<std::string> relationships = {relationship("DOCUMENT", "DESCRIBES", "model"),
                                            relationship("thorax", "BUILD_TOOL_OF", "model"),
                                            relationship("libthorax", "RUNTIME_DEPENDENCY_OF", "model")};
  for (size_t i = 0; i < sources.size(); ++i) {
    const SbomSource& s = sources[i];
    const MappedFile weights(s.weights);
    const std::string id = str("weights-", i + 1), table = data_of(s.config);
    packages.push_back(package(id, s.weights.filename().string(), "", sha256_of(weights.text()), unknown,
                               s.architecture + ": the weights that the model was made of."));
    relationships.push_back(relationship("model", "GENERATED_FROM", id));
    if (table.empty()) continue;
    packages.push_back(
        package(str("data-", i + 1), table, "", "", unknown, "The table of images that the weights were trained on."));
    relationships.push_back(relationship(str("data-", i + 1), "DATA_FILE_OF", id));
  }
  return str("{\n  ", field("spdxVersion", "SPDX-2.3"), ",\n  ", field("dataLicense", "CC0-1.0"), ",\n  ",
             field("SPDXID", "SPDXRef-DOCUMENT"), ",\n  ", field("name", name), ",\n  ",
             field("documentNamespace", "https://spdx.org/spdxdocs/thorax-model-" + hash), ",\n  \"creationInfo\":{",
             field("created", date()), ",\"creators\":[", json_quote("Tool: thorax-" + version), "]},\n  \"packages\":[\n",
             joined(packages, ",\n"), "],\n  \"relationships\":[\n", joined(relationships, ",\n"), "]\n}\n");
}

}  // namespace thorax
