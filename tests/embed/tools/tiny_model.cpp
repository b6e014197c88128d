// Writes a small model with drawn weights and a picture of noise: tiny_model MODEL.thx IMAGE.pgm
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/embed/made_model.h"
#include "tests/temporary_folder.h"

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  const thorax::test::MadeModel model("densenet_tiny", 32);
  thorax::test::write_text(argv[1], model.thx());
  const std::vector<uint8_t> pixels = thorax::test::noise(80 * 70, 5);
  thorax::test::write_text(argv[2], "P5 80 70 255\n" + std::string(pixels.begin(), pixels.end()));
}
