#include <sluice/data/npy.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <sluice/graph/error.h>

#include "support/catch.h"
#include "support/folder.h"

using namespace sluice;
using data::read_npy;
using data::write_npy;

namespace {

/// The files that NumPy wrote (npy_by_numpy.py), by name.
std::map<std::string, std::string> files_of_numpy() {
  std::ifstream stream(SLUICE_TEST_DATA "/data/npy_by_numpy.txt");
  std::map<std::string, std::string> files;
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(':');
    std::string bytes;
    for (std::size_t at = colon + 2; at < line.size(); at += 2)
      bytes += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
    files[line.substr(0, colon)] = bytes;
  }
  return files;
}

std::string npy_message(const test::Folder& folder, const std::string& bytes) {
  const std::string path = folder.with("x.npy", bytes);
  try {
    read_npy(path);
  } catch (const Error& error) {
    CHECK_THAT(error.message(), Catch::StartsWith("[read_npy] " + path + ": "));
    return error.message();
  }
  return "";
}

/// A file of format 1 with this header and these values.
std::string file_of(const std::string& header, const std::string& values) {
  return std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(header.size() % 256) +
         static_cast<char>(header.size() / 256) + header + values;
}

}  // namespace

TEST_CASE("Each dtype, byte order and order of axes that NumPy writes is read") {
  const test::Folder folder;
  const auto files = files_of_numpy();
  REQUIRE(files.size() == 51);
  for (const std::string type : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}) {
    for (const std::string order : {"C little", "C big", "Fortran little"}) {
      INFO(type << " " << order);
      const Tensor x = read_npy(folder.with("x.npy", files.at(type + " " + order)));
      REQUIRE(x.shape() == Shape{2, 3});
      if (type == "f2" || type == "f4") CHECK(x.to_vector() == std::vector<float>{0, 1, 100, -1, -100, 3});
      if (type == "f8") CHECK(x.to_vector<double>() == std::vector<double>{0, 1, 100, -1, -100, 3});
      if (type[0] == 'i')
        CHECK(x.to_vector<std::int32_t>() == std::vector<std::int32_t>{0, 1, 100, -1, -100, 3});
      if (type[0] == 'u')
        CHECK(x.to_vector<std::int32_t>() == std::vector<std::int32_t>{0, 1, 100, 1, 100, 3});
      if (type == "b1") CHECK(x.to_vector<bool>() == std::vector<bool>{true, true, false, true, true, true});
    }
  }
}

TEST_CASE("Formats 2 and 3, any rank, and all numbers of 16 bits are read") {
  const test::Folder folder;
  const auto files = files_of_numpy();
  const auto read = [&](const std::string& name) { return read_npy(folder.with("x.npy", files.at(name))); };
  for (const std::string format : {"format 2", "format 3"})
    CHECK(read(format).to_vector() == std::vector<float>{0, 1, 100, -1, -100, 3});
  CHECK(read("scalar").shape() == Shape{});
  CHECK(read("scalar").item() == 2.5);
  CHECK(read("vector").to_vector() == std::vector<float>{1, 2, 3});
  CHECK(read("empty").shape() == Shape{0, 3});
  CHECK(read("cube").to_vector() == read("cube Fortran").to_vector());
  CHECK(read("cube").to_vector()[5] == 5);
  const std::vector<float> halves = read("halves").to_vector(), floats = read("halves as f4").to_vector();
  REQUIRE(halves.size() == 12);
  CHECK(std::isnan(halves[11]));
  for (std::size_t i = 0; i < 11; ++i) {
    CHECK(halves[i] == floats[i]);
    CHECK(std::signbit(halves[i]) == std::signbit(floats[i]));
  }
}

