"""Start region nets from a face-recognition network.

The network is dlib's ResNet-29 (CC0; 150 x 150 RGB). It learned what tells
faces apart, which is worth about as much to expression as the 28 000 faces
here. Three things differ: our input is one grey plane, so the three input
filters are summed; its last down-sampling is ours at stride 1, so that the
last map stays large enough to attend to; and its fixed affine layers become
batch normalisation that computes the same on our faces.
"""

import torch

from training.aha import safetensors
from training.aha.model import MEAN, STD, ConvNorm

FILE = "face_recognition_resnet29_f16.safetensors"
INPUT_MEAN = torch.tensor([122.782, 117.001, 104.298]) / 255
BLOCKS = ("conv32_1", "conv32_2", "conv32_3",
          "conv64_down", "conv64_1", "conv64_2", "conv64_3",
          "conv128_down", "conv128_1", "conv128_2",
          "conv256_down", "conv256_1")


def layers(net):
    """[(ConvNorm, name in the file)] in the order they run."""
    pairs = [(net.stem, "conv32_down")]
    for block, at in zip(net.blocks, net.take):
        name = BLOCKS[at]
        pairs += [(block.first, f"{name}/conv1"),
                  (block.second, f"{name}/conv2")]
    return pairs


def take(layer, name, tensors):
    """Copy one convolution and its affine layer y = scale x + shift."""
    def tensor(what):
        return torch.from_numpy(
            tensors[f"{name}/{what}"].astype("float32"))

    weight = tensor("conv/filters").permute(3, 2, 0, 1)
    bias = tensor("conv/bias")
    if layer.conv.in_channels == 1:
        # The original sees rgb - INPUT_MEAN, we see u = (grey - MEAN) / STD.
        grey = weight.sum(1, keepdim=True) * STD
        bias = bias + (weight.sum((2, 3)) * (MEAN - INPUT_MEAN)).sum(1)
        weight = grey
    scale, shift = tensor("scale/weights"), tensor("scale/biases")
    layer.conv.weight.data.copy_(weight)
    norm = layer.norm
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.data.copy_(scale)
    norm.bias.data.copy_(shift + scale * bias)


def same_by_statistics(layer, inputs, _):
    """Re-express a normalisation by the statistics of its input.

    The layer computes the same in evaluation mode, and nearly the same in
    training mode, where it would otherwise be something else altogether.
    """
    norm = layer.norm
    x = layer.conv(inputs[0])
    mean = x.mean((0, 2, 3))
    var = x.var((0, 2, 3), unbiased=False) + 1e-6
    scale = norm.weight.data / (norm.running_var + norm.eps).sqrt()
    norm.bias.data += scale * (mean - norm.running_mean)
    norm.weight.data.copy_(scale * (var + norm.eps).sqrt())
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(var)


def rest_on_statistics(net, faces):
    """same_by_statistics for all layers of a RegionNet that was filled."""
    training = net.training
    net.eval()
    with torch.no_grad():
        before = net(faces)
        # The hook leaves each layer's output as it is: one pass is enough.
        hooks = [layer.register_forward_hook(same_by_statistics)
                 for layer in net.modules() if isinstance(layer, ConvNorm)]
        net(faces)
        for hook in hooks:
            hook.remove()
        after = net(faces)
    net.train(training)
    drift = float((after - before).abs().max() / before.abs().max())
    if not drift < 1e-3:
        raise RuntimeError(f"the start changed the network by {drift:.1e}")


def fill(net, folder):
    """Fill a RegionNet; rest_on_statistics must follow."""
    tensors, _ = safetensors.read(f"{folder}/{FILE}")
    for layer, name in layers(net):
        take(layer, name, tensors)
