// SPDX-License-Identifier: MIT
/*
 * onednn.cpp - oneDNN's primitives as a contender (see contender.py).
 *
 * usage: onednn NETWORK CROPS, where plan.py wrote NETWORK.plan, NETWORK.f32
 *
 * Convolutions, with bias, sum and ReLU fused, and pooling are oneDNN's, in
 * the layout that is faster of the two it prefers (channels last, or blocks of
 * 16); so are the matrix products. The little between them is loops.
 */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dnnl.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <omp.h>
#include <sstream>
#include <string>
#include <time.h>
#include <vector>

using dnnl::memory;
using tag = memory::format_tag;
using Floats = std::vector<float>;

static const int N_FACES = 32;

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

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

static float sigmoid(float x)
{
    return 1 / (1 + std::exp(-x));
}

struct Value {
    memory at;
    int c, h, w;
};

/* A network for calls of n faces, in one layout. */
class Net
{
  public:
    Net(const std::string &plan, const Floats &weights, const Floats &crops,
        int n, tag layout)
        : words(plan), weight(weights.data()), n(n), layout(layout)
    {
        int n_regions = next();
        size_t row = crops.size() / N_FACES, first = 0;
        for (int i = 0; i < n_regions; i++) {
            first += read_region(crops, row, first);
        }
        read_fusion();
    }

    void run()
    {
        for (auto &step : steps) {
            step();
        }
    }

    Floats logits, probabilities;
    int n_classes = 0;

  private:
    int next()
    {
        int value;
        words >> value;
        return value;
    }

    std::string word()
    {
        std::string text;
        words >> text;
        return text;
    }

    const float *take(size_t count)
    {
        const float *first = weight;
        weight += count;
        return first;
    }

    memory::desc desc(int c, int h, int w)
    {
        return {{n, c, h, w}, memory::data_type::f32, layout};
    }

    Value make(int c, int h, int w)
    {
        Value value = {memory(desc(c, h, w), engine), c, h, w};
        memset(value.at.get_data_handle(), 0, value.at.get_desc().get_size());
        return value;
    }

    void add(dnnl::primitive primitive, std::unordered_map<int, memory> args)
    {
        steps.push_back(
            [this, primitive, args] { primitive.execute(stream, args); });
    }

    size_t read_region(const Floats &crops, size_t row, size_t first)
    {
        word(); // "region"
        int c = next(), h = next(), w = next(), n_layers = next();
        size_t size = (size_t)(c * h * w);
        memory crop({{n, c, h, w},
                     memory::data_type::f32,
                     layout == tag::nhwc ? tag::nhwc : tag::nchw},
                    engine);
        for (int i = 0; i < n; i++) { // one channel: any layout is the same
            memcpy((float *)crop.get_data_handle() + (size_t)i * size,
                   &crops[(size_t)i * row + first], size * sizeof(float));
        }
        std::vector<Value> values = {{crop, c, h, w}};
        for (int i = 0; i < n_layers; i++) {
            std::string op = word();
            const Value &x = values[(size_t)next()];
            if (op == "conv") {
                int to = next();
                values.push_back(conv(x, to < 0 ? nullptr : &values[(size_t)to],
                                      values.size() == 1));
            } else if (op == "pad_channels") {
                values.push_back(pad_channels(x, next()));
            } else if (op == "spatial_attention") {
                values.push_back(attention(x));
            } else if (op == "adaptive_avg_pool2d") {
                features.push_back(mean(x));
            } else {
                values.push_back(pool(x, op == "max_pool2d"));
            }
        }
        return size;
    }

    Value conv(const Value &x, const Value *to, bool is_first)
    {
        using dnnl::convolution_forward;
        int o = next(), c = next(), k = next(), s = next(), p = next();
        bool relu = next() != 0;
        int h = (x.h + 2 * p - k) / s + 1, w = (x.w + 2 * p - k) / s + 1;
        const float *weights = take((size_t)(o * c * k * k));
        const float *bias = take((size_t)o);
        Value y = to == nullptr ? make(o, h, w) : *to;
        dnnl::post_ops after;
        dnnl::primitive_attr attr;
        if (to != nullptr) {
            after.append_sum();
        }
        if (relu) {
            after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
        }
        attr.set_post_ops(after);
        convolution_forward::primitive_desc how(
            {dnnl::prop_kind::forward_inference,
             dnnl::algorithm::convolution_auto,
             is_first ? x.at.get_desc() : desc(x.c, x.h, x.w),
             {{o, c, k, k}, memory::data_type::f32, tag::any},
             {{o}, memory::data_type::f32, tag::x},
             desc(o, h, w),
             {s, s},
             {p, p},
             {p, p}},
            attr, engine);
        memory plain({{o, c, k, k}, memory::data_type::f32, tag::oihw}, engine,
                     const_cast<float *>(weights));
        memory packed(how.weights_desc(), engine);
        dnnl::reorder(plain, packed).execute(stream, plain, packed);
        memory b({{o}, memory::data_type::f32, tag::x}, engine,
                 const_cast<float *>(bias));
        add(convolution_forward(how), {{DNNL_ARG_SRC, x.at},
                                       {DNNL_ARG_WEIGHTS, packed},
                                       {DNNL_ARG_BIAS, b},
                                       {DNNL_ARG_DST, y.at}});
        return y;
    }

