# Images that cannot be read, with the program PROGRAM in the folder WORK: named before a training begins; with --skip-bad left out of
# the training and of its evaluation, where thorax makes the splits and where the table has them.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

include(${CMAKE_CURRENT_LIST_DIR}/functions.cmake)

run(0 phantom -o data --count 40 --size 64 --findings "Other opacity,Pneumonia")
file(STRINGS ${WORK}/data/labels.csv lines)
list(GET lines 1 one)
string(REGEX REPLACE ",.*" "" image "${one}")
file(WRITE ${WORK}/data/${image} "no image")
file(READ ${WORK}/data/labels.csv table)
string(REPLACE ",split," ",part," table "${table}")
file(WRITE ${WORK}/data/without_split.csv "${table}")

foreach(name labels without_split)
  set(settings --data data/${name}.csv --model resnet18 --size 32 --batch 8 --epochs 1 -o ${name} --quiet)
  run(2 train ${settings})
  expect("${err}" "1 of 40 images cannot be read, the first: line 2: .*--skip-bad goes on without them")
  run(0 train ${settings} --skip-bad)
  expect("${err}" "1 unreadable images are left out")
  run(0 evaluate ${name} --split all --replicates 0 --json)
  string(JSON images GET "${out}" images)
  if(NOT images EQUAL 39)
    message(FATAL_ERROR "${images} images evaluated, 39 expected\n${out}")
  endif()
endforeach()