TEST_CASE("Files are written as NumPy writes them, byte by byte, and replaced as a whole") {
  const test::Folder folder;
  const auto files = files_of_numpy();
  for (const std::string name :
       {"f4 C little", "f8 C little", "i4 C little", "b1 C little", "scalar", "vector", "empty", "cube"}) {
    INFO(name);
    const Tensor x = read_npy(folder.with("x.npy", files.at(name)));
    write_npy(folder.file("y.npy"), x);
    CHECK(test::read_bytes(folder.file("y.npy")) == files.at(name));
  }
  CHECK(folder.names().size() == 2);  // nothing temporary is left
  CHECK_THROWS_WITH(
      write_npy(folder.file("no/y.npy"), ones({2})),
      contains("[write_npy] " + folder.file("no/y.npy") + ": the folder") && contains("npy.cpp:"));
}

TEST_CASE("More values than are read at once") {
  const test::Folder folder;
  const Tensor x = arange(200003);
  write_npy(folder.file("x.npy"), x);
  CHECK(read_npy(folder.file("x.npy")).to_vector<std::int32_t>() == x.to_vector<std::int32_t>());
}

TEST_CASE("Headers are read as Python reads them") {
  const test::Folder folder;
  const std::string values(8, '\0');
  for (const std::string header :
       {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
        "{\"shape\":(2L,),\"descr\":'=f4','fortran_order':True}\n",
        "{ 'fortran_order' : False , 'shape' : ( 1 , 2 ) , 'descr' : '|f4' , }   \n"})
    CHECK(npy_message(folder, file_of(header, values)) == "");
}

TEST_CASE("Other dtypes, values that do not fit and absurd headers are refused") {
  const test::Folder folder;
  const auto files = files_of_numpy();
  const auto refused = [&](const std::string& bytes, const std::string& part) {
    CHECK_THAT(npy_message(folder, bytes), contains(part));
  };
  refused(files.at("complex"), "got c16; convert");
  refused(files.at("text"), "got U2; convert");
  refused(files.at("structured"), "got a structured one");
  refused(files.at("nine axes"), "at most 8 axes");
  refused(files.at("u4 too large"), "must fit into 32 bits: got 2147483648; ");
  refused(files.at("i8 too small"), "must fit into 32 bits: got -2147483649; ");
  refused("", "must begin with");
  refused("PK\x03\x04 a zip file", "must begin with \\x93NUMPY and a header: got 'PK\\x03\\x04");
  refused(std::string("\x93NUMPY\x04\0\0\0\0\0", 12), "got 4.0");
  refused(std::string("\x93NUMPY\x02\0\xFF\xFF\xFF\xFF", 12),
          "got a header of 4294967295 bytes in a file of 12");
  const auto with_shape = [&](const std::string& shape) {
    return file_of("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}", std::string(8, '\0'));
  };
  refused(with_shape("(3,)"), "values of f4[3] must have 12 bytes: got 8");
  refused(with_shape("(1,)"), "must have 4 bytes: got 8");
  refused(with_shape("(1000000000000,)"), "must have 4000000000000 bytes: got 8");
  refused(with_shape("(281474976710657,)"), "at most 2^48 elements");
  refused(with_shape("(16777216, 16777216, 2)"), "at most 2^48 elements");
  refused(with_shape("(0, 281474976710656, 281474976710656)"), "at most 2^48 elements");
  refused(with_shape("(99999999999999999999,)"), "a number at byte");
  refused(with_shape("(-2,)"), "a number at byte");
  refused(with_shape("2"), "( at byte");
  refused(file_of("{'descr': '<f4', 'shape': (2,)}", ""), "descr, fortran_order and shape");
  refused(file_of("{'descr': '<f4', 'descr': '<f4'}", ""), "once each");
  refused(file_of("{'descr': '<f4", ""), "a quote at byte 11");
}

TEST_CASE("Any damage makes an array or an Error, and a file cut short an Error") {
  const test::Folder folder;
  const std::string whole = files_of_numpy().at("cube Fortran");
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(npy_message(folder, whole.substr(0, size)) != "");
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = whole;
    for (int k = 0; k < 2; ++k)
      damaged[random() % 100] = static_cast<char>(random() % 4 == 0 ? random() : '0' + random() % 10);
    CHECK_NOTHROW(npy_message(folder, damaged));  // throws what is no Error
  }
}