    Value pool(const Value &x, bool is_max)
    {
        int k = next(), s = next(), p = next();
        int add_h = is_max ? 0 : s - 1; // the average rounds up
        int h = (x.h + 2 * p - k + add_h) / s + 1;
        int w = (x.w + 2 * p - k + add_h) / s + 1;
        Value y = make(x.c, h, w);
        dnnl::pooling_forward::primitive_desc how(
            {dnnl::prop_kind::forward_inference,
             is_max ? dnnl::algorithm::pooling_max
                    : dnnl::algorithm::pooling_avg_exclude_padding,
             x.at.get_desc(),
             y.at.get_desc(),
             {s, s},
             {k, k},
             {p, p},
             {(h - 1) * s + k - x.h - p, (w - 1) * s + k - x.w - p}},
            engine);
        add(dnnl::pooling_forward(how),
            {{DNNL_ARG_SRC, x.at}, {DNNL_ARG_DST, y.at}});
        return y;
    }

    Value pad_channels(const Value &x, int more)
    {
        Value zeros = make(more, x.h, x.w), y = make(x.c + more, x.h, x.w);
        dnnl::concat::primitive_desc how(
            y.at.get_desc(), 1, {x.at.get_desc(), zeros.at.get_desc()}, engine);
        add(dnnl::concat(how), {{DNNL_ARG_MULTIPLE_SRC, x.at},
                                {DNNL_ARG_MULTIPLE_SRC + 1, zeros.at},
                                {DNNL_ARG_DST, y.at}});
        return y;
    }

    /* The value in channels last, for the loops below. */
    float *channels_last(const Value &x)
    {
        memory y = x.at;
        if (layout != tag::nhwc) {
            y = memory({{n, x.c, x.h, x.w}, memory::data_type::f32, tag::nhwc},
                       engine);
            add(dnnl::reorder(x.at, y),
                {{DNNL_ARG_FROM, x.at}, {DNNL_ARG_TO, y}});
        }
        return (float *)y.get_data_handle();
    }

    static void look(const float *x, int c, int h, int w, const float *filter,
                     float *heat)
    {
        Floats both(2 * (size_t)(h * w));
        for (int i = 0; i < h * w; i++) {
            const float *pixel = x + (size_t)i * (size_t)c;
            float sum = 0, most = pixel[0];
            for (int k = 0; k < c; k++) {
                sum += pixel[k];
                most = std::max(most, pixel[k]);
            }
            both[(size_t)i] = sum / (float)c;
            both[(size_t)(h * w + i)] = most;
        }
        for (int i = 0; i < h * w; i++) {
            int y = i / w, z = i % w;
            float sum = filter[98];
            for (int k = 0; k < 98; k++) {
                int v = y + k % 49 / 7 - 3, u = z + k % 7 - 3;
                if (v >= 0 && v < h && u >= 0 && u < w) {
                    sum +=
                        filter[k] * both[(size_t)(k / 49 * h * w + v * w + u)];
                }
            }
            heat[i] = sigmoid(sum);
        }
    }

    /* The map is kept aside: mean() multiplies by it. */
    Value attention(const Value &x)
    {
        const float *filter = take(99);
        const float *values = seen = channels_last(x);
        size_t area = (size_t)(x.h * x.w);
        auto map = heat = std::make_shared<Floats>((size_t)n * area);
        steps.push_back([this, x, filter, values, area, map] {
#pragma omp parallel for
            for (int i = 0; i < n; i++) {
                look(values + (size_t)i * area * (size_t)x.c, x.c, x.h, x.w,
                     filter, &(*map)[(size_t)i * area]);
            }
        });
        return x;
    }

    std::shared_ptr<Floats> mean(const Value &x)
    {
        auto z = std::make_shared<Floats>((size_t)(n * x.c));
        const float *values = seen;
        auto map = heat;
        size_t area = (size_t)(x.h * x.w), c = (size_t)x.c;
        steps.push_back([this, values, area, c, map, z] {
#pragma omp parallel for
            for (int i = 0; i < n; i++) {
                float *to = &(*z)[(size_t)i * c];
                std::fill(to, to + c, 0.0F);
                for (size_t p = 0; p < area; p++) {
                    const float *from = values + ((size_t)i * area + p) * c;
                    float by = (*map)[(size_t)i * area + p] / (float)area;
                    for (size_t k = 0; k < c; k++) {
                        to[k] += from[k] * by;
                    }
                }
            }
        });
        return z;
    }

