#pragma once

namespace thorax::data {

// Does nothing; who calls it has the decoder process's code in the program, which nothing else refers to.
void link_decoder_process();

}  // namespace thorax::data
