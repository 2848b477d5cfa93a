// SPDX-License-Identifier: MIT
/*
 * onednn_net.hpp - the expression network of oneDNN's primitives, from a plan.
 *
 * Convolutions, with bias, sum and ReLU fused, and pooling are oneDNN's, in
 * the layout that is faster of the two it prefers (channels last, or blocks of
 * 16); so are the matrix products. The little between them is loops.
 */
#ifndef AHA_BENCH_ONEDNN_NET_HPP
#define AHA_BENCH_ONEDNN_NET_HPP

#include <algorithm>
#include <cmath>
#include <cstring>
#include <dnnl.hpp>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <time.h>
#include <unordered_map>
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

static float sigmoid(float x)
{
    return 1 / (1 + std::exp(-x));
}

struct Value {
    memory at;
    int c, h, w;
    float step; /* that a byte is worth; 0 for floats */
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

    /* The same, with the time of each convolution. */
    void run_timed()
    {
        for (size_t i = 0; i < steps.size(); i++) {
            double start = now(CLOCK_MONOTONIC);
            steps[i]();
            auto layer = layers.find(i);
            if (layer != layers.end()) {
                layer->second.seconds += now(CLOCK_MONOTONIC) - start;
            }
        }
        timed_faces += n;
    }

    void print_layers() const
    {
        for (const auto &[i, layer] : layers) {
            std::cout << "layer " << layer.shape << " "
                      << layer.seconds / timed_faces * 1e6 << std::endl;
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

    float number()
    {
        float value;
        words >> value;
        return value;
    }

    /* Bytes lie in channels last, which their convolutions prefer. */
    memory::desc desc(int c, int h, int w, float step = 0)
    {
        if (step > 0) {
            return {{n, c, h, w}, memory::data_type::u8, tag::nhwc};
        }
        return {{n, c, h, w}, memory::data_type::f32, layout};
    }

    Value make(int c, int h, int w, float step = 0)
    {
        Value value = {memory(desc(c, h, w, step), engine), c, h, w, step};
        memset(value.at.get_data_handle(), 0, value.at.get_desc().get_size());
        return value;
    }

    /* The convolution of the step to come. */
    struct Layer {
        std::string shape; /* as bench/layers.c prints it */
        double seconds;
    };

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
        std::vector<Value> values = {{crop, c, h, w, 0}};
        for (int i = 0; i < n_layers; i++) {
            std::string op = word();
            const Value &x = values[(size_t)next()];
            if (op == "conv") {
                int to = next();
                values.push_back(conv(x, to < 0 ? nullptr : &values[(size_t)to],
                                      values.size() == 1));
            } else if (op == "conv8") {
                int to = next();
                values.push_back(
                    conv8(x, to < 0 ? nullptr : &values[(size_t)to]));
            } else if (op == "quantize") {
                values.push_back(turned(x, number()));
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

    /* weights [O, I, H, W] as floats, whatever type they then have. */
    void convolve(const Value &x, const memory::desc &x_desc,
                  const float *weights, const memory::dims &shape,
                  memory::data_type type, const memory &bias, const Value &y,
                  int s, int p, const dnnl::primitive_attr &attr)
    {
        using dnnl::convolution_forward;
        convolution_forward::primitive_desc how(
            {dnnl::prop_kind::forward_inference,
             dnnl::algorithm::convolution_auto,
             x_desc,
             {shape, type, tag::any},
             bias.get_desc(),
             y.at.get_desc(),
             {s, s},
             {p, p},
             {p, p}},
            attr, engine);
        memory plain({shape, memory::data_type::f32, tag::oihw}, engine,
                     const_cast<float *>(weights));
        memory packed(how.weights_desc(), engine);
        dnnl::reorder(plain, packed).execute(stream, plain, packed);
        std::ostringstream text;
        text << shape[1] << " " << shape[0] << " " << shape[2] << " " << s
             << " " << y.h << " " << y.w;
        layers[steps.size()] = {text.str(), 0};
        add(convolution_forward(how), {{DNNL_ARG_SRC, x.at},
                                       {DNNL_ARG_WEIGHTS, packed},
                                       {DNNL_ARG_BIAS, bias},
                                       {DNNL_ARG_DST, y.at}});
    }

    Value conv(const Value &x, const Value *to, bool is_first)
    {
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
        memory b({{o}, memory::data_type::f32, tag::x}, engine,
                 const_cast<float *>(bias));
        convolve(x, is_first ? x.at.get_desc() : desc(x.c, x.h, x.w), weights,
                 {o, c, k, k}, memory::data_type::f32, b, y, s, p, attr);
        return y;
    }

    /* x in bytes of this step, or in floats. */
    Value turned(const Value &x, float step)
    {
        Value y = make(x.c, x.h, x.w, step);
        dnnl::primitive_attr attr;
        attr.set_output_scales(0, {step > 0 ? 1 / step : x.step});
        dnnl::reorder::primitive_desc how(engine, x.at.get_desc(), engine,
                                          y.at.get_desc(), attr);
        add(dnnl::reorder(how), {{DNNL_ARG_FROM, x.at}, {DNNL_ARG_TO, y.at}});
        return y;
    }

    /* Bytes to bytes or floats; in the place of what it is added to. */
    Value conv8(const Value &x, const Value *to)
    {
        int o = next(), c = next(), k = next(), s = next(), p = next();
        bool relu = next() != 0;
        float step = number(), unit = step > 0 ? step : 1;
        int h = (x.h + 2 * p - k) / s + 1, w = (x.w + 2 * p - k) / s + 1;
        const float *codes = take((size_t)(o * c * k * k));
        const float *bias = take((size_t)o);
        const float *scale = take((size_t)o);
        Value y = to == nullptr ? make(o, h, w, step) : *to;
        dnnl::post_ops after;
        dnnl::primitive_attr attr;
        Floats ratios((size_t)o);
        memory b({{o}, memory::data_type::f32, tag::x}, engine);
        for (int i = 0; i < o; i++) {
            ratios[(size_t)i] = x.step * scale[i] / unit;
            ((float *)b.get_data_handle())[i] = bias[i] / (x.step * scale[i]);
        }
        attr.set_output_scales(1 << 1, ratios);
        if (to != nullptr && step == 0) {
            y = turned(*to, 0);
            after.append_sum();
        } else if (to != nullptr) {
            after.append_sum(to->step / step);
            y.step = step;
        }
        if (relu) {
            after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
        }
        attr.set_post_ops(after);
        convolve(x, x.at.get_desc(), codes, {o, c, k, k}, memory::data_type::s8,
                 b, y, s, p, attr);
        return y;
    }

    /* Of bytes the step stays: the average's own is not worth a pass. */
    Value pool(const Value &x, bool is_max)
    {
        int k = next(), s = next(), p = next();
        int add_h = is_max ? 0 : s - 1; // the average rounds up
        int h = (x.h + 2 * p - k + add_h) / s + 1;
        int w = (x.w + 2 * p - k + add_h) / s + 1;
        Value y = make(x.c, h, w, x.step);
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
        Value zeros = make(more, x.h, x.w, x.step);
        Value y = make(x.c + more, x.h, x.w, x.step);
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
    std::map<size_t, Layer> layers; /* by step */
    double timed_faces = 0;
    std::vector<std::shared_ptr<Floats>> features; // z of each region
    std::shared_ptr<Floats> heat;                  // of the region being read
    const float *seen = nullptr;                   // what it looks at
    Floats fused;
};

#endif
