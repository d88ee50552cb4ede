/*
 * The protocol of ../protocol.ts for a native program. `Peer` is a class with the three verbs. Its constructor takes a
 * case.
 */
#pragma once

#include <sys/mman.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <vector>

/** Memory in whole cache lines, on huge pages if the system has them. */
template <typename T>
struct HugePages {
  using value_type = T;
  T *allocate(size_t count) {
    const size_t bytes = count * sizeof(T), page = 1 << 21, alignment = bytes < page / 8 ? 64 : page;
    void *memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!memory) throw std::bad_alloc();
    if (alignment == page) madvise(memory, bytes, MADV_HUGEPAGE);
    return static_cast<T *>(memory);
  }
  void deallocate(T *memory, size_t) { std::free(memory); }
  bool operator==(const HugePages &) const { return true; }
  bool operator!=(const HugePages &) const { return false; }
};
using Floats = std::vector<float, HugePages<float>>;

/** Data and results of a case. Layout NC has a height and width of 1. */
struct Problem {
  std::string directory, layout;
  size_t batch = 0, channels = 0, height = 0, width = 0;
  double eps = 0, momentum = 0;
  Floats x, dy, y, dx, gamma, beta, runningMean, runningVar, dgamma, dbeta;

  /** `words` are the words of a line "case ...". */
  explicit Problem(std::istream &words) {
    words >> directory >> layout >> batch >> channels >> height >> width >> eps >> momentum;
    const size_t length = batch * channels * height * width;
    x = read<float>("x.f32", length);
    dy = read<float>("dy.f32", length);
    gamma = read<float>("gamma.f32", channels);
    beta = read<float>("beta.f32", channels);
    runningMean = read<double>("runningMean.f64", channels);
    runningVar = read<double>("runningVar.f64", channels);
    y.resize(length);
    dx.resize(length);
    dgamma.resize(channels);
    dbeta.resize(channels);
  }

  /** Writes numbers in the type that the file's name gives. */
  template <typename T>
  void write(const std::string &file, const Floats &values) const {
    const std::vector<T> numbers(values.begin(), values.end());
    std::ofstream out(directory + "/results/" + file, std::ios::binary);
    out.write(reinterpret_cast<const char *>(numbers.data()), numbers.size() * sizeof(T));
  }

 private:
  template <typename T>
  Floats read(const std::string &file, size_t count) const {
    std::vector<T> numbers(count);
    std::ifstream in(directory + "/" + file, std::ios::binary);
    in.exceptions(std::ios::failbit | std::ios::badbit);
    in.read(reinterpret_cast<char *>(numbers.data()), count * sizeof(T));
    return Floats(numbers.begin(), numbers.end());
  }
};

template <typename Peer>
void check(Peer &peer, const Problem &p) {
  peer.inference();
  p.write<float>("inference.f32", p.y);
  peer.trainingForward();
  p.write<float>("y.f32", p.y);
  p.write<double>("runningMean.f64", p.runningMean);
  p.write<double>("runningVar.f64", p.runningVar);
  peer.backward();
  p.write<float>("dx.f32", p.dx);
  p.write<double>("dgamma.f64", p.dgamma);
  p.write<double>("dbeta.f64", p.dbeta);
}

/** The answer to one line. */
template <typename Peer>
std::string answer(std::istream &words, std::unique_ptr<Problem> &problem, std::unique_ptr<Peer> &peer) {
  const std::map<std::string, void (Peer::*)()> verbs = {
      {"inference", &Peer::inference}, {"trainingForward", &Peer::trainingForward}, {"backward", &Peer::backward}};
  std::string command, verb;
  words >> command;
  if (command == "case") {
    peer.reset();
    problem = std::make_unique<Problem>(words);
    peer = std::make_unique<Peer>(*problem);
    return "{}";
  }
  if (command == "check") {
    check(*peer, *problem);
    return "{\"absent\": {}, \"form\": \"" + peer->form + "\"}";
  }
  long calls = 1;
  words >> verb >> calls;
  const auto run = verbs.at(verb);
  const auto start = std::chrono::steady_clock::now();
  for (long call = 0; call < (command == "warm" ? 1 : calls); call++) (peer.get()->*run)();
  const std::chrono::nanoseconds spent = std::chrono::steady_clock::now() - start;
  return "{\"ns\": " + std::to_string(spent.count()) + "}";
}

template <typename Peer>
int serve(const std::string &version, const std::string &runningVariance) {
  std::unique_ptr<Problem> problem;
  std::unique_ptr<Peer> peer;
  std::cout << "@ {\"version\": \"" << version << "\", \"runningVariance\": \"" << runningVariance << "\"}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    try {
      std::cout << "@ " << answer(words, problem, peer) << std::endl;
    } catch (const std::exception &error) {
      std::cout << "@ {\"error\": \"" << error.what() << "\"}" << std::endl;
    }
  }
  return 0;
}
