# What is installed of libthorax, as an SPDX 2.3 document in JSON. VERSION, OUT, FILES. Dated by SOURCE_DATE_EPOCH, else 1970: what
# is the same has the same bytes.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  set(ENV{SOURCE_DATE_EPOCH} 0)
endif()
string(TIMESTAMP date "%Y-%m-%dT%H:%M:%SZ" UTC)
set(listed "")
set(contained "")
set(sums "")
foreach(file ${FILES})
  get_filename_component(file ${file} REALPATH)
  get_filename_component(name ${file} NAME)
  string(REGEX REPLACE "[^a-zA-Z0-9.]" "-" id ${name})
  file(SHA1 ${file} sha1)
  file(SHA256 ${file} sha256)
  list(APPEND sums ${sha1})
  list(APPEND listed "    {\"SPDXID\":\"SPDXRef-${id}\",\"fileName\":\"./${name}\",\"licenseConcluded\":\"Apache-2.0\",\"copyrightText\":\"NOASSERTION\",
     \"checksums\":[{\"algorithm\":\"SHA1\",\"checksumValue\":\"${sha1}\"},{\"algorithm\":\"SHA256\",\"checksumValue\":\"${sha256}\"}]}")
  list(APPEND contained "    {\"spdxElementId\":\"SPDXRef-libthorax\",\"relationshipType\":\"CONTAINS\",\"relatedSpdxElement\":\"SPDXRef-${id}\"}")
endforeach()
# Of the package: SPDX 2.3, 7.9.
list(SORT sums)
list(JOIN sums "" sums)
string(SHA1 verification "${sums}")
list(JOIN listed ",\n" listed)
list(JOIN contained ",\n" contained)
file(WRITE ${OUT} "{
  \"spdxVersion\":\"SPDX-2.3\",
  \"dataLicense\":\"CC0-1.0\",
  \"SPDXID\":\"SPDXRef-DOCUMENT\",
  \"name\":\"libthorax-${VERSION}\",
  \"documentNamespace\":\"https://spdx.org/spdxdocs/libthorax-${VERSION}-${verification}\",
  \"creationInfo\":{\"created\":\"${date}\",\"creators\":[\"Tool: thorax-${VERSION}\"]},
  \"packages\":[
    {\"SPDXID\":\"SPDXRef-libthorax\",\"name\":\"libthorax\",\"versionInfo\":\"${VERSION}\",\"downloadLocation\":\"NOASSERTION\",\"filesAnalyzed\":true,
     \"packageVerificationCode\":{\"packageVerificationCodeValue\":\"${verification}\"},\"licenseConcluded\":\"Apache-2.0\",
     \"licenseInfoFromFiles\":[\"NOASSERTION\"],\"licenseDeclared\":\"Apache-2.0\",\"copyrightText\":\"NOASSERTION\",\"primaryPackagePurpose\":\"LIBRARY\",
     \"description\":\"Runs trained classifiers of chest radiographs inside other programs. Research only, not a medical device.\"},
    {\"SPDXID\":\"SPDXRef-libc\",\"name\":\"libc and libm\",\"downloadLocation\":\"NOASSERTION\",\"filesAnalyzed\":false,\"licenseConcluded\":\"NOASSERTION\",
     \"licenseDeclared\":\"NOASSERTION\",\"copyrightText\":\"NOASSERTION\",\"description\":\"The system's; nothing else is needed.\"}],
  \"files\":[
${listed}],
  \"relationships\":[
    {\"spdxElementId\":\"SPDXRef-DOCUMENT\",\"relationshipType\":\"DESCRIBES\",\"relatedSpdxElement\":\"SPDXRef-libthorax\"},
    {\"spdxElementId\":\"SPDXRef-libthorax\",\"relationshipType\":\"DYNAMIC_LINK\",\"relatedSpdxElement\":\"SPDXRef-libc\"},
${contained}]
}
")
