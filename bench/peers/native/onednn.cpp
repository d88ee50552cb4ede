/* Batch normalization primitives of oneDNN on plain channels-first and channels-last memory, behind serve.h. */
#include <dnnl.hpp>

#include <memory>
#include <string>
#include <unordered_map>

#include "serve.h"

using dnnl::batch_normalization_backward;
using dnnl::batch_normalization_forward;
using dnnl::memory;
using dnnl::normalization_flags;
using dnnl::prop_kind;

namespace {

using Arguments = std::unordered_map<int, memory>;

/** The primitives and memories of one case; built once, as a framework does. */
struct Primitives {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  memory::desc elements, channels;
  memory mean, variance, runningMean, runningVar, dgamma, dbeta;
  batch_normalization_forward training, inference;
  batch_normalization_backward backward;
  Arguments trainingArguments, inferenceArguments, backwardArguments;
  /** The implementations that oneDNN has picked. */
  std::string form;

  explicit Primitives(problem &p)
      : elements({(memory::dim)p.batch, (memory::dim)p.channels, (memory::dim)p.height, (memory::dim)p.width},
                 memory::data_type::f32, p.planes ? memory::format_tag::nchw : memory::format_tag::nhwc),
        channels({(memory::dim)p.channels}, memory::data_type::f32, memory::format_tag::x),
        mean(channels, engine),
        variance(channels, engine),
        runningMean(channels, engine),
        runningVar(channels, engine),
        dgamma(channels, engine),
        dbeta(channels, engine) {
    const auto eps = (float)p.eps;
    const auto affine = normalization_flags::use_scale | normalization_flags::use_shift;
    const batch_normalization_forward::primitive_desc trainingDescription(
        {prop_kind::forward_training, elements, eps, affine}, engine);
    const batch_normalization_forward::primitive_desc inferenceDescription(
        {prop_kind::forward_inference, elements, eps, affine | normalization_flags::use_global_stats}, engine);
    const batch_normalization_backward::primitive_desc backwardDescription(
        {prop_kind::backward, elements, elements, eps, affine}, engine, trainingDescription);
    training = batch_normalization_forward(trainingDescription);
    inference = batch_normalization_forward(inferenceDescription);
    backward = batch_normalization_backward(backwardDescription);

    memory x(elements, engine, p.x), y(elements, engine, p.y), dy(elements, engine, p.dy), dx(elements, engine, p.dx);
    memory gamma(channels, engine, p.gamma), beta(channels, engine, p.beta);
    trainingArguments = {{DNNL_ARG_SRC, x},       {DNNL_ARG_DST, y},           {DNNL_ARG_SCALE, gamma},
                         {DNNL_ARG_SHIFT, beta},  {DNNL_ARG_MEAN, mean},       {DNNL_ARG_VARIANCE, variance}};
    inferenceArguments = {{DNNL_ARG_SRC, x},      {DNNL_ARG_DST, y},           {DNNL_ARG_SCALE, gamma},
                          {DNNL_ARG_SHIFT, beta}, {DNNL_ARG_MEAN, runningMean}, {DNNL_ARG_VARIANCE, runningVar}};
    backwardArguments = {{DNNL_ARG_SRC, x},
                         {DNNL_ARG_DIFF_DST, dy},
                         {DNNL_ARG_DIFF_SRC, dx},
                         {DNNL_ARG_SCALE, gamma},
                         {DNNL_ARG_SHIFT, beta},
                         {DNNL_ARG_MEAN, mean},
                         {DNNL_ARG_VARIANCE, variance},
                         {DNNL_ARG_DIFF_SCALE, dgamma},
                         {DNNL_ARG_DIFF_SHIFT, dbeta}};
    float *const running[] = {floats(runningMean), floats(runningVar)};
    for (size_t c = 0; c < p.channels; c++) {
      running[0][c] = (float)p.runningMean[c];
      running[1][c] = (float)p.runningVar[c];
    }
    form = std::string("training ") + trainingDescription.impl_info_str() + ", inference " +
           inferenceDescription.impl_info_str() + ", backward " + backwardDescription.impl_info_str();
  }

  static float *floats(const memory &m) { return static_cast<float *>(m.get_data_handle()); }
};

std::unique_ptr<Primitives> primitives;

void prepare(problem *p) {
  primitives.reset();
  primitives = std::make_unique<Primitives>(*p);
}

void inference(problem *) {
  primitives->inference.execute(primitives->stream, primitives->inferenceArguments);
  primitives->stream.wait();
}

void trainingForward(problem *p) {
  Primitives &all = *primitives;
  all.training.execute(all.stream, all.trainingArguments);
  all.stream.wait();
  const float *mean = Primitives::floats(all.mean), *variance = Primitives::floats(all.variance);
  float *runningMean = Primitives::floats(all.runningMean), *runningVar = Primitives::floats(all.runningVar);
  const auto weight = (float)p->momentum, kept = 1 - weight;
  const double count = (double)(p->batch * p->spatial);
  const auto unbiased = (float)(count / (count - 1)) * weight;
  for (size_t c = 0; c < p->channels; c++) {
    runningMean[c] = kept * runningMean[c] + weight * mean[c];
    runningVar[c] = kept * runningVar[c] + unbiased * variance[c];
  }
}

void backward(problem *) {
  primitives->backward.execute(primitives->stream, primitives->backwardArguments);
  primitives->stream.wait();
}

/** Copy what the protocol reads from the problem; not part of the measured work. */
void collect(problem *p) {
  const Primitives &all = *primitives;
  double *const targets[] = {p->runningMean, p->runningVar, p->dgamma, p->dbeta};
  const memory *const sources[] = {&all.runningMean, &all.runningVar, &all.dgamma, &all.dbeta};
  for (int k = 0; k < 4; k++)
    for (size_t c = 0; c < p->channels; c++) targets[k][c] = Primitives::floats(*sources[k])[c];
}

const char *form() { return primitives->form.c_str(); }

}  // namespace

int main() {
  const dnnl_version_t *version = dnnl_version();
  const std::string text = std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                           std::to_string(version->patch);
  const peer onednn = {text.c_str(), "unbiased", prepare, inference, trainingForward, backward, collect, form};
  return serve(&onednn);
}