    /* y [n, rows] += x [n, columns] times weights [rows, columns] turned. */
    void product(const float *x, int x_step, const float *weights, int rows,
                 int columns, float *y)
    {
        dnnl_sgemm('N', 'T', n, rows, columns, 1, x, x_step, weights, columns,
                   1, y, rows);
    }

    void lstm(int branch_first, int width)
    {
        int inputs = next(), d = next(), n_members = next();
        std::vector<std::shared_ptr<Floats>> z;
        for (int k = 0; k < n_members; k++) {
            z.push_back(features[(size_t)next()]);
        }
        const float *ih = take((size_t)(4 * d * inputs));
        const float *hh = take((size_t)(4 * d * d));
        const float *bias = take((size_t)(4 * d));
        steps.push_back(
            [=] { recur(z, inputs, d, ih, hh, bias, branch_first, width); });
    }

    void recur(const std::vector<std::shared_ptr<Floats>> &z, int inputs, int d,
               const float *ih, const float *hh, const float *bias, int first,
               int width)
    {
        Floats h((size_t)(n * d)), c((size_t)(n * d));
        Floats gates((size_t)(n * 4 * d));
        for (size_t k = 0; k < z.size(); k++) {
            for (int i = 0; i < n; i++) {
                std::copy(bias, bias + 4 * d, &gates[(size_t)(i * 4 * d)]);
            }
            product(z[k]->data(), inputs, ih, 4 * d, inputs, gates.data());
            if (k > 0) {
                product(h.data(), d, hh, 4 * d, d, gates.data());
            }
            for (int i = 0; i < n * d; i++) {
                const float *g = &gates[(size_t)(i / d * 4 * d + i % d)];
                float &cell = c[(size_t)i];
                cell =
                    sigmoid(g[d]) * cell + sigmoid(g[0]) * std::tanh(g[2 * d]);
                h[(size_t)i] = sigmoid(g[3 * d]) * std::tanh(cell);
                float &sum = fused[(size_t)(i / d * width + first + i % d)];
                sum = k == 0 ? h[(size_t)i] : sum + h[(size_t)i];
            }
        }
    }

    void read_fusion()
    {
        int n_branches = next(), width = 0;
        std::istringstream::pos_type at = words.tellg();
        for (int b = 0; b < n_branches; b++) { // how wide all are together
            next();
            width += next();
            for (int k = next(); k > 0; k--) {
                next();
            }
        }
        words.seekg(at);
        fused.resize((size_t)(n * width));
        for (int b = 0, first = 0; b < n_branches; b++) {
            lstm(first, width);
            first += width / n_branches;
        }
        n_classes = next();
        next();
        float temperature;
        words >> temperature;
        const float *rows = take((size_t)(n_classes * width));
        logits.resize((size_t)(n * n_classes));
        probabilities.resize(logits.size());
        steps.push_back([=] { classify(rows, width, temperature); });
    }

    void classify(const float *rows, int width, float temperature)
    {
        stream.wait();
        std::fill(logits.begin(), logits.end(), 0.0F);
        product(fused.data(), width, rows, n_classes, width, logits.data());
        for (int i = 0; i < n; i++) {
            float squares = 0, sum = 0, most = -INFINITY;
            for (int k = 0; k < width; k++) {
                float v = fused[(size_t)(i * width + k)];
                squares += v * v;
            }
            for (int k = 0; k < n_classes; k++) {
                float &logit = logits[(size_t)(i * n_classes + k)];
                logit /= std::sqrt(squares);
                most = std::max(most, logit);
            }
            float *out = &probabilities[(size_t)(i * n_classes)];
            for (int k = 0; k < n_classes; k++) {
                float logit = logits[(size_t)(i * n_classes + k)];
                out[k] = std::exp((logit - most) / temperature);
                sum += out[k];
            }
            for (int k = 0; k < n_classes; k++) {
                out[k] /= sum;
            }
        }
    }

    std::istringstream words;
    const float *weight;
    int n;
    tag layout;
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    std::vector<std::function<void()>> steps;
    std::vector<std::shared_ptr<Floats>> features; // z of each region
    std::shared_ptr<Floats> heat;                  // of the region being read
    const float *seen = nullptr;                   // what it looks at
    Floats fused;
};

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

    void race(int batch, int threads, double seconds)
    {
        Net &net = prepare(batch, threads);
        double wall = now(CLOCK_MONOTONIC);
        double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
        double end = wall + seconds;
        int faces = 0;
        do {
            net.run();
            faces += batch;
        } while (now(CLOCK_MONOTONIC) < end);
        std::cout << faces / (now(CLOCK_MONOTONIC) - wall) << " "
                  << faces * threads / (now(CLOCK_PROCESS_CPUTIME_ID) - cpu)
                  << std::endl;
    }

  private:
    Floats weights, crops;
    std::string plan;
    std::map<std::pair<int, int>, std::unique_ptr<Net>> nets;
};

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::cerr << "usage: onednn NETWORK CROPS\n";
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
            contender.race(batch, threads, seconds);
        }
    }
    return 0;
}
