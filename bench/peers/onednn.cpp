// SPDX-License-Identifier: MIT
/*
 * onednn.cpp - oneDNN as a contender (see contender.py).
 *
 * usage: onednn NETWORK CROPS [layers], where plan.py wrote NETWORK.plan and
 * NETWORK.f32; with `layers` each race ends in what bench/layers.c prints.
 */
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <omp.h>

#include "bench/peers/onednn_net.hpp"

static Floats read_floats(const std::string &path)
{
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    Floats values((size_t)file.tellg() / sizeof(float));
    file.seekg(0);
    file.read((char *)values.data(),
              (std::streamsize)(values.size() * sizeof(float)));
    if (!file) {
        std::cerr << "onednn: cannot read " << path << "\n";
        exit(1);
    }
    return values;
}

class Contender
{
  public:
    Contender(const std::string &network, const std::string &crops)
        : weights(read_floats(network + ".f32")), crops(read_floats(crops))
    {
        std::ifstream file(network + ".plan");
        plan.assign(std::istreambuf_iterator<char>(file), {});
    }

    /* The faster layout for calls of `batch` faces by `threads`. */
    Net &prepare(int batch, int threads)
    {
        omp_set_num_threads(threads);
        auto &net = nets[{batch, threads}];
        if (net != nullptr) {
            return *net;
        }
        double best = INFINITY;
        for (tag layout : {tag::nhwc, tag::nChw16c}) {
            auto made =
                std::make_unique<Net>(plan, weights, crops, batch, layout);
            double least = INFINITY;
            for (int i = 0; i < 4; i++) {
                double start = now(CLOCK_PROCESS_CPUTIME_ID);
                made->run();
                least = std::min(least, now(CLOCK_PROCESS_CPUTIME_ID) - start);
            }
            if (least < best) {
                best = least;
                net = std::move(made);
            }
        }
        return *net;
    }

    void check(const std::string &path)
    {
        Net &net = prepare(N_FACES, 1);
        net.run();
        std::ofstream file(path, std::ios::binary);
        size_t row = (size_t)net.n_classes;
        for (size_t i = 0; i < N_FACES; i++) {
            for (const Floats *part : {&net.logits, &net.probabilities}) {
                file.write((const char *)&(*part)[i * row],
                           (std::streamsize)(row * sizeof(float)));
            }
        }
        file.close();
        std::cout << "ok" << std::endl;
    }

    void race(int batch, int threads, double seconds, bool by_layer)
    {
        Net &net = prepare(batch, threads);
        double wall = now(CLOCK_MONOTONIC);
        double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
        double end = wall + seconds;
        int faces = 0;
        do {
            by_layer ? net.run_timed() : net.run();
            faces += batch;
        } while (now(CLOCK_MONOTONIC) < end);
        std::cout << faces / (now(CLOCK_MONOTONIC) - wall) << " "
                  << faces * threads / (now(CLOCK_PROCESS_CPUTIME_ID) - cpu)
                  << std::endl;
        if (by_layer) {
            net.print_layers();
        }
    }

  private:
    Floats weights, crops;
    std::string plan;
    std::map<std::pair<int, int>, std::unique_ptr<Net>> nets;
};

int main(int argc, char **argv)
{
    bool by_layer = argc == 4 && argv[3] == std::string("layers");
    if (argc != 3 && !by_layer) {
        std::cerr << "usage: onednn NETWORK CROPS [layers]\n";
        return 1;
    }
    Contender contender(argv[1], argv[2]);
    const dnnl_version_t *version = dnnl_version();
    std::cout << "ready " << version->major << "." << version->minor << "."
              << version->patch << std::endl;
    std::string line, verb, path;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        int batch, threads;
        double seconds;
        words >> verb;
        if (verb == "check" && words >> path) {
            contender.check(path);
        } else if (words >> batch >> threads >> seconds) {
            contender.race(batch, threads, seconds, by_layer);
        }
    }
    return 0;
}
