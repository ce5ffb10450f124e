using Larder.Inference.Tensors;

namespace Larder.Inference.Rows;

/// <summary>How much of a <see cref="TensorBuffer"/> was filled at a time.</summary>
/// <param name="Bytes">Bytes of its elements.</param>
/// <param name="Strings">Its strings.</param>
internal readonly record struct TensorMark(int Bytes, int Strings);
