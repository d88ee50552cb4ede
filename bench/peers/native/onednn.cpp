/* Batch normalization primitives of oneDNN on plain channels-first and channels-last memory, behind serve.hpp. */
#include "serve.hpp"

#include <dnnl.hpp>
#include <unordered_map>

using namespace dnnl;

/** The primitives and memories of one case, built once, as a framework does. */
class OneDnn {
  Problem &p;
  engine cpu{engine::kind::cpu, 0};
  stream queue{cpu};
  Floats mean, variance;
  batch_normalization_forward training, inferring;
  batch_normalization_backward gradient;
  std::unordered_map<int, memory> arguments, inferenceArguments;

  void execute(const primitive &what, const std::unordered_map<int, memory> &with) {
    what.execute(queue, with);
    queue.wait();
  }

 public:
  /** The names of the implementations that oneDNN chose. */
  std::string form;

  explicit OneDnn(Problem &problem) : p(problem), mean(p.channels), variance(p.channels) {
    using dim = memory::dim;
    const memory::dims shape = {dim(p.batch), dim(p.channels), dim(p.height), dim(p.width)};
    const auto order = p.layout == "NCHW" ? memory::format_tag::nchw : memory::format_tag::nhwc;
    const memory::desc elements(shape, memory::data_type::f32, order);
    const memory::desc channels({dim(p.channels)}, memory::data_type::f32, memory::format_tag::x);
    const auto affine = normalization_flags::use_scale | normalization_flags::use_shift;
    const auto global = affine | normalization_flags::use_global_stats;
    const float eps = p.eps;
    const batch_normalization_forward::primitive_desc trainingDescription(
        {prop_kind::forward_training, elements, eps, affine}, cpu);
    const batch_normalization_forward::primitive_desc inferenceDescription(
        {prop_kind::forward_inference, elements, eps, global}, cpu);
    const batch_normalization_backward::primitive_desc backwardDescription(
        {prop_kind::backward, elements, elements, eps, affine}, cpu, trainingDescription);
    training = batch_normalization_forward(trainingDescription);
    inferring = batch_normalization_forward(inferenceDescription);
    gradient = batch_normalization_backward(backwardDescription);
    form = std::string("training ") + trainingDescription.impl_info_str() + ", inference " +
           inferenceDescription.impl_info_str() + ", backward " + backwardDescription.impl_info_str();

    const auto on = [&](const memory::desc &as, Floats &values) { return memory(as, cpu, values.data()); };
    arguments = {{DNNL_ARG_SRC, on(elements, p.x)},           {DNNL_ARG_DST, on(elements, p.y)},
                 {DNNL_ARG_DIFF_DST, on(elements, p.dy)},     {DNNL_ARG_DIFF_SRC, on(elements, p.dx)},
                 {DNNL_ARG_SCALE, on(channels, p.gamma)},     {DNNL_ARG_SHIFT, on(channels, p.beta)},
                 {DNNL_ARG_DIFF_SCALE, on(channels, p.dgamma)}, {DNNL_ARG_DIFF_SHIFT, on(channels, p.dbeta)},
                 {DNNL_ARG_MEAN, on(channels, mean)},         {DNNL_ARG_VARIANCE, on(channels, variance)}};
    inferenceArguments = arguments;
    inferenceArguments[DNNL_ARG_MEAN] = on(channels, p.runningMean);
    inferenceArguments[DNNL_ARG_VARIANCE] = on(channels, p.runningVar);
  }

  void inference() { execute(inferring, inferenceArguments); }

  void trainingForward() {
    execute(training, arguments);
    const float weight = p.momentum, kept = 1 - weight;
    const double count = p.batch * p.height * p.width;
    const float unbiased = count / (count - 1) * weight;
    for (size_t c = 0; c < p.channels; c++) {
      p.runningMean[c] = kept * p.runningMean[c] + weight * mean[c];
      p.runningVar[c] = kept * p.runningVar[c] + unbiased * variance[c];
    }
  }

  void backward() { execute(gradient, arguments); }
};

int main() {
  const dnnl_version_t *v = version();
  const auto part = [](int number) { return std::to_string(number); };
  return serve<OneDnn>(part(v->major) + "." + part(v->minor) + "." + part(v->patch), "unbiased");
}
